"""Events of an item that wait for the client; when there are too many it is told so (Part 4, 5.13.1.5)."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime

from asyncua import ua

from opcua_server.languages import japanese
from opcua_server.where import Fields

OVERFLOW = ua.ObjectIds.EventQueueOverflowEventType
REFRESH_BEGINS, REFRESH_ENDS = ua.ObjectIds.RefreshStartEventType, ua.ObjectIds.RefreshEndEventType
MESSAGES = {
    OVERFLOW: ("Events were lost: the queue was full", "キュー満杯のためイベントを喪失", 500),
    REFRESH_BEGINS: ("Refresh begins", "リフレッシュ開始", 1),
    REFRESH_ENDS: ("Refresh ends", "リフレッシュ終了", 1),
}
"""What the server says about events, in English and Japanese, and how severe that is."""
LONGEST = 1000
"""Events of one item that wait for a client that stalls: a refresh of every alarm of a plant fits."""


class Overflow(ua.EventFieldList):
    """Tells that events were lost. It takes no place in the queue, is never lost itself, and there is one at most."""


def revised_size(asked: int) -> int:
    """The size of a queue; 0 and 1 leave it to the server (Part 4, 7.21): one event at a time would be lost mostly."""
    return LONGEST if asked <= 1 else min(asked, LONGEST)


def put(
    queued: list[ua.EventFieldList],
    event: ua.EventFieldList,
    size: int,
    oldest: bool,
    overflow: Callable[[], ua.EventFieldList],
) -> bool:
    """Queue an event; when the queue is full the oldest one goes, or this one. Whether an event was lost."""
    if len(queued) < size:
        queued.append(event)
        return False
    marked = any(isinstance(one, Overflow) for one in queued)
    if len(queued) - marked < size:
        queued.append(event)
        return False
    if not oldest:
        queued += [] if marked else [overflow()]
        return True
    del queued[int(marked)]
    queued.append(event)
    if not marked:
        queued.insert(0, overflow())
    return True


def server_event(kind: int, wants_japanese: bool) -> Fields:
    """An event of the server about events: begin and end of a refresh (Part 9, 4.5), an overflow (Part 4, 5.13.1.5)."""
    english, in_japanese, severity = MESSAGES[kind]
    text = japanese(in_japanese) if wants_japanese else ua.LocalizedText(english, "en")
    now = ua.Variant(datetime.now(UTC), ua.VariantType.DateTime)
    return {
        "EventId": ua.Variant(os.urandom(16), ua.VariantType.ByteString),
        "EventType": ua.Variant(ua.NodeId(kind), ua.VariantType.NodeId),
        "SourceNode": ua.Variant(ua.NodeId(ua.ObjectIds.Server), ua.VariantType.NodeId),
        "SourceName": ua.Variant("Server", ua.VariantType.String),
        "Time": now,
        "ReceiveTime": now,
        "Message": ua.Variant(text, ua.VariantType.LocalizedText),
        "Severity": ua.Variant(severity, ua.VariantType.UInt16),
    }
