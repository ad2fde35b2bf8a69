"""Who computes the chunks of a study: this process, or processes of this machine; one that dies is replaced."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool

from twin.errors import StudyFailed
from twin.studies.sizing.chunks import Chunk, Done, Source, compute

MOST_DEATHS = 3
"""So often in a row may workers die without finishing a chunk."""
AHEAD = 2
"""Chunks for each worker that are under way or wait in its queue."""


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Crew(ABC):
    """Computes chunks of one model."""

    least = 1.0
    """Work from which sending a chunk costs next to nothing [s]."""

    @property
    @abstractmethod
    def workers(self) -> int:
        """Processes that compute."""

    @abstractmethod
    def compute(self, source: Source, digest: str, chunks: Iterable[Chunk]) -> Iterator[Done]:
        """The chunks as they are finished, in any order."""

    def close(self) -> None:  # noqa: B027
        """Send the workers home."""


class Alone(Crew):
    """This process, one chunk after the other."""

    workers = 1

    def compute(self, source: Source, digest: str, chunks: Iterable[Chunk]) -> Iterator[Done]:
        for chunk in chunks:
            yield compute(source, digest, chunk)


class Processes(Crew):
    """Processes of this machine, each of which loads the model once."""

    workers = 0

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._pool: ProcessPoolExecutor | None = None

    def compute(self, source: Source, digest: str, chunks: Iterable[Chunk]) -> Iterator[Done]:
        again: deque[Chunk] = deque()
        coming, deaths = iter(chunks), 0
        while True:
            try:
                for done in self._feed(source, digest, coming, again):
                    deaths = 0
                    yield done
                return
            except BrokenProcessPool:
                self.close()
                deaths += 1
                if deaths == MOST_DEATHS:
                    raise StudyFailed(DEATHS) from None

    def _feed(self, source: Source, digest: str, coming: Iterator[Chunk], again: deque[Chunk]) -> Iterator[Done]:
        """Keep all workers busy; if the pool breaks, what was under way stands in `again`."""
        running: dict[Future[Done], Chunk] = {}
        try:
            while True:
                while len(running) < AHEAD * self.workers and (chunk := _next(again, coming)) is not None:
                    again.appendleft(chunk)  # until it is under way: the pool may turn out to be broken
                    running[self._ready().submit(compute, source, digest, chunk)] = again.popleft()
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    done = future.result()
                    del running[future]
                    yield done
        except BrokenProcessPool:
            again.extend(running.values())
            raise
        finally:
            for future in running:
                future.cancel()

    def _ready(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self.workers, context, initializer=_begin)
        return self._pool

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None


DEATHS = (
    f"Worker processes ended {MOST_DEATHS} times before one of them finished a chunk. Is there enough memory? Does a "
    'script that starts a study do so under `if __name__ == "__main__":`? Years that were finished are kept.'
)


def _next(again: deque[Chunk], coming: Iterator[Chunk]) -> Chunk | None:
    return again.popleft() if again else next(coming, None)


def _begin() -> None:
    """A worker leaves Ctrl-C to its parent, and goes when its parent has gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_follow, args=(parent.sentinel,), daemon=True).start()


def _follow(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(1)
