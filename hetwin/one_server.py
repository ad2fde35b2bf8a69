"""One server for each folder: two would write over each other's snapshot and history."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from twin.errors import TwinError


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the folder; the system lets go of it however the process ends. Raises TwinError if another one has it."""
    try:
        import fcntl
    except ImportError:  # not on Windows
        yield
        return
    file = os.open(folder / "hetwin.lock", os.O_CREAT | os.O_RDWR)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TwinError(f"Another hetwin keeps its files in {folder}; stop it or choose another --out.") from None
        yield
    finally:
        os.close(file)
