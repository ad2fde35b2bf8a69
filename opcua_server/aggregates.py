"""What aggregates of OPC 10000-13 are made of, and the first of them: Average, Minimum, Maximum, TimeAverage, Count,
Interpolative.

A status says how a value came about: raw (as it was recorded), calculated, interpolated; partial when the interval was
cut short or reaches beyond the data. Readings are either good or bad. Bad ones are left out; how many of them make a
result uncertain or bad is for the request to say (`Treatment`), where the standard does not fix it for an aggregate.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass

import numpy as np
from asyncua import ua

from opcua_server.aggregate_treatment import BAD, SUB_NORMAL, Treatment
from twin.history import Points

CALCULATED, INTERPOLATED, PARTIAL, MULTIPLE = 0x401, 0x402, 0x404, 0x410
"""Bits of a status for its origin, with the one that says that they mean something (Part 4, 7.38)."""
NO_READING, OUT_OF_SERVICE = ua.StatusCodes.BadSensorFailure, ua.StatusCodes.BadOutOfService
NO_DATA = ua.StatusCodes.BadNoData


@dataclass(frozen=True)
class Answer:
    """Values with their dates [us since 1970] and status codes; those of NO_VALUE have none."""

    wall: np.ndarray
    value: np.ndarray
    status: np.ndarray

    def __len__(self) -> int:
        return len(self.wall)


@dataclass(frozen=True)
class Intervals:
    """Stretches from `low` to `high` [us since 1970]; each owns its early end, or when time runs backward its late one.

    `stamp` is the date of the result, `step` the length that was asked for.
    """

    low: np.ndarray
    high: np.ndarray
    step: int
    backward: bool

    @property
    def stamp(self) -> np.ndarray:
        return self.high if self.backward else self.low

    @classmethod
    def of(cls, start: int, end: int, step: int, most: int) -> Intervals:
        """The first `most` intervals from start towards end; the last one may be shorter. No step: one interval."""
        span = abs(end - start)
        step = span if step <= 0 else step
        number = min(-(-span // step), most)
        near = np.arange(number, dtype=np.int64) * step
        far = np.minimum(near + step, span)
        if end < start:
            return cls(start - far, start - near, step, True)
        return cls(start + near, start + far, step, False)


def status_of(points: Points) -> np.ndarray:
    """The status that a client read when they were new."""
    status = np.where(np.isfinite(points.value), 0, NO_READING)
    return np.where(points.quality > 0, OUT_OF_SERVICE, status).astype(np.uint32)


class Data:
    """Points of a tag from the last good one before the first interval to the first good one after the last."""

    def __init__(self, points: Points, stepped: bool, treat: Treatment | None = None) -> None:
        self.treat = treat or Treatment()
        self.wall, self.value, self.status = points.wall, points.value, status_of(points)
        self.good = good = self.status == 0
        self.t, self.v = points.wall[good], points.value[good]
        self.bad = points.wall[~good]
        self.stepped = stepped

    def inside(self, times: np.ndarray, span: Intervals) -> tuple[np.ndarray, np.ndarray]:
        """Positions in `times` of the first that belongs to each interval and the first that does so no more."""
        side = "right" if span.backward else "left"
        return np.searchsorted(times, span.low, side), np.searchsorted(times, span.high, side)  # type: ignore[call-overload]

    def at(self, times: np.ndarray) -> Answer:
        """Values at any times: as recorded, or on the line between two good points (the step after one)."""
        if not len(self.t):
            return Answer(times, np.full(len(times), np.nan), np.full(len(times), NO_DATA, np.uint32))
        before = np.searchsorted(self.t, times, "right") - 1
        a, b = np.maximum(before, 0), np.minimum(before + 1, len(self.t) - 1)
        exact = (before >= 0) & (self.t[a] == times)
        value = self.v[a] if self.stepped else self._line(times, a, b)
        value = np.where(times > self.t[-1], self._beyond(times), value)
        doubt = np.searchsorted(self.bad, times, "right") > np.searchsorted(self.bad, self.t[a])
        if not self.stepped:
            doubt |= np.searchsorted(self.bad, self.t[b]) > np.searchsorted(self.bad, self.t[a])
        doubt |= before == len(self.t) - 1  # nothing after it: extrapolated
        status = np.where(doubt, SUB_NORMAL | INTERPOLATED, INTERPOLATED).astype(np.uint32)
        status[exact] = 0
        status[before < 0] = NO_DATA
        return Answer(times, np.where(exact, self.v[a], value), status)

    def _line(self, times: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        width = np.maximum(self.t[b] - self.t[a], 1)
        return self.v[a] + (self.v[b] - self.v[a]) * ((times - self.t[a]) / width) * (b > a)

    def _beyond(self, times: np.ndarray) -> np.ndarray:
        """Extrapolated from the last good point, sloped if that is asked for, or stepped (OPC 10000-13, 3.1.8)."""
        sloped = self.treat.sloped and not self.stepped and len(self.t) > 1
        slope = (self.v[-1] - self.v[-2]) / (self.t[-1] - self.t[-2]) if sloped else 0.0
        return np.asarray(self.v[-1] + slope * (times - self.t[-1]))

    def reaching(self, end: int) -> Data:
        """The same with a point at `end` that is extrapolated, if there is a good one before and none after; what
        follows the last good reading is in doubt, as if a bad one came after it."""
        if not len(self.t) or end <= self.t[-1]:
            return self
        longer, last = copy(self), self.t[-1]
        longer.bad = np.insert(self.bad, np.searchsorted(self.bad, last), last)
        longer.v = np.append(self.v, self._beyond(np.array([end])))
        longer.t = np.append(self.t, end)
        return longer

    def integral(self, times: np.ndarray) -> np.ndarray:
        """Of the line through the good points, from the first to each of the times, which must not lie outside [us]."""
        width = np.diff(self.t)
        height = self.v[:-1] if self.stepped else 0.5 * (self.v[1:] + self.v[:-1])
        total = np.concatenate([[0.0], np.cumsum(width * height)])
        a = np.clip(np.searchsorted(self.t, times, "right") - 1, 0, len(self.t) - 1)
        b = np.minimum(a + 1, len(self.t) - 1)
        past = times - self.t[a]
        end = self.v[a] if self.stepped else self._line(times, a, b)
        return total[a] + past * 0.5 * (self.v[a] + end)


def interpolative(data: Data, span: Intervals) -> Answer:
    """The value at the begin of each interval."""
    return data.at(span.stamp)


def average(data: Data, span: Intervals) -> Answer:
    """Mean of the good readings; never said to be partial (5.4.3.5)."""
    first, after = data.inside(data.t, span)
    total = np.concatenate([[0.0], np.cumsum(data.v)])
    answer = of_values(data, span, (total[after] - total[first]) / np.maximum(after - first, 1))
    cut = (answer.status & PARTIAL) == PARTIAL
    return Answer(
        answer.wall, answer.value, np.where(cut, answer.status & ~np.uint32(PARTIAL) | CALCULATED, answer.status)
    )


def minimum(data: Data, span: Intervals) -> Answer:
    """The least good reading."""
    return _extreme(data, span, np.minimum)


def maximum(data: Data, span: Intervals) -> Answer:
    """The largest good reading."""
    return _extreme(data, span, np.maximum)


def count(data: Data, span: Intervals) -> Answer:
    """Number of good readings; of none it is zero, unless all were bad or the data does not reach there."""
    first, after = data.inside(data.t, span)
    number = after - first
    answer = of_values(data, span, number.astype(float))
    bad = _number_bad(data, span)
    status = np.where((number == 0) & (bad > 0), BAD, answer.status)
    nothing = (number == 0) & (bad == 0) & _reached(data, span)
    return Answer(answer.wall, answer.value, np.where(nothing, CALCULATED | partial(data, span), status))


def time_average(data: Data, span: Intervals) -> Answer:
    """Mean over time of the line (or steps) through the good readings, from the first one on and extrapolated after the
    last; in doubt where bad ones were passed over and beyond the data (5.4.3.6)."""
    if not len(data.t):
        return data.at(span.stamp)
    whole = data.reaching(int(span.high.max()))
    low = np.maximum(span.low, data.t[0])
    known = span.high > low
    low, high = np.where(known, low, data.t[0]), np.where(known, span.high, data.t[0])
    value = (whole.integral(high) - whole.integral(low)) / np.maximum(high - low, 1)
    a = whole.t[np.searchsorted(whole.t, low, "right") - 1]
    b = whole.t[np.minimum(np.searchsorted(whole.t, high, "left"), len(whole.t) - 1)]
    doubt = (np.searchsorted(whole.bad, b) > np.searchsorted(whole.bad, a)) | (span.low < data.t[0])
    status = np.where(doubt, SUB_NORMAL, 0) | CALCULATED | partial(whole, span)
    return Answer(span.stamp, value, np.where(known, status, NO_DATA).astype(np.uint32))


def _extreme(data: Data, span: Intervals, pick: np.ufunc) -> Answer:
    first, after = data.inside(data.t, span)
    filled = np.append(data.v, np.nan)
    edges = np.stack([first, after], axis=1).ravel()
    order = edges if not span.backward else edges.reshape(-1, 2)[::-1].ravel()
    picked = pick.reduceat(filled, np.minimum(order, len(data.v)))[::2]
    value = picked[::-1] if span.backward else picked
    answer = of_readings(data, span, value)
    where = np.minimum(after - 1 if span.backward else first, len(data.t) - 1)
    at_begin = (after > first) & (data.t[where] == span.stamp) & (data.v[where] == value) if len(data.t) else first < 0
    raw = at_begin & (answer.status >> 16 == 0)
    status = np.where(raw, partial(data, span), answer.status)
    several = _number_of(data, span, value) > 1
    return Answer(answer.wall, value, np.where(several, status | MULTIPLE, status).astype(np.uint32))


def _number_of(data: Data, span: Intervals, value: np.ndarray) -> np.ndarray:
    """How many good readings of each interval have its value."""
    first, after = data.inside(data.t, span)
    number = after - first
    owner = np.repeat(np.arange(len(number)), number)
    at = np.arange(len(owner)) - np.repeat(np.cumsum(number) - number, number) + np.repeat(first, number)
    return np.bincount(owner, weights=data.v[at] == value[owner], minlength=len(number))


def of_readings(data: Data, span: Intervals, value: np.ndarray) -> Answer:
    """Status of what is made of the readings in an interval."""
    first, after = data.inside(data.t, span)
    status = np.where(_number_bad(data, span) > 0, SUB_NORMAL, 0) | CALCULATED | partial(data, span)
    return Answer(span.stamp, value, np.where(after > first, status, NO_DATA).astype(np.uint32))


def of_values(data: Data, span: Intervals, value: np.ndarray) -> Answer:
    """The same where the shares of good and bad readings count (PercentValues)."""
    first, after = data.inside(data.t, span)
    severity = data.treat.severity(after - first, np.zeros(len(first)), _number_bad(data, span))
    status = np.where(severity == BAD, BAD, severity | CALCULATED | partial(data, span))
    return Answer(span.stamp, value, np.where(after > first, status, NO_DATA).astype(np.uint32))


def _number_bad(data: Data, span: Intervals) -> np.ndarray:
    first, after = data.inside(data.bad, span)
    return after - first


def _reached(data: Data, span: Intervals) -> np.ndarray:
    """Whether there is data on both sides of the begin of an interval, or at it."""
    if not len(data.wall):
        return np.zeros(len(span.low), dtype=bool)
    return (span.low <= data.wall[-1]) & (span.high > data.wall[0])


def partial(data: Data, span: Intervals) -> np.ndarray:
    """The bit for intervals that are shorter than asked for, or reach beyond the first or last reading."""
    cut = span.high - span.low < span.step
    if len(data.t):
        cut = cut | (span.low < data.t[0]) | (span.high > data.t[-1])
    return np.where(cut, PARTIAL, 0)
