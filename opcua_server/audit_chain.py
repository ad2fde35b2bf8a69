"""The audit log on disk: lines of JSON chained by hashes, in files of which each goes on where the one before ended.

    audit.jsonl                          is written
    audit-2026-11-27-000002.jsonl.gz     was closed on that day; the number counts from 1

The hash of a line is SHA-256 of the hash of the line before it and of the line itself without its hash, over all
files. The first line of a file names the hash that it goes on from. A file that was old enough to be deleted is
remembered by a line, "pruned", with its last hash. What nobody can see from the files alone is that the end was cut
off: copy the last hash elsewhere from time to time.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from opcua_server.errors import AuditBroken

START = "0" * 64
TAIL = 1 << 20
"""Bytes at the end of a file in which the last line is looked for; a line is far shorter."""
FIRST = "continued"
"""The event of the first line of every file but the first."""


@dataclass(frozen=True)
class Closed:
    """A file that nothing is added to any more."""

    file: Path
    number: int
    day: str

    def open(self) -> BinaryIO:
        """To read its lines, packed or not; it may be packed at this moment."""
        if self.file.suffix != ".gz":
            with suppress(FileNotFoundError):
                return open(self.file, "rb")
        plain = self.file.name.removesuffix(".gz")
        return cast("BinaryIO", gzip.open(self.file.with_name(f"{plain}.gz"), "rb"))


@dataclass(frozen=True)
class Chain:
    """What was found in a log whose chain is whole; `pruned` files were deleted because of their age."""

    lines: int
    files: int
    pruned: int
    last: str


def closed_files(file: Path) -> list[Closed]:
    """Those of the log whose present file this is, oldest first."""
    pattern = re.compile(rf"{re.escape(file.stem)}-(\d{{4}}-\d\d-\d\d)-(\d{{6,}}){re.escape(file.suffix)}(\.gz)?")
    found: dict[int, Closed] = {}
    names = os.listdir(file.parent) if file.parent.is_dir() else []
    for name in sorted(names):  # the packed one after the other, if a crash left both
        if match := pattern.fullmatch(name):
            found[int(match[2])] = Closed(file.with_name(name), int(match[2]), match[1])
    return [found[number] for number in sorted(found)]


def chained(last: str, text: str) -> str:
    """The hash of a line after the one with the hash `last`."""
    return hashlib.sha256(f"{last}{text}".encode()).hexdigest()


def sealed(text: str, found: str) -> bytes:
    """A line with its hash, as it stands in the file."""
    return f'{text[:-1]},"hash":"{found}"}}\n'.encode()


def parted(line: bytes) -> tuple[str, str]:
    """A line without its hash, and the hash; empty if it has none."""
    head, found, tail = line.rpartition(b',"hash":"')
    if not found or len(tail) != 67 or not tail.endswith(b'"}\n'):
        return "", ""
    return head.decode(errors="replace") + "}", tail[:64].decode(errors="replace")


def last_line(file: Path) -> tuple[str, int, int]:
    """The hash of the last whole line (empty without any), the bytes up to its end, and those after it.

    Raises AuditBroken if that line is none of an audit log.
    """
    with open(file, "rb") as source:
        size = source.seek(0, os.SEEK_END)
        source.seek(max(size - TAIL, 0))
        tail = source.read()
    torn = len(tail) - (tail.rfind(b"\n") + 1)
    whole = tail[: len(tail) - torn]
    if not whole:
        return "", size - torn, torn
    _, last = parted(whole[whole[:-1].rfind(b"\n") + 1 :])
    if not last:
        raise AuditBroken(f"{file}: its last line is none of an audit log; move the file away to begin a new one.")
    return last, size - torn, torn


def first_record(source: BinaryIO) -> dict[str, Any]:
    """What the first line of a file says; empty if it says nothing."""
    text, _ = parted(source.readline())
    with suppress(ValueError):
        record = json.loads(text)
        return record if isinstance(record, dict) else {}
    return {}


def verify(file: Path) -> int:
    """The number of lines of an unbroken chain. Raises AuditBroken as `examine` does."""
    return examine(file).lines


def examine(file: Path, wanted: str = "") -> Chain:
    """Follow the chain through all files of a log, up to what was written when this began.

    Raises AuditBroken, which says in which line of which file the chain breaks, which file is missing, or that no line
    has the hash `wanted`.
    """
    with ExitStack() as opened:
        present = opened.enter_context(open(file, "rb")) if file.exists() else None
        until = present.seek(0, os.SEEK_END) if present is not None else 0
        parts = closed_files(file)
        if present is not None and _was_closed(present, file):
            return examine(file, wanted)
        reader = _Reader(wanted)
        for part in parts:
            with part.open() as source:
                reader.read(part.file, part.number, source)
        if present is None:
            raise AuditBroken(_missing(file, parts))
        present.seek(0)
        reader.read(file, (parts[-1].number if parts else 0) + 1, _up_to(present, until))
        return reader.finish()


def _missing(file: Path, parts: list[Closed]) -> str:
    if not parts:
        return f"{file}: there is no audit log; `hetwin serve` writes one into its folder."
    return (
        f"{file}: this file is missing, {parts[-1].file.name} is the last one; if a crash came between the two, the "
        "next start of the server goes on."
    )


def _was_closed(present: BinaryIO, file: Path) -> bool:
    """Whether the file has got another name since it was opened."""
    return not (file.exists() and os.path.samestat(os.fstat(present.fileno()), os.stat(file)))


class _Reader:
    """Follows a chain from file to file."""

    def __init__(self, wanted: str) -> None:
        self._wanted, self._met = wanted, not wanted
        self._last, self._lines, self._files, self._number = START, 0, 0, 0
        self._begin, self._anchor = Path(), START
        self._pruned: dict[str, int] = {}

    def read(self, file: Path, number: int, lines: Any) -> None:
        if self._files and number != self._number + 1:
            raise AuditBroken(f"{file}: number {self._number + 1:06} of the log, the file before this one, is missing.")
        for k, line in enumerate(lines, 1):
            text, found = parted(line)
            if not found:
                raise AuditBroken(f"{file}:{k}: {_incomplete(line)}")
            if k == 1:
                self._join(file, number, text)
            self._last = chained(self._last, text)
            if self._last != found:
                raise AuditBroken(f"{file}:{k}: the chain breaks here; this line or the one before was changed.")
            self._met = self._met or found == self._wanted
            if '"event":"pruned"' in text or '"event":"end missing"' in text:
                self._note(json.loads(text), f"{file}:{k}")
            self._lines += 1
        self._files, self._number = self._files + 1, number

    def _join(self, file: Path, number: int, text: str) -> None:
        """The first line of a file goes on from the last of the one before."""
        record = json.loads(text)
        previous = record.get("previous", START) if record.get("event") == FIRST else START
        if not self._files:
            self._begin, self._anchor, self._last = file, previous, previous
        elif previous != self._last:
            raise AuditBroken(
                f"{file}:1: the chain breaks here; this file does not go on where number {number - 1:06} ends."
            )

    def _note(self, record: dict[str, Any], where: str) -> None:
        """What the log says of itself."""
        if record.get("event") == "pruned":
            self._pruned[str(record.get("last"))] = int(record.get("number", 0))
        if record.get("event") == "end missing":
            raise AuditBroken(
                f"{where}: the end of the log was cut off before this line while the server ran; it went up to the "
                f"hash {record.get('expected')}."
            )

    def finish(self) -> Chain:
        if self._anchor != START and self._anchor not in self._pruned:
            raise AuditBroken(
                f"{self._begin}: the file before this one is missing, and the log did not delete it itself."
            )
        if not self._met:
            raise AuditBroken(
                f"No line of the log has the hash {self._wanted}: what was written up to it is not there."
            )
        return Chain(self._lines, self._files, self._pruned.get(self._anchor, 0), self._last)


def _incomplete(line: bytes) -> str:
    if not line.endswith(b"\n"):
        return "a crash left this last line half written; the next start of the server takes it away and notes it."
    return "this is no complete line of an audit log."


def _up_to(source: BinaryIO, until: int) -> Iterator[bytes]:
    """Lines that were there when the file had so many bytes."""
    done = 0
    while done < until and (line := source.readline()):
        done += len(line)
        yield line
