"""Requests that attackers and the watch of `benchmarks.opcua_fuzz` make, over the raw client and on its plant."""

from __future__ import annotations

from typing import Any

from asyncua import ua

from benchmarks.clients.raw_opcua import Raw

IDS = ua.ObjectIds
SERVER, TYPES = ua.NodeId(IDS.Server), ua.NodeId(IDS.BaseObjectType)
SESSIONS = ua.NodeId(IDS.Server_ServerDiagnostics_SessionsDiagnosticsSummary_SessionDiagnosticsArray)
VALVE, PRESSURE, SIM = ua.NodeId("CV-1.opening", 2), ua.NodeId("V-1.p", 2), ua.NodeId("SIM", 2)
ITEMS = ua.CreateMonitoredItemsResponse


def of(request: Any, **fields: Any) -> Any:
    """A request with these parameters."""
    for name, value in fields.items():
        setattr(request.Parameters, name, value)
    return request


async def first(raw: Raw, request: Any, response: type) -> Any:
    """The first result of a request."""
    answer = await raw.ask(request, response)
    return (answer.Results if hasattr(answer, "Results") else answer.Parameters.Results)[0]


async def written(raw: Raw, value: Any, kind: ua.VariantType = ua.VariantType.Double, part: str | None = None) -> str:
    """The status of writing a set point."""
    item = ua.WriteValue(VALVE, ua.AttributeIds.Value, part, ua.DataValue(ua.Variant(value, kind)))
    return str((await first(raw, of(ua.WriteRequest(), NodesToWrite=[item]), ua.WriteResponse)).name)


async def subscription(raw: Raw, interval: float = 100.0) -> Any:
    """A new one, as revised."""
    request = of(
        ua.CreateSubscriptionRequest(),
        RequestedPublishingInterval=interval,
        RequestedLifetimeCount=10_000,
        RequestedMaxKeepAliveCount=1000,
        PublishingEnabled=True,
    )
    return (await raw.ask(request, ua.CreateSubscriptionResponse)).Parameters


def items(
    number: int,
    node: ua.NodeId,
    count: int,
    sampling: float = 0.0,
    queue: int = 1,
    attribute: int = ua.AttributeIds.Value,
) -> Any:
    """A request for monitored items."""
    wanted = ua.ReadValueId(node, attribute)
    item = ua.MonitoredItemCreateRequest(wanted, ua.MonitoringMode.Reporting)
    item.RequestedParameters.SamplingInterval, item.RequestedParameters.QueueSize = sampling, queue
    return of(ua.CreateMonitoredItemsRequest(), SubscriptionId=number, ItemsToCreate=[item] * count)


def reads(node: ua.NodeId, count: int) -> Any:
    """A request that reads one value many times."""
    return of(ua.ReadRequest(), NodesToRead=[ua.ReadValueId(node, ua.AttributeIds.Value)] * count)


def browses(node: ua.NodeId, count: int) -> Any:
    """A request that browses one node many times, in both directions."""
    wanted = ua.BrowseDescription(NodeId=node, BrowseDirection=ua.BrowseDirection.Both, ResultMask=63)
    return of(ua.BrowseRequest(), NodesToBrowse=[wanted] * count)


def calls(method: str, count: int, *arguments: Any) -> Any:
    """A request that calls a method of the simulation many times."""
    given = [ua.Variant(argument) for argument in arguments]
    return of(ua.CallRequest(), MethodsToCall=[ua.CallMethodRequest(SIM, ua.NodeId(method, 2), given)] * count)


async def in_chunks(raw: Raw, request: Any, response: type) -> Any:
    """Ask what does not fit into one chunk."""
    whole = raw.encoded(request)
    parts = [whole[k : k + 60_000] for k in range(0, len(whole), 60_000)]
    for k, part in enumerate(parts):
        await raw.send(raw.message(part, b"F" if k == len(parts) - 1 else b"C", same=k > 0))
    return raw.decoded(await raw.answer(), response)


async def histories(raw: Raw, count: int, details: Any) -> str:
    """The status of the first of so many."""
    request = of(
        ua.HistoryReadRequest(),
        HistoryReadDetails=details,
        NodesToRead=[ua.HistoryReadValueId(PRESSURE)] * count,
        TimestampsToReturn=ua.TimestampsToReturn.Both,
        ReleaseContinuationPoints=False,
    )
    return str((await first(raw, request, ua.HistoryReadResponse)).StatusCode.name)
