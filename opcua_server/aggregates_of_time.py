"""Aggregates over the time in an interval (OPC 10000-13, 5.4): areas, how long a tag was good or in a state, bounds.

Most of them look at the reading just before a moment whatever its quality (simple bounding values, 3.1.9): what it says
holds until the next one, and nothing is known before the first and after the last.
"""

from __future__ import annotations

import numpy as np

from opcua_server.aggregates import (
    BAD,
    CALCULATED,
    INTERPOLATED,
    NO_DATA,
    SUB_NORMAL,
    Answer,
    Data,
    Intervals,
    partial,
    time_average,
)

SECOND, MILLISECOND = 1e6, 1e3  # us
UNIT = 1_000
"""Of time, where the standard needs one [us]: the millisecond of its examples."""
SEVERITY = 0xFFFF0000
"""The part of a status that is left without its information bits."""


def simple(data: Data, times: np.ndarray) -> Answer:
    """Simple bounding values: nothing after a bad reading, held before one, else as recorded or on the line between."""
    if not len(data.wall):
        return data.at(times)
    before = np.searchsorted(data.wall, times, "right") - 1
    a, b = np.maximum(before, 0), np.minimum(before + 1, len(data.wall) - 1)
    exact = (before >= 0) & (data.wall[a] == times)
    known = data.good[a] & (before >= 0) & (exact | (b > a))
    line = data.good[b] & (not data.stepped)
    width = np.maximum(data.wall[b] - data.wall[a], 1)
    rise = np.where(line & known & ~exact, data.value[b] - data.value[a], 0.0)
    value = np.where(known, data.value[a], np.nan) + rise * (times - data.wall[a]) / width
    doubt = np.where(~data.good[b] & (not data.stepped), SUB_NORMAL, 0)
    status = np.where(exact, 0, doubt | INTERPOLATED)
    return Answer(times, value, np.where(known, status, NO_DATA).astype(np.uint32))


def start_bound(data: Data, span: Intervals) -> Answer:
    """The value at the start of each interval."""
    bound = simple(data, span.stamp)
    return Answer(bound.wall, bound.value, np.where(_known(bound), bound.status | partial(data, span), NO_DATA))


def end_bound(data: Data, span: Intervals) -> Answer:
    """The value at the end of each interval, dated by its start."""
    bound = simple(data, span.low if span.backward else span.high)
    status = (bound.status & SEVERITY) | CALCULATED | partial(data, span)
    return Answer(span.stamp, bound.value, np.where(_known(bound), status, NO_DATA).astype(np.uint32))


def delta_bounds(data: Data, span: Intervals) -> Answer:
    """The value at the end less the one at the start; none unless both are known."""
    start, end = start_bound(data, span), end_bound(data, span)
    status = ((start.status | end.status) & SEVERITY) | CALCULATED | partial(data, span)
    status = np.where(_known(start) & _known(end), status, NO_DATA)
    return Answer(span.stamp, end.value - start.value, status.astype(np.uint32))


def _known(bound: Answer) -> np.ndarray:
    return bound.status != NO_DATA


def total(data: Data, span: Intervals) -> Answer:
    """Time average times length from the first reading on: the area, in units of the tag times seconds."""
    mean = time_average(data, span)
    if not len(data.t):
        return mean
    width = span.high - np.maximum(span.low, data.t[0])
    return Answer(mean.wall, mean.value * np.maximum(width, 0) / SECOND, mean.status)


def time_average_2(data: Data, span: Intervals) -> Answer:
    """Mean over the time in which the tag was good."""
    held = Held(data, span)
    good = held.during(held.good, span)
    return held.answer(span, held.area(span) / np.maximum(good, 1), good)


def total_2(data: Data, span: Intervals) -> Answer:
    """Area over the time in which the tag was good, in units of the tag times seconds."""
    held = Held(data, span)
    return held.answer(span, held.area(span) / SECOND, held.during(held.good, span))


def duration_in_zero(data: Data, span: Intervals) -> Answer:
    """Milliseconds in which a reading of zero held."""
    return _in_state(data, span, zero=True)


def duration_in_nonzero(data: Data, span: Intervals) -> Answer:
    """Milliseconds in which another good reading held."""
    return _in_state(data, span, zero=False)


def _in_state(data: Data, span: Intervals, zero: bool) -> Answer:
    held = Held(data, span)
    good = held.during(held.good, span)
    time = held.during(held.good & ((held.value == 0.0) == zero), span)
    return held.answer(span, time / MILLISECOND, good)


class Held:
    """Readings of which each holds until the next, the last one for a unit of time (OPC 10000-13, 5.4.2.4).

    What follows a good reading is `sure` if the next is good too, or in steps whatever the next.
    """

    def __init__(self, data: Data, span: Intervals) -> None:
        self.wall, self.value, self.good, self._data = data.wall, data.value, data.good, data
        if len(self.wall):
            self.wall, self.value = np.append(self.wall, self.wall[-1] + UNIT), np.append(self.value, self.value[-1])
            self.good = np.append(self.good, False)
        self.line = np.zeros(len(self.wall), dtype=bool)
        self.line[:-1] = self.good[:-1] & self.good[1:] & (not data.stepped)
        self.sure = self.good & (self.line | data.stepped)
        self.reached = np.zeros(len(span.low), dtype=bool)
        """Intervals that hold any of the data."""
        if len(data.wall):
            self.reached = (span.low <= data.wall[-1]) & (span.high > data.wall[0])

    def during(self, mask: np.ndarray, span: Intervals) -> np.ndarray:
        """How long in each interval the latest reading was one of the mask [us]."""
        return _while(self.wall, mask, span)

    def area(self, span: Intervals) -> np.ndarray:
        """Under the good readings of each interval [unit times us]."""
        if len(self.wall) < 2:
            return np.zeros(len(span.low))
        value, width = np.where(self.good, self.value, 0.0), np.diff(self.wall)
        slope = np.where(self.line[:-1], np.diff(value), 0.0) / width
        under = np.concatenate([[0.0], np.cumsum(self.good[:-1] * width * (value[:-1] + 0.5 * slope * width))])

        def to(times: np.ndarray) -> np.ndarray:
            inside = np.clip(times, self.wall[0], self.wall[-1])
            k = np.clip(np.searchsorted(self.wall, inside, "right") - 1, 0, len(width) - 1)
            past = inside - self.wall[k]
            return np.asarray(under[k] + self.good[k] * past * (value[k] + 0.5 * slope[k] * past))

        return np.asarray(to(span.high) - to(span.low))

    def severity(self, span: Intervals) -> np.ndarray:
        """Of each interval by the time of its regions (PercentTime); what lies after the last reading is none."""
        good, sure = self.during(self.good, span), self.during(self.sure, span)
        end = self.wall[-1] if len(self.wall) else 0
        known = np.maximum(np.minimum(span.high, end) - span.low, 0)
        return self._data.treat.severity(sure, good - sure, known - good)

    def answer(self, span: Intervals, value: np.ndarray, good: np.ndarray) -> Answer:
        """With the status of the time that was good; nothing where none of it is."""
        severity = self.severity(span)
        status = np.where(severity == BAD, BAD, severity | CALCULATED | partial(self._data, span))
        there = self.reached & (good > 0.0)
        return Answer(span.stamp, value, np.where(there, status, NO_DATA).astype(np.uint32))


def duration_good(data: Data, span: Intervals) -> Answer:
    """Milliseconds in which the latest reading was good."""
    return _of_time(data, span, _good(data, span) / MILLISECOND)


def duration_bad(data: Data, span: Intervals) -> Answer:
    """Milliseconds in which it was not, or there was none yet."""
    return _of_time(data, span, (_length(data, span) - _good(data, span)) / MILLISECOND)


def percent_good(data: Data, span: Intervals) -> Answer:
    """Share of the interval, as far as anything is known of it, in which the latest reading was good."""
    return _of_time(data, span, 100.0 * _good(data, span) / _length(data, span))


def percent_bad(data: Data, span: Intervals) -> Answer:
    """Share in which it was not, or there was none yet."""
    return _of_time(data, span, 100.0 - 100.0 * _good(data, span) / _length(data, span))


def _good(data: Data, span: Intervals) -> np.ndarray:
    """How much of each interval is good [us]."""
    held = Held(data, span)
    return held.during(held.good, span)


def _length(data: Data, span: Intervals) -> np.ndarray:
    """Of each interval, up to the last reading, which holds for a unit of time [us]."""
    last = data.wall[-1] + UNIT if len(data.wall) else 0
    return np.asarray(np.maximum(np.minimum(span.high, last) - span.low, 1))


def _while(wall: np.ndarray, mask: np.ndarray, span: Intervals) -> np.ndarray:
    if len(wall) < 2:
        return np.zeros(len(span.low))
    spent = np.concatenate([[0.0], np.cumsum(np.diff(wall) * mask[:-1])])
    return np.asarray(np.interp(span.high, wall, spent) - np.interp(span.low, wall, spent))


def _of_time(data: Data, span: Intervals, value: np.ndarray) -> Answer:
    """Always good, where there is anything."""
    status = np.full(len(value), NO_DATA)
    if len(data.wall):
        there = (span.high > data.wall[0]) & (span.low <= data.wall[-1])
        status = np.where(there, CALCULATED | partial(data, span), NO_DATA)
    return Answer(span.stamp, value, status.astype(np.uint32))
