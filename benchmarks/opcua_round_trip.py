"""Round trip of a read and of a write of one value, while the server publishes: 20 clients of 500 items at 10 Hz.

    hetwin bench opcua_round_trip
    python -m benchmarks.opcua_round_trip --clients 50 --seconds 60

The server is `hetwin serve` with history, alarms and snapshots; those who ask and those who subscribe are processes of
their own. Requests leave at random moments, whatever the server does then; asking again and again would miss the
moments at which it is busy. They are encoded beforehand and travel over a blocking socket, so that the client's own
share is some 20 us.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import multiprocessing
import os
import random
import socket
import struct
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from asyncua import ua

from benchmarks.clients.raw_opcua import FRAME, Raw
from benchmarks.opcua_load import Listener
from benchmarks.servers.chain import chain, moving
from benchmarks.servers.served import serving

NAME = "opcua_round_trip"
CLIENTS, ITEMS, VESSELS = 20, 500, 90
GAP = 0.01
"""Between two requests, at most [s]."""
SETTLE = 5.0
"""After the last client has subscribed [s]."""
STATUS = struct.Struct("<I")
AT = 16 + 4 + 8 + 4
"""Where a response to our requests has its status: after the headers of chunk and sequence, its type, time, handle."""


def run(seconds: float = 20.0, clients: int = CLIENTS) -> list[dict[str, Any]]:
    """Serve, subscribe, and ask for so long."""
    with tempfile.TemporaryDirectory() as folder:
        plant = Path(folder) / "chain.toml"
        plant.write_text(chain(VESSELS))
        with serving(plant, "--out", folder) as server:
            asyncio.run(server.listening())
            with subscribers(server.port, clients):
                found = _asked(server.port, seconds)
    rows = []
    for kind, took in found.items():
        p50, p99 = 1e3 * np.quantile(took, [0.5, 0.99])
        rows += [
            _row(f"{kind}, median of {len(took)}", p50, "< 0.5", p50 < 0.5),
            _row(f"{kind}, p99", p99, "< 2", p99 < 2.0),
            _row(f"{kind}, longest", 1e3 * max(took), "", True),
        ]
    return rows


def _row(point: str, figure: float, target: str, met: bool) -> dict[str, Any]:
    verdict = "" if not target else "met" if met else "missed"
    return {"point": point, "figure": float(figure), "unit": "ms", "target": target, "verdict": verdict}


# --- those who subscribe -----------------------------------------------------------------------------------------


@contextmanager
def subscribers(port: int, clients: int) -> Iterator[None]:
    """A process with so many clients, each of which hears 500 items at every scan."""
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    process = context.Process(target=_listen, args=(port, clients, ready), daemon=True)
    process.start()
    try:
        if not ready.wait(600.0):
            raise RuntimeError("The subscribers did not get ready.")
        time.sleep(SETTLE)
        yield
    finally:
        process.terminate()
        process.join()


def _listen(port: int, clients: int, ready: Any) -> None:
    async def listen() -> None:
        names = [(name, 2) for name in moving(ITEMS)]
        listeners = [Listener(port) for _ in range(clients)]
        for listener in listeners:
            await listener.connect(names)
        ready.set()
        while True:
            await asyncio.sleep(1.0)
            for listener in listeners:
                listener.clear()

    logging.getLogger("asyncua").setLevel(logging.ERROR)
    asyncio.run(listen())


# --- the one who asks --------------------------------------------------------------------------------------------


def _asked(port: int, seconds: float) -> dict[str, list[float]]:
    """Seconds that each request took."""
    context = multiprocessing.get_context("spawn")
    found: Any = context.Queue()
    process = context.Process(target=_ask, args=(port, seconds, found), daemon=True)
    process.start()
    took: dict[str, list[float]] = found.get(timeout=seconds + 600.0)
    process.join()
    return took


def _ask(port: int, seconds: float, found: Any) -> None:
    found.put(asyncio.run(_ask_all(port, seconds)))


async def _ask_all(port: int, seconds: float) -> dict[str, list[float]]:
    raw = await Raw.session_to(port)
    requests = {"read": raw.encoded(_read()), "write": raw.encoded(_write())}
    (await raw.ask(_read(), ua.ReadResponse)).Results[0].StatusCode.check()
    (await raw.ask(_write(), ua.WriteResponse)).Results[0].check()
    transport: Any = raw.writer.transport
    transport.pause_reading()  # from here on the socket is ours
    chance, took = random.Random(7), {kind: list[float]() for kind in requests}
    with socket.socket(fileno=os.dup(raw.writer.get_extra_info("socket").fileno())) as line:
        line.setblocking(True)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for kind, request in requests.items():
                time.sleep(chance.uniform(0.0, GAP))
                message = raw.message(request)
                began = time.perf_counter()
                line.sendall(message)
                answer = _answer(line)
                took[kind].append(time.perf_counter() - began)
                if status := STATUS.unpack_from(answer, AT)[0]:
                    raise RuntimeError(f"A {kind} was answered with {ua.StatusCode(status).name}.")
    raw.close()
    return took


def _answer(line: socket.socket) -> bytes:
    """The next frame without its head; small enough to be one chunk."""
    received = line.recv(65536)
    while len(received) < FRAME.size or len(received) < FRAME.unpack_from(received)[2]:
        received += line.recv(65536)
    return received[FRAME.size :]


def _read() -> Any:
    request = ua.ReadRequest()
    request.Parameters.TimestampsToReturn = ua.TimestampsToReturn.Both
    request.Parameters.NodesToRead = [ua.ReadValueId(ua.NodeId("V-1.p", 2), ua.AttributeIds.Value)]
    return request


def _write() -> Any:
    request = ua.WriteRequest()
    value = ua.DataValue(ua.Variant(0.9, ua.VariantType.Double))
    request.Parameters.NodesToWrite = [ua.WriteValue(ua.NodeId("CV-1.opening", 2), ua.AttributeIds.Value, None, value)]
    return request


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long to ask [s]")
    parser.add_argument("--clients", type=int, default=CLIENTS, help="that subscribe meanwhile")
    asked = parser.parse_args()
    for row in run(asked.seconds, asked.clients):
        print(f"{row['point']:40} {row['figure']:10.4g} {row['unit']:3} {row['target']:6} {row['verdict']}")


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
