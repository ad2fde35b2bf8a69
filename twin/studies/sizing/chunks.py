"""Pieces of a study that are computed anywhere: rows of values and seeds, and their figures.

A row's figures depend on its own values and seed only, so it does not matter how rows are cut into chunks, nor who
computes them.
"""

from __future__ import annotations

import functools
import hashlib
import os
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field

import numpy as np

from twin.errors import StudyFailed
from twin.studies.sizing.year_model import YearModel


class Source(ABC):
    """Where a process gets the year model from: a frozen dataclass that survives the way to another process."""

    @abstractmethod
    def load(self) -> YearModel:
        """The model."""


@dataclass(frozen=True)
class Given(Source):
    """A model that is handed over as it is."""

    digest: str
    model: YearModel = field(compare=False)

    def load(self) -> YearModel:
        return self.model


@dataclass(frozen=True)
class Chunk:
    """Rows to compute; `places` are where they stand in the study."""

    places: np.ndarray
    values: np.ndarray
    seeds: np.ndarray


@dataclass(frozen=True)
class Done:
    """Figures (rows, figures) of the rows at `places`, and the processor time that they took [s]."""

    places: np.ndarray
    figures: np.ndarray
    seconds: float


@functools.lru_cache(maxsize=2)
def loaded(source: Source) -> YearModel:
    """The model of this process, loaded once."""
    return source.load()


def compute(source: Source, digest: str, chunk: Chunk) -> Done:
    """The figures of a chunk, in whatever process this is; `digest` is that of the model which the study means."""
    model = loaded(source)
    if model.digest != digest:
        raise StudyFailed(
            f"A worker on {os.uname().nodename} has another version of hetwin, of the plant file or of what it names; "
            "install and copy the same there."
        )
    begin = time.process_time()
    figures = np.ascontiguousarray(model.run(chunk.values, chunk.seeds), float)
    return Done(chunk.places, figures, time.process_time() - begin)


def names_of(model: YearModel) -> str:
    """A digest of the model and of what its columns are."""
    columns = [*(p.name for p in model.parameters), "", *(f.name for f in model.figures)]
    return hashlib.sha256("\n".join([model.digest, "", *columns]).encode()).hexdigest()[:16]


def row_keys(values: np.ndarray, seeds: np.ndarray) -> list[bytes]:
    """A digest of each row's values and seed."""
    table, chances = np.ascontiguousarray(values, "<f8"), np.ascontiguousarray(seeds, "<u8")
    rows = zip(table, chances, strict=True)
    return [hashlib.blake2b(row.tobytes() + seed.tobytes(), digest_size=16).digest() for row, seed in rows]
