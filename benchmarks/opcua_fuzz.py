"""Hostile input: a hundred thousand malformed messages and every named attack, while new clients come and read.

    hetwin bench opcua_fuzz                                   100 000 messages
    python -m benchmarks.opcua_fuzz --messages 5000 --seed 7

The server is a process of its own on 127.0.0.1, and so are the attackers and the watch. Valid messages of every service
are changed by bytes, by lengths and counts, by cutting, doubling and mixing, by numbers of channel, token and sequence,
and in frames before any channel (`clients.mutations`); between them come attacks that mean harm (`clients.attacks`).
Counted is whether the server lives and logs no error, how much it grows, whether attacks are answered as the standard
says, and how long a new client waits for its first value. A message counts when the server has looked at it.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import multiprocessing
import random
import tempfile
import time
import traceback
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from asyncua import ua

from benchmarks.clients.attacks import ATTACKS, Attack
from benchmarks.clients.mutations import Mutations
from benchmarks.clients.raw_opcua import Closed, Raw
from benchmarks.clients.requests import SIM, reads
from benchmarks.rows import row
from benchmarks.servers.chain import load_chain
from benchmarks.servers.served import free_port

NAME = "opcua_fuzz"
ATTACKERS = 2
"""Processes."""
CONNECTIONS = 3
"""Of each attacker at the same time."""
BATCH, GROUP = 40, 8
"""Messages on one connection before the next is opened, and in one go, unless the server hangs up before."""
ROUND = 10_000
"""Messages in which every attack is made once."""
BEAT = 0.5  # s between two new clients
CALM = 5.0  # s before the attack, in which new clients show what the machine does anyway
WARM_UP = 0.1
"""Share of the messages after which growth is counted: tables of decoders are made when first needed."""
PATIENCE = 60.0  # s for an answer
TIME = ua.NodeId("SIM.time", SIM.NamespaceIndex)


def run(messages: int = 100_000, seed: int = 1) -> list[dict[str, Any]]:
    """Send the messages; what the server made of it."""
    context = multiprocessing.get_context("spawn")
    port, mine, theirs = free_port(), *context.Pipe()
    server = context.Process(target=_serve, args=(port, theirs), daemon=True)
    server.start()
    try:
        pid = mine.recv()
        began = time.monotonic()
        found = _campaign(port, pid, messages, seed)
        taken = time.monotonic() - began
        mine.send("end")
        alive = server.is_alive() and mine.poll(60.0)
        errors = mine.recv() if alive else []
        server.join(60.0)
        crashed = not alive or server.exitcode != 0
    finally:
        server.terminate()
    return _rows(found, errors, crashed, messages, taken)


def _rows(found: Found, errors: list[str], crashed: bool, messages: int, taken: float) -> list[dict[str, Any]]:
    growth = (found.memory[-1] - found.memory[0]) / 1e6
    slowest = 1e3 * max(found.waits, default=float("inf"))
    typical = 1e3 * sorted(found.waits)[len(found.waits) // 2] if found.waits else float("inf")
    missing = [attack.name for attack in ATTACKS if not found.attacks[attack.name]]
    for text in [*errors[:5], *list(found.unexpected)[:20], *missing]:
        logging.getLogger(__name__).warning("%s", text)
    return [
        row("malformed messages looked at", found.sent, "1", f">= {messages}", found.sent >= messages),
        row("of them answered", found.answered, "1", "", True),
        row("connections that the server ended", found.ended, "1", "", True),
        row(f"attacks of {len(ATTACKS)} kinds", found.attacks.total(), "1", "", True),
        row("kinds of attack that were not made", len(missing), "1", "0", not missing),
        row("attacks answered otherwise than expected", found.unexpected.total(), "1", "0", not found.unexpected),
        row("crashes", int(crashed), "1", "0", not crashed),
        row("errors in the server's log", len(errors), "1", "0", not errors),
        row("growth of the server", growth, "MB", "< 50", growth < 50.0),
        row("new client, connected and served, median", typical, "ms", "", True),
        row("new client before the attack, slowest", 1e3 * max(found.calm, default=float("inf")), "ms", "", True),
        row(f"new client, slowest of {len(found.waits)}", slowest, "ms", "< 200", slowest < 200.0),
        row("server at work while a new client waited, most", 1e3 * max(found.works, default=0.0), "ms", "", True),
        row("new clients not served", found.unserved, "1", "0", not found.unserved),
        row("time taken", taken, "s", "", True),
    ]


# --- server ----------------------------------------------------------------------------------------------------------


def _serve(port: int, pipe: Any) -> None:
    """The real server with a history, until told to end; then the errors of its log."""
    import os

    from opcua_server import TwinServer
    from twin.history import History, Recorder
    from twin.simulation import Simulation

    errors = _Errors()
    logging.getLogger().addHandler(errors)
    logging.disable(logging.WARNING)
    logging.getLogger("asyncua.uaprotocol").setLevel(logging.CRITICAL)  # as hetwin does
    plant = load_chain(20)

    async def serve(folder: Path) -> None:
        with Recorder(History.create(folder / "history.sqlite", plant, interval=0.0)) as recorder:
            server = TwinServer(Simulation(plant, mode="realtime", period=0.1), f"opc.tcp://127.0.0.1:{port}")
            server.record_into(recorder)
            async with server:
                pipe.send(os.getpid())
                await asyncio.to_thread(pipe.recv)

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(serve(Path(folder)))
    pipe.send(errors.told)


class _Errors(logging.Handler):
    """Keeps what is logged as an error: none may come from what a client sends."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        reason = ""
        if record.exc_info:
            last = traceback.extract_tb(record.exc_info[2])[-1]
            reason = f": {record.exc_info[1]!r} in {last.name}, line {last.lineno} of {Path(last.filename).name}"
        self.told.append(f"{record.getMessage()}{reason}"[:500])


# --- campaign --------------------------------------------------------------------------------------------------------


@dataclass
class Found:
    """What happened."""

    sent: int = 0
    answered: int = 0
    ended: int = 0
    unserved: int = 0
    attacks: Counter[str] = field(default_factory=Counter)
    unexpected: Counter[str] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)
    works: list[float] = field(default_factory=list)
    """CPU time of the server's event loop during each wait, which tells more on a busy machine."""
    calm: list[float] = field(default_factory=list)
    """Waits before the attack."""
    memory: list[int] = field(default_factory=list)

    def add(self, other: Found) -> None:
        """What an attacker found."""
        self.sent += other.sent
        self.answered += other.answered
        self.ended += other.ended
        self.attacks += other.attacks
        self.unexpected += other.unexpected


def _campaign(port: int, pid: int, messages: int, seed: int) -> Found:
    found = Found()
    context = multiprocessing.get_context("spawn")
    mine, theirs = context.Pipe()
    watch = context.Process(target=_watch, args=(port, pid, theirs), daemon=True)
    watch.start()
    try:
        mine.recv()
        time.sleep(CALM)
        attacked = time.monotonic()
        for share in (WARM_UP, 1.0 - WARM_UP):
            _attack(port, found, round(share * messages), seed)
            found.memory.append(_resident(pid))
        mine.send("end")
        visits, found.unserved = mine.recv()
        found.calm = [wait for when, wait, _ in visits if when < attacked - BEAT]
        found.waits = [wait for when, wait, _ in visits if when >= attacked]
        found.works = [work for when, _, work in visits if when >= attacked]
    finally:
        watch.terminate()
    return found


def _attack(port: int, found: Found, messages: int, seed: int) -> None:
    """So many messages, from all attackers together, and every attack once or more."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(ATTACKERS) as pool:
        jobs = [(port, messages // ATTACKERS + 1, k, 1000 * seed + k) for k in range(ATTACKERS)]
        for each in pool.starmap(_attacker, jobs):
            found.add(each)


def _attacker(port: int, messages: int, number: int, seed: int) -> Found:
    """In a process of its own."""
    found = Found()
    dice = random.Random(seed)
    rounds = max(messages * ATTACKERS // ROUND, 1)
    waiting = ATTACKS[number::ATTACKERS] * rounds
    dice.shuffle(waiting)
    every = messages / len(waiting)
    plan = [(round(every * k), attack) for k, attack in enumerate(waiting)]
    asyncio.run(_gather(port, found, messages, plan, dice))
    return found


async def _gather(port: int, found: Found, messages: int, plan: list[tuple[int, Attack]], dice: random.Random) -> None:
    mutations = Mutations(dice)
    work = [_connections(port, found, messages, plan, mutations, dice) for _ in range(CONNECTIONS)]
    await asyncio.gather(*work)


async def _connections(
    port: int,
    found: Found,
    messages: int,
    plan: list[tuple[int, Attack]],
    mutations: Mutations,
    dice: random.Random,
) -> None:
    """One connection after the other, until all is sent and every attack of the plan is made."""
    while found.sent < messages or plan:
        if plan and plan[0][0] <= found.sent:
            await _on_purpose(port, found, plan.pop(0)[1])
            continue
        if found.sent >= messages:
            break
        try:
            raw = await (Raw.session_to(port) if dice.random() < 0.9 else Raw.connect(port))
        except (Closed, ua.UaError, OSError):
            found.unexpected["an attacker is not let in"] += 1
            continue
        try:
            await _messages(raw, found, mutations, dice)
        except Closed:
            found.ended += 1
        except TimeoutError:
            found.unexpected["no answer for a minute"] += 1
        finally:
            raw.close()
            Raw.opened.remove(raw)


async def _on_purpose(port: int, found: Found, attack: Attack) -> None:
    found.attacks[attack.name] += 1
    try:
        seen = await attack.on(port)
    except Exception as problem:
        seen = repr(problem)
    if seen not in attack.expected:
        found.unexpected[f"{attack.name}: {seen}"] += 1


async def _messages(raw: Raw, found: Found, mutations: Mutations, dice: random.Random) -> None:
    """Groups of messages in one go, each with a request at its end whose answer tells that all were looked at."""
    for _ in range(dice.randint(1, BATCH // GROUP)) if raw.channel else ():
        raw.writer.write(b"".join(mutations.message(raw) for _ in range(GROUP)))
        before = found.answered
        try:
            await _looked_at(raw, found)
        except Closed:
            found.sent += found.answered - before + 1
            raise
        found.sent += GROUP
    await raw.send(mutations.last(raw))
    found.sent += 1
    with suppress(TimeoutError):
        await asyncio.wait_for(_hung_up(raw), 0.05)


async def _looked_at(raw: Raw, found: Found) -> None:
    await raw.send(raw.message(raw.encoded(reads(TIME, 1))))
    asked = raw.request
    async with asyncio.timeout(PATIENCE):
        while True:
            _, body = await raw.receive()
            if int.from_bytes(body[12:16], "little") == asked:
                return
            found.answered += 1


async def _hung_up(raw: Raw) -> None:
    while True:
        await raw.receive()


def _resident(pid: int) -> int:
    """Memory of a process in use [bytes]."""
    import resource

    with open(f"/proc/{pid}/statm", encoding="ascii") as source:
        return int(source.read().split()[1]) * resource.getpagesize()


# --- watch -----------------------------------------------------------------------------------------------------------


def _watch(port: int, pid: int, pipe: Any) -> None:
    """In a process of its own, or it would wait for the attackers instead of for the server."""
    pipe.send(asyncio.run(_newcomers(port, pid, pipe)))


async def _newcomers(port: int, pid: int, pipe: Any) -> tuple[list[tuple[float, float, float]], int]:
    """A client that connects, reads and leaves, again and again, until told to end: when, how long it waited, and how
    long of that the server's event loop was at work [s]."""
    visits, unserved = [], 0
    await _visit(port)  # decoders are made when they are first needed, and that is the client's time
    pipe.send("ready")
    while not pipe.poll():
        began, work = time.monotonic(), _worked(pid)
        try:
            served = await asyncio.wait_for(_visit(port), 10.0)
            visits.append((began, served - began, _worked(pid) - work))
        except (Closed, ua.UaError, OSError, TimeoutError):
            unserved += 1
        await asyncio.sleep(BEAT)
    return visits, unserved


def _worked(pid: int) -> float:
    """CPU time of the main thread of a process [s]."""
    with open(f"/proc/{pid}/task/{pid}/schedstat", encoding="ascii") as source:
        return int(source.read().split()[0]) / 1e9


async def _visit(port: int) -> float:
    """When the first value was there."""
    raw = await Raw.session_to(port)
    try:
        answer = await raw.ask(reads(TIME, 1), ua.ReadResponse)
        answer.Results[0].StatusCode.check()
        served = time.monotonic()
        await raw.ask(ua.CloseSessionRequest(), ua.CloseSessionResponse)
        return served
    finally:
        raw.close()
        Raw.opened.remove(raw)


def main() -> None:
    """Run by itself."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    for found in run(asked.messages, asked.seed):
        print(f"{found['point']:55} {found['figure']:10.4g} {found['unit']:3} {found['target']:9} {found['verdict']}")


if __name__ == "__main__":
    main()
