"""A year of a network: closed forms, published figures, the ledger, determinism."""

from __future__ import annotations

import numpy as np
import pytest

from tests.twin.studies.sizing.campaign.plants import LONELY, SMALL, written
from twin.quantities import LIQUID_LITRE
from twin.studies.sizing.campaign import load_campaign

GAS_SHARE = 1.0 - 16.90 / 124.67
"""Share of evaporated liquid that leaves a vessel at 1 atm (CoolProp 8.0.0)."""


@pytest.fixture(scope="module")
def herenet():
    return load_campaign("herenet")


@pytest.fixture(scope="module")
def byu():
    return load_campaign("byu")


@pytest.fixture
def small(tmp_path):
    return load_campaign(written(tmp_path, SMALL))


def figure(model, values, seeds, name):
    return model.run(values, seeds)[:, [f.name for f in model.figures].index(name)]


# closed forms


def test_a_magnet_without_staff_vents_what_boils_off_beyond_its_bag(tmp_path):
    lonely = load_campaign(written(tmp_path, LONELY))
    figures, _ = lonely.year()
    boiled = 0.015 * 8760.0 * LIQUID_LITRE * GAS_SHARE
    free = 0.95 * 101325.0 / (2077.2 * 293.0)  # what the bag still takes [kg]
    assert figures["lost"] == figures["lost.relief"]
    assert figures["lost"] == pytest.approx(boiled - free, rel=2e-3)  # its pressure is 300 Pa over the room's


# the ledger


@pytest.mark.parametrize("name", ["herenet", "byu"])
def test_the_helium_of_every_member_closes(name, request):
    model = request.getfixturevalue(name)
    seeds = np.arange(20)
    assert (figure(model, np.tile(model.nominal, (20, 1)), seeds, "closure") < 1e-9).all()


# published figures


def test_the_published_first_year_of_byu(byu):
    figures, _ = byu.year()
    assert figures["fills"] == 23
    assert figures["delivered"] / LIQUID_LITRE == pytest.approx(870.0, rel=0.05)
    assert figures["lost"] / LIQUID_LITRE == pytest.approx(30.0, rel=0.05)
    assert figures["recovery"] == pytest.approx(0.97, rel=0.05)


# determinism


def test_any_split_into_chunks_gives_the_same_bytes(herenet):
    random = np.random.default_rng(1)
    values = herenet.nominal * random.uniform(0.97, 1.03, (12, len(herenet.nominal)))
    for k, parameter in enumerate(herenet.parameters):
        if parameter.labels:
            values[:, k] = 1.0
    seeds = np.arange(12) * 7919
    whole = herenet.run(values, seeds)
    parts = [herenet.run(values[k : k + 5], seeds[k : k + 5]) for k in range(0, 12, 5)]
    assert np.concatenate(parts).tobytes() == whole.tobytes()


def test_a_scenario_names_parameters(small):
    scenario = small.scenarios["slow"]
    assert scenario.values == {"site.partner.visit_every": 56 * 86400.0}
