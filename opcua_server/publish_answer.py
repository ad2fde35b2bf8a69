"""The answer to a Publish request (Part 4, 5.14.5), encoded in one go in place of asyncua's field by field."""

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from asyncua import ua
from asyncua.ua.ua_binary import extensionobject_to_binary

DATA_CHANGE = ua.NodeId(ua.ObjectIds.DataChangeNotification_Encoding_DefaultBinary)
PUBLISH_RESPONSE = ua.ObjectIds.PublishResponse_Encoding_DefaultBinary
HEAD = struct.Struct("<BBHqIIBiBBBI")
TAIL = struct.Struct("<?Iqi")


def quick_answer(forward: Any) -> Callable[..., Any]:
    """In place of `forward_publish_response`, a method of asyncua's processor."""
    processor = forward.__self__

    async def answer(result: ua.PublishResult, request: Any) -> None:
        message = publish_response(result, request.requesthdr.RequestHandle, request.results or [])
        connection, number = processor._connection, request.seqhdr.RequestId
        processor._transport.write(connection.message_to_binary(message, request_id=number))

    return answer


def publish_response(result: ua.PublishResult, handle: int, acknowledged: list[ua.StatusCode]) -> bytes:
    """The PublishResponse, encoded."""
    now, message = ua.datetime_to_win_epoch(datetime.now(UTC)), result.NotificationMessage
    published = ua.datetime_to_win_epoch(message.PublishTime)
    numbers, codes = result.AvailableSequenceNumbers, [status.value for status in acknowledged]
    return b"".join(
        [
            HEAD.pack(1, 0, PUBLISH_RESPONSE, now, handle, 0, 0, -1, 0, 0, 0, result.SubscriptionId),
            struct.pack(f"<i{len(numbers)}I", len(numbers), *numbers),
            TAIL.pack(result.MoreNotifications, message.SequenceNumber, published, len(message.NotificationData)),
            *(_extension(data) for data in message.NotificationData),
            struct.pack(f"<i{len(codes)}Ii", len(codes), *codes, -1),
        ]
    )


def _extension(data: Any) -> bytes:
    if isinstance(data, ua.ExtensionObject) and data.TypeId == DATA_CHANGE:
        return struct.pack("<BBHBi", 1, 0, DATA_CHANGE.Identifier, 1, len(data.Body)) + data.Body
    return extensionobject_to_binary(data)
