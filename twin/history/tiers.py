"""The minute tier: mean, least and largest value and number of good readings of every tag, minute by minute."""

from __future__ import annotations

import numpy as np

from twin.history.store import FIELDS, MINUTE, Scan, Store

LENGTH = 60_000_000  # us


class Minutes:
    """Collects scans into minutes of the wall clock and stores each when it is over.

    A restart takes up the minute that was going on, from the scans that were stored. Where the clock was set back, the
    minute so far is stored too, and the same minute comes again.
    """

    def __init__(self, store: Store, tags: int) -> None:
        self._tags = tags
        self._sum, self._count = np.zeros(tags), np.zeros(tags)
        self._min = self._max = np.full(tags, np.nan, np.float32)
        last = store.last(MINUTE)
        self._first: Scan | None = None
        self._latest = 0  # us since 1970
        for scan in store.scans_since(0 if last is None or last[0] < store.layer else last[2] + LENGTH):
            self.add(store, scan)

    def add(self, store: Store, scan: Scan) -> None:
        """Take a scan in; one of another minute, or of an earlier date, ends the present one."""
        over = self._first is not None and scan.wall // LENGTH != self._first.wall // LENGTH
        if self._first is not None and (over or scan.wall < self._latest):
            store.append(self._result(), MINUTE)
            self._first = None
        if self._first is None:
            self._begin(scan)
        self._latest = scan.wall
        values = np.frombuffer(scan.values, "<f4")
        good = np.isfinite(values) if scan.quality == 0 else np.zeros(self._tags, dtype=bool)
        self._sum += np.where(good, values, 0.0)
        self._count += good
        self._min = np.fmin(self._min, np.where(good, values, np.nan))
        self._max = np.fmax(self._max, np.where(good, values, np.nan))

    def _begin(self, scan: Scan) -> None:
        self._first = scan
        self._sum, self._count = np.zeros(self._tags), np.zeros(self._tags)
        self._min = np.full(self._tags, np.nan, np.float32)
        self._max = np.full(self._tags, np.nan, np.float32)

    def _result(self) -> Scan:
        assert self._first is not None
        mean = np.divide(self._sum, self._count, out=np.full(self._tags, np.nan), where=self._count > 0)
        columns = np.stack([mean, self._min, self._max, self._count], axis=1)
        assert columns.shape == (self._tags, len(FIELDS))
        wall = self._first.wall // LENGTH * LENGTH
        return Scan(self._first.run, self._first.time, wall, 0, columns.astype("<f4").tobytes())
