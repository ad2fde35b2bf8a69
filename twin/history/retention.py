"""How long a history is kept, and how old what is in it is."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from time import monotonic, time_ns

DAY = 86400.0  # s
JUMP = 1.0 * DAY
"""Further than this the wall clock does not run ahead of what was expected, unless somebody set it."""
PATIENCE = 1.0 * DAY
"""In which to set it right."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Retention:
    """How long to keep every scan, and minutes and events [s of the wall clock]."""

    raw: float = 30.0 * DAY
    minutes: float = 730.0 * DAY


def now() -> int:
    """The wall clock [us since 1970]."""
    return time_ns() // 1000


class AgeClock:
    """The wall clock as retention goes by it: a jump forward counts a day later, so that a wrong date costs nothing.

    `last` is the date of the last scan of a history, 0 if it is empty [us since 1970].
    """

    def __init__(self, last: int = 0) -> None:
        self._wall = last or now()
        self._at = monotonic()
        self._ahead: float | None = None  # since when

    def now(self) -> int:
        """The date to count ages from [us since 1970]."""
        time, wall = monotonic(), now()
        expected = self._wall + int(1e6 * (time - self._at))
        if wall - expected > 1e6 * JUMP:
            if self._ahead is None:
                self._ahead = time
                days = (wall - expected) / 1e6 / DAY
                log.warning("The clock is %.0f days ahead of the last scan: for a day nothing is dropped for it.", days)
            if time - self._ahead < PATIENCE:
                return expected
        self._wall, self._at, self._ahead = wall, time, None
        return wall
