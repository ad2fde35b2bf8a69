"""`hetwin serve`: the plant on OPC UA until Ctrl-C, its history and last snapshot kept."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from hetwin.key_figures import clock
from opcua_server.server import TwinServer
from twin.history import History
from twin.simulation import Simulation

if TYPE_CHECKING:
    from twin.plant import Plant

HISTORY_INTERVAL = 10.0  # s of simulated time
LOG_PERIOD = 60.0  # s of wall time between two log lines

log = logging.getLogger("hetwin")


def serve(plant: Plant, endpoint: str, mode: str, speed: float, out: Path) -> int:
    """Serve until Ctrl-C or SIGTERM; returns the exit code."""
    simulation = Simulation(plant, mode=mode, speed=speed)
    out.mkdir(parents=True, exist_ok=True)
    history = History.create(_history_path(out), plant, interval=max(HISTORY_INTERVAL, plant.dt))
    on_terminal = sys.stdout.isatty()
    logging.basicConfig(
        level=logging.WARNING if on_terminal else logging.INFO,
        format="%(asctime)s %(levelname)s %(message)s",
        stream=sys.stderr if on_terminal else sys.stdout,
    )
    logging.getLogger("asyncua").setLevel(logging.ERROR)
    try:
        asyncio.run(_serve(TwinServer(simulation, endpoint), history, on_terminal))
    finally:
        history.close()
    snapshot = out / f"{plant.name}.snapshot"
    snapshot.write_bytes(plant.snapshot().to_bytes())
    print(f"Stopped at {clock(plant.time)}. Snapshot: {snapshot}. History: {history.path}.")
    return 1 if simulation.failure else 0


def _history_path(out: Path) -> Path:
    """Every start records into a file of its own, named by the wall clock."""
    return out / f"history-{datetime.now():%Y%m%d-%H%M%S}.sqlite"


async def _serve(server: TwinServer, history: History, on_terminal: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    simulation = server.simulation
    simulation.subscribe(history.record)
    async with server:
        if on_terminal:
            from hetwin.console_view import ConsoleView

            view = ConsoleView(simulation, server.endpoint)
            view.start()
            await stop.wait()
            view.stop()
        else:
            await _log_until(stop, simulation)


async def _log_until(stop: asyncio.Event, simulation: Simulation) -> None:
    """A line a minute, and one when the plant fails."""
    before, told = simulation.plant.time, None
    while not stop.is_set():
        try:
            await asyncio.wait_for(stop.wait(), LOG_PERIOD)
        except TimeoutError:
            now = simulation.plant.time
            speed = (now - before) / LOG_PERIOD
            before = now
            log.info(
                "%s, %s, %.1f times real time, %d overruns.", clock(now), simulation.mode, speed, simulation.overruns
            )
        if simulation.failure is not None and simulation.failure is not told:
            told = simulation.failure
            log.error("%s", told)
