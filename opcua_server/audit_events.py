"""Audit events for those who subscribe to them on the Server object (Part 3, 4.19; Part 5, 6.4)."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from typing import Any

from asyncua import ua
from asyncua.common import event_objects as events

from opcua_server.access import Role

SERVER = ua.NodeId(ua.ObjectIds.Server)
TYPES = {
    "write": events.AuditWriteUpdateEvent,
    "call": events.AuditUpdateMethodEvent,
    "login": events.AuditActivateSessionEvent,
    "login refused": events.AuditActivateSessionEvent,
    "session created": events.AuditCreateSessionEvent,
    "session closed": events.AuditSessionEvent,
    "certificate accepted": events.AuditOpenSecureChannelEvent,
    "certificate refused": events.AuditCertificateUntrustedEvent,
}
"""The type of the standard for what happened; the rest is an AuditSecurityEvent."""
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
            task = asyncio.ensure_future(subscription.monitored_item_srv.trigger_event(event))
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
            if SERVER in found.monitored_item_srv._monitored_events
            and (owners.get(found.session_id) or Role.OBSERVER) >= Role.ENGINEER
        ]


def _event(what: str, session: Any, fields: dict[str, Any]) -> Any:
    status = fields.get("status", "Good")
    good = status == "Good"
    event = TYPES.get(what, events.AuditSecurityEvent)(SERVER, f"{what}: {fields.get('node', status)}", SEVERITY[good])
    now = datetime.now(UTC)
    event.EventId, event.Time, event.ReceiveTime, event.SourceName = os.urandom(16), now, now, "Server"
    event.add_property("ActionTimeStamp", now, ua.VariantType.DateTime)
    event.Status = good
    event.ServerId = "hetwin"
    event.ClientUserId = str(fields.get("user", ""))
    if session is not None:
        event.ClientApplicationUri = session.application
    if what == "write":
        event.AttributeId = fields["attribute"]
        event.add_property("NewValue", fields["value"], ua.Variant(fields["value"]).VariantType)
        event.SourceName = str(fields["node"])
    return event
