"""Transitions of alarms as events of the history, and the state of alarms from these events.

    alarms.subscribe(lambda told: recorder.note(of_alarm(told)))
    alarms.restore(brought_up(snapshot, reader), plant.time)

The events are the record; a snapshot of the alarms only says how to begin reading it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol

from twin.history.reader import Reader
from twin.history.store import Event

if TYPE_CHECKING:
    from twin.alarms.engine import AlarmSnapshot

PAGE = 1000
"""Events that are read in one go."""
BITS = {
    "AckedState/Id": "acked",
    "ConfirmedState/Id": "confirmed",
    "LatchedState/Id": "latched",
    "SuppressedState/Id": "suppressed",
    "OutOfServiceState/Id": "out",
    "EnabledState/Id": "enabled",
}
"""Fields of a condition and where the engine keeps them."""


class Transition(Protocol):
    """What an alarm engine tells of an alarm, as far as the history keeps it; `alarm` has a name and perhaps a tag."""

    @property
    def id(self) -> int: ...
    @property
    def time(self) -> float: ...
    @property
    def wall(self) -> datetime: ...
    @property
    def alarm(self) -> Any: ...
    @property
    def transition(self) -> str: ...
    @property
    def state(self) -> Any: ...
    @property
    def message(self) -> str: ...
    @property
    def message_ja(self) -> str: ...
    @property
    def user(self) -> str: ...
    @property
    def comment(self) -> str: ...


def of_alarm(told: Transition) -> Event:
    """The event; its detail names the fields of a condition as Part 9 does, by browse path."""
    tag, state = getattr(told.alarm, "tag", None), told.state
    detail = {
        "ConditionName": told.alarm.name,
        "ActiveState/Id": bool(state.active),
        "AckedState/Id": bool(state.acked),
        "ConfirmedState/Id": bool(state.confirmed),
        "LatchedState/Id": bool(state.latched),
        "SuppressedState/Id": bool(state.suppressed),
        "OutOfServiceState/Id": bool(state.out_of_service),
        "EnabledState/Id": bool(state.enabled),
        "Retain": bool(state.retain),
        "number": int(told.id),
        "levels": int(state.levels),
        "shelved": int(state.shelved),
        "unshelve_at": float(state.unshelve_at) if math.isfinite(state.unshelve_at) else None,
        "Comment": told.comment,
        "transition": told.transition,
        "state": state.name,
        "message_ja": told.message_ja,
    }
    return Event(
        wall=round(1e6 * told.wall.timestamp()),
        time=told.time,
        kind="alarm",
        source=tag.name if tag is not None else told.alarm.name,
        message=told.message,
        severity=int(state.severity),
        person=told.user,
        detail=detail,
    )


def latest(reader: Reader, since: int = 0) -> Iterator[Event]:
    """Events of alarms with the number `since` and later, the latest first."""
    for at in count(0, PAGE):
        found = reader.events(kinds=["alarm"], page=(at, PAGE), backward=True, as_written=True)
        for event in found:
            if (event.detail or {}).get("number", -1) < since:
                return
            yield event
        if len(found) < PAGE:
            return


def next_number(reader: Reader) -> int:
    """The number that comes after those of all alarm events so far."""
    return next((int(event.detail["number"]) + 1 for event in latest(reader) if event.detail), 1)


def brought_up(snapshot: AlarmSnapshot, reader: Reader) -> AlarmSnapshot:
    """The snapshot, brought up to the last event that is on record."""
    rows, state, number = {name: row for row, name in enumerate(snapshot.names)}, snapshot.state.copy(), snapshot.next
    done: set[str] = set()
    for event in latest(reader, snapshot.next):
        detail = event.detail or {}
        number = max(number, int(detail["number"]) + 1)
        name = detail["ConditionName"]
        if name in rows and name not in done:
            done.add(name)
            _put(state[rows[name]], event.severity, detail)
    return replace(snapshot, state=state, next=number)


def _put(row: Any, severity: int, detail: dict[str, Any]) -> None:
    """The state of an alarm as its event tells it; what follows from the plant is seen by the next scan."""
    for path, field in BITS.items():
        row[field] = detail[path]
    until = math.inf if detail["unshelve_at"] is None else detail["unshelve_at"]
    row["levels"], row["shelved"], row["shelf_end"] = detail["levels"], detail["shelved"], until
    row["severity_before"], row["severity"] = row["severity"], severity
    row["last"], row["due"] = detail["number"], math.nan
