"""A served plant as Prometheus sees it: read when it is asked for, no cost per scan."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from twin.records import MODES

if TYPE_CHECKING:
    from hetwin.monitor import Load
    from opcua_server.server import TwinServer
    from twin.history import Recorder

TRIED = {
    "writes": ("write", "write refused", "writes of clients"),
    "calls": ("call", "call refused", "method calls of clients"),
}
"""Counters of what was tried, and of that part of it that was refused."""
TURNED_AWAY = ("connection refused", "connection dropped", "certificate refused")


def metrics(server: TwinServer, recorder: Recorder, load: Load) -> bytes:
    """The text of `/metrics`."""
    registry = CollectorRegistry()
    registry.register(_Plant(server, recorder, load))
    ProcessCollector(registry=registry)  # memory, processor time, open files
    return generate_latest(registry)


class _Plant(Collector):
    def __init__(self, server: TwinServer, recorder: Recorder, load: Load) -> None:
        self._server, self._recorder, self._load = server, recorder, load

    def collect(self) -> Iterator[Metric]:
        yield from self._simulation()
        yield from self._clients()
        yield from self._history()
        yield _alarms(self._server)

    def _simulation(self) -> Iterator[Metric]:
        simulation = self._server.simulation
        yield _gauge("service_level", "OPC UA ServiceLevel: 200 and more is healthy", self._server.health().level)
        yield _gauge("plant_time_seconds", "simulated time", simulation.plant.time)
        yield _gauge("speed_ratio", "simulated seconds per second that are wanted", simulation.speed)
        yield _gauge("scan_time_seconds", "what the latest scan took", simulation.scan_time)
        yield _gauge("scan_age_seconds", "since the latest scan", simulation.scan_age)
        yield _counter("overruns", "scans that came late", simulation.overruns)
        modes = GaugeMetricFamily("hetwin_mode", "1 for the mode of the simulation", labels=["mode"])
        for mode in MODES:
            modes.add_metric([mode], float(mode == simulation.mode))
        yield modes

    def _clients(self) -> Iterator[Metric]:
        load, events = self._load.counts, self._load.events
        yield _gauge("sessions", "OPC UA sessions", load["sessions"])
        yield _gauge("subscriptions", "OPC UA subscriptions", load["subscriptions"])
        yield _gauge("monitored_items", "monitored items of all subscriptions", load["items"])
        yield _counter("notifications", "values and events sent to subscribers", load["notifications"])
        yield _counter("requests", "requests of clients", load["requests"])
        yield _counter("requests_rejected", "requests that failed as a whole", load["requests rejected"])
        yield _counter("connections_refused", "clients turned away", sum(events.get(name, 0) for name in TURNED_AWAY))
        yield _results("logins", "logins of clients", events.get("login", 0), events.get("login refused", 0))
        for name, (tried, refused, text) in TRIED.items():
            bad = events.get(refused, 0)
            yield _results(name, text, events.get(tried, 0) - bad, bad)

    def _history(self) -> Iterator[Metric]:
        yield _gauge("history_queue", "scans and events that are not written yet", self._recorder.waiting)
        yield _counter("history_lost", "scans and events that were not recorded", self._recorder.lost)
        size = file_size(self._recorder.history.path)
        if size is not None:
            yield _gauge("history_bytes", "size of the history on disk", size)


def file_size(path: str | Path) -> int | None:
    """Of an SQLite history with what is not merged yet [bytes]; None for a database elsewhere."""
    files = [Path(path), Path(f"{path}-wal")]
    found = [os.stat(file).st_size for file in files if file.is_file()]
    return sum(found) if found else None


def _alarms(server: TwinServer) -> Metric:
    engine = server.simulation.alarms
    states = Counter(engine.state(alarm.name).name for alarm in engine.alarms)
    family = GaugeMetricFamily("hetwin_alarms", "alarms by state (ISA-18.2)", labels=["state"])
    for state, number in sorted(states.items()):
        family.add_metric([state], number)
    return family


def _results(name: str, text: str, done: int, refused: int) -> Metric:
    family = CounterMetricFamily(f"hetwin_{name}", text, labels=["result"])
    family.add_metric(["done"], done)
    family.add_metric(["refused"], refused)
    return family


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"hetwin_{name}", text, value)


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(f"hetwin_{name}", text, value)
