"""History read by a client while the plant is served: rate, and how long the event loop is held meanwhile.

The client is a process of its own that reads a hundred thousand raw values and the aggregates of a thousand intervals,
again and again; in the server's loop a task that wants to run every millisecond tells how late it came, and how much
processor time the loop's thread took meanwhile, which other programs on the machine do not disturb.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

NAME = "history_read"
PLANT = "teaching"
SCANS = 100_000
ROUNDS = 5
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
END = BEGIN + timedelta(seconds=SCANS)
TAGS = ("D-1.level", "BAG-1.level", "SIM.time")


def run() -> list[dict[str, Any]]:
    """Serve, read and measure."""
    logging.getLogger("asyncua").setLevel(logging.ERROR)
    return asyncio.run(_measure())


async def _measure() -> list[dict[str, Any]]:
    from opcua_server import TwinServer
    from twin.history import Recorder
    from twin.plant import Plant
    from twin.simulation import Simulation

    with socket.socket() as probe, tempfile.TemporaryDirectory() as folder:
        probe.bind(("127.0.0.1", 0))
        endpoint = f"opc.tcp://127.0.0.1:{probe.getsockname()[1]}"
        probe.close()
        plant = Plant.load(PLANT)
        with Recorder(_filled(plant, Path(folder) / "history.sqlite")) as recorder:
            server = TwinServer(Simulation(plant), endpoint)
            server.record_into(recorder)
            async with server:
                late: list[tuple[float, float]] = []
                watch = asyncio.create_task(_watch(late))
                idle = await _idle(late)
                out = await _client(endpoint)
                watch.cancel()
    values, seconds = (float(word) for word in out.split())
    return [
        _row("raw values read by a client", values / seconds, "", "values/s"),
        _row("event loop late, at most, nobody reading", 1e3 * idle, "", "ms"),
        _row("event loop late, at most, while reading", 1e3 * max(wall for wall, _ in late), 20.0, "ms"),
        _row("processor time it took in one go, at most", 1e3 * max(busy for _, busy in late), 20.0, "ms"),
    ]


def _row(point: str, figure: float, most: Any, unit: str) -> dict[str, Any]:
    verdict = "" if most == "" else "pass" if figure <= most else "fail"
    return {"point": point, "figure": figure, "target": most, "verdict": verdict, "unit": unit}


def _filled(plant: Any, path: Path) -> Any:
    """A history of all tags, a scan a second, in which every tag is a random walk."""
    from twin.history import History

    history = History.create(path, plant, interval=0.0)
    image, start = plant.image.copy(), round(1e6 * BEGIN.timestamp())
    chance = np.random.default_rng(5)
    for scan in range(SCANS):
        image += chance.normal(0.0, 1.0)
        history.record(image, float(scan), start + 1_000_000 * scan)
    history.commit()
    return history


async def _watch(late: list[tuple[float, float]]) -> None:
    while True:
        before, busy = time.perf_counter(), time.thread_time()
        await asyncio.sleep(0.001)
        late.append((time.perf_counter() - before - 0.001, time.thread_time() - busy))


async def _idle(late: list[tuple[float, float]]) -> float:
    await asyncio.sleep(3.0)
    longest = max(wall for wall, _ in late)
    late.clear()
    return longest


async def _client(endpoint: str) -> str:
    client = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.history_read", endpoint, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await client.communicate()
    return out.decode()


async def read(endpoint: str) -> tuple[int, float]:
    """Number of raw values, and the seconds it took to ask for them and be told; aggregates are read in between."""
    from asyncua import Client, ua

    logging.getLogger("asyncua").setLevel(logging.ERROR)
    number, seconds = 0, 0.0
    async with Client(endpoint, timeout=120.0, watchdog_intervall=1e6) as client:
        for round_ in range(ROUNDS):
            node = client.get_node(ua.NodeId(TAGS[round_ % len(TAGS)], 2))
            begin = time.perf_counter()
            number += len(await node.read_raw_history(BEGIN, END, return_bounds=False))
            seconds += time.perf_counter() - begin
            details = ua.ReadProcessedDetails(BEGIN, END, 1e5, [ua.NodeId(2343)], ua.AggregateConfiguration())
            found = await node.history_read(details)
            assert len(found.HistoryData.DataValues) == SCANS // 100
    return number, seconds


if __name__ == "__main__":
    print(*asyncio.run(read(sys.argv[1])))
