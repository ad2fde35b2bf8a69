"""A design as a plant: the law sees the cylinders, bags, dewars and the machine that were chosen."""

import pytest

from twin.studies.sizing.campaign import load_campaign
from twin.studies.sizing.campaign.built import built
from twin.studies.sizing.law import check_law, equipment_of

HOUR = 3600.0


@pytest.fixture(scope="module")
def herenet():
    return load_campaign("herenet")


def test_the_design_of_the_file_is_the_plant_of_the_file(herenet):
    values = {p.name: p.value for p in herenet.parameters if p.choices}
    for name, unit in built(herenet, values).units.items():
        assert unit.card == herenet.spec.units[name].card, name


def test_cylinders_of_a_site_and_their_place_at_the_hub_are_chosen_together(herenet):
    plant = built(herenet, {"BANK-[YTK].count": 20.0, "BAG-H.volume": 100.0, "D-2.volume": 4.0})
    assert [plant.units[name].card.count for name in ("BANK-Y", "BANK-HY", "BANK-K", "BANK-HK")] == [20.0] * 4
    assert (plant.units["BAG-H"].card.volume, plant.units["D-2"].card.volume) == (100.0, 4.0)


def test_a_machine_of_the_catalogue_counts_with_its_own_compressor(herenet):
    """l140: 42 g/s at 13 bar (its design file) are 42e-3 / 0.17848 m3/s at 0 degC and 1 atm."""
    machine = next(p for p in herenet.parameters if p.name == "liquefier.new.machine")
    amounts = {}
    for label in ("own", "l140"):
        plant = built(herenet, {machine.name: float(machine.labels.index(label))})
        amounts[label] = {item.name: item for item in equipment_of(plant)}["C-201"]
    assert amounts["own"].amount == herenet.spec.units["C-201"].card.displacement
    assert amounts["l140"].amount == pytest.approx(42e-3 / 0.17848, rel=1e-4)
    assert amounts["l140"].p == pytest.approx(13e5 - 101325.0)


def test_more_cylinders_at_the_hub_need_a_permission(herenet):
    verdicts = {}
    for count in (6.0, 48.0):
        plant = built(herenet, {"BANK-H.count": count})
        found = check_law(equipment_of(plant))
        verdicts[count] = next(f for f in found if (f.place, f.rule) == ("okayama", "stored"))
    assert verdicts[48.0].verdict == "permission"  # 48 x 0.5 m3 x (10 x 14.6 + 1) alone are more than 3 000 m3
    assert verdicts[48.0].value - verdicts[6.0].value == pytest.approx(
        42 * 0.5 * (1e-5 * (14.7e6 - 101325) + 1), rel=0.02
    )
