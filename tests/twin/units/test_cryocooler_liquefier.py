"""Cryocooler liquefier: rate against pressure and purity, full dewar, standby."""

import pytest

from twin.ledger import LIQUID_LITRE

PLANT = """
[unit.BANK-1]
kind = "cylinder_bank"
count = 40
p_start = "50 bar"
o2_start = {o2}
[unit.LIQ-1]
kind = "cryocooler_liquefier"
feed = "BANK-1"
rate_nominal = "22 LLHe/d"
level_start = {level}
p_start = "{p} bar"
droop = "1 kPa"
p_low = "0.99 bar"
p_vent = "{vent} bar"
"""


def liquefier(plant_of, o2=0.0, level=0.3, p=1.0185, vent=1.0, step=20.0):
    return plant_of(PLANT.format(o2=o2, level=level, p=p, vent=vent), step=step)


def rate(plant):
    """Liquid gained [L/day] over half a day, once settled."""
    plant.run(hours=6)
    before = plant["LIQ-1.litres"]
    plant.run(hours=12)
    return 2.0 * (plant["LIQ-1.litres"] - before)


def test_at_one_atmosphere_it_makes_its_nominal_22_litres_a_day(plant_of):
    plant = liquefier(plant_of)
    feed = plant["BANK-1.mass"]
    assert rate(plant) == pytest.approx(22.0, rel=0.02)
    made = plant.ledger().litres_liquefied
    assert made == pytest.approx((feed - plant["BANK-1.mass"]) / LIQUID_LITRE, rel=0.02)
    assert plant.ledger().energy_closure < 1e-9


def test_it_makes_more_at_higher_pressure(plant_of):
    low, high = rate(liquefier(plant_of)), rate(liquefier(plant_of, p=1.4))
    assert 1.2 < high / low < 2.0


def test_frozen_oxygen_takes_capacity_until_it_is_defrosted(plant_of):
    plant = liquefier(plant_of, o2=2e-2)
    plant.run(days=1)
    fouled = plant["LIQ-1.rate"]
    assert plant["LIQ-1.fouling"] > 0.5
    assert fouled < 0.6 * 22.0
    plant["LIQ-1.defrost"] = 1
    plant.run(hours=8)
    assert plant["LIQ-1.fouling"] < 0.05
    assert plant.ledger().kg_lost["purge"] > 0.0
    assert plant.ledger().impurity_closure < 1e-12


def test_a_full_dewar_takes_no_more_and_does_not_fall_under_the_pressure_of_the_air(plant_of):
    plant = liquefier(plant_of, level=0.94)
    plant.run(days=1)
    assert plant["LIQ-1.dewar.level"] < 0.96
    assert plant["LIQ-1.m_flow"] < 1e-7
    assert plant["LIQ-1.dewar.p"] > 0.985e5


def test_without_the_cold_head_the_dewar_loses_its_daily_share(plant_of):
    plant = liquefier(plant_of, level=0.8, vent=0.02)
    plant["LIQ-1.run"] = 0
    plant.run(days=2)
    before = plant["LIQ-1.litres"]
    plant.run(days=2)
    assert (before - plant["LIQ-1.litres"]) / 2.0 == pytest.approx(1e-7 * 86400.0 * 160.0, rel=0.05)
    assert plant.ledger().kg_lost["vent"] > 0.0
