"""Working days: weekends, holidays of Japan by law, and days on which a university is closed."""

from __future__ import annotations

import datetime as dt
import re

import numpy as np

FIXED = ("01-01", "02-11", "02-23", "04-29", "05-03", "05-04", "05-05", "08-11", "11-03", "11-23")
"""Holidays of a fixed date (Act on National Holidays, as of 2020)."""
MONDAYS = ((1, 2), (7, 3), (9, 3), (10, 2))
"""Month and which Monday of it."""
DAYS = 365


def equinoxes(year: int) -> tuple[dt.date, dt.date]:
    """Days of the vernal and autumnal equinox in Japan, 1980-2099 (Hydrographic Department, as published)."""
    leap = (year - 1980) // 4
    spring = int(20.8431 + 0.242194 * (year - 1980) - leap)
    autumn = int(23.2488 + 0.242194 * (year - 1980) - leap)
    return dt.date(year, 3, spring), dt.date(year, 9, autumn)


def holidays(year: int) -> set[dt.date]:
    """Holidays of a year, with the Monday after one that falls on a Sunday and the day between two."""
    found = {dt.date.fromisoformat(f"{year}-{day}") for day in FIXED} | set(equinoxes(year))
    for month, number in MONDAYS:
        first = dt.date(year, month, 1)
        found.add(first + dt.timedelta((7 - first.weekday()) % 7 + 7 * (number - 1)))
    one = dt.timedelta(1)
    for day in sorted(found):
        if day.weekday() == 6:
            substitute = day + one
            while substitute in found:
                substitute += one
            found.add(substitute)
    between = {day + one for day in found if day + 2 * one in found and day + one not in found}
    return found | {day for day in between if day.weekday() != 6}


def closed_days(text: str, year: int) -> set[dt.date]:
    """Days of "12-29..01-03, 08-13..08-15" in a year. ValueError says what was expected."""
    found: set[dt.date] = set()
    for part in filter(None, (p.strip() for p in text.split(","))):
        match = re.fullmatch(r"(\d\d-\d\d)(?:\.\.(\d\d-\d\d))?", part)
        if not match:
            raise ValueError(f'expected days such as "12-29..01-03, 08-13", got "{part}"')
        try:
            first = dt.date.fromisoformat(f"{year}-{match[1]}")
            last = dt.date.fromisoformat(f"{year}-{match[2] or match[1]}")
        except ValueError:
            raise ValueError(f'expected month-day such as "12-29", got "{part}"') from None
        day = dt.date(year, 1, 1)
        while day.year == year:
            if first <= day <= last or (last < first and (day >= first or day <= last)):
                found.add(day)
            day += dt.timedelta(1)
    return found


def working_days(year: int, kept: str, closed: str, weekends: bool) -> np.ndarray:
    """1 for every working day of 365 days from 1 January, else 0. ValueError says what was expected."""
    if kept not in ("japan", "none"):
        raise ValueError(f'holidays: expected "japan" or "none", got "{kept}"')
    free = (holidays(year) if kept == "japan" else set()) | closed_days(closed, year)
    days = [dt.date(year, 1, 1) + dt.timedelta(k) for k in range(DAYS)]
    return np.array([float((weekends or day.weekday() < 5) and day not in free) for day in days])
