"""From process image to OPC UA: what a client reads, and what subscribers are told after each scan.

Values are not copied into the address space. A read looks into the image of the latest scan, so all values of one
request belong to one moment, and a tag that nobody looks at costs nothing. After each scan the changed tags that have
subscribers, and only those, are handed to their monitored items; in bites, so that the event loop stays free
(docs/decisions/0010-values-are-read-from-the-image.md).
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

import numpy as np
from asyncua import ua

from opcua_server.nodes import PlantNodes, variant_type
from opcua_server.subscriptions import TagValue, tag_value, tell
from twin.tags import Tag, Tags

BITE = 0.005  # s that the event loop is held in one go

GOOD = ua.StatusCode(ua.StatusCodes.Good)
OUT_OF_SERVICE = ua.StatusCode(ua.StatusCodes.BadOutOfService)
NO_READING = ua.StatusCode(ua.StatusCodes.BadSensorFailure)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Scan:
    """One image on its way out: when it was taken, which writes it holds, and why it is the last one, if it is."""

    image: np.ndarray
    taken: datetime
    applied: int
    failure: str


@dataclass
class Figures:
    """How publishing went: seconds from scan to told, seconds the loop was held in one go, scans passed over."""

    latency: deque[float] = field(default_factory=lambda: deque(maxlen=10_000))
    longest_hold: float = 0.0
    passed_over: int = 0


class Publisher:
    """Serves reads from the latest scan and tells subscribers what changed."""

    def __init__(self, tags: Tags, nodes: PlantNodes, image: np.ndarray) -> None:
        self.figures = Figures()
        self._nodes = nodes
        self._pending: dict[int, tuple[int, float]] = {}
        self._arrival = asyncio.Event()
        self._scan = Scan(image.copy(), _now(), 0, "")
        self._told = self._scan
        self._readers: dict[int, Callable[[], TagValue]] = {}
        for tag in tags.values():
            read = partial(self._read, tag, tag.address, variant_type(tag))
            self._readers[tag.address] = read
            nodes.values[tag.address].value_callback = partial(_answer, read)
        nodes.failure.value_callback = lambda nodeid, attribute: self._read_failure()

    @property
    def failure(self) -> str:
        """Why the simulation stopped, or nothing."""
        return self._scan.failure

    def arrive(self, scan: Scan) -> None:
        """Take a new scan; writes that it does not hold yet stay visible on top of it."""
        self._pending = {a: (ticket, value) for a, (ticket, value) in self._pending.items() if ticket > scan.applied}
        if self._pending:
            image = scan.image.copy()
            for address, (_, value) in self._pending.items():
                image[address] = value
            scan = Scan(image, scan.taken, scan.applied, scan.failure)
        if self._arrival.is_set():
            self.figures.passed_over += 1
        self._scan = scan
        self._arrival.set()

    async def overwrite(self, tag: Tag, value: float, ticket: int) -> None:
        """Show a written value at once, before the plant has it."""
        self._pending[tag.address] = (ticket, value)
        image = self._scan.image.copy()
        image[tag.address] = value
        self._scan = Scan(image, _now(), self._scan.applied, self._scan.failure)
        await tell(self._nodes.values[tag.address], self._readers[tag.address]())

    async def run(self) -> None:
        """Tell subscribers what changed, scan by scan, until cancelled."""
        while True:
            await self._arrival.wait()
            self._arrival.clear()
            scan = self._scan
            changed, failed = self._changed(scan), scan.failure != self._told.failure
            self._told = scan
            try:
                await self._tell_all(changed)
                if failed:
                    await tell(self._nodes.failure, self._read_failure())
            except Exception:
                log.exception("A scan could not be published.")
            self.figures.latency.append((_now() - scan.taken).total_seconds())

    def _changed(self, scan: Scan) -> list[int]:
        """Addresses whose bits differ from what was told last; all when the quality has changed."""
        if scan.failure != self._told.failure:
            return list(self._readers)
        differs = scan.image.view(np.int64) != self._told.image.view(np.int64)
        return np.flatnonzero(differs).tolist()

    async def _tell_all(self, changed: list[int]) -> None:
        values = self._nodes.values
        start = time.perf_counter()
        for address in changed:
            node = values.get(address)
            if node is None or not node.datachange_callbacks:
                continue
            await tell(node, self._readers[address]())
            held = time.perf_counter() - start
            if held > BITE:
                self.figures.longest_hold = max(self.figures.longest_hold, held)
                await asyncio.sleep(0)
                start = time.perf_counter()

    def _read(self, tag: Tag, address: int, kind: ua.VariantType) -> TagValue:
        scan = self._scan
        number = float(scan.image[address])
        status = GOOD
        if scan.failure and tag.equipment != "SIM":
            status = OUT_OF_SERVICE
        elif not math.isfinite(number):
            status = NO_READING
        if kind is ua.VariantType.Double:
            return tag_value(number, kind, status, scan.taken)
        label = int(number) if math.isfinite(number) else 0
        return tag_value(bool(label) if kind is ua.VariantType.Boolean else label, kind, status, scan.taken)

    def _read_failure(self) -> TagValue:
        scan = self._scan
        return tag_value(scan.failure, ua.VariantType.String, GOOD, scan.taken)


def _answer(read: Callable[[], TagValue], nodeid: ua.NodeId, attribute: ua.AttributeIds) -> TagValue:
    return read()


def _now() -> datetime:
    return datetime.now(UTC)
