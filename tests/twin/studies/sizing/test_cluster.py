"""A study on a real Dask cluster of this machine, one worker of which dies on the way."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.twin.studies.sizing.example_years import ClosedForm
from twin.errors import BadStudy
from twin.studies.sizing.study import Study

pytest.importorskip("distributed", reason="the extra `cluster` is not installed")

from tests.twin.studies.sizing.local_cluster import ROOT, LocalCluster, listening, local_cluster
from twin.studies.sizing import cluster as module
from twin.studies.sizing.cluster import Cluster

YEARS, CHUNK = 96, 4
HARD_LIMIT = 240.0
"""Time after which a study that does not end is killed, so that the test fails and does not hang [s]."""

STUDY = f"""
import hashlib, sys
from tests.twin.studies.sizing.example_years import SlowSource
from twin.studies.sizing.study import Study

if __name__ == "__main__":
    study = Study(SlowSource(slow=0.03), years={YEARS}, folder=sys.argv[2])
    tell = lambda account: print(account.ready, flush=True)
    found = study.run(scheduler=sys.argv[1], chunk_rows={CHUNK}, progress=tell)
    print(hashlib.sha256(found.figures.tobytes()).hexdigest(), found.account.computed)
"""


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[LocalCluster]:
    if not sys.platform.startswith("linux"):
        pytest.skip("the test looks into /proc")
    with local_cluster(tmp_path) as started:
        yield started


@pytest.mark.slow
def test_a_study_on_a_cluster_gives_the_same_bytes_though_a_worker_is_killed(
    cluster: LocalCluster, tmp_path: Path
) -> None:
    with started_study(cluster, tmp_path) as (study, output):
        next(output)  # the first chunk is finished
        cluster.workers[0].kill()
        lines = list(output)
        assert study.wait() == 0
    expected = Study(ClosedForm(), years=YEARS).run(workers=1).figures
    assert lines[-1].split() == [hashlib.sha256(expected.tobytes()).hexdigest(), str(YEARS)]
    assert cluster.workers[0].wait() != 0
    assert listening([cluster.scheduler, cluster.workers[1]]) == {"0100007F"}


@pytest.mark.slow
def test_a_study_whose_scheduler_goes_says_so_and_keeps_its_years(cluster: LocalCluster, tmp_path: Path) -> None:
    with started_study(cluster, tmp_path) as (study, output):
        next(output)
        cluster.scheduler.kill()
        assert "StudyFailed" in "".join(output)
        assert study.wait() != 0
    again = Study(ClosedForm(), years=YEARS, folder=tmp_path / "kept").run(workers=1)
    assert 0 < again.account.found < YEARS


@contextmanager
def started_study(cluster: LocalCluster, folder: Path) -> Iterator[tuple[subprocess.Popen[str], Iterator[str]]]:
    """The study in a process of its own; it is killed at HARD_LIMIT and at the end."""
    script = folder / "study.py"
    script.write_text(STUDY)
    command = [sys.executable, str(script), cluster.address, str(folder / "kept")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    output, errors = subprocess.PIPE, subprocess.STDOUT
    with subprocess.Popen(command, stdout=output, stderr=errors, text=True, env=environment) as study:
        limit = threading.Timer(HARD_LIMIT, study.kill)
        limit.start()
        try:
            assert study.stdout is not None
            yield study, iter(study.stdout)
        finally:
            limit.cancel()
            study.kill()


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("tcp://127.0.0.1:9", "There is no Dask scheduler at tcp://127.0.0.1:9; expected the address that"),
        ("10.0.0.5", 'expected the address that `dask scheduler` prints, such as tcp://10.0.0.5:8786, got "10.0.0.5"'),
    ],
)
def test_a_scheduler_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch, address: str, sentence: str) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.5)
    with pytest.raises(BadStudy) as refused:
        Cluster(address)
    assert sentence in str(refused.value)


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(BadStudy, match=r'pip install "hetwin\[cluster\]"'):
        Cluster("tcp://127.0.0.1:9")
