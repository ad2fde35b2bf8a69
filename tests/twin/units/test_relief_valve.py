"""Relief valve: opens at its set pressure and counts."""

import pytest

from twin.alarms.catalogue import plant_alarms

VALVE = """
[unit.B-1]
kind = "buffer"
volume = "0.2 m3"
p_start = "{p} bar"
[unit.B-2]
kind = "buffer"
volume = "5 m3"
p_start = "40 bar"
p_max = "50 bar"
[unit.CV-1]
kind = "control_valve"
inlet = "B-2"
outlet = "B-1"
flow_area = "0.3 mm2"
[unit.PSV-1]
kind = "relief_valve"
inlet = "B-1"
set_over = "10 bar"
flow_area = "8 mm2"
"""


def test_it_stays_shut_below_its_set_pressure(plant_of):
    plant = plant_of(VALVE.format(p=10.9))
    plant.run(minutes=10)
    assert plant.ledger().kg_lost["relief"] == 0.0
    assert plant["PSV-1.lifts"] == 0.0


@pytest.mark.parametrize("step", [0.5, 20.0])
def test_it_holds_the_vessel_below_set_pressure_plus_overpressure(plant_of, step):
    plant = plant_of(VALVE.format(p=10.5), step=step)
    plant["CV-1.opening"] = 1.0
    plant.run(minutes=4)
    assert plant["PSV-1.lifts"] == 1.0
    assert plant["PSV-1.lifted"] == 1.0
    assert 10e5 < plant["B-1.p"] - 101325.0 < 11e5
    assert plant["PSV-1.m_flow"] == pytest.approx(plant["CV-1.m_flow"], rel=0.2)
    assert plant.ledger().kg_lost["relief"] > 0.0


def test_an_overflow_calls_nobody(plant_of):
    for text, wanted in ((VALVE, ["PSV-1.lifted"]), (VALVE + "overflow = true\n", [])):
        plant = plant_of(text.format(p=10.5))
        found = [alarm.name for alarm in plant_alarms(plant.spec, plant.tags) if alarm.unit == "PSV-1"]
        assert found == wanted


def test_it_reseats_when_the_pressure_is_gone(plant_of):
    plant = plant_of(VALVE.format(p=13.0))
    plant.run(minutes=20)
    assert plant["B-1.p"] - 101325.0 == pytest.approx(10e5, rel=0.01)
    assert plant["PSV-1.m_flow"] < 1e-5
