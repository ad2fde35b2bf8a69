"""Extremes with bounds and the worst quality with that of the start bound: OPC 10000-13, A.13 to A.16, and by hand.

Historians 2 and 3 treat their uncertain reading at 77 s as bad, so their tables are checked whole. Historian 1 does
not: the intervals beside its uncertain reading at 70 s are left out.
"""

from __future__ import annotations

import numpy as np
import pytest
from asyncua import ua

from opcua_server.aggregate_treatment import Treatment
from opcua_server.aggregates import BAD, CALCULATED, INTERPOLATED, MULTIPLE, NO_DATA, PARTIAL, SUB_NORMAL, Answer
from opcua_server.aggregates_with_bounds import (
    maximum_2,
    maximum_actual_time_2,
    minimum_2,
    minimum_actual_time_2,
    range_2,
    worst_quality_2,
)
from tests.opcua_server.test_aggregates import HISTORIAN_1, HISTORIAN_2, check, data, intervals, rows

GOOD, DOUBT, NONE, BETWEEN = CALCULATED, SUB_NORMAL | CALCULATED, NO_DATA, INTERPOLATED
DOUBT_BETWEEN, NO_READING = SUB_NORMAL | INTERPOLATED, ua.StatusCodes.BadSensorFailure
WHOLE_2 = dict(sorted((HISTORIAN_2 | {77: None}).items()))
HALF = Treatment(percent_bad=50, percent_good=50)
"""Of historian 3, which is historian 2 in steps."""


def dated(answer: Answer) -> list[tuple[float, float | None, int]]:
    """Rows in their order, to the millisecond as the annex has them; what has no value has none."""
    return [(round(t, 3), None if s in (NO_DATA, BAD) else round(v, 3), s) for t, (v, s) in rows(answer).items()]


def test_minimum_2_of_historians_1_to_3() -> None:
    h1: dict[float, tuple[float | None, int]] = {
        0: (10, DOUBT | PARTIAL), 16: (16, DOUBT_BETWEEN), 32: (30, DOUBT_BETWEEN), 80: (80, SUB_NORMAL | PARTIAL),
        96: (None, NONE),
    }  # fmt: skip
    check(minimum_2(data(HISTORIAN_1), intervals(16)), h1)
    h2: dict[float, tuple[float | None, int]] = {
        0: (10, DOUBT | PARTIAL), 16: (16.087, BETWEEN), 32: (26.818, DOUBT_BETWEEN), 48: (40, 0),
        64: (56, DOUBT_BETWEEN), 80: (70, DOUBT | PARTIAL), 96: (None, NONE),
    }  # fmt: skip
    check(minimum_2(data(WHOLE_2), intervals(16)), h2)
    h3: dict[float, tuple[float | None, int]] = {
        0: (10, GOOD | PARTIAL), 16: (10, BETWEEN), 32: (25, BETWEEN), 48: (40, 0), 64: (50, BETWEEN),
        80: (70, GOOD | PARTIAL), 96: (None, NONE),
    }  # fmt: skip
    check(minimum_2(data(WHOLE_2, True, HALF), intervals(16)), h3)


def test_maximum_2_of_historians_1_to_3() -> None:
    h1: dict[float, tuple[float | None, int]] = {
        0: (16, DOUBT_BETWEEN | PARTIAL), 16: (30, DOUBT | MULTIPLE), 32: (30, DOUBT_BETWEEN),
        80: (90, DOUBT | PARTIAL), 96: (None, NONE),
    }  # fmt: skip
    check(maximum_2(data(HISTORIAN_1), intervals(16)), h1)
    h2: dict[float, tuple[float | None, int]] = {
        0: (16.087, DOUBT_BETWEEN | PARTIAL), 16: (26.818, BETWEEN), 32: (40, DOUBT), 48: (56, BETWEEN),
        64: (60, DOUBT), 80: (90, DOUBT | PARTIAL), 96: (None, NONE),
    }  # fmt: skip
    check(maximum_2(data(WHOLE_2), intervals(16)), h2)
    h3: dict[float, tuple[float | None, int]] = {
        0: (10, GOOD | PARTIAL), 16: (25, GOOD), 32: (30, GOOD), 48: (50, GOOD), 64: (60, GOOD),
        80: (90, GOOD | PARTIAL), 96: (None, NONE),
    }  # fmt: skip
    check(maximum_2(data(WHOLE_2, True, HALF), intervals(16)), h3)


def test_minimum_actual_time_2_of_historians_2_and_3() -> None:
    assert dated(minimum_actual_time_2(data(WHOLE_2), intervals(16))) == [
        (2, 10, SUB_NORMAL | PARTIAL), (16, 16.087, BETWEEN), (32, 26.818, DOUBT_BETWEEN), (48, 40, 0),
        (64, 56, DOUBT_BETWEEN), (83, 70, SUB_NORMAL | PARTIAL), (96, None, NONE),
    ]  # fmt: skip
    assert dated(minimum_actual_time_2(data(WHOLE_2, True, HALF), intervals(16))) == [
        (2, 10, PARTIAL), (16, 10, BETWEEN), (32, 25, BETWEEN), (48, 40, 0), (64, 50, BETWEEN), (83, 70, PARTIAL),
        (96, None, NONE),
    ]  # fmt: skip


def test_maximum_actual_time_2_of_historians_1_to_3() -> None:
    found = dated(maximum_actual_time_2(data(HISTORIAN_1), intervals(16)))
    assert [found[k] for k in (0, 1, 2, 5, 6)] == [
        (15.999, 16, DOUBT_BETWEEN | PARTIAL), (30, 30, SUB_NORMAL | MULTIPLE), (32, 30, DOUBT_BETWEEN),
        (90, 90, SUB_NORMAL | PARTIAL), (96, None, NONE),
    ]  # fmt: skip
    assert dated(maximum_actual_time_2(data(WHOLE_2), intervals(16))) == [
        (15.999, 16.087, DOUBT_BETWEEN | PARTIAL), (31.999, 26.818, BETWEEN), (47.999, 40, DOUBT_BETWEEN),
        (63.999, 56, BETWEEN), (72, 60, SUB_NORMAL), (90, 90, SUB_NORMAL | PARTIAL), (96, None, NONE),
    ]  # fmt: skip
    assert dated(maximum_actual_time_2(data(WHOLE_2, True, HALF), intervals(16))) == [
        (2, 10, PARTIAL), (28, 25, 0), (39, 30, 0), (52, 50, 0), (72, 60, 0), (90, 90, PARTIAL), (96, None, NONE),
    ]  # fmt: skip


def test_range_2_is_the_difference_of_the_two() -> None:
    """From the rows of A.13 and A.14 for historian 2."""
    expected: dict[float, tuple[float | None, int]] = {
        0: (6.087, DOUBT | PARTIAL), 16: (10.7312, GOOD), 32: (13.1818, DOUBT), 48: (16, GOOD), 64: (4, DOUBT),
        80: (20, DOUBT | PARTIAL), 96: (None, NONE),
    }  # fmt: skip
    check(range_2(data(WHOLE_2), intervals(16)), expected)


def test_backward_the_end_bound_is_the_early_one() -> None:
    """A ramp from 0 to 40 s read from 35 to 5 s: an interval owns its late end, its far bound is at its early one."""
    ramp = data({0: 0.0, 10: 10.0, 20: 20.0, 30: 30.0, 40: 40.0})
    span = intervals(15, 35, 5)
    check(maximum_2(ramp, span), {35: (35, BETWEEN), 20: (20, 0)})
    check(minimum_2(ramp, span), {35: (20, GOOD), 20: (5, BETWEEN)})
    assert dated(minimum_actual_time_2(ramp, span)) == [(20.001, 20, BETWEEN), (5.001, 5, BETWEEN)]


def test_an_interval_that_is_too_bad_has_no_extreme() -> None:
    """Bad from 2 to 8 s of 10: 60 %."""
    series = {0: 1.0, 2: None, 8: 2.0, 10: 3.0}
    for aggregate in (minimum_2, maximum_actual_time_2):
        at_60 = aggregate(data(series, True, Treatment(percent_bad=60)), intervals(10, 0, 10))
        assert at_60.status.tolist() == [BAD]
    at_61 = minimum_2(data(series, True, Treatment(percent_bad=61)), intervals(10, 0, 10))
    assert at_61.status.tolist() == [SUB_NORMAL]
    assert range_2(data(series, True, Treatment(percent_bad=60)), intervals(10, 0, 10)).status.tolist() == [NO_DATA]


def test_the_worst_quality_with_the_start_bound() -> None:
    """Bad from 8 to 12 s: the interval from 10 s begins without a bound; a line to a bad reading makes its start at 6 s
    uncertain."""
    series = data({0: 1.0, 5: 2.0, 8: None, 12: 5.0, 30: 1.0})
    check(
        worst_quality_2(series, intervals(10, 0, 40)),
        {0: (NO_READING, GOOD), 10: (NO_DATA, GOOD), 20: (0, GOOD), 30: (0, GOOD | PARTIAL)},
    )
    check(worst_quality_2(series, intervals(1, 6, 7)), {6: (SUB_NORMAL, GOOD)})
    check(worst_quality_2(series, intervals(6, 7, 13)), {7: (NO_READING, GOOD)})
    check(
        worst_quality_2(data({0: 1.0, 1: None, 2: None, 9: 1.0}), intervals(3, 1, 4)),
        {1: (NO_READING, GOOD | MULTIPLE)},
    )


@pytest.mark.parametrize("aggregate", [minimum_2, maximum_actual_time_2, range_2, worst_quality_2])
def test_without_readings_there_is_nothing(aggregate: object) -> None:
    answer = aggregate(data({}), intervals(10))  # type: ignore[operator]
    assert set(np.asarray(answer.status).tolist()) == {NO_DATA}
