"""A client of alarms, and what it asks for."""

from __future__ import annotations

import asyncio
from typing import Any

from asyncua import Client, ua

IDS = ua.ObjectIds
SERVER = ua.NodeId(IDS.Server)
MARKS = [
    ua.NodeId(number)
    for number in (IDS.RefreshStartEventType, IDS.RefreshEndEventType, IDS.EventQueueOverflowEventType)
]
AIR, PRESSURE = "ZC-101.air", "PA-102"
FIELDS = (
    *("EventId", "EventType", "SourceNode", "SourceName", "Time", "Message", "Severity"),
    *("ConditionName", "BranchId", "Retain", "Quality", "Comment", "ClientUserId", "ConditionClassId"),
    *("ActiveState", "ActiveState/Id", "AckedState/Id", "ConfirmedState/Id", "SuppressedState/Id"),
    *("OutOfServiceState/Id", "LatchedState/Id", "ShelvingState/CurrentState/Id", "SuppressedOrShelved"),
    *("LimitState/CurrentState", "HighLimit", "InputNode", "Cause", "Action", "NodeId"),
)


def condition(name: str) -> ua.NodeId:
    return ua.NodeId(f"{name}/alarm", 2)


def clause(path: str) -> ua.SimpleAttributeOperand:
    if path == "NodeId":
        return ua.SimpleAttributeOperand(ua.NodeId(IDS.ConditionType), [], ua.AttributeIds.NodeId)
    names = [ua.QualifiedName(name) for name in path.split("/")]
    return ua.SimpleAttributeOperand(ua.NodeId(IDS.BaseEventType), names, ua.AttributeIds.Value)


def literal(value: Any, kind: ua.VariantType) -> ua.LiteralOperand:
    return ua.LiteralOperand(ua.Variant(value, kind))


class Watcher:
    """A client of alarms: what it was told, in order, by field."""

    def __init__(self, client: Client, fields: tuple[str, ...] = FIELDS) -> None:
        self.client, self.fields = client, fields
        self.told: list[dict[str, Any]] = []
        self.number = 0
        self.item = 0

    async def listen(self, at: ua.NodeId = SERVER, *where: ua.ContentFilterElement) -> None:
        """Subscribe to the events of an object."""
        parameters = ua.CreateSubscriptionParameters(50.0, 10_000, 5, 0, True, 0)
        created = await self.client.uaclient.create_subscription(parameters, self._take)
        self.number = created.SubscriptionId
        status = await self.add(at, *where)
        assert status.is_good(), status

    async def add(self, at: ua.NodeId, *where: ua.ContentFilterElement, filter: Any = None) -> ua.StatusCode:
        chosen = filter or ua.EventFilter([clause(path) for path in self.fields], ua.ContentFilter(list(where)))
        asked = ua.MonitoringParameters(1, 0.0, chosen, 1000, True)
        item = ua.MonitoredItemCreateRequest(
            ua.ReadValueId(at, ua.AttributeIds.EventNotifier), ua.MonitoringMode.Reporting, asked
        )
        request = ua.CreateMonitoredItemsParameters(self.number, ua.TimestampsToReturn.Both, [item])
        (result,) = await self.client.uaclient.create_monitored_items(request)
        self.item = result.MonitoredItemId
        return result.StatusCode

    def _take(self, result: ua.PublishResult) -> None:
        for data in result.NotificationMessage.NotificationData or ():
            if isinstance(data, ua.EventNotificationList):
                for event in data.Events:
                    found = dict(zip(self.fields, (field.Value for field in event.EventFields), strict=True))
                    if found["ConditionName"] or found["EventType"] in MARKS:  # what was written is told as well
                        self.told.append(found)

    async def until(self, count: int) -> list[dict[str, Any]]:
        """What was told, once it is so much."""
        async with asyncio.timeout(20.0):
            while len(self.told) < count:
                await asyncio.sleep(0.01)
        return self.told

    async def ask(self, name: str | ua.NodeId, method: int, *arguments: ua.Variant) -> str:
        """Call a method of a condition; the name of the status."""
        parent = condition(name) if isinstance(name, str) else name
        request = ua.CallMethodRequest(parent, ua.NodeId(method), list(arguments))
        (result,) = await self.client.uaclient.call([request])
        return result.StatusCode.name


def remark(event_id: bytes, text: str = "") -> list[ua.Variant]:
    return [
        ua.Variant(event_id, ua.VariantType.ByteString),
        ua.Variant(ua.LocalizedText(text), ua.VariantType.LocalizedText),
    ]


async def lose_air(watch: Any, lost: bool = True) -> None:
    """Instrument air goes or comes back, and a step passes."""
    assert await watch.talk.write(AIR, lost, ua.VariantType.Boolean) == "Good"
    await watch.talk.advance(0.1)
