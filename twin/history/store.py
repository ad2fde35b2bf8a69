"""The store: scans are appended as one blob each; a block of them is folded into a segment for each tag.

Two tiers share the tables: RAW, whose columns are the tags, and MINUTE, with four columns for each tag (mean, min, max,
count). The latest scans are rows of `scan`, the tail; blocks never change once they are written, so a reader needs a
row of `block` and one `segment` for each block and tag that it wants. Where the wall clock is set back a new run
begins, and with it a layer: dates rise within each. Everything is written in transactions: after a crash the file holds
what was committed, and nothing half.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from twin.history import segments
from twin.history.database import HistoryError, Row, open_database, shown

RAW, MINUTE = 0, 1
BLOCK = {RAW: 2048, MINUTE: 256}
"""Scans of a tier that are folded together."""
FORGET = 20
"""Blocks that are dropped in one go; the next ones wait a minute."""
AT_ONCE = 64
"""Columns that are folded in one step: 0.1 s or less."""
FIELDS = ("mean", "min", "max", "count")
"""Columns of a tag in the minute tier."""
SHIFT = 1 << 24
"""Segments are numbered block * SHIFT + column: in the order they are written, and found without a search."""
SET_BACK = "set_back"
"""In `meta`: the runs that began because the wall clock was set back."""
FORMAT, READABLE = "4", ("3", "4")
"""What is written, and what is read: blocks of format 3 stay as they are beside newer ones."""

TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tag (
    number INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, unit TEXT NOT NULL, text TEXT NOT NULL, band REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS run (number INTEGER PRIMARY KEY, start REAL NOT NULL);
CREATE TABLE IF NOT EXISTS scan (
    number INTEGER PRIMARY KEY, tier INTEGER NOT NULL, run INTEGER NOT NULL, time REAL NOT NULL,
    wall INTEGER NOT NULL, quality INTEGER NOT NULL, value BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS block (
    number INTEGER PRIMARY KEY, tier INTEGER NOT NULL, run INTEGER NOT NULL, scans INTEGER NOT NULL,
    first_time REAL NOT NULL, last_time REAL NOT NULL, first_wall INTEGER NOT NULL, last_wall INTEGER NOT NULL,
    time BLOB NOT NULL, wall BLOB NOT NULL, quality BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS block_first ON block (tier, first_wall);
CREATE INDEX IF NOT EXISTS block_last ON block (tier, last_wall);
CREATE TABLE IF NOT EXISTS segment (number INTEGER PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS event (
    number INTEGER PRIMARY KEY, wall INTEGER NOT NULL, time REAL NOT NULL, kind TEXT NOT NULL, source TEXT NOT NULL,
    severity INTEGER NOT NULL, message TEXT NOT NULL, person TEXT NOT NULL, detail TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS event_wall ON event (wall);
"""
EVENT = "wall, time, kind, source, message, severity, person, detail"
"""Columns of an event as it is read."""
_PUT = "INSERT INTO {} VALUES ({}) ON CONFLICT ({}) DO UPDATE SET {}"
_META = _PUT.format("meta", "?, ?", "key", "value = excluded.value")
_TAG = _PUT.format("tag", "?, ?, ?, ?, ?", "number", "unit = excluded.unit, text = excluded.text, band = excluded.band")
_BLOCK = f"INSERT INTO block VALUES ({', '.join('?' * 11)})"


@dataclass(frozen=True)
class Scan:
    """All columns of a tier at one moment: simulated `time` [s], `wall` [us since 1970]; quality 0 is good."""

    run: int
    time: float
    wall: int
    quality: int
    values: bytes


@dataclass(frozen=True)
class Event:
    """Something that happened: an alarm, an operator's write or call. `wall` [us since 1970], `time` simulated [s].

    `kind` is "write", "call", or what the alarm engine says; `source` a tag, method or condition; `person` who did it;
    `detail` whatever else the kind has to tell, such as the old and the new value.
    """

    wall: int
    time: float
    kind: str
    source: str
    message: str
    severity: int = 1
    person: str = ""
    detail: dict[str, Any] | None = None

    @classmethod
    def of_row(cls, row: Row) -> Event:
        """From the columns EVENT of the table."""
        wall, time, kind, source, message, severity, person, detail = row
        return cls(wall, time, kind, source, message, severity, person, json.loads(detail))


class Store:
    """The one writer of a history."""

    def __init__(self, where: str | Path) -> None:
        self._where = where
        self._db = open_database(where)
        self._folding: Iterator[bool] | None = None
        self._old = 0  # scans of the tail that belong to an earlier run
        self._roomy = True  # perhaps there is room to give back
        try:
            check_format(self._db, where)
            if not self._db.claim():
                raise HistoryError(f"Another hetwin records into {shown(where)}; stop it or choose another database.")
            self._db.define(TABLES)
            self._numbers = [
                self._db.rows(f"SELECT coalesce(max(number), 0) FROM {table}")[0][0]
                for table in ("scan", "block", "event")
            ]
        except BaseException:
            self._db.close()
            raise

    def renew(self) -> None:
        """Bring a file of earlier versions up to date."""
        self._db.commit()
        self._db.renew()

    def describe(self, tags: Sequence[tuple[str, str, str, float]], meta: dict[str, str]) -> None:
        """What is recorded from here on: name, unit, text and dead band of each tag, in the order of the scans."""
        numbers: dict[str, int] = dict(self._db.rows("SELECT name, number FROM tag"))
        columns = []
        for name, *_ in tags:
            columns.append(numbers.setdefault(name, len(numbers)))
        before = self._db.rows("SELECT value FROM meta WHERE key = 'columns'")
        if before and json.loads(before[0][0]) != columns:  # the tail is of other tags
            self._columns = {RAW: json.loads(before[0][0])}
            self._bands = np.zeros(len(self._columns[RAW]), np.float32)
            self._widen()
            self.settle()
        rows = [(columns[i], *row) for i, row in enumerate(tags)]
        self._db.run_many(_TAG, rows)
        meta = {**meta, "format": FORMAT, "columns": json.dumps(columns)}
        self._db.run_many(_META, list(meta.items()))
        self._columns = {RAW: columns}
        self._bands = np.array([band for *_, band in tags], np.float32)
        self._widen()
        turns = self._db.rows("SELECT value FROM meta WHERE key = ?", (SET_BACK,))
        self._turns: list[int] = json.loads(turns[0][0]) if turns else []
        self.commit()

    def _widen(self) -> None:
        self._columns[MINUTE] = [len(FIELDS) * number + k for number in self._columns[RAW] for k in range(len(FIELDS))]
        self._loose = {
            tier: int(self._db.rows("SELECT count(*) FROM scan WHERE tier = ?", (tier,))[0][0])
            for tier in (RAW, MINUTE)
        }

    def last(self, tier: int = RAW) -> tuple[int, float, int] | None:
        """Run, time and wall clock of the latest scan."""
        for table, at in (("scan", ""), ("block", "last_")):
            found = self._db.rows(
                f"SELECT run, {at}time, {at}wall FROM {table} WHERE tier = ? ORDER BY number DESC LIMIT 1", (tier,)
            )
            if found:
                return found[0]
        return None

    def first(self, tier: int) -> int | None:
        """Wall clock of the first scan."""
        for table, column in (("block", "first_wall"), ("scan", "wall")):
            query = f"SELECT {column} FROM {table} WHERE tier = ? ORDER BY {column} LIMIT 1"
            if found := self._db.rows(query, (tier,)):
                return int(found[0][0])
        return None

    def begin_run(self, number: int, start: float) -> None:
        """From here on, scans belong to another run."""
        self._old = self._loose[RAW]  # to be folded by themselves
        self._db.run("INSERT INTO run VALUES (?, ?) ON CONFLICT (number) DO NOTHING", (number, start))

    def set_back(self, run: int) -> None:
        """With this run, which has just begun, dates begin again before the last one's."""
        self._turns.append(run)
        self._db.run(_META, (SET_BACK, json.dumps(self._turns)))

    @property
    def layer(self) -> int:
        """The first run since the clock was set back last, 0 if it never was."""
        return self._turns[-1] if self._turns else 0

    def append(self, scan: Scan, tier: int = RAW) -> None:
        """Add a scan; its wall clock must be later than the last one's, unless it was set back."""
        self._numbers[0] += 1
        row = (self._numbers[0], tier, scan.run, scan.time, scan.wall, scan.quality, scan.values)
        self._db.run("INSERT INTO scan VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        self._loose[tier] += 1

    def note(self, event: Event) -> None:
        """Add an event."""
        self._numbers[2] += 1
        e = event
        detail = json.dumps(e.detail or {}, ensure_ascii=False)
        texts = (text.replace("\0", "") for text in (e.message, e.person))  # which PostgreSQL does not take
        row = (self._numbers[2], e.wall, e.time, e.kind, e.source, e.severity, *texts, detail)
        self._db.run("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    def events_at(self, wall: int, kind: str, source: str) -> list[tuple[int, Event]]:
        """Events of one moment, kind and source, with their numbers."""
        query = f"SELECT number, {EVENT} FROM event WHERE wall = ? AND kind = ? AND source = ? ORDER BY number"
        return [(row[0], Event.of_row(row[1:])) for row in self._db.rows(query, (wall, kind, source))]

    def drop_event(self, number: int) -> None:
        """Take an event out."""
        self._db.run("DELETE FROM event WHERE number = ?", (number,))

    def step(self) -> bool:
        """Fold a little, or give a little room back to the disk; False when there is nothing to do.

        A whole block may take a second.
        """
        if self._folding is None:
            due = [tier for tier in (RAW, MINUTE) if self._loose[tier] >= BLOCK[tier]] or [RAW] * bool(self._old)
            if not due:
                self._roomy = self._roomy and self._db.shrink()
                return self._roomy
            self._folding = self._fold(due[0])
        if next(self._folding, True):
            self._folding = None
        return True

    def settle(self) -> None:
        """Fold all there is, full blocks or not."""
        self._folding = None
        for tier in (RAW, MINUTE):
            while self._loose[tier]:
                for _ in self._fold(tier):
                    pass

    def _fold(self, tier: int) -> Iterator[bool]:
        """The first scans of a tail, of one run, become a block, which is written when all is encoded.

        Minutes of several runs do, as far as their dates rise.
        """
        rows = self._db.rows(
            "SELECT run, time, wall, quality, value, number FROM scan WHERE tier = ? ORDER BY number LIMIT ?",
            (tier, BLOCK[tier]),
        )
        rows = (
            [row for row in rows if row[0] == rows[0][0]] if tier == RAW else rows[: _rising([row[2] for row in rows])]
        )
        columns = self._columns[tier]
        bands = self._bands if tier == RAW else np.zeros(len(columns), np.float32)
        values = segments.stacked((row[4] for row in rows), len(columns))
        pieces: list[bytes] = []
        for first in range(0, len(columns), AT_ONCE):
            part = slice(first, first + AT_ONCE)
            pieces += segments.encode(values[:, part], bands[part])
            yield False
        self._write_block(tier, rows, zip(columns, pieces, strict=True))

    def _write_block(self, tier: int, rows: Sequence[Row], pieces: Iterable[tuple[int, bytes]]) -> None:
        run, times, walls, quality, _, numbers = zip(*rows, strict=True)
        self._numbers[1] += 1
        number = self._numbers[1]
        ends = (times[0], times[-1], walls[0], walls[-1])
        packed_times = segments.pack_times(np.array(times, "<f8"))
        packed_walls = segments.pack_times(np.array(walls, "<i8"))
        flags = np.array(quality, np.uint8).tobytes() if any(quality) else b""
        self._db.run(_BLOCK, (number, tier, run[-1], len(rows), *ends, packed_times, packed_walls, flags))
        self._db.run_many("INSERT INTO segment VALUES (?, ?)", ((number * SHIFT + c, blob) for c, blob in pieces))
        self._db.run("DELETE FROM scan WHERE tier = ? AND number <= ?", (tier, numbers[-1]))
        self._loose[tier] -= len(rows)
        if tier == RAW:
            self._old = max(0, self._old - len(rows))

    def forget(self, tier: int, before: int) -> None:
        """Retention: drop blocks of a tier that ended before a wall clock [us since 1970], the oldest first."""
        query = "SELECT number FROM block WHERE tier = ? AND last_wall < ? ORDER BY last_wall LIMIT ?"
        old = self._db.rows(query, (tier, before, FORGET))
        self._roomy = self._roomy or bool(old)
        for (number,) in old:
            self._db.run("DELETE FROM segment WHERE number >= ? AND number < ?", (number * SHIFT, (number + 1) * SHIFT))
            self._db.run("DELETE FROM block WHERE number = ?", (number,))

    def forget_events(self, before: int) -> None:
        """Retention: drop events before a wall clock [us since 1970]."""
        if self._db.rows("SELECT 1 FROM event WHERE wall < ? LIMIT 1", (before,)):
            self._roomy = True
            self._db.run("DELETE FROM event WHERE wall < ?", (before,))

    def scans_since(self, wall: int) -> list[Scan]:
        """Raw scans of the present layer at or after a wall clock, of the last block and the tail."""
        query = (
            "SELECT run, time, wall, quality, value FROM scan WHERE tier = ? AND run >= ? AND wall >= ? ORDER BY number"
        )
        found = self._db.rows(query, (RAW, self.layer, wall))
        return [*self._last_block(wall), *(Scan(*row) for row in found)]

    def _last_block(self, wall: int) -> Iterator[Scan]:
        """Scans of the last raw block of the present layer at or after a wall clock."""
        query = (
            "SELECT number, scans, run, time, wall, quality FROM block WHERE tier = ? AND run >= ? AND last_wall >= ?"
        )
        found_blocks = self._db.rows(f"{query} ORDER BY number DESC LIMIT 1", (RAW, self.layer, wall))
        for number, scans, run, *packed, flags in found_blocks:
            found: dict[int, bytes] = dict(
                self._db.rows(
                    "SELECT number, value FROM segment WHERE number >= ? AND number < ?",
                    (number * SHIFT, (number + 1) * SHIFT),
                )
            )
            nothing = np.float32(np.nan).tobytes()
            segment = (found.get(number * SHIFT + column, nothing) for column in self._columns[RAW])
            rows = segments.decode_all(list(segment), scans).T
            times = segments.unpack_times(packed[0], scans, "<f8")
            walls = segments.unpack_times(packed[1], scans, "<i8")
            quality = np.frombuffer(flags, np.uint8) if flags else np.zeros(scans, np.uint8)
            for k in np.flatnonzero(walls >= wall):
                yield Scan(run, float(times[k]), int(walls[k]), int(quality[k]), rows[k].astype("<f4").tobytes())

    def commit(self) -> None:
        """Make all so far durable."""
        self._db.commit()

    def abandon(self) -> None:
        """Close a connection that failed; what was not committed is lost."""
        with suppress(Exception):
            self._db.close()

    def close(self) -> None:
        """Commit and close."""
        self._db.commit()
        self._db.close()


def _rising(walls: Sequence[int]) -> int:
    """How many of them there are until one is not later than the one before."""
    return next((k for k in range(1, len(walls)) if walls[k] <= walls[k - 1]), len(walls))


def check_format(db: Any, where: str | Path) -> None:
    """Refuse what another version wrote."""
    try:
        kept = db.rows("SELECT value FROM meta WHERE key = 'format'")
    except HistoryError:
        kept = []
        db.commit()
    if kept and kept[0][0] not in READABLE:
        raise HistoryError(
            f"{shown(where)} was written by another version of hetwin (form {kept[0][0]}, this one uses {FORMAT}); "
            f"read it with that version, and record into another file."
        )
