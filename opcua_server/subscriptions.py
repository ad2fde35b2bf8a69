"""Subscriptions that are served from the process image, in place of asyncua's.

asyncua calls every monitored item for every value, copies the value twice, and encodes it field by field: 45 us a
change, and a clock of its own for each subscription. Here the monitored tags of a subscription are a table
(`tag_items`) that is sampled from the scan, and `Publisher` publishes right after the scan. Events, and items that
watch anything but a tag's value, go asyncua's way (docs/decisions/0013-publishing-from-the-image.md).
"""

from __future__ import annotations

import logging
import struct
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from asyncua import ua
from asyncua.common.utils import ServiceError
from asyncua.server.internal_subscription import InternalSubscription
from asyncua.server.monitored_item_service import MonitoredItemService
from asyncua.server.subscription_service import SubscriptionService
from asyncua.ua.ua_binary import extensionobject_to_binary
from asyncua.ua.uaprotocol_auto import DataChangeFilter  # what is decoded; ua.DataChangeFilter is a subclass

from opcua_server.bounds import Bounds
from opcua_server.event_filter import Fields, Where, selected
from opcua_server.nodes import variant_type
from opcua_server.tag_items import BY_VALUE, TIMES, Sample, TagTable, Watch
from twin.tags import Tag

DATA_CHANGE = ua.NodeId(ua.ObjectIds.DataChangeNotification_Encoding_DefaultBinary)
PUBLISH_RESPONSE = ua.ObjectIds.PublishResponse_Encoding_DefaultBinary
LONGEST_INTERVAL = 3600.0
"""Between two publications or two samples [s]."""
MOST_ITEMS = 100_000
MOST_EVENTS = 10
"""In one message."""
QUEUE = 100
"""Values of one item that wait for a client that stalls."""


class TagSubscription(InternalSubscription):
    """A client's subscription, published by `Publisher` after a scan instead of by a clock of its own."""

    def __init__(
        self,
        data: Any,
        space: Any,
        *rest: Any,
        tags: dict[ua.NodeId, Tag],
        period: float,
        most: int,
        total: Counter[str],
        **named: Any,
    ) -> None:
        super().__init__(data, space, *rest, **named)
        self.tags = TagTable()
        self.most = most
        self.next_publish = 0.0
        self.told: Counter[str] = Counter()
        self._total = total
        self._going_on = False
        self.monitored_item_srv = TagItems(self, space, tags, period)

    @property
    def interval(self) -> float:
        """Between publications [s]."""
        return self.data.RevisedPublishingInterval / 1e3

    async def start(self) -> None:
        """No clock of its own."""

    async def _trigger_publish(self) -> None:
        """What is queued goes out with the next publication."""

    async def publish_due(self, clock: float, early: float) -> bool:
        """Publish a message if the interval has passed, `early` [s] so that the scan that belongs to it is not missed.

        True when more waits to be published at once: call again.
        """
        if not self._going_on:
            if clock + early < self.next_publish:
                return False
            self.next_publish = max(self.next_publish + self.interval, clock + 0.5 * self.interval)
        self._going_on = False
        sent, waits = await self.publish_results(), self._has_more()
        self.told["late"] += waits and not sent
        self._going_on = sent and waits
        return self._going_on

    def move(self, callback: Any) -> None:
        """Publish over another connection from now on; `callback` is its processor's `forward_publish_response`."""
        self.pub_result_callback = quick_answer(callback)
        self.pub_request_callback = callback.__self__.get_publish_request

    def _has_more(self) -> bool:
        return self._publishing_enabled and (self.tags.ready() or bool(self._triggered_events))

    def listens(self, item: int | None = None) -> bool:
        """Whether it has an item for events; or whether this one is."""
        return self.monitored_item_srv.listens(item)

    async def tell(self, fields: Fields, notifiers: frozenset[ua.NodeId], item: int | None = None) -> None:
        """Queue an event of a condition for the items that watch one of its notifiers and whose filter lets it pass."""
        for mid, mdata in self.monitored_item_srv.event_items(item):
            if mdata.read_value_id.NodeId in notifiers and mdata.where_clause_evaluator.eval(fields):
                await self._queue(mid, mdata, fields)

    async def mark(self, fields: Fields, item: int | None = None) -> None:
        """Queue an event that no filter holds back: begin and end of a refresh (Part 9, 4.5)."""
        for mid, mdata in self.monitored_item_srv.event_items(item):
            await self._queue(mid, mdata, fields)

    async def _queue(self, mid: int, mdata: Any, fields: Fields) -> None:
        listed = ua.EventFieldList()
        listed.ClientHandle = mdata.client_handle
        listed.EventFields = selected(fields, mdata.filter.SelectClauses)
        await self.enqueue_event(mid, listed, mdata.queue_size)

    def has_published_results(self) -> bool:
        return self._has_more() or super().has_published_results()

    def _pop_triggered_datachanges(self, result: ua.PublishResult) -> None:
        """Tags as one encoded notification, then what asyncua has queued."""
        if self.tags.ready():
            body = self.tags.take(self.most)
            self._count("changes", int.from_bytes(body[:4], "little"))
            result.NotificationMessage.NotificationData.append(ua.ExtensionObject(DATA_CHANGE, body))
        super()._pop_triggered_datachanges(result)

    def _pop_triggered_events(self, result: ua.PublishResult) -> None:
        """Events up to so many; encoding a flood of them at once would hold the event loop."""
        taken: list[ua.EventFieldList] = []
        for mid, queued in list(self._triggered_events.items()):
            room = MOST_EVENTS - len(taken)
            taken += queued[:room]
            del queued[:room]
            if not queued:
                del self._triggered_events[mid]
        if taken:
            self._count("events", len(taken))
            result.NotificationMessage.NotificationData.append(ua.EventNotificationList(Events=taken))

    def _count(self, kind: str, number: int) -> None:
        """For the diagnostics: of this subscription, and of the server since its start."""
        self.told[kind] += number
        self._total[kind] += number

    def _pop_publish_result(self) -> ua.PublishResult:
        result = super()._pop_publish_result()
        result.MoreNotifications = self._has_more()
        self._forget_old()
        result.AvailableSequenceNumbers = list(self._not_acknowledged_results)
        return result

    def _forget_old(self) -> None:
        """Messages that nobody acknowledges are kept up to so many bytes, but for the newest."""
        kept = self._not_acknowledged_results
        sizes = {number: _size(found.NotificationMessage) for number, found in kept.items()}
        left = sum(sizes.values())
        for number in list(sizes)[:-1]:
            if left <= Bounds.kept:
                return
            left -= sizes[number]
            del kept[number]


class TagItems(MonitoredItemService):
    """Monitored items of one subscription: tags in its table, all else as asyncua does it."""

    def __init__(self, subscription: TagSubscription, space: Any, tags: dict[ua.NodeId, Tag], period: float) -> None:
        super().__init__(subscription, space)
        logging.Logger.manager.loggerDict.pop(self.logger.name, None)  # one for each subscription, kept for ever else
        self._table = subscription.tags
        self._tags = tags
        self._period = period
        self._rows: dict[int, tuple[int, Tag, Watch]] = {}

    def count(self) -> int:
        """How many items there are."""
        return len(self._rows) + len(self._monitored_items)

    async def create_monitored_items(
        self, params: ua.CreateMonitoredItemsParameters
    ) -> list[ua.MonitoredItemCreateResult]:
        if params.TimestampsToReturn not in TIMES:
            raise ServiceError(ua.StatusCodes.BadTimestampsToReturnInvalid)
        return [await self._create(item, params.TimestampsToReturn) for item in params.ItemsToCreate]

    async def _create(
        self, item: ua.MonitoredItemCreateRequest, times: ua.TimestampsToReturn
    ) -> ua.MonitoredItemCreateResult:
        wanted = item.ItemToMonitor
        tag = self._tags.get(wanted.NodeId)
        if self.count() >= MOST_ITEMS:
            return _refused(ua.StatusCodes.BadTooManyMonitoredItems)
        if tag is None or wanted.AttributeId != ua.AttributeIds.Value:
            single = ua.CreateMonitoredItemsParameters()
            single.ItemsToCreate = [item]
            return (await super().create_monitored_items(single))[0]
        if problem := _unreadable(wanted):
            return _refused(problem)
        try:
            watch = self._watch(tag, item.RequestedParameters, int(item.MonitoringMode), times)
        except ServiceError as refused:
            return _refused(refused.code)
        self._monitored_item_counter += 1
        self._rows[self._monitored_item_counter] = self._table.add(watch), tag, watch
        return ua.MonitoredItemCreateResult(
            MonitoredItemId=self._monitored_item_counter,
            RevisedSamplingInterval=1e3 * max(watch.interval, self._period),
            RevisedQueueSize=watch.queue,
        )

    def _create_events_monitored_item(self, params: ua.MonitoredItemCreateRequest) -> ua.MonitoredItemCreateResult:
        """An item for events: asyncua's, with our evaluation of its filter."""
        wanted = params.RequestedParameters.Filter
        if not isinstance(wanted, ua.EventFilter):
            return _refused(ua.StatusCodes.BadEventFilterInvalid)
        if params.ItemToMonitor.NodeId not in self.aspace:
            return _refused(ua.StatusCodes.BadNodeIdUnknown)
        result = super()._create_events_monitored_item(params)
        if result.StatusCode.is_good():
            self._listen(self._monitored_items[result.MonitoredItemId], wanted)
        return result

    def _listen(self, mdata: Any, wanted: ua.EventFilter) -> None:
        mdata.filter = wanted
        mdata.where_clause_evaluator = Where(self.logger, self.aspace, wanted.WhereClause)

    def event_items(self, item: int | None = None) -> list[tuple[int, Any]]:
        """Items for events that report; or this one alone."""
        everybody = {mid for mids in self._monitored_events.values() for mid in mids}
        chosen = sorted(everybody if item is None else everybody & {item})
        found = [(mid, self._monitored_items[mid]) for mid in chosen]
        return [(mid, mdata) for mid, mdata in found if mdata.mode == ua.MonitoringMode.Reporting]

    def listens(self, item: int | None = None) -> bool:
        """Whether there is an item for events; or whether this one is."""
        if item is None:
            return bool(self._monitored_events)
        return any(item in mids for mids in self._monitored_events.values())

    def _watch(self, tag: Tag, asked: ua.MonitoringParameters, mode: int, times: ua.TimestampsToReturn) -> Watch:
        """What is asked, with bounds. Raises ServiceError for a filter that makes no sense."""
        trigger, band = _filter(tag, asked.Filter)
        interval = asked.SamplingInterval / 1e3
        if not interval >= 0.0:  # negative: as often as published; not a number: the same
            interval = self.isub.data.RevisedPublishingInterval / 1e3
        return Watch(
            address=tag.address,
            handle=asked.ClientHandle,
            kind=variant_type(tag),
            times=times,
            mode=mode,
            trigger=trigger,
            band=band,
            interval=0.0 if interval <= self._period else min(interval, LONGEST_INTERVAL),
            queue=min(max(asked.QueueSize, 1), QUEUE),
            keep_newest=asked.DiscardOldest,
        )

    def _modify_monitored_item(self, params: ua.MonitoredItemModifyRequest) -> ua.MonitoredItemModifyResult:
        if params.MonitoredItemId not in self._rows:
            if params.MonitoredItemId not in self._monitored_items:
                return ua.MonitoredItemModifyResult(ua.StatusCode(ua.StatusCodes.BadMonitoredItemIdInvalid))
            wanted = params.RequestedParameters.Filter
            if self.listens(params.MonitoredItemId):
                if not isinstance(wanted, ua.EventFilter):
                    return ua.MonitoredItemModifyResult(ua.StatusCode(ua.StatusCodes.BadEventFilterInvalid))
                self._listen(self._monitored_items[params.MonitoredItemId], wanted)
            return super()._modify_monitored_item(params)
        row, tag, was = self._rows[params.MonitoredItemId]
        try:
            watch = self._watch(tag, params.RequestedParameters, was.mode, was.times)
        except ServiceError as refused:
            return ua.MonitoredItemModifyResult(ua.StatusCode(refused.code))
        self._change(params.MonitoredItemId, row, tag, watch)
        return ua.MonitoredItemModifyResult(
            RevisedSamplingInterval=1e3 * max(watch.interval, self._period), RevisedQueueSize=watch.queue
        )

    async def _set_monitoring_mode(self, mode: ua.MonitoringMode, mid: int) -> ua.StatusCode:
        if mid not in self._rows:
            return await super()._set_monitoring_mode(mode, mid)
        row, tag, was = self._rows[mid]
        self._change(mid, row, tag, Watch(**{**vars(was), "mode": int(mode)}))
        return ua.StatusCode()

    def _change(self, mid: int, row: int, tag: Tag, watch: Watch) -> None:
        self._table.modify(row, watch)
        self._rows[mid] = row, tag, watch

    def _delete_monitored_items(self, mid: int) -> ua.StatusCode:
        if mid not in self._rows:
            return self._delete_other(mid)
        self._table.remove(self._rows.pop(mid)[0])
        return ua.StatusCode()

    def _delete_other(self, mid: int) -> ua.StatusCode:
        """An item of asyncua's, which would look through all of them for its place."""
        handle = getattr(self._monitored_items.get(mid), "callback_handle", None)
        if handle is None:
            return super()._delete_monitored_items(mid)
        self.aspace.delete_datachange_callback(handle)
        del self._monitored_datachange[handle], self._monitored_items[mid]
        return ua.StatusCode()

    def delete_all_monitored_items(self) -> None:
        super().delete_all_monitored_items()
        self._rows.clear()
        self._table.clear()


class TagSubscriptions(SubscriptionService):
    """All subscriptions of a server; those of clients know tags and are published with the scans."""

    def __init__(self, space: Any, core: Any, period: float) -> None:
        super().__init__(space, core)
        self.tags: dict[ua.NodeId, Tag] = {}
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
        result = ua.CreateSubscriptionResult(SubscriptionId=self._sub_id_counter, **self._revised(params))
        self.subscriptions[result.SubscriptionId] = TagSubscription(
            result,
            self.aspace,
            quick_answer(callback),
            session_id,
            request_callback=request_callback,
            delete_callback=lambda: self.subscriptions.pop(result.SubscriptionId, None),
            no_acks_limit=self.iserver.max_unacked_messages_per_subscription,
            max_queue_size=QUEUE,
            publishing_enabled=params.PublishingEnabled,
            tags=self.tags,
            period=self._period,
            most=params.MaxNotificationsPerPublish,
            total=self.told,
        )
        return result

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
            found.most, found.next_publish = params.MaxNotificationsPerPublish, 0.0
            found.told["modified"] += 1
        return ua.ModifySubscriptionResult(**revised)

    async def create_monitored_items(
        self, params: ua.CreateMonitoredItemsParameters
    ) -> list[ua.MonitoredItemCreateResult]:
        found = await super().create_monitored_items(params)
        self._asked()
        return found

    async def transfer_subscriptions(
        self, params: ua.TransferSubscriptionsParameters, session_id: ua.NodeId, callback: Any
    ) -> list[ua.TransferResult]:
        """To another session, whose publish requests are the ones to answer from now on."""
        found = await super().transfer_subscriptions(params, session_id, callback)
        for number in params.SubscriptionIds:
            if isinstance(subscription := self.subscriptions.get(number), TagSubscription):
                subscription.move(callback)
        return found

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

    def sample(self, scan: Sample) -> None:
        """Queue what changed, for every client; they share the room there is."""
        clients = self.clients()
        room = min(Bounds.waiting_values, Bounds.waiting_in_all // max(len(clients), 1))
        for subscription in clients:
            subscription.tags.room = room
            subscription.tags.sample(scan)


def _refused(code: int) -> ua.MonitoredItemCreateResult:
    return ua.MonitoredItemCreateResult(StatusCode=ua.StatusCode(code))


def _unreadable(wanted: ua.ReadValueId) -> int:
    """What is wrong with the part or the encoding that a client wants of a number; 0 if nothing."""
    if wanted.IndexRange:
        return int(ua.StatusCodes.BadIndexRangeNoData)
    if wanted.DataEncoding is not None and wanted.DataEncoding.Name:
        return int(ua.StatusCodes.BadDataEncodingUnsupported)
    return 0


def _filter(tag: Tag, wanted: Any) -> tuple[int, float]:
    """Trigger, and dead band in the tag's unit. Raises ServiceError."""
    if wanted is None or (isinstance(wanted, ua.ExtensionObject) and wanted.TypeId == ua.NodeId()):
        return BY_VALUE, 0.0
    if not isinstance(wanted, DataChangeFilter):
        raise ServiceError(ua.StatusCodes.BadMonitoredItemFilterUnsupported)
    band = wanted.DeadbandValue
    if wanted.DeadbandType == ua.DeadbandType.None_:
        return int(wanted.Trigger), 0.0
    if tag.discrete:
        raise ServiceError(ua.StatusCodes.BadFilterNotAllowed)
    percent = wanted.DeadbandType == ua.DeadbandType.Percent
    if not band >= 0.0 or (percent and band > 100.0) or band == float("inf"):
        raise ServiceError(ua.StatusCodes.BadDeadbandFilterInvalid)
    return int(wanted.Trigger), band / 100.0 * (tag.high - tag.low) if percent else band


# --- the answer ------------------------------------------------------------------------------------------------------

HEAD = struct.Struct("<BBHqIIBiBBBI")
TAIL = struct.Struct("<?Iqi")


def quick_answer(forward: Any) -> Callable[..., Any]:
    """asyncua's `forward_publish_response`, a method of its processor, encoded in one go: Part 4, 5.14.5 (Publish)."""
    processor = forward.__self__

    async def answer(result: ua.PublishResult, request: Any) -> None:
        message = publish_response(result, request.requesthdr.RequestHandle, request.results or [])
        connection, number = processor._connection, request.seqhdr.RequestId
        processor._transport.write(connection.message_to_binary(message, request_id=number))

    return answer


def _size(message: ua.NotificationMessage) -> int:
    return sum(len(data.Body) for data in message.NotificationData if isinstance(data, ua.ExtensionObject))


def publish_response(result: ua.PublishResult, handle: int, acknowledged: list[ua.StatusCode]) -> bytes:
    """The PublishResponse, encoded."""
    now, message = ua.datetime_to_win_epoch(datetime.now(UTC)), result.NotificationMessage
    numbers, codes = result.AvailableSequenceNumbers, [status.value for status in acknowledged]
    return b"".join(
        [
            HEAD.pack(1, 0, PUBLISH_RESPONSE, now, handle, 0, 0, -1, 0, 0, 0, result.SubscriptionId),
            struct.pack(f"<i{len(numbers)}I", len(numbers), *numbers),
            TAIL.pack(result.MoreNotifications, message.SequenceNumber, now, len(message.NotificationData)),
            *(_extension(data) for data in message.NotificationData),
            struct.pack(f"<i{len(codes)}Ii", len(codes), *codes, -1),
        ]
    )


def _extension(data: Any) -> bytes:
    if isinstance(data, ua.ExtensionObject) and data.TypeId == DATA_CHANGE:
        return struct.pack("<BBHBi", 1, 0, DATA_CHANGE.Identifier, 1, len(data.Body)) + data.Body

    return extensionobject_to_binary(data)
