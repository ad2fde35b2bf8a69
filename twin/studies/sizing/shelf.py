"""Figures of the years that were computed, in memory and on disk: no year is computed twice.

A year is found by a digest of its values and its seed. Each finished chunk is a file in a folder that is named by the
model: a study that was interrupted goes on where it stopped, and a larger one, or one with other prices, takes what is
there. Files are written whole or not at all; a study that ends gathers them into one, whose bytes do not tell who
computed what.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from pathlib import Path

import numpy as np

from twin.errors import BadStudy


class Shelf:
    """Figures by row; without a folder they are kept in memory only."""

    def __init__(self, folder: Path | None, figures: int) -> None:
        self.folder = folder
        self._width = figures
        self._rows: dict[bytes, np.ndarray] = {}
        if folder is not None:
            self._read(folder)
        self.found = len(self._rows)
        """Rows that were on disk at the beginning."""

    def _read(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise BadStudy(f"{folder}: finished years cannot be kept there: {problem.strerror}.") from None
        for path in sorted(folder.glob("*.npz")):
            try:
                with path.open("rb") as file, np.load(file) as table:
                    keys, figures = table["keys"], table["figures"]
            except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
                continue  # not ours, or the disk was full: its years are computed again
            if keys.shape == (len(figures), 16) and figures.shape == (len(keys), self._width):
                self._rows.update(zip((key.tobytes() for key in keys), figures, strict=True))

    def __contains__(self, key: bytes) -> bool:
        return key in self._rows

    def figures(self, keys: list[bytes]) -> np.ndarray:
        """Figures (rows, figures) of years that are all there."""
        found = np.empty((len(keys), self._width))
        for row, key in zip(found, keys, strict=True):
            row[:] = self._rows[key]
        return found

    def largest(self, column: int) -> float:
        """The largest absolute value of a figure in all years there are."""
        return float(max((abs(row[column]) for row in self._rows.values()), default=np.nan))

    def keep(self, keys: list[bytes], figures: np.ndarray) -> None:
        """Put the figures of a finished chunk away."""
        self._rows.update(zip(keys, figures, strict=True))
        if self.folder is not None:
            self._write(self.folder, keys, figures)

    def gather(self) -> None:
        """One file in place of many."""
        if self.folder is None or not self._rows:
            return
        keys = sorted(self._rows)
        whole = self._write(self.folder, keys, self.figures(keys))
        for path in self.folder.glob("*.npz"):
            if path != whole:
                path.unlink()

    def _write(self, folder: Path, keys: list[bytes], figures: np.ndarray) -> Path:
        name = hashlib.sha256(b"".join(keys)).hexdigest()[:24]
        path, part = folder / f"{name}.npz", folder / f".{name}.{os.getpid()}"
        with part.open("wb") as file:
            np.savez(file, keys=np.frombuffer(b"".join(keys), np.uint8).reshape(-1, 16), figures=figures)
        return part.replace(path)
