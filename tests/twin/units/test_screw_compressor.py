"""Screw compressor off its design: suction pressure, cooling water, thermostat."""

import math

import pytest

from twin.simulation import Simulation
from twin.units.screw_compressor import cooler_share

STATION = """
[unit.LOW]
kind = "buffer"
volume = "1000 m3"
p_start = "{p} bar"
temp_start = "293 K"
UA = "10 kW/K"
[unit.HIGH]
kind = "buffer"
volume = "1000 m3"
p_start = "13 bar"
temp_start = "293 K"
UA = "10 kW/K"
[unit.C-1]
kind = "screw_compressor"
suction = "LOW"
discharge = "HIGH"
displacement = "0.3 m3/s"
power_rated = "160 kW"
start = {{ run = 1 }}
[unit.CV-1]
kind = "control_valve"
inlet = "HIGH"
outlet = "LOW"
flow_area = "{area} mm2"
start = {{ opening = 1.0 }}
"""


def station(plant_of, p=1.05, area=23, minutes=30, **inputs):
    plant = plant_of(STATION.format(p=p, area=area), step=1.0, temp=293.0)
    for name, value in inputs.items():
        plant[f"C-1.{name}"] = value
    plant.run(minutes=minutes)
    return plant


def test_flow_falls_with_the_suction_pressure_and_more_by_the_leakage(plant_of):
    full, half = station(plant_of, p=1.0, minutes=1), station(plant_of, p=0.8, minutes=1)
    leakage = (0.95 - 0.008 * (13 / 0.8 - 1)) / (0.95 - 0.008 * (13 - 1))
    assert half["C-1.m_flow"] / full["C-1.m_flow"] == pytest.approx(0.8 * leakage, rel=0.01)


def test_a_cooler_with_less_water_takes_less_and_with_very_little_all_that_the_water_can():
    assert cooler_share(1.0, 1.0) == 1.0
    assert cooler_share(0.5, 1.0) == pytest.approx(0.5 * (1 - math.exp(-2)) / (1 - math.exp(-1)))
    assert cooler_share(0.01, 1.0) == pytest.approx(0.01 / (1 - math.exp(-1)))
    assert cooler_share(100.0, 1.0) == pytest.approx(1 / (1 - math.exp(-1)), rel=0.01)


def test_ten_kelvin_in_the_water_cost_a_tenth_of_their_share_of_the_temperature(plant_of):
    cool, warm = station(plant_of), station(plant_of, temp_water=303.0)
    per_kilogram = [plant["C-1.power"] - 0.05 * 160e3 for plant in (cool, warm)]
    per_kilogram = [power / plant["C-1.m_flow"] for power, plant in zip(per_kilogram, (cool, warm), strict=True)]
    ratios = [math.log(plant["HIGH.p"] / plant["LOW.p"]) * plant["LOW.temp"] for plant in (cool, warm)]
    expected = ratios[1] / ratios[0] * (warm["LOW.temp"] + 10.0) / warm["LOW.temp"]
    assert per_kilogram[1] / per_kilogram[0] == pytest.approx(expected, rel=1e-3)
    assert per_kilogram[1] > 1.03 * per_kilogram[0]
    assert warm["C-1.temp_discharge"] == pytest.approx(cool["C-1.temp_discharge"] + 10.0, abs=1.0)
    assert warm["C-1.trip"] == 0.0


def test_without_cooling_water_the_oil_warms_up_and_the_thermostat_stops_it_until_it_has_cooled(plant_of):
    plant = station(plant_of)
    plant["C-1.water_flow"] = 0.02
    minutes = 0
    while plant["C-1.trip"] == 0.0 and minutes < 60:
        plant.run(minutes=1)
        minutes += 1
    assert 1 < minutes < 30
    plant.run(minutes=1)
    assert plant["C-1.m_flow"] < 1e-3
    plant["C-1.run"] = 0
    plant.run(seconds=5)
    assert plant["C-1.trip"] == 1.0
    plant["C-1.water_flow"] = 1.0
    plant.run(minutes=30)
    assert plant["C-1.trip"] == 0.0
    plant["C-1.run"] = 1
    plant.run(minutes=10)
    assert plant["C-1.m_flow"] > 0.02
    assert plant["C-1.trip"] == 0.0


def test_hot_water_alone_trips_it_too(plant_of):
    plant = station(plant_of, temp_water=319.0, water_flow=0.3, minutes=60)
    assert plant["C-1.trip"] == 1.0


def test_its_alarms_go_by_whether_it_runs_not_by_the_remote_order(plant_of):
    plant = plant_of(STATION.format(p=1.05, area=23), step=1.0, temp=293.0)
    alarms = Simulation(plant, mode="lockstep").alarms

    def suppressed(local_run):
        for name, value in {"place": 1, "local_run": local_run, "run": 1 - local_run}.items():
            plant[f"C-1.{name}"] = value
        plant.run(minutes=1)
        alarms.scan(plant.image, plant.time)
        return [alarms.state(f"C-1.{name}").by_design for name in ("water_flow", "p_suction")]

    assert suppressed(local_run=1) == [False, False]
    assert suppressed(local_run=0) == [True, True]
