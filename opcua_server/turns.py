"""Whose turn it is on the event loop: long work is done in bites, and who has used the least goes first.

A request may take a second: a thousand nodes are browsed, a message of a megabyte is answered. Such work stops every
few milliseconds and queues up; one of those that queue goes on at a time, and the loop is free for a while between two,
however many clients ask for much. Who has used little lately goes first: a new client is served while others flood.
"""

from __future__ import annotations

import asyncio
import heapq
import inspect
import time
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from itertools import count
from typing import Any

BITE = 0.005
"""For which the event loop is held in one go [s]."""
SHORT, BREATH = 0.002, 0.5
"""After a bite that was not short [s], where several wait, the loop is free for half as long."""
MODEST = 0.1
"""Who has used less lately does not queue up to begin something small [s]."""
HALVED = 1.0
"""In which half of what somebody has used is forgotten [s]."""
SMALL = 4096
"""A message of so many bytes is quickly decoded."""
EACH, BYTE = 3e-4, 5e-7
"""What a message costs, and a byte of it [s]."""
MOST = 0.05
"""Counted for one bite [s]; a bite that awaits something is longer than it works."""


class Turns:
    """The queue of one server."""

    def __init__(self) -> None:
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self._number = count()
        self._calling = False
        self._let_through = 0.0

    def free(self) -> bool:
        """Whether nobody queues, so that one may begin at once; of many who come in one pass the others queue."""
        now = time.monotonic()
        if self._calling or now - self._let_through < EACH:
            return False
        self._let_through = now
        return True

    async def wait(self, used: float) -> None:
        """Until the others of this pass are done, and nobody waits who has used less."""
        loop = asyncio.get_running_loop()
        mine = loop.create_future()
        heapq.heappush(self._waiting, (used, next(self._number), mine))
        if not self._calling:
            self._calling = True
            loop.call_soon(self._call)
        await mine

    def _call(self) -> None:
        """The next one, please."""
        while self._waiting:
            *_, first = heapq.heappop(self._waiting)
            if not first.done():  # else its connection has gone
                first.set_result(None)
                break
        asyncio.get_running_loop().call_soon(self._pace, time.perf_counter())

    def _pace(self, since: float) -> None:
        """The bite is done: if more of them wait, and it was a long one, there is time for small things first."""
        self._calling, loop = bool(self._waiting), asyncio.get_running_loop()
        took = time.perf_counter() - since
        if self._calling and took < SHORT:
            loop.call_soon(self._call)
        elif self._calling:
            loop.call_later(BREATH * took, self._call)


class Turn:
    """What one connection has used of the loop lately, and its place in the queue."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._used, self._at = 0.0, time.monotonic()

    @property
    def used(self) -> float:
        """Lately [s]: half of it is forgotten every second."""
        now = time.monotonic()
        self._used *= 0.5 ** ((now - self._at) / HALVED)
        self._at = now
        return self._used

    def charge(self, seconds: float) -> None:
        """So much was used."""
        self._used = self.used + min(seconds, MOST)

    async def begin(self, size: int) -> None:
        """Before a message of so many bytes is looked at."""
        if (size > SMALL or self.used > MODEST) and not self._turns.free():
            await self._turns.wait(self.used)
        self.charge(EACH + BYTE * size)

    async def go_on(self, since: float) -> float:
        """After a bite begun at `since` [s]: when the next one begins."""
        self.charge(time.perf_counter() - since)
        await self._turns.wait(self.used)
        return time.perf_counter()


_mine: ContextVar[Turn | None] = ContextVar("turn", default=None)


def take_turns(turn: Turn) -> None:
    """From now on the work of this task is that of a connection."""
    _mine.set(turn)


async def in_bites(do: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
    """What `do` makes of each, awaited if need be; between two bites it is somebody else's turn."""
    results, since = [], time.perf_counter()
    for item in items:
        found = do(item)
        results.append(await found if inspect.isawaitable(found) else found)
        since = await rest(since)
    return results


async def rest(since: float) -> float:
    """After work since then [s]: if it was more than a bite, others go on first. When the next bite begins."""
    if time.perf_counter() - since < BITE:
        return since
    mine = _mine.get()
    if mine is not None:
        return await mine.go_on(since)
    await asyncio.sleep(0)
    return time.perf_counter()
