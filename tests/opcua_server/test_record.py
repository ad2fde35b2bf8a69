"""What is written of requests, and what an audit event says of a change to the history."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from asyncua import ua

from opcua_server.access import Person, Role
from opcua_server.audit import AuditLog
from opcua_server.audit_events import Written, history_changed
from opcua_server.record import Record

PT = ua.NodeId("PT-101", 2)
GOOD, DENIED = ua.StatusCode(), ua.StatusCode(ua.StatusCodes.BadUserAccessDenied)
THEN = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def session() -> Any:
    """A session of ono."""
    return SimpleNamespace(
        session_id=ua.NodeId(12),
        tally=SimpleNamespace(name="panel"),
        user=Person(name="ono", rank=Role.ENGINEER),
        address="192.0.2.1",
        application="urn:panel",
        audit_entry="",
    )


@pytest.fixture
def record(tmp_path: Path) -> Record:
    """A record nobody listens to."""
    core = SimpleNamespace(subscription_service=SimpleNamespace(clients=list), _external_sessions={})
    return Record(AuditLog(tmp_path / "audit.jsonl"), core)


def lines(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text().splitlines()]


async def test_writes_of_a_request_are_in_the_file_before_its_answer_in_lines_of_a_hundred(
    record: Record, session: Any, tmp_path: Path
) -> None:
    item = ua.WriteValue(PT, ua.AttributeIds.Value, None, ua.DataValue(ua.Variant(2.5)))
    record.written(session, [Written(item, ua.Variant(1.5), GOOD)] * 249 + [Written(item, None, DENIED)])
    seen = lines(tmp_path)
    assert [len(line["writes"]) for line in seen] == [100, 100, 50]
    assert seen[0]["writes"][0] == {"node": "PT-101", "old": 1.5, "value": 2.5, "status": "Good"}
    assert seen[2]["writes"][-1] == {"node": "PT-101", "value": 2.5, "status": "BadUserAccessDenied"}
    assert (record.tally.events["write"], record.tally.events["write refused"]) == (250, 1)
    record.close_log()


async def test_arguments_of_a_call_are_said_plainly(record: Record, session: Any, tmp_path: Path) -> None:
    given = [b"\x01\xff", ua.LocalizedText("seen", "en"), THEN, [1.0, 2.0]]
    method = ua.CallMethodRequest(PT, ua.NodeId("do", 2), [ua.Variant(value) for value in given])
    record.called(session, method, ua.CallMethodResult(StatusCode=DENIED))
    (seen,) = lines(tmp_path)
    assert seen["arguments"] == ["01ff", "seen", "2026-01-02T00:00:00+00:00", [1.0, 2.0]]
    record.close_log()


CHANGES = [
    (
        ua.UpdateDataDetails(PT, ua.PerformUpdateType.Insert, [ua.DataValue(ua.Variant(1.5), SourceTimestamp=THEN)]),
        "AuditHistoryValueUpdateEventType",
        {"UpdateValues": [["2026-01-02T00:00:00+00:00", 1.5]], "PerformInsertReplace": 1},
    ),
    (
        ua.DeleteRawModifiedDetails(PT, False, THEN, THEN),
        "AuditHistoryRawModifyDeleteEventType",
        {"IsDeleteModified": False, "StartTime": "2026-01-02T00:00:00+00:00", "EndTime": "2026-01-02T00:00:00+00:00"},
    ),
    (
        ua.DeleteAtTimeDetails(PT, [THEN]),
        "AuditHistoryAtTimeDeleteEventType",
        {"ReqTimes": ["2026-01-02T00:00:00+00:00"]},
    ),
    (ua.DeleteEventDetails(PT, [b"\x07"]), "AuditHistoryEventDeleteEventType", {"EventIds": ["07"]}),
]


@pytest.mark.parametrize(("details", "kind", "said"), CHANGES, ids=[kind for _, kind, _ in CHANGES])
async def test_a_change_to_the_history_is_on_record_and_an_event_of_its_own_type(
    record: Record, session: Any, tmp_path: Path, details: Any, kind: str, said: dict[str, Any]
) -> None:
    record.history_updated(session, details, ua.HistoryUpdateResult(GOOD, [GOOD, DENIED]))
    (seen,) = lines(tmp_path)
    assert (seen["event"], seen["node"], seen["status"]) == ("history update", "PT-101", "BadUserAccessDenied")
    assert seen["details"] == said
    event = history_changed(session, details, seen["status"])
    assert event["EventType"].Value == ua.NodeId(getattr(ua.ObjectIds, kind))
    assert (event["UpdatedNode"].Value, event["SourceName"].Value) == (PT, "Attribute/HistoryUpdate")
    assert event["Status"].Value is False
    for value in event.values():
        ua.ua_binary.variant_to_binary(value)  # it can be sent
    record.close_log()
