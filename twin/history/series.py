"""Reading a history by simulated time: many tags side by side, of the run that was followed."""

from __future__ import annotations

import csv
import fnmatch
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from twin.errors import UnknownTag, nearest


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


def choose(tags: Iterable[str], patterns: Iterable[str]) -> list[str]:
    """The tags that a list of names and patterns means, in the order of the tags. UnknownTag if one means nothing."""
    names, chosen = list(tags), set()
    for pattern in patterns:
        found = fnmatch.filter(names, pattern)
        if not found:
            raise UnknownTag(f'There is no tag "{pattern}"{nearest(pattern, names) or "."}')
        chosen.update(found)
    return [name for name in names if name in chosen]


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
    from twin.history.reader import Reader

    with Reader(path) as reader:
        known = reader.tags()
        chosen = tuple(choose(known, names))
        units = tuple(known[name].unit for name in chosen)
        yield Series(np.empty(0), chosen, units, np.empty((0, len(chosen))))
        for times, values in reader.table([known[name] for name in chosen], start, end):
            yield Series(times, chosen, units, values)


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
