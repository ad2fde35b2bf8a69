"""An alarm's transition as an event of the history."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from tests.twin.alarms.plant import Panel
from tests.twin.history.test_store import TAGS
from twin.alarms.declare import Limits, OffNormal
from twin.alarms.engine import AlarmSnapshot
from twin.history import Event, History, Reader
from twin.history.alarms import brought_up, next_number, of_alarm

TOLD = SimpleNamespace(
    id=7,
    time=12.5,
    wall=datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC),
    alarm=SimpleNamespace(name="TT-1.high", tag=TAGS["TT-1"]),
    transition="active",
    state=SimpleNamespace(
        active=True,
        acked=False,
        retain=True,
        name="unacknowledged",
        severity=700,
        confirmed=True,
        latched=False,
        suppressed=False,
        out_of_service=False,
        enabled=True,
        levels=4,
        shelved=0,
        unshelve_at=math.inf,
    ),
    message="TT-1.high: temperature high (310 K)",
    message_ja="TT-1.high: 温度 上限 (310 K)",
    user="",
    comment="",
)


def test_a_transition_is_kept_with_the_fields_of_a_condition(where: str) -> None:
    with History(where, TAGS, list(TAGS), 0.0) as history:
        history.note(of_alarm(TOLD))
    with Reader(where) as reader:
        (event,) = reader.events(source="TT-1", kinds=["alarm"])
    assert event == of_alarm(TOLD)
    assert event.wall == 1_767_323_045_678_901
    assert (event.severity, event.message) == (700, TOLD.message)
    assert event.detail is not None
    assert (event.detail["ActiveState/Id"], event.detail["AckedState/Id"]) == (True, False)
    assert event.detail["message_ja"] == TOLD.message_ja


def test_an_alarm_without_a_tag_is_its_own_source() -> None:
    system = SimpleNamespace(**{**vars(TOLD), "alarm": SimpleNamespace(name="SIM.stopped", tag=None)})
    assert isinstance(of_alarm(system), Event)
    assert of_alarm(system).source == "SIM.stopped"


def panel() -> Panel:
    high = Limits("p", "pressure", "圧力", high=2.0, high_high=3.0, latched=True, confirm=True)
    return Panel(high, OffNormal("trip", "trip", "トリップ", trip=True), OffNormal("run", "run", "運転"))


def crashed(old: Panel, kept: AlarmSnapshot, where: str, back: int = 0) -> Panel:
    """What the next process makes of a snapshot and of all that was told; the clock was set back after it [us]."""
    with History(where, TAGS, list(TAGS), 0.0) as history:
        for told in old.events:
            event = of_alarm(told)
            history.note(replace(event, wall=event.wall - back * (told.id >= kept.next)))
    after = panel()
    with Reader(where) as reader:
        after.engine.restore(brought_up(AlarmSnapshot.from_bytes(kept.to_bytes()), reader), old.time)
    return after


@pytest.mark.parametrize("back", [0, 3_600_000_000])
def test_alarms_after_a_crash_are_as_the_events_since_the_snapshot_say(where: str, back: int) -> None:
    old = panel()
    old.see(p=2.5, trip=1.0)
    kept = old.engine.snapshot()
    old.engine.acknowledge("V-1.p", "sato")
    old.engine.confirm("V-1.p", "sato")
    old.see(p=3.5)
    old.engine.acknowledge("V-1.p", "sato")
    old.engine.shelve("V-1.trip", 60.0)
    old.engine.take_out("V-1.run")
    new = crashed(old, kept, where, back)
    for name in ("V-1.p", "V-1.trip", "V-1.run"):
        was, now = old.state(name), new.state(name)
        assert (now.name, now.levels, now.severity) == (was.name, was.levels, was.severity)
        assert (now.latched, now.confirmed, now.unshelve_at) == (was.latched, was.confirmed, was.unshelve_at)
    assert new.events[0].id > old.events[-1].id


def test_the_next_number_is_that_after_the_last_event_though_the_clock_was_set_back(where: str) -> None:
    with History(where, TAGS, list(TAGS), 0.0) as history:
        for number, hours in ((1, 0), (2, 1), (3, -5)):
            event = of_alarm(SimpleNamespace(**{**vars(TOLD), "id": number}))
            history.note(replace(event, wall=event.wall + hours * 3_600_000_000))
    with Reader(where) as reader:
        assert next_number(reader) == 4


def test_events_before_a_snapshot_change_nothing(where: str) -> None:
    old = panel()
    old.see(p=2.5)
    old.engine.acknowledge("V-1.p")
    with_them = crashed(old, old.engine.snapshot(), where)
    assert with_them.state().name == old.state().name
    anew = panel()
    with Reader(where) as reader:
        anew.engine.number_from(next_number(reader))
    assert crashed(panel(), anew.engine.snapshot(), where).events == []
