"""Portable dewar: daily loss, filling with flash, delivery, scale, truck."""

import pytest

from twin.errors import TwinError
from twin.ledger import LIQUID_LITRE

DEWARS = """
[unit.D-1]
kind = "portable_dewar"
level_start = {level}
p_start = "{p} bar"
crack = "{crack} Pa"
flash = {flash}
fill_loss = 0.0
vent = "BAG-1"
[unit.D-2]
kind = "portable_dewar"
level_start = 0.2
flash = {flash}
fill_loss = 0.0
supply = "D-1"
vent = "BAG-1"
[unit.BAG-1]
kind = "gas_bag"
volume = "60 m3"
filling_start = 0.1
permeability = 0.0
[unit.MAG-1]
kind = "nmr_magnet"
supply = "D-1"
vent = "BAG-1"
boil_off = "0.015 L/h"
level_start = 0.5
fill_loss = 0.0
"""


def dewars(plant_of, level=0.8, p=1.02, crack=500, flash=0.23, step=10.0):
    return plant_of(DEWARS.format(level=level, p=p, crack=crack, flash=flash), step=step)


def test_a_dewar_of_100_litres_loses_one_litre_a_day(plant_of):
    plant = dewars(plant_of, step=60.0)
    plant.run(days=1)
    before = plant["D-1.litres"]
    plant.run(days=2)
    assert (before - plant["D-1.litres"]) / 2.0 == pytest.approx(1.0, rel=0.02)


def test_liquid_let_down_from_1_3_bar_flashes_by_7_8_percent_of_itself(plant_of):
    plant = dewars(plant_of, level=0.3, p=1.3, crack=4e4, flash=0.0)
    litres, left = plant["D-2.level"] * 100.0, plant["D-1.mass"]
    plant.do("D-2.fill", volume="4 L")
    plant.run(minutes=30)
    assert left - plant["D-1.mass"] == pytest.approx(4.0 * LIQUID_LITRE, rel=0.01)
    gained = plant["D-2.litres"] - litres
    assert 1.0 - gained / 4.0 == pytest.approx(0.078, abs=0.015)


def test_two_transfers_leave_0_77_squared(plant_of):
    plant = dewars(plant_of, level=0.05)
    start, level = plant["D-1.level"] * 100.0, plant["MAG-1.level"] * 100.0
    plant.do("D-1.fill", volume="50 L")
    plant.run(hours=1)
    gained = plant["D-1.litres"] - start
    assert gained == pytest.approx(0.77 * 50.0, rel=0.02)
    plant.do("D-1.deliver", to="MAG-1", volume="35 L")
    plant.run(hours=1)
    assert (plant["MAG-1.litres"] - level) / 35.0 == pytest.approx(0.77, rel=0.02)
    assert plant.ledger().mass_closure < 1e-12
    assert plant.ledger().energy_closure < 1e-9


def test_the_scale_shows_dewar_and_helium(plant_of):
    plant = dewars(plant_of)
    plant.run(seconds=10)
    assert plant.do("D-1.weigh") == pytest.approx(80.0 + plant["D-1.mass"], abs=1e-3)


def test_the_truck_exchanges_full_for_empty(plant_of):
    plant = dewars(plant_of)
    plant.run(seconds=10)
    full = plant["D-1.litres"]
    plant.do("D-1.exchange", other="D-2")
    plant.run(seconds=10)
    assert plant["D-2.litres"] == pytest.approx(full, abs=0.1)


def test_only_what_is_there_and_connected_can_be_delivered(plant_of):
    plant = dewars(plant_of, level=0.2)
    plant.run(seconds=10)
    with pytest.raises(TwinError, match="D-1 holds 20 L; 40 L cannot be delivered"):
        plant.do("D-1.deliver", to="MAG-1", volume="40 L")
    with pytest.raises(TwinError, match='D-2 cannot deliver to "MAG-1"'):
        plant.do("D-2.deliver", to="MAG-1", volume="5 L")
