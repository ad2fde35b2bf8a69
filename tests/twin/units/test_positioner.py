"""Positioner: stroke time, stiction, dead band, loss of air."""

import pytest

from hil.rig import ControlStation
from twin.units.positioner import Positioner


def positioner(**settings) -> ControlStation:
    return ControlStation.of({"ZC-1": Positioner(valve="CV-1.opening", **({"stroke_time": 20.0} | settings))})


def test_the_valve_follows_its_command_at_the_stroke_rate():
    station = positioner()
    station["ZC-1.command"] = 0.5
    for n in range(1, 10):
        station.run(1)
        assert station["CV-1.opening"] == pytest.approx(n / 20.0, abs=1e-12)
    station.run(5)
    assert station["CV-1.opening"] == 0.5
    station["ZC-1.command"] = 0.2
    station.run(4)
    assert station["CV-1.opening"] == pytest.approx(0.3, abs=1e-12)


def test_a_sticking_stem_waits_until_the_error_is_large_and_then_goes_all_the_way():
    station = positioner(stiction=0.1)
    station["ZC-1.command"] = 0.1
    station.run(50)
    assert station["CV-1.opening"] == 0.0
    station["ZC-1.command"] = 0.11
    station.run(50)
    assert station["CV-1.opening"] == pytest.approx(0.11)


def test_within_its_dead_band_a_stem_is_left_alone():
    station = positioner(dead_band=0.02)
    station["ZC-1.command"] = 0.5
    station.run(50)
    resting = station["CV-1.opening"]
    assert 0.48 <= resting <= 0.5
    station["ZC-1.command"] = resting + 0.019
    station.run(50)
    assert station["CV-1.opening"] == resting


@pytest.mark.parametrize(("fail_position", "end"), [(0.0, 0.0), (1.0, 1.0), (-1.0, 0.5)])
def test_without_air_the_spring_decides(fail_position, end):
    station = positioner(air_supply="PS-AIR", fail_position=fail_position, stiction=0.05)
    station["PS-AIR"] = 1
    station["ZC-1.command"] = 0.5
    station.run(30)
    station["PS-AIR"] = 0
    station.run(30)
    assert station["CV-1.opening"] == pytest.approx(end)


def test_a_scenario_can_take_the_air_of_one_valve_and_make_it_stick():
    station = positioner()
    station["ZC-1.command"] = 0.5
    station.run(30)
    station["ZC-1.stiction_now"] = 1.0
    station["ZC-1.command"] = 0.9
    station.run(30)
    assert station["CV-1.opening"] == 0.5
    station["ZC-1.air"] = 1
    station.run(30)
    assert station["CV-1.opening"] == 0.0


def test_a_hand_wheel_moves_the_stem_against_the_command_and_without_air():
    station = positioner(fail_position=0.0)
    station["ZC-1.command"] = 0.5
    station.run(20)
    station["ZC-1.place"], station["ZC-1.command"], station["ZC-1.air"] = 1, 0.9, 1
    station.run(20)
    assert station["CV-1.opening"] == pytest.approx(0.5)
    station["ZC-1.hand_wheel"] = 0.7
    station.run(20)
    assert station["CV-1.opening"] == pytest.approx(0.7)
    station["ZC-1.place"] = 0
    station.run(20)
    assert station["CV-1.opening"] == pytest.approx(0.0)  # in remote the air is missed
