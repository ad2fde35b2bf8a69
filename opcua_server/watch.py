"""The watch over controllers that have promised to write, and over what is to be kept: either may become an alarm."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from twin.alarms.catalogue import RECORD
from twin.alarms.engine import AlarmEngine
from twin.errors import BadWrite

WELL = 5.0
"""Without a failure [s], and what is to be kept can be written again."""
LOOK = 0.1
"""Between two looks [s]."""


@dataclass
class Promise:
    """A controller's session, the longest silence that it allows itself [s], and when it was heard last."""

    session: Any
    longest: float
    heard: float

    @property
    def gone(self) -> bool:
        return bool(getattr(self.session, "closed", False))

    def of_same(self, session: Any) -> bool:
        """Whether a session is this one, or comes in place of it: the same application and user, connected anew."""
        return self.session is session or (self.gone and _who(self.session) == _who(session))


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
    """SIM.controller while a controller has not been heard for longer than it promised, SIM.record while anything is
    `failing`.

    Only the controller's own session keeps its promise; what others write does not. A session that has closed keeps
    none either, so a controller that lost its connection is an alarm until it is back and promises again.
    """

    def __init__(self, engine: AlarmEngine, failing: Callable[[], list[str]]) -> None:
        self._engine, self._failing = engine, failing
        self._promises: list[Promise] = []

    def begin(self, session: Any, seconds: float) -> None:
        """Watch over a session from now on; 0 ends that, and the watch over sessions that have gone."""
        if not 0.0 <= seconds <= 86400.0:
            raise BadWrite(f"SIM.watch: expected 0 to 86400 s, got {seconds:g}.", "out_of_range")
        self._promises = [
            one for one in self._promises if not one.of_same(session) and not (one.gone and seconds == 0.0)
        ]
        if seconds > 0.0:
            self._promises.append(Promise(session, seconds, time.monotonic()))

    def hear(self, session: Any) -> None:
        """A session has written something, or asked for a step."""
        for promise in self._promises:
            if promise.session is session:
                promise.heard = time.monotonic()

    def silent(self) -> bool:
        """Whether somebody has been silent for longer than promised."""
        now = time.monotonic()
        return any(now - promise.heard > promise.longest for promise in self._promises)

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            self._engine.controller_silent(self.silent())
            self._engine.signal(RECORD, bool(self._failing()))
            await asyncio.sleep(LOOK)


def _who(session: Any) -> tuple[str, str]:
    user = getattr(session, "user", None)
    return getattr(session, "application", ""), getattr(user, "name", None) or ""
