"""Heater: warms to its set temperature or to the end of its power."""

import pytest

from thermo.helium import h_pT

LINE = """
[unit.B-1]
kind = "buffer"
volume = "1 m3"
p_start = "2 bar"
temp_start = "20 K"
[unit.B-2]
kind = "buffer"
volume = "1000 m3"
p_start = "1 bar"
[unit.EH-1]
kind = "heater"
inlet = "B-1"
outlet = "B-2"
flow_area = "5 mm2"
power_max = "{power} W"
"""


def test_the_gas_arrives_at_the_set_temperature_and_the_power_is_the_first_law(plant_of):
    plant = plant_of(LINE.format(power=1e4))
    h = plant["B-1.h"]
    plant.run(seconds=1)
    needed = plant["EH-1.m_flow"] * (h_pT(1e5, 290.0) - h)
    assert plant["EH-1.power"] == pytest.approx(needed, rel=0.01)
    assert plant.ledger().work == pytest.approx(plant["EH-1.energy"], rel=0.02)


def test_a_small_heater_gives_what_it_has(plant_of):
    plant = plant_of(LINE.format(power=100.0))
    plant.run(seconds=10)
    assert plant["EH-1.power"] == pytest.approx(100.0)
    assert plant.ledger().energy_closure < 1e-12


def test_off_it_gives_nothing(plant_of):
    plant = plant_of(LINE.format(power=1e4))
    plant["EH-1.on"] = 0
    plant.run(seconds=10)
    assert plant["EH-1.energy"] == 0.0
    assert plant.ledger().work == 0.0
