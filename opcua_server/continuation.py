"""Where paused operations of one session go on (Part 4, 7.9)."""

from __future__ import annotations

import os
from typing import Generic, TypeVar

T = TypeVar("T")


class NoPoint(Exception):
    """One request needs more continuation points than there are."""


class ContinuationPoints(Generic[T]):
    """At most so many; a new request takes those of the requests before it, never its own."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: dict[bytes, T] = {}
        self._of_request = 0

    def begin(self) -> None:
        """A new request."""
        self._of_request = 0

    def keep(self, state: T) -> bytes:
        """A point for what is left of an operation. Raises NoPoint."""
        if self._of_request >= self._most:
            raise NoPoint
        while len(self._open) >= self._most:
            del self._open[next(iter(self._open))]
        self._of_request += 1
        point = os.urandom(16)
        self._open[point] = state
        return point

    def take(self, point: bytes) -> T | None:
        """What is left, once; None for a point that is not there, or no longer."""
        return self._open.pop(point, None)
