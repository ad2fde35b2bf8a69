"""Turbine protection: each cause, its delay, first out, reset."""

import pytest

from hil.controllers.turbine_protection import TRIPS, TurbineProtection
from hil.rig import ControlStation

GOOD = {"T-1.speed": 4000.0, "PT-B": 6e5, "TT-I": 40.0, "TT-O": 20.0, "AT-1": 1e-6}
WIRES = {
    "speed": "T-1.speed",
    "p_bearing": "PT-B",
    "temp_in": "TT-I",
    "temp_out": "TT-O",
    "impurity": "AT-1",
    "valve": "CV-T.opening",
}


def station_of() -> ControlStation:
    station = ControlStation.of({"TP-1": TurbineProtection(**WIRES, temp_in_high=100.0, temp_out_high=80.0, delay=3.0)})
    for name, value in GOOD.items():
        station[name] = value
    station["CV-T.opening"] = 0.8
    return station


def trip_of(station: ControlStation) -> str:
    return TRIPS[int(station["TP-1.trip"])]


def test_a_healthy_turbine_runs_on():
    station = station_of()
    station.run(100)
    assert trip_of(station) == "no"
    assert station["CV-T.opening"] == 0.8


def test_overspeed_trips_at_once():
    station = station_of()
    station["T-1.speed"] = 6001.0
    station.run(1)
    assert trip_of(station) == "overspeed"
    assert station["CV-T.opening"] == 0.0


@pytest.mark.parametrize(
    ("tag", "value", "cause"),
    [
        ("PT-B", 3e5, "bearing pressure"),
        ("TT-I", 101.0, "inlet temperature"),
        ("TT-O", 81.0, "outlet temperature"),
        ("AT-1", 2e-4, "impurity"),
    ],
)
def test_everything_else_trips_after_the_delay_and_names_its_cause(tag, value, cause):
    station = station_of()
    station[tag] = value
    station.run(3)
    assert trip_of(station) == "no"
    station.run(1)
    assert trip_of(station) == cause
    assert station["CV-T.opening"] == 0.0


def test_a_trip_holds_the_valve_shut_until_it_is_reset_with_all_well():
    station = station_of()
    station["T-1.speed"] = 6001.0
    station.run(1)
    station["TP-1.reset"] = 1
    station.run(1)
    assert trip_of(station) == "overspeed"

    station["T-1.speed"] = 0.0
    station["CV-T.opening"] = 0.5
    station.run(1)
    assert station["CV-T.opening"] == 0.0
    station["TP-1.reset"] = 1
    station.run(1)
    assert trip_of(station) == "no"
    assert station["TP-1.trips"] == 1


def test_what_is_not_measured_does_not_trip():
    station = ControlStation.of({"TP-1": TurbineProtection(speed="T-1.speed", valve="CV-T.opening")})
    station.run(100)
    assert trip_of(station) == "no"
