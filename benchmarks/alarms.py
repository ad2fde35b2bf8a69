"""What alarms cost: a scan of a thousand of them, when nothing changes and when all do, and a flood told to clients.

    hetwin bench alarms

The flood: every transmitter of the network fails at once; ten clients watch all alarms. The figure is how long the
server's event loop is held in one go.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any

import numpy as np
from asyncua import Client

from benchmarks.servers.served import free_port
from opcua_server import TwinServer
from twin.alarms.catalogue import Alarm, plant_alarms
from twin.alarms.engine import AlarmEngine
from twin.plant import Plant
from twin.simulation import Simulation

NAME = "alarms"
PLANT, ALARMS, CLIENTS, SCANS = "herenet", 1000, 10, 300


def run() -> list[dict[str, Any]]:
    """Scans, then the flood."""
    plant = Plant.load(PLANT)
    plant.run(minutes=1)
    quiet, storm = scans(plant)
    told, hold = asyncio.run(flood(plant))
    return [
        _row(f"scan of {ALARMS} alarms, none changes", 1e3 * quiet, "ms", 1.0),
        _row(f"scan of {ALARMS} alarms, a thousand transitions", 1e3 * storm, "ms", None),
        _row(f"flood to {CLIENTS} clients: events told", told, "1", None),
        _row("flood: event loop held in one go by alarms", 1e3 * hold, "ms", 20.0),
    ]


def scans(plant: Plant) -> tuple[float, float]:
    """Seconds for a scan when nothing changes, and when every alarm does (median)."""
    engine = AlarmEngine(_many(plant), plant.tags, len(plant.image))
    engine.scan(plant.image, plant.time)
    quiet = [_timed(engine, plant.image, plant.time + k) for k in range(SCANS)]
    wild = plant.image.copy()
    rng = np.random.default_rng(1)
    storms = []
    for k in range(20):
        wild[:] = rng.choice([0.0, 1.0, 1e9], len(wild))
        storms.append(_timed(engine, wild, plant.time + 1e4 * (k + 1)))
    return float(np.median(quiet)), float(np.median(storms))


def _many(plant: Plant) -> list[Alarm]:
    own = [alarm for alarm in plant_alarms(plant.spec, plant.tags) if alarm.tag is not None]
    return [replace(own[k % len(own)], name=f"{own[k % len(own)].name}-{k}") for k in range(ALARMS)]


def _timed(engine: AlarmEngine, image: np.ndarray, at: float) -> float:
    start = time.perf_counter()
    engine.scan(image, at)
    return time.perf_counter() - start


async def flood(plant: Plant) -> tuple[int, float]:
    """Events that came to the clients, and the longest hold [s]."""
    simulation = Simulation(plant, mode="lockstep")
    endpoint = f"opc.tcp://127.0.0.1:{free_port()}"
    async with TwinServer(simulation, endpoint) as server:
        clients = [Client(endpoint, timeout=60.0) for _ in range(CLIENTS)]
        counter = _Counter()
        for client in clients:
            await client.connect()
            subscription = await client.create_subscription(50, counter)
            await subscription.subscribe_alarms_and_conditions()
        for tag in plant.tags.values():
            if tag.kind == "transmitter" and tag.name.endswith(".fault"):
                simulation.write(tag.name, 2.0)
        await asyncio.wrap_future(simulation.advance(2.0))
        await asyncio.wrap_future(simulation.advance(62.0))
        await asyncio.sleep(3.0)
        for client in clients:
            await client.disconnect()
        return counter.events, max(server.conditions.longest_hold, server.publisher.figures.longest_hold)


class _Counter:
    def __init__(self) -> None:
        self.events = 0

    def event_notification(self, event: Any) -> None:
        self.events += 1


def _row(point: str, figure: float, unit: str, most: float | None) -> dict[str, Any]:
    verdict = "" if most is None else ("pass" if figure < most else "fail")
    return {
        "point": point,
        "figure": figure,
        "unit": unit,
        "target": "" if most is None else f"< {most:g}",
        "verdict": verdict,
    }


if __name__ == "__main__":
    for row in run():
        print(f"{row['point']:60}{row['figure']:10.3f} {row['unit']:4}{row['target']:8}{row['verdict']}")
