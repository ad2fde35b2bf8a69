"""Compute chunks on a Dask cluster, many machines at once: `--scheduler tcp://host:8786`.

Needs the extra `cluster` here, and hetwin with the same plant files on every worker; a worker that has something else
is refused. A worker that dies is replaced by the others: Dask gives them its chunks.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from typing import Any

from twin.errors import BadStudy, StudyFailed
from twin.studies.sizing.chunks import Chunk, Done, Source, compute
from twin.studies.sizing.crew import AHEAD, Crew

ADDRESS = re.compile(r"(tcp|tls|ws|wss)://[^/\s]+:\d+")
PATIENCE = 5.0
"""Time in which a scheduler and its first worker have to answer [s]."""
DESERTED = 60.0
"""Time for which a study waits for workers after the last one has gone [s]."""


class Cluster(Crew):
    """The workers of a running Dask scheduler."""

    least = 4.0

    def __init__(self, address: str) -> None:
        self.address = address
        self._client = _connect(address)
        try:
            self._client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            self.close()
            raise BadStudy(
                f"The scheduler {address} has no workers; start some, `dask worker {address}` on each machine."
            ) from None

    @property
    def workers(self) -> int:
        """Threads of all workers; the year model computes without the GIL."""
        return sum(self._client.nthreads().values())

    def compute(self, source: Source, digest: str, chunks: Iterable[Chunk]) -> Iterator[Done]:
        from distributed.client import FutureCancelledError
        from distributed.comm import CommClosedError
        from distributed.scheduler import KilledWorker

        try:
            yield from self._feed(source, digest, iter(chunks))
        except KilledWorker:
            raise StudyFailed(
                f"Several workers of {self.address} died over the same chunk; is there enough memory? {KEPT}"
            ) from None
        except (FutureCancelledError, CommClosedError, OSError):
            raise StudyFailed(f"The scheduler {self.address} has gone. {KEPT}") from None

    def _feed(self, source: Source, digest: str, chunks: Iterator[Chunk]) -> Iterator[Done]:
        """Keep all workers busy, with a chunk or two waiting beside each."""
        running: set[Any] = set()
        heard = time.monotonic()
        try:
            while True:
                while len(running) < AHEAD * max(1, self.workers) and (chunk := next(chunks, None)) is not None:
                    running.add(self._client.submit(compute, source, digest, chunk, pure=False))
                if not running:
                    return
                finished = self._finished(running)
                if finished or self.workers:
                    heard = time.monotonic()
                elif time.monotonic() - heard > DESERTED:
                    raise StudyFailed(f"All workers of {self.address} have gone. {KEPT}")
                for future in finished:
                    running.discard(future)
                    yield future.result()
        finally:
            for future in running:
                future.cancel()

    def _finished(self, running: set[Any]) -> set[Any]:
        """Chunks that are ready, at the latest after some seconds."""
        from distributed import wait

        try:
            with self._client.as_current():
                found: set[Any] = wait(running, timeout=PATIENCE, return_when="FIRST_COMPLETED").done
        except TimeoutError:
            return set()
        return found

    def close(self) -> None:
        self._client.close(timeout=PATIENCE)


KEPT = "Years that were finished are kept; start the study again to go on."


def _connect(address: str) -> Any:
    try:
        from distributed import Client
    except ModuleNotFoundError:
        raise BadStudy('A scheduler needs the extra "cluster": pip install "hetwin[cluster]".') from None
    wanted = "expected the address that `dask scheduler` prints, such as tcp://10.0.0.5:8786"
    if not ADDRESS.fullmatch(address):
        raise BadStudy(f'--scheduler: {wanted}, got "{address}".')
    try:
        return Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, TimeoutError):
        raise BadStudy(f"There is no Dask scheduler at {address}; {wanted}.") from None
