"""Cylinder bank: real gas, heat through the steel, exchange by truck."""

import pytest

from twin.errors import TwinError

BANKS = """
[unit.BANK-1]
kind = "cylinder_bank"
count = {count}
p_start = "{p} MPa"
temp_start = "15 degC"
[unit.BANK-2]
kind = "cylinder_bank"
count = {other}
p_start = "0.2 MPa"
[unit.CV-1]
kind = "control_valve"
inlet = "BANK-1"
outlet = "BANK-2"
flow_area = "10 mm2"
"""


def banks(plant_of, p=14.7, count=1, other=1, step=1.0):
    return plant_of(BANKS.format(p=p, count=count, other=other), step=step)


@pytest.mark.parametrize(("p", "mass"), [(14.7, 1.077), (19.6, 1.405)])
def test_a_47_litre_cylinder_holds_the_published_mass(plant_of, p, mass):
    assert banks(plant_of, p=p)["BANK-1.mass"] == pytest.approx(mass, rel=1e-3)


def test_a_full_cylinder_is_worth_8_6_litres_of_liquid(plant_of):
    plant = banks(plant_of)
    plant.run(seconds=1)
    assert plant["BANK-1.litres"] == pytest.approx(8.6, rel=0.01)


def test_rapid_filling_heats_the_gas_and_the_steel_takes_the_heat(plant_of):
    plant = banks(plant_of, count=10, other=10)
    plant["CV-1.opening"] = 1.0
    plant.run(minutes=5)
    assert plant["BANK-2.temp"] > plant["BANK-2.temp_steel"] + 3.0 > 306.0
    assert plant["BANK-1.temp"] < plant["BANK-1.temp_steel"] - 3.0 < 282.0
    plant.run(days=1)
    assert plant["BANK-2.temp"] == pytest.approx(300.0, abs=0.1)
    assert plant["BANK-1.p"] == pytest.approx(plant["BANK-2.p"], rel=1e-3)
    assert plant.ledger().mass_closure < 1e-12


def test_steel_follows_the_room_with_its_time_constant(plant_of):
    plant = banks(plant_of, step=10.0)
    constant = (55.0 * 460.0 + plant["BANK-1.mass"] * 3120.0) / (6.0 * 1.2)  # s, steel and gas over h A
    plant.run(seconds=constant)
    assert (300.0 - plant["BANK-1.temp_steel"]) / (300.0 - 288.15) == pytest.approx(0.368, abs=0.015)


def test_the_truck_exchanges_two_banks_of_the_same_size(plant_of):
    plant = banks(plant_of, count=20, other=20)
    full, low = plant["BANK-1.mass"], plant["BANK-2.mass"]
    plant.do("BANK-1.exchange", other="BANK-2")
    assert (plant["BANK-1.mass"], plant["BANK-2.mass"]) == (low, full)
    plant.run(minutes=1)
    assert plant.ledger().mass_closure < 1e-12
    assert plant.ledger().energy_closure < 1e-9


def test_banks_of_different_size_stay_where_they_are(plant_of):
    with pytest.raises(TwinError, match="not vessels of the same kind and volume"):
        banks(plant_of, count=20, other=10).do("BANK-1.exchange", other="BANK-2")
