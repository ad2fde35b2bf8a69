"""Audit events for those who subscribe to them on the Server object (Part 3, 4.19; Part 5, 6.4)."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from typing import Any

from asyncua import ua

from opcua_server.access import Role
from opcua_server.where import Fields

SERVER = ua.NodeId(ua.ObjectIds.Server)
TYPES = {
    "write": ua.ObjectIds.AuditWriteUpdateEventType,
    "call": ua.ObjectIds.AuditUpdateMethodEventType,
    "history update": ua.ObjectIds.AuditHistoryAnnotationUpdateEventType,
    "login": ua.ObjectIds.AuditActivateSessionEventType,
    "login refused": ua.ObjectIds.AuditActivateSessionEventType,
    "session created": ua.ObjectIds.AuditCreateSessionEventType,
    "session closed": ua.ObjectIds.AuditSessionEventType,
    "certificate accepted": ua.ObjectIds.AuditOpenSecureChannelEventType,
    "certificate refused": ua.ObjectIds.AuditCertificateUntrustedEventType,
}
"""The type of the standard for what happened; the rest is an AuditSecurityEventType."""
SEVERITY = {True: 100, False: 600}
WAITING = 1000
"""Events on their way; more are left to the log."""


class AuditEvents:
    """Raises an event only if somebody listens, since making one takes longer than a write."""

    def __init__(self, core: Any) -> None:
        self._core = core
        self._tasks: set[asyncio.Task[Any]] = set()

    def raise_event(self, what: str, session: Any, fields: dict[str, Any]) -> None:
        """Tell those who listen and may know."""
        listening = self._listening()
        if not listening or len(self._tasks) >= WAITING:
            return
        event = _event(what, session, fields)
        for subscription in listening:
            task = asyncio.ensure_future(subscription.tell(event, frozenset({SERVER})))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _listening(self) -> list[Any]:
        """Subscriptions to the Server's events of engineers and instructors: an audit is not for everybody."""
        owners = {
            session.session_id: getattr(session.user, "rank", None)
            for session in self._core._external_sessions.values()
        }
        return [
            found
            for found in self._core.subscription_service.clients()
            if found.listens() and (owners.get(found.session_id) or Role.OBSERVER) >= Role.ENGINEER
        ]


def _event(what: str, session: Any, fields: dict[str, Any]) -> Fields:
    status, now = fields.get("status", "Good"), datetime.now(UTC)
    good = status == "Good"
    text, node = ua.VariantType.String, fields.get("node")
    found = {
        "EventId": ua.Variant(os.urandom(16), ua.VariantType.ByteString),
        "EventType": ua.Variant(ua.NodeId(TYPES.get(what, ua.ObjectIds.AuditSecurityEventType))),
        "SourceNode": ua.Variant(SERVER),
        "SourceName": ua.Variant(str(node) if what == "write" else "Server", text),
        "Time": ua.Variant(now),
        "ReceiveTime": ua.Variant(now),
        "Message": ua.Variant(ua.LocalizedText(f"{what}: {node or status}", "en")),
        "Severity": ua.Variant(SEVERITY[good], ua.VariantType.UInt16),
        "ActionTimeStamp": ua.Variant(now),
        "Status": ua.Variant(good),
        "ServerId": ua.Variant("hetwin", text),
        "ClientUserId": ua.Variant(str(fields.get("user", "")), text),
    }
    if session is not None:
        found["ClientApplicationUri"] = ua.Variant(session.application, text)
    if what == "write":
        found["AttributeId"] = ua.Variant(fields["attribute"], ua.VariantType.UInt32)
        found["NewValue"] = ua.Variant(fields["value"])
    return found
