"""Events of the history as OPC UA tells them: as events with fields, and as annotations of a tag."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from asyncua import ua
from asyncua.common.events import Event as UaEvent
from asyncua.ua.ua_binary import struct_to_binary

from opcua_server.history_codec import packed
from twin.history import Event

TYPES = {"write": ua.ObjectIds.AuditWriteUpdateEventType, "call": ua.ObjectIds.AuditUpdateMethodEventType}
"""Event types by kind; any other kind is an alarm."""
ACTIONS = ("write", "call")
"""Kinds that a person did; they are the annotations."""
_START = datetime(1970, 1, 1, tzinfo=UTC)


def moment(wall: int) -> datetime:
    """A date from microseconds since 1970, exactly."""
    return _START + timedelta(microseconds=wall)


def as_event(event: Event, source: ua.NodeId) -> UaEvent:
    """The event with the fields of its type; what else is known of it is a field by its own name."""
    made = UaEvent(ua.ObjectIds.Server)
    kind = ua.NodeId(TYPES.get(event.kind, ua.ObjectIds.AlarmConditionType))
    at = moment(event.wall)
    put = made.add_property
    put("EventId", f"{event.wall:x}-{event.source}".encode(), ua.VariantType.ByteString)
    put("EventType", kind, ua.VariantType.NodeId)
    put("SourceNode", source, ua.VariantType.NodeId)
    put("SourceName", event.source, ua.VariantType.String)
    put("Time", at, ua.VariantType.DateTime)
    put("ReceiveTime", at, ua.VariantType.DateTime)
    put("Message", ua.LocalizedText(event.message, "en"), ua.VariantType.LocalizedText)
    put("Severity", event.severity, ua.VariantType.UInt16)
    if event.kind in ACTIONS:
        put("ActionTimeStamp", at, ua.VariantType.DateTime)
        put("Status", True, ua.VariantType.Boolean)
        put("ClientUserId", event.person, ua.VariantType.String)
    for name, value in (event.detail or {}).items():
        if name == "Comment":
            put(name, ua.LocalizedText(value), ua.VariantType.LocalizedText)
        else:
            put(FIELDS.get(name, name), value, _kind(value))
    return made


FIELDS = {"old": "OldValue", "new": "NewValue", "arguments": "InputArguments"}
"""Fields of the standard's types that our details fill."""


def _kind(value: Any) -> ua.VariantType:
    if isinstance(value, bool):
        return ua.VariantType.Boolean
    if isinstance(value, (int, float)):
        return ua.VariantType.Double
    if isinstance(value, list) and all(isinstance(v, (int, float)) for v in value):
        return ua.VariantType.Double
    return ua.VariantType.String


def event_data(rows: list[list[ua.Variant]]) -> ua.ExtensionObject:
    """A HistoryEvent with the fields that were selected, ready to be sent."""
    lists = []
    for fields in rows:
        made = ua.HistoryEventFieldList()
        made.EventFields = fields
        lists.append(struct_to_binary(made))
    return packed(ua.ObjectIds.HistoryEvent_Encoding_DefaultBinary, len(rows), b"".join(lists))


def annotation_data(events: list[Event]) -> ua.ExtensionObject:
    """A HistoryData of what people did to a tag: what, who and when, dated by the value it belongs to."""
    encoded = []
    for event in events:
        at = moment(event.wall)
        note = ua.Annotation(event.message, event.person, at)
        value = ua.DataValue(ua.Variant(note, ua.VariantType.ExtensionObject), SourceTimestamp=at, ServerTimestamp=at)
        encoded.append(struct_to_binary(value))
    return packed(ua.ObjectIds.HistoryData_Encoding_DefaultBinary, len(events), b"".join(encoded))
