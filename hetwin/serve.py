"""`hetwin serve`: the plant on OPC UA until Ctrl-C, its history, alarms and last snapshot kept."""

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
from twin.alarms.engine import AlarmSnapshot
from twin.alarms.record import AlarmRecord
from twin.history import History
from twin.simulation import Simulation

if TYPE_CHECKING:
    from twin.alarms.event import AlarmEvent
    from twin.plant import Plant

HISTORY_INTERVAL = 10.0  # s of simulated time
ALARMS = "alarms.sqlite"
LOG_PERIOD = 60.0  # s of wall time between two log lines

log = logging.getLogger("hetwin")


def serve(plant: Plant, endpoint: str, mode: str, speed: float, out: Path, alarms: Path | None = None) -> int:
    """Serve until Ctrl-C or SIGTERM; returns the exit code. `alarms` is their state to begin with, if there is one."""
    server = TwinServer(Simulation(plant, mode=mode, speed=speed), endpoint, out / "snapshots")
    kept = AlarmSnapshot.from_bytes(alarms.read_bytes()) if alarms is not None and alarms.is_file() else None
    on_terminal = sys.stdout.isatty()
    logging.basicConfig(
        level=logging.ERROR if on_terminal else logging.INFO,  # the live view shows the alarms
        format="%(asctime)s %(levelname)s %(message)s",
        stream=sys.stderr if on_terminal else sys.stdout,
    )
    logging.getLogger("asyncua").setLevel(logging.ERROR)
    history = asyncio.run(_serve(server, out, on_terminal, kept))

    snapshot = out / f"{plant.name}.snapshot"
    snapshot.write_bytes(plant.snapshot().to_bytes())
    snapshot.with_suffix(".alarms").write_bytes(server.simulation.alarms.snapshot().to_bytes())
    print(f"Stopped at {clock(plant.time)}. Snapshot: {snapshot}. History: {history}. Alarms: {out / ALARMS}.")
    return 1 if server.simulation.failure else 0


def _history_path(out: Path) -> Path:
    """Every start records into a file of its own, named by the wall clock."""
    return out / f"history-{datetime.now():%Y%m%d-%H%M%S}.sqlite"


async def _serve(server: TwinServer, out: Path, on_terminal: bool, kept: AlarmSnapshot | None) -> Path:
    """Serve and record until a signal; returns the file of the history."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    simulation = server.simulation
    record = AlarmRecord(out / ALARMS)
    simulation.alarms.subscribe(record.take)  # before the first scan, which may bring the first alarms
    simulation.alarms.subscribe(_log_alarm)
    if kept is not None:
        simulation.alarms.restore(kept, simulation.plant.time)
    await server.start()
    out.mkdir(parents=True, exist_ok=True)
    with record:
        return await _record(server, out, on_terminal, stop)


async def _record(server: TwinServer, out: Path, on_terminal: bool, stop: asyncio.Event) -> Path:
    """Keep the history until the signal; returns its file."""
    simulation = server.simulation
    with History.create(_history_path(out), simulation.plant, interval=HISTORY_INTERVAL) as history:
        simulation.subscribe(history.record)
        try:
            await (_view_until(stop, server) if on_terminal else _log_until(stop, simulation))
        finally:
            await server.stop()  # the simulation stops first; only then is the history closed
    return history.path


def _log_alarm(event: AlarmEvent) -> None:
    """A line for every new alarm, and for every one that has gone."""
    if event.transition in ("active", "changed") and not event.state.silent:
        log.warning("%s, alarm: %s", clock(event.time), event.message)
    elif event.transition == "returned":
        log.info("%s, %s", clock(event.time), event.message)


async def _view_until(stop: asyncio.Event, server: TwinServer) -> None:
    """The live view."""
    from hetwin.console_view import ConsoleView

    view = ConsoleView(server.simulation, server.endpoint)
    view.start()
    await stop.wait()
    view.stop()


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
