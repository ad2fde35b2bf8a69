"""Round trip of a read and of a write of one value, while the server publishes: 20 clients of 500 items at 10 Hz.

    hetwin bench opcua_round_trip
    python -m benchmarks.opcua_round_trip --clients 50 --seconds 60

The server is `hetwin serve` with history, alarms and snapshots; those who ask and those who subscribe are processes of
their own. Half of the time a request follows the answer before it, as controllers ask; the other half it leaves at a
random moment and may find the processors asleep. Requests are encoded beforehand and travel over a blocking socket, so
that the client's own share is some 20 us. In turn with them a bare echo is asked of another process: that is the
machine's own share.
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
ECHO = "bare echo of this machine"
CLIENTS, ITEMS, VESSELS = 20, 500, 90
GAPS = {", one after the other": 0.0, ", at random moments": 0.02}
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
        targets = ("", "") if kind.startswith(ECHO) else ("< 0.5", "< 2")
        rows += [
            _row(f"{kind}, median of {len(took)}", p50, targets[0], p50 < 0.5),
            _row(f"{kind}, p99", p99, targets[1], p99 < 2.0),
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
    echo = context.Process(target=_echo, args=(found,), daemon=True)
    echo.start()
    process = context.Process(target=_ask, args=(port, found.get(timeout=60.0), seconds, found), daemon=True)
    process.start()
    took: dict[str, list[float]] = found.get(timeout=seconds + 600.0)
    process.join()
    echo.terminate()
    echo.join()
    return took


class Echo(asyncio.Protocol):
    """Sends back what it gets."""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._transport.write(data)


def _echo(told: Any) -> None:
    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", 0)
        told.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


def _ask(port: int, echo: int, seconds: float, found: Any) -> None:
    found.put(asyncio.run(_ask_all(port, echo, seconds)))


async def _ask_all(port: int, echo: int, seconds: float) -> dict[str, list[float]]:
    raw = await Raw.session_to(port)
    requests = {"read": raw.encoded(_read()), "write": raw.encoded(_write())}
    (await raw.ask(_read(), ua.ReadResponse)).Results[0].StatusCode.check()
    (await raw.ask(_write(), ua.WriteResponse)).Results[0].check()
    transport: Any = raw.writer.transport
    transport.pause_reading()  # from here on the socket is ours
    chance, took = random.Random(7), {f"{kind}{how}": list[float]() for how in GAPS for kind in (*requests, ECHO)}
    ours = socket.socket(fileno=os.dup(raw.writer.get_extra_info("socket").fileno()))
    with ours, socket.create_connection(("127.0.0.1", echo)) as other:
        ours.setblocking(True)
        for how, gap in GAPS.items():
            end = time.monotonic() + seconds / len(GAPS)
            while time.monotonic() < end:
                for kind, request in requests.items():
                    message = raw.message(request)
                    answer, passed = _exchange(ours, message, chance.uniform(0.0, gap))
                    took[f"{kind}{how}"].append(passed)
                    if status := STATUS.unpack_from(answer, AT)[0]:
                        raise RuntimeError(f"A {kind} was answered with {ua.StatusCode(status).name}.")
                took[f"{ECHO}{how}"].append(_exchange(other, message, chance.uniform(0.0, gap))[1])
    raw.close()
    return took


def _exchange(line: socket.socket, message: bytes, pause: float) -> tuple[bytes, float]:
    """Wait; send; the answer and the seconds it took."""
    if pause:
        time.sleep(pause)
    began = time.perf_counter()
    line.sendall(message)
    return _answer(line), time.perf_counter() - began


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
