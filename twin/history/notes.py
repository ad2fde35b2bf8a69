"""Notes: what people say of a value, OPC UA's annotations (OPC 10000-11, 5.1.3), kept as events of kind "note".

A note belongs to a tag and a moment; person and time of writing tell it from others at the same moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from twin.history.store import Event, Store

NOTE = "note"


@dataclass(frozen=True)
class Note:
    """`wall` is the date of the value it is about, `written` the one of the note [us since 1970]; `source` a tag."""

    wall: int
    source: str
    message: str
    person: str
    written: int

    @classmethod
    def of(cls, event: Event) -> Note:
        """A note, or what a person did, which is noted as it is done."""
        written = (event.detail or {}).get("written", event.wall)
        return cls(event.wall, event.source, event.message, event.person, written)


class Change(Enum):
    """What to do with a note: add it, put it in place of one of the same person and dates, either, or take it away."""

    INSERT = 1
    REPLACE = 2
    UPDATE = 3
    REMOVE = 4


class Outcome(Enum):
    """What became of it; EXISTS and MISSING mean that nothing was done."""

    INSERTED = 1
    REPLACED = 2
    REMOVED = 3
    EXISTS = 4
    MISSING = 5


def change_note(store: Store, change: Change, note: Note, time: float) -> Outcome:
    """Change the notes of a history; `time` is the simulated time to keep with a new one [s]."""
    number = _find(store, note)
    if change is Change.INSERT and number is not None:
        return Outcome.EXISTS
    if change in (Change.REPLACE, Change.REMOVE) and number is None:
        return Outcome.MISSING
    if number is not None:
        store.drop_event(number)
    if change is Change.REMOVE:
        return Outcome.REMOVED
    store.note(Event(note.wall, time, NOTE, note.source, note.message, 1, note.person, {"written": note.written}))
    return Outcome.INSERTED if number is None else Outcome.REPLACED


def _find(store: Store, note: Note) -> int | None:
    """Number of the note of the same person and dates."""
    same = (
        number
        for number, event in store.events_at(note.wall, NOTE, note.source)
        if Note.of(event).written == note.written and event.person == note.person
    )
    return next(same, None)
