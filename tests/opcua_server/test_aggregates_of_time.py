"""Aggregates over time and their bounds: the examples of OPC 10000-13 (3.1.6, A.5), and closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from opcua_server.aggregates import CALCULATED, INTERPOLATED, NO_DATA, PARTIAL, SUB_NORMAL, Data
from opcua_server.aggregates_of_time import (
    delta_bounds,
    duration_bad,
    duration_good,
    duration_in_nonzero,
    duration_in_zero,
    end_bound,
    percent_bad,
    percent_good,
    simple,
    start_bound,
    time_average_2,
    total,
    total_2,
)
from tests.opcua_server.test_aggregates import (
    HISTORIAN_1,
    HISTORIAN_2,
    SECOND,
    check,
    data,
    intervals,
    rows,
)

GOOD, DOUBT, NONE = CALCULATED, SUB_NORMAL | CALCULATED, NO_DATA


def test_time_average_2_of_historian_1() -> None:
    expected = {
        0: (None, NONE), 5: (None, NONE), 10: (12.5, GOOD), 15: (17.5, GOOD), 20: (22.5, GOOD), 25: (27.5, GOOD),
        30: (30, DOUBT), 35: (30, DOUBT), 40: (None, NONE), 45: (None, NONE), 50: (52.5, GOOD), 55: (57.5, GOOD),
        80: (82.5, GOOD), 85: (87.5, GOOD), 90: (90, DOUBT | PARTIAL), 95: (None, NONE),
    }  # fmt: skip
    check(time_average_2(data(HISTORIAN_1), intervals(5)), expected)


def test_time_average_2_of_historian_2() -> None:
    expected = {
        0: (10.652, DOUBT | PARTIAL), 5: (12.391, GOOD), 10: (14.565, GOOD), 15: (16.739, GOOD), 20: (18.913, GOOD),
        25: (23.682, GOOD), 30: (27.0455, GOOD), 35: (29.273, DOUBT), 40: (30, DOUBT), 45: (42.5, DOUBT),
        50: (49.45, GOOD), 55: (52.75, GOOD), 60: (55.25, GOOD), 65: (57.75, GOOD),
    }  # fmt: skip
    check(time_average_2(data(HISTORIAN_2), intervals(5)), expected)


def test_time_average_2_of_historian_3_is_stepped() -> None:
    expected = {
        5: (10, GOOD), 20: (10, GOOD), 25: (22, GOOD), 30: (25, GOOD), 35: (26, GOOD), 40: (30, DOUBT),
        45: (40, DOUBT), 50: (46, GOOD), 55: (50, GOOD), 65: (50, GOOD), 70: (56, GOOD),
    }  # fmt: skip
    check(time_average_2(data(HISTORIAN_2, stepped=True), intervals(5)), expected)


def test_total_2_is_the_average_times_the_good_time() -> None:
    check(total_2(data(HISTORIAN_2), intervals(5)), {5: (5 * 12.3913, GOOD), 45: (2 * 42.5, DOUBT)})


def test_the_total_of_a_ramp_is_its_area() -> None:
    ramp = data({k: 2.0 * k for k in range(101)})
    check(total(ramp, intervals(10, 0, 100)), {0: (100, GOOD), 10: (300, GOOD), 90: (1900, GOOD)})
    assert set(total(data({}), intervals(10)).status.tolist()) == {NO_DATA}


def test_durations_and_shares_of_good_and_bad_of_historians_1_and_2() -> None:
    """A region is what its first reading is (5.4.3.31); before the first reading it is bad, after the last unknown."""
    end = GOOD | PARTIAL
    h1, h2, span = data(HISTORIAN_1), data(HISTORIAN_2), intervals(16)
    check(duration_bad(h1, span), {0: (10_000, end), 16: (0, GOOD), 32: (8_000, GOOD), 48: (2_000, GOOD), 80: (0, end)})
    check(duration_bad(h2, span), {0: (2_000, end), 16: (0, GOOD), 32: (6_000, GOOD), 48: (0, GOOD), 96: (None, NONE)})
    check(duration_good(h1, span), {80: (10_001, end), 96: (None, NONE)})  # A.29: a millisecond after the last reading
    check(duration_good(h2, span), {0: (14_000, end), 16: (16_000, GOOD), 32: (10_000, GOOD), 48: (16_000, GOOD)})
    check(percent_bad(h1, span), {0: (62.5, end), 16: (0, GOOD), 32: (50, GOOD), 48: (12.5, GOOD), 80: (0, end)})
    check(percent_good(h2, span), {0: (87.5, end), 16: (100, GOOD), 32: (62.5, GOOD), 48: (100, GOOD)})
    check(percent_good(data({50: 1.0, 60: 1.0}), intervals(16)), {0: (None, NONE), 80: (None, NONE)})


def test_durations_of_a_switch_add_up() -> None:
    switch = data({0: 0.0, 4: 1.0, 6: 0.0, 12: None, 14: 1.0, 30: 0.0}, stepped=True)
    check(duration_in_zero(switch, intervals(10, 0, 30)), {0: (8_000, GOOD), 10: (2_000, DOUBT), 20: (0, GOOD)})
    check(duration_in_nonzero(switch, intervals(10, 0, 30)), {0: (2_000, GOOD), 10: (6_000, DOUBT), 20: (10_000, GOOD)})


def test_simple_bounds_are_those_of_the_definition() -> None:
    """OPC 10000-13, 3.1.9: held before a bad reading, nothing at or after one, nothing beyond the last."""
    series = {0: 10.0, 10: 20.0, 20: None, 30: 30.0}
    times = np.array([-5, 0, 5, 8, 10, 15, 20, 25, 30, 35]) * SECOND
    good, doubt = INTERPOLATED, SUB_NORMAL | INTERPOLATED
    expected = {
        -5: (None, NONE), 0: (10, 0), 5: (15, good), 8: (18, good), 10: (20, 0), 15: (20, doubt), 20: (None, NONE),
        25: (None, NONE), 30: (30, 0), 35: (None, NONE),
    }  # fmt: skip
    check(simple(data(series), times), expected)
    stepped = expected | {5: (10, good), 8: (10, good), 15: (20, good)}
    check(simple(data(series, stepped=True), times), stepped)


def test_bounds_of_intervals_and_their_difference() -> None:
    series = data({0: 0.0, 10: 20.0, 14: None, 20: 5.0, 30: 15.0})
    span = intervals(5, 0, 30)
    inside = INTERPOLATED
    check(start_bound(series, span), {0: (0, 0), 5: (10, inside), 15: (None, NONE), 25: (10, inside)})
    check(end_bound(series, span), {0: (10, GOOD), 5: (20, GOOD), 10: (None, NONE), 15: (5, GOOD), 25: (15, GOOD)})
    check(delta_bounds(series, span), {0: (10, GOOD), 5: (10, GOOD), 10: (None, NONE), 15: (None, NONE), 25: (5, GOOD)})
    check(delta_bounds(series, intervals(2, 10, 14)), {10: (0, DOUBT), 12: (None, NONE)})
    assert rows(end_bound(series, intervals(10, 30, 0))).keys() == {30.0, 20.0, 10.0}


@pytest.mark.parametrize("aggregate", [time_average_2, total_2, duration_good, duration_in_zero, percent_bad, simple])
def test_without_readings_there_is_nothing(aggregate: object) -> None:
    span = intervals(10)
    nothing: Data = data({})
    answer = aggregate(nothing, span.stamp if aggregate is simple else span)  # type: ignore[operator]
    assert set(answer.status.tolist()) == {NO_DATA}
