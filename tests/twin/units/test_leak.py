"""Leak: helium out, air in."""

import math

import pytest

HOLE = """
[unit.B-1]
kind = "buffer"
volume = "1 m3"
p_start = "{p} bar"
[unit.LEAK-1]
kind = "leak"
inlet = "B-1"
hole = "0.05 mm2"
"""


def test_a_choked_leak_loses_helium_as_the_orifice_law_says(plant_of):
    plant = plant_of(HOLE.format(p=10.0))
    p, rho = plant["B-1.p"], plant["B-1.rho"]
    plant.run(seconds=10)
    choked = 0.05e-6 * (2.0 / 3.0) * math.sqrt(2.0 * rho * 0.72 * (5.0 / 3.0) / 1.4 * p)
    assert plant["LEAK-1.m_flow"] == pytest.approx(choked, rel=1e-3)
    assert plant.ledger().kg_lost["leak"] == pytest.approx(10.0 * choked, rel=1e-3)


def test_below_the_pressure_of_the_room_air_comes_in_and_the_vessel_fills_up(plant_of):
    plant = plant_of(HOLE.format(p=0.5), step=10.0)
    mass = plant["B-1.mass"]
    plant.run(hours=40)
    assert plant["B-1.mass"] == pytest.approx(mass, rel=1e-6)
    assert plant["B-1.p"] == pytest.approx(101325.0, rel=0.02)
    assert plant["B-1.w_n2"] / plant["B-1.w_o2"] == pytest.approx(0.755 / 0.232, rel=1e-6)
    assert plant.ledger().impurity_closure < 1e-12


def test_a_closed_leak_is_tight(plant_of):
    plant = plant_of(HOLE.format(p=10.0))
    plant["LEAK-1.opening"] = 0.0
    mass = plant["B-1.mass"]
    plant.run(minutes=10)
    assert plant["B-1.mass"] == mass
