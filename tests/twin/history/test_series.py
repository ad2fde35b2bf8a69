"""History: what is recorded can be read back exactly, while recording and after going back to a snapshot."""

from __future__ import annotations

import csv
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from twin.errors import UnknownTag
from twin.history import History, HistoryError, Points, Reader, read_history, write_csv
from twin.history.reader import EVER
from twin.history.store import BLOCK as BLOCKS
from twin.history.store import FORMAT, RAW
from twin.tags import Tag, Tags

BLOCK = BLOCKS[RAW]


def tag(name: str, address: int, unit: str) -> Tag:
    return Tag(name, address, unit, f"{name} for people", "output", 0.0, 1e9, (), name.partition(".")[0], "x", "")


TAGS = Tags([tag("BUF-1.p", 3, "Pa"), tag("BUF-1.temp", 1, "K"), tag("TT-301", 0, "K")])


def image(time: float) -> np.ndarray:
    """An image whose values tell their address and time; 1/3 needs all bits."""
    return np.arange(5.0) * 1000.0 + time + 1.0 / 3.0


@pytest.fixture
def path(where: str) -> str:
    """Of a history, in SQLite and in PostgreSQL."""
    return where


@pytest.fixture
def file(tmp_path: str) -> Path:
    return tmp_path / "history.sqlite"


def record(path: str | Path, times: np.ndarray, interval: float = 10.0, names: tuple[str, ...] = tuple(TAGS)) -> None:
    with History(path, TAGS, names, interval) as history:
        for time in times:
            history.record(image(time), float(time))


def test_what_is_recorded_is_read_back_in_single_precision(path: str) -> None:
    record(path, np.arange(0.0, 60.0, 10.0))
    series = read_history(path)
    assert series.names == ("BUF-1.p", "BUF-1.temp", "TT-301")
    assert series.units == ("Pa", "K", "K")
    assert series.time.tolist() == [0.0, 10.0, 20.0, 30.0, 40.0, 50.0]
    assert series["BUF-1.p"].tolist() == [np.float32(image(t)[3]) for t in series.time]
    assert series["TT-301"].tolist() == [np.float32(image(t)[0]) for t in series.time]


def test_many_scans_are_packed_and_read_back_the_same(path: str) -> None:
    times = np.arange(0.0, 10.0 * (2 * BLOCK + 40), 10.0)
    record(path, times)
    series = read_history(path)
    assert series.time.tolist() == times.tolist()
    assert series["BUF-1.p"].tolist() == [np.float32(image(t)[3]) for t in times]
    later = read_history(path, ["TT-301"], start=10.0 * BLOCK - 15.0, end=10.0 * BLOCK + 15.0)
    assert (later.time / 10.0 - BLOCK).tolist() == [-1.0, 0.0, 1.0]
    assert later["TT-301"].tolist() == [np.float32(image(t)[0]) for t in later.time]


def test_a_run_may_begin_within_a_packed_block(path: str) -> None:
    with History(path, TAGS, list(TAGS), 10.0) as history:
        for time in np.arange(0.0, 10.0 * (BLOCK + 5), 10.0):
            history.record(image(time), float(time))
        for time in np.arange(1000.0, 1000.0 + 10.0 * (BLOCK + 5), 10.0):  # restored to 1 000 s
            history.record(-image(time), float(time))
    series = read_history(path)
    assert np.all(np.diff(series.time) == 10.0)
    assert np.array_equal(series["TT-301"] < 0.0, series.time >= 1000.0)
    record(path, np.arange(series.time[-1], series.time[-1] + 30.0, 10.0))  # and goes on after a restart
    assert read_history(path).time[-1] == series.time[-1] + 20.0


@pytest.mark.parametrize("step", [0.1, 0.25, 3.0])
def test_a_scan_is_stored_at_the_first_step_of_every_interval(path: str, step: float) -> None:
    times = np.cumsum(np.full(round(60.0 / step), step))  # sums as the clock does, round-off included
    record(path, times)
    stored = read_history(path).time
    assert len(stored) == 7  # the first step, and the first at or after each of 10, 20, ... 60 s
    assert np.all(np.abs(stored[1:] - np.arange(10.0, 61.0, 10.0)) < step)


def test_an_interval_below_the_step_stores_every_step(path: str) -> None:
    record(path, np.arange(0.0, 5.0, 1.0), interval=0.2)
    assert read_history(path).time.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]


def test_a_reader_sees_committed_scans_while_the_recorder_goes_on(path: str) -> None:
    with History(path, TAGS, list(TAGS), 1.0) as history:
        history.record(image(0.0), 0.0)
        history.commit()
        history.record(image(1.0), 1.0)
        assert read_history(path).time.tolist() == [0.0]
    assert read_history(path).time.tolist() == [0.0, 1.0]


def test_going_back_to_a_snapshot_begins_a_new_run_and_loses_nothing(path: str) -> None:
    with History(path, TAGS, list(TAGS), 1.0) as history:
        for time in (0.0, 1.0, 2.0, 3.0):
            history.record(image(time), time)
        for time in (1.5, 2.5):  # the plant was restored to 1.5 s
            history.record(-image(time), time)
    series = read_history(path)
    assert series.time.tolist() == [0.0, 1.0, 1.5, 2.5]
    assert (series["TT-301"] < 0.0).tolist() == [False, False, True, True]


def test_a_history_goes_on_after_a_restart(path: str) -> None:
    record(path, np.array([0.0, 10.0]))
    record(path, np.array([10.0, 20.0]))
    assert read_history(path).time.tolist() == [0.0, 10.0, 20.0]
    record(path, np.array([0.0, 10.0]))  # a fresh start
    assert read_history(path).time.tolist() == [0.0, 10.0]


def test_a_time_span_and_patterns_of_tags_can_be_chosen(path: str) -> None:
    record(path, np.arange(0.0, 60.0, 10.0))
    series = read_history(path, ["BUF-*"], start=15.0, end=40.0)
    assert series.names == ("BUF-1.p", "BUF-1.temp")
    assert series.time.tolist() == [20.0, 30.0, 40.0]


def test_csv_holds_the_numbers_under_name_and_unit(path: str, tmp_path: str) -> None:
    record(path, np.array([0.0, 10.0]))
    write_csv(read_history(path), tmp_path / "out.csv")
    rows = list(csv.reader((tmp_path / "out.csv").read_text().splitlines()))
    assert rows[0] == ["time [s]", "BUF-1.p [Pa]", "BUF-1.temp [K]", "TT-301 [K]"]
    assert [np.float32(cell) for cell in rows[2]] == [np.float32(x) for x in (10.0, *image(10.0)[[3, 1, 0]])]


def test_a_tag_that_does_not_exist_is_named_with_the_nearest(path: str) -> None:
    with pytest.raises(UnknownTag, match=r'There is no tag "TT-30"; did you mean "TT-301"\?'):
        record(path, np.array([]), names=("TT-30",))
    record(path, np.array([0.0]))
    with pytest.raises(UnknownTag, match=r'There is no tag "TT-3x"; did you mean "TT-301"\?'):
        read_history(path, ["TT-3x"])
    with pytest.raises(UnknownTag, match="There is no tag"):
        read_history(path)["TT-302"]


def test_a_file_that_is_no_history_is_refused_in_a_sentence(file: Path) -> None:
    with pytest.raises(HistoryError, match=r"There is no history .*history\.sqlite\."):
        read_history(file)
    file.write_text("this is not SQLite, and long enough to be read as a header " * 10)
    with pytest.raises(HistoryError, match="is not a history of hetwin"):
        read_history(file)
    with pytest.raises(HistoryError, match="is not a history of hetwin"):
        record(file, np.array([0.0]))


def test_a_history_goes_on_when_the_tags_of_the_plant_have_changed(path: str) -> None:
    record(path, np.array([0.0]), names=("BUF-1.p", "TT-301"))
    record(path, np.array([10.0]), names=("BUF-1.temp", "TT-301"))
    series = read_history(path)
    assert series.names == ("BUF-1.p", "TT-301", "BUF-1.temp")
    assert series.time.tolist() == [0.0, 10.0]
    assert series["TT-301"].tolist() == [np.float32(image(t)[0]) for t in (0.0, 10.0)]
    assert np.isnan(series["BUF-1.p"]).tolist() == [False, True]
    assert np.isnan(series["BUF-1.temp"]).tolist() == [True, False]


def test_an_interval_below_zero_is_refused(path: str) -> None:
    with pytest.raises(HistoryError, match="interval of zero"):
        record(path, np.array([]), interval=-1.0)


def test_a_history_of_another_version_is_refused_in_a_sentence(file: Path) -> None:
    record(file, np.array([0.0]))
    with sqlite3.connect(file) as link:
        link.execute("UPDATE meta SET value = '2' WHERE key = 'format'")
    link.close()
    for use in (lambda: read_history(file), lambda: record(file, np.array([10.0]))):
        with pytest.raises(HistoryError, match=rf"another version of hetwin \(form 2, this one uses {FORMAT}\)"):
            use()


def test_a_write_while_the_plant_stands_is_recorded_and_the_last_scan_of_a_time_counts(path: str) -> None:
    with History(path, TAGS, list(TAGS), 0.0) as history:
        history.record(image(0.0), 0.0)
        history.record(image(0.0), 0.0)  # nothing new
        history.record(image(7.0), 0.0)
        history.record(image(1.0), 1.0)
    with Reader(path) as reader:
        walls = Points.joined(list(reader.points(reader.tags()["TT-301"], *EVER))).wall
    assert len(walls) == 3
    assert np.all(np.diff(walls) > 0)
    series = read_history(path)
    assert series.time.tolist() == [0.0, 1.0]
    assert series["TT-301"].tolist() == [np.float32(image(t)[0]) for t in (7.0, 1.0)]
