"""Interlock: delay, first-out latch, reset, bypass, targets."""

import pytest

from hil.controllers.interlock import TRIPS, Interlock
from hil.rig import ControlStation


def station_of(**settings) -> ControlStation:
    given = {
        "tag_1": "PT-1",
        "at_1": 10.0,
        "tag_2": "LT-1",
        "when_2": "low",
        "at_2": 0.2,
        "delay": 2.0,
        "target": "CV-1.opening",
        "target_2": "C-1.run",
    } | settings
    station = ControlStation.of({"IL-1": Interlock(**given)})
    station["LT-1"] = 0.5
    station["CV-1.opening"], station["C-1.run"] = 0.7, 1
    return station


def trip_of(station: ControlStation) -> str:
    return TRIPS[int(station["IL-1.trip"])]


def test_it_does_nothing_while_all_is_well():
    station = station_of()
    station.run(100)
    assert trip_of(station) == "no"
    assert (station["CV-1.opening"], station["C-1.run"]) == (0.7, 1)


def test_a_condition_must_outlast_the_delay():
    station = station_of()
    station["PT-1"] = 11.0
    station.run(2)
    station["PT-1"] = 9.0
    station.run(1)
    station["PT-1"] = 11.0
    station.run(2)
    assert trip_of(station) == "no"
    station.run(1)
    assert trip_of(station) == "condition 1"
    assert (station["CV-1.opening"], station["C-1.run"]) == (0.0, 0)


def test_the_latch_names_what_came_first_and_holds_until_reset_with_all_well():
    station = station_of(delay=0.0)
    station["LT-1"] = 0.1
    station.run(1)
    station["PT-1"] = 11.0
    station.run(1)
    assert trip_of(station) == "condition 2"

    station["LT-1"] = 0.5
    station["IL-1.reset"] = 1
    station.run(1)
    assert trip_of(station) == "condition 2"  # the pressure is still high
    assert station["IL-1.reset"] == 0

    station["PT-1"] = 9.0
    station.run(1)
    assert trip_of(station) == "condition 2"
    station["IL-1.reset"] = 1
    station.run(1)
    assert trip_of(station) == "no"


def test_its_targets_are_held_against_others():
    station = station_of(delay=0.0)
    station["PT-1"] = 11.0
    station.run(1)
    station["C-1.run"] = 1
    station.run(1)
    assert station["C-1.run"] == 0


def test_a_bypassed_interlock_does_not_trip():
    station = station_of(delay=0.0)
    station["IL-1.bypass"] = 1
    station["PT-1"] = 11.0
    station.run(5)
    assert trip_of(station) == "no"


def test_a_limit_can_be_moved_while_it_runs():
    station = station_of(delay=0.0)
    station["PT-1"] = 9.0
    station.run(1)
    station["IL-1.limit_1"] = 8.0
    station.run(1)
    assert trip_of(station) == "condition 1"


def test_a_third_way_to_look_is_refused():
    with pytest.raises(ValueError, match='when_3: expected "high" or "low", got "hi"'):
        Interlock(tag_1="A", at_1=1.0, when_3="hi").check()
