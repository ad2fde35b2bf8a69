"""Four weeks of the network on the campaign model and on the dynamic twin, its first, cold week left out.

The liquefiers make some 27 kg at a time, six times a week, so that a span is ruled by where its first and last batches
fall. So both models are brought to one state: gas that the hub has gained is counted as the batch that it would make.
"""

import json

import pytest

from twin.plant import Plant
from twin.plant_file import find_plant
from twin.studies.sizing.campaign import load_campaign
from twin.studies.sizing.twin_week import twin_week

HOURS = (168, 672)
STOCK = ("BUF-1", "BANK-H", "BANK-HY", "BANK-HT", "BANK-HK", "BAG-H")
BESIDE = ("RAW-1", "PURE-1", "LP-101", "HP-101", "LP-201", "HP-201")
"""Gas that the campaign model does not tell apart from the stock or from the liquefiers' circuits."""
CIRCUITS = ("circuit of D-1", "circuit of D-2", "BAG-H.coming")
BATCH = 3.4 * 3600.0
"""The new liquefier takes the stock from the pressure that starts it to the one that stops it [s]."""
ONLY_IN_THE_YEAR = {"users.campus.demand": 0.0, "purchase.make-up.below": -1.0, "purifier.PUR-1.capacity": 1e-2}
"""Users and purchases that the twin's file has none of; its purifier has no limit of flow."""


@pytest.fixture(scope="module")
def twin():
    plant = Plant.load("herenet")
    plant.run(hours=HOURS[0])
    return twin_week(plant, days=(HOURS[1] - HOURS[0]) / 24.0)


@pytest.fixture(scope="module")
def year():
    model = load_campaign("herenet")
    values = model.design(**ONLY_IN_THE_YEAR)
    (before, _), (after, hours) = (model.week(h, values) for h in HOURS)
    return after - before, hours


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lost", "delivered"])
def test_what_is_lost_and_delivered_is_that_of_the_twin(twin, year, name):
    assert year[0][name] == pytest.approx(twin.figures[name], rel=0.02)


def of_a_batch(name):
    """What a batch of the new liquefier makes or takes for each kilogram that the hub's gas becomes less."""
    machine = json.loads(find_plant("herenet").with_suffix(".machines.json").read_text())["liquefiers"]["D-2"]

    def whole(what):
        started = sum(row[what] for row in machine["start"]) / len(machine["start"])
        return machine["run"][what] * BATCH + started + machine["stop"][what]

    return whole(name) / (whole("feed") - whole("vent"))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "meter"), [("liquid_made", "made"), ("energy", "energy")])
def test_what_the_gas_is_made_into_and_what_that_takes_is_that_of_the_twin(twin, year, name, meter):
    figures, hours = year
    held = sum(hours[f"{unit}.mass"] for unit in (*STOCK, *CIRCUITS))
    gained = held.iloc[HOURS[1] - 1] - held.iloc[HOURS[0] - 1]
    expected = twin.figures[name] + of_a_batch(meter) * twin.gained(*STOCK, *BESIDE)
    assert figures[name] + of_a_batch(meter) * gained == pytest.approx(expected, rel=0.02)
