"""Pipe: laminar and turbulent limits, both ways."""

import math

import pytest

from thermo.helium import mu_ph

LINE = """
[unit.B-1]
kind = "buffer"
volume = "1000 m3"
p_start = "{p} Pa"
[unit.B-2]
kind = "buffer"
volume = "1000 m3"
p_start = "101325 Pa"
[unit.L-1]
kind = "pipe"
inlet = "B-1"
outlet = "B-2"
length = "{length} m"
diameter = "{diameter} mm"
"""


def flow(plant_of, p, length, diameter):
    plant = plant_of(LINE.format(p=p, length=length, diameter=diameter))
    plant.run(seconds=1)
    return plant["L-1.m_flow"], plant


def test_a_thin_hose_follows_hagen_poiseuille(plant_of):
    m_flow, plant = flow(plant_of, p=101335.0, length=10.0, diameter=4.0)
    viscosity = mu_ph(101325.0, 0.0)
    expected = math.pi * 0.004**4 * plant["B-2.rho"] * 10.0 / (128.0 * viscosity * 10.0)
    assert m_flow == pytest.approx(expected, rel=0.03)


def test_a_wide_pipe_follows_darcy_and_weisbach(plant_of):
    m_flow, plant = flow(plant_of, p=121325.0, length=20.0, diameter=50.0)
    rho = 0.5 * (plant["B-1.rho"] + plant["B-2.rho"])
    area = math.pi * 0.025**2
    expected = area * math.sqrt(2.0 * rho * 20000.0 / (0.025 * 20.0 / 0.05 + 1.5))
    assert m_flow == pytest.approx(expected, rel=0.03)


def test_it_carries_as_much_back_as_forth(plant_of):
    forth, _ = flow(plant_of, p=101425.0, length=10.0, diameter=20.0)
    back, _ = flow(plant_of, p=101225.0, length=10.0, diameter=20.0)
    assert back == pytest.approx(-forth, rel=2e-3)
