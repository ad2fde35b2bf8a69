"""What HistoryRead asks of the history of one tag: raw values, values at given times, aggregates.

Each query reads no more than `most` values in one go and says how to go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from opcua_server.aggregate_functions import Aggregate
from opcua_server.aggregate_treatment import Treatment
from opcua_server.aggregates import CALCULATED, NO_DATA, Answer, Data, Intervals, status_of
from opcua_server.aggregates_of_time import simple
from opcua_server.history_codec import NO_BOUND
from twin.history import Kept, Points, Reader
from twin.history.reader import EVER

HOUR, DAY = 3_600_000_000, 86_400_000_000  # us
DAYS = 8
"""Days of scans that are read for one answer."""
SCATTERED = 200
"""Times over more than a day that are answered at once."""
FAR = 50
"""Pieces that are looked through for a good value."""
OWN = "SIM."
"""Tags of the simulation itself stay good when the plant could not be computed."""


@dataclass(frozen=True)
class Raw:
    """A request for raw values from `first` to `last` [us since 1970]; what is None is open.

    Backward, `first` is the later one. `left` is how many values are still wanted when an end is open. After a part,
    `begun` tells that the bound at the begin has been told, `passed` how many values of the date `first` were: several
    may have one where a clock was set back.
    """

    first: int
    last: int | None
    backward: bool = False
    bounds: bool = False
    left: int | None = None
    begun: bool = False
    passed: int = 0

    @classmethod
    def asked(cls, start: int | None, end: int | None, number: int, bounds: bool) -> Raw | None:
        """From the fields of ReadRawModifiedDetails; None if fewer than two of three are given (Part 11, 6.5.3)."""
        if start is not None and end is not None:
            return cls(start, end, end < start, bounds)
        if not number or (start is None and end is None):
            return None
        if start is not None:
            return cls(start, None, False, bounds, number)
        assert end is not None
        return cls(end, None, True, bounds, number)


def raw(reader: Reader, tag: Kept, ask: Raw, most: int) -> tuple[Answer, Raw | None]:
    """At most `most` raw values, and the request for the rest if there is any; of which nothing may be wanted."""
    most = most if ask.left is None else min(most, ask.left)
    parts: list[Answer] = []
    found = 0
    for part in _sequence(reader, tag, ask):
        parts.append(part)
        found += len(part)
        if found > most:
            break
    whole = _joined(parts)
    answer = Answer(whole.wall[:most], whole.value[:most], whole.status[:most])
    if found <= most:
        return answer, None
    left = None if ask.left is None else ask.left - len(answer)
    return answer, replace(_after(ask, whole, most), left=left, begun=True)


def _after(ask: Raw, whole: Answer, most: int) -> Raw:
    """The request from the value on that comes after the first `most` of them."""
    date = int(whole.wall[most - 1])
    same = (whole.wall == date) & (whole.status != NO_BOUND)
    if not same[most]:
        return replace(ask, first=date + (-1 if ask.backward else 1), passed=0)
    before = ask.passed if date == ask.first else 0
    return replace(ask, first=date, passed=before + int(same[:most].sum()))


def _sequence(reader: Reader, tag: Kept, ask: Raw) -> Iterator[Answer]:
    """All that the request means: the bound at the begin, what lies between, the bound at the end."""
    turn = -1 if ask.backward else 1
    point_in_time = ask.first == ask.last and (not ask.begun or ask.passed > 0)
    if ask.bounds and not ask.begun:
        before = _nearest(reader, tag, ask.first, backward=not ask.backward)
        if not len(before) or before.wall[0] != ask.first:  # else it is the first of those between
            yield _told(before, tag) if len(before) else _missing(ask.first)
    last = None if ask.last is None else (ask.last if point_in_time else ask.last - turn)
    told, passed = ask.first, ask.passed
    for points in _between(reader, tag, ask.first, last, ask.backward):
        told = int(points.wall[-1])
        yield _told(points[passed:], tag)
        passed = max(0, passed - len(points))
    if not ask.bounds:
        return
    if ask.last is None:
        yield _missing(told)
    else:
        edge = ask.last + (turn if point_in_time else 0)
        edge = min(edge, ask.first) if ask.backward else max(edge, ask.first)
        after = _nearest(reader, tag, edge, ask.backward)
        yield _told(after, tag) if len(after) else _missing(ask.last)


def _between(reader: Reader, tag: Kept, first: int, last: int | None, backward: bool) -> Iterator[Points]:
    if backward:
        return reader.points(tag, EVER[0] if last is None else last, first, True)
    return reader.points(tag, first, EVER[1] if last is None else last)


def _nearest(reader: Reader, tag: Kept, wall: int, backward: bool) -> Points:
    """The first point at or after a moment, or backward at or before it."""
    found = _between(reader, tag, wall, None, backward)
    return next((points[:1] for points in found), Points.joined([]))


def _told(points: Points, tag: Kept) -> Answer:
    """Points with the status that a client read when they were new."""
    points = _of(tag, points)
    return Answer(points.wall, points.value, status_of(points))


def _of(tag: Kept, points: Points) -> Points:
    return replace(points, quality=np.zeros_like(points.quality)) if tag.name.startswith(OWN) else points


def _missing(wall: int) -> Answer:
    return Answer(np.array([wall]), np.array([np.nan]), np.array([NO_BOUND], np.uint32))


def _joined(parts: list[Answer]) -> Answer:
    if not parts:
        return Answer(np.empty(0, np.int64), np.empty(0), np.empty(0, np.uint32))
    return Answer(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("wall", "value", "status")))


def around(reader: Reader, tag: Kept, low: int, high: int, before: int = 1) -> Points:
    """Points from the last good ones (so many) before `low` to the first good one after `high`."""
    early = _to_good(reader.points(tag, EVER[0], low - 1, True), before)
    inside = Points.joined(list(reader.points(tag, low, high)))
    after = _to_good(reader.points(tag, high + 1, EVER[1]))
    return _of(tag, Points.joined([early[::-1], inside, after]))


def _to_good(pieces: Iterator[Points], number: int = 1) -> Points:
    """Points up to the first good one, or the first of that number."""
    found = []
    for points in islice(pieces, FAR):
        good = np.flatnonzero((points.quality == 0) & np.isfinite(points.value))
        if good.size >= number:
            found.append(points[: int(good[number - 1]) + 1])
            break
        number -= good.size
        found.append(points)
    return Points.joined(found)


def at_time(reader: Reader, tag: Kept, stepped: bool, times: np.ndarray, simple_bounds: bool = False) -> Answer:
    """Values at given times, recorded or interpolated, in the order they were asked for; with simple bounds, between
    the readings beside them whatever their quality.

    Of times that lie far apart only the first ones are answered.
    """
    if not len(times):
        return _joined([])
    if np.ptp(times) > DAY:
        times = times[:SCATTERED]
    order = np.argsort(times, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(times[order]) > HOUR) + 1)  # not what lies between them
    answers = []
    for group in groups:
        asked = times[group]
        data = Data(around(reader, tag, int(asked[0]), int(asked[-1])), stepped)
        answers.append(simple(data, asked) if simple_bounds else data.at(asked))
    found, back = _joined(answers), np.argsort(order, kind="stable")
    return Answer(found.wall[back], found.value[back], found.status[back])


def processed(
    reader: Reader, tag: Kept, stepped: bool, aggregate: Aggregate, span: Intervals, treat: Treatment | None = None
) -> Answer:
    """An aggregate over intervals, or the first of them if that is many days; from the minute tier where intervals are
    long or every scan is no longer kept.
    """
    if not len(span.low):
        return _joined([])
    kept = reader.span()
    coarse = span.step >= DAY or kept is None or int(span.low.min()) < kept[0]
    if coarse and aggregate.reduce:
        answer = _of_minutes(reader, tag, aggregate.reduce, span)
        if answer is not None:
            return answer
    parts, size = [], max(1, DAY // span.step)
    for begin in range(0, min(len(span.low), DAYS * size), size):  # a day at a time: it may be a million scans
        part = replace(span, low=span.low[begin : begin + size], high=span.high[begin : begin + size])
        before = 2 if treat is not None and treat.sloped else 1  # to go on along the line through them
        data = Data(around(reader, tag, int(part.low.min()), int(part.high.max()), before), stepped, treat)
        parts.append(aggregate.compute(data, part))
    return _joined(parts)


def _of_minutes(reader: Reader, tag: Kept, field: str, span: Intervals) -> Answer | None:
    """The same of the minutes that begin in each interval; None where there are none at all."""
    wall, minutes = reader.minutes(tag, int(span.low.min()), int(span.high.max()))
    if not len(wall):
        return None
    side = "right" if span.backward else "left"
    first, after = np.searchsorted(wall, span.low, side), np.searchsorted(wall, span.high, side)  # type: ignore[call-overload]
    value = np.full(len(first), np.nan)
    for k, (a, b) in enumerate(zip(first, after, strict=True)):
        number = minutes["count"][a:b]
        if number.sum() > 0.0:
            value[k] = _REDUCE[field]({name: column[a:b] for name, column in minutes.items()})
    status = np.where(np.isnan(value), NO_DATA, CALCULATED).astype(np.uint32)
    return Answer(span.stamp, value, status)


_REDUCE: dict[str, Callable[[dict[str, np.ndarray]], float]] = {
    "mean": lambda m: float(np.nansum(m["mean"] * m["count"]) / m["count"].sum()),
    "min": lambda m: float(np.nanmin(m["min"])),
    "max": lambda m: float(np.nanmax(m["max"])),
    "range": lambda m: float(np.nanmax(m["max"]) - np.nanmin(m["min"])),
    "count": lambda m: float(m["count"].sum()),
}


def annotation_count(reader: Reader, name: str, span: Intervals) -> Answer:
    """Number of annotations in each interval."""
    written = np.array([note.wall for note in reader.notes(name, int(span.low.min()), int(span.high.max()))], np.int64)
    side = "right" if span.backward else "left"
    number = np.searchsorted(written, span.high, side) - np.searchsorted(written, span.low, side)  # type: ignore[call-overload]
    return Answer(span.stamp, number.astype(float), np.full(len(number), CALCULATED, np.uint32))
