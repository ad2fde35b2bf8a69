"""Cold-box sequence: walked through with a plant that the test plays."""

from dataclasses import replace

import pytest

from hil.controllers.cold_box_sequence import STEPS, ColdBoxSequence
from hil.controllers.on_off import FORCED_OFF
from hil.controllers.pid import FORCED
from hil.rig import ControlStation

CARD = ColdBoxSequence(
    running="M-1.running",
    p_high="PT-H",
    temp_turbine="TT-T",
    temp_jt="TT-JT",
    level="D-1.level",
    turbine_trip="TP-1.trip",
    trip="IL-1.trip",
    permit_1="PS-AIR",
    permit_2="FS-WATER",
    compressor="M-1.command",
    gas_management="GM-1.mode",
    inlet_valve="CV-IN.opening",
    ln2="LC-LN2.mode",
    turbine_valve="CV-T.opening",
    cooldown_valve="CV-C.opening",
    jt_mode="TIC-JT.mode",
    jt_valve="TIC-JT.manual",
    temp_turbine_start=150.0,
    jt_in_cool_down=0.1,
    jt_fixed=0.4,
    turbine_full=0.8,
    turbine_stand_by=0.1,
    ramp_time=100.0,
    settle_time=20.0,
    purge_time=60.0,
    run_down_time=30.0,
)


@pytest.fixture
def station() -> ControlStation:
    station = ControlStation.of({"SEQ-1": CARD})
    station["TT-T"], station["TT-JT"] = 300.0, 300.0
    station["PS-AIR"], station["FS-WATER"] = 1, 1
    return station


def step_of(station: ControlStation) -> str:
    return STEPS[int(station["SEQ-1.step"])]


def start(station: ControlStation) -> None:
    """To the compressor start."""
    station["SEQ-1.command"] = 1
    station.run(2)
    assert step_of(station) == "compressor start"


def bring_to_liquefying(station: ControlStation) -> None:
    start(station)
    station["M-1.running"], station["PT-H"] = 1, 12e5
    station.run(20 + 60)
    station["TT-T"] = 140.0
    station.run(90)
    station["TT-JT"] = 14.0
    station.run(1)
    station["TT-JT"] = 7.0
    station.run(1)
    assert step_of(station) == "liquefying"


def test_it_does_nothing_until_it_is_started(station):
    station.run(100)
    assert step_of(station) == "stopped"
    assert station["M-1.command"] == 0


def test_a_missing_permissive_keeps_it_waiting(station):
    station["FS-WATER"] = 0
    station["SEQ-1.command"] = 1
    station.run(50)
    assert step_of(station) == "permissives"
    assert station["SEQ-1.missing"] == 1
    station["FS-WATER"] = 1
    station.run(1)
    assert step_of(station) == "compressor start"


def test_it_walks_from_standstill_to_liquid(station):
    start(station)
    assert (station["M-1.command"], station["GM-1.mode"], station["CV-IN.opening"]) == (1, 1, 0)

    # neither feedback nor pressure alone is a started compressor
    station["M-1.running"] = 1
    station.run(30)
    assert step_of(station) == "compressor start"
    station["PT-H"] = 12e5
    station.run(1)
    assert step_of(station) == "purge"
    assert (station["CV-IN.opening"], station["LC-LN2.mode"]) == (1, 0)

    station.run(60)
    assert step_of(station) == "precooling"
    assert station["LC-LN2.mode"] == 1
    station.run(3600)
    assert step_of(station) == "precooling"
    assert station["CV-C.opening"] == 1.0
    assert station["CV-T.opening"] == 0.0

    station["TT-T"] = 150.0
    station.run(1)
    assert step_of(station) == "turbine start"
    station.run(39)
    assert station["CV-T.opening"] == pytest.approx(0.4)
    station.run(41)
    assert step_of(station) == "cool-down"
    assert station["CV-T.opening"] == 0.8
    station.run(20)
    assert (station["TIC-JT.mode"], station["TIC-JT.manual"]) == (0, 0.1)

    station["TT-JT"] = 15.0
    station.run(1)
    assert step_of(station) == "JT cool-down"
    station.run(100)
    assert (station["CV-C.opening"], station["TIC-JT.manual"]) == (0.0, 0.4)
    assert station["TIC-JT.mode"] == 0
    station["TT-JT"] = 7.4
    station.run(1)
    assert step_of(station) == "liquefying"
    assert station["TIC-JT.mode"] == 1


def test_while_liquefying_the_jt_valve_belongs_to_its_controller(station):
    bring_to_liquefying(station)
    station["TIC-JT.manual"] = 0.37
    station.run(10)
    assert station["TIC-JT.manual"] == 0.37


def test_a_full_dewar_means_stand_by_and_room_means_liquefying_again(station):
    bring_to_liquefying(station)
    station["D-1.level"] = 0.9
    station.run(1)
    assert step_of(station) == "stand-by"
    station.run(20)
    assert station["CV-T.opening"] == pytest.approx(0.1)
    assert (station["TIC-JT.mode"], station["TIC-JT.manual"]) == (0, 0)
    station["D-1.level"] = 0.69
    station.run(1)
    assert step_of(station) == "turbine start"
    station.run(72)
    assert step_of(station) == "liquefying"


def test_without_ln2_the_level_control_stays_off(station):
    station["SEQ-1.with_ln2"] = 0
    bring_to_liquefying(station)
    assert station["LC-LN2.mode"] == 0


def test_a_tripped_turbine_sends_it_back_to_precooling_until_it_is_reset(station):
    bring_to_liquefying(station)
    station["TP-1.trip"] = 1
    station.run(1)
    assert step_of(station) == "precooling"
    station.run(60)
    assert step_of(station) == "precooling"
    assert station["CV-T.opening"] == 0.0
    station["TP-1.trip"] = 0
    station.run(1)
    assert step_of(station) == "turbine start"


def test_a_warm_jt_inlet_falls_back_step_by_step(station):
    bring_to_liquefying(station)
    station["TT-JT"] = 8.4
    station.run(1)
    assert step_of(station) == "liquefying"
    station["TT-JT"] = 8.6
    station.run(1)
    assert step_of(station) == "JT cool-down"
    station["TT-JT"] = 22.4
    station.run(1)
    assert step_of(station) == "JT cool-down"
    station["TT-JT"] = 22.6
    station.run(1)
    assert step_of(station) == "cool-down"
    station.run(100)
    assert station["CV-C.opening"] == 1.0


def test_a_stop_closes_the_turbine_first_and_lets_the_compressor_run_down(station):
    bring_to_liquefying(station)
    station["SEQ-1.command"] = 0
    station.run(1)
    assert step_of(station) == "stopping"
    assert (station["M-1.command"], station["CV-IN.opening"], station["LC-LN2.mode"]) == (1, 0, 0)
    station.run(15)
    assert station["CV-T.opening"] < 0.1
    station.run(15)
    assert step_of(station) == "stopped"
    assert (station["M-1.command"], station["CV-T.opening"]) == (0, 0)


def test_a_lost_permissive_is_an_orderly_stop(station):
    bring_to_liquefying(station)
    station["PS-AIR"] = 0
    station.run(1)
    assert step_of(station) == "stopping"
    station.run(60)
    assert step_of(station) == "permissives"  # the command still stands


@pytest.mark.parametrize(("tag", "value"), [("M-1.running", 0), ("IL-1.trip", 1)])
def test_a_lost_compressor_or_a_trip_stops_all_at_once_until_reset(station, tag, value):
    bring_to_liquefying(station)
    good = station[tag]
    station[tag] = value
    station.run(1)
    assert step_of(station) == "tripped"
    names = (
        "M-1.command",
        "GM-1.mode",
        "CV-IN.opening",
        "LC-LN2.mode",
        "CV-T.opening",
        "CV-C.opening",
        "TIC-JT.manual",
    )
    assert {name: station[name] for name in names} == dict.fromkeys(names, 0.0)

    station[tag] = good
    station.run(10)
    assert step_of(station) == "tripped"
    station["SEQ-1.reset"] = 1
    station.run(2)
    assert step_of(station) == "stopped"  # a new start is a decision


def test_a_step_that_takes_too_long_is_overdue(station):
    start(station)
    station["SEQ-1.elapsed"] = 6 * 3600.0
    station.run(1)
    assert station["SEQ-1.overdue"] == 1


def test_its_actions_start_and_stop_it(station):
    station.do("SEQ-1.begin")
    assert station["SEQ-1.command"] == 1
    station.do("SEQ-1.end")
    assert station["SEQ-1.command"] == 0


LIMITED = replace(
    CARD,
    temp_1="E1.temp_cold",
    ln2_flow="LC-LN2.on_value",
    return_valve="CV-R.opening",
    warm_up_valve="CV-W.opening",
    temp_last="E1.temp_mean",
    cool_rate_most=60.0 / 3600.0,
)


@pytest.fixture
def limited() -> ControlStation:
    station = ControlStation.of({"SEQ-1": LIMITED})
    station["TT-T"], station["TT-JT"], station["E1.temp_cold"] = 300.0, 300.0, 300.0
    station["PS-AIR"], station["FS-WATER"] = 1, 1
    return station


def cool(station: ControlStation, rate: float, time: int) -> None:
    """Let the exchanger cool at a rate [K/h]."""
    for _ in range(time // 10):
        station["E1.temp_cold"] = station["E1.temp_cold"] - rate / 360.0
        station.run(10)


def start_limited(station: ControlStation) -> None:
    start(station)
    station["M-1.running"], station["PT-H"], station["TT-T"] = 1, 12e5, 140.0
    station.run(20 + 60 + 5)


def test_cooling_begins_gently_and_is_throttled_as_far_as_an_exchanger_runs_ahead(limited):
    start_limited(limited)
    assert limited["SEQ-1.throttle"] < 0.1
    cool(limited, 50.0, 3600)
    assert (limited["SEQ-1.throttle"], limited["LC-LN2.on_value"]) == (1.0, 0.5)
    cool(limited, 70.0, 3600)
    assert limited["SEQ-1.ahead"] == pytest.approx(10.0, abs=0.5)
    assert limited["SEQ-1.throttle"] == pytest.approx(0.5, abs=0.05)
    assert limited["LC-LN2.on_value"] == pytest.approx(0.25, abs=0.05)
    assert limited["CV-T.opening"] == pytest.approx(0.4, abs=0.05)


def test_below_80_kelvin_an_exchanger_may_cool_as_it_likes(limited):
    start_limited(limited)
    limited["E1.temp_cold"] = 79.0
    limited.run((221 * 60) + 400)  # until the ramp has arrived too
    cool(limited, 600.0, 360)
    assert limited["SEQ-1.throttle"] == 1.0


def test_the_return_from_the_dewar_is_shut_in_cool_down(limited):
    assert limited["CV-R.opening"] == 0
    limited.run(1)
    assert limited["CV-R.opening"] == 1
    start_limited(limited)
    assert limited["CV-R.opening"] == 0
    limited["E1.temp_cold"], limited["TT-JT"] = 299.0, 14.0
    limited.run(300)
    assert (step_of(limited), limited["CV-R.opening"]) == ("JT cool-down", 1)
    limited["SEQ-1.decanting"] = 1
    limited.run(1)
    assert limited["CV-R.opening"] == 0


def test_a_warm_box_at_rest_does_not_take_the_vapour_of_the_dewar():
    station = ControlStation.of({"SEQ-1": replace(LIMITED, return_below=60.0)})
    station["TT-JT"] = 300.0
    station.run(1)
    assert station["CV-R.opening"] == 0
    station["TT-JT"] = 50.0
    station.run(1)
    assert station["CV-R.opening"] == 1


def test_held_in_stand_by_it_does_not_go_on_when_there_is_room(station):
    bring_to_liquefying(station)
    station["SEQ-1.hold"] = 1
    station.run(10)
    assert step_of(station) == "stand-by"
    station["SEQ-1.hold"] = 0
    station.run(1)
    assert step_of(station) == "turbine start"


def test_a_warm_up_leads_gas_to_the_cold_end_until_all_is_warm(limited):
    limited["TT-T"], limited["TT-JT"], limited["SEQ-1.warm_up"] = 60.0, 20.0, 1
    limited.run(2)
    assert step_of(limited) == "warm-up"
    limited["M-1.running"], limited["PT-H"] = 1, 12e5
    limited.run(100)
    assert (limited["M-1.command"], limited["CV-W.opening"], limited["CV-IN.opening"]) == (1, 1, 0)
    assert (limited["CV-T.opening"], limited["TIC-JT.manual"], limited["CV-R.opening"]) == (0, 0, 0)
    limited["TT-T"], limited["TT-JT"], limited["E1.temp_mean"] = 295.0, 295.0, 200.0
    limited.run(1)
    assert step_of(limited) == "warm-up"
    limited["E1.temp_mean"] = 295.0
    limited.run(1)
    assert (step_of(limited), limited["SEQ-1.warm_up"], limited["CV-W.opening"]) == ("stopping", 0, 0)
    limited.run(40)
    assert step_of(limited) == "stopped"


def test_what_the_operator_has_forced_the_sequence_does_not_take_back(station: ControlStation) -> None:
    bring_to_liquefying(station)
    assert (station["TIC-JT.mode"], station["LC-LN2.mode"]) == (1, 1)
    station["TIC-JT.mode"], station["TIC-JT.manual"], station["LC-LN2.mode"] = FORCED, 0.25, FORCED_OFF
    station.run(10)
    station["SEQ-1.command"] = 0
    station.run(200)
    assert step_of(station) == "stopped"
    assert (station["TIC-JT.mode"], station["TIC-JT.manual"], station["LC-LN2.mode"]) == (FORCED, 0.25, FORCED_OFF)
    station["TIC-JT.mode"], station["LC-LN2.mode"] = 1, 2
    station.run(1)
    assert (station["TIC-JT.mode"], station["TIC-JT.manual"], station["LC-LN2.mode"]) == (0, 0.0, 0)
