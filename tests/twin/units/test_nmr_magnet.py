"""NMR magnet: boil-off, barometer, refill, quench."""

import pytest

from thermo.helium import h_liq, h_vap, rho_liq, rho_vap
from twin.errors import TwinError
from twin.ledger import LIQUID_LITRE

MAGNET = """
description = "a magnet and a bag"
[unit.AMB]
kind = "ambient"
{air}
[unit.MAG-1]
kind = "nmr_magnet"
vent = "BAG-1"
volume = "{volume} L"
level_start = {level}
boil_off = "15.5 mL/h"
fill_loss = 0.0
quench_energy = "{quench} MJ"
[unit.BAG-1]
kind = "gas_bag"
volume = "60 m3"
filling_start = 0.1
permeability = 0.0
"""


def stored(p, mass, volume):
    """Internal energy [J] of liquid and vapour that together fill the volume [m3] at p [Pa]."""
    v_l, v_v = 1.0 / rho_liq(p), 1.0 / rho_vap(p)
    x = (volume / mass - v_l) / (v_v - v_l)
    return mass * ((1.0 - x) * (h_liq(p) - p * v_l) + x * (h_vap(p) - p * v_v))


def magnet(plant_of, air="", volume=100, level=0.6, quench=1.5, step=30.0):
    return plant_of(MAGNET.format(air=air, volume=volume, level=level, quench=quench), step=step)


def test_boil_off_is_the_stated_one_and_1_40_litres_an_hour_per_watt(plant_of):
    plant = magnet(plant_of)
    plant.run(days=1)
    before = plant["MAG-1.litres"]
    plant.run(days=2)
    litres_per_hour = (before - plant["MAG-1.litres"]) / 48.0
    assert litres_per_hour == pytest.approx(0.0155, rel=0.01)
    assert litres_per_hour / plant["MAG-1.Q_leak"] == pytest.approx(1.40, rel=0.01)


def test_13_6_percent_of_what_evaporates_stays_as_vapour_in_the_can(plant_of):
    plant = magnet(plant_of)
    plant.run(days=1)
    litres, mass = plant["MAG-1.litres"], plant["MAG-1.mass"]
    plant.run(days=2)
    share = (mass - plant["MAG-1.mass"]) / ((litres - plant["MAG-1.litres"]) * LIQUID_LITRE)
    assert share == pytest.approx(1.0 - 0.136, rel=0.01)


def test_a_rising_barometer_holds_boil_off_back_by_the_heat_that_warms_the_bath(plant_of):
    swing, period = 200.0, 4.0 * 86400.0
    rising = magnet(plant_of, air=f'p_swing = {swing}\np_period = "4 d"', step=60.0)
    rising.run(days=4)  # a period: shields settle, the barometer rises fastest again
    steady = magnet(plant_of, step=60.0)
    steady.run(days=4)
    mass, p = rising["MAG-1.mass"], rising["MAG-1.p"]
    per_pascal = (stored(p + 500.0, mass, 0.1) - stored(p - 500.0, mass, 0.1)) / 1000.0
    rate = swing * 2.0 * 3.14159265 / period
    expected = 1.0 - per_pascal * rate / steady["MAG-1.Q_leak"]
    # the shields, hours late, give back a little
    assert rising["MAG-1.m_flow"] / steady["MAG-1.m_flow"] == pytest.approx(expected, abs=0.2 * (1.0 - expected))
    assert expected < 0.9


def test_a_refill_of_40_litres_with_23_percent_flash_leaves_31_litres_and_10_m3_of_gas(plant_of):
    plant = magnet(plant_of, level=0.5, step=10.0)
    plant.run(hours=1)
    litres, gas = plant["MAG-1.litres"], plant["BAG-1.mass"]
    plant.do("MAG-1.refill", volume="40 L")
    plant.run(hours=2)
    gained = 0.77 * 40.0
    assert plant["MAG-1.fill_left"] == 0.0
    assert plant["MAG-1.litres"] - litres == pytest.approx(gained, rel=0.015)
    plume = (40.0 - gained) * LIQUID_LITRE + gained * 1e-3 * 16.9  # flash, and the vapour that the liquid displaces
    assert plant["BAG-1.mass"] - gas == pytest.approx(plume, rel=0.03)


def test_the_plume_comes_over_half_an_hour_and_not_at_once(plant_of):
    plant = magnet(plant_of, level=0.5, step=10.0)
    plant.do("MAG-1.refill", volume="40 L")
    plant.run(minutes=10)
    assert 20.0 < plant["MAG-1.fill_left"] / LIQUID_LITRE < 32.0
    assert plant["MAG-1.p"] < 1.05e5
    per_hour = 3600.0 * plant["MAG-1.m_flow"] / plant["BAG-1.rho"]
    assert 14.4 < per_hour < 30.0  # more than the compressor of a small site takes


def test_a_quench_throws_hundreds_of_cubic_metres_outside_within_minutes(plant_of):
    plant = magnet(plant_of, volume=400, level=0.9, quench=7.0, step=1.0)
    plant.run(minutes=1)
    plant.do("MAG-1.quench")
    plant.run(minutes=5)
    lost = plant.ledger().kg_lost["quench"]
    assert lost / 0.1626 > 150.0
    assert plant["MAG-1.p"] < 4e5
    assert plant.ledger().mass_closure < 1e-12
    assert plant.ledger().energy_closure < 1e-9


def test_a_refill_that_does_not_fit_is_refused_in_a_sentence(plant_of):
    plant = magnet(plant_of, level=0.9)
    with pytest.raises(TwinError, match="MAG-1 has room for"):
        plant.do("MAG-1.refill", volume="40 L")
