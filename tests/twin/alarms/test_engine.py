"""States of ISA-18.2, delays, dead bands, operators and snapshots of the alarm engine."""

import pytest

from tests.twin.alarms.plant import Panel
from twin.alarms.declare import Discrepancy, Limits, OffNormal
from twin.alarms.engine import LONGEST_SHELVING, AlarmSnapshot
from twin.alarms.event import AlarmRefused, Remark
from twin.errors import SnapshotMismatch


def high(**more):
    return Limits("p", "pressure", "圧力", **{"high": 2.0, **more})


def reason(ask) -> str:
    with pytest.raises(AlarmRefused) as refused:
        ask()
    return refused.value.reason


def test_an_alarm_goes_round_normal_unacknowledged_acknowledged_normal():
    panel = Panel(high())
    assert panel.state().name == "normal"
    assert panel.see(p=2.5) == ["active"]
    assert panel.state().name == "unacknowledged"
    panel.engine.acknowledge("V-1.p", "sato", "seen")
    assert panel.state().name == "acknowledged"
    assert panel.see(p=1.0) == ["returned"]
    assert panel.state().name == "normal"
    assert not panel.state().retain
    assert [(e.transition, e.user, e.comment) for e in panel.events][1] == ("acknowledged", "sato", "seen")


def test_an_alarm_that_returns_by_itself_waits_for_its_acknowledgement():
    panel = Panel(high())
    panel.see(p=2.5)
    panel.see(p=1.0)
    assert panel.state().name == "returned unacknowledged"
    assert panel.state().retain
    panel.engine.acknowledge("V-1.p")
    assert panel.state().name == "normal"


def test_events_are_numbered_without_gaps_and_carry_time_value_and_both_languages():
    panel = Panel(high(high_high=3.0))
    panel.see(p=2.5)
    panel.see(p=3.5)
    panel.see(p=1.0)
    assert [e.id for e in panel.events] == [1, 2, 3]
    assert [e.time for e in panel.events] == [1.0, 2.0, 3.0]
    assert [e.state.value for e in panel.events] == [2.5, 3.5, 1.0]
    assert panel.events[1].message == "V-1.p: pressure high high (3.50)"
    assert panel.events[1].message_ja == "V-1.p: 圧力 上上限 (3.50)"


def test_the_label_of_a_discrete_tag_is_told_in_both_languages():
    panel = Panel(OffNormal("trip", "trip", "トリップ"))
    panel.see(trip=2.0)
    assert panel.events[0].message == "V-1.trip: trip (cold)"
    assert panel.events[0].message_ja == "V-1.trip: トリップ (冷)"


def test_a_remark_without_a_text_takes_back_what_was_said_and_none_leaves_it():
    panel = Panel(high())
    panel.see(p=2.5)
    panel.engine.acknowledge("V-1.p", "sato", Remark("確認", "ja"))
    assert panel.engine.note("V-1.p")[0].locale == "ja"
    panel.engine.shelve("V-1.p", user="abe")
    assert panel.engine.note("V-1.p") == ("確認", "sato")
    panel.engine.unshelve("V-1.p", "abe", Remark("", "ja"))
    assert panel.engine.note("V-1.p") == ("", "abe")


def test_a_worse_level_wakes_again_a_better_one_does_not():
    panel = Panel(high(high_high=3.0))
    panel.see(p=2.5)
    panel.engine.acknowledge("V-1.p")
    assert panel.see(p=3.5) == ["changed"]
    assert panel.state().name == "unacknowledged"
    assert panel.state().severity == 500
    panel.engine.acknowledge("V-1.p")
    assert panel.see(p=2.5) == ["changed"]
    assert panel.state().name == "acknowledged"
    assert panel.state().severity == 400


def test_low_limits_look_down():
    panel = Panel(Limits("p", "pressure", "圧力", low=2.0, low_low=1.0))
    panel.see(p=5.0)
    assert panel.see(p=1.5) in (["active"], ["changed"])
    assert panel.events[-1].message.startswith("V-1.p: pressure low (")
    panel.see(p=0.5)
    assert panel.events[-1].message.startswith("V-1.p: pressure low low (")


def test_the_dead_band_holds_a_level_that_is_on():
    panel = Panel(high(dead_band=0.5))
    assert panel.see(p=1.8) == []
    assert panel.see(p=2.0) == ["active"]
    assert panel.see(p=1.6) == []
    assert panel.see(p=1.4) == ["returned"]


def test_a_change_counts_once_it_has_lasted_for_its_delay():
    panel = Panel(high(on_delay=3.0, off_delay=2.0))
    assert panel.see(3, p=2.5) == []
    assert panel.see(p=1.0) == []  # too short
    assert panel.see(3, p=2.5) == []
    assert panel.see() == ["active"]
    assert panel.events[0].time == 8.0
    assert panel.see(2, p=1.0) == []
    assert panel.see() == ["returned"]


def test_a_limit_without_a_reading_keeps_its_state():
    panel = Panel(high())
    panel.see(p=2.5)
    assert panel.see(p=float("nan")) == []
    assert panel.state().active
    assert not panel.state().good


def test_a_trip_is_told_with_its_cause():
    panel = Panel(OffNormal("trip", "trip of the machine", "トリップ"))
    assert panel.see(trip=2.0) == ["active"]
    assert panel.events[0].message == "V-1.trip: trip of the machine (cold)"


def test_only_the_bad_value_is_an_alarm_where_one_is_named():
    panel = Panel(OffNormal("trip", "trip", "トリップ", bad=2.0))
    assert panel.see(trip=1.0) == []
    assert panel.see(trip=2.0) == ["active"]


def test_an_order_that_is_not_obeyed_is_a_discrepancy_after_its_time():
    panel = Panel(Discrepancy("run", "motor", "モータ", order="order", on_delay=2.0))
    assert panel.see(2, order=1.0) == []
    assert panel.see() == ["active"]
    assert panel.see(run=1.0) == ["returned"]


def test_an_alarm_that_means_nothing_now_is_suppressed_by_design():
    panel = Panel(high(when=("run", 0.5, 1.5)))
    assert panel.see(p=2.5) == []
    assert panel.state().name == "suppressed"
    assert panel.see(run=1.0) == ["active"]
    assert panel.see(run=0.0) == ["suppressed", "returned"]


def test_a_latched_alarm_stays_until_it_is_reset():
    panel = Panel(high(latched=True))
    panel.see(p=2.5)
    assert reason(lambda: panel.engine.reset("V-1.p")) == "state"
    panel.see(p=1.0)
    panel.engine.acknowledge("V-1.p")
    assert panel.state().name == "latched"
    panel.engine.reset("V-1.p", "sato")
    assert panel.state().name == "normal"


def test_a_confirmation_is_asked_for_after_the_acknowledgement():
    panel = Panel(high(confirm=True))
    panel.see(p=2.5)
    assert reason(lambda: panel.engine.confirm("V-1.p")) == "not_acked"
    panel.engine.acknowledge("V-1.p")
    panel.see(p=1.0)
    assert panel.state().retain
    panel.engine.confirm("V-1.p", "sato", "valve changed")
    assert not panel.state().retain
    assert reason(lambda: panel.engine.confirm("V-1.p")) == "confirmed"


def test_a_shelved_alarm_is_silent_for_its_time():
    panel = Panel(high())
    panel.see()
    panel.engine.shelve("V-1.p", 3.0, "sato", "under repair")
    assert panel.see(p=2.5) == ["active"]
    assert panel.state().name == "shelved"
    assert [alarm.name for alarm, _ in panel.engine.open()] == []
    assert panel.see(3) == ["unshelved"]
    assert [alarm.name for alarm, _ in panel.engine.open()] == ["V-1.p"]


def test_a_one_shot_shelf_ends_when_the_alarm_has_returned():
    panel = Panel(high())
    panel.see(p=2.5)
    panel.engine.shelve("V-1.p")
    assert panel.see(p=1.0) == ["returned", "unshelved"]
    assert panel.see(p=2.5) == ["active"]
    assert panel.state().name == "unacknowledged"


def test_what_makes_no_sense_is_refused_with_its_reason():
    panel = Panel(high())
    engine = panel.engine
    panel.see(p=2.5)
    engine.acknowledge("V-1.p")
    assert reason(lambda: engine.acknowledge("V-1.p")) == "acked"
    assert reason(lambda: engine.acknowledge("V-9.p")) == "unknown_alarm"
    assert reason(lambda: engine.unshelve("V-1.p")) == "not_shelved"
    assert reason(lambda: engine.shelve("V-1.p", LONGEST_SHELVING + 1.0)) == "duration"
    assert reason(lambda: engine.shelve("V-1.p", float("nan"))) == "duration"
    engine.shelve("V-1.p", 10.0)
    assert reason(lambda: engine.shelve("V-1.p")) == "shelved"
    engine.enable("V-1.p", False)
    assert reason(lambda: engine.enable("V-1.p", False)) == "already_disabled"
    assert reason(lambda: engine.acknowledge("V-1.p")) == "disabled"


def test_an_event_of_an_earlier_occurrence_cannot_be_acknowledged():
    panel = Panel(high())
    panel.see(p=2.5)
    first = panel.events[-1].id
    panel.engine.acknowledge("V-1.p", event=first)
    panel.see(p=1.0)
    panel.see(p=2.5)
    assert reason(lambda: panel.engine.acknowledge("V-1.p", event=first)) == "unknown_event"
    panel.engine.acknowledge("V-1.p", event=panel.events[-1].id)


def test_suppression_and_service_are_switched_by_hand():
    panel = Panel(high())
    panel.see(p=2.5)
    panel.engine.suppress("V-1.p", True, "sato")
    assert panel.state().silent
    assert reason(lambda: panel.engine.suppress("V-1.p")) == "state"
    panel.engine.suppress("V-1.p", False)
    panel.engine.take_out("V-1.p", True)
    assert panel.state().name == "out of service"
    panel.engine.take_out("V-1.p", False)
    assert panel.state().name == "unacknowledged"


def test_the_simulation_raises_alarms_of_its_own():
    panel = Panel(high())
    panel.see()
    assert panel.see(overruns=1.0) == ["active"]
    assert panel.events[-1].alarm.name == "SIM.overrun"
    assert panel.see(11) == ["returned"]
    panel.engine.scan(panel.image, panel.time, failed=True)
    assert panel.state("SIM.failure").name == "unacknowledged"
    panel.engine.controller_silent(True)
    panel.see()
    assert panel.state("SIM.controller").active


def test_a_snapshot_brings_back_every_state_and_tells_what_differs():
    panel = Panel(high(latched=True), OffNormal("trip", "trip", "トリップ"))
    panel.see(p=2.5)
    panel.engine.acknowledge("V-1.p")
    kept = AlarmSnapshot.from_bytes(panel.engine.snapshot().to_bytes())
    panel.see(p=1.0, trip=1.0)
    told = len(panel.events)
    panel.engine.restore(kept, 1.0)
    assert panel.state().name == "acknowledged"
    assert panel.state("V-1.trip").name == "normal"
    assert [(e.alarm.name, e.transition) for e in panel.events[told:]] == [
        ("V-1.p", "restored"),
        ("V-1.trip", "restored"),
    ]
    with pytest.raises(SnapshotMismatch):
        Panel(high()).engine.restore(kept, 0.0)
    with pytest.raises(SnapshotMismatch):
        AlarmSnapshot.from_bytes(b"hetwin-alarms 1\nV-1.p\n\nshort")


def test_a_subscriber_that_fails_is_dropped_and_the_others_are_told():
    panel = Panel(high())
    calls = []

    def fails(event):
        calls.append(event)
        raise RuntimeError("gone")

    panel.engine.subscribe(fails)
    panel.see(p=2.5)
    panel.see(p=1.0)
    assert len(calls) == 1
    assert len(panel.events) == 2
