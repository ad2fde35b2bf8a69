"""Who guesses passwords waits: after a few failures a user and an address are locked, each time twice as long."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable

MEMORY = 10_000
"""Users and addresses that are remembered; a stranger can invent any number of names."""
FORGIVEN = 3600.0  # s without a failure
MOST = 1000
"""Failures that are counted; the wait has long been the longest."""

Row = tuple[str, int, float]
"""Whose, how many failures, and how long ago the last one was [s]."""


class Lockout:
    """Failures by key, such as a user's name or an address. `clock` [s] is one that nobody sets."""

    def __init__(self, free: int, first: float, longest: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.changed = False
        """Whether there is anything to write down; for the writer to clear."""
        self._free = free
        self._first = first
        self._longest = longest
        self._clock = clock
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._locked: set[str] = set()

    def wait(self, keys: Iterable[str]) -> float:
        """How long the strictest of them still waits [s]; 0 if none does."""
        return max((self._remaining(key) for key in keys), default=0.0)

    def failed(self, keys: Iterable[str]) -> None:
        """Count a failure against each."""
        now = self._clock()
        for key in keys:
            count, last = self._failures.pop(key, (0, now))
            count = 0 if now - last > FORGIVEN + self._wait(count) else count
            self._put(key, min(count + 1, MOST), now)

    def succeeded(self, keys: Iterable[str]) -> None:
        """Forget what was against them."""
        for key in keys:
            self.changed |= self._failures.pop(key, None) is not None

    def ended(self) -> list[str]:
        """Whose wait has ended since this was asked last."""
        over = [key for key in self._locked if self._remaining(key) == 0.0]
        self._locked.difference_update(over)
        return over

    # --- from one run of the server to the next ----------------------------------------------------------------------

    def rows(self) -> list[Row]:
        """What is remembered, the latest last."""
        now = self._clock()
        return [(key, count, now - last) for key, (count, last) in self._failures.items()]

    def remember(self, rows: Iterable[Row]) -> None:
        """Go on from what an earlier run remembered, the latest last."""
        now = self._clock()
        for key, count, ago in rows:
            if ago <= FORGIVEN + self._wait(count):
                self._put(key, min(count, MOST), now - max(ago, 0.0))

    def _put(self, key: str, count: int, last: float) -> None:
        self._failures[key] = count, last
        self.changed = True
        if self._remaining(key) > 0.0:
            self._locked.add(key)
        while len(self._failures) > MEMORY:
            self._locked.discard(self._failures.popitem(last=False)[0])

    def _wait(self, count: int) -> float:
        extra = count - self._free
        return 0.0 if extra < 0 else min(self._first * 2.0 ** min(extra, 30), self._longest)

    def _remaining(self, key: str) -> float:
        count, last = self._failures.get(key, (0, 0.0))
        return max(last + self._wait(count) - self._clock(), 0.0)
