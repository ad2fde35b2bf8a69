"""Notes of people beside values, in both databases."""

from __future__ import annotations

from dataclasses import replace

from tests.twin.history.test_store import START, TAGS
from twin.history import Change, Event, History, Note, Outcome, Reader
from twin.history.reader import EVER

NOTE = Note(START + 5, "TT-1", "ice on the line", "anna", START + 900)


def notes(where: str, tag: str = "TT-1", backward: bool = False) -> list[Note]:
    with Reader(where) as reader:
        return reader.notes(tag, *EVER, backward=backward)


def test_a_note_is_inserted_once_replaced_and_removed(where: str) -> None:
    better = replace(NOTE, message="ice on the transfer line")
    with History(where, TAGS, list(TAGS), 0.0) as history:
        assert history.change_note(Change.REPLACE, NOTE) is Outcome.MISSING
        assert history.change_note(Change.REMOVE, NOTE) is Outcome.MISSING
        assert history.change_note(Change.INSERT, NOTE) is Outcome.INSERTED
        assert history.change_note(Change.INSERT, better) is Outcome.EXISTS
        history.commit()
        assert notes(where) == [NOTE]
        assert history.change_note(Change.REPLACE, better) is Outcome.REPLACED
        assert history.change_note(Change.UPDATE, better) is Outcome.REPLACED
        history.commit()
        assert notes(where) == [better]
        assert history.change_note(Change.REMOVE, NOTE) is Outcome.REMOVED
        assert history.change_note(Change.UPDATE, NOTE) is Outcome.INSERTED
    assert notes(where) == [NOTE]


def test_people_and_dates_tell_notes_of_one_moment_apart(where: str) -> None:
    others = [replace(NOTE, person="ben"), replace(NOTE, written=NOTE.written + 1), replace(NOTE, source="TT-2")]
    with History(where, TAGS, list(TAGS), 0.0) as history:
        for note in (NOTE, *others):
            assert history.change_note(Change.INSERT, note) is Outcome.INSERTED
        assert history.change_note(Change.REMOVE, NOTE) is Outcome.REMOVED
    assert notes(where) == others[:2]
    assert notes(where, "TT-2") == others[2:]


def test_writes_to_a_tag_and_calls_of_its_unit_stand_among_its_notes(where: str) -> None:
    done = [
        Event(START + 1, 0.0, "write", "BAG-1.inlet", "0 to 1", 100, "anna"),
        Event(START + 2, 0.0, "call", "BAG-1.swap", "BAG-1.swap()", 100, "ben"),
        Event(START + 3, 0.0, "call", "BAG-10.swap", "BAG-10.swap()", 100, "ben"),
        Event(START + 4, 0.0, "alarm", "BAG-1.inlet", "high", 100),
        Event(START + 5, 0.0, "write", "BAG-1.outlet", "0 to 1", 100, "anna"),
    ]
    with History(where, TAGS, list(TAGS), 0.0) as history:
        for event in done:
            history.note(event)
        history.change_note(Change.INSERT, replace(NOTE, source="BAG-1.inlet"))
    told = [note.message for note in notes(where, "BAG-1.inlet")]
    assert told == ["0 to 1", "BAG-1.swap()", "ice on the line"]
    assert [note.message for note in notes(where, "BAG-1.inlet", backward=True)] == told[::-1]
