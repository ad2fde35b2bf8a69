"""Disk and memory of a year of one-minute records of a plant with all its tags; how fast the stores are.

A day of the plant is simulated and recorded; a year repeats it, each value moved by its own small drift so that no two
days are alike to the packer. Memory is that of a process of its own which records the year and then reads key tags.

The stores are measured with a day of scans, one a second, of tags that all move at every scan, each a random walk whose
steps need all bits, at moments that are a little irregular as those of a server are; then with a day of ten scans a
second, and with a year of minutes. With the URL of an empty PostgreSQL database in HETWIN_POSTGRES both stand side by
side.
"""

from __future__ import annotations

import os
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
SECONDS, TAGS, FEW = 86_400, 100, 20
"""Of the day that the stores are measured with; few tags with ten scans a second, and with minutes."""


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
        *stores(),
    ]


def stores() -> list[dict[str, Any]]:
    """Values a second, bytes a value and the time to read a day of a tag, in each store that there is."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        places = {"SQLite": str(Path(folder) / "day.sqlite")}
        if "HETWIN_POSTGRES" in os.environ:
            places["PostgreSQL"] = os.environ["HETWIN_POSTGRES"]
        for name, where in places.items():
            rate, size, read = measure(where)
            rows += [
                {"point": f"{name}: stored", "figure": rate, "target": "", "verdict": "", "unit": "values/s"},
                row(f"{name}: size of a value", size, 8.0, "B"),
                row(f"{name}: a day of one tag at 1 Hz, read", read, 8.0, "ms"),
            ]
        _, _, read = measure(str(Path(folder) / "fast.sqlite"), 10, FEW)
        year = minutes(str(Path(folder) / "minutes.sqlite"))
    for point, figure in (("a day of one tag at 10 Hz, read", read), ("a year of minutes of one tag, read", year)):
        rows.append({"point": f"SQLite: {point}", "figure": figure, "target": "", "verdict": "", "unit": "ms"})
    return rows


def _tags(count: int) -> Any:
    from twin.tags import Tag, Tags

    return Tags([Tag(f"TT-{k}", k, "K", "", "output", 0.0, 1e9, (), "TT", "x", "") for k in range(count)])


def measure(where: str, hertz: int = 1, count: int = TAGS) -> tuple[float, float, float]:
    """Values stored a second, bytes of a value, milliseconds to read a day of one tag (the best of ten)."""
    from twin.history import History, Points, Reader
    from twin.history.reader import EVER

    tags, scans, chance = _tags(count), SECONDS * hertz, np.random.default_rng(3)
    walk = 300.0 + np.cumsum(chance.normal(0.0, 0.01, (scans, count)), axis=0)
    walls = 1_000_000 // hertz * np.arange(1, scans + 1) + chance.integers(0, 300, scans)
    begin = time.perf_counter()
    with History(where, tags, list(tags), 0.0) as history:
        for scan in range(scans):
            history.record(walk[scan], scan / hertz, int(walls[scan]))
    rate = scans * count / (time.perf_counter() - begin)
    reads = []
    for _ in range(10):
        begin = time.perf_counter()
        with Reader(where) as reader:
            points = Points.joined(list(reader.points(reader.tags()["TT-7"], *EVER)))
        reads.append(1e3 * (time.perf_counter() - begin))
    assert len(points) > 0.99 * scans  # all but a few that are as the ones beside them
    assert np.array_equal(points.value, walk[np.searchsorted(walls, points.wall), 7].astype(np.float32).astype(float))
    return rate, disk(where) / (scans * count), min(reads)


def minutes(where: str) -> float:
    """Milliseconds to read a year of minutes of one tag (the best of five)."""
    from twin.history import History, Reader, Retention
    from twin.history.reader import EVER

    tags = _tags(FEW)
    walk = 300.0 + np.cumsum(np.random.default_rng(4).normal(0.0, 0.1, (YEAR, FEW)), axis=0)
    with History(where, tags, list(tags), 0.0, retention=Retention(1e12, 1e12)) as history:
        for minute in range(YEAR):
            history.record(walk[minute], 60.0 * minute, 60_000_000 * (minute + 1))
    reads = []
    for _ in range(5):
        begin = time.perf_counter()
        with Reader(where) as reader:
            wall, _ = reader.minutes(reader.tags()["TT-7"], *EVER)
        reads.append(1e3 * (time.perf_counter() - begin))
    assert len(wall) == YEAR - 1
    return min(reads)


def disk(where: str) -> float:
    """Bytes that a history takes."""
    if not where.startswith("postgres"):
        return float(Path(where).stat().st_size)
    import psycopg

    with psycopg.connect(where) as link:
        found = link.execute(
            "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relname IN ('segment', 'block')"
        )
        return float(found.fetchone()[0])  # type: ignore[index]


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
