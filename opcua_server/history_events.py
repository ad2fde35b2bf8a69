"""Events of the history as OPC UA tells them: as events with fields, and as annotations of a tag."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from asyncua import ua
from asyncua.ua.ua_binary import struct_to_binary

from opcua_server.caller import caller, speaks_japanese
from opcua_server.history_codec import SERVER_TIME, SOURCE_TIME, packed
from opcua_server.languages import japanese
from opcua_server.where import Fields
from twin.history import Event, Note

TYPES = {
    "write": ua.ObjectIds.AuditWriteUpdateEventType,
    "call": ua.ObjectIds.AuditUpdateMethodEventType,
    "annotate": ua.ObjectIds.AuditHistoryAnnotationUpdateEventType,
}
"""Event types by kind; any other kind is an alarm."""
ACTIONS = tuple(TYPES)
"""Kinds that a person did."""
ALARMS = ("alarm",)
_START = datetime(1970, 1, 1, tzinfo=UTC)


def moment(wall: int) -> datetime:
    """A date from microseconds since 1970, exactly."""
    return _START + timedelta(microseconds=wall)


def fields_of(event: Event, source: ua.NodeId) -> Fields:
    """The fields of its type, in the language of who asks; what else is known of it is a field by its own name."""
    in_japanese = (event.detail or {}).get("message_ja") if speaks_japanese(caller()) else None
    message = japanese(in_japanese) if in_japanese else ua.LocalizedText(event.message, "en")
    at, text = ua.Variant(moment(event.wall)), ua.VariantType.String
    found = {
        "EventId": ua.Variant(f"{event.wall:x}-{event.source}".encode(), ua.VariantType.ByteString),
        "EventType": ua.Variant(ua.NodeId(TYPES.get(event.kind, ua.ObjectIds.AlarmConditionType))),
        "SourceNode": ua.Variant(source),
        "SourceName": ua.Variant(event.source, text),
        "Time": at,
        "ReceiveTime": at,
        "Message": ua.Variant(message),
        "Severity": ua.Variant(event.severity, ua.VariantType.UInt16),
    }
    if event.kind in ACTIONS:
        found |= {"ActionTimeStamp": at, "Status": ua.Variant(True), "ClientUserId": ua.Variant(event.person, text)}
    for name, value in (event.detail or {}).items():
        if name == "Comment":
            found[name] = ua.Variant(ua.LocalizedText(value))
        else:
            found[FIELDS.get(name, name)] = ua.Variant(value, _kind(value))
    return found


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


def annotation_data(notes: list[Note], times: int) -> ua.ExtensionObject:
    """A HistoryData of what people said of a tag and did to it: what, who and when, dated by the value it is about."""
    encoded = []
    for note in notes:
        at = moment(note.wall)
        told = ua.Annotation(note.message, note.person, moment(note.written))
        value = ua.DataValue(ua.Variant(told, ua.VariantType.ExtensionObject))
        value.SourceTimestamp = at if times & SOURCE_TIME else None
        value.ServerTimestamp = at if times & SERVER_TIME else None
        encoded.append(struct_to_binary(value))
    return packed(ua.ObjectIds.HistoryData_Encoding_DefaultBinary, len(notes), b"".join(encoded))
