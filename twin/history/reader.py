"""Reading a history, by simulated time over all tags (`table`) or by the wall clock for one tag (`points`).

A reader has a connection of its own and sees one committed state of the history from `__enter__` on. Where the clock
was set back, what was recorded before and after lies over one another: two layers, each in the order of the clock,
which are read as one.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from twin.history import segments
from twin.history.database import HistoryError, open_database, shown
from twin.history.notes import NOTE, Note
from twin.history.points import Points, merged
from twin.history.store import EVENT, FIELDS, MINUTE, RAW, SET_BACK, SHIFT, Event, check_format

EVER = (-(2**62), 2**62)
"""A span of the wall clock that holds everything."""
ONE_VALUE = 4
"""Bytes of the segment of a tag that stands still."""
NOTHING = np.float32(np.nan).tobytes()
"""Segment of a tag that was not recorded."""
FEW = 8
"""Tags that are looked up one by one; of more, the whole block is read."""
TIME = "SIM.time"
"""The tag that is simulated time itself: read from the times, which are kept in double precision."""

PAGE = 32
"""Blocks that are read at once, as many as fit into a cache; fewer at first, since a reader may not need them."""

_BLOCKS = (
    "SELECT number, scans, first_wall, last_wall, wall, quality{} FROM block WHERE tier = ? AND run >= ? AND run < ?"
)
_FORWARD = f"{_BLOCKS} AND last_wall >= ? ORDER BY last_wall LIMIT ?"
_BACKWARD = f"{_BLOCKS} AND first_wall <= ? ORDER BY first_wall DESC LIMIT ?"
_OF_RUN = (  # + keeps SQLite from sorting a whole tier for each page
    "SELECT number, scans, time FROM block WHERE +tier = ? AND run = ? AND last_time >= ? AND first_time <= ? "
    f"AND number > ? ORDER BY number LIMIT {PAGE}"
)
_EVENTS = f"SELECT {EVENT} FROM event WHERE wall >= ? AND wall <= ?"


Layer = tuple[int, int]
"""The first run of a layer, and the first one after it."""
_ENDLESS = 2**62


@dataclass(frozen=True)
class Kept:
    """A tag of the history: its number, its unit, the dead band it was kept with."""

    number: int
    name: str
    unit: str
    text: str
    band: float


@dataclass(frozen=True)
class Block:
    """A row of `block`: number and scans, the wall clock of the first and the last one, and what is packed of each."""

    number: int
    scans: int
    first: int
    last: int
    wall: bytes
    quality: bytes
    time: bytes = b""

    @property
    def flags(self) -> np.ndarray:
        """Quality of each scan."""
        return np.frombuffer(self.quality, np.uint8) if self.quality else np.zeros(self.scans, np.uint8)


def _ends(blocks: Sequence[Block], packed: Sequence[bytes]) -> Points:
    """Points of a tag that stands still in each of some blocks: both ends of each."""
    values = np.frombuffer(b"".join(packed), "<f4").astype(np.float64)
    walls = np.array([(block.first, block.last) for block in blocks], np.int64)
    both = np.array([(True, block.scans > 1) for block in blocks])
    return Points(walls[both], np.stack([values, values], axis=1)[both], np.zeros(int(both.sum()), np.uint8))


def _unpacked(blocks: Sequence[Block], packed: Sequence[bytes], scans: int, is_time: bool) -> Points:
    """Points of a tag in blocks of so many scans; those of simulated time itself come from the times."""
    walls = segments.unpack_all_times([block.wall for block in blocks], scans, "<i8")
    flags = np.stack([block.flags for block in blocks])
    if is_time:
        times = segments.unpack_all_times([block.time for block in blocks], scans, "<f8")
        return Points(walls.ravel(), times.ravel(), flags.ravel())
    values = segments.decode_all(packed, scans)
    kept = segments.kept(values, flags if any(block.quality for block in blocks) else None)
    if kept.all():
        return Points(walls.ravel(), values.ravel().astype(np.float64), flags.ravel())
    return Points(walls[kept], values[kept].astype(np.float64), flags[kept])


class Reader:
    """One look into a history; use it in a `with`, from one thread."""

    def __init__(self, where: str | Path) -> None:
        self._where = where
        self._tags: dict[str, Kept] | None = None
        self._scans: tuple[np.ndarray, ...] | None = None
        self._tails = 0

    def __enter__(self) -> Reader:
        self._db = open_database(self._where, write=False)
        try:
            check_format(self._db, self._where)
            self._db.commit()
            self._db.freeze()
            query = f"SELECT key, value FROM meta WHERE key IN ('columns', '{SET_BACK}')"
            found: dict[str, str] = dict(self._db.rows(query))
            if "columns" not in found:
                raise HistoryError(f"{shown(self._where)} is not a history of hetwin.")
        except BaseException:
            self._db.close()
            raise
        self._columns = json.loads(found["columns"])
        turns = json.loads(found.get(SET_BACK, "[]"))
        self._layers: list[Layer] = list(zip([0, *turns], [*turns, _ENDLESS], strict=True))
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def tags(self) -> dict[str, Kept]:
        """Every tag that was ever recorded."""
        if self._tags is None:
            rows = self._db.rows("SELECT number, name, unit, text, band FROM tag ORDER BY number")
            self._tags = {row[1]: Kept(*row) for row in rows}
        return self._tags

    def tag(self, name: str) -> Kept | None:
        """One tag, if it was ever recorded."""
        rows = self._db.rows("SELECT number, name, unit, text, band FROM tag WHERE name = ?", (name,))
        return Kept(*rows[0]) if rows else None

    # By simulated time

    def table(self, tags: Sequence[Kept], start: float, end: float) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Times and values of every scan: of every run, what lies before the next one began."""
        runs = self._db.rows("SELECT number, start FROM run ORDER BY number")
        for k, (run, _) in enumerate(runs):
            limit = min((later for _, later in runs[k + 1 :]), default=math.inf)
            for times, values in self._run(run, tags, start, min(end, limit)):
                inside = (times >= start) & (times <= end) & (times < limit)
                inside[:-1] &= times[1:] > times[:-1]  # of scans at one time, the last
                if inside.any():
                    yield times[inside], values[inside].astype(np.float64)

    def _run(self, run: int, tags: Sequence[Kept], start: float, end: float) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        number = 0
        while page := self._db.rows(_OF_RUN, (RAW, run, start, end, number)):
            for number, scans, packed in page:
                yield segments.unpack_times(packed, scans, "<f8"), self._rows_of(number, scans, tags)
        rows = self._db.rows(
            "SELECT time, value FROM scan WHERE tier = ? AND run = ? AND time >= ? AND time <= ? ORDER BY number",
            (RAW, run, start, end),
        )
        if rows:
            values = segments.stacked((blob for _, blob in rows), len(self._columns))
            yield np.array([time for time, _ in rows]), self._picked(values, tags)

    def _rows_of(self, block: int, scans: int, tags: Sequence[Kept]) -> np.ndarray:
        """Values of a block, one row per scan, NaN for tags that were not recorded then."""
        numbers = [block * SHIFT + tag.number for tag in tags]
        if len(tags) <= FEW:
            found = self._segments(numbers)
        else:
            query = "SELECT number, value FROM segment WHERE number >= ? AND number < ?"
            found = dict(self._db.rows(query, (block * SHIFT, (block + 1) * SHIFT)))
        there = [j for j, number in enumerate(numbers) if number in found]
        values = np.full((len(tags), scans), np.nan, np.float32)
        values[there] = segments.decode_all([found[numbers[j]] for j in there], scans)
        return values.T

    def _picked(self, values: np.ndarray, tags: Sequence[Kept]) -> np.ndarray:
        column = {number: j for j, number in enumerate(self._columns)}
        picked = np.full((len(values), len(tags)), np.nan, np.float32)
        for j, tag in enumerate(tags):
            if tag.number in column:
                picked[:, j] = values[:, column[tag.number]]
        return picked

    # By the wall clock

    def points(self, tag: Kept, start: int, end: int, backward: bool = False) -> Iterator[Points]:
        """What was kept of a tag from `start` to `end` [us since 1970], both included, piece by piece.

        Backward, the pieces and the points in them come latest first.
        """
        layers = [self._points_in(layer, tag, start, end, backward) for layer in self._layers]
        return layers[0] if len(layers) == 1 else merged(layers, backward)

    def _points_in(self, layer: Layer, tag: Kept, start: int, end: int, backward: bool) -> Iterator[Points]:
        if backward and len(tail := self._tail(layer, tag, start, end)):
            yield tail[::-1]
        for page in self._blocks(RAW, layer, start, end, backward, ", time" if tag.name == TIME else ""):
            found = self._points_of(tag, page)
            if len(found) and (found.wall[0] < start or found.wall[-1] > end):
                found = found[(found.wall >= start) & (found.wall <= end)]
            if len(found):
                yield found[::-1] if backward else found
        if not backward and len(tail := self._tail(layer, tag, start, end)):
            yield tail

    def _blocks(
        self, tier: int, layer: Layer, start: int, end: int, backward: bool = False, more: str = ""
    ) -> Iterator[list[Block]]:
        """The blocks of a layer that reach into a span, page by page, each page in the order of the clock."""
        at, size = end if backward else start, 1
        query = (_BACKWARD if backward else _FORWARD).format(more)
        while rows := self._db.rows(query, (tier, *layer, at, size)):
            page = [Block(*row) for row in rows]
            inside = [block for block in page if block.first <= end and block.last >= start]
            if inside:
                yield inside[::-1] if backward else inside
            if len(inside) < len(page) or len(page) < size:
                return
            at = page[-1].first - 1 if backward else page[-1].last + 1
            size = min(4 * size, PAGE)

    def _points_of(self, tag: Kept, page: list[Block]) -> Points:
        """Points of a tag in some blocks."""
        found = self._segments([block.number * SHIFT + tag.number for block in page])
        page = [block for block in page if block.number * SHIFT + tag.number in found]
        parts = []
        for (scans, stands), group in groupby(page, lambda b: (b.scans, self._stands(found, b, tag))):
            blocks = list(group)
            packed = [found[block.number * SHIFT + tag.number] for block in blocks]
            parts.append(_ends(blocks, packed) if stands else _unpacked(blocks, packed, scans, tag.name == TIME))
        return Points.joined(parts)

    @staticmethod
    def _stands(found: dict[int, bytes], block: Block, tag: Kept) -> bool:
        """Whether a tag has one value in all of a block; its times need not be looked at then."""
        one = len(found[block.number * SHIFT + tag.number]) == ONE_VALUE and not block.quality
        return one and tag.name != TIME

    def _segments(self, numbers: Sequence[int]) -> dict[int, bytes]:
        """Segments by their numbers, as far as they are there."""
        query = f"SELECT number, value FROM segment WHERE number IN ({', '.join('?' * len(numbers))})"
        return dict(self._db.rows(query, numbers))

    def _tail(self, layer: Layer, tag: Kept, start: int, end: int) -> Points:
        """Points of the scans of a layer that are not folded yet; the same as they will be, and the latest."""
        query = "SELECT wall FROM scan WHERE tier = ? AND run >= ? AND run < ? ORDER BY number LIMIT 1"
        first = self._db.rows(query, (RAW, *layer))
        if tag.number not in self._columns or not first or first[0][0] > end:
            return Points.joined([])
        run, *loose = self._loose(self._columns.index(tag.number))
        wall, time, flags, column = (each[(run >= layer[0]) & (run < layer[1])] for each in loose)
        held = segments.hold(column, np.array([tag.band], np.float32))[:, 0]
        kept, values = segments.kept(held, flags), held.astype(np.float64)
        if tag.name == TIME:
            kept[:], values = True, time
        kept &= (wall >= start) & (wall <= end)
        return Points(wall[kept], values[kept], flags[kept])

    def _loose(self, column: int) -> tuple[np.ndarray, ...]:
        """Run, wall clock, time, quality and values of a tag in the scans that are not folded yet.

        Of the first tag that somebody asks for only its own bytes are read, with the second one all of them, once.
        """
        if self._scans is None:
            narrow = self._tails == 0
            self._tails += 1
            value, width = ("substr(value, ?, 4)", 1) if narrow else ("value", len(self._columns))
            query = f"SELECT run, wall, time, quality, {value} FROM scan WHERE tier = ? ORDER BY number"
            rows = self._db.rows(query, [4 * column + 1, RAW] if narrow else [RAW])
            run, wall, time, quality, blobs = zip(*rows, strict=True) if rows else ((), (), (), (), ())
            table = segments.stacked(blobs, width)
            dates = np.array(run, np.int64), np.array(wall, np.int64)
            scans = *dates, np.array(time), np.array(quality, np.uint8), table
            if narrow:
                return scans
            self._scans = scans
        *times, table = self._scans
        return *times, np.ascontiguousarray(table[:, [column]])

    def span(self, tier: int = RAW) -> tuple[int, int] | None:
        """Wall clock of the first and the last scan of a tier."""
        found = [
            row[0]
            for table, column in (("block", "first_wall"), ("block", "last_wall"), ("scan", "wall"))
            for order in ("ASC", "DESC")
            for row in self._db.rows(
                f"SELECT {column} FROM {table} WHERE tier = ? ORDER BY {column} {order} LIMIT 1", (tier,)
            )
        ]
        return (int(min(found)), int(max(found))) if found else None

    def minutes(self, tag: Kept, start: int, end: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Minutes that begin from `start` to `end` [us since 1970]: when they begin, and mean, min, max, count.

        Where the clock was set back a minute may come more than once.
        """
        walls, values = [np.empty(0, np.int64)], [np.empty((0, len(FIELDS)), np.float32)]
        columns = [len(FIELDS) * tag.number + k for k in range(len(FIELDS))]
        for page in (page for layer in self._layers for page in self._blocks(MINUTE, layer, start, end)):
            found = self._segments([block.number * SHIFT + column for block in page for column in columns])
            for scans, group in groupby(page, lambda block: block.scans):
                blocks = list(group)
                packed = [found.get(block.number * SHIFT + c, NOTHING) for block in blocks for c in columns]
                walls.append(segments.unpack_all_times([block.wall for block in blocks], scans, "<i8").ravel())
                table = segments.decode_all(packed, scans).reshape(len(blocks), len(columns), scans)
                values.append(table.transpose(0, 2, 1).reshape(-1, len(columns)))
        rows = self._db.rows(
            "SELECT wall, value FROM scan WHERE tier = ? AND wall >= ? AND wall <= ? ORDER BY number",
            (MINUTE, start, end),
        )
        if rows and tag.number in self._columns:
            at = len(FIELDS) * self._columns.index(tag.number)
            stack = segments.stacked((blob for _, blob in rows), len(FIELDS) * len(self._columns))
            walls.append(np.array([wall for wall, _ in rows]))
            values.append(stack[:, at : at + len(FIELDS)])
        wall, table = np.concatenate(walls), np.concatenate(values).astype(np.float64)
        order = np.argsort(wall, kind="stable")
        order = order[(wall[order] >= start) & (wall[order] <= end)]
        return wall[order], {field: table[order, k] for k, field in enumerate(FIELDS)}

    def events(
        self,
        start: int = EVER[0],
        end: int = EVER[1],
        source: str | None = None,
        kinds: Sequence[str] = (),
        page: tuple[int, int] = (0, 2**31),
        backward: bool = False,
        as_written: bool = False,
    ) -> list[Event]:
        """Events from `start` to `end` [us since 1970], both included; of one source, of some kinds.

        `page` is how many to pass over and how many to read at most; backward, the latest come first. They come in the
        order of their dates, or as they were written, which is another one where the clock was set back.
        """
        query = _EVENTS + (" AND source = ?" if source is not None else "")
        if kinds:
            query += f" AND kind IN ({', '.join('?' * len(kinds))})"
        order = "wall DESC, number DESC" if backward else "wall, number"
        if as_written:
            order = "number DESC" if backward else "number"
        parameters = [start, end, *([] if source is None else [source]), *kinds, page[1], page[0]]
        rows = self._db.rows(f"{query} ORDER BY {order} LIMIT ? OFFSET ?", parameters)
        return [Event.of_row(row) for row in rows]

    def notes(
        self, tag: str, start: int, end: int, page: tuple[int, int] = (0, 2**31), backward: bool = False
    ) -> list[Note]:
        """What people said of a tag and did to it, calls of methods of its unit among it; the rest as for `events`."""
        unit = tag.rpartition(".")[0] + "."
        order = "wall DESC, number DESC" if backward else "wall, number"
        query = (
            f"{_EVENTS} AND ((source = ? AND kind IN ('write', '{NOTE}')) "
            f"OR (kind = 'call' AND substr(source, 1, ?) = ?)) ORDER BY {order} LIMIT ? OFFSET ?"
        )
        rows = self._db.rows(query, (start, end, tag, len(unit), unit, page[1], page[0]))
        return [Note.of(Event.of_row(row)) for row in rows]
