"""Disk and memory of a year of one-minute records of a plant with all its tags.

A day of the plant is simulated and recorded; a year repeats it, each value moved by its own small drift so that no two
days are alike to the packer. Memory is that of a process of its own which records the year and then reads key tags.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

NAME = "history"
PLANT = "teaching"
YEAR, DAY = 365 * 1440, 1440
"""Minutes."""


def run() -> list[dict[str, Any]]:
    """File size of a year, resident memory, and time to read one tag of it."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.history", folder]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    tags, size, memory, seconds = int(out[0]), float(out[1]), float(out[2]), float(out[3])
    return [
        {"point": "tags recorded", "figure": tags, "target": "", "verdict": "", "unit": "1"},
        row("disk, a year of minutes", size, 500.0, "MB"),
        row("resident memory, recording and reading", memory, 1000.0, "MB"),
        {"point": "one tag over the year, read", "figure": seconds, "target": "", "verdict": "", "unit": "s"},
    ]


def row(point: str, figure: float, most: float, unit: str) -> dict[str, Any]:
    """One line of the report."""
    verdict = "pass" if figure <= most else "fail"
    return {"point": point, "figure": figure, "target": most, "verdict": verdict, "unit": unit}


def record_a_year(folder: Path) -> tuple[int, float, float, float]:
    """Number of tags, megabytes on disk, megabytes resident at most, seconds to read one tag."""
    import resource

    from twin.history import History, read_history
    from twin.plant import Plant

    plant = Plant.load(PLANT)
    day = np.empty((DAY, plant.image.size))
    for minute in range(DAY):
        plant.run(seconds=60.0)
        day[minute] = plant.image
    moves = np.ptp(day, axis=0) > 0.0
    drift = np.random.default_rng(1).normal(0.0, 1e-4, (365, plant.image.size)) * moves

    path = folder / "year.sqlite"
    with History.create(path, plant, interval=60.0) as history:
        for minute in range(YEAR):
            number, within = divmod(minute, DAY)
            history.record(day[within] * (1.0 + drift[number]), 60.0 * minute)
        count = len(history.names)
    begin = time.perf_counter()
    read = read_history(path, ["D-1.mass"])
    seconds = time.perf_counter() - begin
    assert len(read.time) == YEAR
    return count, path.stat().st_size / 1e6, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3, seconds


if __name__ == "__main__":
    print(*record_a_year(Path(sys.argv[1])))
