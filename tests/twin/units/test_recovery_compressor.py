"""Recovery compressor: work, stages, flow, trips."""

import itertools
import math

import pytest

from twin.simulation import Simulation

MACHINE = """
[unit.BAG-1]
kind = "gas_bag"
volume = "{bag} m3"
filling_start = 0.9
[unit.RC-1]
kind = "recovery_compressor"
suction = "BAG-1"
discharge = "BANK-1"
displacement = "14.4 m3/h"
power_rated = "7.5 kW"
{more}
[unit.BANK-1]
kind = "cylinder_bank"
count = 40
p_start = "{p} MPa"
"""
NORMAL = 0.178481  # kg/Nm3


def machine(plant_of, p=14.7, bag=100, more="", step=1.0):
    plant = plant_of(MACHINE.format(p=p, bag=bag, more=more), step=step)
    plant["RC-1.run"] = 1
    plant.run(minutes=1)
    return plant


def specific_work(plant):
    """Electric work [kWh/Nm3]."""
    return plant["RC-1.power"] / plant["RC-1.m_flow"] * NORMAL / 3.6e6


def test_four_stages_to_14_7_mpa_need_0_25_to_0_40_kwh_a_normal_cubic_metre(plant_of):
    work = specific_work(machine(plant_of))
    isothermal = 2077.2 * 273.15 * math.log(14.7e6 / 101325.0) * NORMAL / 3.6e6
    assert isothermal * 300.0 / 273.15 == pytest.approx(0.154, rel=0.02)
    assert 0.25 < work < 0.40


def test_more_stages_need_less_work(plant_of):
    assert specific_work(machine(plant_of)) < specific_work(machine(plant_of, more="stages = 3\ntemp_max = 600.0"))


def test_a_perfect_machine_still_needs_more_than_the_isothermal_work(plant_of):
    ideal = "efficiency = 1.0\nefficiency_drive = 1.0\nidle_share = 0.0\napproach = 0.0"
    assert 0.154 < specific_work(machine(plant_of, more=ideal)) < 0.22


def test_stages_share_the_pressure_ratio_at_the_design_point(plant_of):
    plant = machine(plant_of)
    p = [plant["BAG-1.p"], plant["RC-1.p_1"], plant["RC-1.p_2"], plant["RC-1.p_3"], plant["BANK-1.p"]]
    ratios = [after / before for before, after in itertools.pairwise(p)]
    assert max(ratios) / min(ratios) < 1.1
    assert math.prod(ratios) == pytest.approx(p[-1] / p[0])
    assert 400.0 < plant["RC-1.temp_1"] < 490.0
    assert plant["RC-1.temp_out"] == pytest.approx(310.0, abs=1.0)


def test_while_the_bank_is_low_the_last_stages_have_little_to_do(plant_of):
    plant = machine(plant_of, p=1.0)
    assert plant["RC-1.p_2"] == pytest.approx(plant["BANK-1.p"], rel=0.1)
    assert plant["RC-1.temp_4"] < 320.0 < plant["RC-1.temp_1"]


def test_it_takes_in_swept_volume_times_volumetric_efficiency(plant_of):
    plant = machine(plant_of)
    taken = plant["RC-1.m_flow"] / plant["BAG-1.rho"] * 3600.0
    assert taken == pytest.approx(14.4 * plant["RC-1.filling"], rel=1e-3)
    ratio = plant["RC-1.p_1"] / plant["BAG-1.p"]
    assert plant["RC-1.filling"] == pytest.approx(0.95 * (1.0 - 0.05 * (ratio**0.6 - 1.0)), rel=1e-3)


def test_unloading_halves_the_flow_and_saves_power(plant_of):
    plant = machine(plant_of)
    flow, power = plant["RC-1.m_flow"], plant["RC-1.power"]
    plant["RC-1.load"] = 0.5
    plant.run(seconds=2)
    assert plant["RC-1.m_flow"] == pytest.approx(0.5 * flow, rel=0.01)
    assert 0.5 * power < plant["RC-1.power"] < 0.6 * power


def test_without_cooling_it_trips_on_temperature(plant_of):
    plant = machine(plant_of)
    plant["RC-1.cooling"] = 0.0
    plant.run(seconds=20)
    assert plant["RC-1.trip"] == 3.0
    plant.run(minutes=1)
    assert plant["RC-1.m_flow"] < 1e-6


def test_it_stops_itself_on_an_empty_bag_and_starts_again_after_a_stop_command(plant_of):
    plant = machine(plant_of, p=10.0, bag=10.0)
    plant.run(minutes=50)
    assert plant["RC-1.trip"] == 1.0
    assert plant["BAG-1.p"] > 0.8e5
    plant["RC-1.run"] = 0
    plant.run(seconds=5)
    assert plant["RC-1.trip"] == 0.0
    assert plant.ledger().energy_closure < 1e-9


def test_it_trips_at_full_cylinders(plant_of):
    plant = machine(plant_of, p=15.1, more='p_max = "15.15 MPa"')
    plant.run(hours=2)
    assert plant["RC-1.trip"] == 2.0


def alarm_after_a_minute(plant, name, **inputs):
    """The state of an alarm once the machine has been operated like this for a minute."""
    simulation = Simulation(plant, mode="lockstep")
    for tag, value in inputs.items():
        plant[f"RC-1.{tag}"] = value
    for _ in range(60):
        plant.run(seconds=1)
        simulation.alarms.scan(plant.image, plant.time)
    return simulation.alarms.state(name)


def test_at_its_own_panel_it_runs_without_an_order_and_its_alarms_call(plant_of):
    plant = plant_of(MACHINE.format(p=5.0, bag=100, more="temp_max = 700.0"), step=1.0)
    state = alarm_after_a_minute(plant, "RC-1.cooling", run=0, place=1, local_run=1, cooling=0.45)
    assert (plant["RC-1.run"], plant["RC-1.m_flow"] > 0.0) == (0.0, True)
    assert (state.active, state.by_design) == (True, False)


def test_stopped_at_its_own_panel_it_has_no_low_cooling_whatever_the_order_says(plant_of):
    plant = plant_of(MACHINE.format(p=5.0, bag=100, more="temp_max = 700.0"), step=1.0)
    state = alarm_after_a_minute(plant, "RC-1.cooling", run=1, place=1, local_run=0, cooling=0.45)
    assert (state.active, state.by_design) == (False, True)
