"""Monitored items that watch anything but a tag: an attribute of a node, the server's status, its diagnostics.

asyncua takes every such item for one of unlimited patience: it knows no sampling interval, no queue that keeps the
oldest, no mark of what was lost, no mode Sampling, no part of an array, and sends all time stamps (Part 4, 5.13, 7.22).
Here an item is read as its session would read it: in its language, with its rights.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from asyncua import ua

from opcua_server.tag_items import BY_STATUS, BY_TIME, DISABLED, REPORTING, Watch
from opcua_server.timestamps import stamped
from opcua_server.value_queue import Room, ValueQueue, noted, packed

SLOW = 1.0
"""Between two samples of what is made when it is read, such as diagnostics [s]."""
MESSAGE = 256 << 10
"""Bytes of values in one message; encoding more of them in one go would hold the event loop."""

Read = Callable[[ua.ReadValueId], ua.DataValue]


class ValueItem:
    """One item; `read` gives what its session reads, `room` is that of its subscription."""

    def __init__(self, number: int, wanted: ua.ReadValueId, watch: Watch, read: Read, room: Room) -> None:
        self.number, self.wanted, self.watch = number, wanted, watch
        self.queue = ValueQueue(room)
        self.overflows = 0
        self.due = -math.inf
        self.fired = False
        self.callback: int | None = None
        """Under which number asyncua tells of a change."""
        self._read = read
        self._last: ua.DataValue | None = None

    @property
    def reports(self) -> bool:
        """Whether something waits that goes out with the next message."""
        return bool(self.queue) and (self.watch.mode == REPORTING or self.fired)

    def modify(self, watch: Watch) -> None:
        """Other wishes; enabled again it reports anew."""
        if self.watch.mode == DISABLED != watch.mode:
            self._last = None
        self.watch, self.due = watch, -math.inf
        self.queue.cut(0 if watch.mode == DISABLED else watch.queue, watch.keep_newest)

    def sample(self, clock: float) -> bool:
        """Read it; True if that was worth a notification."""
        self.due = clock + self.watch.interval
        if self.watch.mode == DISABLED:
            return False
        found = self.queue.admitted(packed(self._read(self.wanted)))
        told = noted(found)
        if not self._differs(told):
            return False
        self._last = told
        lost = self.queue.put(found, self.watch.queue, self.watch.keep_newest)
        self.overflows += lost if self.watch.queue > 1 else 0
        return True

    def repeat(self, clock: float) -> None:
        """Tell the value once more, changed or not, unless one waits already."""
        if self.watch.mode == REPORTING and not self.queue:
            self._last = None
            self.sample(clock)

    def take(self, most: int, weight: int) -> list[ua.MonitoredItemNotification]:
        """The oldest notifications, at most so many and of so many bytes."""
        found = self.queue.take(most, weight)
        self.fired = self.fired and bool(self.queue)
        value, times = self.wanted.AttributeId == ua.AttributeIds.Value, self.watch.times
        return [ua.MonitoredItemNotification(self.watch.handle, stamped(each, value, times)) for each in found]

    def _differs(self, found: ua.DataValue) -> bool:
        """Whether the filter lets a value pass (Part 4, 7.22.2)."""
        last, watch = self._last, self.watch
        if last is None or last.StatusCode != found.StatusCode:
            return True
        if watch.trigger == BY_STATUS:
            return False
        if last.Value != found.Value:
            return watch.band <= 0.0 or _moved(last.Value, found.Value, watch.band)
        return watch.trigger == BY_TIME and last.SourceTimestamp != found.SourceTimestamp


class ValueItems:
    """Those of one subscription. What is made when it is read, or wanted less often than it may change, is `polled`.

    `polled` is common to all subscriptions and is sampled by the server; `fire` is called with the number of an item
    that has something new to report.
    """

    def __init__(
        self, space: Any, read: Read, polled: OrderedDict[ValueItem, ValueItems], fire: Callable[[int], None]
    ) -> None:
        self._space, self._read, self._polled, self._fire = space, read, polled, fire
        self._items: dict[int, ValueItem] = {}
        self._told: dict[int, ValueItem] = {}
        self._loaded: dict[int, ValueItem] = {}
        self._overflows = 0
        self.room = Room()

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[ValueItem]:
        return iter(list(self._items.values()))

    def get(self, number: int) -> ValueItem | None:
        """By its number."""
        return self._items.get(number)

    @property
    def overflows(self) -> int:
        """Values that were lost."""
        return self._overflows + sum(item.overflows for item in self)

    # --- items -------------------------------------------------------------------------------------------------------

    def add(self, number: int, wanted: ua.ReadValueId, watch: Watch) -> Watch:
        """A new item, whose first value is queued at once; its wishes as revised. The node must have the attribute."""
        self._items[number] = ValueItem(number, wanted, watch, self._read, self.room)
        return self.modify(number, watch)

    def modify(self, number: int, watch: Watch) -> Watch:
        """Other wishes for an item; they as revised."""
        item = self._items[number]
        if self._is_made(item):
            watch = replace(watch, interval=max(watch.interval, SLOW))
        self._forget(item)
        item.modify(watch)
        self._listen(item)
        self._notice(item)
        self.sample(item, time.monotonic())
        return watch

    def remove(self, number: int) -> bool:
        """Whether there was one."""
        item = self._items.pop(number, None)
        if item is None:
            return False
        self._overflows += item.overflows
        item.queue.leave()
        self._loaded.pop(number, None)
        self._forget(item)
        return True

    def _is_made(self, item: ValueItem) -> bool:
        """Whether the value is made when it is read, so that nobody tells of a change."""
        node = self._space.get(item.wanted.NodeId)
        return node is None or node.attributes[item.wanted.AttributeId].value_callback is not None

    def _listen(self, item: ValueItem) -> None:
        wanted = item.wanted
        if item.watch.interval > 0.0:
            self._polled[item] = self
        else:
            _, number = self._space.add_datachange_callback(wanted.NodeId, wanted.AttributeId, self._changed)
            self._told[number], item.callback = item, number

    def _forget(self, item: ValueItem) -> None:
        self._polled.pop(item, None)
        if item.callback is None:
            return
        del self._told[item.callback]
        if item.wanted.NodeId in self._space:
            self._space.delete_datachange_callback(item.callback)
        item.callback = None

    # --- values ------------------------------------------------------------------------------------------------------

    def sample(self, item: ValueItem, clock: float) -> None:
        """Look at one of them; what tells of its changes itself is polled once, if at all."""
        if item.callback is not None:
            self._polled.pop(item, None)
        if item.sample(clock):
            self._notice(item)
            self._fire(item.number)

    async def _changed(self, handle: int, value: ua.DataValue) -> None:
        """asyncua tells that an attribute was written."""
        if (item := self._told.get(handle)) is not None:
            self.sample(item, time.monotonic())

    def look_again(self) -> None:
        """The session has another user or language: what it sees otherwise is told, without waiting for a change.

        The server looks at all of it in bites, as at what is polled anyway.
        """
        for item in self._told.values():
            item.due = -math.inf
            self._polled[item] = self

    def repeat(self) -> None:
        """Report every value once more."""
        for item in self:
            item.repeat(time.monotonic())
            self._notice(item)

    def _notice(self, item: ValueItem) -> None:
        if item.queue:
            self._loaded[item.number] = item

    def ready(self) -> bool:
        """Whether there is anything to report."""
        return any(item.reports for item in self._loaded.values())

    def take(self, most: int) -> list[ua.MonitoredItemNotification]:
        """The oldest notifications, at most so many and of so many bytes as one message should have."""
        found: list[ua.MonitoredItemNotification] = []
        before = self.room.used
        for number, item in list(self._loaded.items()):
            left = MESSAGE - (before - self.room.used)
            if len(found) == most or left <= 0:
                break
            if item.reports:
                found += item.take(most - len(found), left)
            if not item.queue:
                del self._loaded[number]
        return found


def _moved(last: ua.Variant | None, found: ua.Variant | None, band: float) -> bool:
    """Whether a number, or one of an array, has left its dead band."""
    old, new = (each.Value if each is not None else None for each in (last, found))
    if not isinstance(old, list):
        old, new = [old], [new]
    if not isinstance(new, list) or len(old) != len(new) or None in old or None in new:
        return True
    return any(not abs(b - a) <= band for a, b in zip(old, new, strict=True))
