"""Raw reading by the table of Part 11, 4.4, and aggregates where only minutes are left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from asyncua import ua

from opcua_server.aggregate_functions import AGGREGATES
from opcua_server.aggregates import CALCULATED, NO_DATA, Intervals
from opcua_server.history_codec import NO_BOUND
from opcua_server.history_queries import Raw, at_time, processed, raw
from twin.history import History, Reader, Retention
from twin.tags import Tag, Tags

MINUTE, HOUR = 60_000_000, 3_600_000_000
TAGS = Tags([Tag("TT-1", 0, "K", "", "output", 0.0, 1e9, (), "TT-1", "x", "")])
STORED = ("5:00", "5:02", "5:03", "5:05", "5:06")

EXAMPLES = """
5:00 5:05 0 Yes  5:00 5:02 5:03 5:05
5:00 5:05 0 No   5:00 5:02 5:03
5:01 5:04 0 Yes  5:00 5:02 5:03 5:05
5:01 5:04 0 No   5:02 5:03
5:05 5:00 0 Yes  5:05 5:03 5:02 5:00
5:05 5:00 0 No   5:05 5:03 5:02
5:04 5:01 0 Yes  5:05 5:03 5:02 5:00
5:04 5:01 0 No   5:03 5:02
4:59 5:05 0 Yes  FIRST 5:00 5:02 5:03 5:05
4:59 5:05 0 No   5:00 5:02 5:03
5:01 5:07 0 Yes  5:00 5:02 5:03 5:05 5:06 LAST
5:01 5:07 0 No   5:02 5:03 5:05 5:06
5:00 5:05 3 Yes  5:00 5:02 5:03
5:01 5:04 3 Yes  5:00 5:02 5:03
5:01 5:04 3 No   5:02 5:03
5:05 5:00 3 Yes  5:05 5:03 5:02
5:04 5:01 3 Yes  5:05 5:03 5:02
4:59 5:05 3 Yes  FIRST 5:00 5:02
5:01 5:07 3 No   5:02 5:03 5:05
5:00 -    3 Yes  5:00 5:02 5:03
5:00 -    6 Yes  5:00 5:02 5:03 5:05 5:06 LAST
5:00 -    6 No   5:00 5:02 5:03 5:05 5:06
5:07 -    6 Yes  5:06 LAST
5:07 -    6 No
-    5:06 3 Yes  5:06 5:05 5:03
-    5:06 6 Yes  5:06 5:05 5:03 5:02 5:00 FIRST
-    5:06 6 No   5:06 5:05 5:03 5:02 5:00
-    4:48 6 Yes  5:00 FIRST
-    4:48 6 No
4:48 4:48 0 Yes  FIRST 5:00
4:48 4:48 0 No
4:48 4:48 1 Yes  FIRST
5:00 5:00 0 Yes  5:00 5:02
5:00 5:00 0 No   5:00
5:00 5:00 1 Yes  5:00
5:01 5:01 0 Yes  5:00 5:02
5:01 5:01 0 No
5:01 5:01 1 Yes  5:00
"""
"""Start, end, number, bounds, and what is returned of values at 5:00, 5:02, 5:03, 5:05 and 5:06 (Part 11, table 1)."""


def wall(text: str) -> int:
    hour, minute = text.split(":")
    return 1_800_000_000_000_000 + int(hour) * HOUR + int(minute) * MINUTE


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    path = tmp_path / "history.sqlite"
    with History(path, TAGS, list(TAGS), 0.0) as history:
        for k, text in enumerate(STORED):
            history.record(np.array([float(k)]), float(k), wall(text))
    with Reader(path) as opened:
        yield opened


def ask(line: str) -> tuple[Raw, int, list[str]]:
    start, end, number, bounds, *expected = line.split()
    made = Raw.asked(
        None if start == "-" else wall(start), None if end == "-" else wall(end), int(number), bounds == "Yes"
    )
    assert made is not None
    return made, int(number) or 1000, expected


def names(wall_times: np.ndarray, status: np.ndarray, first: str) -> list[str]:
    """As the table writes them: a bound that was not found is FIRST or LAST."""
    known = {wall(text): text for text in STORED}
    return [known[int(t)] if s != NO_BOUND else first for t, s in zip(wall_times, status, strict=True)]


@pytest.mark.parametrize("line", EXAMPLES.strip().splitlines())
def test_raw_values_and_bounds_are_those_of_the_table(reader: Reader, line: str) -> None:
    request, number, expected = ask(line)
    answer, _ = raw(reader, reader.tags()["TT-1"], request, number)
    missing = next((word for word in expected if word in ("FIRST", "LAST")), "?")
    assert names(answer.wall, answer.status, missing) == expected


@pytest.mark.parametrize("line", [line for line in EXAMPLES.strip().splitlines() if line.split()[2] == "0"])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_parts_of_any_size_make_the_same_whole(reader: Reader, line: str, size: int) -> None:
    request: Raw | None
    request, _, expected = ask(line)
    told = []
    while request is not None:
        answer, request = raw(reader, reader.tags()["TT-1"], request, size)
        assert len(answer) <= size
        told += ["" if s == NO_BOUND else str(t) for t, s in zip(answer.wall, answer.status, strict=True)]
    assert told == ["" if word in ("FIRST", "LAST") else str(wall(word)) for word in expected]


def test_two_of_start_end_and_number_are_needed() -> None:
    for start, end, number in ((None, None, 0), (None, None, 5), (wall("5:00"), None, 0), (None, wall("5:00"), 0)):
        assert Raw.asked(start, end, number, False) is None


def test_values_at_times_come_in_the_order_asked(reader: Reader) -> None:
    times = np.array([wall("5:04"), wall("5:00"), wall("5:01"), wall("9:00"), wall("4:00")])
    answer = at_time(reader, reader.tags()["TT-1"], False, times)
    assert answer.wall.tolist() == times.tolist()
    assert answer.value[:4].tolist() == [2.5, 0.0, 0.5, 4.0]
    assert answer.status[1] == 0
    assert answer.status[4] == NO_DATA
    held = at_time(reader, reader.tags()["TT-1"], True, times)
    assert held.value[:3].tolist() == [2.0, 0.0, 0.0]


def test_minutes_answer_for_scans_that_are_no_longer_kept(tmp_path: Path) -> None:
    """Two hours of a ramp, of which the scans are dropped; the means of hours are those of all scans."""
    path = tmp_path / "history.sqlite"
    start = 100 * HOUR
    with History(path, TAGS, list(TAGS), 0.0, retention=Retention(raw=1.0, minutes=1e12)) as history:
        for k in range(2 * 2048 + 100):
            history.record(np.array([float(k)]), float(k), start + 2_000_000 * k)
        history.prune()
    span = Intervals.of(start, start + 2 * HOUR, HOUR, 10)
    with Reader(path) as reader:
        kept = reader.span()
        assert kept is not None and kept[0] > start
        tag = reader.tags()["TT-1"]
        results = {
            name: processed(reader, tag, False, AGGREGATES[getattr(ua.ObjectIds, f"AggregateFunction_{name}")], span)
            for name in ("Average", "Minimum", "Maximum", "Count", "TimeAverage")
        }
    assert results["Average"].value.tolist() == [899.5, 2699.5]
    assert results["TimeAverage"].value.tolist() == [899.5, 2699.5]
    assert results["Minimum"].value.tolist() == [0.0, 1800.0]
    assert results["Maximum"].value.tolist() == [1799.0, 3599.0]
    assert results["Count"].value.tolist() == [1800.0, 1800.0]
    assert set(results["Average"].status.tolist()) == {CALCULATED}


def minute_of(scan: int) -> int:
    """0 to 19, 10 to 19, 10 to 39."""
    return scan - 10 * (scan >= 20) - 10 * (scan >= 30)


def test_a_moment_that_came_twice_has_two_values_in_parts_too(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    with History(path, TAGS, list(TAGS), 0.0) as history:
        for k, text in enumerate(("5:00", "5:01", "5:02", "5:01", "5:02")):
            history.record(np.array([float(k)]), float(k), wall(text))
    told: list[float] = []
    with Reader(path) as reader:
        request = Raw.asked(wall("5:01"), wall("5:01"), 0, False)
        while request is not None:
            answer, request = raw(reader, reader.tags()["TT-1"], request, 1)
            told += answer.value.tolist()
    assert told == [1.0, 3.0]


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_parts_hold_all_values_of_a_time_that_came_twice(tmp_path: Path, size: int, backward: bool) -> None:
    """A clock was set back by exactly ten scans, twice, so that ten dates have three values each."""
    path = tmp_path / "history.sqlite"
    with History(path, TAGS, list(TAGS), 0.0) as history:
        for k in range(60):
            history.record(np.array([float(k)]), float(k), wall("5:00") + minute_of(k) * MINUTE)
    ends = (wall("6:00"), wall("4:00")) if backward else (wall("4:00"), wall("6:00"))
    told: list[float] = []
    with Reader(path) as reader:
        request = Raw.asked(*ends, 0, False)
        while request is not None:
            answer, request = raw(reader, reader.tags()["TT-1"], request, size)
            told += answer.value.tolist()
    assert sorted(told) == [float(k) for k in range(60)]
    dates = [minute_of(int(k)) for k in told]
    assert dates == sorted(dates, reverse=backward)
