"""Aggregates against the examples of OPC 10000-13, annex A, as far as readings there are good or bad, and closed forms.

Times are seconds after 12:00:00. The annex's third kind of reading, uncertain, does not occur in a history of hetwin.
"""

from __future__ import annotations

import numpy as np
import pytest

from opcua_server.aggregate_treatment import Treatment
from opcua_server.aggregates import (
    BAD,
    CALCULATED,
    INTERPOLATED,
    MULTIPLE,
    NO_DATA,
    PARTIAL,
    SUB_NORMAL,
    Answer,
    Data,
    Intervals,
    average,
    count,
    interpolative,
    maximum,
    minimum,
    time_average,
)
from twin.history import Points

SECOND = 1_000_000
GOOD, DOUBT, NONE = CALCULATED, SUB_NORMAL | CALCULATED, NO_DATA

HISTORIAN_1 = {10: 10.0, 20: 20.0, 30: 30.0, 40: None, 50: 50.0, 60: 60.0, 80: 80.0, 90: 90.0}
HISTORIAN_2 = {
    2: 10.0,
    25: 20.0,
    28: 25.0,
    39: 30.0,
    42: None,
    48: 40.0,
    52: 50.0,
    72: 60.0,
    83: 70.0,
    86: 80.0,
    90: 90.0,
}
"""Annex A.1; None is a bad reading. The uncertain ones (70 s, 77 s) are left out."""


def data(readings: dict[int, float | None], stepped: bool = False, treat: Treatment | None = None) -> Data:
    wall = np.array(list(readings), np.int64) * SECOND
    values = np.array([np.nan if v is None else v for v in readings.values()])
    return Data(Points(wall, values, np.zeros(len(wall), np.uint8)), stepped, treat)


def intervals(step: float, start: float = 0, end: float = 100) -> Intervals:
    return Intervals.of(round(start * SECOND), round(end * SECOND), round(step * SECOND), 1000)


def rows(answer: Answer) -> dict[float, tuple[float, int]]:
    return {
        float(t) / SECOND: (float(v), int(s)) for t, v, s in zip(answer.wall, answer.value, answer.status, strict=True)
    }


def check(answer: Answer, expected: dict[float, tuple[float | None, int]]) -> None:
    found = rows(answer)
    for time, (value, status) in expected.items():
        assert found[time][1] == status, f"at {time}: {found[time][1]:#x}, not {status:#x}"
        if value is not None:
            assert found[time][0] == pytest.approx(value, abs=5e-4), f"at {time}"


def test_interpolative_of_historian_1() -> None:
    good, doubt = INTERPOLATED, SUB_NORMAL | INTERPOLATED
    expected = {
        0: (None, NONE), 5: (None, NONE), 10: (10, 0), 15: (15, good), 20: (20, 0), 25: (25, good), 30: (30, 0),
        35: (35, doubt), 40: (40, doubt), 45: (45, doubt), 50: (50, 0), 55: (55, good), 60: (60, 0),
        80: (80, 0), 85: (85, good), 90: (90, 0), 95: (90, doubt),
    }  # fmt: skip
    check(interpolative(data(HISTORIAN_1), intervals(5)), expected)


def test_interpolative_of_historian_2() -> None:
    good, doubt = INTERPOLATED, SUB_NORMAL | INTERPOLATED
    expected = {
        0: (None, NONE), 5: (11.304, good), 10: (13.478, good), 20: (17.826, good), 25: (20, 0), 30: (25.909, good),
        35: (28.182, good), 40: (31.111, doubt), 45: (36.667, doubt), 50: (45, good), 55: (51.5, good), 60: (54, good),
        65: (56.5, good), 70: (59, good), 85: (76.667, good), 90: (90, 0), 95: (90, doubt),
    }  # fmt: skip
    check(interpolative(data(HISTORIAN_2), intervals(5)), expected)


def test_interpolative_of_historian_3_is_stepped() -> None:
    good, doubt = INTERPOLATED, SUB_NORMAL | INTERPOLATED
    expected = {
        0: (None, NONE), 5: (10, good), 20: (10, good), 25: (20, 0), 30: (25, good), 35: (25, good), 40: (30, good),
        45: (30, doubt), 50: (40, good), 55: (50, good), 70: (50, good), 75: (60, good),
    }  # fmt: skip
    check(interpolative(data(HISTORIAN_2, stepped=True), intervals(5)), expected)


def test_maximum_of_historians_1_and_2() -> None:
    expected: dict[float, tuple[float | None, int]] = {
        0: (10, GOOD | PARTIAL), 16: (30, GOOD), 32: (None, NONE), 48: (60, GOOD), 64: (None, NONE),
        80: (90, GOOD | PARTIAL), 96: (None, NONE),
    }  # fmt: skip
    check(maximum(data(HISTORIAN_1), intervals(16)), expected)
    expected |= {16: (25, GOOD), 32: (30, DOUBT), 48: (50, GOOD), 64: (60, GOOD)}
    check(maximum(data(HISTORIAN_2), intervals(16)), expected)


def test_average_of_historian_2() -> None:
    expected = {
        5: (None, NONE), 20: (None, NONE), 25: (22.5, GOOD), 30: (None, NONE), 35: (30, GOOD), 40: (None, NONE),
        45: (40, GOOD), 50: (50, GOOD), 55: (None, NONE), 70: (60, GOOD), 80: (70, GOOD), 85: (80, GOOD),
        95: (None, NONE),
    }  # fmt: skip
    check(average(data(HISTORIAN_2), intervals(5)), expected)


def test_count_of_historians_1_and_2() -> None:
    expected: dict[float, tuple[float | None, int]] = {
        0: (1, GOOD | PARTIAL), 16: (2, GOOD), 32: (None, BAD), 48: (2, GOOD), 80: (2, GOOD | PARTIAL),
        96: (None, NONE),
    }  # fmt: skip
    check(count(data(HISTORIAN_1), intervals(16)), expected)
    expected |= {32: (1, DOUBT), 64: (1, GOOD), 80: (3, GOOD | PARTIAL)}
    check(count(data(HISTORIAN_2), intervals(16)), expected)


def test_a_reading_at_the_begin_that_is_the_extreme_is_raw() -> None:
    falling = data({0: 9.0, 5: 8.0, 10: 7.0, 15: 6.0, 20: 5.0, 30: 1.0})
    check(maximum(falling, intervals(10, 0, 30)), {0: (9, 0), 10: (7, 0), 20: (5, 0)})
    check(minimum(falling, intervals(10, 0, 30)), {0: (8, GOOD), 10: (6, GOOD), 20: (5, 0)})


def test_a_least_or_largest_value_that_came_more_than_once_is_said_to_be_several() -> None:
    """5.4.3.10: the MultipleValues bit, also beside others and when it is raw at the begin."""
    series = data({0: 1.0, 2: 3.0, 5: 1.0, 10: 2.0, 12: 3.0, 14: 3.0, 20: 0.0, 22: None, 24: 0.0, 30: 5.0, 40: 5.0})
    raw, several = MULTIPLE, GOOD | MULTIPLE
    check(minimum(series, intervals(10, 0, 40)), {0: (1, raw), 10: (2, 0), 20: (0, DOUBT | MULTIPLE), 30: (5, 0)})
    check(maximum(series, intervals(10, 0, 40)), {0: (3, GOOD), 10: (3, several), 20: (0, DOUBT | MULTIPLE)})
    check(minimum(series, intervals(10, 40, 0)), {40: (5, 0), 30: (0, DOUBT), 20: (0, 0), 10: (1, GOOD)})


def test_an_extreme_at_the_begin_of_a_short_interval_is_raw_and_partial() -> None:
    check(minimum(data(HISTORIAN_1), intervals(16)), {80: (80, PARTIAL)})


def test_the_time_average_of_a_parabola_is_its_integral() -> None:
    """Of 3 t^2 sampled every 0.1 s the mean over [a, b] is (b^3 - a^3)/(b - a); a chord errs by at most 3 h^2/4."""
    t = np.arange(0.0, 20.0, 0.1)
    readings = Data(Points(np.round(t * SECOND).astype(np.int64), 3.0 * t**2, np.zeros(len(t), np.uint8)), False)
    found = time_average(readings, intervals(2.5, 1.25, 11.25))
    for low, value, status in zip(found.wall / SECOND, found.value, found.status, strict=True):
        high = low + 2.5
        assert value == pytest.approx((high**3 - low**3) / 2.5, abs=0.0076)
        assert status == GOOD


def test_the_time_average_of_steps_is_weighted_by_their_length() -> None:
    switch = data({0: 0.0, 4: 1.0, 6: 0.0, 20: 1.0}, stepped=True)
    check(time_average(switch, intervals(10, 0, 20)), {0: (0.2, GOOD), 10: (0.0, GOOD)})


def test_the_time_average_reaches_over_bad_readings_in_doubt_and_holds_the_last_one_after_the_data() -> None:
    ramp = data({0: 0.0, 5: None, 10: 10.0, 20: 20.0})
    check(
        time_average(ramp, intervals(10, -10, 40)),
        {-10: (None, NONE), 0: (5, DOUBT), 10: (15, GOOD), 20: (20, DOUBT), 30: (20, DOUBT)},
    )
    check(time_average(ramp, intervals(10, 15, 35)), {15: (18.75, DOUBT)})  # (17.5 * 5 + 20 * 5) / 10


def test_time_average_of_historian_1() -> None:
    """A.4, but for the intervals beside its uncertain reading at 70 s."""
    expected = {
        0: (None, NONE), 5: (None, NONE), 10: (12.5, GOOD), 25: (27.5, GOOD), 30: (32.5, DOUBT), 35: (37.5, DOUBT),
        40: (42.5, DOUBT), 45: (47.5, DOUBT), 50: (52.5, GOOD), 80: (82.5, GOOD), 85: (87.5, GOOD), 90: (90, DOUBT),
        95: (90, DOUBT),
    }  # fmt: skip
    check(time_average(data(HISTORIAN_1), intervals(5)), expected)
    check(time_average(data(HISTORIAN_2), intervals(5)), {0: (10.652, DOUBT | PARTIAL), 45: (40, DOUBT)})


def test_the_last_interval_is_cut_and_says_so() -> None:
    line = data({k: float(k) for k in range(101)})
    check(time_average(line, intervals(40, 0, 100)), {0: (20, GOOD), 40: (60, GOOD), 80: (90, GOOD | PARTIAL)})
    check(count(line, intervals(40, 0, 100)), {0: (40, GOOD), 40: (40, GOOD), 80: (20, GOOD | PARTIAL)})


def test_backward_an_interval_owns_its_late_end_and_is_dated_by_it() -> None:
    line = data({k: float(k) for k in range(101)})
    span = intervals(40, 100, 0)
    assert rows(count(line, span)).keys() == {100.0, 60.0, 20.0}
    check(maximum(line, span), {100: (100, 0), 60: (60, 0), 20: (20, PARTIAL)})
    check(minimum(line, span), {100: (61, GOOD), 60: (21, GOOD), 20: (1, GOOD | PARTIAL)})
    check(average(line, span), {100: (80.5, GOOD), 60: (40.5, GOOD), 20: (10.5, GOOD)})
    check(interpolative(line, span), {100: (100, 0), 60: (60, 0), 20: (20, 0)})


def test_without_a_step_there_is_one_interval_and_without_data_there_is_none() -> None:
    line = data({k: float(k) for k in range(101)})
    check(average(line, intervals(0, 0, 100)), {0: (49.5, GOOD)})
    for aggregate in (average, minimum, maximum, count, time_average, interpolative):
        assert set(aggregate(data({}), intervals(10)).status.tolist()) == {NO_DATA}
