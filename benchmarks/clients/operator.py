"""An operator who works until the server dies, and writes down what the server told and what it promised."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from asyncua import Client, ua
from asyncua.crypto import security_policies as policies

from opcua_server.certificates import application_uri, own_certificate
from opcua_server.trust import TrustList
from opcua_server.users import Users

IDS = ua.ObjectIds
SERVER = ua.NodeId(IDS.Server)
ACKNOWLEDGE = ua.NodeId(IDS.AcknowledgeableConditionType_Acknowledge)
FIELDS = ("EventId", "ConditionName", "Time", "ActiveState/Id", "AckedState/Id", "Retain")
NAME, PASSWORD = "ono", "correct horse"
PUBLISHING = 100.0
"""Interval of the subscription [ms]."""
HANGING = 0.2
"""After the kill, until a request is given up that was on its way [s]."""
PAUSE = 0.01
"""Between two requests [s]."""

Seen = tuple[str, int, bool, bool]
"""Name of the alarm, date [us since 1970], active, acknowledged."""


def admit(pki: Path, client: Path) -> None:
    """Make the operator's certificate, trust it, and give the operator a password."""
    own_certificate(client, "operator", "")
    TrustList(pki).add(client / "certificate.der")
    Users(pki / "users.json").add(NAME, "engineer", PASSWORD)  # limits of alarms are not for operators


@dataclass
class Told:
    """What a client knows from a server that has died: plant time [s] first and last read, events that came, and what
    was answered with Good: writes (tag and value) and acknowledgements (alarm and comment)."""

    first: float = 0.0
    last: float = 0.0
    events: list[Seen] = field(default_factory=list)
    writes: list[tuple[str, float]] = field(default_factory=list)
    acknowledged: list[tuple[str, str]] = field(default_factory=list)


class Operator:
    """One life of the server, seen by a client with certificate and password."""

    numbers = count(1)
    """Of comments and values: no two are the same in a campaign."""

    def __init__(self, files: Path, alarms: int, chance: random.Random) -> None:
        self.told = Told()
        self._files, self._alarms, self._chance = files, alarms, chance
        self._asked: asyncio.Queue[tuple[bytes, str]] = asyncio.Queue()

    async def prepare(self, client: Client) -> None:
        """Certificate and password."""
        certificate, _ = own_certificate(self._files, "operator", "")
        client.application_uri = application_uri(certificate)
        names = (str(self._files / name) for name in ("certificate.der", "key.pem"))
        await client.set_security(policies.SecurityPolicyAes256Sha256RsaPss, *names)
        client.set_user(NAME)
        client.set_password(PASSWORD)

    async def begin(self, client: Client) -> None:
        """Read the time and listen to alarms."""
        self._client = client
        self._time = client.get_node(ua.NodeId("SIM.time", 2))
        self.told.first = self.told.last = float(await self._time.read_value())
        wanted = ua.CreateSubscriptionParameters(PUBLISHING, 10_000, 100, 0, True, 0)
        created = await client.uaclient.create_subscription(wanted, self._take)
        asked = ua.MonitoringParameters(1, 0.0, ua.EventFilter(_clauses(), ua.ContentFilter()), 1000, True)
        place = ua.ReadValueId(SERVER, ua.AttributeIds.EventNotifier)
        item = ua.MonitoredItemCreateRequest(place, ua.MonitoringMode.Reporting, asked)
        request = ua.CreateMonitoredItemsParameters(created.SubscriptionId, ua.TimestampsToReturn.Both, [item])
        (result,) = await client.uaclient.create_monitored_items(request)
        result.StatusCode.check()

    async def work(self, life: float, kill: Callable[[], None]) -> None:
        """Read, write and acknowledge until the server is killed after `life` [s]. Raises what ended it before that."""
        tasks = [asyncio.create_task(each()) for each in (self._read, self._write, self._acknowledge)]
        failed, _ = await asyncio.wait(tasks, timeout=life, return_when=asyncio.FIRST_EXCEPTION)
        for task in failed:
            task.result()
        kill()
        await asyncio.wait(tasks, timeout=HANGING)  # what had been sent by then still arrives
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self) -> None:
        while True:
            self.told.last = float(await self._time.read_value())
            await asyncio.sleep(PAUSE)

    async def _write(self) -> None:
        """Move valves, and limits of alarms below and above the pressure: alarms come and go."""
        while True:
            number = next(self.numbers)
            k = self._chance.randrange(self._alarms)
            limit = (1e5 if self._chance.random() < 0.5 else 25e5) + number
            for tag, value in ((f"PA-{k}.at_high", limit), (f"CV-{k}.opening", 1.0 - 1e-6 * number)):
                node = self._client.get_node(ua.NodeId(tag, 2))
                await node.write_value(ua.DataValue(ua.Variant(value, ua.VariantType.Double)))
                self.told.writes.append((tag, value))
            await asyncio.sleep(PAUSE)

    async def _acknowledge(self) -> None:
        while True:
            event, name = await self._asked.get()
            comment = f"seen {next(self.numbers)}"
            arguments = [ua.Variant(event, ua.VariantType.ByteString), ua.Variant(ua.LocalizedText(comment, "en"))]
            request = ua.CallMethodRequest(ua.NodeId(f"{name}/alarm", 2), ACKNOWLEDGE, arguments)
            (result,) = await self._client.uaclient.call([request])
            if result.StatusCode.is_good():
                self.told.acknowledged.append((name, comment))

    def _take(self, result: ua.PublishResult) -> None:
        for data in result.NotificationMessage.NotificationData or ():
            for event in getattr(data, "Events", ()):
                number, name, at, active, acked, _ = (each.Value for each in event.EventFields)
                if not name:  # not of an alarm
                    continue
                self.told.events.append((name, _microseconds(at), active, acked))
                if not acked and self._chance.random() < 0.7:
                    self._asked.put_nowait((number, name))


def _clauses() -> list[ua.SimpleAttributeOperand]:
    paths = ([ua.QualifiedName(name) for name in path.split("/")] for path in FIELDS)
    base = ua.NodeId(IDS.BaseEventType)
    return [ua.SimpleAttributeOperand(base, path, ua.AttributeIds.Value) for path in paths]


def _microseconds(at: datetime) -> int:
    return round(1e6 * at.replace(tzinfo=UTC).timestamp())


async def live_and_die(server: Any, operator: Operator, life: float) -> float:
    """Work until the server is killed after `life` [s]; how long it took to begin [s]."""
    began = time.monotonic()
    client = await server.first_client(operator.prepare)
    await operator.begin(client)
    took = time.monotonic() - began
    await operator.work(life, server.kill)
    client.disconnect_socket()
    await asyncio.sleep(0.05)
    return took
