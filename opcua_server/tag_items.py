"""The monitored tags of one subscription, as columns: what is due, what changed, what waits, and its encoding.

A client that watches 500 tags asks the same of each: is it due, has it moved, put it in the queue. Asked of all at once
the answer takes a few array operations, 20 us, and the notification is one more. Sampling intervals, deadbands,
triggers, monitoring modes and queues follow OPC UA Part 4, 5.13 and 7.22; the encoding is Part 6, 5.2.2.17 (DataValue)
and Part 4, 7.25.2 (DataChangeNotification).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from asyncua import ua

from opcua_server.bounds import Bounds

VALUE, STATUS, SOURCE_TIME, SERVER_TIME = 0x01, 0x02, 0x04, 0x08
TIMES = {
    ua.TimestampsToReturn.Source: SOURCE_TIME,
    ua.TimestampsToReturn.Server: SERVER_TIME,
    ua.TimestampsToReturn.Both: SOURCE_TIME | SERVER_TIME,
    ua.TimestampsToReturn.Neither: 0,
}
NUMBERS = {
    ua.VariantType.Double: "<f8",
    ua.VariantType.Float: "<f4",
    ua.VariantType.Boolean: "u1",
    ua.VariantType.UInt32: "<u4",
    ua.VariantType.Int32: "<i4",
}
OVERFLOW = 0x480
"""Bits of a status: it belongs to a value, and values of this item were lost (Part 4, table 174)."""
NEVER = 0xFFFFFFFF
"""Status of an item that has reported nothing yet."""
CROWDED, SCANS = 128, 4
"""Scans that may wait before queues are cut to their sizes; and where there is no room."""
DISABLED, SAMPLING, REPORTING = (int(mode) for mode in ua.MonitoringMode)
BY_STATUS, BY_VALUE, BY_TIME = (int(trigger) for trigger in ua.DataChangeTrigger)

COLUMNS = np.dtype(
    [
        ("address", "i8"),
        ("handle", "u4"),
        ("form", "i4"),
        ("mode", "i4"),
        ("trigger", "i4"),
        ("band", "f8"),  # of the value, in its unit; 0: every change counts
        ("interval", "f8"),  # s between samples; 0: every scan
        ("due", "f8"),  # s, clock of the scans
        ("queue", "i8"),
        ("keep_newest", "?"),
        ("fires", "?"),  # when it has something to report, so have others
        ("released", "?"),  # by one of those: what it has queued is reported, though it only samples
        ("last", "f8"),  # as last queued
        ("status", "u4"),
    ],
    align=True,
)


@dataclass(frozen=True)
class Sample:
    """Values of all tags at one moment: `status` codes, `time` as OPC UA counts it, `clock` [s] for intervals."""

    values: np.ndarray
    status: np.ndarray
    time: int
    clock: float


@dataclass(frozen=True)
class Watch:
    """What a client asks of one item; SI and seconds."""

    address: int
    handle: int
    kind: ua.VariantType
    times: ua.TimestampsToReturn = ua.TimestampsToReturn.Both
    mode: int = REPORTING
    trigger: int = BY_VALUE
    band: float = 0.0
    interval: float = 0.0
    queue: int = 1
    keep_newest: bool = True


@dataclass(frozen=True)
class Waiting:
    """Notifications in the order of time: rows of the table, values, status codes and times."""

    rows: np.ndarray
    values: np.ndarray
    status: np.ndarray
    times: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, chosen: np.ndarray | slice) -> Waiting:
        return Waiting(self.rows[chosen], self.values[chosen], self.status[chosen], self.times[chosen])


class TagTable:
    """Rows are items; a row that is given back is used again."""

    def __init__(self) -> None:
        self._all = np.zeros(8, COLUMNS)
        self._n = 0
        self._free: list[int] = []
        self._forms: list[np.dtype] = []
        self._codes: dict[tuple[ua.VariantType, int], int] = {}
        self._heads: list[tuple[int, int]] = []
        self._records: dict[int, np.ndarray] = {}
        self._waiting: list[Waiting] = []
        self._columns = self._all[:0]
        self._plain, self._firing, self._stale = True, False, False
        self._dropped: set[int] = set()
        self.room = Bounds.waiting_values
        """Values that may wait for all items together; then queues are shorter than was agreed, and say so."""
        self._time = 0
        self.overflows = 0
        self.on_fire: Callable[[int], None] = lambda row: None

    def __len__(self) -> int:
        return self._n - len(self._free)

    def add(self, watch: Watch) -> int:
        """A new item; its first value is queued by the next sample. Returns its row."""
        row = self._free.pop() if self._free else self._grow()
        self._write(row, watch)
        self._all[row]["status"], self._all[row]["due"] = NEVER, -np.inf
        self._all[row]["fires"] = self._all[row]["released"] = False
        return row

    def modify(self, row: int, watch: Watch) -> None:
        """Other wishes for an item, which keeps what waits for it; enabled again it reports anew."""
        was = int(self._all[row]["mode"])
        self._write(row, watch)
        if was == DISABLED != watch.mode:
            self._all[row]["status"] = NEVER
        if watch.mode == DISABLED:
            self._forget(row)
        if watch.mode == REPORTING:
            self._all[row]["released"] = False
        self._all[row]["due"] = -np.inf

    def remove(self, row: int) -> None:
        """Forget an item and what waits for it."""
        self._forget(row)
        self._all[row]["mode"], self._all[row]["fires"] = DISABLED, False
        self._free.append(row)
        self._stale = True

    def mark(self, row: int, fires: bool) -> None:
        """Whether others are reported when this item has something to report."""
        self._all[row]["fires"] = fires
        self._stale = True

    def release(self, row: int) -> None:
        """Report what waits for an item that only samples."""
        self._sweep()
        waits = any((batch.rows == row).any() for batch in self._waiting)
        self._all[row]["released"] = waits and self._all[row]["mode"] == SAMPLING

    def repeat(self) -> None:
        """Let the next sample queue every item that reports, changed or not, unless something waits for it already."""
        self._sweep()
        c = self._columns
        again = c["mode"] == REPORTING
        for batch in self._waiting:
            again[batch.rows] = False
        c["status"][again], c["due"][again] = NEVER, -np.inf

    def clear(self) -> None:
        """Forget all items: nothing of them waits for the garbage collector, which does not see how much it is."""
        self._all, self._n, self._stale = np.zeros(8, COLUMNS), 0, True
        self._columns = self._all[:0]
        self._free.clear()
        self._dropped.clear()
        self._waiting = []

    def sample(self, scan: Sample) -> None:
        """Queue the items that are due and have changed since they were last queued."""
        self._sweep()
        c = self._columns
        values, status = scan.values[c["address"]], scan.status[c["address"]]
        moved, judged = values.view(np.int64) != c["last"].view(np.int64), status != c["status"]
        rows = np.flatnonzero((moved | judged) if self._plain else self._passes(values, moved, judged, scan))
        self._time = scan.time
        if not len(rows):
            return
        c["last"][rows], c["status"][rows] = values[rows], status[rows]
        self._waiting.append(Waiting(rows, values[rows], status[rows], np.full(len(rows), scan.time)))
        if self._crowded():
            self._waiting = [self._cut(self._joined())]
        if self._firing:
            for row in rows[c["fires"][rows]].tolist():
                self.on_fire(row)

    def ready(self) -> bool:
        """Whether there is anything to report."""
        self._sweep()
        if self._plain:
            return bool(self._waiting)
        return any(self._reported(batch.rows).any() for batch in self._waiting)

    def _reported(self, rows: np.ndarray) -> np.ndarray:
        return (self._columns["mode"][rows] == REPORTING) | self._columns["released"][rows]

    def take(self, most: int = 0) -> bytes:
        """The oldest notifications, at most so many (0: all), encoded; `ready` tells whether more wait."""
        self._sweep()
        found = self._cut(self._joined())
        if self._plain and not 0 < most < len(found):
            self._waiting = []
            return self._encoded(found)
        reported = self._reported(found.rows)
        kept = found[~reported]
        found = found[reported]
        sent, rest = (found[:most], found[most:]) if 0 < most < len(found) else (found, found[:0])
        self._waiting = [batch for batch in (rest, kept) if len(batch)]
        self._columns["released"] = False
        self._columns["released"][rest.rows] = self._columns["mode"][rest.rows] == SAMPLING
        return self._encoded(sent)

    # --- queues ----------------------------------------------------------------------------------------------------

    def _passes(self, values: np.ndarray, moved: np.ndarray, judged: np.ndarray, scan: Sample) -> np.ndarray:
        """Which items are watched, due, and changed as far as their filters ask; `judged`: the status is another."""
        c = self._columns
        due = (c["due"] <= scan.clock) & (c["mode"] != DISABLED)
        c["due"][due] = scan.clock + c["interval"][due]
        moved &= (c["band"] <= 0.0) | ~(np.abs(values - c["last"]) <= c["band"])  # not a number counts as far
        moved &= c["trigger"] != BY_STATUS
        later = (c["trigger"] == BY_TIME) & (scan.time != self._time)
        return due & (moved | judged | later)

    def _crowded(self) -> bool:
        count = len(self._waiting)
        return count > CROWDED or (
            count > SCANS and sum(map(len, self._waiting)) > self.room + SCANS * max(len(self), 1)
        )

    def _joined(self) -> Waiting:
        if len(self._waiting) == 1:
            return self._waiting[0]
        if not self._waiting:
            none = np.empty(0, np.int64)
            return Waiting(none, np.empty(0), np.empty(0, np.uint32), none)
        fields = ("rows", "values", "status", "times")
        return Waiting(*(np.concatenate([getattr(batch, name) for batch in self._waiting]) for name in fields))

    def _cut(self, found: Waiting) -> Waiting:
        """Queues to their sizes: the oldest go, or the youngest but one; that some are lost shows in the status."""
        if len(self._waiting) < 2:
            return found
        order = np.argsort(found.rows, kind="stable")
        rows = found.rows[order]
        first = np.flatnonzero(np.r_[True, rows[1:] != rows[:-1]])
        length = np.diff(np.r_[first, len(rows)])
        since = np.arange(len(rows)) - np.repeat(first, length)  # the oldest has 0
        until = np.repeat(length, length) - 1 - since  # the newest has 0
        size = np.minimum(self._columns["queue"][rows], max(self.room // max(len(self), 1), 1))
        newest = self._columns["keep_newest"][rows]
        kept = np.where(newest, until < size, (since < size - 1) | (until == 0))
        full = (np.repeat(length, length) > size) & (size > 1)
        marked = full & np.where(newest, until == size - 1, until == 0)
        status = found.status.copy()
        status[order[marked]] |= OVERFLOW
        self.overflows += int(marked.sum())
        return replace(found, status=status)[np.sort(order[kept])]

    def _forget(self, row: int) -> None:
        self._dropped.add(row)

    def _sweep(self) -> None:
        """Take up what was changed since the last look: a session that ends drops thousands of items at once."""
        if self._stale:
            self._look()
        if self._dropped:
            gone = np.fromiter(self._dropped, np.int64, len(self._dropped))
            self._dropped.clear()
            kept = [batch[~np.isin(batch.rows, gone)] for batch in self._waiting]
            self._waiting = [batch for batch in kept if len(batch)]

    # --- rows ------------------------------------------------------------------------------------------------------

    def _grow(self) -> int:
        if self._n == len(self._all):
            self._all = np.concatenate([self._all, np.zeros(self._n, COLUMNS)])
        self._n += 1
        self._columns = self._all[: self._n]
        return self._n - 1

    def _write(self, row: int, watch: Watch) -> None:
        o = self._all[row]
        o["address"], o["handle"], o["form"] = watch.address, watch.handle, self._form(watch.kind, TIMES[watch.times])
        o["mode"], o["trigger"], o["band"] = watch.mode, watch.trigger, watch.band
        o["interval"], o["queue"], o["keep_newest"] = watch.interval, watch.queue, watch.keep_newest
        self._stale = True

    def _look(self) -> None:
        """Whether every item reports every change, as nearly all do; whether any makes others report."""
        c = self._columns
        simple = (c["mode"] == REPORTING) & (c["trigger"] == BY_VALUE) & (c["band"] <= 0.0) & (c["interval"] <= 0.0)
        self._plain, self._firing, self._stale = bool(simple.all()), bool(c["fires"].any()), False
        self._records = {code: self._begun(code) for code in np.unique(c["form"]).tolist()}

    def _begun(self, code: int) -> np.ndarray:
        """Records of a form for all rows, with what does not change in them; as plain bytes, to be taken quickly."""
        form = self._forms[code]
        records = np.zeros(self._n, form)
        records["parts"], records["kind"] = self._heads[code]
        records["handle"] = self._columns["handle"]
        return records.view(f"V{form.itemsize}")

    def _form(self, kind: ua.VariantType, times: int) -> int:
        """Number of the layout in which such items travel."""
        if (kind, times) not in self._codes:
            fields = [("handle", "<u4"), ("parts", "u1"), ("kind", "u1"), ("value", NUMBERS[kind]), ("status", "<u4")]
            fields += [(name, "<i8") for name, bit in (("source", SOURCE_TIME), ("server", SERVER_TIME)) if times & bit]
            self._codes[kind, times] = len(self._forms)
            self._forms.append(np.dtype(fields))
            self._heads.append((VALUE | STATUS | times, kind.value))
        return self._codes[kind, times]

    def _encoded(self, sent: Waiting) -> bytes:
        """A DataChangeNotification: the items, then no diagnostic information."""
        parts = [struct.pack("<i", len(sent))]
        for code, begun in self._records.items():
            of_form = sent if len(self._records) == 1 else sent[self._columns["form"][sent.rows] == code]
            records = begun.take(of_form.rows).view(self._forms[code])
            records["value"], records["status"] = of_form.values, of_form.status
            for name in (records.dtype.names or ())[5:]:
                records[name] = of_form.times
            parts.append(records.tobytes())
        parts.append(struct.pack("<i", -1))
        return b"".join(parts)
