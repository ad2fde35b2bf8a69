"""Aggregates over readings: the examples of OPC 10000-13 (A.11), and closed forms."""

from __future__ import annotations

from statistics import pstdev, pvariance, stdev, variance

import numpy as np
import pytest
from asyncua import ua

from opcua_server.aggregates import BAD, CALCULATED, MULTIPLE, NO_DATA, PARTIAL, SUB_NORMAL, Data
from opcua_server.aggregates_of_readings import (
    delta,
    deviation_population,
    deviation_sample,
    end,
    extent,
    maximum_actual_time,
    minimum_actual_time,
    start,
    transitions,
    variance_population,
    variance_sample,
    worst_quality,
)
from tests.opcua_server.test_aggregates import HISTORIAN_1, HISTORIAN_2, SECOND, check, data, intervals, rows
from twin.history import Points

GOOD, DOUBT, NONE = CALCULATED, SUB_NORMAL | CALCULATED, NO_DATA
NO_READING = ua.StatusCodes.BadSensorFailure


def test_maximum_actual_time_of_historians_1_and_2() -> None:
    found = rows(maximum_actual_time(data(HISTORIAN_1), intervals(16)))
    expected = {10.0: (10.0, PARTIAL), 30.0: (30.0, 0), 60.0: (60.0, 0), 90.0: (90.0, PARTIAL)}
    assert {time: row for time, row in found.items() if row[1] != NO_DATA} == expected
    assert [time for time, row in found.items() if row[1] == NO_DATA] == [32.0, 64.0, 96.0]
    found = rows(maximum_actual_time(data(HISTORIAN_2), intervals(16)))
    expected = {2.0: (10.0, PARTIAL), 28.0: (25.0, 0), 39.0: (30.0, SUB_NORMAL), 52.0: (50.0, 0), 90.0: (90.0, PARTIAL)}
    assert expected.items() <= found.items()


def test_of_several_extremes_the_earliest_is_dated_and_they_are_said_to_be_several() -> None:
    found = minimum_actual_time(data({0: 3.0, 2: 1.0, 4: 2.0, 6: 1.0, 10: 0.0, 20: 5.0}), intervals(10, 0, 20))
    assert rows(found) == {2.0: (1.0, MULTIPLE), 10.0: (0.0, 0)}


def test_range_and_delta_of_a_series_with_a_hole() -> None:
    series = data({0: 3.0, 2: 1.0, 4: 9.0, 6: 7.0, 8: None, 10: 5.0, 12: None, 14: 2.0, 16: 4.0, 20: 0.0})
    check(extent(series, intervals(10, 0, 20)), {0: (8, DOUBT), 10: (3, DOUBT)})
    check(delta(series, intervals(10, 0, 20)), {0: (4, DOUBT), 10: (-1, GOOD)})
    check(delta(series, intervals(10, 20, 0)), {20: (-2, DOUBT), 10: (4, GOOD)})
    check(delta(series, intervals(1, 0, 2)), {0: (0, GOOD), 1: (None, NONE)})


def test_start_and_end_are_readings_at_their_own_dates_whatever_their_quality() -> None:
    series = data({1: 3.0, 4: 9.0, 8: None, 12: 5.0, 30: 1.0})
    assert rows(start(series, intervals(10, 0, 20))) == {1.0: (3.0, PARTIAL), 12.0: (5.0, 0)}
    found = end(series, intervals(10, 0, 30))
    assert (found.wall / SECOND).tolist() == [8.0, 12.0, 20.0]
    assert found.status.tolist() == [NO_READING | PARTIAL, 0, NO_DATA]
    assert rows(start(series, intervals(20, 30, 10))) == {12.0: (5.0, 0)}


def test_scatter_is_that_of_the_statistics_module() -> None:
    values = [1e6 + v for v in (2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0)]
    series = data({**dict(enumerate(values)), 10: 3.0, 20: 0.0})
    for aggregate, expected in (
        (deviation_sample, stdev(values)),
        (deviation_population, pstdev(values)),
        (variance_sample, variance(values)),
        (variance_population, pvariance(values)),
    ):
        found = rows(aggregate(series, intervals(10, 0, 20)))
        assert found[0.0][0] == pytest.approx(expected, rel=1e-12)
        assert found[10.0] == (0.0, GOOD)  # of one reading


def test_scatter_is_good_whatever_was_left_out() -> None:
    """Table 5.4.3.37: StatusCode always Good. Of 1 and 3 the variance is 2."""
    check(variance_sample(data({0: 1.0, 3: None, 6: 3.0, 10: 0.0}), intervals(10, 0, 10)), {0: (2, GOOD)})


def test_the_worst_quality_is_a_status_and_several_are_said_to_be_several() -> None:
    series = data({0: 1.0, 3: None, 5: 2.0, 10: None, 12: None, 20: 3.0, 40: 1.0})
    check(
        worst_quality(series, intervals(10, 0, 40)),
        {0: (NO_READING, GOOD), 10: (NO_READING, GOOD | MULTIPLE), 20: (0, GOOD), 30: (None, NONE)},
    )


def test_the_quality_of_a_failed_scan_is_told() -> None:
    points = Points(np.array([0, 1, 2]) * SECOND, np.array([1.0, 1.0, 1.0]), np.array([0, 1, 0], np.uint8))
    check(worst_quality(Data(points, False), intervals(2, 0, 2)), {0: (ua.StatusCodes.BadOutOfService, GOOD)})


def test_transitions_count_changes_from_the_good_reading_before_the_interval_on() -> None:
    series = data({0: 0.0, 4: 1.0, 6: 1.0, 9: 0.0, 11: 1.0, 13: None, 15: 0.0, 20: 0.0, 25: None, 30: 0.0, 35: 1.0})
    check(
        transitions(series, intervals(10, 0, 30)),
        {0: (2, GOOD), 10: (2, DOUBT), 20: (0, DOUBT)},
    )
    check(transitions(data({0: 0.0, 5: None, 10: 1.0}), intervals(2, 4, 10)), {4: (None, BAD), 6: (None, NONE)})


@pytest.mark.parametrize("aggregate", [start, end, delta, extent, maximum_actual_time, deviation_sample, worst_quality])
def test_without_readings_there_is_nothing(aggregate: object) -> None:
    answer = aggregate(data({}), intervals(10))  # type: ignore[operator]
    assert set(answer.status.tolist()) == {NO_DATA}
