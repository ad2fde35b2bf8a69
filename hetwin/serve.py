"""`hetwin serve`: the plant on OPC UA until Ctrl-C, its history, alarms and last snapshot kept."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hetwin.key_figures import clock
from hetwin.last_snapshot import (
    LastSnapshot,
    alarms_beside,
    go_on,
    go_on_with_scenario,
    restore_alarms,
    write_scenario,
    write_snapshot,
)
from hetwin.logs import begin_log
from hetwin.monitor import Monitor
from hetwin.one_server import only_one
from hetwin.systemd import tell_systemd
from opcua_server.health import STUCK
from opcua_server.security import Security
from opcua_server.server import TwinServer
from opcua_server.users import role_of
from twin.errors import TwinError
from twin.history import History, Reader, Recorder, Retention, shown
from twin.history.alarms import next_number, of_alarm
from twin.simulation import Simulation

if TYPE_CHECKING:
    from twin.alarms.event import AlarmEvent
    from twin.plant import Plant

LOG_PERIOD = 60.0  # s of wall time between two log lines
LIFE_PERIOD = 5.0  # s between two signs of life to systemd, a third of WatchdogSec or less

STOPPING = ("The server was asked to stop.", "サーバーに停止が指示されました。")

log = logging.getLogger("hetwin")


def security(secure: bool, pki: Path, audit: Path, anonymous: str, unsecured: bool) -> Security:
    """What the options of `hetwin serve` mean."""
    if not secure:
        return Security(audit=audit)
    role = None if anonymous == "none" else role_of(anonymous)
    return Security.plant(pki, role, unsecured, audit)


@dataclass(frozen=True)
class Keeping:
    """What is kept of a served plant, and where.

    `history` is a path or a PostgreSQL URL, by default a file in `out`; `interval` [s] of simulated time, 0 for every
    scan; `dead_band` as a share of each tag's range; `fresh` starts anew though there is a snapshot; `begun` is the
    snapshot with which the plant was loaded.
    """

    out: Path
    history: str | None = None
    interval: float = 0.0
    dead_band: float = 0.0
    retention: Retention = field(default_factory=Retention)
    fresh: bool = True
    begun: Path | None = None

    def open_history(self, plant: Plant) -> History:
        """The history of the plant, begun or gone on with."""
        bands = {tag.name: self.dead_band * (tag.high - tag.low) for tag in plant.tags.values() if not tag.discrete}
        where = self.history or self.out / "history.sqlite"
        return History.create(where, plant, interval=self.interval, bands=bands, retention=self.retention)


@dataclass(frozen=True)
class Operation:
    """How a served plant is watched and stopped: port of /health and /metrics, form of the log, the warning that
    clients get before a stop [s], and how long they are told that the server will be away [s]."""

    http_port: int | None = None
    log_format: str = "text"
    stop_delay: float = 2.0
    away: float | None = 60.0


def serve(
    plant: Plant,
    endpoint: str,
    mode: str,
    speed: float,
    keeping: Keeping,
    secured: Security,
    operation: Operation,
) -> int:
    """Serve until Ctrl-C or SIGTERM; returns the exit code."""
    on_terminal = sys.stdout.isatty()
    begin_log(operation.log_format, on_terminal)
    simulation = Simulation(plant, mode=mode, speed=speed)
    server = TwinServer(simulation, endpoint, secured, keeping.out / "snapshots")
    server.check_port()

    snapshot = keeping.out / f"{plant.name}.snapshot"
    keeping.out.mkdir(parents=True, exist_ok=True)
    with only_one(keeping.out):
        begun = keeping.begun
        if begun is None and not keeping.fresh and go_on(plant, snapshot):
            log.warning("%s goes on at %s from %s (--fresh starts anew).", plant.name, clock(plant.time), snapshot)
            begun = snapshot
        history = keeping.open_history(plant)
        asyncio.run(_serve(server, history, snapshot, begun, on_terminal, operation))
        try:
            write_scenario(simulation.scenario_snapshot(), snapshot)
            write_snapshot(plant.snapshot(), snapshot)
            write_snapshot(simulation.alarms.snapshot(), alarms_beside(snapshot))
        except OSError as problem:
            raise TwinError(f"The last snapshot {snapshot} could not be written: {problem.strerror}.") from None
    print(f"Stopped at {clock(plant.time)}. Snapshot: {snapshot}. History: {shown(history.path)}.")
    return 1 if server.simulation.failure else 0


async def _serve(
    server: TwinServer,
    history: History,
    snapshot: Path,
    begun: Path | None,
    on_terminal: bool,
    operation: Operation,
) -> None:
    """Serve and record until a signal."""
    stop, asked = asyncio.Event(), asyncio.Event()

    def warned() -> None:
        """A client has asked for the stop, and the others have had the time that it gave them."""
        asked.set()
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    simulation = server.simulation
    with ExitStack() as kept:
        recorder = kept.enter_context(Recorder(history))
        last = kept.enter_context(
            LastSnapshot(simulation.plant, snapshot, simulation.alarms, simulation.scenario_snapshot)
        )
        server.record_into(recorder)
        server.let_clients_stop(warned, operation.stop_delay)
        server.kept.add("last snapshot", lambda: last.failing)
        simulation.subscribe(last.take)
        simulation.alarms.subscribe(lambda told: recorder.note(of_alarm(told)))
        simulation.alarms.subscribe(_log_alarm)
        with Reader(history.path) as reader:
            simulation.alarms.number_from(next_number(reader))
        if begun is not None:
            restore_alarms(simulation, begun, history.path if begun == snapshot else None)
            go_on_with_scenario(simulation, begun)
        await server.start()
        try:
            if operation.http_port is not None:
                kept.enter_context(Monitor(server, recorder, operation.http_port))
            tell_systemd("READY=1")
            await (_view_until(stop, server) if on_terminal else _log_until(stop, server))
            tell_systemd("STOPPING=1")
            if not asked.is_set():
                await _say_goodbye(stop, server, operation)
        finally:
            await server.stop()  # the simulation stops first; only then is the history closed


def _log_alarm(event: AlarmEvent) -> None:
    """A line for every new alarm, and for every one that has gone."""
    if event.transition in ("active", "changed") and not event.state.silent:
        log.warning("%s, alarm: %s", clock(event.time), event.message, extra=_fields(event))
    elif event.transition == "returned":
        log.info("%s, %s", clock(event.time), event.message, extra=_fields(event))


def _fields(event: AlarmEvent) -> dict[str, Any]:
    return {
        "alarm": event.alarm.name,
        "transition": event.transition,
        "severity": event.state.severity,
        "plant_time": event.time,
    }


async def _view_until(stop: asyncio.Event, server: TwinServer) -> None:
    """The live view."""
    from hetwin.console_view import ConsoleView

    view = ConsoleView(server.simulation, server.endpoint)
    view.start()
    await stop.wait()
    view.stop()


async def _say_goodbye(stop: asyncio.Event, server: TwinServer, operation: Operation) -> None:
    """Clients hear that the server stops and when it is back, and have a moment to leave; a second signal ends it."""
    server.announce_stop(operation.stop_delay, STOPPING, operation.away)
    stop.clear()
    end = time.monotonic() + operation.stop_delay
    while server.diagnostics.load()["sessions"] and not stop.is_set() and time.monotonic() < end:
        await asyncio.sleep(0.05)


async def _log_until(stop: asyncio.Event, server: TwinServer) -> None:
    """A line a minute, and one when the plant fails; systemd hears more often that the server lives."""
    simulation = server.simulation
    before, since, told = simulation.plant.time, time.monotonic(), None
    while not stop.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), LIFE_PERIOD)
        if server.health().level != STUCK:  # a plant that failed is not cured by starting anew
            tell_systemd("WATCHDOG=1")
        if (passed := time.monotonic() - since) >= LOG_PERIOD:
            _log_progress(simulation, (simulation.plant.time - before) / passed)
            before, since = simulation.plant.time, time.monotonic()
        if simulation.failure is not None and simulation.failure is not told:
            told = simulation.failure
            log.error("%s", told)


def _log_progress(simulation: Simulation, speed: float) -> None:
    now, mode, overruns = simulation.plant.time, simulation.mode, simulation.overruns
    fields = {"plant_time": now, "mode": mode, "speed": speed, "overruns": overruns}
    log.info("%s, %s, %.1f times real time, %d overruns.", clock(now), mode, speed, overruns, extra=fields)
