"""On/off control: two points, least times, modes and permit."""

import pytest

from hil.controllers.on_off import AUTO, FORCED_OFF, FORCED_ON, OFF, ON, OnOff
from hil.rig import ControlStation


def bag_compressor(**settings) -> ControlStation:
    """Starts at 80 % of the bag, stops at 33 %."""
    given = {"measurement": "BAG-1.level", "output_to": "C-1.run", "on_at_start": 0.8, "off_at_start": 0.33} | settings
    return ControlStation.of({"LC-1": OnOff(**given)})


def test_a_full_bag_starts_the_compressor_and_an_empty_one_stops_it():
    station = bag_compressor()
    seen = []
    for level in (0.5, 0.79, 0.8, 0.5, 0.34, 0.33, 0.5, 0.79, 0.81):
        station["BAG-1.level"] = level
        station.run(1)
        seen.append(station["C-1.run"])
    assert seen == [0, 0, 1, 1, 1, 0, 0, 0, 1]
    assert station["LC-1.starts"] == 2
    assert station["LC-1.run_time"] == 4.0


def test_with_the_start_below_the_stop_it_fills():
    station = bag_compressor(on_at_start=0.4, off_at_start=0.7)
    seen = []
    for level in (0.5, 0.4, 0.5, 0.69, 0.7, 0.5):
        station["BAG-1.level"] = level
        station.run(1)
        seen.append(station["C-1.run"])
    assert seen == [0, 1, 1, 1, 0, 0]


def test_it_runs_and_rests_for_the_least_times():
    station = bag_compressor(run_least=10.0, rest_least=20.0)
    station["BAG-1.level"] = 0.9
    station.run(1)
    station["BAG-1.level"] = 0.1
    station.run(9)
    assert station["C-1.run"] == 1
    station.run(1)
    assert station["C-1.run"] == 0

    station["BAG-1.level"] = 0.9
    station.run(19)
    assert station["C-1.run"] == 0
    station.run(1)
    assert station["C-1.run"] == 1


def test_people_and_permits_go_before_the_least_times():
    station = bag_compressor(run_least=100.0, permit="PS-1")
    station["PS-1"] = 1
    station["LC-1.mode"] = ON
    station.run(1)
    assert station["C-1.run"] == 1
    station["LC-1.mode"] = OFF
    station.run(1)
    assert station["C-1.run"] == 0

    station["LC-1.mode"] = AUTO
    station["BAG-1.level"] = 0.9
    station.run(1)
    assert station["C-1.run"] == 1
    station["PS-1"] = 0
    station.run(1)
    assert station["C-1.run"] == 0


def test_it_can_open_a_valve_to_any_value():
    station = bag_compressor(output_to="CV-1.opening", value_on=0.6, value_off=0.1)
    station.run(1)
    assert station["CV-1.opening"] == 0.1
    station["BAG-1.level"] = 1.0
    station.run(1)
    assert station["CV-1.opening"] == 0.6


def test_equal_points_are_refused():
    with pytest.raises(ValueError, match="on_at_start and off_at_start to differ"):
        OnOff(measurement="A", on_at_start=1.0, off_at_start=1.0).check()


def test_forced_it_is_on_or_off_whatever_is_measured_but_never_without_its_permit():
    station = bag_compressor(permit="PS-1")
    station["PS-1"], station["BAG-1.level"], station["LC-1.mode"] = 1, 0.1, FORCED_ON
    station.run(1)
    assert station["C-1.run"] == 1
    station["PS-1"] = 0
    station.run(1)
    assert station["C-1.run"] == 0
    station["PS-1"], station["BAG-1.level"], station["LC-1.mode"] = 1, 0.9, FORCED_OFF
    station.run(1)
    assert station["C-1.run"] == 0
