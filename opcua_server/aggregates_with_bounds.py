"""Extremes over the readings of an interval and its simple bounds, and the worst quality with that of the start bound
(OPC 10000-13, 5.4.3.15 to 5.4.3.19 and 5.4.3.36)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from opcua_server.aggregates import (
    BAD,
    CALCULATED,
    INTERPOLATED,
    MULTIPLE,
    NO_DATA,
    Answer,
    Data,
    Intervals,
    partial,
)
from opcua_server.aggregates_of_time import SEVERITY, UNIT, Held, simple

Find = Callable[[np.ndarray], np.intp]


def minimum_2(data: Data, span: Intervals) -> Answer:
    """The least of the good readings and the bounds."""
    return _extreme(data, span, np.argmin, dated=False)


def maximum_2(data: Data, span: Intervals) -> Answer:
    """The largest of the good readings and the bounds."""
    return _extreme(data, span, np.argmax, dated=False)


def minimum_actual_time_2(data: Data, span: Intervals) -> Answer:
    """The least at its own date; that of the end bound is a unit of time inside the interval (3.1.3)."""
    return _extreme(data, span, np.argmin, dated=True)


def maximum_actual_time_2(data: Data, span: Intervals) -> Answer:
    """The largest at its own date."""
    return _extreme(data, span, np.argmax, dated=True)


def range_2(data: Data, span: Intervals) -> Answer:
    """The largest less the least, bounds among them."""
    high, low = maximum_2(data, span), minimum_2(data, span)
    none = np.isin(high.status, (BAD, NO_DATA)) | np.isin(low.status, (BAD, NO_DATA))
    status = ((high.status | low.status) & SEVERITY) | CALCULATED | partial(data, span)
    return Answer(span.stamp, high.value - low.value, np.where(none, NO_DATA, status).astype(np.uint32))


def worst_quality_2(data: Data, span: Intervals) -> Answer:
    """The worst status of the readings and of the start bound; several bad ones are said to be several."""
    bound = simple(data, span.stamp)
    first, after = data.inside(data.bad, span)
    at_start = np.isin(span.stamp, data.bad)
    no_bound = (bound.status == NO_DATA) & ~at_start
    number = after - first + no_bound
    raw = np.append(data.status[~data.good], 0)[np.where(after > first, first, len(data.bad))]
    worst = np.where(no_bound, NO_DATA, np.where(after > first, raw, bound.status & SEVERITY))
    status = np.where(number > 1, MULTIPLE, 0) | CALCULATED | partial(data, span)
    reached = Held(data, span).reached
    return Answer(span.stamp, worst.astype(float), np.where(reached, status, NO_DATA).astype(np.uint32))


Row = tuple[int, float, int, int]
"""Date, value, the status that tells where it is from, and how many have this value."""


class _Candidates:
    """What each interval has to choose from."""

    def __init__(self, data: Data, span: Intervals, find: Find, dated: bool) -> None:
        self._data, self._find, self._dated, self._backward = data, find, dated, span.backward
        far = span.low if span.backward else span.high
        self._start, self._end = simple(data, span.stamp), simple(data, far)
        self._end_date = far + (UNIT if span.backward else -UNIT)
        first, after = data.inside(data.t, span)
        at_start = np.isin(span.stamp, data.t)  # such a reading is the bound
        self._first, self._after = first + (at_start & (not span.backward)), after - (at_start & span.backward)

    def of(self, k: int) -> list[Row]:
        """The bounds and the extreme of the readings between them, oldest first."""
        rows = [self._start_of(k), self._between(k), self._end_of(k)]
        return [row for row in (rows[::-1] if self._backward else rows) if row is not None]

    def _start_of(self, k: int) -> Row | None:
        status = int(self._start.status[k])
        origin = INTERPOLATED if status & INTERPOLATED == INTERPOLATED else 0
        return None if status == NO_DATA else (int(self._start.wall[k]), float(self._start.value[k]), origin, 1)

    def _end_of(self, k: int) -> Row | None:
        """The end bound counts with sloped interpolation only."""
        status = int(self._end.status[k])
        if status == NO_DATA or self._data.stepped:
            return None
        between = self._dated or status & INTERPOLATED == INTERPOLATED
        return int(self._end_date[k]), float(self._end.value[k]), INTERPOLATED if between else CALCULATED, 1

    def _between(self, k: int) -> Row | None:
        part = slice(self._first[k], self._after[k])
        values = self._data.v[part]
        if not len(values):
            return None
        at = int(self._find(values))
        number = int(np.count_nonzero(values == values[at]))
        return int(self._data.t[part][at]), float(values[at]), 0 if self._dated else CALCULATED, number


def _extreme(data: Data, span: Intervals, find: Find, dated: bool) -> Answer:
    held, candidates = Held(data, span), _Candidates(data, span, find, dated)
    severity, cut = held.severity(span).astype(np.int64), partial(data, span)
    wall, value = np.array(span.stamp), np.full(len(span.low), np.nan)
    status = np.full(len(span.low), NO_DATA, np.int64)
    for k in map(int, np.flatnonzero(held.reached)):
        rows = candidates.of(k)
        if not rows:
            continue
        date, value[k], origin, _ = rows[int(find(np.array([row[1] for row in rows])))]
        wall[k] = date if dated else span.stamp[k]
        several = MULTIPLE if sum(row[3] for row in rows if row[1] == value[k]) > 1 else 0
        status[k] = BAD if severity[k] == BAD else severity[k] | origin | several | cut[k]
    return Answer(wall, value, status.astype(np.uint32))
