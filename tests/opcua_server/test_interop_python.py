"""Clients of two more stacks, each in a process of its own: the old `opcua` client, and open62541 by its binding `o6`."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent


def needs(package: str) -> pytest.MarkDecorator:
    missing = importlib.util.find_spec(package) is None
    return pytest.mark.skipif(missing, reason=f"the OPC UA client {package} is not installed")


async def drive(script: str, *arguments: str) -> dict[str, Any]:
    client = await asyncio.create_subprocess_exec(
        *(sys.executable, str(HERE / script), *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await asyncio.wait_for(client.communicate(), 60.0)
    finally:
        if client.returncode is None:
            client.kill()
    assert client.returncode == 0, err.decode()[-3000:]
    (answer,) = [line for line in out.decode().splitlines() if line.startswith("{")]
    found: dict[str, Any] = json.loads(answer)
    return found


@needs("opcua")
async def test_the_old_client_browses_reads_writes_subscribes_and_is_refused(serve: Callable[..., Any]) -> None:
    server = await serve(mode="realtime")
    seen = await drive("interop_old.py", server.endpoint)
    assert {"Server", "two-vessels"} <= set(seen["objects"])
    assert seen["pressure"] == pytest.approx(1e6, rel=0.05)
    assert seen["unit"] == "Pa"
    assert (seen["written"], seen["read_back"]) == ("Good", 0.7)
    assert seen["out_of_range"] == "BadOutOfRange"
    assert seen["wrong_type"] == "BadTypeMismatch"
    assert seen["read_only"] == "BadNotWritable"
    assert seen["times"] == sorted(set(seen["times"]))
    assert len(seen["times"]) >= 3
    assert seen["state"] == 0  # running
