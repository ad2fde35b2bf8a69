"""Failed logins on disk, so that nobody begins anew by waiting for a restart of the server, or by causing one.

The file holds dates, since no other clock goes on between two runs. Within a run the waits go by a clock that nobody
sets. A date that lies ahead of the clock, because that was set back or the machine has none of its own, counts as now:
whoever waits then waits the whole time again, which is never longer than `Bounds.longest_wait`.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from opcua_server.certificates import write_private
from opcua_server.lockout import MEMORY, Row

NAME = "lockouts.json"
LARGEST = 16 << 20
"""Bytes that are read; the longest names in full memory take a third of it."""
LONGEST_KEY = 200
FARTHEST = 1e12
"""A date that anybody could mean [s since 1970]."""

log = logging.getLogger(__name__)


class LockoutFile:
    """Replaced in one move; only its owner can read it."""

    def __init__(self, file: Path, wall: Callable[[], float] = time.time) -> None:
        self.file = file
        self.failing = False
        self._wall = wall

    def read(self) -> list[Row]:
        """What was remembered; nothing if there is no file, or one that is damaged, which is then set aside."""
        try:
            if self.file.stat().st_size > LARGEST:
                raise ValueError(f"it is larger than {LARGEST >> 20} MiB")
            found = json.loads(self.file.read_text(encoding="utf-8"))["failures"]
            if not isinstance(found, list):
                raise ValueError("there is no list of failures in it")
        except FileNotFoundError:
            return []
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as problem:
            self._set_aside(problem)
            return []
        now = self._wall()
        return [(row["who"], row["count"], max(now - row["last"], 0.0)) for row in found[-MEMORY:] if _is_sound(row)]

    def write(self, rows: list[Row]) -> bool:
        """Whether it is on the disk now."""
        now = self._wall()
        told = [{"who": key, "count": count, "last": round(now - ago, 3)} for key, count, ago in rows]
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_private(self.file, json.dumps({"failures": told}, indent=0).encode())
        except OSError as problem:
            if not self.failing:
                log.error("Failed logins cannot be kept in %s: %s.", self.file, problem.strerror)
            self.failing = True
            return False
        self.failing = False
        return True

    def _set_aside(self, problem: Exception) -> None:
        aside = self.file.with_name(f"{NAME}.damaged")
        log.warning(
            "%s cannot be read (%s): who had to wait is forgotten. It is kept as %s.", self.file, problem, aside
        )
        try:
            self.file.replace(aside)
        except OSError as refused:
            log.warning("%s cannot be set aside: %s.", self.file, refused.strerror)


def _is_sound(row: Any) -> bool:
    """Whether a row is one that `write` makes."""
    if not isinstance(row, dict):
        return False
    key, count, last = (row.get(name) for name in ("who", "count", "last"))
    counted = type(count) is int and count > 0
    dated = isinstance(last, int | float) and abs(last) < FARTHEST
    return isinstance(key, str) and len(key) <= LONGEST_KEY and counted and dated
