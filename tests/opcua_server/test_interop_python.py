"""Clients of two more stacks, each in a process of its own: the old `opcua` client, and open62541 by `o6`."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asyncua import Client
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from opcua_server import TwinServer
from twin.history import History, Recorder
from twin.plant import Plant
from twin.simulation import Simulation

from .secured import PASSWORD, URI, Site, certificate
from .talking import PLANT

HERE = Path(__file__).parent
FIELDS = ("EventId", "ConditionName", "Severity", "ActiveState/Id", "AckedState/Id", "Comment")


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


async def certificate_of(endpoint: str) -> bytes:
    """Of the server, as it offers it to everybody."""
    found = await Client(endpoint).connect_and_get_server_endpoints()
    return bytes(found[0].ServerCertificate)


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


@needs("o6")
async def test_open62541_browses_reads_writes_subscribes_calls_and_is_refused(serve: Callable[..., Any]) -> None:
    server = await serve(mode="lockstep")
    seen = await drive("interop_o6.py", "plain", server.endpoint)
    assert {"Server", "two-vessels"} <= set(seen["objects"])
    assert seen["pressure"] == pytest.approx(1e6, rel=0.05)
    assert (seen["written"], seen["read_back"]) == ("GOOD", 0.7)
    assert seen["out_of_range"] == "BAD_OUT_OF_RANGE"
    assert seen["wrong_type"] == "BAD_TYPE_MISMATCH"
    assert seen["read_only"] == "BAD_NOT_WRITABLE"
    assert (seen["called"], seen["reached"]) == ("GOOD", pytest.approx(2.0))
    assert seen["diagnostics"] == {
        "product": "hetwin",
        "sessions": 1,
        "written": 4,
        "mechanism": "Anonymous",
        "policy": "None",
        "items": 1,
    }


@needs("o6")
async def test_open62541_hears_an_alarm_and_acknowledges_it(serve: Callable[..., Any]) -> None:
    server = await serve(plant="alarms", mode="lockstep")
    seen = await drive("interop_o6.py", "alarms", server.endpoint, f"SELECT {', '.join(f'/{f}' for f in FIELDS)}")
    assert seen == {
        "severity": 700,
        "acked": False,
        "acknowledged": "GOOD",
        "again": "BAD_CONDITION_BRANCH_ALREADY_ACKED",
        "comment": "seen",
    }


@needs("o6")
async def test_open62541_reads_history(endpoint: str, tmp_path: Path) -> None:
    plant = Plant.load(PLANT)
    history = History.create(tmp_path / "history.sqlite", plant, interval=0.0)
    image, begin = plant.image.copy(), datetime(2020, 1, 1, tzinfo=UTC)
    for k in range(12):
        image[plant.tags["BUF-1.p"].address] = 100.0 * k
        history.record(image, float(k), round(1e6 * begin.timestamp()) + 1_000_000 * k)
    history.commit()
    with Recorder(history) as recorder:
        server = TwinServer(Simulation(plant, mode="lockstep"), endpoint)
        server.record_into(recorder)
        async with server:
            span = begin.isoformat(), (begin + timedelta(seconds=10)).isoformat()
            seen = await drive("interop_o6.py", "history", endpoint, *span)
    assert seen["values"] == [100.0 * k for k in range(10)]  # the end of a span is not part of it (Part 11, 6.4.3)


@needs("o6")
async def test_open62541_logs_in_over_an_encrypted_channel_and_its_user_may_what_the_role_says(
    site: Site, key: rsa.RSAPrivateKey, tmp_path: Path
) -> None:
    mine = certificate(key)
    site.trust.add(site.client_file(mine))
    site.users.add("ono", "operator", PASSWORD)
    site.users.add("watcher", "observer", PASSWORD)
    private = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    (tmp_path / "key.der").write_bytes(private)
    async with site.serving() as server:
        (tmp_path / "server.der").write_bytes(await certificate_of(server.endpoint))
        files = [str(tmp_path / name) for name in ("client.der", "key.der", "server.der")]
        for user, written in (("ono", "GOOD"), ("watcher", "BAD_USER_ACCESS_DENIED")):
            seen = await drive("interop_o6.py", "secure", server.endpoint, *files, URI, user, PASSWORD)
            assert (seen["written"], seen["read_back"]) == (written, 0.7)
