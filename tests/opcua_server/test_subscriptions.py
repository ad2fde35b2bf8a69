"""The short encoding of notifications is the one of the standard."""

from __future__ import annotations

import struct
from datetime import UTC, datetime

from asyncua import ua
from asyncua.ua.ua_binary import struct_to_binary

from opcua_server.subscriptions import TagValue, packed

NOW = datetime(2026, 3, 1, 12, 30, 0, 123456, tzinfo=UTC)


def item(handle: int, value: float | bool | int, kind: ua.VariantType, status: int = 0) -> ua.MonitoredItemNotification:
    return ua.MonitoredItemNotification(handle, TagValue(ua.Variant(value, kind), ua.StatusCode(status), NOW, NOW))


def test_packed_notifications_are_what_asyncua_would_have_sent() -> None:
    items = [
        item(1, 1.0 / 3.0, ua.VariantType.Double),
        item(2, float("-inf"), ua.VariantType.Double, ua.StatusCodes.BadSensorFailure),
        item(3, True, ua.VariantType.Boolean),
        item(4, 4, ua.VariantType.UInt32, ua.StatusCodes.BadOutOfService),
    ]
    plain = ua.DataChangeNotification()
    plain.MonitoredItems = items
    ours = packed(items)
    no_diagnostics, empty = struct.pack("<i", -1), struct.pack("<i", 0)
    assert ours.Body.removesuffix(no_diagnostics) == struct_to_binary(plain).removesuffix(empty)
    assert ours.TypeId == ua.NodeId(ua.ObjectIds.DataChangeNotification_Encoding_DefaultBinary)
