"""Aggregates over the readings that fall into an interval (OPC 10000-13, 5.4): the first and last, how far apart they
are, when the extremes were, how much they scatter, how bad they were, how often they changed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from opcua_server.aggregates import (
    BAD,
    CALCULATED,
    MULTIPLE,
    NO_DATA,
    SUB_NORMAL,
    Answer,
    Data,
    Intervals,
    maximum,
    minimum,
    of_readings,
    of_values,
    partial,
)


def start(data: Data, span: Intervals) -> Answer:
    """The earliest reading, good or bad, at its own date."""
    return _reading(data, span, late=False)


def end(data: Data, span: Intervals) -> Answer:
    """The latest reading, good or bad, at its own date."""
    return _reading(data, span, late=True)


def _reading(data: Data, span: Intervals, late: bool) -> Answer:
    first, after = data.inside(data.wall, span)
    if not len(data.wall):
        return data.at(span.stamp)
    at, there = np.clip(after - 1 if late else first, 0, len(data.wall) - 1), after > first
    return Answer(
        np.where(there, data.wall[at], span.stamp),
        np.where(there, data.value[at], np.nan),
        np.where(there, data.status[at] | partial(data, span), NO_DATA).astype(np.uint32),
    )


def delta(data: Data, span: Intervals) -> Answer:
    """Latest good reading less the earliest; in doubt only if bad ones were passed over to find them."""
    if not len(data.t):
        return data.at(span.stamp)
    first, after = data.inside(data.t, span)
    a, b = np.minimum(first, len(data.t) - 1), np.maximum(after - 1, 0)
    early, late = data.t[a], data.t[b]
    bad_first, bad_after = data.inside(data.bad, span)
    passed = (np.searchsorted(data.bad, early) > bad_first) | (np.searchsorted(data.bad, late) < bad_after)
    status = np.where(passed, SUB_NORMAL, 0) | CALCULATED | partial(data, span)
    status = np.where(after > first, status, NO_DATA)
    return Answer(span.stamp, data.v[b] - data.v[a], status.astype(np.uint32))


def extent(data: Data, span: Intervals) -> Answer:
    """Range: the largest good reading less the least."""
    return of_readings(data, span, maximum(data, span).value - minimum(data, span).value)


def minimum_actual_time(data: Data, span: Intervals) -> Answer:
    """The least good reading at its own date, the earliest if there are several."""
    return _dated(data, span, np.argmin)


def maximum_actual_time(data: Data, span: Intervals) -> Answer:
    """The largest good reading at its own date, the earliest if there are several."""
    return _dated(data, span, np.argmax)


def _dated(data: Data, span: Intervals, find: Callable[[np.ndarray], np.intp]) -> Answer:
    first, after = data.inside(data.t, span)
    bad_first, bad_after = data.inside(data.bad, span)
    walls, value = np.array(span.stamp), np.full(len(first), np.nan)
    status = np.where(bad_after > bad_first, SUB_NORMAL, 0) | partial(data, span)
    for k in np.flatnonzero(after > first):
        part = data.v[first[k] : after[k]]
        at = int(find(part))
        walls[k], value[k] = data.t[first[k] + at], part[at]
        status[k] |= MULTIPLE if np.count_nonzero(part == part[at]) > 1 else 0
    return Answer(walls, value, np.where(after > first, status, NO_DATA).astype(np.uint32))


def variance_sample(data: Data, span: Intervals) -> Answer:
    """Mean square of the distance from the average, over n - 1; zero of one reading."""
    return _always_good(data, span, _variance(data, span, 1))


def variance_population(data: Data, span: Intervals) -> Answer:
    """The same over n."""
    return _always_good(data, span, _variance(data, span, 0))


def deviation_sample(data: Data, span: Intervals) -> Answer:
    """Root of the variance of a sample."""
    return _always_good(data, span, np.sqrt(_variance(data, span, 1)))


def deviation_population(data: Data, span: Intervals) -> Answer:
    """Root of the variance of a population."""
    return _always_good(data, span, np.sqrt(_variance(data, span, 0)))


def _always_good(data: Data, span: Intervals, value: np.ndarray) -> Answer:
    """Good whatever was left out (5.4.3.37), where there is anything."""
    first, after = data.inside(data.t, span)
    status = np.where(after > first, CALCULATED | partial(data, span), NO_DATA)
    return Answer(span.stamp, value, status.astype(np.uint32))


def _variance(data: Data, span: Intervals, less: int) -> np.ndarray:
    first, after = data.inside(data.t, span)
    value = np.zeros(len(first))
    for k in np.flatnonzero(after - first > less):
        value[k] = np.var(data.v[first[k] : after[k]], ddof=less)
    return value


def worst_quality(data: Data, span: Intervals) -> Answer:
    """The status of the worst reading; several bad ones are said to be several."""
    first, after = data.inside(data.wall, span)
    bad_first, bad_after = data.inside(data.bad, span)
    worst = np.append(data.status[~data.good], 0)[np.where(bad_after > bad_first, bad_first, len(data.bad))]
    status = np.where(bad_after - bad_first > 1, MULTIPLE, 0) | CALCULATED | partial(data, span)
    status = np.where(after > first, status, NO_DATA)
    return Answer(span.stamp, worst.astype(float), status.astype(np.uint32))


def transitions(data: Data, span: Intervals) -> Answer:
    """How often a good reading differed from the good one before it, which may lie before the interval."""
    first, after = data.inside(data.t, span)
    changed = np.concatenate([[0], data.v[1:] != data.v[:-1]]) if len(data.v) else np.zeros(0)
    total = np.concatenate([[0], np.cumsum(changed)])
    answer = of_values(data, span, (total[after] - total[first]).astype(float))
    bad_first, bad_after = data.inside(data.bad, span)
    only_bad = (after == first) & (bad_after > bad_first)
    return Answer(answer.wall, answer.value, np.where(only_bad, BAD, answer.status).astype(np.uint32))
