"""Motor: ramps, feedback, trips, power."""

import pytest

from hil.rig import ControlStation
from twin.units.motor import CAUSES, STATES, Motor


def motor(**settings) -> ControlStation:
    wires = {"trip": "TS-1", "power": "GRID-1", "drives": "P-1.speed_set", "switches": "P-1.run"}
    station = ControlStation.of({"M-1": Motor(**wires, **({"ramp_time": 5.0, "coast_time": 10.0} | settings))})
    station["GRID-1"] = 1
    return station


def state_of(station: ControlStation) -> str:
    return STATES[int(station["M-1.state"])]


def running_motor(**settings) -> ControlStation:
    station = motor(**settings)
    station["M-1.command"] = 1
    station.run(5)
    assert state_of(station) == "running"
    return station


def test_it_ramps_up_reports_that_it_runs_and_coasts_down():
    station = motor()
    station["M-1.command"] = 1
    seen = []
    for _ in range(5):
        station.run(1)
        seen.append((round(station["P-1.speed_set"], 12), station["M-1.running"], station["P-1.run"]))
    assert seen == [(0.2, 0, 1), (0.4, 0, 1), (0.6, 0, 1), (0.8, 0, 1), (1.0, 1, 1)]
    assert (station["M-1.starts"], station["M-1.run_time"]) == (1, 5.0)

    station["M-1.command"] = 0
    station.run(5)
    assert (station["P-1.speed_set"], station["P-1.run"]) == (pytest.approx(0.5), 0)
    assert state_of(station) == "coasting"
    station.run(6)
    assert state_of(station) == "stopped"


def test_a_trip_is_latched_until_it_is_reset_with_its_cause_gone():
    station = running_motor()
    station["TS-1"] = 1
    station.run(1)
    assert (state_of(station), station["P-1.run"]) == ("tripped", 0)
    station["M-1.reset"] = 1
    station.run(1)
    assert state_of(station) == "tripped"
    assert station["M-1.reset"] == 0

    station["TS-1"] = 0
    station.run(20)
    assert state_of(station) == "tripped"
    station["M-1.reset"] = 1
    station.run(1)
    assert state_of(station) == "starting"


def test_a_motor_that_lost_its_power_stays_off_when_it_returns():
    station = running_motor()
    station["GRID-1"] = 0
    station.run(3)
    assert station["P-1.run"] == 0
    assert CAUSES[int(station["M-1.tripped"])] == "power lost"
    station["GRID-1"] = 1
    station.run(20)
    assert state_of(station) == "tripped"


def test_a_motor_that_may_restart_does_so_by_itself():
    station = running_motor(restarts=True)
    station["GRID-1"] = 0
    station.run(30)
    assert station["P-1.speed_set"] == 0.0
    station["GRID-1"] = 1
    station.run(5)
    assert state_of(station) == "running"
    assert station["M-1.starts"] == 2


def test_without_power_nothing_starts_and_nothing_trips():
    station = motor()
    station["GRID-1"] = 0
    station["M-1.command"] = 1
    station.run(10)
    assert state_of(station) == "stopped"


def test_operated_at_its_starter_it_obeys_the_button_there_and_nothing_jumps():
    station = running_motor()
    station["M-1.place"] = 1
    station.run(2)
    assert state_of(station) == "running"
    station["M-1.command"] = 0  # a program has no hand now
    station.run(2)
    assert state_of(station) == "running"
    station["M-1.local_command"] = 0
    station.run(2)
    assert state_of(station) == "coasting"
    station["M-1.command"], station["M-1.place"] = 1, 0
    station.run(10)
    assert (state_of(station), station["M-1.local_command"]) == ("running", 1)


def test_operated_at_its_starter_it_still_trips():
    station = running_motor()
    station["M-1.place"] = 1
    station["TS-1"] = 1
    station.run(1)
    assert state_of(station) == "tripped"
