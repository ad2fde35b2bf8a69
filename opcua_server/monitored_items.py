"""The monitored items of one subscription (Part 4, 5.13): tags in its table, other values and events by themselves."""

from __future__ import annotations

import logging
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from asyncua import ua
from asyncua.common.utils import ServiceError
from asyncua.server.monitored_item_service import MonitoredItemService

from opcua_server.data_filter import NUMERIC, is_null, trigger_and_band
from opcua_server.event_filter import filter_problems
from opcua_server.event_queue import revised_size
from opcua_server.index_range import problem_with
from opcua_server.nodes import variant_type
from opcua_server.tag_items import DISABLED, REPORTING, SAMPLING, Watch
from opcua_server.timestamps import KINDS
from opcua_server.value_items import Read, ValueItem, ValueItems
from opcua_server.where import Where
from twin.tags import Tag

if TYPE_CHECKING:
    from opcua_server.subscription import TagSubscription

CODES, VALUE = ua.StatusCodes, ua.AttributeIds.Value
LONGEST_INTERVAL = 3600.0
"""Between two publications or two samples [s]."""
MOST_ITEMS = 100_000
QUEUE = 100
"""Values of one item that wait for a client that stalls."""
UNREADABLE = frozenset(
    {
        *(CODES.BadNodeIdUnknown, CODES.BadNodeIdInvalid, CODES.BadAttributeIdInvalid, CODES.BadIndexRangeInvalid),
        *(CODES.BadDataEncodingInvalid, CODES.BadDataEncodingUnsupported, CODES.BadNotReadable),
        CODES.BadUserAccessDenied,
    }
)
"""With these an item is refused; any other status is its first value."""


class TagItems(MonitoredItemService):
    """Items by number; `read` gives what the session of the subscription reads, `polled` is what the server samples."""

    def __init__(
        self,
        subscription: TagSubscription,
        space: Any,
        tags: dict[ua.NodeId, Tag],
        period: float,
        read: Read,
        polled: OrderedDict[ValueItem, ValueItems],
    ) -> None:
        super().__init__(subscription, space)
        logging.Logger.manager.loggerDict.pop(self.logger.name, None)  # one for each subscription, kept for ever else
        self._tags, self._period, self._read = tags, period, read
        self._table = subscription.tags
        self._table.on_fire = lambda row: self._fire(self._numbers[row])
        self._rows: dict[int, tuple[int, Tag, Watch]] = {}
        self._numbers: dict[int, int] = {}
        self.values = ValueItems(space, read, polled, self._fire)
        self._links: dict[int, set[int]] = {}
        self._fired_events: set[int] = set()

    def count(self) -> int:
        """How many items there are."""
        return len(self._rows) + len(self.values) + len(self._monitored_items)

    def handles(self) -> list[tuple[int, int]]:
        """Number and client handle of each (Part 5, 9.1, GetMonitoredItems)."""
        found = [(mid, watch.handle) for mid, watch in self._watches()]
        return sorted(found + [(mid, data.client_handle) for mid, data in self._monitored_items.items()])

    def disabled(self) -> int:
        """How many do not sample."""
        modes = [watch.mode for _, watch in self._watches()]
        return (modes + [int(data.mode) for data in self._monitored_items.values()]).count(DISABLED)

    def _watches(self) -> list[tuple[int, Watch]]:
        of_tags = [(mid, watch) for mid, (_, _, watch) in self._rows.items()]
        return of_tags + [(item.number, item.watch) for item in self.values]

    @property
    def overflows(self) -> int:
        """Values that were lost because a queue was full."""
        return self._table.overflows + self.values.overflows

    def repeat(self) -> None:
        """Report every value once more (Part 5, 9.2, ResendData)."""
        self._table.repeat()
        self.values.repeat()

    # --- create ------------------------------------------------------------------------------------------------------

    async def create_monitored_items(
        self, params: ua.CreateMonitoredItemsParameters
    ) -> list[ua.MonitoredItemCreateResult]:
        """Part 4, 5.13.2."""
        if params.TimestampsToReturn not in KINDS:
            raise ServiceError(CODES.BadTimestampsToReturnInvalid)
        return [self._create(item, params.TimestampsToReturn) for item in params.ItemsToCreate]

    def _create(
        self, item: ua.MonitoredItemCreateRequest, times: ua.TimestampsToReturn
    ) -> ua.MonitoredItemCreateResult:
        wanted = item.ItemToMonitor
        if self.count() >= MOST_ITEMS:
            return _refused(CODES.BadTooManyMonitoredItems)
        if item.MonitoringMode not in (DISABLED, SAMPLING, REPORTING):
            return _refused(CODES.BadMonitoringModeInvalid)
        if wanted.AttributeId == ua.AttributeIds.EventNotifier:
            return self._create_events_monitored_item(item)
        tag = self._tags.get(wanted.NodeId) if wanted.AttributeId == VALUE else None
        try:
            return self._create_value(item, times) if tag is None else self._create_tag(item, tag, times)
        except ServiceError as refused:
            return _refused(refused.code)

    def _create_tag(
        self, item: ua.MonitoredItemCreateRequest, tag: Tag, times: ua.TimestampsToReturn
    ) -> ua.MonitoredItemCreateResult:
        wanted, asked = item.ItemToMonitor, item.RequestedParameters
        if wanted.IndexRange:
            raise ServiceError(problem_with(wanted.IndexRange) or CODES.BadIndexRangeNoData)
        if wanted.DataEncoding is not None and wanted.DataEncoding.Name:
            raise ServiceError(CODES.BadDataEncodingInvalid)
        watch = self._watch(asked, int(item.MonitoringMode), times, _of_tag(asked, tag), tag)
        number = self._next()
        row = self._table.add(watch)
        self._rows[number], self._numbers[row] = (row, tag, watch), number
        return self._created(number, watch)

    def _create_value(
        self, item: ua.MonitoredItemCreateRequest, times: ua.TimestampsToReturn
    ) -> ua.MonitoredItemCreateResult:
        wanted, asked = item.ItemToMonitor, item.RequestedParameters
        first = self._read(wanted)
        if first.StatusCode is not None and first.StatusCode.value in UNREADABLE:
            raise ServiceError(first.StatusCode.value)
        watch = self._watch(asked, int(item.MonitoringMode), times, self._of_value(asked, wanted))
        number = self._next()
        return self._created(number, self.values.add(number, wanted, watch))

    def _next(self) -> int:
        self._monitored_item_counter += 1
        return self._monitored_item_counter

    def _created(self, number: int, watch: Watch) -> ua.MonitoredItemCreateResult:
        return ua.MonitoredItemCreateResult(
            MonitoredItemId=number,
            RevisedSamplingInterval=1e3 * max(watch.interval, self._period),
            RevisedQueueSize=watch.queue,
        )

    def _of_value(self, asked: ua.MonitoringParameters, wanted: ua.ReadValueId) -> tuple[int, float]:
        """Trigger and dead band of what is no tag. Raises ServiceError."""
        if wanted.AttributeId != VALUE and not is_null(asked.Filter):
            raise ServiceError(CODES.BadFilterNotAllowed)
        value = self._read(wanted).Value
        return trigger_and_band(asked.Filter, value is not None and value.VariantType in NUMERIC, 0.0)

    def _watch(
        self,
        asked: ua.MonitoringParameters,
        mode: int,
        times: ua.TimestampsToReturn,
        wish: tuple[int, float],
        tag: Tag | None = None,
    ) -> Watch:
        """What is asked, with bounds; `wish` is the trigger and the dead band."""
        interval = asked.SamplingInterval / 1e3
        if not interval >= 0.0:  # negative: as often as published; not a number: the same
            interval = self.isub.data.RevisedPublishingInterval / 1e3
        return Watch(
            address=-1 if tag is None else tag.address,
            handle=asked.ClientHandle,
            kind=ua.VariantType.Null if tag is None else variant_type(tag),
            times=times,
            mode=mode,
            trigger=wish[0],
            band=wish[1],
            interval=0.0 if interval <= self._period else min(interval, LONGEST_INTERVAL),
            queue=min(max(asked.QueueSize, 1), QUEUE),
            keep_newest=asked.DiscardOldest,
        )

    # --- events ------------------------------------------------------------------------------------------------------

    def _create_events_monitored_item(self, params: ua.MonitoredItemCreateRequest) -> ua.MonitoredItemCreateResult:
        """An item for events: asyncua's, with our evaluation of its filter."""
        asked = params.RequestedParameters
        if not isinstance(asked.Filter, ua.EventFilter):
            return _refused(CODES.BadEventFilterInvalid)
        if params.ItemToMonitor.NodeId not in self.aspace:
            return _refused(CODES.BadNodeIdUnknown)
        problem, details = filter_problems(self.aspace, asked.Filter)
        if problem:
            return ua.MonitoredItemCreateResult(StatusCode=ua.StatusCode(problem), FilterResult=details)
        result = super()._create_events_monitored_item(params)
        if result.StatusCode.is_good():
            size = self._listen(self._monitored_items[result.MonitoredItemId], asked)
            result.RevisedQueueSize, result.FilterResult = size, details
        return result

    def _listen(self, mdata: Any, asked: ua.MonitoringParameters) -> int:
        """Take over what is asked of an item for events; returns the size of its queue."""
        mdata.filter, mdata.client_handle = asked.Filter, asked.ClientHandle
        mdata.queue_size, mdata.oldest = revised_size(asked.QueueSize), asked.DiscardOldest
        mdata.where_clause_evaluator = Where(self.aspace, asked.Filter.WhereClause)
        return int(mdata.queue_size)

    def event_items(self, item: int | None = None) -> list[tuple[int, Any]]:
        """Items for events that are not disabled; or this one alone."""
        everybody = {mid for mids in self._monitored_events.values() for mid in mids}
        chosen = sorted(everybody if item is None else everybody & {item})
        found = [(mid, self._monitored_items[mid]) for mid in chosen]
        return [(mid, mdata) for mid, mdata in found if mdata.mode != ua.MonitoringMode.Disabled]

    def listens(self, item: int | None = None) -> bool:
        """Whether there is an item for events; or whether this one is."""
        if item is None:
            return bool(self._monitored_events)
        return any(item in mids for mids in self._monitored_events.values())

    def reports(self, item: int) -> bool:
        """Whether the events of an item go out with the next message."""
        return item in self._fired_events or self._monitored_items[item].mode == ua.MonitoringMode.Reporting

    def reported(self, item: int) -> None:
        """All its events are on their way."""
        self._fired_events.discard(item)

    # --- modify and delete -------------------------------------------------------------------------------------------

    def modify_monitored_items(self, params: ua.ModifyMonitoredItemsParameters) -> list[ua.MonitoredItemModifyResult]:
        """Part 4, 5.13.3."""
        if params.TimestampsToReturn not in KINDS:
            raise ServiceError(CODES.BadTimestampsToReturnInvalid)
        return [self._modify(item, params.TimestampsToReturn) for item in params.ItemsToModify]

    def _modify(
        self, params: ua.MonitoredItemModifyRequest, times: ua.TimestampsToReturn
    ) -> ua.MonitoredItemModifyResult:
        number, asked = params.MonitoredItemId, params.RequestedParameters
        try:
            if number in self._rows:
                _, tag, was = self._rows[number]
                watch = self._change(number, self._watch(asked, was.mode, times, _of_tag(asked, tag), tag))
            elif (item := self.values.get(number)) is not None:
                wish = self._of_value(asked, item.wanted)
                watch = self._change(number, self._watch(asked, item.watch.mode, times, wish))
            else:
                return self._modify_events(number, asked)
        except ServiceError as refused:
            return ua.MonitoredItemModifyResult(ua.StatusCode(refused.code))
        return ua.MonitoredItemModifyResult(
            RevisedSamplingInterval=1e3 * max(watch.interval, self._period), RevisedQueueSize=watch.queue
        )

    def _modify_events(self, number: int, asked: ua.MonitoringParameters) -> ua.MonitoredItemModifyResult:
        mdata = self._monitored_items.get(number)
        if mdata is None:
            return ua.MonitoredItemModifyResult(ua.StatusCode(CODES.BadMonitoredItemIdInvalid))
        if not isinstance(asked.Filter, ua.EventFilter):
            return ua.MonitoredItemModifyResult(ua.StatusCode(CODES.BadEventFilterInvalid))
        problem, details = filter_problems(self.aspace, asked.Filter)
        if problem:
            return ua.MonitoredItemModifyResult(ua.StatusCode(problem), FilterResult=details)
        size = self._listen(mdata, asked)
        return ua.MonitoredItemModifyResult(RevisedQueueSize=size, FilterResult=details)

    def _change(self, number: int, watch: Watch) -> Watch:
        if number not in self._rows:
            return self.values.modify(number, watch)
        row, tag, _ = self._rows[number]
        self._table.modify(row, watch)
        self._rows[number] = row, tag, watch
        return watch

    async def set_monitoring_mode(self, mode: ua.MonitoringMode, ids: list[int]) -> list[ua.StatusCode]:
        """Part 4, 5.13.4."""
        if mode not in (DISABLED, SAMPLING, REPORTING):
            raise ServiceError(CODES.BadMonitoringModeInvalid)
        return [self._set_mode(int(mode), number) for number in ids]

    def _set_mode(self, mode: int, number: int) -> ua.StatusCode:
        if number in self._rows:
            self._change(number, replace(self._rows[number][2], mode=mode))
        elif (item := self.values.get(number)) is not None:
            self._change(number, replace(item.watch, mode=mode))
        elif number in self._monitored_items:
            self._monitored_items[number].mode = ua.MonitoringMode(mode)
            if mode == DISABLED:
                self.isub._triggered_events.pop(number, None)
        else:
            return ua.StatusCode(CODES.BadMonitoredItemIdInvalid)
        return ua.StatusCode()

    def _delete_monitored_items(self, mid: int) -> ua.StatusCode:
        status = ua.StatusCode()
        if mid in self._rows:
            row = self._rows.pop(mid)[0]
            del self._numbers[row]
            self._table.remove(row)
        elif not self.values.remove(mid):
            status = super()._delete_monitored_items(mid)
            self.isub._triggered_events.pop(mid, None)
        self._unlink(mid)
        return status

    def delete_all_monitored_items(self) -> None:
        """Without a word to the client."""
        self.delete_monitored_items([*(item.number for item in self.values), *self._monitored_items])
        self._rows.clear()
        self._numbers.clear()
        self._links.clear()
        self._table.clear()

    # --- triggering --------------------------------------------------------------------------------------------------

    def set_triggering(
        self, number: int, add: list[int], remove: list[int]
    ) -> tuple[list[ua.StatusCode], list[ua.StatusCode]]:
        """What else is reported when an item has something to report (Part 4, 5.13.5): a status for each link.

        Links are removed before others are added. Raises ServiceError BadMonitoredItemIdInvalid.
        """
        if not self._has(number):
            raise ServiceError(CODES.BadMonitoredItemIdInvalid)
        links = self._links.setdefault(number, set())
        good, unknown = ua.StatusCode(), ua.StatusCode(CODES.BadMonitoredItemIdInvalid)
        removed = []
        for each in remove:
            removed.append(good if each in links else unknown)
            links.discard(each)
        links |= {each for each in add if self._has(each)}
        self._mark(number, bool(links))
        return [good if each in links else unknown for each in add], removed

    def _has(self, number: int) -> bool:
        return number in self._rows or number in self._monitored_items or self.values.get(number) is not None

    def _mark(self, number: int, fires: bool) -> None:
        if not fires:
            self._links.pop(number, None)
        if number in self._rows:
            self._table.mark(self._rows[number][0], fires)

    def _unlink(self, number: int) -> None:
        """An item that has gone triggers nothing and is triggered by nothing."""
        self._links.pop(number, None)
        self._fired_events.discard(number)
        for other, links in list(self._links.items()):
            links.discard(number)
            self._mark(other, bool(links))

    def heard(self, item: int) -> None:
        """An event was queued for this item."""
        self._fire(item)

    def _fire(self, number: int) -> None:
        """What the links of an item have queued goes out with the next message."""
        for each in self._links.get(number, ()):
            if each in self._rows:
                self._table.release(self._rows[each][0])
            elif (item := self.values.get(each)) is not None:
                item.fired = bool(item.queue)
            elif each in self.isub._triggered_events:
                self._fired_events.add(each)


def _refused(code: int) -> ua.MonitoredItemCreateResult:
    return ua.MonitoredItemCreateResult(StatusCode=ua.StatusCode(code))


def _of_tag(asked: ua.MonitoringParameters, tag: Tag) -> tuple[int, float]:
    """Trigger and dead band of a tag. Raises ServiceError."""
    return trigger_and_band(asked.Filter, not tag.discrete, tag.high - tag.low)
