"""The watch over a controller that has promised to write, and over what is to be kept: either may become an alarm."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable

from twin.alarms.catalogue import RECORD
from twin.alarms.engine import AlarmEngine
from twin.errors import BadWrite

WELL = 5.0
"""Without a failure [s], and what is to be kept can be written again."""
LOOK = 0.1
"""Between two looks [s]."""


class Kept:
    """What is to be kept, and whether it can be written. Between two attempts that fail it may look well for a moment:
    only what has not failed for a while is well."""

    def __init__(self) -> None:
        self._failing: dict[str, Callable[[], bool]] = {}
        self._failed: dict[str, float] = {}

    def add(self, what: str, failing: Callable[[], bool]) -> None:
        """Such as the history, and how to find out."""
        self._failing[what] = failing

    def failing(self) -> list[str]:
        """What cannot be written."""
        now = time.monotonic()
        self._failed |= {what: now for what, failing in self._failing.items() if failing()}
        return [what for what in self._failing if now - self._failed.get(what, -math.inf) < WELL]


class Watch:
    """SIM.controller when nothing was heard for longer than promised, SIM.record while anything is `failing`."""

    def __init__(self, engine: AlarmEngine, failing: Callable[[], list[str]]) -> None:
        self._engine, self._failing = engine, failing
        self._longest = math.inf
        self._heard = time.monotonic()

    async def begin(self, seconds: float) -> None:
        """Watch from now on; 0 ends it."""
        if not 0.0 <= seconds <= 86400.0:
            raise BadWrite(f"SIM.watch: expected 0 to 86400 s, got {seconds:g}.", "out_of_range")
        self._longest = seconds or math.inf
        self.hear()

    def hear(self) -> None:
        """Something was written, or a step was asked for."""
        self._heard = time.monotonic()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            self._engine.controller_silent(time.monotonic() - self._heard > self._longest)
            self._engine.signal(RECORD, bool(self._failing()))
            await asyncio.sleep(LOOK)
