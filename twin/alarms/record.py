"""The stream of alarm events, kept in one SQLite file: what happened, when, and who did what about it.

    record = AlarmRecord("out/teaching/alarms.sqlite")
    simulation.alarms.subscribe(record.take)
    with record:
        ...
    read_alarms("out/teaching/alarms.sqlite")

Events are written by a thread of the record's own and are durable a moment after they happened: a batch is one
transaction, and a file that was left in the middle of one opens at the end of the one before.
"""

from __future__ import annotations

import logging
import queue
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from twin.alarms.event import AlarmEvent
from twin.errors import TwinError

_TABLE = """
CREATE TABLE IF NOT EXISTS alarm_event (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    run TEXT NOT NULL, id INTEGER NOT NULL, time REAL NOT NULL, wall TEXT NOT NULL, alarm TEXT NOT NULL,
    transition TEXT NOT NULL, state TEXT NOT NULL, severity INTEGER NOT NULL, value REAL,
    message TEXT NOT NULL, message_ja TEXT NOT NULL, user TEXT NOT NULL, comment TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS alarm_event_of ON alarm_event (alarm, number);
"""
_COLUMNS = (
    *("run", "id", "time", "wall", "alarm", "transition", "state"),
    *("severity", "value", "message", "message_ja", "user", "comment"),
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class AlarmRow:
    """One event as it was kept; `run` is when its server was started, `time` [s] simulated, both ends of `wall` UTC."""

    run: str
    id: int
    time: float
    wall: str
    alarm: str
    transition: str
    state: str
    severity: int
    value: float | None
    message: str
    message_ja: str
    user: str
    comment: str


class AlarmRecord:
    """Appends events to a file, run after run; what it takes before it is entered waits."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._run = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._waiting: queue.SimpleQueue[AlarmEvent | None] = queue.SimpleQueue()

    def take(self, event: AlarmEvent) -> None:
        """Keep an event; from any thread."""
        self._waiting.put(event)

    def __enter__(self) -> AlarmRecord:
        self._file = _open(self.path)
        self._file.executescript(_TABLE)
        self._thread = threading.Thread(target=self._write, name="alarm record", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Write what waits and close the file."""
        self._waiting.put(None)
        self._thread.join()
        self._file.close()

    def _write(self) -> None:
        marks = ", ".join("?" * len(_COLUMNS))
        insert = f"INSERT INTO alarm_event ({', '.join(_COLUMNS)}) VALUES ({marks})"
        going = True
        while going:
            batch = [self._waiting.get()]
            while not self._waiting.empty():
                batch.append(self._waiting.get())
            going = None not in batch
            try:
                with self._file:
                    self._file.executemany(insert, [self._row(event) for event in batch if event is not None])
            except sqlite3.Error as problem:
                log.error("%s: %d alarm events could not be kept: %s.", self.path, len(batch), problem)

    def _row(self, event: AlarmEvent) -> tuple[object, ...]:
        state = event.state
        return (
            *(self._run, event.id, event.time, event.wall.isoformat(timespec="milliseconds"), event.alarm.name),
            *(event.transition, state.name, state.severity, state.value if state.good else None),
            *(event.message, event.message_ja, event.user, event.comment),
        )


def read_alarms(path: str | Path, alarm: str = "*") -> Iterator[AlarmRow]:
    """Events in the order in which they happened; `alarm` is a name or a pattern such as "BAG-*"."""
    if not Path(path).is_file():
        raise TwinError(f"There is no record of alarms {path}.")
    with closing(_open(Path(path))) as file:
        try:
            found = file.execute(
                f"SELECT {', '.join(_COLUMNS)} FROM alarm_event WHERE alarm GLOB ? ORDER BY number", (alarm,)
            )
            yield from (AlarmRow(*row) for row in found)
        except sqlite3.DatabaseError:
            raise TwinError(f"{path} is not a record of alarms.") from None


def _open(path: Path) -> sqlite3.Connection:
    try:
        file = sqlite3.connect(path, check_same_thread=False)
        file.execute("PRAGMA journal_mode=WAL")
        file.execute("PRAGMA synchronous=FULL")
    except sqlite3.DatabaseError as problem:
        raise TwinError(f"{path} cannot be opened as a record of alarms: {problem}.") from None
    return file
