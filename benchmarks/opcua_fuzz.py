"""Hostile input: a hundred thousand malformed messages to a real server, while a new client reads every second.

    hetwin bench opcua_fuzz                                   100 000 messages
    python -m benchmarks.opcua_fuzz --messages 5000 --seed 7

The server is a process of its own on 127.0.0.1. Valid messages of every service are changed by bytes, by lengths and
counts, by cutting, doubling and mixing, by numbers of channel, token and sequence, and in frames before any channel. It
is counted whether the server lives, how much it grows, and how long a new client waits for its first value.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import logging
import multiprocessing
import random
import struct
import time
from dataclasses import dataclass, field
from typing import Any

from asyncua import ua
from asyncua.ua.ua_binary import struct_to_binary

from benchmarks.clients.raw_opcua import FRAME, Closed, Raw, frame, hello
from benchmarks.servers.served import free_port

NAME = "opcua_fuzz"
ATTACKERS = 4
BATCH = 20
"""Messages on one connection before the next is opened, unless the server hangs up before."""
BEAT = 1.0  # s between two new clients
CALM = 10.0  # s before the attack, in which new clients show what the machine does anyway
LENGTHS = (-(1 << 31), -5, -1, 0, 1, 255, 65_536, 1 << 24, (1 << 31) - 1)
WARM_UP = 0.05
"""Share of the messages after which growth is counted: tables of decoders are made when first needed."""

SKIPPED = {"CloseSessionRequest", "ServiceFault"}


def run(messages: int = 100_000, seed: int = 1) -> list[dict[str, Any]]:
    """Send the messages; what the server made of it."""
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)
    context = multiprocessing.get_context("spawn")
    port, mine, theirs = free_port(), *context.Pipe()
    server = context.Process(target=_serve, args=(port, theirs), daemon=True)
    server.start()
    try:
        pid = mine.recv()
        found = asyncio.run(_campaign(port, pid, messages, seed))
        alive = server.is_alive()
        mine.send("end")
        server.join(60.0)
        crashed = not alive or server.exitcode != 0
    finally:
        server.terminate()
    growth = (found.memory[-1] - found.memory[0]) / 1e6
    slowest = 1e3 * max(found.waits, default=float("inf"))
    typical = 1e3 * sorted(found.waits)[len(found.waits) // 2] if found.waits else float("inf")
    return [
        _row("malformed messages sent", found.sent, "1", f">= {messages}", found.sent >= messages),
        _row("of them answered with a status", found.answered, "1", "", True),
        _row("connections that the server ended", found.ended, "1", "", True),
        _row("crashes", int(crashed), "1", "0", not crashed),
        _row("growth of the server", growth, "MB", "< 50", growth < 50.0),
        _row("new client, connected and served, median", typical, "ms", "", True),
        _row("new client before the attack, slowest", 1e3 * max(found.calm, default=float("inf")), "ms", "", True),
        _row(f"new client, slowest of {len(found.waits)}", slowest, "ms", "< 200", slowest < 200.0),
        _row("new clients not served", found.unserved, "1", "0", not found.unserved),
        _row("time taken", found.seconds, "s", "", True),
    ]


def _row(point: str, figure: float, unit: str, target: str, met: bool) -> dict[str, Any]:
    verdict = "" if not target else "pass" if met else "fail"
    return {"point": point, "figure": figure, "unit": unit, "target": target, "verdict": verdict}


def _serve(port: int, pipe: Any) -> None:
    """The real server, until told to end."""
    import os

    from benchmarks.servers.chain import load_chain
    from opcua_server import TwinServer
    from twin.simulation import Simulation

    async def serve() -> None:
        simulation = Simulation(load_chain(20), mode="realtime", period=0.1)
        async with TwinServer(simulation, f"opc.tcp://127.0.0.1:{port}"):
            pipe.send(os.getpid())
            await asyncio.to_thread(pipe.recv)

    logging.disable(logging.CRITICAL)
    asyncio.run(serve())


# --- campaign --------------------------------------------------------------------------------------------------------


@dataclass
class Found:
    """What happened."""

    sent: int = 0
    answered: int = 0
    ended: int = 0
    unserved: int = 0
    seconds: float = 0.0
    waits: list[float] = field(default_factory=list)
    calm: list[float] = field(default_factory=list)
    """Waits before the attack."""
    memory: list[int] = field(default_factory=list)


async def _campaign(port: int, pid: int, messages: int, seed: int) -> Found:
    found = Found()
    began = time.monotonic()
    context = multiprocessing.get_context("spawn")
    mine, theirs = context.Pipe()
    watch = context.Process(target=_watch, args=(port, theirs), daemon=True)
    watch.start()
    try:
        await asyncio.sleep(CALM)
        attacked = time.monotonic()
        await _attack(port, found, int(WARM_UP * messages), seed)
        found.memory.append(_resident(pid))
        await _attack(port, found, messages, seed + 1)
        await asyncio.sleep(2.0)  # the last connections end
        found.memory.append(_resident(pid))
        mine.send("end")
        visits, found.unserved = await asyncio.to_thread(mine.recv)
        found.calm = [wait for when, wait in visits if when < attacked - BEAT]
        found.waits = [wait for when, wait in visits if when >= attacked]
    finally:
        watch.terminate()
    found.seconds = time.monotonic() - began
    return found


async def _attack(port: int, found: Found, until: int, seed: int) -> None:
    await asyncio.gather(*(_attacker(port, found, until, random.Random(seed * 100 + k)) for k in range(ATTACKERS)))


def _watch(port: int, pipe: Any) -> None:
    """In a process of its own, or it would wait for the attackers instead of for the server."""
    pipe.send(asyncio.run(_newcomers(port, pipe)))


async def _newcomers(port: int, pipe: Any) -> tuple[list[tuple[float, float]], int]:
    """A client that connects, reads and leaves, every second, until told to end: when, and how long it waited."""
    visits, unserved = [], 0
    await _visit(port)  # decoders are made when they are first needed, and that is the client's time
    while not pipe.poll():
        began = time.monotonic()
        try:
            visits.append((began, await asyncio.wait_for(_visit(port), 10.0) - began))
        except (Closed, ua.UaError, OSError, TimeoutError):
            unserved += 1
        await asyncio.sleep(BEAT)
    return visits, unserved


async def _visit(port: int) -> float:
    """When the first value was there."""
    read = ua.ReadRequest()
    read.Parameters.NodesToRead = [ua.ReadValueId(ua.NodeId("SIM.time", 2), ua.AttributeIds.Value)]
    raw = await Raw.session_to(port)
    try:
        answer = await raw.ask(read, ua.ReadResponse)
        answer.Results[0].StatusCode.check()
        served = time.monotonic()
        await raw.ask(ua.CloseSessionRequest(), ua.CloseSessionResponse)
        return served
    finally:
        raw.close()
        Raw.opened.remove(raw)


async def _attacker(port: int, found: Found, until: int, dice: random.Random) -> None:
    while found.sent < until:
        try:
            raw = await (Raw.session_to(port) if dice.random() < 0.9 else Raw.connect(port))
        except (Closed, ua.UaError, OSError):
            continue
        try:
            for _ in range(dice.randint(1, BATCH)):
                await raw.send(mutated(raw, dice))
                found.sent += 1
                found.answered += await _answered(raw)
        except Closed:
            found.ended += 1
        finally:
            raw.close()
            Raw.opened.remove(raw)


async def _answered(raw: Raw) -> bool:
    """Look whether an answer is there already; most take longer, and are not waited for."""
    await asyncio.sleep(0.0005)
    if raw.reader.at_eof():
        raise Closed
    waiting = len(raw.reader._buffer)  # type: ignore[attr-defined]
    try:
        if waiting:
            await raw.reader.read(waiting)
    except ConnectionError:
        raise Closed from None
    return waiting > 0


def _resident(pid: int) -> int:
    """Memory of a process in use [bytes]."""
    import resource

    with open(f"/proc/{pid}/statm", encoding="ascii") as source:
        return int(source.read().split()[1]) * resource.getpagesize()


# --- mutations -------------------------------------------------------------------------------------------------------


def mutated(raw: Raw, dice: random.Random) -> bytes:
    """One message that is not quite right."""
    kind = dice.random()
    if not raw.channel or kind < 0.05:
        return _broken_frame(raw, dice)
    content = _broken_content(raw, dice)
    if kind < 0.10:
        return _wrong_numbers(raw, content, dice)
    if kind < 0.15:
        return raw.message(content, dice.choice((b"C", b"A", b"F")))
    return raw.message(content)


def _broken_frame(raw: Raw, dice: random.Random) -> bytes:
    """Something before, beside or instead of a message."""
    start = dice.choice((hello(), raw.open_message(), frame(b"MSG", dice.randbytes(40)), frame(b"CLO", bytes(16))))
    if dice.random() < 0.3:
        return dice.randbytes(dice.randint(1, 200))
    if dice.random() < 0.3:
        return FRAME.pack(start[:3], start[3:4], dice.getrandbits(32)) + start[8:]
    return _bytes_changed(start, dice)


def _wrong_numbers(raw: Raw, content: bytes, dice: random.Random) -> bytes:
    message = bytearray(raw.message(content))
    at = 8 + 4 * dice.randrange(4)  # channel, token, sequence or request
    message[at : at + 4] = struct.pack("<I", dice.choice((0, 1, dice.getrandbits(32), (1 << 32) - 1)))
    return bytes(message)


def _broken_content(raw: Raw, dice: random.Random) -> bytes:
    request = _request(dice)
    request.RequestHeader.AuthenticationToken = raw.session
    content = bytes(struct_to_binary(request))
    change = dice.choice((_bytes_changed, _length_changed, _cut, _doubled, _as_other_service, _length_changed))
    return change(content, dice)[:60_000]


def _bytes_changed(content: bytes, dice: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(dice.randint(1, 6)):
        changed[dice.randrange(len(changed))] = dice.choice((0, 1, 0x7F, 0x80, 0xFF, dice.getrandbits(8)))
    return bytes(changed)


def _length_changed(content: bytes, dice: random.Random) -> bytes:
    """A length or a count that is not that of what follows: any four bytes that could be one."""
    low = 60 if len(content) > 70 else 4  # mostly behind the header of the request
    places = [i for i in range(low, len(content) - 3) if 0 <= int.from_bytes(content[i : i + 4], "little") <= 64]
    at = dice.choice(places or [max(len(content) - 4, 0)])
    return content[:at] + struct.pack("<i", dice.choice(LENGTHS)) + content[at + 4 :]


def _cut(content: bytes, dice: random.Random) -> bytes:
    return content[: dice.randrange(1, len(content))]


def _doubled(content: bytes, dice: random.Random) -> bytes:
    """A part of it many times."""
    at = dice.randrange(len(content))
    return content[:at] + content[at : at + dice.randint(1, 64)] * dice.randint(2, 500) + content[at:]


def _as_other_service(content: bytes, dice: random.Random) -> bytes:
    """The parameters of one service under the number of another."""
    return bytes(struct_to_binary(_request(dice)))[:4] + content[4:]


def _request(dice: random.Random) -> Any:
    """A valid request of any service, its lists filled with plausible entries."""
    kind = dice.choice(_kinds())
    request = kind()
    parameters = getattr(request, "Parameters", None)
    if parameters is not None:
        _fill(parameters, dice, 0)
    request.RequestHeader.RequestHandle = dice.getrandbits(16)
    return request


def _kinds() -> list[type]:
    """All requests of the standard that asyncua can encode, but for the end of the own session."""
    if not _KINDS:
        for name in sorted(vars(ua)):
            kind = getattr(ua, name)
            is_request = name.endswith("Request") and dataclasses.is_dataclass(kind) and name not in SKIPPED
            if is_request and "RequestHeader" in {f.name for f in dataclasses.fields(kind)}:
                _KINDS.append(kind)
    return _KINDS


_KINDS: list[type] = []
NODES = (
    *(ua.NodeId("SIM.time", 2), ua.NodeId("V-1.p", 2), ua.NodeId("SIM.advance", 2), ua.NodeId("SIM", 2)),
    *(ua.NodeId(ua.ObjectIds.Server), ua.NodeId(ua.ObjectIds.ObjectsFolder), ua.NodeId(ua.ObjectIds.RootFolder)),
    *(ua.NodeId(), ua.NodeId(b"x" * 8, 1, ua.NodeIdType.ByteString), ua.NodeId(99, 99)),
)
VALUES = (0.5, float("nan"), True, 3, "text", [1.0, 2.0], [True], b"bytes", None)


def _fill(owner: Any, dice: random.Random, depth: int) -> None:
    """Give the fields of a structure values; lists get some entries."""
    for entry in dataclasses.fields(owner):
        value = getattr(owner, entry.name)
        if not entry.init or isinstance(value, ua.ExtensionObject):
            continue
        hint = str(entry.type)
        if isinstance(value, list) and depth < 3:
            value.extend(_entries(hint, dice, depth))
        elif isinstance(value, ua.NodeId):
            setattr(owner, entry.name, dice.choice(NODES))
        elif isinstance(value, ua.DataValue):
            setattr(owner, entry.name, ua.DataValue(ua.Variant(dice.choice(VALUES))))
        elif isinstance(value, bool) or not isinstance(value, (int, float)):
            if dataclasses.is_dataclass(value) and depth < 3:
                _fill(value, dice, depth + 1)
        elif isinstance(value, float):
            setattr(owner, entry.name, dice.choice((0.0, -1.0, 100.0, 1e300, float("nan"))))
        elif type(value) is int and entry.name != "Encoding":
            setattr(owner, entry.name, dice.choice((0, 1, 2, 13, 255)))


def _entries(hint: str, dice: random.Random, depth: int) -> list[Any]:
    name = hint.rpartition("ua.")[2].rstrip("]'\" ")
    kind: Any = getattr(ua, name, None)
    count = dice.choice((0, 1, 2, 5))
    if name in ("NodeId", "ExpandedNodeId"):
        return [dice.choice(NODES) for _ in range(count)]
    if name in ("IntegerId", "UInt32", "Counter"):
        return [dice.choice((0, 1, 2, 77)) for _ in range(count)]
    if name in ("ByteString", "ContinuationPoint"):
        return [dice.randbytes(8) for _ in range(count)]
    if name in ("String", "LocaleId"):
        return ["en"] * count
    if name == "Variant":
        return [ua.Variant(dice.choice(VALUES)) for _ in range(count)]
    if kind is None or not dataclasses.is_dataclass(kind):
        return []
    make: Any = kind
    made = [make() for _ in range(count)]
    for entry in made if kind is not ua.ExtensionObject else ():
        _fill(entry, dice, depth + 1)
    return made


def main() -> None:
    """Run by itself."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    for row in run(asked.messages, asked.seed):
        print(f"{row['point']}: {row['figure']:.6g} {row['unit']} {row['target']} {row['verdict']}")


if __name__ == "__main__":
    main()
