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
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from twin.history.database import HistoryError
from twin.history.notes import Change, Note, Outcome, change_note
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
        self.bands = {name: band for name, band in (bands or {}).items() if band > 0.0}
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
        self._store.renew()
        self._minutes: Minutes | None = None
        self.begins: dict[int, int] = {}
        """Wall clock of the first scan and the first minute that are kept [us since 1970], by tier."""
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
        self.begins.setdefault(RAW, wall)
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

    def change_note(self, change: Change, note: Note) -> Outcome:
        """Add, replace or remove a note of a person."""
        return change_note(self._store, change, note, self.time)

    @property
    def time(self) -> float:
        """Simulated time of the last scan [s], 0 before the first."""
        return self._last if math.isfinite(self._last) else 0.0

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
        self._look_back()

    def _look_back(self) -> None:
        """See where the history begins."""
        found = {tier: self._store.first(tier) for tier in (RAW, MINUTE)}
        self.begins = {tier: wall for tier, wall in found.items() if wall is not None}

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
        self._look_back()
        self._store.commit()

    def _begin_run(self, time: float) -> None:
        self._run += 1
        self._store.begin_run(self._run, time)
        self._last = self._due = -math.inf


class Request:
    """Something to do with a history between two scans, whose result somebody waits for."""

    def __init__(self, do: Callable[[History], Any]) -> None:
        self.do = do
        self.result: Any = None
        self.done: Future[Any] = Future()

    def begin(self, history: History) -> None:
        """Do it, unless nobody waits any more."""
        if self.done.set_running_or_notify_cancel():
            self.result = self.do(history)

    def finish(self, problem: Exception | None = None) -> None:
        """Hand over the result, or why there is none, if anybody still waits."""
        if self.done.cancelled() or (not self.done.running() and not self.done.set_running_or_notify_cancel()):
            return
        if problem is not None:
            self.done.set_exception(problem)
        else:
            self.done.set_result(self.result)


Scanned = tuple[np.ndarray, float, int, int]
Item = Scanned | Event | Request


class Recorder:
    """A history written in a thread of its own: a slow disk never delays a scan.

    When the disk is full or the database is gone, scans wait in the queue until it works again; those that do not fit
    are counted. What was written and not committed is written again.
    """

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
        self.reason = ""
        """Why it is failing."""
        self._told = 0  # of those lost
        self._again = self._since = -math.inf
        self._unsaved: list[Item] = []
        self._closing = threading.Event()
        self._queue: queue.Queue[Item | None] = queue.Queue(self.WAITING)
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

    def ask(self, do: Callable[[History], Any]) -> Future[Any]:
        """Have something done to the history; its result comes when it is durable, HistoryError if it cannot be."""
        request = Request(do)
        if self.failing or not self._put(request):
            request.finish(HistoryError(f"The history cannot be written now. {self.reason}".strip()))
        return request.done

    def settled(self) -> Future[None]:
        """Done once all that was handed over before is committed, or cannot be: a killed process does not lose it."""
        settled: Future[None] = Future()
        self.ask(lambda history: None).add_done_callback(lambda _: settled.set_result(None))
        return settled

    def _put(self, item: Item) -> bool:
        try:
            self._queue.put_nowait(item)
        except queue.Full:
            self.lost += 1
            return False
        return True

    def close(self) -> None:
        """Write what waits, commit and close; a history that fails gets one more chance."""
        self._closing.set()
        with suppress(queue.Full):
            self._queue.put_nowait(None)  # so that nobody waits for a scan any more
        self._thread.join()
        left = [item for item in (*self._unsaved, *self._queue.queue) if item is not None]
        self.lost += len(left)
        self._tell_lost("the history cannot be written")
        for item in left:
            if isinstance(item, Request):
                item.finish(HistoryError("The history was closed."))
        try:
            self.history.close()
        except Exception as problem:
            log.error("The history could not be closed: %s", problem)

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        due, busy = clock.monotonic() + self.COMMIT_AFTER, False
        while True:
            if self.failing and not self._mended():
                if self._closing.is_set():
                    return
                continue
            item: Item | None = None
            hurry = busy or self._closing.is_set()
            try:
                item = self._queue.get(timeout=0.001 if hurry else max(due - clock.monotonic(), 0.001))
            except queue.Empty:
                busy = self._tried(self.history.work)
                if self._closing.is_set() and self._tried(self._commit):
                    return
            if item is not None:
                self._take(item)
            if clock.monotonic() >= due or isinstance(item, Request):
                self._tried(self._commit)
                self._tell_lost("the history is too slow")
                due = clock.monotonic() + self.COMMIT_AFTER

    def _take(self, item: Item) -> None:
        """Write an item; one that no database would take is left out."""
        try:
            self._write(item)
        except HistoryError as problem:
            self._unsaved.append(item)
            self._fail(problem)
        except Exception as problem:
            self._fail(problem)
            if isinstance(item, Request):
                item.finish(HistoryError(str(problem)))
            else:
                self.lost += 1
        else:
            self._unsaved.append(item)

    def _write(self, item: Item) -> None:
        if isinstance(item, Request):
            item.begin(self.history)
        elif isinstance(item, Event):
            self.history.note(item)
        else:
            self.history.record(*item)

    def _commit(self) -> bool:
        self.history.commit()
        saved, self._unsaved = self._unsaved, []
        for item in saved:
            if isinstance(item, Request):
                item.finish()
        return True

    def _tried(self, do: Callable[[], Any]) -> bool:
        """Do something with the history; False too when that failed."""
        if self.failing:
            return False
        try:
            return bool(do())
        except Exception as problem:
            self._fail(problem)
            return False

    def _fail(self, problem: Exception) -> None:
        """The disk is full, the server is gone: whoever waits is told, the rest is tried again."""
        self.reason = str(problem).strip().rstrip(".") + "."
        self.failing, self._since = True, clock.monotonic()
        log.error("The history could not be written: %s The plant goes on.", self.reason)
        for item in self._unsaved:
            if isinstance(item, Request):
                item.finish(HistoryError(self.reason))
        self._unsaved = [item for item in self._unsaved if not isinstance(item, Request)]

    def _mended(self) -> bool:
        """Try, now and then, to go on from what was committed, with what was not."""
        if not self._closing.is_set() and (wait := self._again - clock.monotonic()) > 0.0:
            self._closing.wait(min(wait, 0.1))
            return False
        self._again = clock.monotonic() + self.PATIENCE
        try:
            self.history.reopen()
            for item in self._unsaved:
                self._write(item)
            self._commit()
        except Exception as problem:
            self.reason = str(problem).strip().rstrip(".") + "."
            return False
        self.failing, passed = False, clock.monotonic() - self._since
        missing, self._told = self.lost - self._told, self.lost
        log.warning("The history is written again after %.0f s; %d scans or events are missing.", passed, missing)
        return True

    def _tell_lost(self, why: str) -> None:
        if self.lost > self._told:
            log.error("%d scans or events were not recorded: %s.", self.lost - self._told, why)
            self._told = self.lost


def now() -> int:
    """The wall clock [us since 1970]."""
    return clock.time_ns() // 1000
