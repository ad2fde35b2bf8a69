"""When somebody sets the wall clock: no scan is lost, dates are those that clients saw, retention waits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.twin.history.test_store import MINUTE_LENGTH, SECOND, START, TAGS, image, points
from twin.history import History, Reader, Retention, read_history, retention
from twin.history.points import Points, merged
from twin.history.reader import EVER
from twin.history.retention import DAY, AgeClock
from twin.history.store import BLOCK, MINUTE, RAW

HOUR, YEAR = 3600, 365 * 86400  # s
KEEP_ALL = Retention(raw=1e12, minutes=1e12)
BACK = 1000
"""Seconds by which the clock is set back."""


def write(where: str | Path, seconds: list[int], first: int = 0, keep: Retention | None = None) -> None:
    """A scan a simulated second from `first` on, at these seconds of the wall clock after START."""
    with History(where, TAGS, list(TAGS), 0.0, retention=keep) as history:
        for k, second in enumerate(seconds, first):
            history.record(image(float(k)), float(k), START + second * SECOND)


def told(where: str | Path, backward: bool = False) -> list[tuple[int, float]]:
    """Seconds of the wall clock and simulated seconds of all points of simulated time."""
    found = points(where, "SIM.time", backward=backward)
    return list(zip(((found.wall - START) // SECOND).tolist(), found.value.tolist(), strict=True))


@pytest.mark.parametrize("before", [10, BLOCK[RAW], 2 * BLOCK[RAW] + 100])
@pytest.mark.parametrize("after", [10, BLOCK[RAW] + 100])
def test_all_scans_are_read_in_the_order_of_their_dates_after_a_clock_was_set_back(
    where: str, before: int, after: int
) -> None:
    seconds = [*range(before), *range(before - BACK, before - BACK + after)]
    write(where, seconds)
    expected = sorted(((second, float(k)) for k, second in enumerate(seconds)), key=lambda row: row[0])
    assert told(where) == expected
    assert sorted(told(where, backward=True)) == sorted(expected)
    dates = [second for second, _ in told(where, backward=True)]
    assert dates == sorted(dates, reverse=True)


def test_a_part_of_the_time_that_came_twice_holds_both(where: str) -> None:
    seconds = [*range(3000), *range(2000, 6000)]
    write(where, seconds)
    found = points(where, "SIM.time", START + 2500 * SECOND, START + 2502 * SECOND)
    assert sorted(found.value.tolist()) == [2500.0, 2501.0, 2502.0, 3500.0, 3501.0, 3502.0]
    assert np.all(np.diff(found.wall) >= 0)


def test_simulated_time_does_not_notice_the_clock(where: str) -> None:
    seconds = [*range(3000), *range(1000, 4000), *range(500, 600)]
    write(where, seconds)
    series = read_history(where, ["SIM.time", "TT-1"])
    assert series.time.tolist() == [float(k) for k in range(len(seconds))]
    assert series["TT-1"].tolist() == np.sin(np.arange(len(seconds))).astype(np.float32).tolist()


def test_a_clock_that_went_ahead_by_a_year_and_back_leaves_the_dates_right(where: str) -> None:
    seconds = [0, 1, YEAR + 2, YEAR + 3, 4, 5]
    write(where, seconds)
    assert told(where) == [(0, 0.0), (1, 1.0), (4, 4.0), (5, 5.0), (YEAR + 2, 2.0), (YEAR + 3, 3.0)]


def test_a_clock_that_was_set_back_while_nothing_was_recorded_does_the_same(where: str) -> None:
    write(where, [*range(100)])
    write(where, [*range(50, 150)], first=100)
    write(where, [*range(20, 30)], first=200)
    assert len(told(where)) == 210
    assert told(where)[20:22] == [(20, 20.0), (20, 200.0)]


def test_a_tag_that_stands_is_seen_on_both_sides_of_the_step(where: str) -> None:
    write(where, [*range(100), *range(50, 150)])
    found = points(where, "TT-2")
    assert ((found.wall - START) // SECOND).tolist() == [0, 50, 99, 149]


def test_the_step_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path / "history.sqlite", [0, 5000, 1400])
    assert "The clock was set back by 3600 s" in caplog.text


def minutes(where: str | Path) -> list[tuple[int, int]]:
    """Minutes after START, and how many scans each holds."""
    with Reader(where) as reader:
        wall, found = reader.minutes(reader.tags()["SIM.time"], *EVER)
    return list(zip(((wall - START) // MINUTE_LENGTH).tolist(), found["count"].astype(int).tolist(), strict=True))


def test_minutes_come_twice_and_hold_every_scan(where: str) -> None:
    """Set back from 2:30 to 0:50: of the second round the first minute is the ten seconds that are left of it."""
    write(where, [*range(150), *range(50, 240)], keep=KEEP_ALL)
    assert minutes(where) == [(0, 60), (0, 10), (1, 60), (1, 60), (2, 30), (2, 60)]  # 3:00 is not over


def test_a_step_within_a_minute_ends_it(where: str) -> None:
    write(where, [*range(40), *range(20, 61)], keep=KEEP_ALL)
    assert minutes(where) == [(0, 40), (0, 40)]


@pytest.mark.parametrize("stop", [149, 150, 151, 200, 239])
def test_minutes_are_whole_though_the_recorder_was_started_again(where: str, stop: int) -> None:
    seconds = [*range(150), *range(50, 240)]
    write(where, seconds[:stop], keep=KEEP_ALL)
    write(where, seconds[stop:], first=stop, keep=KEEP_ALL)
    assert minutes(where) == [(0, 60), (0, 10), (1, 60), (1, 60), (2, 30), (2, 60)]


def test_minutes_are_folded_in_the_order_of_their_dates(where: str) -> None:
    """Two rounds over the same 200 minutes, a scan in each."""
    seconds = [60 * k for k in (*range(200), *range(200))]
    write(where, seconds, keep=KEEP_ALL)
    assert minutes(where) == [(k // 2, 1) for k in range(398)] + [(199, 1)]  # the last one is not over
    with Reader(where) as reader:
        (part, _) = reader.minutes(reader.tags()["SIM.time"], START + 5 * MINUTE_LENGTH, START + 6 * MINUTE_LENGTH)
    assert ((part - START) // MINUTE_LENGTH).tolist() == [5, 5, 6, 6]
    assert BLOCK[MINUTE] < 399


class Clocks:
    """The wall clock, which somebody sets, and the one that nobody can."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.wall, self.time = START, 0.0
        patch.setattr(retention, "now", lambda: self.wall)
        patch.setattr(retention, "monotonic", lambda: self.time)

    def wait(self, seconds: float) -> None:
        self.time += seconds
        self.wall += round(seconds * SECOND)


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    return Clocks(monkeypatch)


def test_a_jump_ahead_counts_for_retention_a_day_later(clocks: Clocks, caplog: pytest.LogCaptureFixture) -> None:
    age = AgeClock(START)
    clocks.wall += YEAR * SECOND
    for _ in range(23):
        assert age.now() == START + round(clocks.time * SECOND)
        clocks.wait(HOUR)
    assert caplog.text.count("The clock is 365 days ahead") == 1
    clocks.wait(HOUR)
    assert age.now() == clocks.wall


def test_a_jump_ahead_that_was_taken_back_never_counts(clocks: Clocks) -> None:
    age = AgeClock(START)
    clocks.wall += YEAR * SECOND
    assert age.now() == START
    clocks.wall -= YEAR * SECOND
    clocks.wait(2 * DAY)
    assert age.now() == clocks.wall
    clocks.wall += YEAR * SECOND
    assert age.now() == START + round(2 * DAY) * SECOND


def test_a_clock_that_is_set_back_or_goes_on_counts_at_once(clocks: Clocks) -> None:
    age = AgeClock()
    clocks.wait(40 * DAY)
    assert age.now() == clocks.wall
    clocks.wall -= YEAR * SECOND
    assert age.now() == clocks.wall


def test_a_wrong_date_drops_nothing_for_a_day(where: str, clocks: Clocks) -> None:
    keep = Retention(raw=30 * DAY, minutes=60 * DAY)
    with History(where, TAGS, list(TAGS), 0.0, retention=keep) as history:
        for k in range(BLOCK[RAW] + 5):
            clocks.wait(1.0)
            history.record(image(float(k)), float(k), clocks.wall)
        history.prune()
        clocks.wall += YEAR * SECOND
        history.prune()
        history.commit()
        assert len(points(where, "TT-1")) == BLOCK[RAW] + 5
        clocks.wait(DAY)
        history.prune()
    assert len(points(where, "TT-1")) == 5


def test_sequences_of_any_pieces_become_one() -> None:
    random = np.random.default_rng(7)
    for backward in (False, True):
        turn = -1 if backward else 1
        whole = [np.sort(random.integers(0, 300, random.integers(0, 60))) for _ in range(4)]
        cut = [np.split(walls[::turn], np.sort(random.integers(0, len(walls) + 1, 3))) for walls in whole]
        sequences = [iter([_points(part) for part in parts if len(part)]) for parts in cut]
        pieces = list(merged(sequences, backward))
        assert all(len(piece) for piece in pieces)
        assert Points.joined(pieces).wall.tolist() == sorted(np.concatenate(whole).tolist(), reverse=backward)


def _points(walls: np.ndarray) -> Points:
    return Points(walls, walls.astype(float), np.zeros(len(walls), np.uint8))
