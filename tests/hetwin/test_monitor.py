"""`/health` and `/metrics` of a served plant, as a supervisor and Prometheus ask for them."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from asyncua import Client, ua

from hetwin.monitor import Monitor
from opcua_server import TwinServer
from opcua_server.errors import PortBusy
from twin.errors import TwinError
from twin.history import History, Recorder
from twin.plant import Plant
from twin.simulation import Simulation

PLANT = Path(__file__).parent.parent / "plants" / "alarms.toml"
HETWIN = Path(sys.executable).parent / "hetwin"
PATIENCE = 120.0  # s; kernels may have to be compiled first


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def watched(folder: Path, mode: str = "realtime") -> AsyncIterator[tuple[TwinServer, Monitor]]:
    """A plant that is served, recorded and watched."""
    plant = Plant.load(PLANT)
    with Recorder(History.create(folder / "history.sqlite", plant, interval=0.0)) as recorder:
        server = TwinServer(Simulation(plant, mode=mode), f"opc.tcp://127.0.0.1:{free_port()}")
        server.record_into(recorder)
        async with server:
            with Monitor(server, recorder, 0) as monitor:
                yield server, monitor


def get(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30.0) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


async def ask(monitor: Monitor, path: str) -> tuple[int, str]:
    return await asyncio.to_thread(get, monitor.port, path)


def values(text: str) -> dict[str, float]:
    """Samples of the text form by name and labels."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {name: float(number) for name, number in (line.rsplit(" ", 1) for line in lines)}


async def test_a_plant_that_runs_is_healthy(tmp_path: Path) -> None:
    async with watched(tmp_path) as (server, monitor):
        status, text = await ask(monitor, "/health")
        found = json.loads(text)
        assert status == 200, found
        assert (found["healthy"], found["mode"], found["failure"]) == (True, "realtime", None)
        assert found["service_level"] == server.health().level
        assert found["scan_age"] >= 0.0
        assert {"overruns", "recorder_queue", "recorder_lost", "plant"} <= set(found)
        assert (await ask(monitor, "/else"))[0] == 404


async def test_a_plant_that_failed_is_not_and_the_sentence_says_why(tmp_path: Path) -> None:
    async with watched(tmp_path, "paused") as (server, monitor):
        assert (await ask(monitor, "/health"))[0] == 200  # paused on purpose
        server.simulation.failure = TwinError("CV-101.m_flow is no number.")
        status, text = await ask(monitor, "/health")
        assert (status, json.loads(text)["failure"]) == (503, "CV-101.m_flow is no number.")


async def test_a_server_that_hangs_is_not_healthy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hetwin.monitor.PATIENCE", 0.2)
    async with watched(tmp_path) as (_, monitor):
        status, text = get(monitor.port, "/health")  # the event loop waits for this very answer
        assert (status, json.loads(text)["reason"]) == (503, "The server does not answer.")
        assert (await ask(monitor, "/health"))[0] == 200


async def test_metrics_count_clients_refusals_and_alarms(tmp_path: Path) -> None:
    pytest.importorskip("prometheus_client", reason="prometheus_client is not installed")
    async with watched(tmp_path) as (server, monitor), Client(server.endpoint, timeout=30.0) as client:
        subscription = await client.create_subscription(100.0, Deaf())
        nodes = [client.get_node(ua.NodeId(name, 2)) for name in ("SIM.time", "SIM.mode")]
        await subscription.subscribe_data_change(nodes)
        with pytest.raises(ua.UaStatusCodeError):
            await nodes[0].write_value(1.0)
        found: dict[str, float] = {}
        async with asyncio.timeout(60.0):
            while found.get("hetwin_notifications_total", 0.0) < 3.0:
                found = values((await ask(monitor, "/metrics"))[1])
        assert (found["hetwin_sessions"], found["hetwin_subscriptions"], found["hetwin_monitored_items"]) == (1, 1, 2)
        assert found['hetwin_writes_total{result="refused"}'] == 1.0
        assert found['hetwin_writes_total{result="done"}'] == 0.0
        assert found['hetwin_logins_total{result="done"}'] == 1.0
        assert found['hetwin_mode{mode="realtime"}'] == 1.0
        assert found["hetwin_plant_time_seconds"] > 0.0
        assert found["hetwin_scan_time_seconds"] > 0.0
        assert found["hetwin_history_bytes"] > 0.0
        assert found["process_resident_memory_bytes"] > 1e7
        alarms = sum(number for name, number in found.items() if name.startswith("hetwin_alarms{"))
        assert alarms == len(server.simulation.alarms.alarms)


SAMPLE = re.compile(r'([a-z_]+)(?:\{([a-z]+="[^"\\\n]*"(?:,[a-z]+="[^"\\\n]*")*)\})? (-?[0-9.e+-]+|NaN|[+-]Inf)')


async def test_metrics_are_in_the_form_that_prometheus_reads(tmp_path: Path) -> None:
    """The rules of `promtool check metrics`: HELP and TYPE before the samples of a family, no family in two places,
    no sample twice, counters end in _total, base units."""
    pytest.importorskip("prometheus_client", reason="prometheus_client is not installed")
    async with watched(tmp_path) as (_, monitor):
        status, text = await ask(monitor, "/metrics")
    assert status == 200
    assert text.endswith("\n")
    families: dict[str, str] = {}
    helped, seen, family = "", set(), ""
    for line in text.splitlines():
        if line.startswith("# HELP "):
            helped = line.split(" ", 3)[2]
            assert line.split(" ", 3)[3].strip()
        elif line.startswith("# TYPE "):
            family, kind = line.split(" ")[2:]
            assert family == helped
            assert family not in families
            families[family] = kind
        else:
            matched = SAMPLE.fullmatch(line)
            assert matched, line
            assert matched[1] == family
            assert line.rpartition(" ")[0] not in seen
            seen.add(line.rpartition(" ")[0])
    for name, kind in families.items():
        assert kind in ("counter", "gauge")
        assert (kind == "counter") == name.endswith("_total"), name
        assert not name.endswith(("_ms", "_minutes", "_kb"))
    assert len(families) > 20


class Deaf:
    def datachange_notification(self, node: Any, value: Any, data: Any) -> None:
        pass


async def test_what_goes_wrong_in_an_answer_is_logged_and_the_next_one_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with watched(tmp_path, "paused") as (_, monitor):
        with monkeypatch.context() as broken:
            broken.setattr(monitor, "_recorder", None)
            assert (await ask(monitor, "/health"))[0] == 500
        assert "/health could not be answered" in caplog.text
        assert (await ask(monitor, "/health"))[0] == 200


async def test_a_port_that_is_taken_is_said_in_a_sentence(tmp_path: Path) -> None:
    async with watched(tmp_path) as (server, monitor):
        with pytest.raises(PortBusy, match=f"127.0.0.1:{monitor.port} cannot be served"):
            Monitor(server, monitor._recorder, monitor.port)


@contextmanager
def systemd(folder: Path) -> Iterator[tuple[str, socket.socket]]:
    """Listens as systemd would."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(folder / "notify"))
        listener.settimeout(PATIENCE)
        yield str(folder / "notify"), listener


async def test_a_service_tells_systemd_its_log_is_json_and_clients_hear_that_it_stops(tmp_path: Path) -> None:
    port, http = free_port(), free_port()
    file = tmp_path / "serve.toml"
    file.write_text(
        f'plant = "{PLANT}"\nport = {port}\nout = "out"\n[operation]\nhttp_port = {http}\nlog_format = "json"\n'
        'stop_delay = "20 s"\naway = "2 min"\n'
    )
    with systemd(tmp_path) as (address, listener):
        command = [HETWIN, "serve", "--config", file]
        environment = os.environ | {"NOTIFY_SOCKET": address}
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        try:
            assert await asyncio.to_thread(listener.recv, 100) == b"READY=1"
            assert (await asyncio.to_thread(get, http, "/health"))[0] == 200
            async with Client(f"opc.tcp://127.0.0.1:{port}", timeout=30.0) as client:
                process.send_signal(signal.SIGTERM)
                told = b""
                while told != b"STOPPING=1":
                    told = await asyncio.to_thread(listener.recv, 100)
                back = client.get_node(ua.NodeId(ua.ObjectIds.Server_EstimatedReturnTime))
                until = ((await back.read_value()).replace(tzinfo=UTC) - datetime.now(UTC)).total_seconds()
                assert 100.0 < until <= 140.0
                assert await client.get_node(ua.NodeId(ua.ObjectIds.Server_ServiceLevel)).read_value() == 0
            out, err = await asyncio.to_thread(process.communicate, timeout=60.0)  # soon: the last client has gone
        finally:
            process.kill()
            process.wait()
    assert process.returncode == 0, err
    lines = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    assert any(f"opc.tcp://127.0.0.1:{port}" in line["message"] for line in lines)
    assert {"time", "level", "logger", "message", "fields"} <= set(lines[0])
