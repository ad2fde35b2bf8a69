"""Compute years of a model: each once, by a crew, in chunks that are worth the trouble of sending them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np

from twin.studies.sizing.chunks import Chunk, Done, Source, compute, loaded, names_of, row_keys
from twin.studies.sizing.crew import Alone, Crew, Processes, cores
from twin.studies.sizing.shelf import Shelf
from twin.studies.sizing.year_model import YearModel

MOST = 4.0
"""Work in a chunk at most, in terms of the crew's least: little enough that an interruption costs nothing."""
SHARES = 8
"""Chunks that each worker would get of one call, between these limits."""
MEASURED = 0.3
"""Work after which the pace is known [s]."""
WORTH_A_CREW = 4.0
"""Work from which starting processes, which takes a second or two, is worth it [s]."""
PACED = 8
"""Years that are computed for nothing but the pace."""

Progress = Callable[["Account"], None]


@dataclass
class Account:
    """What was done: rows asked for and ready, calls, rows computed and found on disk, times [s]."""

    asked: int = 0
    ready: int = 0
    calls: int = 0
    computed: int = 0
    found: int = 0
    chunks: int = 0
    processor: float = 0.0
    elapsed: float = 0.0
    workers: int = 1

    @property
    def rate(self) -> float:
        """Plant-years per second of one core."""
        return self.computed / self.processor if self.processor > 0.0 else math.nan

    @property
    def left(self) -> float:
        """Time until what was asked for is ready [s], at the pace so far."""
        return (self.asked - self.ready) * self.elapsed / self.computed if self.computed else math.nan


class Years:
    """Figures of years, from values and seeds.

    `folder` keeps finished chunks; `workers` is the number of processes (default: one for each core); `crew` replaces
    them by others, such as a cluster. `chunk_rows` fixes what is otherwise measured. Nothing of this changes a bit.
    """

    def __init__(
        self,
        source: Source,
        folder: str | Path | None = None,
        workers: int | None = None,
        crew: Crew | None = None,
        chunk_rows: int | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.source = source
        self.model: YearModel = loaded(source)
        place = None if folder is None else Path(folder) / names_of(self.model)
        self._shelf = Shelf(place, len(self.model.figures))
        self._crew = crew or (Processes(workers or cores()) if (workers or cores()) > 1 else Alone())
        self._far = crew is not None
        self._chunk_rows, self._progress = chunk_rows, progress or (lambda account: None)
        self._pace = 0.0
        self.account = Account(found=self._shelf.found, workers=self._crew.workers)

    def __enter__(self) -> Years:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._crew.close()
        if kind is None:
            self._shelf.gather()

    def pace(self) -> float:
        """Plant-years per second of one core; measured for the purpose if nothing had to be computed."""
        if self.account.processor > 0.0:
            return self.account.rate
        rows = np.tile([p.value for p in self.model.parameters], (PACED, 1))
        chunk = Chunk(np.arange(PACED), rows, np.arange(PACED, dtype=np.uint64))
        compute(self.source, self.model.digest, chunk)
        return PACED / max(compute(self.source, self.model.digest, chunk).seconds, 1e-9)

    def largest(self, figure: str) -> float:
        """The largest absolute value of a figure in all years there are; NaN if the model has no such figure."""
        names = [each.name for each in self.model.figures]
        return self._shelf.largest(names.index(figure)) if figure in names else math.nan

    def tell(self, progress: Progress) -> None:
        """From now on, tell how far the study is after each chunk."""
        self._progress = progress

    def run(self, values: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        """Figures (rows, figures), as `YearModel.run`."""
        keys = row_keys(values, seeds)
        first = {key: place for place, key in reversed(list(enumerate(keys))) if key not in self._shelf}
        missing = np.array(sorted(first.values()), int)
        self.account.calls += 1
        self.account.asked += len(keys)
        self.account.ready += len(keys) - len(missing)
        begin, before = time.perf_counter(), self.account.elapsed
        for done in self._computed(values, seeds, missing):
            self._shelf.keep([keys[place] for place in done.places], done.figures)
            self._count(done)
            self.account.elapsed = before + time.perf_counter() - begin
            self._progress(self.account)
        return self._shelf.figures(keys)

    def _count(self, done: Done) -> None:
        self.account.ready += len(done.places)
        self.account.computed += len(done.places)
        self.account.chunks += 1
        self.account.processor += done.seconds

    def _computed(self, values: np.ndarray, seeds: np.ndarray, places: np.ndarray) -> Iterator[Done]:
        """The rows at these places: a few here to know the pace, the rest by the crew."""
        if self._chunk_rows is None:
            for done in self._measure(values, seeds, places):
                places = places[len(done.places) :]
                yield done
        if not len(places):
            return
        alone = self._chunk_rows is None and not self._far and len(places) < WORTH_A_CREW * self._pace
        crew = Alone() if alone else self._crew
        size = self._chunk_rows or self._size(len(places), crew)
        chunks = (Chunk(p, values[p], seeds[p]) for p in (places[k : k + size] for k in range(0, len(places), size)))
        yield from crew.compute(self.source, self.model.digest, chunks)

    def _measure(self, values: np.ndarray, seeds: np.ndarray, places: np.ndarray) -> Iterator[Done]:
        """Rows computed here, twice as many each time, until the pace is known; the first may have to be compiled."""
        at, size = 0, 1
        while not self._pace and at < len(places):
            p = places[at : at + size]
            done = compute(self.source, self.model.digest, Chunk(p, values[p], seeds[p]))
            if at and done.seconds > MEASURED:
                self._pace = len(p) / done.seconds
            elif not at:
                done = Done(done.places, done.figures, 0.0)
            at, size = at + len(p), 2 * size
            yield done

    def _size(self, rows: int, crew: Crew) -> int:
        """Rows of a chunk: a share of the work, neither less than the crew's least nor more than MOST times that."""
        share, least = rows / (SHARES * crew.workers), crew.least * self._pace
        return max(1, math.ceil(min(max(share, least), MOST * least)))
