"""Alarm: levels, dead band, delay, acknowledgement."""

import pytest

from hil.controllers.alarm import LEVELS, Alarm
from hil.rig import ControlStation


def station_of(**settings) -> ControlStation:
    limits = {"high_high": 90.0, "high": 80.0, "low": 20.0, "low_low": 10.0, "dead_band": 2.0}
    station = ControlStation.of({"LA-1": Alarm(tag="LT-1", **(limits | settings))})
    station["LT-1"] = 50.0
    return station


def levels(station: ControlStation, values) -> list[str]:
    seen = []
    for value in values:
        station["LT-1"] = value
        station.run(1)
        seen.append(LEVELS[int(station["LA-1"])])
    return seen


def test_every_level_is_reached_and_left_through_the_dead_band():
    rising = levels(station_of(), (79.0, 80.0, 79.0, 91.0, 89.0, 87.9, 78.1, 77.9))
    assert rising == ["normal", "high", "high", "high high", "high high", "high", "high", "normal"]
    falling = levels(station_of(), (21.0, 20.0, 21.0, 9.0, 11.0, 12.1, 21.9, 22.1))
    assert falling == ["normal", "low", "low", "low low", "low low", "low", "low", "normal"]


def test_a_short_excursion_is_not_an_alarm():
    station = station_of(delay=5.0)
    assert levels(station, [85.0] * 5 + [50.0] + [85.0] * 6)[-2:] == ["normal", "high"]


def test_an_alarm_stays_open_until_it_is_acknowledged_even_when_it_is_over():
    station = station_of()
    levels(station, (85.0, 50.0))
    assert station["LA-1.open"] == 1
    station["LA-1.acknowledge"] = 1
    station.run(1)
    assert (station["LA-1.open"], station["LA-1.acknowledge"]) == (0, 0)


def test_limits_that_are_not_given_never_alarm():
    station = ControlStation.of({"LA-1": Alarm(tag="LT-1", high=80.0)})
    assert levels(station, (-1e9, 1e9)) == ["normal", "high"]


def test_limits_out_of_order_are_refused():
    with pytest.raises(ValueError, match="rising order"):
        Alarm(tag="A", high=10.0, low=20.0).check()
    with pytest.raises(ValueError, match="at least one"):
        Alarm(tag="A").check()
