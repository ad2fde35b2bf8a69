"""Demand meter: averages of half hours, the forecast, its alarm."""

import pytest

from twin.simulation import Simulation

METER = """
[unit.DM-1]
kind = "demand_meter"
power_1 = "IA-1.power"
other = "2 kW"
contract = "6 kW"
[unit.IA-1]
kind = "instrument_air"
power_rated = "3 kW"
p_on = "7 bar"
"""


def test_the_demand_is_the_average_of_the_half_hour_that_ended(plant_of):
    plant = plant_of(METER, step=7.0)  # which half an hour is no multiple of
    energy, before = 0.0, 0.0
    while plant.time < 3600.0:
        plant.advance(1)
        within = min(plant.time, 3600.0) - max(plant.time - 7.0, 1800.0)
        energy += max(within, 0.0) * plant["DM-1.power"]
        before = max(before, plant["DM-1.demand"])
    assert plant["DM-1.demand"] == pytest.approx(energy / 1800.0, rel=1e-9)
    assert plant["DM-1.highest"] == before
    assert 2000.0 < plant["DM-1.demand"] < 5000.0


def test_the_forecast_takes_the_present_power_for_the_rest(plant_of):
    plant = plant_of(METER)
    plant.run(minutes=10)
    wanted = (plant["DM-1.energy"] + plant["DM-1.power"] * 1200.0) / 1800.0
    assert plant["DM-1.forecast"] == pytest.approx(wanted)


def test_a_demand_beyond_the_contract_is_an_alarm_before_the_half_hour_is_over(plant_of):
    plant = plant_of(METER.replace("6 kW", "3 kW"))
    simulation = Simulation(plant, mode="lockstep")
    plant["IA-1.demand"] = 2.4  # the air compressor runs all the time
    for _ in range(25):
        simulation._advance(60.0, ("lockstep",))
    assert plant["DM-1.demand"] == 0.0  # none is over yet
    assert simulation.alarms.state("DM-1.forecast").active
