"""A client that asks one service at a time, as a conformance tester does, and a server in lock-step for it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from asyncua import ua

from benchmarks.clients.raw_opcua import Raw
from opcua_server import TwinServer
from opcua_server.bounds import Bounds
from opcua_server.security import Security
from twin.plant import Plant
from twin.simulation import Simulation

from .talking import PLANT

VALUE = ua.AttributeIds.Value
BOTH = ua.TimestampsToReturn.Both
REPORTING, SAMPLING, DISABLED = (
    ua.MonitoringMode.Reporting,
    ua.MonitoringMode.Sampling,
    ua.MonitoringMode.Disabled,
)
COUNTS = dict.fromkeys(("items_per_call", "numbers", "browses", "paths", "calls"), 20)
BOUNDS = Bounds(subscriptions_per_session=3, unacknowledged=4, reads=60, writes=60, **COUNTS)
"""Small, so that they are reached in one frame."""


@asynccontextmanager
async def serving(bounds: Bounds = BOUNDS) -> AsyncIterator[tuple[TwinServer, int]]:
    """A server and its port. Time stands still until a client advances it, a scan each tenth of a second."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    simulation = Simulation(Plant.load(PLANT), mode="lockstep")
    async with TwinServer(simulation, f"opc.tcp://127.0.0.1:{port}", Security(bounds=bounds)) as server:
        yield server, port
        Raw.close_all()


def tag(name: str) -> ua.NodeId:
    return ua.NodeId(name, 2)


def standard(name: str) -> ua.NodeId:
    return ua.NodeId(getattr(ua.ObjectIds, name))


def of(request: Any, **fields: Any) -> Any:
    """A request with these parameters."""
    for name, value in fields.items():
        setattr(request.Parameters, name, value)
    return request


def item(
    node: ua.NodeId,
    handle: int = 1,
    attribute: int = VALUE,
    mode: Any = REPORTING,
    queue: int = 1,
    oldest: bool = True,
    sampling: float = 0.0,
    filter: Any = None,
    part: str | None = None,
    encoding: str | None = None,
) -> ua.MonitoredItemCreateRequest:
    """A wish for a monitored item; `oldest` is what a full queue discards."""
    wanted = ua.ReadValueId(node, attribute, part, ua.QualifiedName(encoding) if encoding else ua.QualifiedName())
    asked = ua.MonitoringParameters(handle, sampling, filter, queue, oldest)
    return ua.MonitoredItemCreateRequest(wanted, mode, asked)


def band(value: float, kind: Any = ua.DeadbandType.Absolute, trigger: Any = ua.DataChangeTrigger.StatusValue) -> Any:
    """A filter with a dead band."""
    return ua.DataChangeFilter(Trigger=trigger, DeadbandType=int(kind), DeadbandValue=value)


class Asker:
    """An anonymous session over a connection of its own."""

    def __init__(self, raw: Raw) -> None:
        self.raw = raw

    @classmethod
    async def on(cls, port: int) -> Asker:
        return cls(await Raw.session_to(port))

    async def ask(self, request: Any, response: type) -> Any:
        """The response. Raises UaStatusCodeError for a fault."""
        return await asyncio.wait_for(self.raw.ask(request, response), 30.0)

    # --- attributes and methods --------------------------------------------------------------------------------------

    async def read(self, *wanted: ua.ReadValueId, **fields: Any) -> list[ua.DataValue]:
        request = of(ua.ReadRequest(), NodesToRead=list(wanted), TimestampsToReturn=BOTH, **fields)
        return (await self.ask(request, ua.ReadResponse)).Results

    async def value(self, node: ua.NodeId) -> Any:
        return (await self.read(ua.ReadValueId(node, VALUE)))[0].Value.Value

    async def call(self, owner: ua.NodeId, method: ua.NodeId, *arguments: Any) -> ua.CallMethodResult:
        given = [each if isinstance(each, ua.Variant) else ua.Variant(each) for each in arguments]
        request = of(ua.CallRequest(), MethodsToCall=[ua.CallMethodRequest(owner, method, given)])
        return (await self.ask(request, ua.CallResponse)).Results[0]

    async def advance(self, scans: int = 1) -> None:
        """As many scans, one by one."""
        for _ in range(scans):
            (await self.call(tag("SIM"), tag("SIM.advance"), 0.1)).StatusCode.check()

    # --- subscriptions -----------------------------------------------------------------------------------------------

    async def subscribe(
        self,
        interval: float = 100.0,
        life: int = 10_000,
        alive: int = 1000,
        most: int = 0,
        enabled: bool = True,
        priority: int = 0,
    ) -> int:
        fields = {"RequestedPublishingInterval": interval, "RequestedLifetimeCount": life, "Priority": priority}
        fields |= {"RequestedMaxKeepAliveCount": alive, "MaxNotificationsPerPublish": most}
        request = of(ua.CreateSubscriptionRequest(), PublishingEnabled=enabled, **fields)
        return (await self.ask(request, ua.CreateSubscriptionResponse)).Parameters.SubscriptionId

    async def delete(self, *numbers: int) -> list[str]:
        request = of(ua.DeleteSubscriptionsRequest(), SubscriptionIds=list(numbers))
        return names((await self.ask(request, ua.DeleteSubscriptionsResponse)).Results)

    async def watch(
        self, number: int, *items: ua.MonitoredItemCreateRequest, times: Any = BOTH
    ) -> list[ua.MonitoredItemCreateResult]:
        fields = {"SubscriptionId": number, "TimestampsToReturn": times, "ItemsToCreate": list(items)}
        response = await self.ask(of(ua.CreateMonitoredItemsRequest(), **fields), ua.CreateMonitoredItemsResponse)
        return response.Results

    async def watched(self, number: int, *items: ua.MonitoredItemCreateRequest) -> list[int]:
        """The numbers of items, all of which are accepted."""
        found = await self.watch(number, *items)
        for each in found:
            each.StatusCode.check()
        return [each.MonitoredItemId for each in found]

    async def refused(self, number: int, wish: ua.MonitoredItemCreateRequest) -> str:
        """With what an item is refused."""
        return (await self.watch(number, wish))[0].StatusCode.name

    async def mode(self, number: int, mode: Any, *items: int) -> list[str]:
        fields = {"SubscriptionId": number, "MonitoringMode": mode, "MonitoredItemIds": list(items)}
        response = await self.ask(of(ua.SetMonitoringModeRequest(), **fields), ua.SetMonitoringModeResponse)
        return names(response.Parameters.Results)

    async def publish(self, *acknowledged: tuple[int, int]) -> ua.PublishResult:
        acks = [ua.SubscriptionAcknowledgement(*each) for each in acknowledged]
        request = of(ua.PublishRequest(), SubscriptionAcknowledgements=acks)
        return (await self.ask(request, ua.PublishResponse)).Parameters

    async def first_words(self, number: int) -> None:
        """Have the first sign of life of a subscription behind."""
        assert (await self.publish()).SubscriptionId == number

    async def send_publish(self, hint: int = 0) -> None:
        """A request whose answer is not waited for."""
        request = ua.PublishRequest()
        request.RequestHeader.TimeoutHint = hint
        await self.raw.send(self.raw.message(self.raw.encoded(request)))

    async def published(self) -> ua.PublishResult:
        """The answer to a request that was sent before."""
        content = await asyncio.wait_for(self.raw.answer(), 30.0)
        return self.raw.decoded(content, ua.PublishResponse).Parameters

    async def hear(self) -> list[tuple[int, Any, int]]:
        """Client handle, value and status code of each value in the next message, which is acknowledged."""
        return told(await self.publish())


def told(result: ua.PublishResult) -> list[tuple[int, Any, int]]:
    """Client handle, value and status code of each value in a message."""
    return [
        (each.ClientHandle, each.Value.Value.Value if each.Value.Value else None, each.Value.StatusCode.value)
        for data in result.NotificationMessage.NotificationData
        if isinstance(data, ua.DataChangeNotification)
        for each in data.MonitoredItems
    ]


def status_of(result: ua.PublishResult) -> str:
    """What a message says has become of its subscription."""
    (change,) = result.NotificationMessage.NotificationData
    assert isinstance(change, ua.StatusChangeNotification)
    return change.Status.name


def names(statuses: list[ua.StatusCode]) -> list[str]:
    return [status.name for status in statuses]
