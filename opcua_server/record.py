"""What clients did and what became of it: counted, written into the audit log, told to those who listen."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from dataclasses import fields as fields_of
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from asyncua import ua

from opcua_server import audit_events
from opcua_server.audit import MOST_ITEMS, AuditLog
from opcua_server.audit_events import AuditEvents, Written
from opcua_server.standard_nodes import PLANT_INDEX
from opcua_server.tally import Tally

if TYPE_CHECKING:
    from opcua_server.session import Session

CHANNEL_EVENTS = 20
"""On record in a second; a flood of connections must not fill the disk."""

FLUSH = 0.1
"""So long [s] lines about sessions and certificates are collected; so much of them is lost if the process is killed."""

log = logging.getLogger(__name__)


class Record:
    """Of one server. What a request did is written before the client gets its answer, all of it in one piece."""

    def __init__(self, log: AuditLog | None, core: Any) -> None:
        self.tally = Tally()
        self._log = log
        self._events = AuditEvents(core)
        self._scheduled = False
        self._second, self._noted, self._passed_over = 0, 0, Counter[str]()

    @property
    def audit_problem(self) -> str:
        """Why the audit log cannot be written; empty if it can or there is none."""
        return self._log.failing if self._log is not None else ""

    def close_log(self) -> None:
        """Write all and close."""
        if self._log is not None:
            self._log.close()
            log.info("The audit log ends with the hash %s.", self._log.last)
            self._log = None

    def tend_log(self) -> None:
        """Once a second, from any thread: what was logged survives a power failure, a full file is closed."""
        if self._log is not None:
            self._log.tend()

    def told(self, event: str, session: Session, **said: Any) -> None:
        """Something happened in a session."""
        self.tally.events[event] += 1
        self._append(event, {**_who(session), **said})
        self._events.tell(partial(audit_events.happened, event, session, said))

    def server(self, event: str, **said: Any) -> None:
        """Something happened to the server itself."""
        self._append(event, said)

    def ended(self, event: str, **said: Any) -> None:
        """Something is over that concerned a user or an address, and no session."""
        self.tally.events[event] += 1
        self._append(event, said)
        self._events.tell(partial(audit_events.happened, event, None, said))

    def channel(self, event: str, address: str, status: str, content: bytes | None = None, **said: Any) -> None:
        """Something happened before there was a session, to a certificate perhaps; of a flood only so many are on
        record."""
        self.tally.events[event] += 1
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._noted = second, 0
            for passed, count in self._passed_over.items():
                self._append(passed, {"passed over": count})
            self._passed_over.clear()
        if self._noted >= CHANNEL_EVENTS:
            self._passed_over[event] += 1
            return
        self._noted += 1
        said |= {"address": address, "status": status}
        self._append(event, said)
        self._events.tell(partial(audit_events.happened, event, None, said, content))

    def written(self, session: Session, done: list[Written]) -> None:
        """Writes of one request, done or refused: a line for up to a hundred of them."""
        self.tally.events["write"] += len(done)
        self.tally.events["write refused"] += sum(not one.status.is_good() for one in done)
        rows = [_row(one) for one in done] if self._log is not None else []
        for k in range(0, len(rows), MOST_ITEMS):
            self._append("write", {**_who(session), "writes": rows[k : k + MOST_ITEMS]})
        self._flush()
        self._events.tell(*(partial(audit_events.written, session, one) for one in done))

    def called(self, session: Session, method: ua.CallMethodRequest, result: ua.CallMethodResult) -> None:
        """A method call, done or refused."""
        self.tally.events["call"] += 1
        self.tally.events["call refused"] += not result.StatusCode.is_good()
        arguments = [_shown(argument.Value) for argument in method.InputArguments or []]
        what = {"node": _name(method.MethodId), "arguments": arguments, "status": result.StatusCode.name}
        self._append("call", {**_who(session), "object": _name(method.ObjectId), **what})
        self._flush()
        self._events.tell(partial(audit_events.called, session, method, result))

    def history_updated(self, session: Session, details: Any, result: ua.HistoryUpdateResult) -> None:
        """A change to the history of one node, done or refused."""
        status = max([result.StatusCode, *(result.OperationResults or ())], key=lambda code: code.value >> 30)
        self.tally.events["history update"] += 1
        self.tally.events["history update refused"] += not status.is_good()
        self._append("history update", {**_who(session), **_details(details), "status": status.name})
        self._flush()
        self._events.tell(partial(audit_events.history_changed, session, details, status.name))

    def _append(self, event: str, said: dict[str, Any]) -> None:
        if self._log is None:
            return
        self._log.append(event, **said)
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_later(FLUSH, self._flush)

    def _flush(self) -> None:
        self._scheduled = False
        if self._log is not None:
            self._log.flush()


def _who(session: Session) -> dict[str, Any]:
    entry = {"entry": session.audit_entry} if session.audit_entry else {}
    return entry | {
        "session": session.session_id.Identifier,
        "name": session.tally.name,
        "user": session.user.name or "anonymous",
        "address": session.address,
        "application": session.application,
    }


def _row(done: Written) -> dict[str, Any]:
    item = done.item
    row = {"node": _name(item.NodeId), "value": _shown(done.value), "status": done.status.name}
    if item.AttributeId != ua.AttributeIds.Value:
        row["attribute"] = int(item.AttributeId)
    if item.IndexRange:
        row["range"] = item.IndexRange
    if done.old is not None:
        row["old"] = done.old.Value
    return row


def _details(details: Any) -> dict[str, Any]:
    """What is to be changed in the history, as JSON can say it."""
    found = {field.name: getattr(details, field.name) for field in fields_of(details)}
    node = found.pop("NodeId", None)
    shown = {name: _shown(value) for name, value in found.items() if value is not None and name != "Encoding"}
    return {"kind": type(details).__name__, "node": _name(node) if node is not None else None, "details": shown}


def _shown(value: Any) -> Any:
    """A value as JSON can say it."""
    if isinstance(value, (list, tuple)):
        return [_shown(each) for each in value[:MOST_ITEMS]]
    if isinstance(value, ua.DataValue):
        return [_shown(value.SourceTimestamp), _shown(value.Value.Value if value.Value is not None else None)]
    if isinstance(value, ua.LocalizedText):
        return value.Text
    if isinstance(value, bytes):
        return value.hex()
    return value.isoformat() if isinstance(value, datetime) else value


def _name(nodeid: ua.NodeId) -> str:
    own = nodeid.NamespaceIndex == PLANT_INDEX and isinstance(nodeid.Identifier, str)
    return str(nodeid.Identifier) if own else nodeid.to_string()
