"""Audit events for those who subscribe to them on the Server object (Part 3, 9.5; Part 5, 6.4).

An audit is not for everybody: they go to engineers and instructors, over channels that encrypt or do not leave this
machine.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import fields as fields_of
from datetime import UTC, datetime
from typing import Any, NamedTuple

from asyncua import ua

from opcua_server.access import WELL_KNOWN, Role
from opcua_server.condition_audit import meant
from opcua_server.where import Fields

IDS, KINDS = ua.ObjectIds, ua.VariantType
SERVER = ua.NodeId(IDS.Server)
TYPES = {
    "login": (IDS.AuditActivateSessionEventType, "Session/ActivateSession"),
    "login refused": (IDS.AuditActivateSessionEventType, "Session/ActivateSession"),
    "session created": (IDS.AuditCreateSessionEventType, "Session/CreateSession"),
    "session closed": (IDS.AuditSessionEventType, "Session/CloseSession"),
    "certificate accepted": (IDS.AuditOpenSecureChannelEventType, "SecureChannel/OpenSecureChannel"),
}
"""Type of the standard and SourceName of what happened; the rest is an AuditSecurityEventType."""
CERTIFICATES = {
    "BadCertificateUntrusted": IDS.AuditCertificateUntrustedEventType,
    "BadCertificateTimeInvalid": IDS.AuditCertificateExpiredEventType,
    "BadCertificateIssuerTimeInvalid": IDS.AuditCertificateExpiredEventType,
    "BadCertificateRevoked": IDS.AuditCertificateRevokedEventType,
    "BadCertificateIssuerRevoked": IDS.AuditCertificateRevokedEventType,
    "BadCertificateUseNotAllowed": IDS.AuditCertificateMismatchEventType,
    "BadCertificateUriInvalid": IDS.AuditCertificateDataMismatchEventType,
}
"""Of a refused certificate, by status; the rest is an AuditCertificateInvalidEventType."""
HISTORY = {
    "UpdateDataDetails": IDS.AuditHistoryValueUpdateEventType,
    "UpdateStructureDataDetails": IDS.AuditHistoryAnnotationUpdateEventType,
    "UpdateEventDetails": IDS.AuditHistoryEventUpdateEventType,
    "DeleteRawModifiedDetails": IDS.AuditHistoryRawModifyDeleteEventType,
    "DeleteAtTimeDetails": IDS.AuditHistoryAtTimeDeleteEventType,
    "DeleteEventDetails": IDS.AuditHistoryEventDeleteEventType,
}
"""Of a change to the history, by the kind of its details."""
HISTORY_FIELDS = {"NodeId": "UpdatedNode", "UpdateValues": "NewValues", "EventData": "NewValues"}
"""Fields of the details that the event calls otherwise."""
HISTORY_KINDS = {"PerformInsertReplace": KINDS.Int32, "EventIds": KINDS.ByteString, "Filter": KINDS.ExtensionObject}
SEVERITY = {True: 100, False: 600}
WAITING = 1000
"""Events on their way; more are left to the log."""


class Written(NamedTuple):
    """What became of a write to one attribute; `old` is what it held before."""

    item: ua.WriteValue
    old: Any
    status: ua.StatusCode

    @property
    def value(self) -> Any:
        given = self.item.Value
        return given.Value.Value if given is not None and given.Value is not None else None


class AuditEvents:
    """Raises an event only if somebody listens, since making one takes longer than a write."""

    def __init__(self, core: Any) -> None:
        self._core = core
        self._tasks: set[asyncio.Task[Any]] = set()

    def tell(self, *make: Callable[[], Fields]) -> None:
        """Make events for those who listen and may know; after the answer, which need not wait for that."""
        asyncio.get_running_loop().call_soon(self._tell, make)

    def _tell(self, make: tuple[Callable[[], Fields], ...]) -> None:
        listening = self._listening()
        for event in [each() for each in make[:WAITING]] if listening else ():
            for subscription in listening if len(self._tasks) < WAITING else ():
                task = asyncio.ensure_future(subscription.tell(event, frozenset({SERVER})))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    def _listening(self) -> list[Any]:
        found = [each for each in self._core.subscription_service.clients() if each.listens()]
        if not found:
            return []
        hearing = {
            session.session_id
            for session in self._core._external_sessions.values()
            if session.user.rank >= Role.ENGINEER and session.private
        }
        return [each for each in found if each.session_id in hearing]


def happened(what: str, session: Any, said: dict[str, Any], certificate: bytes | None = None) -> Fields:
    """Something that is neither a write nor a call nor a change to the history."""
    status = said.get("status", "Good")
    kind, source = TYPES.get(what, (IDS.AuditSecurityEventType, "Server"))
    if what == "certificate refused":
        kind, source = CERTIFICATES.get(status, IDS.AuditCertificateInvalidEventType), "Security/Certificate"
    event = _event(kind, source, f"{what}: {said.get('user') or said.get('address') or status}", session, status)
    event["StatusCodeId"] = ua.Variant(ua.StatusCode(getattr(ua.StatusCodes, status, 0)))
    if "user" in said:
        event["ClientUserId"] = _text(str(said["user"]))
    if certificate is not None:
        event |= {"Certificate": _bytes(certificate), **_client_certificate(certificate, said.get("certificate", ""))}
    return event | (_of_session(what, session, said) if session is not None else {})


def written(session: Any, done: Written) -> Fields:
    """A write to an attribute (Part 5, 6.4.25)."""
    item = done.item
    event = _event(IDS.AuditWriteUpdateEventType, "Attribute/Write", _about(item.NodeId), session, done.status.name)
    return event | {
        "SourceNode": ua.Variant(item.NodeId),
        "AttributeId": ua.Variant(int(item.AttributeId), KINDS.UInt32),
        "IndexRange": _text(item.IndexRange),
        "NewValue": item.Value.Value if item.Value is not None and item.Value.Value is not None else ua.Variant(),
        "OldValue": ua.Variant() if done.old is None else done.old,
    }


def called(session: Any, method: ua.CallMethodRequest, result: ua.CallMethodResult) -> Fields:
    """A method call (Part 5, 6.4.27); of a condition (Part 9, 5.10.2)."""
    status, condition = result.StatusCode, meant(method)
    if condition is None:
        event = _event(IDS.AuditUpdateMethodEventType, "Attribute/Call", _about(method.MethodId), session, status.name)
        event["SourceNode"] = ua.Variant(method.ObjectId)
    else:
        what, source = f"{_about(condition.condition)}: {condition.method}", f"Method/{condition.method}"
        event = _event(condition.kind, source, what, session, status.name) | condition.fields
        event["SourceNode"] = ua.Variant(condition.condition)
    return event | {
        "MethodId": ua.Variant(method.MethodId),
        "StatusCodeId": ua.Variant(status),
        "InputArguments": _variants(method.InputArguments),
        "OutputArguments": _variants(result.OutputArguments),
    }


def history_changed(session: Any, details: Any, status: str) -> Fields:
    """A change to the history of one node (Part 11, 5.6)."""
    name = type(details).__name__
    node = getattr(details, "NodeId", ua.NodeId())
    kind = HISTORY.get(name, IDS.AuditHistoryUpdateEventType)
    event = _event(kind, "Attribute/HistoryUpdate", _about(node), session, status)
    event["SourceNode"] = ua.Variant(node)
    event["ParameterDataTypeId"] = ua.Variant(ua.NodeId(getattr(IDS, name, 0)))
    for field in fields_of(details) if name in HISTORY else ():
        value = getattr(details, field.name)
        if value is not None:
            event[HISTORY_FIELDS.get(field.name, field.name)] = ua.Variant(value, HISTORY_KINDS.get(field.name))
    return event


def _event(kind: int, source: str, message: str, session: Any, status: str) -> Fields:
    now, good = datetime.now(UTC), status == "Good"
    found = {
        "EventId": _bytes(os.urandom(16)),
        "EventType": ua.Variant(ua.NodeId(kind)),
        "SourceNode": ua.Variant(SERVER),
        "SourceName": _text(source),
        "Time": ua.Variant(now),
        "ReceiveTime": ua.Variant(now),
        "Message": ua.Variant(ua.LocalizedText(message, "en")),
        "Severity": ua.Variant(SEVERITY[good], KINDS.UInt16),
        "ActionTimeStamp": ua.Variant(now),
        "Status": ua.Variant(good),
        "ServerId": _text("hetwin"),
        "ClientAuditEntryId": _text(getattr(session, "audit_entry", "") or ""),
        "ClientUserId": _text(session.user.name or "anonymous" if session is not None else ""),
    }
    if session is not None:
        found["ClientApplicationUri"] = _text(session.application)
    return found


def _of_session(what: str, session: Any, said: dict[str, Any]) -> Fields:
    """What the types of the session services say besides (Part 5, 6.4.7 to 6.4.10)."""
    found = {"SessionId": ua.Variant(session.session_id), "SecureChannelId": _text(session.channel_id)}
    if what == "session created":
        found["RevisedSessionTimeout"] = ua.Variant(1e3 * (session.session_timeout or 0.0), KINDS.Double)
        found |= _client_certificate(session.certificate, "")
    if what == "login":
        nobody = said["user"] == "anonymous"
        token = ua.AnonymousIdentityToken() if nobody else ua.UserNameIdentityToken(UserName=said["user"])
        found["UserIdentityToken"] = ua.Variant(token, KINDS.ExtensionObject)  # without what would let others in
        roles = [number for role, number in WELL_KNOWN.items() if role <= Role[said["role"].upper()]]
        found["CurrentRoleIds"] = ua.Variant(roles, KINDS.NodeId)
    return found


def _client_certificate(certificate: bytes | None, thumbprint: str) -> Fields:
    return {"ClientCertificate": _bytes(certificate), "ClientCertificateThumbprint": _text(thumbprint)}


def _variants(found: Any) -> ua.Variant:
    return ua.Variant(list(found or ()), KINDS.Variant)


def _about(node: ua.NodeId) -> str:
    return node.to_string() if node.NamespaceIndex == 0 else str(node.Identifier)


def _text(text: str | None) -> ua.Variant:
    return ua.Variant(text, KINDS.String)


def _bytes(content: bytes | None) -> ua.Variant:
    return ua.Variant(content, KINDS.ByteString)
