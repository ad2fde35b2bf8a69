"""Alarms of the engine as OPC UA conditions (Part 9): events to those who subscribe, refresh, and what operators do.

The engine tells of a transition in whatever thread it happens; the event loop takes it up, looks for the items that
want it, and puts it into their queues, in bites. It goes out with the next publication. EventIds name the run of the
server, the alarm and the number of the transition, so an acknowledgement that comes late or for another alarm is
recognised.
"""

from __future__ import annotations

import asyncio
import logging
import os
import struct
import time
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import numpy as np
from asyncua import ua
from asyncua.server.address_space import AddressSpace

from opcua_server.caller import caller, speaks_japanese
from opcua_server.condition_fields import Condition, Moment, condition_fields
from opcua_server.condition_methods import UINT, bind_methods, checked
from opcua_server.condition_nodes import ConditionNodes
from opcua_server.event_filter import event_fields
from opcua_server.event_queue import REFRESH_BEGINS, REFRESH_ENDS, server_event
from opcua_server.nodes import PlantNodes
from opcua_server.subscription import TagSubscription
from opcua_server.subscriptions import TagSubscriptions
from opcua_server.where import Fields
from twin.alarms.engine import AlarmEngine
from twin.alarms.event import AlarmEvent, AlarmRefused, messages

BITE = 0.005  # s that the event loop is held in one go
EVENT_ID = struct.Struct(">4sIQ")

IDS, CODES = ua.ObjectIds, ua.StatusCodes

log = logging.getLogger(__name__)


class Conditions:
    """The conditions of one server; `image` gives the latest scan, `settled` waits until what happened is on record."""

    def __init__(
        self,
        space: AddressSpace,
        nodes: PlantNodes,
        engine: AlarmEngine,
        subscriptions: TagSubscriptions,
        image: Callable[[], np.ndarray],
        settled: Callable[[], Awaitable[None]],
    ) -> None:
        self.longest_hold = 0.0
        self._engine, self._subscriptions, self._image = engine, subscriptions, image
        self._settled = settled
        self._nodes = ConditionNodes(space, nodes, engine.alarms, lambda condition: self._present(condition))
        self._token, self._started = os.urandom(4), datetime.now(UTC)
        self._latest: dict[int, AlarmEvent] = {event.row: event for event in engine.events_now()}
        self._waiting: deque[AlarmEvent] = deque()
        self._arrival = asyncio.Event()
        self._delivering = asyncio.Lock()
        self._refreshing: set[int] = set()
        self._loop = asyncio.get_running_loop()
        self.stop = engine.subscribe(self._tell)
        space.add_method_callback(ua.NodeId(IDS.ConditionType_ConditionRefresh), checked(self._refresh, (UINT,)))
        space.add_method_callback(ua.NodeId(IDS.ConditionType_ConditionRefresh2), checked(self._refresh, (UINT, UINT)))
        event_fields(space)  # now, so that the first client with a filter does not wait
        self.methods = bind_methods(space, engine, self._nodes.find, self._number, settled)

    # --- telling -----------------------------------------------------------------------------------------------------

    def _tell(self, event: AlarmEvent) -> None:
        """In whatever thread it happens: hand it over to the event loop."""
        self._loop.call_soon_threadsafe(self._arrive, event)

    def _arrive(self, event: AlarmEvent) -> None:
        self._waiting.append(event)
        self._arrival.set()

    async def run(self) -> None:
        """Hand events to those who want them, until cancelled."""
        while True:
            await self._arrival.wait()
            self._arrival.clear()
            try:
                await self._deliver()
            except Exception:
                log.exception("An alarm could not be told.")
            self._subscriptions.wake()

    async def _deliver(self) -> None:
        """Everything that waits, once it is on record: what a client was told is never lost."""
        async with self._delivering:
            while ready := len(self._waiting):
                await self._settled()
                start = time.perf_counter()
                for _ in range(ready):
                    start = await self._tell_all(self._waiting.popleft(), start)

    async def _tell_all(self, event: AlarmEvent, start: float) -> float:
        """One event to everybody who listens, giving the loop to others between two bites."""
        self._latest[event.row] = event
        condition = self._nodes.conditions[event.row]
        moment = self._moment(condition, event)
        told: dict[bool, Fields] = {}
        for subscription in self._subscriptions.clients():
            if not subscription.listens():
                continue
            japanese = self._japanese(subscription)
            if japanese not in told:
                told[japanese] = condition_fields(condition, moment, japanese)
            await subscription.tell(told[japanese], condition.notifiers)
            start = await self._breathe(start)
        return start

    async def _breathe(self, start: float) -> float:
        held = time.perf_counter() - start
        if held < BITE:
            return start
        self.longest_hold = max(self.longest_hold, held)
        await asyncio.sleep(0)
        return time.perf_counter()

    def _japanese(self, subscription: TagSubscription) -> bool:
        return speaks_japanese(subscription.listener)

    def _moment(self, condition: Condition, event: AlarmEvent | None) -> Moment:
        """A condition as of an event; without one, as it is and always was."""
        alarm, engine = condition.alarm, self._engine
        comment, user = engine.note(alarm.name)
        limits = engine.limits(alarm.name, self._image())
        if event is None:
            state = engine.state(alarm.name)
            words = messages(alarm, "returned", 0, state.value)
            return Moment(state, self._event_id(condition.row, 0), words, comment, user, self._started, 0.0, limits)
        words = (event.message, event.message_ja)
        number = self._event_id(condition.row, event.id)
        return Moment(event.state, number, words, comment, user, event.wall, event.time, limits)

    def _present(self, condition: Condition) -> Fields:
        """The fields of a condition now, for a reader."""
        moment = self._moment(condition, self._latest.get(condition.row))
        state = self._engine.state(condition.alarm.name)
        now = Moment(**{**vars(moment), "state": state, "now": self._engine.time})
        return condition_fields(condition, now, speaks_japanese(caller()))

    def _event_id(self, row: int, number: int) -> bytes:
        return EVENT_ID.pack(self._token, row, number)

    def _number(self, condition: Condition, event_id: bytes | None) -> int:
        """The number of an event of this condition. Raises AlarmRefused for any other."""
        try:
            token, row, number = EVENT_ID.unpack(event_id or b"")
        except struct.error:
            token, row, number = b"", -1, 0
        if token != self._token or row != condition.row or not number:
            raise AlarmRefused(f"{condition.alarm.name}: this event is not one of its own.", "unknown_event")
        return int(number)

    # --- refresh -----------------------------------------------------------------------------------------------------

    async def _refresh(self, parent: ua.NodeId, number: int, item: int | None = None) -> int:
        """ConditionRefresh (Part 9, 5.5.7): every condition that somebody still has to do with, between two marks."""
        found = self._subscriptions.subscriptions.get(number)
        session = caller()
        if not isinstance(found, TagSubscription) or (session and found.session_id != session.session_id):
            return int(CODES.BadSubscriptionIdInvalid)
        if item is not None and not found.listens(item):
            return int(CODES.BadMonitoredItemIdInvalid)
        if number in self._refreshing:
            return int(CODES.BadRefreshInProgress)
        self._refreshing.add(number)
        try:
            await self._deliver()
            async with self._delivering:
                await self._repeat(found, item)
        finally:
            self._refreshing.discard(number)
        self._subscriptions.wake()
        return int(CODES.Good)

    async def _repeat(self, subscription: TagSubscription, item: int | None) -> None:
        japanese, start = self._japanese(subscription), time.perf_counter()
        await subscription.mark(server_event(REFRESH_BEGINS, japanese), item)
        for row, event in sorted(self._latest.items()):
            if event.state.retain:
                condition = self._nodes.conditions[row]
                fields = condition_fields(condition, self._moment(condition, event), japanese)
                await subscription.tell(fields, condition.notifiers, item)
                start = await self._breathe(start)
        await subscription.mark(server_event(REFRESH_ENDS, japanese), item)
