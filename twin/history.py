"""History: values of chosen tags over simulated time, in one SQLite file.

    with History.create("out/history.sqlite", plant, interval=10.0) as history:
        history.record(plant.image, plant.time)
    series = read_history("out/history.sqlite", ["PT-101"])
    series["PT-101"]

Values are kept in single precision (6e-8 relative, finer than any transmitter), times in double. The latest scans are
rows, one each; BLOCK of them are packed into one (differences in time, byte planes, zlib): a year of minutes of a
thousand tags takes a third of a gigabyte (`hetwin bench history`). When the plant goes back to a snapshot a new run
begins; readers see the run that was followed, and nothing that was recorded is lost.
"""

from __future__ import annotations

import csv
import fnmatch
import math
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
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
CREATE TABLE IF NOT EXISTS block (
    run INTEGER NOT NULL, first REAL NOT NULL, last REAL NOT NULL, time BLOB NOT NULL, value BLOB NOT NULL,
    PRIMARY KEY (run, first)
);
"""
COMMIT_EVERY = 200
"""Scans between two commits; at most so many are lost when the machine stops."""

BLOCK = 256
"""Scans that are packed together."""
FORMAT = "2"


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
        self._pending = self._loose = 0
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
        blob = image[self._addresses].astype("<f4").tobytes()
        self._file.execute("INSERT INTO scan VALUES (?, ?, ?)", (self._run, time, blob))
        self._loose += 1
        if self._loose >= BLOCK:
            self._pack()
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
        kept = self._file.execute("SELECT value FROM meta WHERE key = 'format'").fetchone()
        if kept and kept[0] != FORMAT:
            self._file.close()
            raise HistoryError(f"{self.path} was written by an older hetwin; record into another file.")
        if known and [row[1] for row in known] != list(self.names):
            self._file.close()
            raise HistoryError(f"{self.path} holds other tags than these; record into another file or choose the same.")
        self._file.executemany("INSERT OR REPLACE INTO tag VALUES (?, ?, ?, ?)", rows)
        meta = {"plant": plant, "interval": repr(self.interval), "format": FORMAT}
        self._file.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", meta.items())
        (number,) = self._file.execute(
            "SELECT max(run) FROM (SELECT run FROM scan UNION SELECT run FROM block)"
        ).fetchone()
        if number is None:
            self._file.execute("INSERT OR REPLACE INTO run VALUES (0, ?)", (-math.inf,))
        number = int(number or 0)
        ends = "SELECT max(time) AS at FROM scan WHERE run = :run UNION SELECT max(last) FROM block WHERE run = :run"
        (time,) = self._file.execute(f"SELECT max(at) FROM ({ends})", {"run": number}).fetchone()
        self._last = -math.inf if time is None else time
        (self._loose,) = self._file.execute("SELECT count(*) FROM scan WHERE run = ?", (number,)).fetchone()
        self.commit()
        return number

    def _pack(self) -> None:
        """Scans of this run that are rows become a block."""
        rows = self._file.execute("SELECT time, value FROM scan WHERE run = ? ORDER BY time", (self._run,)).fetchall()
        times = np.array([time for time, _ in rows])
        values = np.frombuffer(b"".join(blob for _, blob in rows), "<u4").reshape(len(rows), -1)
        block = (self._run, times[0], times[-1], zlib.compress(times.astype("<f8").tobytes()), pack(values))
        self._file.execute("INSERT INTO block VALUES (?, ?, ?, ?, ?)", block)
        self._file.execute("DELETE FROM scan WHERE run = ?", (self._run,))
        self._loose = 0

    def _begin_run(self, time: float) -> None:
        self._run += 1
        self._loose = 0
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


def pack(values: np.ndarray) -> bytes:
    """Scans (rows) of bit patterns of single-precision values, small."""
    columns = values.T.copy()
    columns[:, 1:] -= columns[:, :-1].copy()
    planes = columns.astype("<u4").view(np.uint8).reshape(-1, 4).T
    return zlib.compress(planes.tobytes(), 6)


def unpack(blob: bytes, scans: int) -> np.ndarray:
    """Values of a block, one row per scan."""
    planes = np.frombuffer(zlib.decompress(blob), np.uint8).reshape(4, -1)
    columns = np.ascontiguousarray(planes.T).view("<u4").reshape(-1, scans)
    return np.cumsum(columns, axis=1, dtype=np.uint32).view(np.float32).T


def read_history(
    path: str | Path, names: Iterable[str] = ("*",), start: float = -math.inf, end: float = math.inf
) -> Series:
    """Read tags (names or patterns) between two times [s]; while a recorder writes, too."""
    parts = list(read_blocks(path, names, start, end))
    time = np.concatenate([part.time for part in parts])
    return Series(time, parts[0].names, parts[0].units, np.concatenate([part.values for part in parts]))


def read_blocks(
    path: str | Path, names: Iterable[str] = ("*",), start: float = -math.inf, end: float = math.inf
) -> Iterator[Series]:
    """The same in pieces, in the order of time; the first may be empty. For what does not fit into memory."""
    path = Path(path)
    if not path.is_file():
        raise HistoryError(f"There is no history {path}.")
    file = _open(path)
    try:
        known = file.execute("SELECT name, unit FROM tag ORDER BY number").fetchall()
        chosen = choose([name for name, _ in known], names)
        columns = [i for i, (name, _) in enumerate(known) if name in set(chosen)]
        units = tuple(known[i][1] for i in columns)
        yield Series(np.empty(0), tuple(chosen), units, np.empty((0, len(columns))))
        for times, values in _pieces(file, len(known), start, end):
            inside = (times >= start) & (times <= end)
            if inside.any():
                yield Series(times[inside], tuple(chosen), units, values[inside][:, columns].astype(np.float64))
    except sqlite3.DatabaseError:
        raise HistoryError(f"{path} is not a history of hetwin.") from None
    finally:
        file.close()


def _pieces(file: sqlite3.Connection, width: int, start: float, end: float) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Times and values, block by block, then the loose scans: of every run, what lies before the next one began."""
    file.execute("BEGIN")  # one state of the file, while a recorder goes on
    runs = file.execute("SELECT number, start FROM run ORDER BY number").fetchall()
    for k, (run, _) in enumerate(runs):
        limit = min((later for _, later in runs[k + 1 :]), default=math.inf)
        found = file.execute(_BLOCKS, {"run": run, "start": start, "end": min(end, limit)})
        for packed_times, packed in found:
            times = np.frombuffer(zlib.decompress(packed_times), "<f8")
            before = times < limit
            yield times[before], unpack(packed, len(times))[before]
        rows = file.execute(
            "SELECT time, value FROM scan WHERE run = ? AND time < ? ORDER BY time", (run, limit)
        ).fetchall()
        if rows:
            values = np.frombuffer(b"".join(blob for _, blob in rows), "<f4").reshape(len(rows), width)
            yield np.array([time for time, _ in rows]), values


_BLOCKS = "SELECT time, value FROM block WHERE run = :run AND last >= :start AND first <= :end ORDER BY first"


def write_csv(parts: Series | Iterable[Series], path: str | Path) -> None:
    """One row per scan, one column per tag, headed by name and unit."""
    with Path(path).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        for k, series in enumerate([parts] if isinstance(parts, Series) else parts):
            if k == 0:
                heads = (f"{name} [{unit}]" for name, unit in zip(series.names, series.units, strict=True))
                writer.writerow(["time [s]", *heads])
            for time, row in zip(series.time, series.values.astype(np.float32), strict=True):
                writer.writerow([repr(float(time)), *map(str, row)])


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
