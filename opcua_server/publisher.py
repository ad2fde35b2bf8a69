"""From process image to OPC UA: what a client reads, and what subscribers are told after each scan.

Values are not copied into the address space. A read looks into the image of the latest scan, so all values of one
request belong to one moment, and a tag that nobody looks at costs nothing. After each scan every subscription samples
it and those that are due are published; in bites, so that the event loop stays free
(docs/decisions/0010-values-are-read-from-the-image.md, 0013-publishing-from-the-image.md).
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial

import numpy as np
from asyncua import ua

from opcua_server.caller import moment_of
from opcua_server.nodes import PlantNodes, variant_type
from opcua_server.subscriptions import TagSubscriptions
from opcua_server.tag_items import Sample
from opcua_server.timestamps import new
from twin.tags import Tag

BITE = 0.0005  # s that the event loop is held in one go
BREATH = 3  # turns of the loop between two bites: a request is received, taken and answered in so many
IDLE = 0.5  # scans to wait for one that is late, before publishing without it

GOOD = ua.StatusCode(ua.StatusCodes.Good)
OUT_OF_SERVICE = ua.StatusCode(ua.StatusCodes.BadOutOfService)
NO_READING = ua.StatusCode(ua.StatusCodes.BadSensorFailure)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Scan:
    """One image on its way out: when it was taken, which writes it holds, and why it is the last one, if it is.

    `written` are later writes by address, seen in place of what the image has. While nothing `moves` no scan comes, and
    what was taken is known to be so until somebody asks for a step.
    """

    image: np.ndarray
    taken: datetime
    applied: int
    failure: str
    written: dict[int, float] = field(default_factory=dict)
    moves: bool = True

    @property
    def known(self) -> datetime:
        """When it was known to be so (Part 4, 7.7.4)."""
        return self.taken if self.moves else _now()

    def number(self, address: int) -> float:
        """What is read at an address."""
        return self.written[address] if address in self.written else float(self.image[address])

    def copy(self) -> np.ndarray:
        """All that is read."""
        values = self.image.copy()
        for address, value in self.written.items():
            values[address] = value
        return values


@dataclass
class Figures:
    """How publishing went: seconds from scan to told, seconds the loop was held in one go, scans passed over."""

    latency: deque[float] = field(default_factory=lambda: deque(maxlen=10_000))
    longest_hold: float = 0.0
    passed_over: int = 0


class Publisher:
    """Serves reads from the latest scan and tells subscribers what changed; `period` [s] is that of the scans."""

    def __init__(self, nodes: PlantNodes, image: np.ndarray, subscriptions: TagSubscriptions, period: float) -> None:
        self.figures = Figures()
        self._nodes = nodes
        self._subscriptions = subscriptions
        self._period = period
        self._pending: dict[int, tuple[int, float]] = {}
        self._arrival = asyncio.Event()
        self._fresh = self._unseen = False
        self._came = 0.0  # when the latest scan did
        self._scan = Scan(image.copy(), _now(), 0, "")
        self._told = self._scan
        tags = {tag.address: tag for _, tag in nodes.shown}
        self._discrete = np.array([address for address, tag in tags.items() if tag.discrete], np.int64)
        self._own = np.array([address for address, tag in tags.items() if tag.equipment == "SIM"], np.int64)
        subscriptions.tags |= nodes.by_id
        subscriptions.on_change(lambda: self._look(self._scan))
        for value, tag in nodes.shown:
            read = partial(self._read, tag, tag.address, variant_type(tag))
            value.value_callback = partial(_answer, read)
        nodes.failure.value_callback = lambda nodeid, attribute: self._read_failure()

    @property
    def failure(self) -> str:
        """Why the simulation stopped, or nothing."""
        return self._scan.failure

    @property
    def image(self) -> np.ndarray:
        """The latest scan."""
        return self._scan.copy() if self._scan.written else self._scan.image

    def value(self, tag: Tag) -> float:
        """What a client reads of a tag now."""
        return self._scan.number(tag.address)

    def arrive(self, scan: Scan) -> None:
        """Take a new scan; writes that it does not hold yet stay visible on top of it."""
        self._pending = {a: (ticket, value) for a, (ticket, value) in self._pending.items() if ticket > scan.applied}
        scan.written.update({address: value for address, (_, value) in self._pending.items()})
        self.figures.passed_over += self._fresh
        self._came = time.monotonic()
        self._scan, self._fresh = scan, True
        self._look(scan)

    def overwrite(self, tag: Tag, value: float, ticket: int) -> None:
        """Show a written value at once, before the plant has it; subscribers hear of it with the next scan."""
        self._pending[tag.address] = (ticket, value)
        written = self._scan.written | {tag.address: value}
        self._scan, self._unseen = replace(self._scan, taken=_now(), written=written), True
        if time.monotonic() - self._came > 2.0 * self._period:
            self._arrival.set()

    async def run(self) -> None:
        """Tell subscribers what changed, scan by scan, until cancelled; without scans, that the server is alive."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._patience()):  # wait_for may swallow being cancelled
                    await self._arrival.wait()
            self._arrival.clear()
            scan, fresh, self._fresh = self._scan, self._fresh, False
            if self._unseen:  # writes, of which there may be many between two scans
                self._look(scan)
                self._arrival.clear()
            await self._publish(0.5 * self._period if fresh else -IDLE * self._period)
            if scan.failure != self._told.failure:
                self._subscriptions.hurry()  # why the simulation stopped is no tag, and the service level neither
            self._told = scan
            if fresh:
                self.figures.latency.append((_now() - scan.taken).total_seconds())

    def _look(self, scan: Scan) -> None:
        """Queue what has changed, of every scan, and see to it that it is published."""
        self._unseen = False
        try:
            self._subscriptions.sample(self._sample(scan))
        except Exception:
            log.exception("A scan could not be sampled.")
        self._arrival.set()

    def _patience(self) -> float:
        """How long to wait for a scan [s]: until a subscription is due, and a little for the scan to come first."""
        waiting = [found.next_publish for found in self._subscriptions.clients()]
        if not waiting:
            return 1.0
        return max(min(waiting) + IDLE * self._period - time.monotonic(), 0.01)

    async def _publish(self, early: float) -> None:
        """Publish what is due, giving the loop to others between two bites."""
        start = time.perf_counter()
        self._subscriptions.look()
        for subscription in sorted(self._subscriptions.clients(), key=lambda found: -found.priority):
            more = True
            while more:
                try:
                    more = await subscription.publish_due(time.monotonic(), early)
                except Exception:  # one client's trouble is not that of the others
                    log.exception("%s could not be published.", subscription)
                    more = False
                held = time.perf_counter() - start
                if held > BITE:
                    self.figures.longest_hold = max(self.figures.longest_hold, held)
                    for _ in range(BREATH):
                        await asyncio.sleep(0)
                    start = time.perf_counter()

    def _sample(self, scan: Scan) -> Sample:
        """The scan as subscriptions take it: labels as whole numbers, a status for every address."""
        values, status = scan.copy(), np.zeros(len(scan.image), np.uint32)
        finite = np.isfinite(values)
        if not finite.all():
            status[~finite] = NO_READING.value
        if scan.failure:
            own = status[self._own]
            status[:] = OUT_OF_SERVICE.value
            status[self._own] = own
        values[self._discrete] = np.trunc(np.where(finite[self._discrete], values[self._discrete], 0.0))
        return Sample(values, status, ua.datetime_to_win_epoch(scan.taken), time.monotonic())

    def _read(self, tag: Tag, address: int, kind: ua.VariantType) -> ua.DataValue:
        scan = moment_of(self._scan)
        number = scan.number(address)
        status = GOOD
        if scan.failure and tag.equipment != "SIM":
            status = OUT_OF_SERVICE
        elif not math.isfinite(number):
            status = NO_READING
        if kind in (ua.VariantType.Double, ua.VariantType.Float):
            return data_value(number, kind, status, scan.taken, scan.known)
        label = int(number) if math.isfinite(number) else 0
        told = bool(label) if kind is ua.VariantType.Boolean else label
        return data_value(told, kind, status, scan.taken, scan.known)

    def _read_failure(self) -> ua.DataValue:
        scan = moment_of(self._scan)
        return data_value(scan.failure, ua.VariantType.String, GOOD, scan.taken, scan.known)


def data_value(
    value: float | int | bool | str, kind: ua.VariantType, status: ua.StatusCode, at: datetime, known: datetime
) -> ua.DataValue:
    """A value as of `at`, `known` to the server to be so."""
    variant = new(ua.Variant)
    variant.Value, variant.VariantType, variant.Dimensions, variant.is_array = value, kind, None, False
    made = new(ua.DataValue)
    made.Encoding, made.Value, made.StatusCode = 0, variant, status
    made.SourceTimestamp, made.ServerTimestamp = at, known
    made.SourcePicoseconds = made.ServerPicoseconds = None
    return made


def _answer(read: Callable[[], ua.DataValue], nodeid: ua.NodeId, attribute: ua.AttributeIds) -> ua.DataValue:
    return read()


def _now() -> datetime:
    return datetime.now(UTC)
