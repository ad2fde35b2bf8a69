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
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from opcua_server.bounds import Bounds
from opcua_server.companion import find_nodesets
from opcua_server.units import UNECE

from .secured import PASSWORD, Site, certificate

ROOT = Path(__file__).parent.parent.parent
HERE = Path(__file__).parent

pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed"),
    pytest.mark.skipif(not (ROOT / "node_modules" / "node-opcua-client").is_dir(), reason="run `npm ci` first"),
]


async def drive(endpoint: str, *arguments: str, script: str = "interop.mjs") -> dict[str, Any]:
    node = await asyncio.create_subprocess_exec(
        *("node", str(HERE / script), endpoint, *arguments),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
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


async def test_node_opcua_acknowledges_confirms_refreshes_shelves_and_calls(serve: Callable[..., Any]) -> None:
    server = await serve(plant="alarms", mode="lockstep")
    seen = await drive(server.endpoint, script="alarms.mjs")

    trip = seen["trip"]
    assert (trip["name"], trip["source"], trip["condition"]) == ("IL-102.trip", "IL-102", "ns=2;s=IL-102.trip/alarm")
    assert (trip["active"], trip["acked"], trip["confirmed"], trip["retain"]) == (True, False, False, True)
    assert trip["message"] == "IL-102.trip: interlock trip (condition 1)"
    assert trip["severity"] == 700
    assert seen["acknowledged"] == "Good"
    assert (seen["after"]["acked"], seen["after"]["comment"]) == (True, "seen")
    assert seen["again"] == "BadConditionBranchAlreadyAcked"
    assert seen["confirmed"] == "Good"
    assert seen["done"]["comment"] == "done"
    assert seen["stranger"] == "BadEventIdUnknown"
    assert seen["commented"] == "Good"
    assert "IL-102.trip" in seen["list"]
    assert "ZC-101.air" not in seen["list"]

    assert seen["name"] == ["ja", "PT-102 計測値"]
    assert seen["japanese"]["IL-102.trip"] == [
        *("IL-102.trip: インターロック作動 (条件1)", "発報", "未確認", "高", "最初に成立した条件を表示"),
    ]
    trip_node, air_node = "ns=2;s=IL-102.trip/alarm", "ns=2;s=ZC-101.air/alarm"
    assert seen["audit"] == [
        ["AuditConditionAcknowledgeEventType", "Method/Acknowledge", trip_node, "seen", True, None, True],
        ["AuditConditionAcknowledgeEventType", "Method/Acknowledge", trip_node, "again", True, None, False],
        ["AuditConditionConfirmEventType", "Method/Confirm", trip_node, "done", True, None, True],
        ["AuditConditionAcknowledgeEventType", "Method/Acknowledge", trip_node, "no", False, None, False],
        ["AuditConditionCommentEventType", "Method/AddComment", trip_node, "note", True, None, True],
        ["AuditConditionShelvingEventType", "Method/TimedShelve", air_node, None, False, 60000, True],
        ["AuditConditionShelvingEventType", "Method/TimedShelve", air_node, None, False, 60000, False],
    ]
    assert (seen["shelved"], seen["shelvedAgain"]) == ("Good", "BadConditionAlreadyShelved")
    assert seen["swap"]["status"] == "Good"
    assert seen["swap"]["given"][0] == pytest.approx(0.45, abs=0.05)
    assert seen["reset"]["status"] == "Good"
    assert seen["snapshot"] == {"status": "Good", "given": [pytest.approx(60.0)]}
    assert seen["snapshots"] == ["interop"]
    assert (seen["restored"], seen["unknown"]) == ("Good", "BadNotFound")
    assert seen["arguments"] == [
        ["to", "magnet or dewar"],
        ["volume", "volume of liquid [m3]"],
    ]


async def test_node_opcua_logs_in_over_every_policy_and_its_users_may_what_their_roles_say(
    site: Site, key: rsa.RSAPrivateKey, tmp_path: Path
) -> None:
    mine = certificate(key)
    site.trust.add(site.client_file(mine))
    pem = x509.load_der_x509_certificate(mine).public_bytes(serialization.Encoding.PEM)
    (tmp_path / "client.crt").write_bytes(pem)
    for name, role in (("watcher", "observer"), ("ono", "operator"), ("teacher", "instructor")):
        site.users.add(name, role, PASSWORD)
    async with site.serving(unsecured=True, bounds=Bounds(token_time=(1.0, 3600.0))):
        seen = await drive(site.endpoint, str(tmp_path), script="interop_secure.mjs")
    denied = "BadUserAccessDenied"
    policies = ("Basic256Sha256", "Aes128_Sha256_RsaOaep", "Aes256_Sha256_RsaPss")
    assert seen["every"] == {f"{policy} {mode}": "Good" for policy in policies for mode in ("Sign", "SignAndEncrypt")}
    assert seen["unsecured"] == {"level": 3, "written": "Good", "called": denied}  # with an encrypted password
    assert seen["stayed"].get("stayed") == {"renewed": True, "value": 0.6}, seen["stayed"]
    assert seen["observer"] == {"level": 1, "written": denied, "called": denied}
    assert seen["operator"] == {"level": 3, "written": "Good", "called": denied}
    assert seen["instructor"] == {"level": 3, "written": "Good", "called": "Good"}
    assert denied in seen["stranger"]["refused"]


@pytest.mark.skipif(find_nodesets() is None, reason="run `npm ci` first")
async def test_node_opcua_finds_machines_and_devices_by_the_companion_specifications(
    serve: Callable[..., Any],
) -> None:
    server = await serve(plant="machines", mode="lockstep")
    seen = await drive(server.endpoint, script="devices.mjs")
    assert seen["uris"][2:4] == ["urn:hetwin:plant", "urn:hetwin:kinds"]

    (machine,) = seen["machines"].items()
    assert machine[0] == "RC-1"
    plate, values = machine[1]["identification"], machine[1]["values"]
    assert (plate["Manufacturer"], plate["Model"]) == ("hetwin", "recovery compressor")
    assert plate["ProductInstanceUri"] == "urn:hetwin:machines:RC-1"
    assert {"SerialNumber", "SoftwareRevision"} <= plate.keys()
    assert all(found["isProcessValue"] and found["tag"] == name for name, found in values.items())
    assert values["RC-1.m_flow"]["unit"] == "kg/s"
    assert values["RC-1.temp_out"]["value"] > 200.0

    devices = seen["devices"]
    assert devices.keys() == {"AMB", "BAG-1", "RC-1", "BANK-1", "PT-1", "LSC-1"}
    assert all(all(device["plate"].values()) and device["health"] == 0 for device in devices.values())
    transmitter = devices["PT-1"]
    assert (transmitter["isPadim"], transmitter["signalTag"]) == (True, "PT-1")
    assert transmitter["range"] == {"low": 0.0, "high": 2e7}
    assert transmitter["plate"]["DeviceClass"] == "Transmitter"
    assert devices["RC-1"]["isDevice"]
    assert not devices["LSC-1"]["isDevice"]


async def test_node_opcua_triggers_and_loses_nothing_when_its_connection_breaks(serve: Callable[..., Any]) -> None:
    server = await serve(mode="lockstep")
    node = await asyncio.create_subprocess_exec(
        *("node", str(HERE / "interop_subscriptions.mjs"), server.endpoint),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert node.stdout is not None
    said = b""
    async with asyncio.timeout(60.0):
        while (line := await node.stdout.readline()).strip() != b"BREAK":
            assert line, (await node.communicate())[1].decode()[-2000:]
        for transport in list(server._server.iserver.asyncio_transports):
            transport.abort()
        for _ in range(3):  # while nobody is connected
            await asyncio.wrap_future(server.simulation.advance(0.1))
        said, err = await node.communicate()
    assert node.returncode == 0, err.decode()[-2000:]
    (seen,) = [json.loads(line) for line in said.splitlines() if line.startswith(b"{")]
    assert seen["linked"] == ["Good"]
    assert (seen["before"], seen["triggered"]) == (0, 3)
    assert seen["known"] is True
    assert seen["times"] == pytest.approx([0.3, 0.4, 0.5, 0.6])
    assert server.diagnostics.load()["subscriptions"] == 0
