"""Room: oxygen against the solution of a well-mixed volume, and its alarm."""

import math

import pytest

from twin.alarms.catalogue import plant_alarms
from twin.errors import PlantFileError

ROOM = """
[unit.B-1]
kind = "buffer"
volume = "1 m3"
p_start = "20 bar"
p_max = "25 bar"
[unit.LEAK-1]
kind = "leak"
inlet = "B-1"
hole = "0.05 mm2"
[unit.ROOM-1]
kind = "room"
volume = "40 m3"
air_changes = "3 1/h"
exhaust_flow = "0.5 m3/s"
release_1 = "LEAK-1.m_flow"
"""
RHO = 101325.0 / (2077.2 * 300.0)


def test_oxygen_falls_as_in_a_well_mixed_room(plant_of):
    plant = plant_of(ROOM)
    plant["ROOM-1.ventilation"] = 0.0
    plant.run(seconds=1)
    leak = plant["LEAK-1.m_flow"]
    plant.run(seconds=99)
    helium = 0.5 * (leak + plant["LEAK-1.m_flow"]) / RHO  # m3/s; the vessel empties a little
    through = helium + 40.0 * 0.2 / 3600.0
    share = helium / through * (1.0 - math.exp(-through / 40.0 * 100.0))
    assert plant["ROOM-1.oxygen"] == pytest.approx(0.2095 * (1.0 - share), rel=1e-4)
    assert plant["ROOM-1.m_release"] == pytest.approx(plant["LEAK-1.m_flow"])


def test_ventilation_holds_what_dilution_says(plant_of):
    plant = plant_of(ROOM.replace("1 m3", "1000 m3", 1))
    plant.run(hours=3)
    helium = plant["LEAK-1.m_flow"] / RHO
    fresh = 40.0 * 3.2 / 3600.0
    assert plant["ROOM-1.helium"] == pytest.approx(helium / (helium + fresh), rel=1e-3)


def test_a_spill_needs_no_vessel(plant_of):
    plant = plant_of(ROOM)
    plant["LEAK-1.opening"] = 0.0
    plant["ROOM-1.spill"] = 0.01
    plant.run(minutes=20)
    assert plant["ROOM-1.m_release"] == 0.01
    assert plant["ROOM-1.oxygen"] < 0.18


def test_the_exhaust_brings_the_air_back(plant_of):
    plant = plant_of(ROOM)
    plant["ROOM-1.ventilation"] = 0.0
    plant["LEAK-1.opening"] = 20.0
    plant.run(minutes=30)
    low = plant["ROOM-1.oxygen"]
    assert low < 0.18
    plant["LEAK-1.opening"] = 0.0
    plant["ROOM-1.exhaust"] = 1.0
    plant.run(minutes=10)
    assert plant["ROOM-1.oxygen"] > 0.2


def test_lack_of_oxygen_is_a_critical_alarm_at_the_limits_of_the_law(plant_of):
    plant = plant_of(ROOM)
    (alarm,) = (one for one in plant_alarms(plant.spec, plant.tags) if one.name == "ROOM-1.oxygen")
    assert (alarm.declared.low, alarm.declared.low_low, alarm.declared.priority) == (0.195, 0.18, "critical")
    with pytest.raises(PlantFileError, match="oxygen_danger below oxygen_warning"):
        plant_of(ROOM + "oxygen_danger = 0.2\n")
