"""The record of who did what: a line of JSON for each, chained by hashes, so that nothing can be changed or taken out.

The hash of a line is SHA-256 of the hash of the line before it and of the line itself without its hash. What nobody can
see from the file alone is that its end was cut off: copy the last hash elsewhere from time to time.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from opcua_server.errors import AuditBroken

START = "0" * 64
LONGEST = 400
"""Characters of a text that comes from a client."""
TAIL = 1 << 16
"""Bytes at the end of the file in which the last line is looked for; a line is far shorter."""


class AuditLog:
    """Appends to a file; what a crash left half written is taken away and noted."""

    def __init__(self, file: Path) -> None:
        self.file = file
        file.parent.mkdir(parents=True, exist_ok=True)
        self._unsynced = False
        self._last, torn = _recover(file)
        self._target = open(os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab")  # noqa: SIM115
        if torn:
            self.append("recovered", bytes=torn)

    def append(self, event: str, **fields: Any) -> None:
        """Add one event; it is in the hands of the system before this returns."""
        record = {"time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}", "event": event}
        record |= {name: _short(value) for name, value in fields.items()}
        text = json.dumps(record, sort_keys=True, separators=(",", ":"))
        self._last = _chained(self._last, text)
        self._target.write(f'{text[:-1]},"hash":"{self._last}"}}\n'.encode())
        self._target.flush()
        self._unsynced = True

    def sync(self) -> None:
        """See to it that a power failure loses nothing."""
        if self._unsynced and not self._target.closed:
            self._unsynced = False
            os.fsync(self._target.fileno())

    def close(self) -> None:
        """Write all and close."""
        self._target.flush()
        self.sync()
        self._target.close()


def verify(file: Path) -> int:
    """The number of lines of an unbroken chain. Raises AuditBroken with the first line that does not fit."""
    last, number = START, 0
    with open(file, "rb") as source:
        for number, line in enumerate(source, 1):
            text, found = _parted(line)
            if not found:
                raise AuditBroken(f"{file}:{number}: this is no complete line of an audit log.")
            if (last := _chained(last, text)) != found:
                raise AuditBroken(f"{file}:{number}: the chain breaks here; this line or the one before was changed.")
    return number


def _chained(last: str, text: str) -> str:
    return hashlib.sha256(f"{last}{text}".encode()).hexdigest()


def _parted(line: bytes) -> tuple[str, str]:
    """A line without its hash, and the hash; empty if it has none."""
    head, found, tail = line.rpartition(b',"hash":"')
    if not found or len(tail) != 67 or not tail.endswith(b'"}\n'):
        return "", ""
    return head.decode(errors="replace") + "}", tail[:64].decode(errors="replace")


def _recover(file: Path) -> tuple[str, int]:
    """The hash of the last whole line, and the number of bytes after it, which are cut off."""
    if not file.exists():
        return START, 0
    with open(file, "r+b") as source:
        size = source.seek(0, os.SEEK_END)
        source.seek(max(size - TAIL, 0))
        tail = source.read()
        torn = len(tail) - (tail.rfind(b"\n") + 1)
        whole = tail[: len(tail) - torn]
        if torn:
            source.truncate(size - torn)
    if not whole:
        return START, torn
    _, last = _parted(whole[whole[:-1].rfind(b"\n") + 1 :])
    if not last:
        raise AuditBroken(f"{file}: its last line is none of an audit log; move the file away to begin a new one.")
    return last, torn


def _short(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int)) or (isinstance(value, float) and math.isfinite(value)):
        return value
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
