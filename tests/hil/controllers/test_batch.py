"""Batch controller: a week of a liquefier that the test plays."""

import pytest

from hil.controllers.batch import ENDS, STATES, Batch
from hil.controllers.cold_box_sequence import LIQUEFYING, STOPPED, TRIPPED, WARM_UP
from hil.rig import ControlStation

HOUR = 3600.0
CARD = Batch(
    step="SEQ-1.step",
    level="D-1.level",
    litres="D-1.litres",
    stock="BUF-1.p",
    energy_meter="C-1.energy",
    ln2_meter="PC-1.ln2_used",
    loss_1="BAG-1.m_relief",
    level_1="TD-1.level",
    level_2="TD-2.level",
    command="SEQ-1.command",
    hold="SEQ-1.hold",
    warm_up="SEQ-1.warm_up",
    decanting="SEQ-1.decanting",
    press="PCV-1.p_set",
    line_1="TL-1.opening",
    line_2="TL-2.opening",
    days="Mon, Thu",
    start_hour=8 * HOUR,
    run_time=9 * HOUR,
    scan=60.0,
)


@pytest.fixture
def station() -> ControlStation:
    station = ControlStation.of({"BATCH-1": CARD})
    station["BUF-1.p"], station["D-1.level"], station["D-1.litres"] = 12e5, 0.3, 600.0
    station["TD-1.level"], station["TD-2.level"] = 0.3, 0.3
    return station


def hours(station: ControlStation, time: float) -> None:
    station.run(seconds=time * HOUR)


def state_of(station: ControlStation) -> str:
    return STATES[int(station["BATCH-1.state"])]


def liquefy(station: ControlStation) -> None:
    """Monday, two hours after the start."""
    hours(station, 10)
    station["SEQ-1.step"] = LIQUEFYING
    station.run(seconds=60)
    assert state_of(station) == "liquefying"


def decant(station: ControlStation) -> None:
    """Fill both dewars."""
    for number in (1, 2):
        station[f"TD-{number}.level"] = 0.95
        station.run(seconds=60)


def test_it_starts_on_its_days_at_its_hour_and_not_before(station):
    hours(station, 7.9)
    assert (state_of(station), station["SEQ-1.command"]) == ("waiting", 0)
    hours(station, 0.2)
    assert (state_of(station), station["SEQ-1.command"]) == ("start-up", 1)


def test_without_stock_it_waits_and_gives_up_for_the_day(station):
    station["BUF-1.p"] = 5e5
    hours(station, 13)
    station["BUF-1.p"] = 12e5
    hours(station, 5)
    assert state_of(station) == "waiting"
    hours(station, 3 * 24 - 18 + 9)
    assert state_of(station) == "start-up"  # on Thursday


def test_a_full_dewar_ends_the_batch_and_the_lines_open_one_by_one(station):
    liquefy(station)
    assert station["BATCH-1.start_up"] == pytest.approx(2 * HOUR, abs=120.0)
    station["D-1.level"], station["D-1.litres"] = 0.92, 1800.0
    station.run(seconds=120)
    assert ENDS[int(station["BATCH-1.ended_by"])] == "dewar full"
    assert (state_of(station), station["SEQ-1.command"], station["SEQ-1.decanting"]) == ("decanting", 0, 1)
    assert (station["TL-1.opening"], station["TL-2.opening"], station["PCV-1.p_set"]) == (1, 0, CARD.p_press)
    station["TD-1.level"] = 0.95
    station.run(seconds=60)
    assert (station["TL-1.opening"], station["TL-2.opening"]) == (0, 1)
    station["TD-2.level"], station["D-1.litres"] = 0.95, 1500.0
    station.run(seconds=60)
    assert (state_of(station), station["TL-2.opening"], station["SEQ-1.decanting"]) == ("waiting", 0, 0)
    assert (station["BATCH-1.last_made"], station["BATCH-1.last_decanted"]) == (1200.0, 300.0)
    hours(station, 24)
    assert state_of(station) == "waiting"  # one batch a day, none on Tuesday


@pytest.mark.parametrize(("tag", "value", "reason"), [("BUF-1.p", 2e5, "stock empty"), ("SEQ-1.step", TRIPPED, "trip")])
def test_an_empty_stock_or_a_trip_ends_it(station, tag, value, reason):
    liquefy(station)
    station[tag] = value
    station.run(seconds=60)
    assert ENDS[int(station["BATCH-1.ended_by"])] == reason


def test_its_time_ends_it_and_so_does_the_operator(station):
    liquefy(station)
    hours(station, 6.9)
    assert state_of(station) == "liquefying"
    hours(station, 0.2)
    assert ENDS[int(station["BATCH-1.ended_by"])] == "time over"
    decant(station)
    station.do("BATCH-1.begin")
    station.run(seconds=60)
    assert state_of(station) == "start-up"
    station.do("BATCH-1.end")
    station.run(seconds=60)
    assert ENDS[int(station["BATCH-1.ended_by"])] == "operator"


def test_books_hold_the_batch_and_the_week_what_lies_between(station):
    station["C-1.energy"], station["PC-1.ln2_used"] = 1e9, 50.0
    liquefy(station)
    station["C-1.energy"], station["PC-1.ln2_used"], station["D-1.litres"] = 3e9, 250.0, 900.0
    station["BAG-1.m_relief"] = 1e-4
    station.run(seconds=600)
    station["BAG-1.m_relief"] = 0.0
    station["BATCH-1.end_now"] = 1
    station.run(seconds=60)
    decant(station)
    assert station["BATCH-1.last_energy"] == 2e9
    assert station["BATCH-1.last_ln2"] == 200.0
    assert station["BATCH-1.last_lost"] == pytest.approx(0.06)
    station["C-1.energy"] = 3.5e9
    station.run(seconds=60)
    assert (station["BATCH-1.week_energy"], station["BATCH-1.week_made"]) == (3.5e9, 300.0)
    hours(station, 7 * 24 - 2)  # Thursday's batch and Monday's have begun
    assert (station["BATCH-1.week"], station["BATCH-1.week_energy"]) == (1, 0.0)


def test_afterwards_it_is_kept_cold_until_the_next_day(station):
    station["BATCH-1.afterwards"] = 1
    liquefy(station)
    station["BATCH-1.end_now"] = 1
    station.run(seconds=60)
    decant(station)
    assert (state_of(station), station["SEQ-1.command"], station["SEQ-1.hold"]) == ("stand-by", 1, 1)
    hours(station, 3 * 24 - 2)
    assert (state_of(station), station["SEQ-1.hold"]) == ("liquefying", 0)


def test_afterwards_it_is_warmed(station):
    station["BATCH-1.afterwards"] = 2
    liquefy(station)
    station["BATCH-1.end_now"] = 1
    station.run(seconds=60)
    decant(station)
    assert (state_of(station), station["SEQ-1.command"], station["SEQ-1.warm_up"]) == ("warm-up", 0, 1)
    station["SEQ-1.step"] = WARM_UP
    station.run(seconds=60)
    station["SEQ-1.step"] = STOPPED
    station.run(seconds=60)
    assert state_of(station) == "waiting"


def test_off_means_hands_off(station):
    station["BATCH-1.mode"] = 0
    station["SEQ-1.command"] = 1
    hours(station, 9)
    assert (state_of(station), station["SEQ-1.command"]) == ("waiting", 1)


def test_a_day_with_another_name_is_refused():
    with pytest.raises(ValueError, match='got "Monday"'):
        Batch(step="A", level="B", litres="C", command="D", days="Monday").check()
