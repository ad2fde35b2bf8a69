"""The store by the wall clock: points, the minute tier, retention, events, and a recorder behind a queue."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from twin.history import Event, History, HistoryError, Points, Reader, Recorder, Retention
from twin.history.reader import EVER
from twin.history.store import BLOCK, MINUTE, RAW
from twin.tags import Tag, Tags

SECOND, MINUTE_LENGTH = 1_000_000, 60_000_000  # us
START = 1_800_000_000 * SECOND  # on a whole minute


def tag(name: str, address: int) -> Tag:
    return Tag(name, address, "K", "", "output", 0.0, 1e9, (), name.partition(".")[0], "x", "")


TAGS = Tags([tag("SIM.time", 2), tag("TT-1", 0), tag("TT-2", 1)])


def image(time: float) -> np.ndarray:
    return np.array([np.sin(time), 3.0, time])


def fill(
    where: str | Path, scans: int, period: float = 1.0, retention: Retention | None = None, first: int = 0
) -> None:
    """Scans a period apart in both times."""
    with History(where, TAGS, list(TAGS), 0.0, retention=retention) as history:
        for k in range(first, first + scans):
            history.record(image(k * period), k * period, START + round(k * period * SECOND))


def points(where: str | Path, name: str, start: int = EVER[0], end: int = EVER[1], backward: bool = False) -> Points:
    with Reader(where) as reader:
        return Points.joined(list(reader.points(reader.tags()[name], start, end, backward)))


def test_points_of_blocks_and_tail_come_in_the_order_of_the_clock(where: str) -> None:
    scans = 2 * BLOCK[RAW] + 10
    fill(where, scans)
    found = points(where, "TT-1")
    assert found.wall.tolist() == [START + k * SECOND for k in range(scans)]
    assert np.array_equal(found.value, np.sin(np.arange(scans)).astype(np.float32).astype(float))
    back = points(where, "TT-1", backward=True)
    assert back.wall.tolist() == found.wall[::-1].tolist()
    edge = BLOCK[RAW]
    part = points(where, "TT-1", START + (edge - 5) * SECOND, START + (edge + 5) * SECOND)
    assert (part.wall - START).tolist() == [k * SECOND for k in range(edge - 5, edge + 6)]


def test_a_tag_that_stands_is_kept_at_the_ends_of_blocks_and_at_the_latest_scan(where: str) -> None:
    fill(where, BLOCK[RAW] + 10)
    at = ((points(where, "TT-2").wall - START) // SECOND).tolist()
    assert at == [0, BLOCK[RAW] - 1, BLOCK[RAW], BLOCK[RAW] + 9]


def test_simulated_time_is_kept_in_double_precision(where: str) -> None:
    fill(where, BLOCK[RAW] + 3, period=1e5 + 1.0 / 3.0)
    assert points(where, "SIM.time").value.tolist() == [k * (1e5 + 1.0 / 3.0) for k in range(BLOCK[RAW] + 3)]


def test_a_dead_band_leaves_out_small_moves_in_blocks_and_in_the_tail(where: str) -> None:
    scans = BLOCK[RAW] + 500
    with History(where, TAGS, list(TAGS), 0.0, bands={"TT-1": 0.3}) as history:
        for k in range(scans):
            history.record(image(k / 100.0), float(k), START + k * SECOND)
    found, truth = points(where, "TT-1"), np.sin(np.arange(scans) / 100.0)
    at = (found.wall - START) // SECOND
    assert len(found) < scans / 10
    assert np.max(np.abs(np.interp(np.arange(scans), at, found.value) - truth)) <= 0.3 + 1e-6
    assert {0, BLOCK[RAW] - 1, BLOCK[RAW], scans - 1} <= set(at.tolist())
    with Reader(where) as reader:
        assert reader.tags()["TT-1"].band == pytest.approx(0.3)


def test_a_clock_that_is_a_little_set_back_stands_still_until_it_has_caught_up(where: str) -> None:
    with History(where, TAGS, list(TAGS), 0.0) as history:
        for k, wall in enumerate((START, START - SECOND, START - SECOND // 2, START + SECOND)):
            history.record(image(float(k)), float(k), wall)
    assert (points(where, "TT-1").wall - START).tolist() == [0, 1, 2, SECOND]


def test_minutes_hold_mean_least_largest_and_number_of_the_good_readings(where: str) -> None:
    keep_all = Retention(raw=1e12, minutes=1e12)
    with History(where, TAGS, list(TAGS), 0.0, retention=keep_all) as history:
        for k in range(150):
            values = image(float(k))
            if 60 <= k < 90:
                values[0] = np.nan
            history.record(values, float(k), START + k * SECOND, quality=int(k == 119))
    with Reader(where) as reader:
        wall, found = reader.minutes(reader.tags()["TT-1"], *EVER)
    assert wall.tolist() == [START, START + MINUTE_LENGTH]  # the third is not over
    for i, seconds in enumerate((range(60), range(90, 119))):
        values = np.sin(np.array(seconds)).astype(np.float32)
        expected = (values.mean(dtype=float), values.min(), values.max(), len(values))
        assert [found[field][i] for field in ("mean", "min", "max", "count")] == pytest.approx(expected, rel=1e-6)


def test_a_minute_that_a_restart_cut_in_two_is_whole(where: str) -> None:
    keep_all = Retention(raw=1e12, minutes=1e12)
    fill(where, 25, retention=keep_all)
    fill(where, 100, retention=keep_all, first=25)
    with Reader(where) as reader:
        wall, found = reader.minutes(reader.tags()["SIM.time"], *EVER)
    assert wall.tolist() == [START, START + MINUTE_LENGTH]
    assert found["count"].tolist() == [60.0, 60.0]
    assert found["mean"].tolist() == [29.5, 89.5]


def test_retention_drops_scans_before_minutes(where: str) -> None:
    """The dates are long ago, so everything folded is older than any retention but the longest."""
    scans = BLOCK[RAW] + 5
    with History(where, TAGS, list(TAGS), 0.0, retention=Retention(raw=60.0, minutes=1e12)) as history:
        for k in range(scans):
            history.record(image(float(k)), float(k), (k + 1) * SECOND)
        history.note(Event(SECOND, 0.0, "write", "TT-1", "written"))
        history.prune()
    assert len(points(where, "TT-1")) == 5  # the tail
    with Reader(where) as reader:
        assert len(reader.minutes(reader.tags()["TT-1"], *EVER)[0]) == scans // 60
        assert len(reader.events()) == 1
        assert reader.span(MINUTE) is not None


def test_many_minutes_are_folded_like_scans(where: str) -> None:
    fill(where, 3 * (BLOCK[MINUTE] + 10), period=20.0, retention=Retention(raw=1e12, minutes=1e12))
    with Reader(where) as reader:
        wall, found = reader.minutes(reader.tags()["SIM.time"], *EVER)
        later, _ = reader.minutes(reader.tags()["SIM.time"], START + 100 * MINUTE_LENGTH, START + 101 * MINUTE_LENGTH)
    assert wall.tolist() == [START + k * MINUTE_LENGTH for k in range(BLOCK[MINUTE] + 9)]
    assert found["mean"].tolist() == [60.0 * k + 20.0 for k in range(BLOCK[MINUTE] + 9)]
    assert len(later) == 2


def test_events_are_read_by_time_source_and_kind(where: str) -> None:
    told = [
        Event(START + 1, 0.0, "write", "CV-1.opening", "0.2 to 0.8", 100, "anna", {"old": 0.2, "new": 0.8}),
        Event(START + 2, 0.0, "call", "SIM.advance", "1.0", 100, "ベン", {"arguments": [1.0]}),
        Event(START + 3, 1.0, "alarm", "PT-1", "High", 700, "", {"active": True}),
    ]
    with History(where, TAGS, list(TAGS), 0.0) as history:
        for event in told:
            history.note(event)
    with Reader(where) as reader:
        assert reader.events() == told
        assert reader.events(START + 2, START + 2) == [told[1]]
        assert reader.events(source="PT-1") == [told[2]]
        assert reader.events(kinds=("write", "call")) == told[:2]


def test_folding_bit_by_bit_gives_the_same_blocks_and_scans_go_on_meanwhile(
    where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("twin.history.store.AT_ONCE", 1)
    scans = BLOCK[RAW] + 2
    with History(where, TAGS, list(TAGS), 0.0) as history:
        history.patient = True
        for k in range(BLOCK[RAW]):
            history.record(image(float(k)), float(k), START + k * SECOND)
        assert history.work() and history.work()
        for k in range(BLOCK[RAW], scans):
            history.record(image(float(k)), float(k), START + k * SECOND)
            history.commit()
        assert len(points(where, "TT-1")) == scans  # all of it is still the tail
        while history.work():
            pass
    assert points(where, "TT-1").wall.tolist() == [START + k * SECOND for k in range(scans)]
    assert len(points(where, "TT-2")) == 4  # the ends of the block and of the tail


def test_the_tail_of_an_earlier_run_is_folded_by_itself(where: str) -> None:
    with History(where, TAGS, list(TAGS), 0.0) as history:
        for k, time in enumerate((0.0, 1.0, 2.0, 0.5, 1.5)):
            history.record(image(time), time, START + k * SECOND)
    with Reader(where) as reader:
        times = [part for part, _ in reader.table([reader.tags()["TT-1"]], -1.0, 9.0)]
    assert [part.tolist() for part in times] == [[0.0], [0.5, 1.5]]
    assert len(points(where, "TT-1")) == 5


def test_a_recorder_commits_by_itself_within_a_second(where: str) -> None:
    with Recorder(History(where, TAGS, list(TAGS), 0.0)) as recorder:
        recorder.record(image(0.0), 0.0)
        patience = threading.Event()
        for _ in range(100):
            if len(points(where, "TT-1")):
                break
            patience.wait(0.1)
        assert len(points(where, "TT-1")) == 1
        recorder.record(image(1.0), 1.0)
    assert len(points(where, "TT-1")) == 2


def test_what_is_settled_is_committed(where: str) -> None:
    with Recorder(History(where, TAGS, list(TAGS), 0.0)) as recorder:
        for k in range(3):
            recorder.record(image(float(k)), float(k), START + k * SECOND)
            recorder.settled().result(20.0)
            assert len(points(where, "TT-1")) == k + 1


def test_nobody_waits_for_a_history_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    history = History(tmp_path / "history.sqlite", TAGS, list(TAGS), 0.0)

    def full() -> None:
        raise OSError(28, "No space left on device")

    with Recorder(history) as recorder:
        monkeypatch.setattr(history, "commit", full)
        recorder.record(image(0.0), 0.0)
        recorder.settled().result(20.0)
    assert "No space left" in caplog.text


def test_a_slow_history_never_delays_a_scan_and_says_what_it_lost(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Recorder, "WAITING", 5)
    history = History(tmp_path / "history.sqlite", TAGS, list(TAGS), 0.0)
    gate, write = threading.Event(), history.record
    monkeypatch.setattr(history, "record", lambda *scan: (gate.wait(), write(*scan)))
    with Recorder(history) as recorder:
        for k in range(20):
            recorder.record(image(float(k)), float(k), START + k * SECOND)
        assert recorder.lost >= 14  # one in hand, five waiting
        gate.set()
    assert len(points(tmp_path / "history.sqlite", "TT-1")) == 20 - recorder.lost
    assert f"{recorder.lost} scans or events were not recorded" in caplog.text


def test_a_history_whose_server_drops_the_connection_goes_on(
    postgres: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psycopg

    monkeypatch.setattr(Recorder, "PATIENCE", 0.0)
    history = History(postgres, TAGS, list(TAGS), 0.0)
    history.record(image(0.0), 0.0, START)
    history.commit()
    with psycopg.connect(postgres, autocommit=True) as link:
        link.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid != pg_backend_pid()")
    with Recorder(history) as recorder:
        for k in range(1, 10):
            recorder.record(image(float(k)), float(k), START + k * SECOND)
    at = ((points(postgres, "TT-1").wall - START) // SECOND).tolist()
    assert at == list(range(10))
    assert recorder.lost == 0
    assert "The history could not be written" in caplog.text
    assert "The history is written again" in caplog.text


def test_a_second_writer_of_a_database_is_refused(postgres: str) -> None:
    with (
        History(postgres, TAGS, list(TAGS), 0.0),
        pytest.raises(HistoryError, match="Another hetwin records into postgresql://"),
    ):
        History(postgres, TAGS, list(TAGS), 0.0)
    fill(postgres, 1)


def test_a_server_that_is_not_there_is_said_without_the_password() -> None:
    with pytest.raises(HistoryError, match=r"postgresql://me:\.\.\.@127\.0\.0\.1:1/x cannot be opened") as said:
        History("postgresql://me:secret@127.0.0.1:1/x", TAGS, list(TAGS), 0.0)
    assert "secret" not in str(said.value)
