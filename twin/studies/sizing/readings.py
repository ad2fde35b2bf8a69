"""Readings with their times, as loggers and people leave them: put in order, and made to hours of a year.

Nothing is invented: an hour is the mean of its readings, a short gap lies on the line between its neighbours, a flow is
constant between two readings of a counter. So no hour lies outside what was measured.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

HOUR, HOURS = 3600.0, 8760
DAY = 24
OFFSET = re.compile(r"(?:Z|[+-]\d\d:?\d\d)\s*$")
KNOWN_SHARE = 0.5
"""Share of an hour between readings that must be known for its flow to be known."""


@dataclass(frozen=True)
class Report:
    """What was found in a file, and what became of it."""

    rows: int
    year: int = 0
    blank: int = 0
    """Rows without a time or a number."""
    elsewhere: int = 0
    """Rows of other years."""
    unsorted: int = 0
    duplicates: int = 0
    implausible: int = 0
    """Readings outside what can be."""
    jumps: int = 0
    """Resets of a counter, refills of a level."""
    gaps: int = 0
    longest: int = 0
    """Longest time without data [h]."""
    filled: int = 0
    """Hours taken from both sides."""
    missing: int = 0
    """Hours left to the model."""


@dataclass(frozen=True)
class Readings:
    """Times since the year began [s], rising, and numbers."""

    times: np.ndarray
    values: np.ndarray


def clean(
    times: pd.Series, values: np.ndarray, zone: str, year: int | None, limits: tuple[float, float]
) -> tuple[Readings, Report]:
    """Readings of one year in order, without what cannot be used; ValueError says what cannot be understood."""
    clock = local_times(times, zone)
    known = clock.notna().to_numpy() & ~np.isnan(values)
    report = Report(len(values), blank=int(np.sum(~known)))
    stamps, values = clock[known].to_numpy("datetime64[ns]"), values[known]
    if not len(values):
        raise ValueError("there are no readings in the file")
    years = stamps.astype("datetime64[Y]").astype(int) + 1970
    year = int(np.bincount(years).argmax()) if year is None else year
    seconds = (stamps - np.datetime64(f"{year}-01-01")) / np.timedelta64(1, "s")
    here = (seconds >= 0.0) & (seconds <= HOURS * HOUR)
    seconds, values = seconds[here], values[here]
    report = replace(report, year=year, elsewhere=int(np.sum(~here)), unsorted=int(np.sum(np.diff(seconds) < 0.0)))
    order = np.argsort(seconds, kind="stable")
    seconds, values = seconds[order], values[order]
    first = np.concatenate([[True], np.diff(seconds) > 0.0])[: len(seconds)]
    plausible = (values >= limits[0]) & (values <= limits[1])
    report = replace(report, duplicates=int(np.sum(~first)), implausible=int(np.sum(first & ~plausible)))
    return Readings(seconds[first & plausible], values[first & plausible]), report


def local_times(times: pd.Series, zone: str) -> pd.Series:
    """Times of the plant's clock; those with an offset are moved to the zone, those without are taken as they are."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(times) and times.notna().any():
        raise ValueError(f'expected times such as "2025-04-01 09:00" in column "{times.name}", got {times.iloc[0]}')
    if not pd.api.types.is_datetime64_any_dtype(times):
        times = _parsed(times)
    if times.dt.tz is None:
        return times
    if not zone:
        raise ValueError('the times have an offset from UTC; say where the plant is, such as zone = "Asia/Tokyo"')
    try:
        return times.dt.tz_convert(ZoneInfo(zone)).dt.tz_localize(None)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f'there is no time zone "{zone}"; expected one such as "Asia/Tokyo"') from None


def _parsed(times: pd.Series) -> pd.Series:
    import pandas as pd

    texts = times.astype("string")
    offset = texts.str.contains(OFFSET, regex=True) & texts.str.contains(":", regex=False)
    given = texts.notna()
    if offset[given].any() and not offset[given].all():
        raise ValueError("some of the times have an offset from UTC and some have not; give all of them one, or none")
    found = pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=bool(offset[given].any()))
    wrong = (found.isna() & given).to_numpy()
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ValueError(f'row {row + 1}: expected a time such as "2025-04-01 09:00", got "{texts.iloc[row]}"')
    return found


def hourly_mean(readings: Readings) -> np.ndarray:
    """Mean of each hour's readings; NaN where there are none."""
    place = (readings.times // HOUR).astype(int)
    count, total = (np.bincount(place, weights, HOURS)[:HOURS] for weights in (None, readings.values))
    with np.errstate(invalid="ignore"):
        return total / count


def hourly_flow(readings: Readings, longest: float) -> np.ndarray:
    """Rate [1/s] at which a counter rose, hour by hour; between readings further apart than `longest` it is not known.

    NaN among the values cuts: a counter that was reset, a vessel that was refilled.
    """
    edges = HOUR * np.arange(HOURS + 1)
    step, rise = np.diff(readings.times), np.diff(readings.values)
    known = np.isfinite(rise) & (step <= longest)
    covered = np.concatenate([[0.0], np.cumsum(np.where(known, step, 0.0))])
    amount = np.concatenate([[0.0], np.cumsum(np.where(known, rise, 0.0))])
    time = np.diff(np.interp(edges, readings.times, covered))
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = np.diff(np.interp(edges, readings.times, amount)) / time
    return np.where(time >= KNOWN_SHARE * HOUR, rate, np.nan)


def without_resets(readings: Readings) -> tuple[Readings, int]:
    """A counter cut where it fell, and how often it did."""
    falls = np.flatnonzero(np.diff(readings.values) < 0.0)
    return _cut(readings, falls), len(falls)


def evaporated(readings: Readings, refill: float) -> tuple[Readings, int]:
    """What has evaporated since the beginning, once a day, cut at refills; and how many there were.

    Levels are taken as medians of hours, so that a slow filling is one rise and a noisy probe none: a rise of more than
    `refill` is a refill, a smaller one is noise, which daily differences average out.
    """
    import pandas as pd

    place = (readings.times // HOUR).astype(int)
    hours = pd.DataFrame({"time": readings.times, "level": readings.values}).groupby(place).median()
    times, levels = hours["time"].to_numpy(), hours["level"].to_numpy()
    rises = np.flatnonzero(np.diff(levels) > refill)
    ends = [0, *(k + 1 for k in rises), len(levels)]
    pieces = [_daily(times[a:b], -levels[a:b]) for a, b in pairwise(ends)]
    joined = _joined(pieces)
    fillings = int(np.sum(np.diff(rises, prepend=-2) > 1))  # a filling that takes some hours counts once
    return joined, fillings


def _daily(times: np.ndarray, values: np.ndarray) -> Readings:
    """Readings at least a day apart, the last one among them."""
    kept = [0]
    for k in range(1, len(times)):
        if times[k] - times[kept[-1]] >= DAY * HOUR:
            kept.append(k)
    if kept[-1] != len(times) - 1:
        kept[-1:] = [len(times) - 1] if len(kept) > 1 else [0, len(times) - 1]
    return Readings(times[kept], np.maximum.accumulate(values[kept]))


def _joined(pieces: list[Readings]) -> Readings:
    cut = [Readings(np.append(p.times, p.times[-1] + 1e-3), np.append(p.values, np.nan)) for p in pieces]
    return Readings(np.concatenate([p.times for p in cut]), np.concatenate([p.values for p in cut]))


def _cut(readings: Readings, after: np.ndarray) -> Readings:
    """NaN right behind these readings."""
    times = np.insert(readings.times, after + 1, readings.times[after] + 1e-3)
    return Readings(times, np.insert(readings.values, after + 1, np.nan))


def filled(hours: np.ndarray, longest: float, report: Report) -> tuple[np.ndarray, Report]:
    """Gaps up to `longest` [s] on the line between their neighbours, longer ones left; and what there was."""
    missing = np.isnan(hours)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], missing, [False]]).astype(int)))
    gaps = list(zip(edges[::2], edges[1::2], strict=True))
    lengths = [int(stop - start) for start, stop in gaps]
    found, good = hours.copy(), np.flatnonzero(~missing)
    for start, stop in gaps:
        inside = start > 0 and stop < len(hours)
        if inside and (stop - start) * HOUR <= longest:
            found[start:stop] = np.interp(np.arange(start, stop), good, hours[good])
    left = int(np.isnan(found).sum())
    report = replace(report, gaps=len(gaps), longest=max(lengths, default=0))
    return found, replace(report, filled=int(missing.sum()) - left, missing=left)
