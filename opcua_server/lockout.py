"""Who guesses passwords waits: after a few failures a user and an address are locked, each time twice as long."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable

MEMORY = 10_000
"""Users and addresses that are remembered; a stranger can invent any number of names."""
FORGIVEN = 3600.0  # s without a failure


class Lockout:
    """Failures by key, such as a user's name or an address."""

    def __init__(self, free: int, first: float, longest: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._free = free
        self._first = first
        self._longest = longest
        self._clock = clock
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def wait(self, keys: Iterable[str]) -> float:
        """How long the strictest of them still waits [s]; 0 if none does."""
        return max((self._remaining(key) for key in keys), default=0.0)

    def failed(self, keys: Iterable[str]) -> None:
        """Count a failure against each."""
        now = self._clock()
        for key in keys:
            count, last = self._failures.pop(key, (0, now))
            count = 0 if now - last > FORGIVEN + self._wait(count) else count
            self._failures[key] = count + 1, now
        while len(self._failures) > MEMORY:
            self._failures.popitem(last=False)

    def succeeded(self, keys: Iterable[str]) -> None:
        """Forget what was against them."""
        for key in keys:
            self._failures.pop(key, None)

    def _wait(self, count: int) -> float:
        extra = count - self._free
        return 0.0 if extra < 0 else min(self._first * 2.0 ** min(extra, 30), self._longest)

    def _remaining(self, key: str) -> float:
        count, last = self._failures.get(key, (0, 0.0))
        return max(last + self._wait(count) - self._clock(), 0.0)
