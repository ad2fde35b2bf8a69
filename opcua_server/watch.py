"""The watch over a controller that has promised to write, and over what is to be kept: either may become an alarm."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable

from twin.alarms.catalogue import RECORD
from twin.alarms.engine import AlarmEngine
from twin.errors import BadWrite

LOOK = 0.1
"""Between two looks [s]."""


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
