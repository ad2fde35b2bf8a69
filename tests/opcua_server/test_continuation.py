"""Continuation points of one session (Part 4, 7.9)."""

from __future__ import annotations

import pytest

from opcua_server.continuation import ContinuationPoints, NoPoint


def test_a_point_goes_on_once() -> None:
    points: ContinuationPoints[str] = ContinuationPoints(2)
    points.begin()
    point = points.keep("rest")
    assert points.take(point) == "rest"
    assert points.take(point) is None
    assert points.take(b"guessed") is None


def test_a_request_takes_the_oldest_points_of_others_and_none_of_its_own() -> None:
    points: ContinuationPoints[int] = ContinuationPoints(2)
    points.begin()
    old = [points.keep(k) for k in range(2)]
    points.begin()
    new = points.keep(2)
    assert [points.take(point) for point in old] == [None, 1]
    points.keep(3)
    with pytest.raises(NoPoint):
        points.keep(4)
    assert points.take(new) == 2
