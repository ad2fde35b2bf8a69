"""Check valve: one way only."""

import pytest

VALVE = """
[unit.B-1]
kind = "buffer"
volume = "0.1 m3"
p_start = "{p_1} bar"
[unit.B-2]
kind = "buffer"
volume = "0.1 m3"
p_start = "{p_2} bar"
[unit.NRV-1]
kind = "check_valve"
inlet = "B-1"
outlet = "B-2"
flow_area = "2 mm2"
crack = "{crack} Pa"
"""


def test_it_lets_pass_until_the_cracking_pressure_is_left(plant_of):
    plant = plant_of(VALVE.format(p_1=2.0, p_2=1.0, crack=500))
    plant.run(minutes=30)
    assert plant["B-1.p"] - plant["B-2.p"] == pytest.approx(500.0, abs=60.0)


@pytest.mark.parametrize("step", [0.1, 60.0])
def test_nothing_flows_back(plant_of, step):
    plant = plant_of(VALVE.format(p_1=1.0, p_2=8.0, crack=500), step=step)
    mass = plant["B-1.mass"]
    plant.run(minutes=30)
    assert plant["B-1.mass"] == mass


def test_a_worn_seat_leaks_back(plant_of):
    plant = plant_of(VALVE.format(p_1=1.0, p_2=8.0, crack=500) + "leakage = 0.01\n")
    plant.run(seconds=10)
    assert -1e-3 < plant["NRV-1.m_flow"] < 0.0
