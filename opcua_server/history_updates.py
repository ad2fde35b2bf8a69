"""HistoryUpdate (OPC 10000-11, 6.8): people annotate what was recorded; the record itself nobody changes."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from typing import Any

from asyncua import ua

from opcua_server.access import Role
from opcua_server.history_codec import microseconds
from opcua_server.history_rights import HistoryRights
from twin.errors import TwinError
from twin.history import Change, Event, History, Note, Outcome, Recorder, now

CODES = ua.StatusCodes
PATIENCE = 10.0
"""Seconds that a client waits for its annotation to be durable."""
MOST, LONGEST = 1_000, 4_096
"""Annotations of one node in a request, characters of one."""
SEVERITY = 100
DETAILS = (
    *(ua.UpdateDataDetails, ua.UpdateStructureDataDetails, ua.UpdateEventDetails),
    *(ua.DeleteRawModifiedDetails, ua.DeleteAtTimeDetails, ua.DeleteEventDetails),
)
"""What the standard knows; of these only annotations are served."""
OUTCOMES = {
    Outcome.INSERTED: CODES.GoodEntryInserted,
    Outcome.REPLACED: CODES.GoodEntryReplaced,
    Outcome.REMOVED: CODES.Good,
    Outcome.EXISTS: CODES.BadEntryExists,
    Outcome.MISSING: CODES.BadNoEntryExists,
}

log = logging.getLogger(__name__)


class HistoryUpdates:
    """Changes annotations; `notes` is the Annotations property of each tag with the tag's name."""

    def __init__(self, recorder: Recorder, rights: HistoryRights, notes: dict[ua.NodeId, str]) -> None:
        self._recorder = recorder
        self._rights = rights
        self._notes = notes

    async def update(self, session: Any, details: Any) -> ua.HistoryUpdateResult:
        """One node of a request."""
        if not isinstance(details, DETAILS):
            return _refused(CODES.BadHistoryOperationInvalid)
        tag = self._notes.get(details.NodeId)
        if tag is None or not isinstance(details, ua.UpdateStructureDataDetails):
            known = self._rights.reading(session, details.NodeId) != CODES.BadNodeIdUnknown
            return _refused(CODES.BadHistoryOperationUnsupported if known else CODES.BadNodeIdUnknown)
        if status := self._rights.annotating(session, details.NodeId):
            return _refused(status)
        values = details.UpdateValues or []
        if details.PerformInsertReplace not in tuple(ua.PerformUpdateType):
            return _refused(CODES.BadHistoryOperationInvalid)
        if not values:
            return _refused(CODES.BadNothingToDo)
        if len(values) > MOST:
            return _refused(CODES.BadTooManyOperations)
        return await self._change(session, tag, Change(int(details.PerformInsertReplace)), values)

    async def _change(self, session: Any, tag: str, change: Change, values: list[Any]) -> ua.HistoryUpdateResult:
        asked = [_note(session, tag, change, value) for value in values]
        person = _person(session)

        def do(history: History) -> list[int]:
            return [one if isinstance(one, int) else _carry_out(history, change, one, person) for one in asked]

        try:
            codes = await asyncio.wait_for(asyncio.wrap_future(self._recorder.ask(do)), PATIENCE)
        except (TwinError, TimeoutError) as problem:
            log.error("The annotations of %s could not be changed: %s", tag, str(problem) or "the history is too slow.")
            return _refused(CODES.BadResourceUnavailable)
        result = _refused(CODES.Good)
        result.OperationResults = [ua.StatusCode(code) for code in codes]
        return result


def _carry_out(history: History, change: Change, note: Note, person: str) -> int:
    """In the recorder's thread; what was done to an annotation is an event of its own."""
    outcome = history.change_note(change, note)
    if outcome not in (Outcome.EXISTS, Outcome.MISSING):
        text = f"{note.source}: annotation {outcome.name.lower()}: {note.message}"
        detail = {"written": note.written, "about": note.wall}
        history.note(Event(now(), history.time, "annotate", note.source, text, SEVERITY, person, detail))
    return int(OUTCOMES[outcome])


def _note(session: Any, tag: str, change: Change, value: Any) -> Note | int:
    """What one value of a request means, or the status that refuses it."""
    told = value.Value.Value if value.Value is not None else None
    if not isinstance(told, ua.Annotation):
        return int(CODES.BadTypeMismatch)
    about = microseconds(value.SourceTimestamp)
    if about is None:
        return int(CODES.BadInvalidTimestamp)
    message, person = told.Message or "", _person(session)
    if len(message) > LONGEST or len(told.UserName or "") > LONGEST:
        return int(CODES.BadOutOfRange)
    if person and told.UserName not in (None, "", person):
        others = change in (Change.REPLACE, Change.REMOVE) and session.user.rank >= Role.ENGINEER
        if not others:  # nobody speaks in another's name
            return int(CODES.BadUserAccessDenied)
    return Note(about, tag, message, told.UserName or person, _written(told.AnnotationTime))


def _written(given: datetime | None) -> int:
    found = microseconds(given)
    return now() if found is None else found


def _person(session: Any) -> str:
    return getattr(getattr(session, "user", None), "name", None) or ""


def _refused(code: int) -> ua.HistoryUpdateResult:
    result = ua.HistoryUpdateResult()
    result.StatusCode = ua.StatusCode(code)
    return result
