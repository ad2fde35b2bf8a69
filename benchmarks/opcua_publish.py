"""OPC UA publish: 500 tags that change at every scan, 10 scans a second, one subscriber to all of them.

    hetwin bench opcua_publish                            10 s
    python -m benchmarks.opcua_publish --seconds 600      the ten minutes of the promise

The subscriber is a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import multiprocessing
import time
from typing import Any

import numpy as np

from benchmarks.servers.chain import PERIOD, load_chain, moving
from benchmarks.servers.served import free_port

NAME = "opcua_publish"
TAGS = 500
VESSELS = 90


def run(seconds: float = 10.0) -> list[dict[str, Any]]:
    """Serve, subscribe and measure for the seconds."""
    logging.getLogger("asyncua").setLevel(logging.ERROR)
    return asyncio.run(_measure(seconds))


async def _measure(seconds: float) -> list[dict[str, Any]]:
    from opcua_server import TwinServer
    from twin.simulation import Simulation

    plant = load_chain(VESSELS)
    names = moving(TAGS)
    simulation = Simulation(plant, mode="realtime", period=PERIOD)
    server = TwinServer(simulation, f"opc.tcp://127.0.0.1:{free_port()}")
    began = time.perf_counter()
    await server.start()
    started = time.perf_counter() - began
    steps: list[float] = []
    simulation.subscribe(lambda image, now: steps.append(time.monotonic() - simulation.scan_began))
    lags: list[float] = []
    watch = asyncio.create_task(_watch(lags))
    try:
        subscriber, received = await _subscribe(server.endpoint, names, seconds)
        steps.clear()
        lags.clear()
        server.publisher.figures.latency.clear()
        simulation.overruns = server.publisher.figures.passed_over = 0
        await asyncio.sleep(seconds)
        publish, passed_over = np.array(server.publisher.figures.latency), server.publisher.figures.passed_over
        overruns = simulation.overruns
        heard = await asyncio.to_thread(received.get, True, 30.0)
        await asyncio.to_thread(subscriber.join)
    finally:
        watch.cancel()
        await server.stop()

    count = min(len(steps), len(publish))
    p99 = 1e3 * float(np.quantile(np.array(steps[:count]) + publish[:count], 0.99))
    held = 1e3 * float(np.quantile(lags, 0.999))
    share = heard / (TAGS * seconds / PERIOD)
    return [
        _row(f"scan of {TAGS} tags, steps and publish, p99", p99, "ms", "< 20", p99 < 20.0),
        _row("of it steps and copy, median", 1e3 * float(np.median(steps)), "ms", "", True),
        _row("of it publish, median", 1e3 * float(np.median(publish)), "ms", "", True),
        _row("of it publish, p99", 1e3 * float(np.quantile(publish, 0.99)), "ms", "", True),
        _row(f"overruns and scans passed over in {seconds:g} s", overruns + passed_over, "1", "0", not overruns),
        _row("changes that reached the subscriber", 100.0 * share, "%", "> 98", share > 0.98),
        _row("event loop held, p99.9", held, "ms", "< 20", held < 20.0),
        _row(f"address space of {len(plant.tags)} tags, until listening", started, "s", "< 1", started < 1.0),
    ]


def _row(point: str, figure: float, unit: str, target: str, met: bool) -> dict[str, Any]:
    return {"point": point, "figure": figure, "unit": unit, "target": target, "verdict": "met" if met else "missed"}


async def _watch(lags: list[float]) -> None:
    """How late the event loop comes back from a short sleep [s]."""
    nap = 0.005
    while True:
        began = time.perf_counter()
        await asyncio.sleep(nap)
        lags.append(time.perf_counter() - began - nap)


async def _subscribe(endpoint: str, names: list[str], seconds: float) -> tuple[Any, Any]:
    """Start the subscriber and wait until it hears everything."""
    context = multiprocessing.get_context("spawn")
    ready, received = context.Event(), context.Queue()
    process = context.Process(target=_listen, args=(endpoint, names, seconds, ready, received), daemon=True)
    process.start()
    if not await asyncio.to_thread(ready.wait, 60.0):
        raise RuntimeError("The subscriber did not get ready.")
    await asyncio.sleep(1.0)
    return process, received


def _listen(endpoint: str, names: list[str], seconds: float, ready: Any, received: Any) -> None:
    """Another process: count changes for the seconds."""
    from asyncua import Client

    logging.getLogger("asyncua").setLevel(logging.ERROR)

    class Counter:
        count = 0

        def datachange_notification(self, node: Any, value: float, data: Any) -> None:
            self.count += 1

    async def listen() -> None:
        counter = Counter()
        async with Client(endpoint, timeout=60.0, watchdog_intervall=60.0) as client:
            index = await client.get_namespace_index("urn:hetwin:plant")
            subscription = await client.create_subscription(1e3 * PERIOD, counter, queue_maxsize=100_000)
            await subscription.subscribe_data_change([client.get_node(f"ns={index};s={name}") for name in names])
            ready.set()
            await asyncio.sleep(1.0)
            before = counter.count
            await asyncio.sleep(seconds)
            received.put(counter.count - before)

    asyncio.run(listen())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="how long to measure [s]")
    for row in run(parser.parse_args().seconds):
        print(f"{row['point']:55} {row['figure']:10.4g} {row['unit']:3} {row['target']:6} {row['verdict']}")


if __name__ == "__main__":
    main()
