"""`hetwin serve` as a user starts it: a process, an OPC UA client, Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import pty
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asyncua import Client, Node, ua

from benchmarks.servers.served import HETWIN, LEAVING, PATIENCE, Served, free_port, serving
from tests.postgres import postgres, postgres_server  # noqa: F401  (fixtures)
from twin.history import Reader, read_history
from twin.plant import Plant, Snapshot

PLANT = """
description = "Two buffers and a valve."
step = "1 s"
[unit.AMB-1]
kind = "ambient"
[unit.BUF-1]
kind = "buffer"
site = "hub"
volume = "500 L"
p_start = "13 bar"
[unit.BUF-2]
kind = "buffer"
site = "partner"
volume = "2 m3"
[unit.CV-101]
kind = "control_valve"
inlet = "BUF-1"
outlet = "BUF-2"
flow_area = "12 mm2"
"""


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    path = tmp_path / "pair.toml"
    path.write_text(PLANT)
    return path


@pytest.fixture
def started(pair: Path, tmp_path: Path) -> Iterator[Served]:
    """The served plant at 100 times real time, without a terminal."""
    with serving(pair, "--speed", "100", "--out", tmp_path / "out") as server:
        yield server


async def leave(client: Client) -> None:
    """Disconnect, and let the loop close the socket."""
    await client.disconnect()
    await asyncio.sleep(0.1)


async def node(client: Client, tag: str) -> Node:
    index = next(i for i, uri in enumerate(await client.get_namespace_array()) if "hetwin" in uri and i > 1)
    return client.get_node(f"ns={index};s={tag}")


async def test_a_client_moves_a_valve_and_ctrl_c_saves_snapshot_and_history(
    started: Served, pair: Path, tmp_path: Path
) -> None:
    client = await started.first_client()
    opening, pressure = await node(client, "CV-101.opening"), await node(client, "BUF-1.p")
    before = await pressure.read_value()
    await opening.write_value(1.0)
    await asyncio.sleep(1.0)  # 100 s of the plant
    assert await pressure.read_value() < before - 1e4
    minute_ago = datetime.now(UTC) - timedelta(minutes=1)
    recorded = await pressure.read_raw_history(minute_ago, datetime.now(UTC), return_bounds=False)
    assert recorded[0].Value.Value > recorded[-1].Value.Value
    assert datetime.now(UTC) - recorded[-1].SourceTimestamp.replace(tzinfo=UTC) < timedelta(seconds=PATIENCE)
    await leave(client)

    out, err = started.stop()
    assert started.process.returncode == 0, err
    assert "Traceback" not in err
    assert started.endpoint in out
    assert "Stopped at" in out

    plant = Plant.load(pair)
    plant.restore(Snapshot.from_bytes((tmp_path / "out" / "pair.snapshot").read_bytes()))
    assert plant["CV-101.opening"] == 1.0
    series = read_history(tmp_path / "out" / "history.sqlite")
    assert series.time[-1] <= plant.time
    assert series["BUF-1.p"][-1] < series["BUF-1.p"][0]


async def test_a_client_stops_the_server_which_keeps_what_it_should_and_does_not_fail(
    started: Served, pair: Path, tmp_path: Path
) -> None:
    client = await started.first_client()
    wish = [
        ua.Variant(int(ua.ServerState.Shutdown), ua.VariantType.Int32),
        ua.Variant(datetime.now(UTC), ua.VariantType.DateTime),
        ua.Variant(0, ua.VariantType.UInt32),
        ua.Variant(ua.LocalizedText("The week is over.", "en"), ua.VariantType.LocalizedText),
        ua.Variant(False, ua.VariantType.Boolean),
    ]
    await client.nodes.server.call_method(ua.NodeId(ua.ObjectIds.Server_RequestServerStateChange), *wish)
    await leave(client)
    await asyncio.to_thread(started.process.wait, LEAVING)
    out, err = started.said()
    assert started.process.returncode == 0, err
    assert "asks the server to stop in 2 s: The week is over." in out + err
    Plant.load(pair).restore(Snapshot.from_bytes((tmp_path / "out" / "pair.snapshot").read_bytes()))
    assert len(read_history(tmp_path / "out" / "history.sqlite").time) > 0


async def start_and_stop(*command: object) -> tuple[float, str]:
    """Time of the plant that the first client reads, and what was printed."""
    with serving(*command) as server:
        client = await server.first_client()
        first = await (await node(client, "SIM.time")).read_value()
        await asyncio.sleep(0.5)
        await leave(client)
        said = "".join(server.stop())
        assert server.process.returncode == 0, said
    return float(first), said


async def test_a_plant_goes_on_where_it_stopped_unless_a_fresh_start_is_asked_for(pair: Path, tmp_path: Path) -> None:
    command = (pair, "--speed", "100", "--out", tmp_path / "out")
    await start_and_stop(*command)
    reached = read_history(tmp_path / "out" / "history.sqlite").time[-1]
    again, out = await start_and_stop(*command)
    assert again >= reached
    assert "pair goes on at" in out
    series = read_history(tmp_path / "out" / "history.sqlite")
    assert series.time[0] < reached < series.time[-1]
    fresh, out = await start_and_stop(*command, "--fresh")
    assert fresh < reached
    assert "goes on" not in out


async def test_the_history_may_be_kept_in_postgresql(
    pair: Path,
    tmp_path: Path,
    postgres: str,  # noqa: F811
) -> None:
    options = ("--history", postgres, "--dead-band", "0.1 %", "--keep", "7 d")
    await start_and_stop(pair, "--out", tmp_path / "out", *options)
    series = read_history(postgres, ["BUF-1.p", "SIM.time"])
    assert len(series.time) >= 1
    assert series["BUF-1.p"][0] == pytest.approx(13e5, rel=1e-3)
    assert not (tmp_path / "out" / "history.sqlite").exists()


async def test_alarms_are_logged_and_kept(started: Served, pair: Path, tmp_path: Path) -> None:
    client = await started.first_client()
    call = [ua.Variant(1e-3, ua.VariantType.Double)]
    await (await node(client, "SIM")).call_method(ua.NodeId("SIM.watch", 2), *call)
    await asyncio.sleep(1.0)  # without writing
    await leave(client)
    out, err = started.stop()
    assert started.process.returncode == 0, err
    assert "alarm: SIM.controller: controller silent" in out
    with Reader(tmp_path / "out" / "history.sqlite") as history:
        first = next(event for event in history.events(kinds=["alarm"]) if "SIM.controller" in event.message)
    assert (first.detail["transition"], first.detail["message_ja"]) == ("active", "SIM.controller: 制御装置通信途絶")

    # the next server knows what nobody has acknowledged
    with serving(pair, "--out", tmp_path / "out") as again:
        await leave(await again.first_client())
        out, err = again.stop()
        assert again.process.returncode == 0, err
    with Reader(tmp_path / "out" / "history.sqlite") as history:
        told = [event.detail for event in history.events(kinds=["alarm"])]
    restored = [(each["ConditionName"], each["state"]) for each in told if each["transition"] == "restored"]
    assert ("SIM.controller", "unacknowledged") in restored


async def test_a_busy_port_is_said_in_a_sentence(started: Served, pair: Path, tmp_path: Path) -> None:
    client = await started.first_client()
    await leave(client)
    second = await asyncio.to_thread(
        subprocess.run,
        [HETWIN, "serve", pair, "--port", str(started.port), "--out", tmp_path / "second"],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert second.returncode == 1
    sentence = second.stderr.splitlines()[-1]
    assert sentence.startswith(f"Port {started.port} on 127.0.0.1 is busy")
    assert "Traceback" not in second.stderr
    assert not (tmp_path / "second").exists()


def test_a_terminal_shows_key_figures_by_site_endpoint_and_speed(pair: Path, tmp_path: Path) -> None:
    port = free_port()
    ours, theirs = pty.openpty()
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "120", "LINES": "40"}
    command = [HETWIN, "serve", pair, "--port", str(port), "--speed", "100", "--out", tmp_path / "out"]
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    shown = read_until(ours, "Ctrl-C saves", process)
    process.send_signal(signal.SIGINT)
    shown += read_until(ours, "Stopped at", process)
    assert process.wait(20.0) == 0
    os.close(ours)

    for words in ("hub", "partner", "BUF-1", "13.0 bar", f"opc.tcp://127.0.0.1:{port}", "100 times real time"):
        assert words in shown, words
    assert "overruns 0" in shown
    assert "Traceback" not in shown


def read_until(terminal: int, words: str, process: subprocess.Popen[bytes]) -> str:
    """What the terminal shows, without its control sequences, until the words have come."""
    raw, deadline = b"", time.monotonic() + PATIENCE
    while words.encode() not in raw and time.monotonic() < deadline:
        try:
            raw += os.read(terminal, 65536)
        except OSError:  # the other end is closed
            break
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", raw.decode(errors="replace"))
    assert words in text, f"exit code {process.poll()}: {text[-2000:]}"
    return text
