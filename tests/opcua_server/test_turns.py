"""Bites and turns, without a server."""

from __future__ import annotations

import asyncio
import itertools
import time

from opcua_server import turns
from opcua_server.turns import Turn, Turns, in_bites, take_turns


def work(seconds: float) -> float:
    """Hold the loop."""
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass
    return seconds


async def test_long_work_lets_others_in_between_two_bites() -> None:
    passes = 0
    done = asyncio.Event()

    async def other() -> None:
        nonlocal passes
        while not done.is_set():
            passes += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(other())
    assert await in_bites(work, [2 * turns.BITE] * 5) == [2 * turns.BITE] * 5
    done.set()
    await beside
    assert passes >= 5


async def test_what_is_awaited_comes_out_as_what_is_not() -> None:
    async def later(item: int) -> int:
        await asyncio.sleep(0)
        return -item

    assert await in_bites(lambda item: later(item) if item % 2 else item, range(4)) == [0, -1, 2, -3]


async def test_who_has_used_the_least_goes_first_and_one_at_a_time() -> None:
    queue, order, passes = Turns(), [], [0]

    async def wait(name: str, used: float) -> None:
        await queue.wait(used)
        order.append((name, passes[0]))

    async def count() -> None:
        while len(order) < 3:
            passes[0] += 1
            await asyncio.sleep(0)

    await asyncio.gather(wait("greedy", 2.0), wait("modest", 1.0), wait("new", 0.0), count())
    assert [name for name, _ in order] == ["new", "modest", "greedy"]
    assert len({at for _, at in order}) == 3


async def test_between_two_bites_of_those_that_wait_the_loop_is_free_for_a_while() -> None:
    queue, ends = Turns(), []

    async def bite() -> None:
        await queue.wait(0.0)
        work(0.05)
        ends.append(time.perf_counter())

    await asyncio.gather(bite(), bite(), bite())
    for first, second in itertools.pairwise(ends):
        assert second - first > 0.05 + 0.9 * turns.BREATH * 0.05


async def test_a_turn_of_somebody_who_has_gone_is_passed_over() -> None:
    queue = Turns()
    gone, here = asyncio.create_task(queue.wait(0.0)), asyncio.create_task(queue.wait(1.0))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.wait_for(here, 10.0)
    await asyncio.wait_for(queue.wait(0.0), 10.0)


async def test_what_was_used_is_counted_up_and_forgotten(monkeypatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    turn = Turn(Turns())
    turn.charge(0.02)
    turn.charge(1000.0)  # a wait, not work
    assert turn.used == 0.02 + turns.MOST
    now[0] += 2 * turns.HALVED
    assert abs(turn.used - (0.02 + turns.MOST) / 4) < 1e-12


async def test_only_what_is_big_or_of_the_greedy_queues_up_to_begin() -> None:
    class Queue(Turns):
        asked = 0

        def free(self) -> bool:
            return False

        async def wait(self, used: float) -> None:
            self.asked += 1

    queue = Queue()
    turn = Turn(queue)
    await turn.begin(100)
    assert queue.asked == 0
    await turn.begin(60_000)
    assert queue.asked == 1
    turn.charge(turns.MOST)
    turn.charge(turns.MOST)
    await turn.begin(100)
    assert queue.asked == 2


async def test_who_finds_nobody_waiting_begins_at_once_but_not_many_in_one_pass(
    monkeypatch,
) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    queue = Turns()
    assert queue.free()
    assert not queue.free()
    now[0] += 2.0 * turns.EACH
    assert queue.free()
    now[0] += 2.0 * turns.EACH
    waiting = asyncio.create_task(queue.wait(0.0))
    await asyncio.sleep(0)
    assert not queue.free()
    await waiting


async def test_work_in_bites_is_charged_to_its_connection() -> None:
    turn = Turn(Turns())
    take_turns(turn)
    await in_bites(work, [2 * turns.BITE] * 3)
    assert turn.used > 3 * turns.BITE
