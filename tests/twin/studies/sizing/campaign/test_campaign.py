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


@pytest.mark.parametrize(
    ("name", "litres"), [("decanted", 5100.0), ("in_dewars", 3900.0), ("in_magnets", 2700.0), ("lost", 210.0)]
)
def test_the_published_chain_of_a_later_year_of_byu(byu, name, litres):
    values = byu.design(**byu.scenarios["later-year"].values)
    assert figure(byu, values[None], np.zeros(1), name)[0] / LIQUID_LITRE == pytest.approx(litres, rel=0.05)


def test_the_recovered_share_of_the_later_year_of_byu(byu):
    values = byu.design(**byu.scenarios["later-year"].values)
    lost, filled = (figure(byu, values[None], np.zeros(1), name)[0] for name in ("lost", "in_dewars"))
    assert 1.0 - lost / filled == pytest.approx(0.95, rel=0.05)


def test_a_design_has_the_machine_that_it_names(herenet):
    bought = {}
    for name in ("l70", "l280"):
        values = herenet.design(**{"liquefier.new.machine": name, "liquefier.new.scale": 1.0})
        bought[name] = figure(herenet, values[None], np.zeros(1), "installed.liquefier")[0] / LIQUID_LITRE * 3600.0
    assert bought["l70"] == pytest.approx(50.0, rel=0.05)  # L/h with LN2, as its performance map has it
    assert bought["l280"] == pytest.approx(251.0, rel=0.05)


# monotonicities, under common random numbers


def test_more_bags_lose_less_in_the_mean(herenet):
    seeds = np.arange(24)
    few, many = (herenet.design(**{"site.*.bags": count}) for count in (6.0, 20.0))
    lost = [figure(herenet, np.tile(v, (24, 1)), seeds, "lost.relief").mean() for v in (few, many)]
    assert lost[1] < lost[0]


def test_bags_in_store_lose_less_by_what_they_hold(tmp_path):
    store = '[unit.STORE-1]\nkind = "gas_bag"\nsite = "lab"\nvolume = "3 m3"\nfilling_start = 0.05\npermeability = 0\n'
    changes = (
        ("permeability = 0", 'permeability = 0\nstore = "STORE-1"'),
        ("cuts = 0", 'cuts = 0\nbag_volume = "1 m3"'),
    )
    stored = load_campaign(written(tmp_path, LONELY + store, *changes))
    seeds = np.arange(5)
    lost = [
        figure(stored, np.tile(stored.design(**{"site.lab.bags": bags}), (5, 1)), seeds, "lost.relief")
        for bags in (4.0, 8.0)
    ]
    more = 4.0 * 0.95 * 101325.0 / (2077.2 * 293.0)  # they start flat [kg]
    assert lost[0] - lost[1] == pytest.approx(np.full(5, more), rel=0.01)  # pressure when full, real gas


def test_designs_with_one_seed_meet_the_same_weather(herenet):
    one = herenet.year(herenet.design(**{"site.*.bags": 6.0}), seed=5)[1]
    two = herenet.year(herenet.design(**{"BANK-H.count": 24.0}), seed=5)[1]
    other = herenet.year(seed=6)[1]
    assert (one["yonago.p"] == two["yonago.p"]).all()
    assert (one["yonago.p"] != other["yonago.p"]).any()


def test_a_falling_barometer_lets_a_magnet_boil_more(tmp_path):
    path = written(tmp_path, LONELY, ('volume = "1 m3"', 'volume = "100 m3"'))
    steady = load_campaign(path, series={"AIR.p": np.full(60, 101325.0)}).year()[1]
    falling = load_campaign(path, series={"AIR.p": 101325.0 - 40.0 * np.arange(60)}).year()[1]
    hours = slice(10, 40)
    loss = [t["MAG-1.mass"].iloc[hours].iloc[0] - t["MAG-1.mass"].iloc[hours].iloc[-1] for t in (steady, falling)]
    assert loss[1] > 1.05 * loss[0]


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
