"""The short way from a changed tag to a client: asyncua's subscriptions with two inner steps replaced.

asyncua handles and encodes any value of any type, one field at a time: 20 + 25 us for a number, 22 ms of event loop for
each scan of 500 tags. Tags are numbers with two times and a status, so comparing them is one line and encoding them is
one `struct.pack` (OPC UA Part 6, 5.2.2.17 DataValue; Part 4, 7.25.2 DataChangeNotification). Everything else, and every
value that is not a tag's, goes asyncua's way.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

from asyncua import ua
from asyncua.server.address_space import AttributeValue
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


new = object.__new__
"""Makes an object of asyncua without its constructor, which looks at every field and fills in defaults: 3 us each."""


class TagValue(ua.DataValue):
    """The value of a tag: a number with status and two times, never changed once made, its own deep copy."""

    __slots__ = ()

    def __deepcopy__(self, memo: dict[int, Any]) -> TagValue:
        return self


def tag_value(value: float | int | bool | str, kind: ua.VariantType, status: ua.StatusCode, time: datetime) -> TagValue:
    """A value as of `time`, both source and server."""
    variant = new(ua.Variant)
    variant.Value, variant.VariantType, variant.Dimensions, variant.is_array = value, kind, None, False
    made = new(TagValue)
    made.Encoding, made.Value, made.StatusCode = 0, variant, status
    made.SourceTimestamp = made.ServerTimestamp = time
    made.SourcePicoseconds = made.ServerPicoseconds = None
    return made


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

    def queue(self, handle: int, value: TagValue) -> bool:
        """Queue a value if it differs from the last one; False where asyncua must do it: deadbands, other triggers."""
        item = self._monitored_items[self._monitored_datachange[handle]]
        if not _is_plain(item) or self.isub.data.RevisedPublishingInterval <= 0.0:
            return False
        last = item.mvalue.current_dvalue
        if last is not None and last.StatusCode is value.StatusCode and last.Value.Value == value.Value.Value:
            return True
        item.mvalue.current_dvalue = value
        event = new(ua.MonitoredItemNotification)
        event.ClientHandle, event.Value = item.client_handle, value
        waiting = self.isub._triggered_datachanges.setdefault(item.monitored_item_id, [])
        if len(waiting) >= item.queue_size > 0:
            waiting.pop(0)
        waiting.append(event)
        return True


async def tell(node: AttributeValue, value: TagValue) -> None:
    """Queue a tag's value for everybody who subscribed to its node."""
    for handle, callback in list(node.datachange_callbacks.items()):
        items = getattr(callback, "__self__", None)
        if isinstance(items, TagItems) and items.queue(handle, value):
            continue
        with suppress(KeyError):  # unsubscribed while another was told
            await callback(handle, value)


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
    tags = [item for item in queued if _is_number(item)]
    if tags:
        result.NotificationMessage.NotificationData.append(packed(tags))
    if len(tags) < len(queued):
        others = ua.DataChangeNotification()
        others.MonitoredItems = [item for item in queued if not _is_number(item)]
        result.NotificationMessage.NotificationData.append(others)


def _is_number(item: ua.MonitoredItemNotification) -> bool:
    return isinstance(item.Value, TagValue) and item.Value.Value.VariantType in FORMATS


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
