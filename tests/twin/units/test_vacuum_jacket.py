"""Vacuum jacket: residual gas against published constants, cryopumping, decay after a run, heat leaks."""

import itertools
import math

import pytest

from thermo.impurities import p_vap_h2o
from twin.insulation import AIR, CONDUCTIVITY, HELIUM, free_molecule, gas_conductance, multilayer

JACKET = """
[unit.COLD]
kind = "buffer"
volume = "1 m3"
p_start = "10 bar"
temp_start = "{cold} K"
UA = "{UA} W/K"
vacuum = "VJ-1.leak_growth"
[unit.VJ-1]
kind = "vacuum_jacket"
contents = "COLD"
volume = "1 m3"
cold_1 = "COLD.temp"
{more}
"""


def jacket(plant_of, cold=300, UA=0, more="", step=10.0):
    return plant_of(JACKET.format(cold=cold, UA=UA, more=more), step=step)


def test_free_molecules_conduct_as_corruccini_tabulates():
    assert free_molecule(HELIUM) == pytest.approx(2.10, rel=0.01)  # W/(m2 K Pa), gauge at 300 K
    assert free_molecule(AIR) == pytest.approx(1.17, rel=0.01)


def test_forty_layers_pass_a_third_of_a_watt_per_square_metre_from_room_to_ln2():
    assert multilayer(40.0, 2000.0, 0.031, 300.0, 77.0) == pytest.approx(0.35, rel=0.03)


def test_conduction_grows_with_pressure_and_ends_at_that_of_the_gas():
    low = gas_conductance(0.0, 1e-4, 0.0, 30.0, 0.015)
    assert gas_conductance(0.0, 2e-4, 0.0, 30.0, 0.015) == pytest.approx(2.0 * low, rel=1e-4)
    assert gas_conductance(0.0, 1e5, 0.0, 30.0, 0.015) == pytest.approx(CONDUCTIVITY[AIR] / 0.015, rel=0.01)
    assert gas_conductance(1e5, 0.0, 0.0, 30.0, 0.015) == pytest.approx(CONDUCTIVITY[HELIUM] / 0.015, rel=0.01)
    steps = [gas_conductance(0.0, 10.0 ** (0.1 * i), 0.0, 30.0, 0.015) for i in range(-50, 51)]
    assert all(1.0 <= b / a <= 10.0**0.1 * 1.001 for a, b in itertools.pairwise(steps))


def test_gas_conducts_less_than_the_blanket_in_high_vacuum_and_far_more_in_soft():
    # high vacuum ends at 1e-4 Torr, soft vacuum begins at 0.1 Torr (NASA Tech Briefs KSC-12092)
    blanket = multilayer(40.0, 2000.0, 0.031, 300.0, 77.0) / 223.0
    assert gas_conductance(0.0, 0.0133, 0.0, 40.0, 0.02) < 0.25 * blanket
    assert gas_conductance(0.0, 13.3, 0.0, 40.0, 0.02) > 50.0 * blanket
    assert 100.0 * blanket < gas_conductance(0.0, 101325.0, 0.0, 40.0, 0.02) < 1000.0 * blanket


def test_a_leak_of_air_raises_the_pressure_of_a_closed_warm_jacket_by_leak_over_volume(plant_of):
    plant = jacket(plant_of, more="start = { air_leak = 1e-3 }\ngetter = 0")
    plant.run(hours=1)
    assert plant["VJ-1.p_air"] == pytest.approx(1e-3 + 3.6, rel=1e-4)  # the leak slows down as the pressure rises
    assert plant["VJ-1.p_log"] == pytest.approx(math.log10(plant["VJ-1.p"]))


def test_outgassing_falls_with_the_inverse_of_time_in_vacuum(plant_of):
    plant = jacket(plant_of, more='pumped_for = "1 h"\nstart = { pump = "high vacuum" }')
    first = plant["VJ-1.outgassing"]
    assert first == pytest.approx(1e-3 * 10.0)
    plant.run(hours=9)
    assert plant["VJ-1.outgassing"] == pytest.approx(first / 10.0, rel=1e-3)
    assert plant["VJ-1.p_water"] == pytest.approx(plant["VJ-1.outgassing"] / 0.2, rel=0.02)


def test_cold_surfaces_hold_air_and_water_and_give_them_back_when_they_warm_up(plant_of):
    more = 'getter = 0\ntightness_helium = 0\nstart = { air_leak = 1e-4 }\npumped_for = "1 d"'
    plant = jacket(plant_of, cold=20, more=more)
    plant.run(hours=48)
    assert plant["VJ-1.p"] < 1e-3
    held = plant["VJ-1.air"] + plant["VJ-1.water"]
    assert held > 20.0
    warm = jacket(plant_of, cold=300, more=more)
    warm.image[warm.tags["VJ-1.air"].address] = plant["VJ-1.air"]
    warm.image[warm.tags["VJ-1.water"].address] = plant["VJ-1.water"]
    warm.run(minutes=1)
    assert warm["VJ-1.p"] == pytest.approx(held, rel=0.01)
    assert warm["VJ-1.leak_growth"] > 10.0


def test_at_liquid_nitrogen_water_stays_and_air_does_not(plant_of):
    plant = jacket(plant_of, cold=80, more="getter = 0\np_start = 0.1\nstart = { water = 1.0 }")
    plant.run(minutes=1)
    assert plant["VJ-1.p_air"] == pytest.approx(0.1, rel=0.01)
    assert plant["VJ-1.p_water"] < p_vap_h2o(80.0) + 1e-4


def test_helium_is_pumped_by_cold_charcoal_only(plant_of):
    for cold, getter, low, high in ((6, 0.2, 0.0, 1e-3), (6, 0.0, 0.9, 1.1), (80, 0.2, 0.9, 1.1)):
        plant = jacket(plant_of, cold=cold, more=f"getter = {getter}\nstart = {{ helium = 1.0 }}")
        plant.run(minutes=1)
        assert low <= plant["VJ-1.p_helium"] <= high


def test_helium_that_leaks_into_the_vacuum_is_booked_as_lost(plant_of):
    plant = jacket(plant_of, more="start = { helium_leak = 1e-3 }")
    before = plant["COLD.mass"]
    plant.run(hours=2)
    ledger = plant.ledger()
    lost = ledger.kg_lost["leak into the vacuum"]
    assert lost == pytest.approx(1e-3 * 10.0 * 7200.0 / (2077.2 * 300.0), rel=1e-3)
    assert before - plant["COLD.mass"] == pytest.approx(lost, rel=1e-6)
    assert plant["VJ-1.helium"] == pytest.approx(1e-2 * 7200.0, rel=2e-3)
    assert abs(ledger.mass_closure) < 1e-12


def test_loss_of_vacuum_ends_at_the_pressure_of_the_room_and_multiplies_the_heat_leak(plant_of):
    plant = jacket(plant_of, cold=200, UA=1e-3, more="getter = 0\nstart = { air_leak = 100.0 }")
    plant.run(minutes=1)
    quiet = plant_of(JACKET.format(cold=200, UA=1e-3, more=""), step=10.0)
    quiet.run(minutes=1)
    plant.run(hours=6)
    assert plant["VJ-1.p"] == pytest.approx(101325.0, rel=0.01)
    assert plant["VJ-1.leak_growth"] > 100.0
    assert quiet["VJ-1.leak_growth"] < 0.1
    assert plant["COLD.temp"] - 200.0 > 30.0 * (quiet["COLD.temp"] - 200.0) > 0.0


def test_the_pumps_bring_a_vented_jacket_back_but_water_holds_them_up(plant_of):
    plant = jacket(plant_of, more='p_start = 1e5\nstart = { pump = "roughing" }\nspeed_roughing = 0.02', step=1.0)
    plant.run(minutes=30)
    assert plant["VJ-1.p"] < 20.0
    plant["VJ-1.pump"] = 2
    plant.run(hours=1)
    early = plant["VJ-1.p"]
    assert plant["VJ-1.p_water"] > 10.0 * plant["VJ-1.p_air"]
    plant.run(hours=24)
    assert plant["VJ-1.p"] < 0.2 * early


def test_without_a_jacket_nothing_leaks_more(plant_of):
    text = JACKET.replace('vacuum = "VJ-1.leak_growth"\n', "").partition("[unit.VJ-1]")[0]
    plant = plant_of(text.format(cold=200, UA=1e-3), step=10.0)
    plant.run(hours=1)
    assert plant["COLD.leak_growth"] == 0.0
    assert plant["COLD.Q_flow"] == pytest.approx(1e-3 * (300.0 - plant["COLD.temp"]), rel=1e-6)
