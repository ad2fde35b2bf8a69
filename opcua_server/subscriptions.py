"""Subscriptions that are served from the process image, in place of asyncua's.

asyncua calls every monitored item for every value, copies the value twice, and encodes it field by field: 45 us a
change, and a clock of its own for each subscription. Here the monitored tags of a subscription are a table
(`tag_items`) that is sampled from the scan, and `Publisher` publishes right after the scan
(docs/decisions/0013-publishing-from-the-image.md). When a subscription publishes, keeps alive and ends follows Part 4,
5.14.1.
"""

from __future__ import annotations

import math
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from asyncua import ua
from asyncua.common.utils import ServiceError
from asyncua.server.internal_subscription import InternalSubscription
from asyncua.server.subscription_service import SubscriptionService
from asyncua.ua.ua_binary import struct_to_binary

from opcua_server.bounds import Bounds
from opcua_server.caller import speaks_japanese
from opcua_server.event_filter import selected
from opcua_server.event_queue import OVERFLOW, Overflow, put, server_event
from opcua_server.monitored_items import LONGEST_INTERVAL, QUEUE, TagItems
from opcua_server.publish_answer import DATA_CHANGE, quick_answer
from opcua_server.tag_items import Sample, TagTable
from opcua_server.value_items import Read, ValueItem, ValueItems
from opcua_server.where import Fields
from twin.tags import Tag

CODES = ua.StatusCodes
MOST_VALUES = 10_000
"""In one message."""
MOST_OTHERS = 500
"""Values that are no tags, in one message: each is encoded by itself, and all of them in one go."""
MOST_EVENTS = 10
"""In one message."""
LAST_NUMBER = 0xFFFFFFFF
"""Of messages; the next one is 1 (Part 4, 7.5)."""
BITE = 0.005
"""In which values that are no tags are sampled in one go [s]."""


class TagSubscription(InternalSubscription):
    """A client's subscription, published by `Publisher` after a scan instead of by a clock of its own."""

    def __init__(
        self,
        data: Any,
        space: Any,
        session: ua.NodeId,
        *,
        tags: dict[ua.NodeId, Tag],
        period: float,
        wishes: Any,
        total: Counter[str],
        read: Read,
        polled: OrderedDict[ValueItem, ValueItems],
        end: Callable[[TagSubscription, int], None],
        most_kept: int = Bounds.kept,
        **named: Any,
    ) -> None:
        super().__init__(data, space, None, session, max_queue_size=QUEUE, **named)
        self._keep_alive_count = self._publish_cycles_count = 0  # since the last message, since the client was heard
        self.tags = TagTable()
        self.owner: Any = None
        """Who may take it over into another session."""
        self.listener: Any = None
        """The session that it belongs to, or belonged to last: in whose language and with whose rights it is told."""
        self.until = math.inf
        """When it ends at the latest because it belongs to nobody [s, monotonic clock]."""
        self.next_publish = 0.0
        self.told: Counter[str] = Counter()
        self._total, self._end, self._most_kept = total, end, most_kept
        self._going_on = self._late = False
        self._waiting_requests: Any = ()
        self.monitored_item_srv = TagItems(self, space, tags, period, read, polled)
        self.wish(wishes)

    def wish(self, wishes: Any) -> None:
        """What a client may change of it beside its times."""
        self.most = min(wishes.MaxNotificationsPerPublish or MOST_VALUES, MOST_VALUES)
        self.priority = wishes.Priority

    @property
    def interval(self) -> float:
        """Between publications [s]."""
        return self.data.RevisedPublishingInterval / 1e3

    @property
    def kept(self) -> dict[int, ua.NotificationMessage]:
        """Messages that nobody has acknowledged, by number, to be sent again."""
        return self._not_acknowledged_results

    async def start(self) -> None:
        """No clock of its own."""

    async def _trigger_publish(self) -> None:
        """What is queued goes out with the next publication."""

    # --- when --------------------------------------------------------------------------------------------------------

    async def publish_due(self, clock: float, early: float) -> bool:
        """Publish a message if the interval has passed, `early` [s] so that the scan that belongs to it is not missed.

        True when more waits to be published at once: call again.
        """
        if not self._going_on:
            if clock + early < self.next_publish:
                return False
            self.next_publish = max(self.next_publish + self.interval, clock + 0.5 * self.interval)
            if not self._begin_cycle():
                return False
        self._going_on = False
        self._going_on = await self.publish_results() and self._has_more()
        return self._going_on

    def _begin_cycle(self) -> bool:
        """One more interval has passed; False when nobody has asked for so long that the subscription ends."""
        self._keep_alive_count += 1
        self._publish_cycles_count = 0 if self._waiting_requests else self._publish_cycles_count + 1
        if self._publish_cycles_count < self.data.RevisedLifetimeCount and time.monotonic() < self.until:
            return True
        self._end(self, CODES.BadTimeout)
        return False

    def alive(self) -> None:
        """Its client has asked for something: the lifetime begins anew."""
        self._publish_cycles_count = 0

    def move(self, callback: Any) -> None:
        """Publish over another connection from now on; `callback` is its processor's `forward_publish_response`."""
        self.pub_result_callback = quick_answer(callback)
        self.pub_request_callback = callback.__self__.get_publish_request
        self._waiting_requests = callback.__self__._publish_requests
        self.next_publish, self.until = 0.0, math.inf

    def detach(self) -> None:
        """There is nobody to publish to for now."""
        self.pub_request_callback, self._waiting_requests = lambda number: None, ()

    def _has_more(self) -> bool:
        if not self._publishing_enabled:
            return False
        items = self.monitored_item_srv
        return self.tags.ready() or items.values.ready() or any(map(items.reports, self._triggered_events))

    def has_published_results(self) -> bool:
        """Whether there is something to say, if only that it is alive."""
        return self._startup or self._keep_alive_count >= self.data.RevisedMaxKeepAliveCount or self._has_more()

    async def publish_results(self, requestdata: Any = None) -> bool:
        """Answer a request, that which waits longest if none is given; whether there was one to answer."""
        if not self.has_published_results():
            return False
        request = requestdata or self.pub_request_callback(self.data.SubscriptionId)
        if request is None:
            self.told["late"] += not self._late
            self._late = True
            return False
        self._late = False
        self.told["requests"] += 1
        await self.pub_result_callback(self._pop_publish_result(), request)
        return True

    async def set_publishing_mode(self, enabled: bool) -> None:
        """Part 4, 5.14.4."""
        self.told["enabled" if enabled else "disabled"] += 1
        await super().set_publishing_mode(enabled)

    # --- what --------------------------------------------------------------------------------------------------------

    def _pop_publish_result(self) -> ua.PublishResult:
        """The next message, kept until it is acknowledged; one that holds nothing is a sign of life."""
        message = ua.NotificationMessage(self._notification_seq, datetime.now(UTC))
        if self._publishing_enabled:
            self._fill(message.NotificationData)
        self._keep_alive_count = self._publish_cycles_count = 0
        self._startup = False
        if message.NotificationData:
            self._keep(message)
        return ua.PublishResult(self.data.SubscriptionId, list(self.kept), self._has_more(), message)

    def _fill(self, data: list[Any]) -> None:
        """Tags as one encoded notification, other values, and events, together no more than the client takes."""
        room = self.most
        if self.tags.ready():
            body = self.tags.take(room)
            room -= self._count("changes", int.from_bytes(body[:4], "little"))
            data.append(ua.ExtensionObject(DATA_CHANGE, body))
        if room and (values := self.monitored_item_srv.values.take(min(room, MOST_OTHERS))):
            room -= self._count("changes", len(values))
            data.append(ua.ExtensionObject(DATA_CHANGE, struct_to_binary(ua.DataChangeNotification(values))))
        if room and (events := self._pop_events(min(room, MOST_EVENTS))):
            self._count("events", len(events))
            data.append(ua.EventNotificationList(events))

    def _pop_events(self, most: int) -> list[ua.EventFieldList]:
        """Events up to so many; encoding a flood of them at once would hold the event loop."""
        taken: list[ua.EventFieldList] = []
        for mid, queued in list(self._triggered_events.items()):
            if not self.monitored_item_srv.reports(mid):
                continue
            room = most - len(taken)
            taken += queued[:room]
            del queued[:room]
            if not queued:
                del self._triggered_events[mid]
                self.monitored_item_srv.reported(mid)
        return taken

    def _keep(self, message: ua.NotificationMessage) -> None:
        self.kept[message.SequenceNumber] = message
        self._notification_seq = message.SequenceNumber % LAST_NUMBER + 1
        while len(self.kept) > self._no_acks_limit or (len(self.kept) > 1 and self._kept_bytes() > self._most_kept):
            del self.kept[next(iter(self.kept))]
            self.told["discarded"] += 1

    def _kept_bytes(self) -> int:
        bodies = (data for message in self.kept.values() for data in message.NotificationData)
        return sum(len(data.Body) for data in bodies if isinstance(data, ua.ExtensionObject))

    def republish(self, nb: int) -> ua.NotificationMessage:
        """A message once more (Part 4, 5.14.6). Raises ServiceError BadMessageNotAvailable."""
        self.told["asked again"] += 1
        if nb not in self.kept:
            raise ServiceError(CODES.BadMessageNotAvailable)
        self.told["sent again"] += 1
        return self.kept[nb]

    def _count(self, kind: str, number: int) -> int:
        """For the diagnostics: of this subscription, and of the server since its start."""
        self.told[kind] += number
        self._total[kind] += number
        return number

    # --- events ------------------------------------------------------------------------------------------------------

    def listens(self, item: int | None = None) -> bool:
        """Whether it has an item for events; or whether this one is."""
        return self.monitored_item_srv.listens(item)

    async def tell(self, fields: Fields, notifiers: frozenset[ua.NodeId], item: int | None = None) -> None:
        """Queue an event of a condition for the items that watch one of its notifiers and whose filter lets it pass."""
        for mid, mdata in self.monitored_item_srv.event_items(item):
            if mdata.read_value_id.NodeId in notifiers and mdata.where_clause_evaluator.eval(fields):
                self._queue(mid, mdata, fields)

    async def mark(self, fields: Fields, item: int | None = None) -> None:
        """Queue an event that no filter holds back: begin and end of a refresh (Part 9, 4.5)."""
        for mid, mdata in self.monitored_item_srv.event_items(item):
            self._queue(mid, mdata, fields)

    def _queue(self, mid: int, mdata: Any, fields: Fields) -> None:
        def listed(fields: Fields, kind: type[ua.EventFieldList] = ua.EventFieldList) -> ua.EventFieldList:
            return kind(mdata.client_handle, selected(fields, mdata.filter.SelectClauses))

        def overflow() -> ua.EventFieldList:
            return listed(server_event(OVERFLOW, speaks_japanese(self.listener)), Overflow)

        queued = self._triggered_events.setdefault(mid, [])
        lost = put(queued, listed(fields), mdata.queue_size, mdata.oldest, overflow)
        self.told["overflows"] += lost
        self.monitored_item_srv.heard(mid)


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
            before.part_with(subscription, CODES.GoodSubscriptionTransferred)

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
