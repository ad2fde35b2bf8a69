"""Regulator: holds the pressure downstream."""

import pytest

LINE = """
[unit.B-1]
kind = "buffer"
volume = "1 m3"
p_start = "100 bar"
p_max = "150 bar"
[unit.B-2]
kind = "buffer"
volume = "0.2 m3"
p_start = "{p} bar"
[unit.CV-1]
kind = "control_valve"
inlet = "B-2"
outlet = "AMB"
flow_area = "{out} mm2"
start = {{ opening = 1.0 }}
[unit.PCV-1]
kind = "regulator"
inlet = "B-1"
outlet = "B-2"
flow_area = "3 mm2"
p_start = "4 bar"
droop = "0.2 bar"
"""


@pytest.mark.parametrize("step", [0.2, 20.0])
def test_it_holds_the_set_pressure_within_its_droop(plant_of, step):
    plant = plant_of(LINE.format(p=1.0, out=5.0), step=step)
    plant.run(minutes=5)
    assert 3.79e5 <= plant["B-2.p"] <= 4.01e5
    assert plant["PCV-1.m_flow"] == pytest.approx(plant["CV-1.m_flow"], rel=0.02)


def test_more_draw_means_more_droop(plant_of):
    little, much = (plant_of(LINE.format(p=4.0, out=out)) for out in (1.0, 10.0))
    little.run(minutes=5)
    much.run(minutes=5)
    assert much["B-2.p"] < little["B-2.p"] < 4.03e5


def test_it_shuts_above_the_set_pressure(plant_of):
    plant = plant_of(LINE.format(p=6.0, out=0.0))
    plant.run(minutes=5)
    assert plant["B-2.p"] == pytest.approx(6e5, rel=1e-6)
