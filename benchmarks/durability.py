"""Kills at random moments: a served plant is killed again and again, and what it kept is looked at.

Each life of the server goes on from the last snapshot. A client reads `SIM.time` until the moment of the kill; what the
history and the snapshot hold is compared with the last value that the client saw, so the figure is what an operator
would miss. The plant runs in real time: a second of the plant is a second of the clock.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from asyncua import Client, ua

NAME = "durability"
HETWIN = Path(sys.executable).parent / "hetwin"
KILLS = 200
PATIENCE = 600.0  # s; a first start may compile
LIFE = (0.2, 2.5)  # s from the first answer to the kill

PLANT = """
description = "Two buffers and a valve, stepped as often as they are scanned."
step = "0.1 s"
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
flow_area = "0.1 mm2"
"""


@dataclass(frozen=True)
class Found:
    """What one kill left: simulated times [s], and how much was seen by the client but not kept [s]."""

    went_on_at: float
    seen: float
    history_time: float
    snapshot_time: float
    history_is_whole: bool

    @property
    def lost_of_history(self) -> float:
        return self.seen - self.history_time

    @property
    def lost_of_snapshot(self) -> float:
        return self.seen - self.snapshot_time


def run() -> list[dict[str, Any]]:
    """Two hundred kills."""
    with tempfile.TemporaryDirectory() as folder:
        found = list(kill_and_look(KILLS, Path(folder), random.Random(20)))
    return [
        {"point": "kills at random moments", "figure": len(found), "target": "", "verdict": "", "unit": "1"},
        _row("histories that were not whole", sum(not f.history_is_whole for f in found), 0.0, "1"),
        _row("starts that did not go on from the snapshot", _restarts(found), 0.0, "1"),
        _row("lost of the history, at most", max(f.lost_of_history for f in found), 1.0, "s"),
        _row("lost of plant time, at most", max(f.lost_of_snapshot for f in found), 1.0, "s"),
    ]


def _restarts(found: list[Found]) -> int:
    return sum(later.went_on_at < before.snapshot_time for before, later in pairwise(found))


def _row(point: str, figure: float, most: float, unit: str) -> dict[str, Any]:
    verdict = "pass" if figure <= most else "fail"
    return {"point": point, "figure": figure, "target": most, "verdict": verdict, "unit": unit}


def kill_and_look(kills: int, folder: Path, chance: random.Random) -> Iterator[Found]:
    """Start, kill, look, so many times, always over the same files."""
    logging.getLogger("asyncua").setLevel(logging.ERROR)
    plant = folder / "pair.toml"
    plant.write_text(PLANT)
    for _ in range(kills):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [str(HETWIN), "serve", str(plant), "--port", str(port), "--out", str(folder)]
        with (folder / "log").open("w") as log:
            server = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            first, seen = asyncio.run(_watch(server, port, chance.uniform(*LIFE), folder / "log"))
        finally:
            if server.poll() is None:
                server.kill()
            server.wait()
        yield _look(folder, plant, first, seen)


async def _watch(server: subprocess.Popen[bytes], port: int, life: float, log: Path) -> tuple[float, float]:
    """First and last time that a client reads; the server is killed in between two reads, or in one."""
    client = await _connected(server, port, log)
    node = client.get_node(ua.NodeId("SIM.time", 2))
    first = seen = float(await node.read_value())
    end = time.monotonic() + life
    killer = asyncio.get_running_loop().call_at(
        asyncio.get_running_loop().time() + life, os.kill, server.pid, signal.SIGKILL
    )
    try:
        while time.monotonic() < end + 1.0:
            seen = float(await asyncio.wait_for(node.read_value(), 1.0))
    except Exception:  # the connection died with the server, in one way or another
        pass
    killer.cancel()
    server.kill()
    client.disconnect_socket()
    await asyncio.sleep(0.05)
    return first, seen


async def _connected(server: subprocess.Popen[bytes], port: int, log: Path) -> Client:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and server.poll() is None:
        client = Client(f"opc.tcp://127.0.0.1:{port}", watchdog_intervall=1e6)
        try:
            await client.connect()
        except OSError:
            await asyncio.sleep(0.05)
        else:
            return client
    raise RuntimeError(f"The server does not answer: {log.read_text()[-2000:]}")


def _look(folder: Path, plant_file: Path, first: float, seen: float) -> Found:
    """Open what was kept, as the next start would."""
    from twin.history import read_history
    from twin.plant import Plant, Snapshot

    path = folder / "history.sqlite"
    history = read_history(path, ["SIM.time", "BUF-1.p"])
    with sqlite3.connect(path) as file:
        (verdict,) = file.execute("PRAGMA integrity_check").fetchone()
    file.close()
    whole = verdict == "ok" and len(history.time) > 0 and bool((history.values[:, 1] > 0.0).all())
    whole = whole and bool((history.time[1:] > history.time[:-1]).all())
    snapshot = Snapshot.from_bytes((folder / "pair.snapshot").read_bytes())
    plant = Plant.load(plant_file)
    plant.restore(snapshot)
    return Found(first, seen, float(history.time[-1]), plant.time, whole)


if __name__ == "__main__":
    number = int(sys.argv[1]) if len(sys.argv) > 1 else KILLS
    with tempfile.TemporaryDirectory() as where:
        for one in kill_and_look(number, Path(where), random.Random(20)):
            print(one, f"history {one.lost_of_history:.2f} s, plant {one.lost_of_snapshot:.2f} s", flush=True)
