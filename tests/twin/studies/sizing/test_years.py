"""Years are computed once, by whoever, and are the same to the bit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.twin.studies.sizing.example_years import PARAMETERS, ClosedForm, SlowSource
from twin.errors import StudyFailed
from twin.studies.sizing.chunks import Chunk, Given, compute
from twin.studies.sizing.crew import MOST_DEATHS, Alone, Processes
from twin.studies.sizing.sampling import draw
from twin.studies.sizing.years import Account, Years

ROOT = Path(__file__).parents[4]


@pytest.fixture
def rows() -> tuple[np.ndarray, np.ndarray]:
    """64 rows: two uncertain parameters, then ten bags and the machine l140."""
    sample = draw([p.distribution for p in PARAMETERS if p.distribution], 64, 1)
    return np.column_stack([sample.values, np.full(64, 10.0), np.ones(64)]), sample.seeds


def test_a_crew_of_any_size_and_chunks_of_any_size_give_the_same_bytes(rows: tuple[np.ndarray, np.ndarray]) -> None:
    expected = ClosedForm().run(*rows).tobytes()
    assert Years(SlowSource(), workers=1).run(*rows).tobytes() == expected
    for workers, chunk_rows in ((1, 7), (2, 5), (2, 64)):
        with Years(SlowSource(), workers=workers, chunk_rows=chunk_rows) as years:
            assert years.run(*rows).tobytes() == expected
            assert years.account.computed == 64
            assert years.account.chunks == -(-64 // chunk_rows)


def test_the_pace_is_measured_and_decides_the_chunks(rows: tuple[np.ndarray, np.ndarray]) -> None:
    years = Years(SlowSource(slow=0.03), workers=1)
    assert years.run(*rows).tobytes() == ClosedForm().run(*rows).tobytes()
    assert years.account.rate == pytest.approx(1.0 / 0.03, rel=0.2)  # the model works 0.03 s of processor time a row
    assert 5 <= years.account.chunks <= 8  # 1 + 2 + 4 + 8 + 16 rows to measure, then a second each


def test_no_year_is_computed_twice(rows: tuple[np.ndarray, np.ndarray]) -> None:
    values, seeds = rows
    years = Years(SlowSource(), workers=1)
    twice = years.run(np.vstack([values, values[:10]]), np.concatenate([seeds, seeds[:10]]))
    assert np.array_equal(twice[64:], twice[:10])
    assert years.account.computed == 64
    years.run(values[::-1], seeds[::-1])
    assert years.account.computed == 64
    assert years.account.ready == years.account.asked == 64 + 10 + 64


def test_a_study_takes_what_is_on_disk_whatever_its_chunks_were(
    rows: tuple[np.ndarray, np.ndarray], tmp_path: Path
) -> None:
    values, seeds = rows
    Years(SlowSource(), tmp_path, workers=1, chunk_rows=5).run(values[:30], seeds[:30])
    again = Years(SlowSource(), tmp_path, workers=1, chunk_rows=16)
    assert again.account.found == 30
    assert again.run(values, seeds).tobytes() == ClosedForm().run(values, seeds).tobytes()
    assert again.account.computed == 34


def test_a_file_that_was_cut_off_is_computed_again(rows: tuple[np.ndarray, np.ndarray], tmp_path: Path) -> None:
    Years(SlowSource(), tmp_path, workers=1, chunk_rows=16).run(*rows)
    files = sorted(tmp_path.rglob("*.npz"))
    assert len(files) == 4
    files[0].write_bytes(files[0].read_bytes()[:100])
    files[1].write_bytes(b"")
    again = Years(SlowSource(), tmp_path, workers=1)
    assert again.account.found == 32
    assert again.run(*rows).tobytes() == ClosedForm().run(*rows).tobytes()


def test_a_study_that_ends_leaves_the_same_bytes_on_disk_whoever_computed_it(
    rows: tuple[np.ndarray, np.ndarray], tmp_path: Path
) -> None:
    for name, chunk_rows in (("a", 5), ("b", 16)):
        with Years(SlowSource(), tmp_path / name, workers=1, chunk_rows=chunk_rows) as years:
            years.run(*rows)
    (a,), (b,) = (list((tmp_path / name).rglob("*.npz")) for name in ("a", "b"))
    assert a.read_bytes() == b.read_bytes()
    assert Years(SlowSource(), tmp_path / "a", workers=1).account.found == 64


def test_the_pace_is_told_even_if_nothing_had_to_be_computed() -> None:
    assert Years(SlowSource(slow=0.01), workers=1).pace() == pytest.approx(100.0, rel=0.2)


def test_another_model_takes_nothing_of_this_one(rows: tuple[np.ndarray, np.ndarray], tmp_path: Path) -> None:
    Years(SlowSource(), tmp_path, workers=1).run(*rows)
    other = ClosedForm()
    other.digest = "closed-form-2"
    assert Years(Given("closed-form-2", other), tmp_path, workers=1).account.found == 0


def test_progress_is_told_after_each_chunk(rows: tuple[np.ndarray, np.ndarray]) -> None:
    told: list[int] = []
    Years(SlowSource(), workers=1, chunk_rows=16, progress=lambda account: told.append(account.ready)).run(*rows)
    assert told == [16, 32, 48, 64]


def test_the_time_left_is_the_work_left_at_the_pace_so_far() -> None:
    assert Account(asked=100, ready=40, computed=20, elapsed=5.0).left == pytest.approx(15.0)


def test_a_worker_of_another_version_is_refused(rows: tuple[np.ndarray, np.ndarray]) -> None:
    with pytest.raises(StudyFailed, match="has another version of hetwin, of the plant file or of what it names"):
        compute(SlowSource(), "closed-form-0", Chunk(np.arange(64), *rows))


def test_a_worker_that_dies_is_replaced(rows: tuple[np.ndarray, np.ndarray], tmp_path: Path) -> None:
    deadly = tmp_path / "deadly"
    deadly.touch()
    crew = Processes(2)
    source, places = SlowSource(deadly=str(deadly)), np.arange(64)
    chunks = [Chunk(p, rows[0][p], rows[1][p]) for p in np.split(places, 8)]
    try:
        done = sorted(crew.compute(source, ClosedForm.digest, chunks), key=lambda done: done.places[0])
    finally:
        crew.close()
    assert not deadly.exists()
    assert np.vstack([d.figures for d in done]).tobytes() == ClosedForm().run(*rows).tobytes()


@pytest.mark.slow
def test_workers_that_always_die_are_said(rows: tuple[np.ndarray, np.ndarray], tmp_path: Path) -> None:
    deadly = tmp_path / "deadly"
    deadly.touch()
    crew, source = Processes(1), SlowSource(deadly=str(deadly), always=True)
    try:
        with pytest.raises(StudyFailed, match=f"ended {MOST_DEATHS} times before one of them finished a chunk"):
            list(crew.compute(source, ClosedForm.digest, [Chunk(np.arange(64), *rows)]))
    finally:
        crew.close()


def test_an_error_of_the_model_comes_out_as_it_is() -> None:
    wrong = Chunk(np.arange(1), np.zeros((1, 1)), np.zeros(1, np.uint64))
    with pytest.raises(ValueError, match="unpack"):
        list(Alone().compute(SlowSource(), ClosedForm.digest, [wrong]))


INTERRUPTED = """
import sys
import numpy as np
from tests.twin.studies.sizing.example_years import SlowSource
from twin.studies.sizing.years import Years

if __name__ == "__main__":
    rows = np.load(sys.argv[1])
    source, tell = SlowSource(slow=0.05), lambda account: print(account.ready, flush=True)
    with Years(source, sys.argv[2], workers=2, chunk_rows=4, progress=tell) as years:
        years.run(rows["values"], rows["seeds"])
"""


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_study_leaves_its_finished_chunks_and_no_process(
    rows: tuple[np.ndarray, np.ndarray], tmp_path: Path, end: signal.Signals
) -> None:
    np.savez(tmp_path / "rows.npz", values=rows[0], seeds=rows[1])
    script = tmp_path / "study.py"
    script.write_text(INTERRUPTED)
    command = [sys.executable, str(script), str(tmp_path / "rows.npz"), str(tmp_path / "kept")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment) as study:
        assert study.stdout is not None
        study.stdout.readline()  # the first chunk is finished
        workers = children(study.pid)
        study.send_signal(end)
        assert study.wait(timeout=30) != 0
    assert workers
    assert all(gone(worker) for worker in workers)
    again = Years(SlowSource(), tmp_path / "kept", workers=1)
    assert 0 < again.account.found < 64
    assert again.run(*rows).tobytes() == ClosedForm().run(*rows).tobytes()


def children(pid: int) -> list[int]:
    """Processes that this one has started."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def gone(pid: int) -> bool:
    """Whether a process ends within ten seconds."""
    for _ in range(100):
        stat = Path(f"/proc/{pid}/stat")
        if not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.1)
    return False
