"""The recorder: chosen tags every interval of simulated time, the minute tier, retention.

    with History.create("out/history.sqlite", plant, interval=10.0) as history:
        history.record(plant.image, plant.time)

`Recorder` is the same in a thread of its own behind a bounded queue, for plants that run by the clock.
"""

from __future__ import annotations

import logging
import math
import queue
import threading
import time as clock
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from twin.history.database import HistoryError
from twin.history.series import choose
from twin.history.store import MINUTE, RAW, Event, Scan, Store
from twin.history.tiers import Minutes
from twin.tags import Tags

if TYPE_CHECKING:
    from twin.plant import Plant

COMMIT_EVERY = 200
"""Scans between two commits, where nobody commits by the clock."""
PRUNE_EVERY = 60.0  # s of the wall clock
DAY = 86400.0

Item = tuple[np.ndarray, float, int, int] | Event
"""A scan (image, simulated time [s], date [us since 1970], quality), or an event."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Retention:
    """How long to keep every scan, and minutes and events [s of the wall clock]."""

    raw: float = 30.0 * DAY
    minutes: float = 730.0 * DAY


class History:
    """The writer: one row of chosen tags every `interval` [s] of simulated time; 0 takes every scan.

    `bands` are dead bands of tags in SI, 0 where none is named. With a `retention` there is a minute tier, and what is
    older is dropped.
    """

    def __init__(
        self,
        path: str | Path,
        tags: Tags,
        names: Sequence[str],
        interval: float,
        plant: str = "",
        bands: dict[str, float] | None = None,
        retention: Retention | None = None,
    ) -> None:
        if not interval >= 0.0:
            raise HistoryError(f"A history needs an interval of zero (every scan) or more, got {interval:g} s.")
        self.path = path
        self.names = tuple(names)
        self.interval = interval
        self._addresses = np.array([tags[name].address for name in names], dtype=np.int64)
        rows = [(name, tags[name].unit, tags[name].text, (bands or {}).get(name, 0.0)) for name in names]
        self._described = rows, {"plant": plant, "interval": repr(interval)}
        self._retention = retention
        self.patient = False  # somebody else calls `work` and `commit`
        self._pruned = -math.inf
        self._pending = self._wall = self._run = self._quality = 0
        self._due = self._last = -math.inf
        self._row = b""
        self._store = Store(path)
        self._minutes: Minutes | None = None
        self._go_on()

    @classmethod
    def create(
        cls,
        path: str | Path,
        plant: Plant,
        names: Iterable[str] = ("*",),
        interval: float = 10.0,
        bands: dict[str, float] | None = None,
        retention: Retention | None = None,
    ) -> History:
        """Begin, or go on with, the history of a plant; `names` are tags or patterns such as "BAG-*.level"."""
        return cls(path, plant.tags, choose(plant.tags, names), interval, plant.name, bands, retention)

    def record(self, image: np.ndarray, time: float, wall: int | None = None, quality: int = 0) -> None:
        """Store a scan if one is due; a time before the last one begins a new run. `wall` [us since 1970] is its date.

        A scan of the time of the last one is stored if something in it changed: somebody wrote while the plant stood.
        """
        if time < self._last:
            self._begin_run(time)
        if time < self._due and not (time == self._last and self._row):
            return
        row = image[self._addresses].astype("<f4").tobytes()
        if time == self._last and (not self._row or (row == self._row and quality == self._quality)):
            return
        wall = max(now() if wall is None else wall, self._wall + 1)  # grows, though clocks are set back
        self._store.append(Scan(self._run, time, wall, quality, row))
        self._row, self._quality, self._last, self._wall = row, quality, time, wall
        if self._minutes is not None:
            self._minutes.add(self._store, Scan(self._run, time, wall, quality, row))
        self._due = -math.inf
        if self.interval > 0.0:
            self._due = (math.floor(time / self.interval + 1e-9) + 1.0) * self.interval * (1.0 - 1e-12)
        self._pending += 1
        if not self.patient:
            while self.work():
                pass
            if self._pending >= COMMIT_EVERY:
                self.commit()

    def work(self) -> bool:
        """Fold a little; False when there is nothing to fold."""
        return self._store.step()

    def note(self, event: Event) -> None:
        """Store an event."""
        self._store.note(event)

    def commit(self) -> None:
        """Make all scans so far durable."""
        if self._retention is not None and clock.monotonic() - self._pruned > PRUNE_EVERY:
            self.prune()
        self._store.commit()
        self._pending = 0

    def prune(self) -> None:
        """Drop what is older than the retention."""
        assert self._retention is not None
        self._pruned = clock.monotonic()
        self._store.forget(RAW, now() - int(1e6 * self._retention.raw))
        self._store.forget(MINUTE, now() - int(1e6 * self._retention.minutes))
        self._store.forget_events(now() - int(1e6 * self._retention.minutes))

    def close(self) -> None:
        """Commit and close."""
        self._store.close()

    def __enter__(self) -> History:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def reopen(self) -> None:
        """After a failure: go on from what was committed, over a new connection."""
        self._store.abandon()
        self._store = Store(self.path)
        self._row, self._due, self._last = b"", -math.inf, -math.inf
        self._go_on()

    def _go_on(self) -> None:
        """Take up where the history ends, or begin it."""
        self._store.describe(*self._described)
        found = self._store.last()
        if found is None:
            self._store.begin_run(0, -math.inf)
        else:
            self._run, self._last, self._wall = found
        self._minutes = Minutes(self._store, len(self.names)) if self._retention is not None else None
        self._store.commit()

    def _begin_run(self, time: float) -> None:
        self._run += 1
        self._store.begin_run(self._run, time)
        self._last = self._due = -math.inf


class Recorder:
    """A history written in a thread of its own: a slow disk never delays a scan. What does not fit is counted."""

    COMMIT_AFTER = 0.4  # s; with the queue's patience, less than a second is lost when the process is killed
    PATIENCE = 2.0
    """Seconds between two attempts to open a history again that failed."""
    WAITING = 600
    """Scans that may wait, a minute at ten a second."""

    def __init__(self, history: History) -> None:
        self.history = history
        history.patient = True
        self.lost = 0
        self.failing = False
        self._again = -math.inf
        self._queue: queue.Queue[Item | Future[None] | None] = queue.Queue(self.WAITING)
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Scans and events that are not written yet."""
        return self._queue.qsize()

    def record(self, image: np.ndarray, time: float, wall: int | None = None, quality: int = 0) -> None:
        """Hand over a scan, which must not change any more; never waits."""
        self._put((image, time, now() if wall is None else wall, quality))

    def note(self, event: Event) -> None:
        """Hand over an event; never waits."""
        self._put(event)

    def settled(self) -> Future[None]:
        """Done once all that was handed over before is committed, or cannot be: a killed process does not lose it."""
        asked: Future[None] = Future()
        try:
            self._queue.put_nowait(asked)
        except queue.Full:
            asked.set_result(None)
        return asked

    def _put(self, item: Item) -> None:
        try:
            self._queue.put_nowait(item)
        except queue.Full:
            self.lost += 1

    def close(self) -> None:
        """Write what waits, commit and close."""
        self._queue.put(None)
        self._thread.join()
        try:
            self.history.close()
        except Exception as problem:
            log.error("The history could not be closed: %s", problem)

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        due, told, busy = clock.monotonic() + self.COMMIT_AFTER, 0, False
        while True:
            try:
                item = self._queue.get(timeout=0.001 if busy else max(due - clock.monotonic(), 0.001))
                if item is None:
                    return
                if isinstance(item, Future):
                    self._commit()
                    item.set_result(None)
                else:
                    self._write(item)
            except queue.Empty:
                busy = self._work()
            if clock.monotonic() >= due:
                self._commit()
                due = clock.monotonic() + self.COMMIT_AFTER
            if self.lost > told:
                log.error("%d scans or events were not recorded: the history is too slow.", self.lost - told)
                told = self.lost

    def _write(self, item: Item) -> None:
        try:
            if isinstance(item, Event):
                self.history.note(item)
            else:
                self.history.record(*item)
        except Exception as problem:
            self.lost += 1
            self._recover(problem)

    def _work(self) -> bool:
        """Fold while there is nothing to write, a little at a time: what comes meanwhile is committed in time."""
        try:
            return self.history.work()
        except Exception as problem:
            self._recover(problem)
            return False

    def _commit(self) -> None:
        try:
            self.history.commit()
            self.failing = False
        except Exception as problem:
            self._recover(problem)

    def _recover(self, problem: Exception) -> None:
        """The disk is full, the server is gone: try again from what was committed, now and then."""
        self.failing = True
        if clock.monotonic() < self._again:
            return
        log.error("The history could not be written: %s.", str(problem).strip().rstrip("."))
        self._again = clock.monotonic() + self.PATIENCE
        try:
            self.history.reopen()
        except Exception as still:
            log.error("It cannot be opened again: %s", still)


def now() -> int:
    """The wall clock [us since 1970]."""
    return clock.time_ns() // 1000
