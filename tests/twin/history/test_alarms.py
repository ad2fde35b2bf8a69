"""An alarm's transition as an event of the history."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

from tests.twin.history.test_store import TAGS
from twin.history import Event, History, Reader
from twin.history.alarms import of_alarm

TOLD = SimpleNamespace(
    time=12.5,
    wall=datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC),
    alarm=SimpleNamespace(name="TT-1.high", tag=TAGS["TT-1"]),
    transition="active",
    state=SimpleNamespace(active=True, acked=False, retain=True, name="unacknowledged", severity=700),
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
