"""All alarms as columns: which are in alarm now, with dead band, delay and suppression by design, at once for all.

Every alarm is four limits on one number: the tag itself; its distance from normal or from the order; or what a
controller found (kind `alarm`). A level that is on goes off only beyond the dead band; a change counts once it has
lasted for the delay (ISA-18.2, 10.5; IEC 62682).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from twin.alarms.catalogue import Alarm
from twin.alarms.declare import Discrepancy, Levels, Limits, OffNormal
from twin.tags import Tags

LOW_LOW, LOW, HIGH, HIGH_HIGH = 1, 2, 4, 8
"""Bits of the levels that are on; an alarm without limits has HIGH."""
OF_LEVEL = np.array([0, LOW, LOW | LOW_LOW, HIGH, HIGH | HIGH_HIGH], np.uint8)
"""Bits of the levels that the kind `alarm` counts: normal, low, low low, high, high high."""

UNSHELVED, TIMED, ONE_SHOT = range(3)

STATE = np.dtype(
    [
        ("value", "f8"),
        ("good", "?"),  # the value is a number
        ("levels", "u1"),
        ("due", "f8"),  # s, when a change will have lasted for its delay; nan: none waits
        ("enabled", "?"),
        ("acked", "?"),
        ("confirmed", "?"),
        ("latched", "?"),
        ("shelved", "u1"),
        ("shelf_end", "f8"),  # s
        ("by_design", "?"),
        ("suppressed", "?"),  # by an operator
        ("out", "?"),
        ("raised", "i8"),  # event with which it was raised
        ("last", "i8"),  # latest event
        ("severity", "i4"),
        ("severity_before", "i4"),
    ],
    align=True,
)


def limits_of(alarm: Alarm) -> tuple[float, float, float, float]:
    """High high, high, low, low low on the number that is looked at."""
    declared, none = alarm.declared, np.inf
    if isinstance(declared, Limits):
        return declared.high_high, declared.high, declared.low, declared.low_low
    if isinstance(declared, Discrepancy):
        return none, declared.tolerance, -none, -none
    if isinstance(declared, OffNormal) and declared.bad is not None:
        return none, none, 0.5, -none
    return none, 0.5, -none, -none


class AlarmTable:
    """The state of all alarms; `state` is one record per alarm."""

    def __init__(self, alarms: Sequence[Alarm], tags: Tags, size: int) -> None:
        n = len(alarms)
        self.state = np.zeros(n, STATE)
        self.signals = np.zeros(n)
        for field in ("good", "enabled", "acked", "confirmed"):
            self.state[field] = True
        self.state["due"] = np.nan

        # what each looks at: a tag, or the signal behind the image
        self._address = np.array([a.tag.address if a.tag else size + i for i, a in enumerate(alarms)], np.int64)
        self._order = np.array([a.order.address if a.order else -1 for a in alarms], np.int64)
        self._paired = np.flatnonzero(self._order >= 0)
        self._counted = np.array([i for i, a in enumerate(alarms) if isinstance(a.declared, Levels)], np.int64)
        apart = [(i, a.declared) for i, a in enumerate(alarms) if isinstance(a.declared, OffNormal)]
        self._apart = np.array([i for i, _ in apart], np.int64)
        self._normal = np.array([d.normal if d.bad is None else d.bad for _, d in apart])

        # when it counts
        self._limits = [np.array(column) for column in zip(*map(limits_of, alarms), strict=True)]
        self._band = np.array([a.declared.dead_band for a in alarms])
        self._on_delay = np.array([a.declared.on_delay for a in alarms])
        self._off_delay = np.array([a.declared.off_delay for a in alarms])
        whens = [
            (i, a.condition.address, *a.declared.when[1:])
            for i, a in enumerate(alarms)
            if a.condition and a.declared.when
        ]
        self._ruled = np.array([row[0] for row in whens], np.int64)
        self._rule = np.array([row[1] for row in whens], np.int64)
        self._from, self._to = (np.array([row[k] for row in whens]) for k in (2, 3))

    def scan(self, image: np.ndarray, time: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Look at an image: rows whose levels change now, their levels, rows whose suppression by design changes."""
        s = self.state
        found, ruled_out = self._levels(image)
        turned = np.flatnonzero(ruled_out != s["by_design"])
        s["by_design"] = ruled_out
        found[ruled_out] = 0

        # a change waits for its delay
        differs = found != s["levels"]
        if not differs.any():
            s["due"] = np.nan
            return np.empty(0, np.int64), found[:0], turned
        rising = (found & ~s["levels"]) != 0
        delay = np.where(rising, self._on_delay, self._off_delay)
        due = np.where(np.isnan(s["due"]), time + delay, s["due"])
        s["due"] = np.where(differs, due, np.nan)
        ripe = np.flatnonzero(differs & (due <= time + 1e-9))
        s["due"][ripe] = np.nan
        return ripe, found[ripe], turned

    def _levels(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Levels that the numbers are beyond, and which alarms mean nothing now."""
        s = self.state
        seen = np.concatenate([image, self.signals])
        x = seen[self._address]
        s["good"] = good = np.isfinite(x)
        s["value"] = x
        before = s["levels"]
        x[self._paired] = np.abs(x[self._paired] - seen[self._order[self._paired]])
        x[self._apart] = np.abs(x[self._apart] - self._normal)
        high_high, high, low, low_low = self._limits
        found = ((x >= high_high - self._band * ((before & HIGH_HIGH) > 0)) * np.uint8(HIGH_HIGH)).astype(np.uint8)
        found |= (x >= high - self._band * ((before & HIGH) > 0)) * np.uint8(HIGH)
        found |= (x <= low + self._band * ((before & LOW) > 0)) * np.uint8(LOW)
        found |= (x <= low_low + self._band * ((before & LOW_LOW) > 0)) * np.uint8(LOW_LOW)
        counted = self._counted
        if len(counted):
            found[counted] = OF_LEVEL[np.clip(np.nan_to_num(x[counted]), 0, 4).astype(np.int64)]
        found[~good] = before[~good]  # without a reading nothing changes

        ruled_out = np.zeros(len(s), bool)
        rule = image[self._rule]
        ruled_out[self._ruled] = ~((rule >= self._from) & (rule <= self._to))
        return found, ruled_out
