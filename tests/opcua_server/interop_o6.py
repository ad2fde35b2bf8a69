"""What open62541 sees of a server through its binding `o6`: usage in `test_interop_python.py`; answers as JSON.

python interop_o6.py plain|alarms|history|secure opc.tcp://127.0.0.1:4840 [argument ...]
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

import o6

TRIP = "IL-102.trip"


def tag(name: str) -> str:
    return f"ns=2;s={name}"


def text(value: Any) -> str:
    """Of a LocalizedText or a QualifiedName."""
    return str(getattr(value, "text", getattr(value, "name", value)))


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(20.0):
        while not happened():
            await asyncio.sleep(0.01)


async def plain(client: o6.Client) -> dict[str, Any]:
    """Browse, read, write, be refused, subscribe, call."""
    times: list[float] = []
    await client.monitor(tag("SIM.time"), lambda value: times.append(value))
    objects = await client.browse("i=85", resultMask=63)
    opening = tag("CV-101.opening")
    written = await client.write(opening, o6.Double(0.7))
    seen = {
        "objects": [found.browseName.name for found in objects],
        "pressure": float(await client.read(tag("BUF-1.p"))),
        "written": written.name,
        "read_back": float(await client.read(opening)),
        "out_of_range": (await client.write(opening, o6.Double(7.0))).name,
        "wrong_type": (await client.write(opening, o6.String("open"))).name,
        "read_only": (await client.write(tag("BUF-1.p"), o6.Double(1.0))).name,
    }
    seen["diagnostics"] = await diagnostics(client)
    status, reached = await client.call(tag("SIM"), tag("SIM.advance"), [o6.Double(2.0)])
    seen |= {"called": status.name, "reached": float(reached)}
    await until(lambda: bool(times) and times[-1] >= reached)
    return seen


async def diagnostics(client: o6.Client) -> dict[str, Any]:
    """What the server says of itself and of this session, in structures."""
    status, summary = await client.read("i=2256"), await client.read("i=2275")
    (row,), (secret,), (watched,) = [await client.read(node) for node in ("i=3707", "i=3708", "i=2290")]
    return {
        "product": str(status.buildInfo.productName),
        "sessions": int(summary.currentSessionCount),
        "written": int(row.writeCount.totalCount),
        "mechanism": str(secret.authenticationMechanism),
        "policy": str(secret.securityPolicyUri).rpartition("#")[2],
        "items": int(watched.monitoredItemCount),
    }


async def alarms(client: o6.Client) -> dict[str, Any]:
    """Let an interlock trip, hear of it, acknowledge it."""
    told: list[dict[str, Any]] = []
    await client.monitorEvent("i=2253", lambda event: told.append(event), filter=sys.argv[3])

    def trips(state: str) -> list[dict[str, Any]]:
        return [e for e in told if str(e.get("/ConditionName")) == TRIP and bool(e.get(f"/{state}/Id"))]

    await client.write(tag("ZC-101.command"), o6.Double(1.0))
    await client.call(tag("SIM"), tag("SIM.advance"), [o6.Double(60.0)])
    await until(lambda: bool(trips("ActiveState")))
    trip = trips("ActiveState")[0]
    given = [trip["/EventId"], o6.LocalizedText("seen", "en")]
    first = await client.call(f"{tag(TRIP)}/alarm", "i=9111", given)
    await until(lambda: bool(trips("AckedState")))
    again = await client.call(f"{tag(TRIP)}/alarm", "i=9111", given)
    return {
        "severity": int(trip["/Severity"]),
        "acked": bool(trip["/AckedState/Id"]),
        "acknowledged": first[0].name,
        "again": again[0].name,
        "comment": text(trips("AckedState")[0]["/Comment"]),
    }


async def history(client: o6.Client) -> dict[str, Any]:
    """Raw values between two moments."""
    begin, end = map(datetime.fromisoformat, sys.argv[3:5])
    found = await client.historyRead(tag("BUF-1.p"), begin, end)
    return {"values": [float(each.value) for each in found.dataValues]}


async def secure(client: o6.Client) -> dict[str, Any]:
    """Read and write as the user whom the client logged in as."""
    written = await client.write(tag("CV-101.opening"), o6.Double(0.7))
    return {"written": written.name, "read_back": float(await client.read(tag("CV-101.opening")))}


def client_of(what: str, endpoint: str) -> o6.Client:
    if what != "secure":
        return o6.Client(endpoint)
    certificate, key, server, uri, user, password = sys.argv[3:9]
    return o6.Client(
        endpoint,
        certificate=certificate,
        privateKey=key,
        trustList=[server],
        securityMode=3,
        securityPolicy="http://opcfoundation.org/UA/SecurityPolicy#Basic256Sha256",
        applicationUri=uri,
        username=user,
        password=password,
    )


async def main() -> None:
    what, endpoint = sys.argv[1:3]
    async with client_of(what, endpoint) as client:
        seen = await globals()[what](client)
    print(json.dumps(seen), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
