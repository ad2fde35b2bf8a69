"""Writing a history: chosen tags every interval of simulated time, the minute tier, retention.

    with History.create("out/history.sqlite", plant, interval=10.0) as history:
        history.record(plant.image, plant.time)

`Recorder` does the same in a thread of its own.
"""

from __future__ import annotations

import logging
import math
import time as clock
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from twin.history.database import HistoryError
from twin.history.notes import Change, Note, Outcome, change_note
from twin.history.retention import AgeClock, Retention, now
from twin.history.series import choose
from twin.history.store import MINUTE, RAW, Event, Scan, Store
from twin.history.tiers import Minutes
from twin.tags import Tags

if TYPE_CHECKING:
    from twin.plant import Plant

COMMIT_EVERY = 200
"""Scans between two commits, where nobody commits by the clock."""
PRUNE_EVERY = 60.0  # s of the wall clock
JITTER = 1_000_000
"""By so much the wall clock may go back without a new run; until it has caught up dates stand still [us]."""

log = logging.getLogger(__name__)


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
        self._age = AgeClock((self._store.last() or (0, 0.0, 0))[2])
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
        wall = self._dated(now() if wall is None else wall, time)
        self._store.append(Scan(self._run, time, wall, quality, row))
        self._row, self._quality, self._last, self._wall = row, quality, time, wall
        self.begins[RAW] = min(self.begins.get(RAW, wall), wall)
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

    def _dated(self, wall: int, time: float) -> int:
        """The date of a scan; where the clock was set back a run begins with it, and a little is smoothed over."""
        if wall > self._wall:
            return wall
        if self._wall - wall <= JITTER:
            return self._wall + 1
        back = (self._wall - wall) / 1e6
        log.warning("The clock was set back by %.0f s: some dates come twice in the history; nothing is lost.", back)
        self._begin_run(time)
        self._store.set_back(self._run)
        return wall

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
        today = self._age.now()
        self._store.forget(RAW, today - int(1e6 * self._retention.raw))
        self._store.forget(MINUTE, today - int(1e6 * self._retention.minutes))
        self._store.forget_events(today - int(1e6 * self._retention.minutes))
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
