"""The short way from a changed tag to a client: asyncua's subscriptions with two inner steps replaced.

asyncua handles and encodes any value of any type, one field at a time: 20 + 25 us for a number, 22 ms of event loop for
each scan of 500 tags. Tags are numbers with two times and a status, so comparing them is one line and encoding them is
one `struct.pack` (OPC UA Part 6, 5.2.2.17 DataValue; Part 4, 7.25.2 DataChangeNotification). Everything else, and every
value that is not a tag's, goes asyncua's way.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from asyncua import ua
from asyncua.server.internal_subscription import InternalSubscription
from asyncua.server.monitored_item_service import MonitoredItemData, MonitoredItemService
from asyncua.server.subscription_service import SubscriptionService

DATA_CHANGE = ua.NodeId(ua.ObjectIds.DataChangeNotification_Encoding_DefaultBinary)
ALL_PARTS = 0x0F  # value, status, source time and server time follow

# client handle, parts, type of the variant, value, status, source time, server time
FORMATS = {
    ua.VariantType.Double: struct.Struct("<IBBdIqq"),
    ua.VariantType.Boolean: struct.Struct("<IBB?Iqq"),
    ua.VariantType.UInt32: struct.Struct("<IBBIIqq"),
}


class TagValue(ua.DataValue):
    """The value of a tag: a number with status and two times, never changed once made, its own deep copy."""

    __slots__ = ()

    def __deepcopy__(self, memo: dict[int, Any]) -> TagValue:
        return self


class TagSubscriptions(SubscriptionService):
    """Subscriptions whose monitored items know tags."""

    async def create_subscription(
        self,
        params: ua.CreateSubscriptionParameters,
        callback: Callable[..., Any],
        session_id: ua.NodeId,
        request_callback: Callable[..., Any] | None = None,
    ) -> ua.CreateSubscriptionResult:
        result = await super().create_subscription(params, callback, session_id, request_callback)
        subscription = self.subscriptions[result.SubscriptionId]
        subscription.monitored_item_srv = TagItems(subscription, self.aspace)
        if request_callback is not None:  # a client over the network, not the server itself
            subscription._pop_triggered_datachanges = partial(_pop_packed, subscription)
        return result


class TagItems(MonitoredItemService):
    """Monitored items of one subscription."""

    async def datachange_callback(self, handle: int, value: ua.DataValue, error: ua.StatusCode | None = None) -> None:
        """Queue the value if it differs from the last one."""
        item = self._monitored_items[self._monitored_datachange[handle]]
        if not isinstance(value, TagValue) or error is not None or not _is_plain(item):
            return await super().datachange_callback(handle, value, error)
        last = item.mvalue.current_dvalue
        if last is not None and last.StatusCode is value.StatusCode and last.Value.Value == value.Value.Value:
            return None
        item.mvalue.current_dvalue = value
        event = object.__new__(ua.MonitoredItemNotification)  # its own constructor makes a value to throw away
        event.ClientHandle, event.Value = item.client_handle, value
        return await self.isub.enqueue_datachange_event(item.monitored_item_id, event, item.queue_size)


def _is_plain(item: MonitoredItemData) -> bool:
    """Reports every change of value or status, without a deadband."""
    if item.mode == ua.MonitoringMode.Disabled:
        return False
    wanted = item.filter
    return not wanted or (
        isinstance(wanted, ua.DataChangeFilter)
        and wanted.Trigger == ua.DataChangeTrigger.StatusValue
        and wanted.DeadbandType == ua.DeadbandType.None_
    )


def _pop_packed(subscription: InternalSubscription, result: ua.PublishResult) -> None:
    """Move queued changes into the result; all tags of it as one packed notification."""
    queued = [item for items in subscription._triggered_datachanges.values() for item in items]
    subscription._triggered_datachanges = {}
    tags = [item for item in queued if isinstance(item.Value, TagValue)]
    if tags:
        result.NotificationMessage.NotificationData.append(packed(tags))
    if len(tags) < len(queued):
        others = ua.DataChangeNotification()
        others.MonitoredItems = [item for item in queued if not isinstance(item.Value, TagValue)]
        result.NotificationMessage.NotificationData.append(others)


def packed(items: list[ua.MonitoredItemNotification]) -> ua.ExtensionObject:
    """A DataChangeNotification of tag values, encoded."""
    times: dict[datetime, int] = {}
    parts = [struct.pack("<i", len(items))]
    for item in items:
        value = item.Value
        taken = value.SourceTimestamp
        if taken not in times:
            times[taken] = ua.datetime_to_win_epoch(taken)
        kind = value.Value.VariantType
        status, time = value.StatusCode.value, times[taken]
        parts.append(
            FORMATS[kind].pack(item.ClientHandle, ALL_PARTS, kind.value, value.Value.Value, status, time, time)
        )
    parts.append(struct.pack("<i", -1))  # no diagnostic information
    return ua.ExtensionObject(DATA_CHANGE, b"".join(parts))
