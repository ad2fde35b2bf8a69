"""A client's subscription: when it publishes, keeps alive and ends (Part 4, 5.14.1), and what its messages hold."""

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
from asyncua.ua.ua_binary import struct_to_binary

from opcua_server.bounds import Bounds
from opcua_server.caller import speaks_japanese
from opcua_server.event_filter import selected
from opcua_server.event_queue import OVERFLOW, Overflow, put, server_event
from opcua_server.monitored_items import QUEUE, TagItems
from opcua_server.publish_answer import DATA_CHANGE, quick_answer
from opcua_server.tag_items import TagTable
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
