"""Gas bag: capacity, permeation, relief, barometer, swap."""

import pytest

from twin.errors import TwinError
from twin.ledger import LIQUID_LITRE

BAGS = """
description = "two bags and a source"
[unit.AMB]
kind = "ambient"
temp = "300 K"
{air}
[unit.B-1]
kind = "buffer"
volume = "1 m3"
p_start = "50 bar"
[unit.CV-1]
kind = "control_valve"
inlet = "B-1"
outlet = "BAG-1"
flow_area = "5 mm2"
[unit.BAG-1]
kind = "gas_bag"
volume = "{volume} m3"
filling_start = {filling}
wall_area = {wall}
store = "BAG-2"
[unit.BAG-2]
kind = "gas_bag"
volume = "10 m3"
filling_start = {stored}
"""


def bags(plant_of, air="", volume=8.5, filling=0.5, wall=25.0, stored=0.1, step=10.0):
    return plant_of(BAGS.format(air=air, volume=volume, filling=filling, wall=wall, stored=stored), step=step)


def test_a_bag_of_8_5_m3_holds_11_litres_of_liquid(plant_of):
    assert bags(plant_of, filling=1.0)["BAG-1.mass"] / LIQUID_LITRE == pytest.approx(11.0, rel=0.02)


def test_helium_permeates_by_5_5_cm3_a_day_and_square_metre(plant_of):
    plant = bags(plant_of, step=60.0)
    plant.run(days=10)
    lost = plant.ledger().helium
    assert lost["AMB"] > 0.0
    volume = (plant.ledger().kg_lost["permeation"] - 0.0) / 0.17848
    both = 25.0 + 6.0 * 10.0 ** (2.0 / 3.0)
    assert volume == pytest.approx(5.5e-6 * both * 10.0, rel=0.01)


def test_air_comes_in_and_not_in_the_ratio_of_air(plant_of):
    plant = bags(plant_of, step=60.0)
    plant.run(days=30)
    assert 50.0 < plant["BAG-1.air_ppm"] < 1000.0
    by_mole = (plant["BAG-1.w_n2"] / 28.013) / (plant["BAG-1.w_o2"] / 31.999)
    assert by_mole < 0.5 * 78.1 / 20.9


def test_a_full_bag_vents_instead_of_bursting(plant_of):
    plant = bags(plant_of, filling=0.9)
    plant["CV-1.opening"] = 1.0
    plant.run(minutes=30)
    assert plant.ledger().kg_lost["relief"] > 1.0
    assert plant["BAG-1.over"] < 1.3 * 300.0
    assert plant["BAG-1.filling"] < 1.3


def test_the_bag_is_limp_until_it_is_full(plant_of):
    plant = bags(plant_of, filling=0.2)
    assert abs(plant["BAG-1.over"]) < 100.0
    plant["CV-1.opening"] = 1.0
    while plant["BAG-1.filling"] < 0.9:
        plant.run(seconds=10)
    assert plant["BAG-1.over"] < 300.0


def test_the_bag_breathes_with_the_barometer_at_constant_mass(plant_of):
    plant = bags(plant_of, air='p_swing = 1500.0\np_period = "4 d"', step=60.0)
    plant.run(hours=1)
    volume, p, mass = plant["BAG-1.content"], plant["BAG-1.p"], plant["BAG-1.mass"]
    plant.run(days=1)
    assert plant["BAG-1.p"] - p == pytest.approx(1500.0, rel=0.1)
    assert plant["BAG-1.mass"] == pytest.approx(mass, rel=1e-4)
    assert plant["BAG-1.content"] / volume == pytest.approx(p / plant["BAG-1.p"], rel=1e-3)
    assert plant["BAG-1.temp"] == pytest.approx(300.0, abs=0.05)
    assert plant.ledger().energy_closure < 1e-12


def test_swapping_carries_the_gas_to_the_store(plant_of):
    plant = bags(plant_of, volume=1.0, filling=1.0, wall=6.0)
    total = plant["BAG-1.mass"] + plant["BAG-2.mass"]
    carried = plant.do("BAG-1.swap")
    assert carried == pytest.approx(0.95, rel=1e-6)
    assert plant["BAG-1.mass"] + plant["BAG-2.mass"] == pytest.approx(total, rel=1e-12)
    plant.run(minutes=10)
    assert plant["BAG-1.filling"] == pytest.approx(0.05, abs=0.01)
    assert plant["BAG-2.content"] == pytest.approx(1.0 + 0.95, rel=0.01)


def test_a_full_store_takes_only_what_it_has_room_for(plant_of):
    plant = bags(plant_of, volume=1.0, filling=1.0, stored=0.95)
    assert plant.do("BAG-1.swap") == pytest.approx(0.5)
    assert plant.do("BAG-1.swap") == pytest.approx(0.0, abs=0.01)


def test_a_bag_without_a_store_cannot_be_swapped(plant_of):
    with pytest.raises(TwinError, match="BAG-2 has no store"):
        bags(plant_of).do("BAG-2.swap")
