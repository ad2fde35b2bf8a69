"""A client of another stack, node-opcua, reads history: raw, aggregates, at a time, annotations.

Needs Node.js and `npm ci` in the root of the repository; package.json pins node-opcua.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from opcua_server import TwinServer
from tests.opcua_server.conftest import PLANT
from twin.history import Event, History, Recorder
from twin.plant import Plant
from twin.simulation import Simulation

ROOT = Path(__file__).parent.parent.parent
SCRIPT = Path(__file__).parent / "interop_history.mjs"
BEGIN = datetime(2020, 1, 1, tzinfo=UTC)

pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed"),
    pytest.mark.skipif(not (ROOT / "node_modules" / "node-opcua-client").is_dir(), reason="run `npm ci` first"),
]


async def test_node_opcua_reads_history(endpoint: str, tmp_path: Path) -> None:
    plant = Plant.load(PLANT)
    history = History.create(tmp_path / "history.sqlite", plant, interval=0.0)
    image = plant.image.copy()
    start = round(1e6 * BEGIN.timestamp())
    for k in range(12):
        image[plant.tags["BUF-1.p"].address] = 100.0 * k if k != 7 else np.nan
        history.record(image, float(k), start + 1_000_000 * k)
    history.note(Event(start + 3_000_000, 3.0, "write", "CV-101.opening", "0 to 0.5", 100, "anna"))
    history.commit()
    with Recorder(history) as recorder:
        server = TwinServer(Simulation(plant, mode="lockstep"), endpoint)
        server.record_into(recorder)
        async with server:
            command = ["node", str(SCRIPT), endpoint, BEGIN.isoformat(), (BEGIN + timedelta(seconds=10)).isoformat()]
            node = await asyncio.create_subprocess_exec(
                *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
            )
            out, err = await asyncio.wait_for(node.communicate(), 120.0)
    assert node.returncode == 0, err.decode()[-2000:]
    (line,) = [line for line in out.decode().splitlines() if line.startswith("{")]
    seen = json.loads(line)

    assert [v["value"] for v in seen["raw"]][:3] == [0.0, 100.0, 200.0]
    assert seen["raw"][1]["at"] == "2020-01-01T00:00:01.000Z"
    assert "BadSensorFailure" in seen["raw"][7]["status"]
    assert [v["value"] for v in seen["few"]["values"]] == [0.0, 100.0, 200.0]
    assert seen["few"]["more"]
    values = {name: [v["value"] for v in found] for name, found in seen["aggregates"].items()}
    assert values["Average"] == [200.0, (500.0 + 600.0 + 800.0 + 900.0) / 4.0]
    assert values["Minimum"] == [0.0, 500.0]
    assert values["Maximum"] == [400.0, 900.0]
    assert values["Count"] == [5, 4]
    assert values["TimeAverage"] == pytest.approx([250.0, 750.0], rel=1e-9)
    assert values["Interpolative"] == [0.0, 500.0]
    assert "UncertainDataSubNormal" in seen["aggregates"]["Average"][1]["status"]
    assert [v["value"] for v in seen["atTime"]] == [150.0]
    assert seen["modified"] == "BadHistoryOperationUnsupported"
    assert seen["notes"] == [["0 to 0.5", "anna"]]
    assert seen["historizing"] is True
    assert seen["access"] & 4
