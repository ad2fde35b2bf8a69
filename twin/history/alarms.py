"""Transitions of alarms as events of the history: `alarms.subscribe(lambda told: recorder.note(of_alarm(told)))`."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from twin.history.store import Event


class Transition(Protocol):
    """What an alarm engine tells of an alarm, as far as the history keeps it; `alarm` has a name and perhaps a tag."""

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
    tag = getattr(told.alarm, "tag", None)
    detail = {
        "ConditionName": told.alarm.name,
        "ActiveState/Id": bool(told.state.active),
        "AckedState/Id": bool(told.state.acked),
        "Retain": bool(told.state.retain),
        "Comment": told.comment,
        "transition": told.transition,
        "state": told.state.name,
        "message_ja": told.message_ja,
    }
    return Event(
        wall=round(1e6 * told.wall.timestamp()),
        time=told.time,
        kind="alarm",
        source=tag.name if tag is not None else told.alarm.name,
        message=told.message,
        severity=int(told.state.severity),
        person=told.user,
        detail=detail,
    )
