"""History: values of chosen tags over simulated time, in one SQLite file.

    with History.create("out/history.sqlite", plant, interval=10.0) as history:
        history.record(plant.image, plant.time)
    series = read_history("out/history.sqlite", ["PT-101"])
    series["PT-101"]

A scan is one row: its time and the values of all tags as one blob of little-endian float64. When the plant goes back to
a snapshot a new run begins; readers see the run that was followed, and nothing that was recorded is lost.
"""

from __future__ import annotations

import csv
import fnmatch
import math
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from twin.errors import TwinError, UnknownTag, nearest
from twin.tags import Tags

if TYPE_CHECKING:
    from twin.plant import Plant

_TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tag (number INTEGER PRIMARY KEY, name TEXT UNIQUE, unit TEXT NOT NULL, text TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS run (number INTEGER PRIMARY KEY, start REAL NOT NULL);
CREATE TABLE IF NOT EXISTS scan (
    run INTEGER NOT NULL, time REAL NOT NULL, value BLOB NOT NULL, PRIMARY KEY (run, time)
) WITHOUT ROWID;
"""
COMMIT_EVERY = 200
"""Scans between two commits; at most so many are lost when the machine stops."""


class HistoryError(TwinError):
    """A history file cannot be used."""


@dataclass(frozen=True)
class Series:
    """Values of some tags over time: `values[i, j]` is tag `names[j]` at `time[i]` [s]."""

    time: np.ndarray
    names: tuple[str, ...]
    units: tuple[str, ...]
    values: np.ndarray

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self.names:
            raise UnknownTag(f'There is no tag "{name}" in this history{nearest(name, self.names) or "."}')
        return self.values[:, self.names.index(name)]


class History:
    """The recorder: one row of chosen tags every `interval` [s] of simulated time."""

    def __init__(self, path: str | Path, tags: Tags, names: Sequence[str], interval: float, plant: str = "") -> None:
        if not interval > 0.0:
            raise HistoryError(f"A history needs an interval above zero, got {interval:g} s.")
        self.path = Path(path)
        self.names = tuple(names)
        self.interval = interval
        self._addresses = np.array([tags[name].address for name in names], dtype=np.int64)
        self._due = -math.inf
        self._last = -math.inf
        self._pending = 0
        self._file = _open(self.path)
        self._file.executescript(_TABLES)
        self._run = self._describe(tags, plant)

    @classmethod
    def create(cls, path: str | Path, plant: Plant, names: Iterable[str] = ("*",), interval: float = 10.0) -> History:
        """Begin, or go on with, the history of a plant; `names` are tags or patterns such as "BAG-*.level"."""
        return cls(path, plant.tags, choose(plant.tags, names), interval, plant.name)

    def record(self, image: np.ndarray, time: float) -> None:
        """Store a scan if one is due; a time before the last one begins a new run."""
        if time < self._last:
            self._begin_run(time)
        if time < self._due or time == self._last:
            return
        blob = image[self._addresses].astype("<f8").tobytes()
        self._file.execute("INSERT INTO scan VALUES (?, ?, ?)", (self._run, time, blob))
        self._last = time
        self._due = (math.floor(time / self.interval + 1e-9) + 1.0) * self.interval * (1.0 - 1e-12)
        self._pending += 1
        if self._pending >= COMMIT_EVERY:
            self.commit()

    def commit(self) -> None:
        """Make all scans so far durable."""
        self._file.commit()
        self._pending = 0

    def close(self) -> None:
        """Commit and close the file."""
        self.commit()
        self._file.close()

    def __enter__(self) -> History:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _describe(self, tags: Tags, plant: str) -> int:
        """Write down what is recorded; returns the number of the run that begins now."""
        rows = [(i, name, tags[name].unit, tags[name].text) for i, name in enumerate(self.names)]
        known = self._file.execute("SELECT number, name, unit, text FROM tag ORDER BY number").fetchall()
        if known and [row[1] for row in known] != list(self.names):
            self._file.close()
            raise HistoryError(f"{self.path} holds other tags than these; record into another file or choose the same.")
        self._file.executemany("INSERT OR REPLACE INTO tag VALUES (?, ?, ?, ?)", rows)
        meta = {"plant": plant, "interval": repr(self.interval), "format": "1"}
        self._file.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", meta.items())
        last = self._file.execute("SELECT max(run), max(time) FROM scan WHERE run = (SELECT max(run) FROM scan)")
        number, time = last.fetchone()
        self._last = -math.inf if time is None else time
        if number is None:
            self._file.execute("INSERT OR REPLACE INTO run VALUES (0, ?)", (-math.inf,))
        self.commit()
        return int(number or 0)

    def _begin_run(self, time: float) -> None:
        self._run += 1
        self._file.execute("INSERT INTO run VALUES (?, ?)", (self._run, time))
        self._last = self._due = -math.inf


def choose(tags: Iterable[str], patterns: Iterable[str]) -> list[str]:
    """The tags that a list of names and patterns means, in the order of the tags. UnknownTag if one means nothing."""
    names, chosen = list(tags), set()
    for pattern in patterns:
        found = fnmatch.filter(names, pattern)
        if not found:
            raise UnknownTag(f'There is no tag "{pattern}"{nearest(pattern, names) or "."}')
        chosen.update(found)
    return [name for name in names if name in chosen]


def read_history(
    path: str | Path, names: Iterable[str] = ("*",), start: float = -math.inf, end: float = math.inf
) -> Series:
    """Read tags (names or patterns) between two times [s]; while a recorder writes, too."""
    path = Path(path)
    if not path.is_file():
        raise HistoryError(f"There is no history {path}.")
    file = _open(path)
    try:
        known = file.execute("SELECT name, unit FROM tag ORDER BY number").fetchall()
        rows = file.execute(_FOLLOWED, {"start": start, "end": end}).fetchall()
    except sqlite3.DatabaseError:
        raise HistoryError(f"{path} is not a history of hetwin.") from None
    finally:
        file.close()
    chosen = choose([name for name, _ in known], names)
    columns = [i for i, (name, _) in enumerate(known) if name in set(chosen)]
    values = np.frombuffer(b"".join(blob for _, blob in rows), dtype="<f8").reshape(len(rows), len(known))
    units = tuple(known[i][1] for i in columns)
    return Series(np.array([time for time, _ in rows]), tuple(chosen), units, values[:, columns])


_FOLLOWED = """
SELECT scan.time, scan.value FROM scan
WHERE scan.time < (SELECT coalesce(min(later.start), 9e999) FROM run AS later WHERE later.number > scan.run)
  AND scan.time BETWEEN :start AND :end
ORDER BY scan.time
"""
"""Of every run, what lies before the next one began."""


def write_csv(series: Series, path: str | Path) -> None:
    """One row per scan, one column per tag, headed by name and unit; numbers are exact."""
    with Path(path).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(
            ["time [s]", *(f"{name} [{unit}]" for name, unit in zip(series.names, series.units, strict=True))]
        )
        for time, row in zip(series.time, series.values, strict=True):
            writer.writerow([repr(float(time)), *(repr(float(value)) for value in row)])


def _open(path: Path) -> sqlite3.Connection:
    try:
        file = sqlite3.connect(path, check_same_thread=False)
        file.execute("PRAGMA journal_mode=WAL")
        file.execute("PRAGMA synchronous=NORMAL")
    except sqlite3.OperationalError as problem:
        raise HistoryError(f"{path} cannot be opened: {problem}.") from None
    except sqlite3.DatabaseError:
        raise HistoryError(f"{path} is not a history of hetwin.") from None
    return file
