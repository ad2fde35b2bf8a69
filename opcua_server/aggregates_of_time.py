"""Aggregates over the time in an interval (OPC 10000-13, 5.4): areas, how long a tag was good or in a state, bounds.

Most of them look at the reading just before a moment whatever its quality (simple bounding values, 3.1.9): what it says
holds until the next one, and nothing is known before the first and after the last.
"""

from __future__ import annotations

import numpy as np

from opcua_server.aggregates import (
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


def simple(data: Data, times: np.ndarray) -> Answer:
    """Simple bounding values: nothing after a bad reading, held before one, else as recorded or on the line between."""
    if not len(data.wall):
        return data.at(times)
    before = np.searchsorted(data.wall, times, "right") - 1
    a, b = np.maximum(before, 0), np.minimum(before + 1, len(data.wall) - 1)
    exact = (before >= 0) & (data.wall[a] == times)
    line = data.good[b] & (b > a) & (not data.stepped)
    width = np.maximum(data.wall[b] - data.wall[a], 1)
    rise = np.where(line, data.value[b] - data.value[a], 0.0)
    value = data.value[a] + rise * (times - data.wall[a]) / width
    doubt = (b == a) | (~data.good[b] & (not data.stepped))
    status = np.where(doubt, SUB_NORMAL | INTERPOLATED, INTERPOLATED)
    status = np.where(data.good[a] & (before >= 0), status, NO_DATA)
    status = np.where(exact, data.status[a], status)
    return Answer(times, np.where(exact, data.value[a], value), status.astype(np.uint32))


def start_bound(data: Data, span: Intervals) -> Answer:
    """The value at the begin of each interval."""
    return simple(data, span.stamp)


def end_bound(data: Data, span: Intervals) -> Answer:
    """The value at the end of each interval, dated by it."""
    return simple(data, span.low if span.backward else span.high)


def delta_bounds(data: Data, span: Intervals) -> Answer:
    """The value at the end less the one at the begin; none unless both are known."""
    begin, end = start_bound(data, span), end_bound(data, span)
    known = (begin.status >> 30 != 2) & (end.status >> 30 != 2)
    doubt = np.where((begin.status >> 30 == 1) | (end.status >> 30 == 1), SUB_NORMAL, 0)
    status = np.where(known, doubt | CALCULATED | partial(data, span), NO_DATA)
    return Answer(span.stamp, end.value - begin.value, status.astype(np.uint32))


def total(data: Data, span: Intervals) -> Answer:
    """Time average times length: the area, in units of the tag times seconds."""
    mean = time_average(data, span)
    if not len(data.t):
        return mean
    width = np.minimum(span.high, data.t[-1]) - np.maximum(span.low, data.t[0])
    return Answer(mean.wall, mean.value * np.maximum(width, 0) / SECOND, mean.status)


def time_average_2(data: Data, span: Intervals) -> Answer:
    """Mean over the time in which the tag was good."""
    area, good = _area(data, span), _while(data, data.good, span)
    return _of_good_time(data, span, area / np.maximum(good, 1), good)


def total_2(data: Data, span: Intervals) -> Answer:
    """Area over the time in which the tag was good, in units of the tag times seconds."""
    return _of_good_time(data, span, _area(data, span) / SECOND, _while(data, data.good, span))


def duration_good(data: Data, span: Intervals) -> Answer:
    """Milliseconds in which the tag was good."""
    return _of_time(data, span, _while(data, data.good, span) / MILLISECOND)


def duration_bad(data: Data, span: Intervals) -> Answer:
    """Milliseconds in which it was not, or nothing is known."""
    return _of_time(data, span, (span.high - span.low - _while(data, data.good, span)) / MILLISECOND)


def percent_good(data: Data, span: Intervals) -> Answer:
    """Share of the interval in which the tag was good."""
    return _of_time(data, span, 100.0 * _while(data, data.good, span) / (span.high - span.low))


def percent_bad(data: Data, span: Intervals) -> Answer:
    """Share of the interval in which it was not, or nothing is known."""
    return _of_time(data, span, 100.0 - 100.0 * _while(data, data.good, span) / (span.high - span.low))


def duration_in_zero(data: Data, span: Intervals) -> Answer:
    """Milliseconds in which a reading of zero held."""
    return _in_state(data, span, data.value == 0.0)


def duration_in_nonzero(data: Data, span: Intervals) -> Answer:
    """Milliseconds in which another good reading held."""
    return _in_state(data, span, data.value != 0.0)


def _in_state(data: Data, span: Intervals, state: np.ndarray) -> Answer:
    good = _while(data, data.good, span)
    return _of_good_time(data, span, _while(data, data.good & state, span) / MILLISECOND, good)


def _while(data: Data, mask: np.ndarray, span: Intervals) -> np.ndarray:
    """How long in each interval the latest reading was one of the mask [us]."""
    if len(data.wall) < 2:
        return np.zeros(len(span.low))
    spent = np.concatenate([[0.0], np.cumsum(np.diff(data.wall) * mask[:-1])])
    return np.interp(span.high, data.wall, spent) - np.interp(span.low, data.wall, spent)


def _area(data: Data, span: Intervals) -> np.ndarray:
    """Under the readings of each interval, where they are good [unit times us]."""
    if len(data.wall) < 2:
        return np.zeros(len(span.low))
    value, good = np.where(data.good, data.value, 0.0), data.good
    line = good[1:] & good[:-1] & (not data.stepped)
    slope = np.where(line, np.diff(value), 0.0) / np.diff(data.wall)
    width = np.diff(data.wall)
    under = np.concatenate([[0.0], np.cumsum(good[:-1] * width * (value[:-1] + 0.5 * slope * width))])

    def to(times: np.ndarray) -> np.ndarray:
        inside = np.clip(times, data.wall[0], data.wall[-1])
        k = np.clip(np.searchsorted(data.wall, inside, "right") - 1, 0, len(width) - 1)
        past = inside - data.wall[k]
        return under[k] + good[k] * past * (value[k] + 0.5 * slope[k] * past)

    return to(span.high) - to(span.low)


def _of_time(data: Data, span: Intervals, value: np.ndarray) -> Answer:
    status = CALCULATED | partial(data, span)
    if not len(data.wall):
        status = np.full(len(value), NO_DATA)
    return Answer(span.stamp, value, status.astype(np.uint32))


def _of_good_time(data: Data, span: Intervals, value: np.ndarray, good: np.ndarray) -> Answer:
    """In doubt if some of the time was not good; nothing where all of it was not."""
    bad = _while(data, ~data.good, span) > 0.0
    status = np.where(bad, SUB_NORMAL, 0) | CALCULATED | partial(data, span)
    return Answer(span.stamp, value, np.where(good > 0.0, status, NO_DATA).astype(np.uint32))
