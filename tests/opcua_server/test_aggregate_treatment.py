"""AggregateConfiguration of a request: its limits (OPC 10000-13, 4.2.1.2), and statuses by annex A or hand."""

from __future__ import annotations

import numpy as np
import pytest
from asyncua import ua

from opcua_server.aggregate_treatment import BAD, SUB_NORMAL, Treatment
from opcua_server.aggregates import CALCULATED, INTERPOLATED, PARTIAL, average, count, interpolative, time_average
from opcua_server.aggregates_of_readings import transitions
from opcua_server.aggregates_of_time import duration_in_nonzero, time_average_2, total, total_2
from tests.opcua_server.test_aggregates import HISTORIAN_2, check, data, intervals

GOOD, DOUBT = CALCULATED, SUB_NORMAL | CALCULATED
HALF = Treatment(percent_bad=50, percent_good=50)
RAMP: dict[int, float | None] = {0: 10.0, 10: 20.0, 20: 30.0}
"""The data of 3.1.6."""


def asked(bad: int, good: int, uncertain_is_bad: bool = True, sloped: bool = False) -> Treatment | None:
    return Treatment.asked(ua.AggregateConfiguration(False, uncertain_is_bad, bad, good, sloped))


def status(treat: Treatment, good: float, uncertain: float, bad: float) -> int:
    return int(treat.severity(np.array([good]), np.array([uncertain]), np.array([bad]))[0])


def test_a_request_may_leave_it_to_the_server_whatever_else_it_says() -> None:
    assert Treatment.asked(ua.AggregateConfiguration(True, False, 0, 0, True)) == Treatment(True, 100, 100, False)


@pytest.mark.parametrize(("bad", "good"), [(100, 100), (100, 0), (0, 100), (50, 50), (30, 70), (80, 90)])
def test_percentages_that_leave_no_gap_are_taken(bad: int, good: int) -> None:
    assert asked(bad, good, False, True) == Treatment(False, bad, good, True)


@pytest.mark.parametrize(("bad", "good"), [(101, 100), (100, 101), (255, 255), (0, 0), (0, 99), (49, 50)])
def test_percentages_over_100_or_with_a_gap_between_them_are_refused(bad: int, good: int) -> None:
    assert asked(bad, good) is None


def test_an_interval_is_good_from_the_share_of_good_on_and_bad_from_that_of_bad_on() -> None:
    treat = Treatment(percent_bad=40, percent_good=70)
    assert [status(treat, *shares) for shares in ((7, 0, 3), (69, 0, 31), (61, 0, 39), (6, 0, 4))] == [
        0, SUB_NORMAL, SUB_NORMAL, BAD
    ]  # fmt: skip
    assert status(HALF, 5, 0, 5) == 0  # both limits are met


def test_an_interval_without_anything_bad_is_not_bad() -> None:
    assert status(Treatment(percent_bad=0), 0, 1, 0) == SUB_NORMAL


def test_uncertain_counts_as_good_unless_it_is_to_be_treated_as_bad() -> None:
    assert status(Treatment(percent_bad=30, percent_good=70), 4, 3, 3) == BAD
    assert status(Treatment(False, 30, 70), 4, 3, 3) == 0
    assert status(Treatment(), 6, 4, 0) == SUB_NORMAL


def test_time_average_2_of_historian_3_is_bad_where_half_of_an_interval_is() -> None:
    """A.5: bad from 42 to 48 s, which is 60 % of two intervals."""
    expected = {35: (26, GOOD), 40: (None, BAD), 45: (None, BAD), 50: (46, GOOD), 55: (50, GOOD)}
    check(time_average_2(data(HISTORIAN_2, True, HALF), intervals(5)), expected)
    check(total_2(data(HISTORIAN_2, True, HALF), intervals(5)), {40: (None, BAD), 50: (230, GOOD)})


def test_duration_in_state_of_historian_4() -> None:
    """A.21: the reading at 77 s is uncertain and treated as bad; what follows the last one counts a millisecond."""
    switch = {
        2: 1.0,
        25: 0.0,
        28: 1.0,
        39: 1.0,
        42: None,
        48: 1.0,
        52: 0.0,
        72: 0.0,
        77: None,
        83: 1.0,
        86: 0.0,
        90: 1.0,
    }
    expected = {
        0: (14_000, DOUBT | PARTIAL), 16: (13_000, GOOD), 32: (10_000, DOUBT), 48: (4_000, GOOD), 64: (0, DOUBT),
        80: (3_001, DOUBT | PARTIAL), 96: (None, ua.StatusCodes.BadNoData),
    }  # fmt: skip
    check(duration_in_nonzero(data(switch, True), intervals(16)), expected)


def test_the_share_of_readings_decides_where_readings_are_counted() -> None:
    """Two of five are bad: 40 %."""
    series: dict[int, float | None] = {0: 1.0, 2: None, 4: 3.0, 6: None, 8: 5.0, 10: 0.0}
    for treat, expected in (
        (Treatment(), DOUBT),
        (Treatment(percent_good=61), DOUBT),
        (Treatment(percent_good=60), GOOD),
        (Treatment(percent_bad=41), DOUBT),
        (Treatment(percent_bad=40), BAD),
    ):
        for aggregate, value in ((average, 3.0), (count, 3.0), (transitions, 2.0)):
            found = aggregate(data(series, treat=treat), intervals(10, 0, 10))
            assert found.status.tolist() == [expected]
            assert found.value.tolist() == [value]


def test_after_the_data_the_last_reading_is_held_or_the_line_goes_on_as_asked() -> None:
    """The table of 3.1.6: 35 and 37 sloped, 30 stepped."""
    doubt = SUB_NORMAL | INTERPOLATED
    sloped = Treatment(sloped=True)
    check(interpolative(data(RAMP), intervals(2, 25, 29)), {25: (30, doubt), 27: (30, doubt)})
    check(interpolative(data(RAMP, treat=sloped), intervals(2, 25, 29)), {25: (35, doubt), 27: (37, doubt)})
    for held, value in ((data({0: 10.0}, False, sloped), 10.0), (data(RAMP, True, sloped), 30.0)):
        check(interpolative(held, intervals(2, 25, 29)), {25: (value, doubt), 27: (value, doubt)})


def test_the_mean_and_the_area_after_the_data_are_of_the_line_that_goes_on() -> None:
    """From 10 to 30 s: sloped the line from 20 to 40, mean 30; held 25 for 10 s and 30 for 10 s."""
    sloped = data(RAMP, treat=Treatment(sloped=True))
    check(time_average(sloped, intervals(20, 10, 30)), {10: (30, DOUBT)})
    check(total(sloped, intervals(20, 10, 30)), {10: (600, DOUBT)})
    check(time_average(data(RAMP), intervals(20, 10, 30)), {10: (27.5, DOUBT)})
    check(time_average(sloped, intervals(10, 40, 60)), {40: (55, DOUBT), 50: (65, DOUBT)})
