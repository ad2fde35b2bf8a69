"""The record of who did what: a line of JSON for each, chained by hashes, so that nothing can be changed or taken out.

Events are taken in memory and written together, once for all that a request did. Server and `hetwin` commands write the
same chain, one after the other, under a lock that the system lets go of when a process ends. How files look and how
they are checked is in audit_chain.py.
"""

from __future__ import annotations

import gzip
import json
import logging
import math
import os
import shutil
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from opcua_server.audit_chain import (
    FIRST,
    START,
    Closed,
    chained,
    closed_files,
    first_record,
    last_line,
    parted,
    sealed,
    verify,
)
from opcua_server.certificates import give_to_owner

__all__ = ["AuditLog", "Keep", "plain", "verify"]

LONGEST = 400
"""Characters of a text that comes from a client."""
MOST_ITEMS = 100
"""Elements of a list that comes from a client."""
MOST_WAITING = 100_000
"""Events that are kept in memory while the disk takes none; later ones are counted."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Keep:
    """When a file is closed and how long it is kept: bytes of a file, which also ends with the day (UTC); days and
    bytes of all closed files."""

    file: int = 64 << 20
    days: float = 730.0
    space: int = 20 << 30


class AuditLog:
    """Appends to a file; what a crash left half written is taken away and noted.

    `append`, `flush` and `close` are for one thread, `tend` may run in another. Raises AuditBroken for a file that is
    no audit log.
    """

    def __init__(self, file: Path, keep: Keep | None = None) -> None:
        self.file = file
        self.failing = ""
        """Why nothing can be written at the moment."""
        self._keep = keep or Keep()
        self._waiting: list[str] = []
        self._lost = 0
        self._mutex = threading.RLock()
        self._unsynced = False
        self._untidy = True
        self._target, self._inode, self._size, self._number = -1, 0, 0, 0
        self._last, self._day = START, ""
        file.parent.mkdir(parents=True, exist_ok=True)
        self._guard = os.open(file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        give_to_owner(self._guard, file.parent)
        with self._alone():
            self._open()

    @property
    def last(self) -> str:
        """The hash of the last line that is written."""
        return self._last

    def append(self, event: str, **fields: Any) -> None:
        """Take one event, to be written by the next `flush`."""
        if len(self._waiting) >= MOST_WAITING:
            self._lost += 1
            return
        self._waiting.append(_text(event, fields))

    def flush(self) -> None:
        """Write what was taken: it is in the hands of the system before this returns, unless the disk refuses it."""
        with self._mutex:
            texts = self._waiting
            if not texts or self._target < 0:
                return
            try:
                with self._alone():
                    self._catch_up()
                    lost = [_text("lost", {"events": self._lost})] if self._lost else []
                    self._write(texts + lost)
            except OSError as problem:
                self._cannot(problem)
                return
            self._waiting, self._lost, self.failing = [], 0, ""

    def tend(self) -> None:
        """Once a second: see to it that a power failure loses nothing, close a full file, pack and delete old ones."""
        self.flush()
        try:
            self._sync()
            if self._due():
                self._close_file()
            if self._untidy:
                self._untidy = False
                self._tidy()
        except OSError as problem:
            self._cannot(problem)

    def _sync(self) -> None:
        """Wait for the disk, while others may go on writing."""
        with self._mutex:
            if not self._unsynced or self._target < 0:
                return
            self._unsynced, target = False, os.dup(self._target)
        try:
            os.fsync(target)
        finally:
            os.close(target)

    def close(self) -> None:
        """Write all and close."""
        with self._mutex:
            if self._target < 0:
                return
            self.flush()
            with suppress(OSError):
                os.fsync(self._target)
            os.close(self._target)
            os.close(self._guard)
            self._target = -1

    # --- writing -----------------------------------------------------------------------------------------------------

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """While no other process writes this log."""
        with self._mutex:
            _lock(self._guard, True)
            try:
                yield
            finally:
                _lock(self._guard, False)

    def _write(self, texts: list[str]) -> None:
        """Chain and write, all or nothing."""
        last, lines = self._last, []
        for text in texts:
            last = chained(last, text)
            lines.append(sealed(text, last))
        content = b"".join(lines)
        try:
            written = os.write(self._target, content)
            if written != len(content):
                raise OSError(28, "No space left on device", str(self.file))
        except OSError:
            os.ftruncate(self._target, self._size)
            raise
        self._last, self._size, self._unsynced = last, self._size + len(content), True

    def _catch_up(self) -> None:
        """Go on after what another process wrote; a file that became shorter is a matter of record."""
        before, expected, number = self._size, self._last, self._number
        try:
            found = os.stat(self.file)
            same, size = found.st_ino == self._inode, found.st_size
        except FileNotFoundError:
            same, size = False, 0
        if same and size == before:
            return
        os.close(self._target)
        self._open()
        if (same and size < before) or (not same and self._number == number):
            log.error("The audit log %s was cut off or replaced by somebody.", self.file)
            self._write([_text("end missing", {"expected": expected})])

    def _open(self) -> None:
        """Open the present file, or begin it after the last closed one."""
        last, size, torn = last_line(self.file) if self.file.exists() else ("", 0, 0)
        self._target = os.open(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        give_to_owner(self._target, self.file.parent)
        self._inode = os.fstat(self._target).st_ino
        if torn:
            os.ftruncate(self._target, size)
        self._last, self._size, self._day = last, size, _today()
        parts = closed_files(self.file)
        self._number = parts[-1].number if parts else 0
        if last:
            with open(self.file, "rb") as source:
                self._day = str(first_record(source).get("time", ""))[:10]
        elif parts:
            with parts[-1].open() as source:
                self._last = _last_of(source)
            self._write([_text(FIRST, {"after": parts[-1].file.name.removesuffix(".gz"), "previous": self._last})])
        else:
            self._last = START
        if torn:
            self._write([_text("recovered", {"bytes": torn})])

    def _cannot(self, problem: OSError) -> None:
        if not self.failing:
            log.error("The audit log %s cannot be written: %s.", self.file, problem.strerror)
        self.failing = str(problem.strerror)

    # --- files -------------------------------------------------------------------------------------------------------

    def _due(self) -> bool:
        return self._size > 0 and (self._size >= self._keep.file or self._day != _today())

    def _close_file(self) -> None:
        """Rename the present file and begin the next one."""
        with self._alone():
            self._catch_up()
            if not self._due():  # another process was faster
                return
            os.fsync(self._target)
            name = f"{self.file.stem}-{_today()}-{self._number + 1:06}{self.file.suffix}"
            self.file.rename(self.file.with_name(name))
            os.close(self._target)
            self._open()
        self._untidy = True
        log.info("The audit log goes on in a new file; %s ends with the hash %s.", name, self._previous())

    def _previous(self) -> str:
        with open(self.file, "rb") as source:
            return str(first_record(source).get("previous", START))

    def _tidy(self) -> None:
        """Pack closed files, and delete those that are too old or too many."""
        for part in closed_files(self.file):
            if part.file.suffix != ".gz":
                _pack(part.file)
        parts = closed_files(self.file)
        oldest_day = f"{datetime.now(UTC) - timedelta(days=self._keep.days):%Y-%m-%d}"
        sizes = {part.number: part.file.stat().st_size for part in parts}
        while parts and (parts[0].day < oldest_day or sum(sizes.values()) > self._keep.space):
            oldest = parts.pop(0)
            del sizes[oldest.number]
            self._prune(oldest, parts[0] if parts else None)

    def _prune(self, oldest: Closed, following: Closed | None) -> None:
        """Delete a file after it is on record what its last hash was."""
        if following is None:
            last = self._previous()
        else:
            with following.open() as source:
                last = str(first_record(source).get("previous", START))
        with self._alone():
            self._catch_up()
            name = oldest.file.name.removesuffix(".gz")
            self._write([_text("pruned", {"file": name, "number": oldest.number, "last": last})])
            os.fsync(self._target)
        oldest.file.unlink()


def _text(event: str, fields: dict[str, Any]) -> str:
    """An event as the text of a line, with its time."""
    record = {"time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}", "event": event}
    record |= {name: plain(value) for name, value in fields.items()}
    return json.dumps(record, sort_keys=True, separators=(",", ":"))


def plain(value: Any) -> Any:
    """What JSON can say of a value from a client, cut to a sensible length."""
    if value is None or isinstance(value, (bool, int)) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, dict):
        return {str(name): plain(found) for name, found in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(found) for found in value[:MOST_ITEMS]]
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _today() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d}"


def _last_of(source: Any) -> str:
    """The hash of the last line of a closed file."""
    (line,) = deque(source, maxlen=1) or (b"",)
    return parted(line)[1]


def _pack(file: Path) -> None:
    """Compress a closed file, in one move."""
    packed = file.with_name(f"{file.name}.gz")
    draft = file.with_name(f"{file.name}.new")
    with open(file, "rb") as source, open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as raw:
        with gzip.GzipFile(file.name, "wb", 1, raw) as target:
            shutil.copyfileobj(source, target, 1 << 20)
        raw.flush()
        os.fsync(raw.fileno())
    draft.replace(packed)
    file.unlink()


def _lock(descriptor: int, wanted: bool) -> None:
    try:
        import fcntl
    except ImportError:  # not on Windows
        return
    fcntl.flock(descriptor, fcntl.LOCK_EX if wanted else fcntl.LOCK_UN)
