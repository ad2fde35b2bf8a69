"""Subscriptions that are served from the process image, in place of asyncua's.

asyncua calls every monitored item for every value, copies the value twice, and encodes it field by field: 45 us a
change, and a clock of its own for each subscription. Here the monitored tags of a subscription are a table
(`tag_items`) that is sampled from the scan, and `Publisher` publishes right after the scan
(docs/decisions/0013-publishing-from-the-image.md).
"""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Any

from asyncua import ua
from asyncua.common.utils import ServiceError
from asyncua.server.subscription_service import SubscriptionService

from opcua_server.bounds import Bounds
from opcua_server.monitored_items import LONGEST_INTERVAL
from opcua_server.subscription import TagSubscription
from opcua_server.tag_items import Sample
from opcua_server.value_items import ValueItem, ValueItems
from twin.tags import Tag

BITE = 0.005
"""In which values that are no tags are sampled in one go [s]."""


class TagSubscriptions(SubscriptionService):
    """All subscriptions of a server; those of clients know tags and are published with the scans."""

    def __init__(self, space: Any, core: Any, period: float, bounds: Bounds | None = None) -> None:
        super().__init__(space, core)
        self._bounds = bounds or Bounds()
        self.tags: dict[ua.NodeId, Tag] = {}
        self.polled: OrderedDict[ValueItem, ValueItems] = OrderedDict()
        self.made = 0
        self.told: Counter[str] = Counter()
        self._period = period
        self._asked: Callable[[], None] = lambda: None

    def on_change(self, asked: Callable[[], None]) -> None:
        """Call this when something new is watched, so that first values do not wait for a scan."""
        self._asked = asked

    async def create_subscription(
        self,
        params: ua.CreateSubscriptionParameters,
        callback: Callable[..., Any],
        session_id: ua.NodeId,
        request_callback: Callable[..., Any] | None = None,
    ) -> ua.CreateSubscriptionResult:
        """A subscription of a client; those of the server itself are asyncua's."""
        if request_callback is None:
            return await super().create_subscription(params, callback, session_id)
        if len(self.subscriptions) >= self.iserver.max_subscriptions:
            raise ServiceError(ua.StatusCodes.BadTooManySubscriptions)
        self._sub_id_counter += 1
        self.made += 1
        number = self._sub_id_counter
        result = ua.CreateSubscriptionResult(SubscriptionId=number, **self._revised(params))
        self.subscriptions[number] = made = TagSubscription(
            result,
            self.aspace,
            session_id,
            no_acks_limit=self.iserver.max_unacked_messages_per_subscription,
            publishing_enabled=params.PublishingEnabled,
            tags=self.tags,
            period=self._period,
            wishes=params,
            total=self.told,
            read=lambda wanted: self._read(number, wanted),
            polled=self.polled,
            end=self.end,
            most_kept=self._bounds.kept,
        )
        made.listener = self.session_of(made)
        made.move(callback)
        self._share_room()
        return result

    def _read(self, number: int, wanted: ua.ReadValueId) -> ua.DataValue:
        """An attribute, as the session of a subscription reads it, or read it before it ended."""
        session = self.subscriptions[number].listener
        return session.look(wanted) if session else self.aspace.read_attribute_value(wanted.NodeId, wanted.AttributeId)

    def end(self, subscription: TagSubscription, code: int) -> None:
        """A subscription is over; its session, if there still is one, hears why (Part 4, 5.14.1.4)."""
        self.subscriptions.pop(subscription.data.SubscriptionId, None)
        subscription.monitored_item_srv.delete_all_monitored_items()
        session = self.session_of(subscription)
        if session is not None:
            session.part_with(subscription, code)

    def _revised(self, params: Any) -> dict[str, Any]:
        """Interval within bounds and counts as the standard asks: a lifetime is three keep-alives at the least."""
        interval = params.RequestedPublishingInterval / 1e3
        interval = min(max(interval, self._period), LONGEST_INTERVAL) if interval == interval else self._period
        alive = self._clamp_keep_alive_count(params.RequestedMaxKeepAliveCount)
        return {
            "RevisedPublishingInterval": 1e3 * interval,
            "RevisedMaxKeepAliveCount": alive,
            "RevisedLifetimeCount": max(self._clamp_lifetime_count(params.RequestedLifetimeCount), 3 * alive),
        }

    def modify_subscription(self, params: ua.ModifySubscriptionParameters) -> ua.ModifySubscriptionResult:
        found = self.subscriptions.get(params.SubscriptionId)
        if found is None:
            raise ServiceError(ua.StatusCodes.BadSubscriptionIdInvalid)
        revised = self._revised(params)
        for name, value in revised.items():
            setattr(found.data, name, value)
        if isinstance(found, TagSubscription):
            found.wish(params)
            found.next_publish = 0.0
            found.told["modified"] += 1
        return ua.ModifySubscriptionResult(**revised)

    async def create_monitored_items(
        self, params: ua.CreateMonitoredItemsParameters
    ) -> list[ua.MonitoredItemCreateResult]:
        found = await super().create_monitored_items(params)
        self._asked()
        return found

    def modify_monitored_items(self, params: ua.ModifyMonitoredItemsParameters) -> list[ua.MonitoredItemModifyResult]:
        found = super().modify_monitored_items(params)
        self._asked()
        return found

    async def set_monitoring_mode(self, params: ua.SetMonitoringModeParameters) -> list[ua.StatusCode]:
        found = await super().set_monitoring_mode(params)
        self._asked()
        return found

    def repeat(self, subscription: TagSubscription) -> None:
        """Report every value of a subscription once more."""
        subscription.monitored_item_srv.repeat()
        self._asked()

    def wake(self) -> None:
        """Something waits to be published that no scan brought."""
        self._asked()

    def session_of(self, subscription: TagSubscription) -> Any:
        """The session that a subscription belongs to, None when it has gone."""
        sessions = self.iserver._external_sessions.values() if self.iserver else ()
        return next((found for found in sessions if found.session_id == subscription.session_id), None)

    def clients(self) -> list[TagSubscription]:
        """Those of clients."""
        return [found for found in self.subscriptions.values() if isinstance(found, TagSubscription)]

    def clients_by_number(self) -> dict[int, TagSubscription]:
        """Those of clients."""
        return {found.data.SubscriptionId: found for found in self.clients()}

    def hand_over(self, subscription: TagSubscription, session: ua.NodeId, callback: Any) -> None:
        """To another session, whose publish requests are answered from now on; the one before hears of it."""
        before = self.session_of(subscription)
        subscription.session_id = session
        subscription.listener = self.session_of(subscription)
        subscription.monitored_item_srv.values.look_again()
        subscription.told["transferred"] += 1
        subscription.move(callback)
        subscription.alive()
        if before is not None:
            before.part_with(subscription, ua.StatusCodes.GoodSubscriptionTransferred)

    def sample(self, scan: Sample) -> None:
        """Queue what changed, for every client; they share the room there is."""
        for subscription in self._share_room():
            subscription.tags.sample(scan)

    def _share_room(self) -> list[TagSubscription]:
        """Tell those of clients how much of each may wait."""
        clients, bounds = self.clients(), self._bounds
        watching = sum(len(found.monitored_item_srv.values) > 0 for found in clients)
        room = min(bounds.waiting_values, bounds.waiting_in_all // max(len(clients), 1))
        in_bytes = min(bounds.waiting_bytes, bounds.waiting_bytes_in_all // max(watching, 1))
        for subscription in clients:
            subscription.tags.room, subscription.monitored_item_srv.values.room.size = room, in_bytes
        return clients

    def look(self) -> None:
        """Sample what is no tag and due, in one bite: who asks for much of it gets it less often."""
        start = time.monotonic()
        for _ in range(len(self.polled)):
            item, items = next(iter(self.polled.items()))
            self.polled.move_to_end(item)
            if item.due <= start:
                items.sample(item, start)
            if time.monotonic() - start > BITE:
                return

    def hurry(self) -> None:
        """Sample all of it at once: something has changed that cannot wait."""
        for item in self.polled:
            item.due = 0.0
        self.look()
        self._asked()
