"""Working days: holidays as published by the Cabinet Office of Japan."""

import datetime as dt

import pytest

from twin.studies.sizing.campaign.calendar import closed_days, holidays, working_days

PUBLISHED = {
    2024: "01-01 01-08 02-11 02-12 02-23 03-20 04-29 05-03 05-04 05-05 05-06 07-15 08-11 08-12 09-16 09-22 09-23 10-14 "
    "11-03 11-04 11-23",
    2026: "01-01 01-12 02-11 02-23 03-20 04-29 05-03 05-04 05-05 05-06 07-20 08-11 09-21 09-22 09-23 10-12 11-03 11-23",
}
"""Published at www8.cao.go.jp; 2024 has substitutes, 2026 the day between two holidays."""


@pytest.mark.parametrize("year", PUBLISHED)
def test_holidays_are_those_published(year):
    assert sorted(f"{day:%m-%d}" for day in holidays(year)) == PUBLISHED[year].split()


def test_closed_days_may_go_over_the_turn_of_the_year():
    assert closed_days("12-30..01-02", 2027) == {dt.date(2027, *d) for d in ((1, 1), (1, 2), (12, 30), (12, 31))}


def test_weekends_are_free_unless_staff_come():
    assert working_days(2026, "none", "", weekends=False).sum() == 261
    assert working_days(2026, "none", "", weekends=True).sum() == 365
