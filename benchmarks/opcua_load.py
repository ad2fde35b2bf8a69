"""OPC UA under load: many clients that watch the same tags, ten scans a second, beside stock asyncua under the same.

    hetwin bench opcua_load                                              10 s, 50 clients of 500 tags, then encrypted
    python -m benchmarks.opcua_load --clients 100 --tags 1000 --seconds 600

Server and clients are processes of their own, and where there are two processors each has its own: the clients of a
plant are other machines, whereas here the system would run one that wakes up in place of the server that is about to
tell the next. A client counts notifications and reads the time of the first in each message; decoding all 250 000 a
second would measure the client.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import multiprocessing
import os
import resource
import struct
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.rows import row
from benchmarks.servers.chain import MOVING, PERIOD, load_chain, moving
from benchmarks.servers.served import free_port

NAME = "opcua_load"
STOCK_SECONDS, STOCK_CLIENTS = 10.0, 5
"""Of stock asyncua: 50 clients would take minutes to subscribe; its rate is compared for each second of processor."""
HEAD, COUNT = 28, struct.Struct("<i")
SETTLE = 2.0
CLIENT, POLICY = "watcher", "Aes256Sha256RsaPss"
EPOCH = 116444736000000000
"""1970 in 100 ns since 1601."""


def run(seconds: float = 10.0, clients: int = 50, tags: int = 500) -> list[dict[str, Any]]:
    """The same load on the twin and on stock asyncua."""
    ours = _measured(_serve_twin, seconds, clients, tags)
    with tempfile.TemporaryDirectory() as folder:
        encrypted = _measured(_serve_twin, seconds, clients, tags, Path(folder))
    few = min(clients, STOCK_CLIENTS)
    stock = _measured(_serve_stock, min(seconds, STOCK_SECONDS), few, tags)
    expected = clients * tags / PERIOD
    whole = f"{clients} clients of {tags} tags at {1.0 / PERIOD:.0f} Hz"
    return [
        *_rows(whole, ours, expected),
        *_rows(f"the same, encrypted ({POLICY})", encrypted, expected),
        row(
            f"stock asyncua, {few} clients: notifications that came",
            100.0 * stock["rate"] * clients / (expected * few),
            "%",
            "",
            True,
        ),
        row("stock asyncua: processor of the server", stock["core"], "cores", "", True),
        row("stock asyncua: clients connected and subscribed in", stock["connect"], "s", "", True),
        row(
            "notifications for each second of processor, ours over stock",
            _per_core(ours) / _per_core(stock),
            "x",
            "",
            True,
        ),
    ]


def _rows(whole: str, found: dict[str, float], expected: float) -> list[dict[str, Any]]:
    return [
        row(f"{whole}: notifications that came", 100.0 * found["rate"] / expected, "%", "100", found["lost"] == 0),
        row("messages missing in their numbers", found["lost"], "1", "0", found["lost"] == 0),
        row("late scans", found["late"], "1", "0", found["late"] == 0),
        row("from the scan to the client, median", 1e3 * found["p50"], "ms", "", True),
        row("from the scan to the client, p99", 1e3 * found["p99"], "ms", "< 20", found["p99"] < 0.02),
        row("processor of the server", found["core"], "cores", "< 0.5", found["core"] < 0.5),
        row("clients connected and subscribed in", found["connect"], "s", "", True),
        row("memory, change while measured", 100.0 * found["growth"], "%", "< 1", found["growth"] < 0.01),
    ]


def _per_core(found: dict[str, float]) -> float:
    return found["rate"] / max(found["core"], 1e-9)


def _measured(serve: Any, seconds: float, clients: int, tags: int, folder: Path | None = None) -> dict[str, float]:
    """Run server and clients, encrypted if there is a folder for certificates; what both found."""
    context = multiprocessing.get_context("spawn")
    port, mine, theirs = free_port(), *context.Pipe()
    heard: Any = context.Queue()
    server = context.Process(target=_apart, args=(0, serve, port, tags, theirs, folder), daemon=True)
    server.start()
    try:
        names = mine.recv()
        work = (1, _listen, port, names, clients, seconds, heard, folder)
        listener = context.Process(target=_apart, args=work, daemon=True)
        listener.start()
        if heard.get(timeout=600.0) != "begin":
            raise RuntimeError("The clients did not get ready.")
        mine.send("begin")
        found = heard.get(timeout=seconds + 600.0)
        mine.send("end")
        found |= mine.recv()
        listener.join(30.0)
    finally:
        server.terminate()
        server.join(30.0)
    return dict(found)


def _apart(part: int, do: Any, *args: Any) -> None:
    """Do something on every other processor."""
    if hasattr(os, "sched_setaffinity") and len(all_of := sorted(os.sched_getaffinity(0))) > 1:
        os.sched_setaffinity(0, set(all_of[part::2]))
    do(*args)


# --- servers ---------------------------------------------------------------------------------------------------


def _serve_twin(port: int, tags: int, pipe: Any, folder: Path | None) -> None:
    from opcua_server import TwinServer
    from opcua_server.certificates import own_certificate
    from opcua_server.security import Security
    from opcua_server.trust import TrustList
    from twin.simulation import Simulation

    security = Security()
    if folder is not None:
        own_certificate(folder, CLIENT, "")
        TrustList(folder / "pki").add(folder / "certificate.der")
        security = Security.plant(folder / "pki")

    async def serve() -> None:
        plant = load_chain(tags // len(MOVING) + 8)
        names = moving(tags)
        simulation = Simulation(plant, mode="realtime", period=PERIOD)
        async with TwinServer(simulation, f"opc.tcp://127.0.0.1:{port}", security) as server:
            pipe.send([(name, 2) for name in names])
            await asyncio.to_thread(pipe.recv)
            simulation.overruns = server.publisher.figures.passed_over = 0
            used = _Usage()
            await asyncio.to_thread(pipe.recv)
            late = simulation.overruns + server.publisher.figures.passed_over
            pipe.send({"late": late, **used.since()})

    logging.getLogger("asyncua").setLevel(logging.ERROR)
    asyncio.run(serve())


def _serve_stock(port: int, tags: int, pipe: Any, folder: None) -> None:
    """asyncua as it comes: variables under objects of fifty, written at every tick."""
    from asyncua import Server, ua

    async def serve() -> None:
        server = Server()
        await server.init()
        server.set_endpoint(f"opc.tcp://127.0.0.1:{port}")
        index = await server.register_namespace("urn:load")
        nodes: list[Any] = []
        for k in range(tags):
            if k % 50 == 0:
                group = await server.nodes.objects.add_object(index, f"group {k}")
            nodes.append(await group.add_variable(ua.NodeId(f"v{k}", index), f"v{k}", 0.0))
        late = 0
        async with server:
            pipe.send([(f"v{k}", index) for k in range(tags)])
            order = asyncio.create_task(asyncio.to_thread(pipe.recv))
            used, tick = _Usage(), time.monotonic()
            for turn in range(10**9):
                now = datetime.now(UTC)
                for k, node in enumerate(nodes):
                    value = ua.DataValue(ua.Variant(turn + 0.001 * k, ua.VariantType.Double), SourceTimestamp=now)
                    await server.write_attribute_value(node.nodeid, value)
                if order.done():
                    if order.result() == "end":
                        break
                    late, used = 0, _Usage()
                    order = asyncio.create_task(asyncio.to_thread(pipe.recv))
                tick += PERIOD
                late += time.monotonic() > tick
                await asyncio.sleep(max(tick - time.monotonic(), 0.0))
            pipe.send({"late": late, **used.since()})

    logging.getLogger("asyncua").setLevel(logging.CRITICAL)
    asyncio.run(serve())


class _Usage:
    """Processor time and memory of this process from now on."""

    def __init__(self) -> None:
        self._wall, self._busy, self._memory = time.monotonic(), time.process_time(), _resident()

    def since(self) -> dict[str, float]:
        wall = time.monotonic() - self._wall
        return {
            "core": (time.process_time() - self._busy) / wall,
            "growth": _resident() / self._memory - 1.0,
        }


def _resident() -> float:
    """Resident memory [bytes]."""
    try:
        with open("/proc/self/statm") as table:
            return float(table.read().split()[1]) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0


# --- clients ---------------------------------------------------------------------------------------------------


def _listen(port: int, names: Any, clients: int, seconds: float, heard: Any, folder: Path | None) -> None:
    logging.getLogger("asyncua").setLevel(logging.ERROR)
    listeners = [Listener(port, folder) for _ in range(clients)]
    heard.put(asyncio.run(_all_clients(listeners, names, seconds, heard)))


async def _all_clients(listeners: list[Listener], names: Any, seconds: float, heard: Any) -> dict[str, float]:
    began = time.monotonic()
    for listener in listeners:
        await listener.connect(names)
    took = time.monotonic() - began
    await asyncio.sleep(SETTLE)
    heard.put("begin")
    for listener in listeners:
        listener.clear()
    start = time.monotonic()
    await asyncio.sleep(seconds)
    elapsed = time.monotonic() - start
    counts = sum(listener.count for listener in listeners)
    delays = np.array([delay for listener in listeners for delay in listener.delays] or [np.nan])
    lost = sum(listener.lost for listener in listeners)
    for listener in listeners:
        listener.stop()
    p50, p99 = np.quantile(delays, [0.5, 0.99])
    return {"rate": counts / elapsed, "p50": float(p50), "p99": float(p99), "lost": lost, "connect": took}


class Listener:
    """A client with one subscription that counts what comes, with three publish requests on their way."""

    REQUESTS = 3

    def __init__(self, port: int, folder: Path | None = None) -> None:
        """Encrypted, if there is a folder with its certificate."""
        from asyncua import Client

        self._folder = folder
        self._client = Client(f"opc.tcp://127.0.0.1:{port}", timeout=120.0, watchdog_intervall=600.0)
        self._tasks: list[asyncio.Task[None]] = []
        self._seen: set[int] = set()
        self.clear()

    def clear(self) -> None:
        """Count from here."""
        self.count, self.delays = 0, list[float]()
        self._seen.clear()

    @property
    def lost(self) -> int:
        """Messages whose numbers are missing."""
        return max(self._seen) - min(self._seen) + 1 - len(self._seen) if self._seen else 0

    async def connect(self, names: list[tuple[str, int]]) -> None:
        """Connect and watch all names."""
        from asyncua import ua
        from asyncua.ua.ua_binary import struct_from_binary

        await self._secure()
        await self._client.connect()
        request = ua.CreateSubscriptionRequest()
        asked = request.Parameters
        asked.RequestedPublishingInterval, asked.PublishingEnabled = 1e3 * PERIOD, True
        asked.RequestedLifetimeCount, asked.RequestedMaxKeepAliveCount = 10_000, 100
        session = self._client.uaclient.session
        made = struct_from_binary(ua.CreateSubscriptionResponse, await session._send_request(request))
        number = made.Parameters.SubscriptionId
        self._tasks = [asyncio.create_task(self._publish(number)) for _ in range(self.REQUESTS)]
        params = ua.CreateMonitoredItemsParameters()
        params.SubscriptionId, params.TimestampsToReturn = number, ua.TimestampsToReturn.Both
        for handle, (name, index) in enumerate(names):
            item = ua.MonitoredItemCreateRequest()
            item.ItemToMonitor = ua.ReadValueId(ua.NodeId(name, index), ua.AttributeIds.Value)
            item.MonitoringMode = ua.MonitoringMode.Reporting
            item.RequestedParameters.ClientHandle, item.RequestedParameters.QueueSize = handle, 10
            params.ItemsToCreate.append(item)
        for result in await self._client.uaclient.create_monitored_items(params):
            result.StatusCode.check()

    async def _secure(self) -> None:
        from asyncua.crypto import security_policies

        from opcua_server.certificates import application_uri, own_certificate

        if self._folder is not None:
            certificate, _ = own_certificate(self._folder, CLIENT, "")
            self._client.application_uri = application_uri(certificate)
            files = (str(self._folder / name) for name in ("certificate.der", "key.pem"))
            await self._client.set_security(getattr(security_policies, f"SecurityPolicy{POLICY}"), *files)

    def stop(self) -> None:
        """Hang up."""
        for task in self._tasks:
            task.cancel()
        self._client.uaclient.disconnect_socket()

    async def _publish(self, number: int) -> None:
        from asyncua import ua

        session, acknowledged = self._client.uaclient.session, list[int]()
        while True:
            request = ua.PublishRequest()
            request.Parameters.SubscriptionAcknowledgements = [
                ua.SubscriptionAcknowledgement(number, sequence) for sequence in acknowledged
            ]
            body = await session._send_request(request, timeout=0)
            acknowledged = self._take(bytes(body))

    def _take(self, message: bytes) -> list[int]:
        """Count a PublishResponse; the sequence number to acknowledge."""
        at = HEAD + 4
        (waiting,) = COUNT.unpack_from(message, at)
        _, sequence, _, parts = struct.unpack_from("<?Iqi", message, at + 4 + 4 * max(waiting, 0))
        if parts < 1:
            return []
        at += 4 + 4 * max(waiting, 0) + 17 + 9  # the first part: its type, that it is binary, its length
        (count,) = COUNT.unpack_from(message, at)
        (taken,) = struct.unpack_from("<q", message, at + 4 + 4 + 1 + 9 + (4 if message[at + 8] & 0x02 else 0))
        self.delays.append(time.time() - (taken - EPOCH) / 1e7)
        self.count += count
        self._seen.add(sequence)
        return [sequence]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="how long to measure [s]")
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--tags", type=int, default=500)
    asked = parser.parse_args()
    for found in run(asked.seconds, asked.clients, asked.tags):
        print(f"{found['point']:75} {found['figure']:10.4g} {found['unit']:5} {found['target']:6} {found['verdict']}")


if __name__ == "__main__":
    main()
