"""The one clock, injected wherever wall time matters: real for plants that serve, virtual for tests."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Seconds that only grow, and a wait that can be woken."""

    def now(self) -> float:
        """Seconds since some fixed moment."""

    def wait(self, wake: threading.Event, seconds: float | None) -> None:
        """Return when `wake` is set, at the latest after the seconds (None: only then)."""


class WallClock:
    """The clock on the wall."""

    def now(self) -> float:
        return time.monotonic()

    def wait(self, wake: threading.Event, seconds: float | None) -> None:
        wake.wait(seconds)


class VirtualClock:
    """A clock that moves only when it is waited on or told to; no test has to sleep."""

    def __init__(self) -> None:
        self._now = 0.0

    def now(self) -> float:
        return self._now

    def wait(self, wake: threading.Event, seconds: float | None) -> None:
        if seconds is None:
            wake.wait()
        elif not wake.is_set():
            self._now += max(seconds, 0.0)

    def spend(self, seconds: float) -> None:
        """Let time pass, as a slow step would."""
        self._now += seconds
