"""Studies of years of a network: plant-years per second, scaling, Dask's overhead, memory, determinism, convergence.

Plant-years per second are those of one core's processor time. Scaling compares times on the wall, the quickest of
three, and needs a machine with nothing else to do. The overhead of Dask is the processor time of client, scheduler and
workers beyond that of the years; the cluster is a real one of this machine, on 127.0.0.1.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from twin.studies.sizing.chunks import Chunk
from twin.studies.sizing.cluster import Cluster
from twin.studies.sizing.crew import Crew, Processes
from twin.studies.sizing.outcome import HEADLINES
from twin.studies.sizing.study import Study

NAME = "size"
PLANT = "herenet"
YEARS = 10_000
PART = 16.0
"""Work in the comparisons [s of processor time]."""


def run() -> list[dict[str, Any]]:
    """The whole study, then the comparisons."""
    study, rows = whole()
    return rows + compared(study)


def row(point: str, figure: float, target: float | str, unit: str, kept: bool) -> dict[str, Any]:
    """One line of the report."""
    return {"point": point, "figure": figure, "target": target, "unit": unit, "verdict": "pass" if kept else "fail"}


def whole() -> tuple[Study, list[dict[str, Any]]]:
    """10 000 plant-years on two processes: time, memory, rate, ledger, convergence."""
    study = Study(PLANT, years=YEARS)
    study.model.run(*(part[:1] for part in study.rows()))  # compiles
    begin = time.perf_counter()
    found = study.run(workers=2)
    seconds, rate = time.perf_counter() - begin, found.account.rate
    own, child = (resource.getrusage(who).ru_maxrss / 1e6 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    closure = float(np.max(np.abs(found.column("closure"))))
    table, names = found.convergence(), [figure.name for figure in study.model.figures]
    moved = [float(table.moved[names.index(name)]) for name in HEADLINES if name in names]
    return study, [
        row(f"{PLANT}, plant-years per second and core", round(rate), 50, "1/s", rate >= 50),
        row(f"{YEARS} plant-years on two cores", round(seconds, 1), 120, "s", seconds < 120),
        row("memory, this process and two workers", round(own + 2 * child, 2), 2, "GB", own + 2 * child < 2),
        row("worst closure of the helium ledger", closure, 1e-9, "relative", closure < 1e-9),
        row("headline figures that doubling moves by over 2 errors", sum(m > 2 for m in moved), 0, "", max(moved) <= 2),
        row("headline figures that doubling moves by over 1 error", sum(m > 1 for m in moved), "", "", True),
    ]


@dataclass(frozen=True)
class Timed:
    """Figures; processor time of the years and of all processes; time on the wall, the quickest of REPEATS [s]."""

    figures: np.ndarray
    years: float
    processes: float
    wall: float


REPEATS = 3


def compared(study: Study) -> list[dict[str, Any]]:
    """One process, two processes and two workers of Dask, all warm."""
    values, seeds = study.rows()
    pace = 128 / timed(Processes(1), study, values[:128], seeds[:128], 64).years
    rows, chunk, far_chunk = (min(int(work * pace), len(seeds)) for work in (PART, Crew.least, Cluster.least))
    one, two = (timed(Processes(n), study, values[:rows], seeds[:rows], chunk) for n in (1, 2))
    with dask() as (crew, processes):
        far = timed(crew, study, values[:rows], seeds[:rows], far_chunk, processes)
    scaling, overhead = one.wall / (2.0 * two.wall), far.processes / far.years - 1.0
    differing = max(int(np.sum(bits(one) != bits(other))) for other in (two, far))
    return [
        row("efficiency from one to two processes", round(scaling, 3), 0.9, "1", scaling >= 0.9),
        row("overhead of a chunk on Dask", round(overhead, 4), 0.02, "1", overhead < 0.02),
        row("time on Dask over that of two processes", round(far.wall / two.wall, 3), "", "1", True),
        row("results that differ between them", differing, 0, "values", differing == 0),
    ]


def timed(
    crew: Crew, study: Study, values: np.ndarray, seeds: np.ndarray, size: int, processes: Sequence[int] = ()
) -> Timed:
    """The rows in chunks of `size`, by workers that have loaded the model."""
    places = [np.arange(k, min(k + size, len(seeds))) for k in range(0, len(seeds), size)]
    chunks = [Chunk(p, values[p], seeds[p]) for p in places]
    try:
        list(crew.compute(study.source, study.model.digest, chunks[:1] * (4 * crew.workers)))  # loads the model
        before, walls, years = processor(processes), [], 0.0
        for _ in range(REPEATS):
            begin = time.perf_counter()
            done = list(crew.compute(study.source, study.model.digest, chunks))
            walls.append(time.perf_counter() - begin)
            years += sum(one.seconds for one in done)
        spent = processor(processes) - before
    finally:
        crew.close()
    ordered = sorted(done, key=lambda one: int(one.places[0]))
    return Timed(np.vstack([one.figures for one in ordered]), years / REPEATS, spent / REPEATS, min(walls))


def processor(processes: Sequence[int]) -> float:
    """Processor time of this process and of those [s]."""
    if not processes:
        return time.process_time()
    import psutil

    times = [psutil.Process(pid).cpu_times() for pid in processes]
    return time.process_time() + sum(one.user + one.system for one in times)


def bits(found: Timed) -> np.ndarray:
    """Doubles as integers, so that every bit counts."""
    return np.ascontiguousarray(found.figures).view(np.int64)


@contextmanager
def dask() -> Iterator[tuple[Crew, list[int]]]:
    """Two workers of a scheduler of our own, and the ids of the processes, by which they are ended."""
    here = ["--host", "127.0.0.1", "--no-dashboard", "--dashboard-address", "127.0.0.1:0"]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "scheduler.json")
        programs = [["dask_scheduler", "--port", "0"], *[["dask_worker", "--no-nanny", "--nthreads", "1"]] * 2]
        started = []
        try:
            for name, *options in programs:
                command = [sys.executable, "-m", f"distributed.cli.{name}", *here, "--scheduler-file", str(file)]
                silent = subprocess.DEVNULL
                started.append(subprocess.Popen([*command, *options], cwd=folder, stdout=silent, stderr=silent))
            address = _address(file)
            crew = Cluster(address)
            while crew.workers < 2:
                time.sleep(0.1)
            yield crew, [process.pid for process in started]
        finally:
            for process in started:
                process.kill()
                process.wait()


def _address(file: Path) -> str:

    for _ in range(600):
        with suppress(OSError, ValueError):
            return str(json.loads(file.read_text())["address"])
        time.sleep(0.1)
    raise RuntimeError("the Dask scheduler did not start")
