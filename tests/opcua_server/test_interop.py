"""A client of another stack, node-opcua: browse, read with units, write, subscribe, bad writes refused.

Needs Node.js and `npm ci` in the root of the repository; package.json pins node-opcua.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from opcua_server.companion import find_nodesets
from opcua_server.units import UNECE

ROOT = Path(__file__).parent.parent.parent
SCRIPT = Path(__file__).parent / "interop.mjs"

pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed"),
    pytest.mark.skipif(not (ROOT / "node_modules" / "node-opcua-client").is_dir(), reason="run `npm ci` first"),
]


async def drive(endpoint: str) -> dict[str, Any]:
    node = await asyncio.create_subprocess_exec(
        "node", str(SCRIPT), endpoint, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await asyncio.wait_for(node.communicate(), 60.0)
    assert node.returncode == 0, err.decode()[-2000:]
    (answer,) = [line for line in out.decode().splitlines() if line.startswith("{")]  # node-opcua chats too
    return json.loads(answer)


async def test_node_opcua_browses_reads_writes_subscribes_and_is_refused(serve: Callable[..., Any]) -> None:
    server = await serve(mode="realtime")
    seen = await drive(server.endpoint)

    assert seen["browsed"]["opening"] == {
        "name": "opening",
        "id": "ns=2;s=CV-101.opening",
        "type": "ns=0;i=2368",
        "title": "CV-101.opening",
    }
    companions = find_nodesets() is not None
    assert seen["type"] == ["ControlValveType", "PADIMType" if companions else "BaseObjectType"]
    assert seen["device"] == "ns=2;s=/two-vessels/hub/CV-101"
    assert seen["pressure"]["type"] == "Double"
    assert seen["pressure"]["status"] == "Good"
    assert seen["pressure"]["value"] == pytest.approx(1e6, rel=0.05)
    assert abs(seen["pressure"]["age"]) < 2000.0  # ms
    assert seen["unit"] == {"symbol": "Pa", "id": 5259596, "namespace": UNECE}
    assert seen["range"] == [0.0, 1.0]
    assert seen["modes"] == ["realtime", "scaled", "asap", "lockstep", "paused"]
    assert seen["text"].startswith("commanded opening")

    assert seen["written"] == "Good"
    assert seen["readBack"] == 0.7
    assert seen["refused"] == {
        "range": "BadOutOfRange",
        "nan": "BadOutOfRange",
        "type": "BadTypeMismatch",
        "output": "BadNotWritable",
        "property": "BadNotWritable",
        "unknown": "BadNodeIdUnknown",
    }
    assert seen["pressures"] == sorted(seen["pressures"], reverse=True)
    assert len(set(seen["pressures"])) >= 4
    assert seen["mode"] == "Good"
    assert seen["advance"]["status"] == "Good"
    assert seen["advance"]["reached"] == seen["advance"]["after"]
    assert seen["advance"]["after"] - seen["advance"]["before"] == pytest.approx(2.0, abs=0.35)
