"""Switch: hysteresis both ways, delay, faults."""

import pytest

from hil.rig import ControlStation
from twin.units.switch import Switch


def walk(station: ControlStation, values) -> list[float]:
    seen = []
    for value in values:
        station["X.p"] = value
        station.run(1)
        seen.append(station["PS-1"])
    return seen


def test_a_high_switch_trips_above_and_resets_below():
    station = ControlStation.of({"PS-1": Switch(tag="X.p", trip=3.0, reset=2.0)})
    assert walk(station, (2.5, 2.9, 3.0, 2.9, 2.1, 2.0, 2.5)) == [0, 0, 1, 1, 1, 0, 0]


def test_a_low_switch_trips_below_and_resets_above():
    station = ControlStation.of({"PS-1": Switch(tag="X.p", trip=2.0, reset=3.0)})
    assert walk(station, (2.5, 2.1, 2.0, 2.1, 2.9, 3.0, 2.5)) == [0, 0, 1, 1, 1, 0, 0]


def test_it_ignores_what_does_not_last():
    station = ControlStation.of({"PS-1": Switch(tag="X.p", trip=3.0, reset=2.0, delay=2.0)})
    assert walk(station, (4.0, 4.0, 2.5, 4.0, 4.0, 4.0, 4.0)) == [0, 0, 0, 0, 0, 1, 1]


@pytest.mark.parametrize(("fault", "shown"), [(1, 0), (2, 1)])
def test_a_stuck_switch_shows_one_thing_only(fault, shown):
    station = ControlStation.of({"PS-1": Switch(tag="X.p", trip=3.0, reset=2.0)})
    station["PS-1.fault"] = fault
    assert walk(station, (0.0, 5.0, 0.0, 5.0)) == [shown] * 4


def test_its_points_can_be_moved():
    station = ControlStation.of({"PS-1": Switch(tag="X.p", trip=3.0, reset=2.0)})
    station["PS-1.trip_at"] = 2.6
    assert walk(station, (2.5, 2.7)) == [0, 1]
