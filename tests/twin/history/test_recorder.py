"""A recorder whose database fails: the plant goes on, scans wait for it, and what is lost is counted."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.twin.history.test_store import SECOND, START, TAGS, image, points
from twin.history import Event, History, HistoryError, Reader, Recorder
from twin.history.database import Sqlite

PATIENCE = 60.0  # s; of the test


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


class Disk:
    """A disk whose room can be taken away: SQLite itself says that it is full."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.full = False
        opened, self._files = Sqlite.__init__, []

        def open_(file: Sqlite, path: Path, write: bool = True) -> None:
            opened(file, path, write)
            if write:
                self._files.append(file)
                self._limit(file)

        monkeypatch.setattr(Sqlite, "__init__", open_)

    def _limit(self, file: Sqlite) -> None:
        link = file._file
        pages = link.execute("PRAGMA page_count").fetchone()[0]
        link.execute(f"PRAGMA max_page_count = {pages if self.full else 1 << 30}")

    def fill(self) -> None:
        self.full = True
        self._limit(self._files[-1])


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def scan(recorder: Recorder, k: int) -> None:
    recorder.record(np.array([float(k), 3.0, float(k)]), float(k), START + k * SECOND)


def test_when_the_disk_is_full_scans_wait_and_are_recorded_when_there_is_room(
    disk: Disk, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Recorder, "PATIENCE", 0.05)
    path = tmp_path / "history.sqlite"
    with Recorder(History(path, TAGS, list(TAGS), 0.0)) as recorder:
        scan(recorder, 0)
        wait_until(lambda: len(points(path, "TT-1")) == 1)
        disk.fill()
        for k in range(1, 500):  # more than fits into the pages that are there
            scan(recorder, k)
            recorder.note(Event(START + k, 0.0, "alarm", "TT-1", "x" * 1000))
            time.sleep(0.0 if recorder.failing else 0.001)
        wait_until(lambda: recorder.failing)
        assert "full" in recorder.reason
        with pytest.raises(HistoryError, match="full"):
            recorder.ask(lambda history: None).result(PATIENCE)
        recorder.note(Event(START, 0.0, "alarm", "TT-1", "the last one"))
        lost = recorder.lost
        disk.full = False
        wait_until(lambda: not recorder.failing)
        scan(recorder, 1000)
    found = points(path, "TT-1")
    with Reader(path) as reader:
        assert len(found) + len(reader.events()) == 1 + 2 * 499 + 2 - recorder.lost
    assert found.value[-1] == 1000.0
    assert recorder.lost == lost
    assert "database or disk is full" in caplog.text
    assert f"{lost} scans or events are missing" in caplog.text


def test_a_history_that_fails_until_the_end_says_what_is_lost(
    disk: Disk, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Recorder, "WAITING", 10)
    path = tmp_path / "history.sqlite"
    with Recorder(History(path, TAGS, list(TAGS), 0.0)) as recorder:
        disk.fill()
        recorder.note(Event(START, 0.0, "alarm", "TT-1", "x" * 10_000_000))
        wait_until(lambda: recorder.failing)
        for k in range(20):
            scan(recorder, k)
        assert recorder.lost >= 10
    assert recorder.lost == 21
    assert f"{recorder.lost} scans or events were not recorded: the history cannot be written." in caplog.text


def test_an_event_that_no_database_takes_is_left_out_and_the_rest_is_recorded(
    where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Recorder, "PATIENCE", 0.01)
    with Recorder(History(where, TAGS, list(TAGS), 0.0)) as recorder:
        scan(recorder, 0)
        recorder.note(Event(START, 0.0, "alarm", "TT-1", "no text", detail={"what": object()}))
        scan(recorder, 1)
        recorder.note(Event(START, 0.0, "alarm", "TT-1", "a\0b"))
        scan(recorder, 2)
        wait_until(lambda: len(points(where, "TT-1")) == 3)
    assert recorder.lost == 1
    with Reader(where) as reader:
        assert [event.message for event in reader.events()] == ["ab"]


def test_something_asked_for_is_durable_when_its_result_comes(where: str) -> None:
    with Recorder(History(where, TAGS, list(TAGS), 0.0)) as recorder:
        done = recorder.ask(lambda history: history.note(Event(START, 0.0, "alarm", "TT-1", "asked")))
        done.result(PATIENCE)
        with Reader(where) as reader:
            assert [event.message for event in reader.events()] == ["asked"]
        with pytest.raises(HistoryError, match="by zero"):
            recorder.ask(lambda history: 1 / 0).result(PATIENCE)
        wait_until(lambda: not recorder.failing)
        assert recorder.ask(lambda history: 7).result(PATIENCE) == 7


def test_a_pruned_file_shrinks_in_small_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twin.history.database.SLICE", 2)
    path = tmp_path / "history.sqlite"
    noise = "".join(map(str, np.random.default_rng(1).integers(0, 10, 100_000)))
    with History(path, TAGS, list(TAGS), 0.0) as history:
        history.patient = True
        for k in range(200):
            history.note(Event(START + k, 0.0, "alarm", "TT-1", noise))
        history.commit()
        history._store.forget_events(START + 199)
        history.commit()
        steps = 0
        while history.work():
            history.record(image(float(steps)), float(steps), START + steps * SECOND)
            history.commit()
            steps += 1
    assert steps > 100
    assert path.stat().st_size < 3_000_000  # of 20 MB
    assert len(points(path, "TT-1")) == steps


def test_a_file_of_earlier_versions_learns_to_shrink(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "history.sqlite"
    with History(path, TAGS, list(TAGS), 0.0) as history:
        history.record(image(0.0), 0.0, START)
    with sqlite3.connect(path) as link:
        link.execute("PRAGMA auto_vacuum = NONE")
        link.execute("VACUUM")
    link.close()
    with History(path, TAGS, list(TAGS), 0.0) as history:
        history.record(image(1.0), 1.0, START + SECOND)
    assert "so that it can shrink" in caplog.text
    with sqlite3.connect(path) as link:
        assert link.execute("PRAGMA auto_vacuum").fetchone() == (2,)
    link.close()
    assert len(points(path, "TT-1")) == 2


def test_a_thousand_events_at_once_cost_no_scan(where: str) -> None:
    with Recorder(History(where, TAGS, list(TAGS), 0.0)) as recorder:
        for k in range(2):
            for number in range(1000):
                recorder.note(Event(START + number, 0.0, "write", "TT-1", str(number)))
            scan(recorder, k)
        assert recorder.lost == 0
    assert len(points(where, "TT-1")) == 2
    with Reader(where) as reader:
        assert len(list(reader.events())) == 2000
