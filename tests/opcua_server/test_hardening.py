"""Every bound, tried on a real server over a real connection; the right status or the end of the connection."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
import struct
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest
from asyncua import ua

from benchmarks.clients.raw_opcua import Closed, Raw, frame, hello
from opcua_server import TwinServer
from opcua_server.bounds import Bounds
from opcua_server.processor import Processor
from opcua_server.security import Security
from twin.plant import Plant
from twin.simulation import Simulation

from .talking import PLANT, Talker
from .test_server import Listener, eventually

SMALL = Bounds(
    **dict.fromkeys(("reads", "writes", "calls", "browses", "paths", "items_per_call", "numbers"), 10),
    message=100_000,
    chunks=4,
    outbox=50_000,
    fetch_time=0.5,
    answer=10_000,
    references=5,
    continuation_points=2,
    connections_per_address=8,
    sessions=4,
    subscriptions_per_session=2,
    items_per_session=15,
)
"""Small, so that they are reached soon."""


HASTY = replace(SMALL, hello_time=0.2, activation_time=0.2, message_time=0.2)
"""Of a server that does not wait for anybody."""


@asynccontextmanager
async def listening(endpoint: str, bounds: Bounds) -> AsyncIterator[int]:
    simulation = Simulation(Plant.load(PLANT), mode="lockstep")
    async with TwinServer(simulation, endpoint, Security(bounds=bounds)):
        yield int(endpoint.rsplit(":", 1)[1])
        Raw.close_all()


@pytest.fixture
async def port(endpoint: str) -> AsyncIterator[int]:
    """Where a server with small bounds listens."""
    async with listening(endpoint, SMALL) as number:
        yield number


@pytest.fixture
async def hasty(endpoint: str) -> AsyncIterator[int]:
    """Where one listens that does not wait."""
    async with listening(endpoint, HASTY) as number:
        yield number


async def ending(raw: Raw) -> str:
    """How the server hangs up."""
    try:
        while True:
            await asyncio.wait_for(raw.receive(), 20.0)
    except Closed as closed:
        return str(closed)


async def answers(raw: Raw) -> AsyncIterator[bytes]:
    """All that come, until none has come for a second."""
    with suppress(TimeoutError):
        while True:
            yield await asyncio.wait_for(raw.answer(), 1.0)


# --- frames ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (frame(b"HEL", b"", size=1 << 30), "BadTcpMessageTooLarge"),
        (frame(b"MSG", b"", size=0), "BadTcpMessageTooLarge"),
        (frame(b"GET", b" / HTTP/1.1\r\n\r\n"), "BadTcpMessageTypeInvalid"),
        (frame(b"HEL", b"", chunk=b"X", size=99), "BadTcpMessageTypeInvalid"),
        (frame(b"MSG", bytes(100)), "BadTcpMessageTypeInvalid"),
        (frame(b"OPN", bytes(100)), "BadTcpMessageTypeInvalid"),
        (frame(b"HEL", bytes(3)), "BadDecodingError"),
        (hello(receive=1), "BadConnectionRejected"),
        (hello(send=0), "BadConnectionRejected"),
        (hello(url=b"x" * 5000), "BadTcpEndpointUrlInvalid"),
        (hello() + hello(), "BadTcpMessageTypeInvalid"),
    ],
)
async def test_what_is_no_message_ends_the_connection(port: int, sent: bytes, status: str) -> None:
    raw = await Raw.connect(port)
    await raw.send(sent)
    assert await ending(raw) == status


@pytest.mark.parametrize("sent", [b"", hello()[:10], hello()], ids=["nothing", "half a hello", "a hello"])
async def test_who_does_not_go_on_is_disconnected(hasty: int, sent: bytes) -> None:
    raw = await Raw.connect(hasty)
    await raw.send(sent)
    assert await ending(raw) == "BadTimeout"


async def test_a_message_without_a_channel_is_not_looked_at(port: int) -> None:
    raw = await Raw.connect(port)
    await raw.send(hello())
    await raw.receive()
    await raw.send(raw.message(raw.encoded(ua.GetEndpointsRequest())))
    assert await ending(raw) == "BadTcpSecureChannelUnknown"


async def test_unfinished_messages_are_bounded_in_chunks_bytes_and_time(port: int) -> None:
    for content, count in ((b"x", 5), (bytes(60_000), 2)):
        raw = await Raw.channel_to(port)
        for k in range(count):
            await raw.send(raw.message(content, b"C", same=k > 0))
        assert await ending(raw) == "BadRequestTooLarge"


async def test_the_rest_of_a_message_has_to_come(endpoint: str) -> None:
    async with listening(endpoint, replace(SMALL, message_time=0.2)) as port:
        raw = await Raw.session_to(port)
        await raw.send(raw.message(b"x", b"C"))
        assert await ending(raw) == "BadTimeout"


@pytest.mark.parametrize("number", [0, 1, 77, (1 << 32) - 3])
async def test_a_sequence_number_that_does_not_follow_ends_the_connection(port: int, number: int) -> None:
    raw = await Raw.session_to(port)
    raw.sequence = number
    await raw.send(raw.message(raw.encoded(ua.ReadRequest())))
    assert await ending(raw) == "BadTcpInternalError"


async def test_a_channel_is_renewed_for_a_bounded_time_and_not_issued_twice(port: int) -> None:
    raw = await Raw.session_to(port)
    before = raw.token
    await raw.send(raw.open_message(renew=True, lifetime=(1 << 32) - 1))
    token = raw.take_channel((await raw.receive())[1])
    assert (token.TokenId, token.RevisedLifetime) == (before + 1, 3_600_000)
    assert await read(raw, "CV-101.opening") == 0.0  # with the new token
    await raw.send(raw.open_message())
    assert await ending(raw) == "BadRequestTypeInvalid"


async def test_a_channel_renewed_twice_before_it_is_used_has_two_tokens(port: int) -> None:
    raw = await Raw.session_to(port)
    before, issued = raw.token, []
    for _ in range(2):
        await raw.send(raw.open_message(renew=True))
        issued.append(raw.take_channel((await raw.receive())[1]).TokenId)
    assert issued == [before + 1, before + 2]
    assert await read(raw, "CV-101.opening") == 0.0  # with the second one


async def test_a_token_that_was_never_issued_ends_the_connection(port: int) -> None:
    for token, status in ((0, "BadSecureChannelTokenUnknown"), (99, "BadTcpInternalError")):
        raw = await Raw.session_to(port)
        raw.token = token
        await raw.send(raw.message(raw.encoded(ua.ReadRequest())))
        assert await ending(raw) == status


# --- sessions --------------------------------------------------------------------------------------------------------


def reading(*names: str) -> ua.ReadRequest:
    request = ua.ReadRequest()
    request.Parameters.NodesToRead = [ua.ReadValueId(ua.NodeId(name, 2), ua.AttributeIds.Value) for name in names]
    return request


async def read(raw: Raw, name: str) -> Any:
    return (await raw.ask(reading(name), ua.ReadResponse)).Results[0].Value.Value


async def test_connections_and_sessions_are_counted_and_room_is_made_when_they_end(port: int) -> None:
    sessions = [await Raw.session_to(port) for _ in range(4)]
    with pytest.raises(ua.uaerrors.BadTooManySessions):
        await Raw.session_to(port)
    for raw in sessions:
        raw.close()
    await asyncio.sleep(0.1)
    assert await read(await Raw.session_to(port), "CV-101.opening") == 0.0


async def test_where_connections_are_full_the_oldest_without_a_session_makes_room(endpoint: str) -> None:
    async with listening(endpoint, replace(SMALL, connections_per_address=3)) as port:
        first = await Raw.session_to(port)
        idle = [await Raw.channel_to(port) for _ in range(2)]
        newcomer = await Raw.session_to(port)
        assert await ending(idle[0]) == "BadTcpNotEnoughResources"
        await Raw.session_to(port)
        assert await ending(idle[1]) == "BadTcpNotEnoughResources"
        assert await ending(await Raw.connect(port)) == "BadTcpNotEnoughResources"  # all the others are at work
        for raw in (first, newcomer):
            assert await read(raw, "CV-101.opening") == 0.0


async def test_where_sessions_are_full_one_that_nobody_uses_makes_room(port: int) -> None:
    forgotten = await Raw.session_to(port)
    await subscribe(forgotten)  # it outlives its connection
    forgotten.close()
    created = await Raw.channel_to(port)
    await created.ask(ua.CreateSessionRequest(), ua.CreateSessionResponse)
    used = [await Raw.session_to(port) for _ in range(2)]
    used.append(await Raw.session_to(port))  # in place of the one that is not activated
    used.append(await Raw.session_to(port))  # in place of the one without a connection
    with pytest.raises(ua.uaerrors.BadTooManySessions):
        await Raw.session_to(port)
    assert [await read(raw, "CV-101.opening") for raw in used] == [0.0] * 4
    second = await Raw.channel_to(port)
    second.session = forgotten.session
    activate = ua.ActivateSessionRequest()
    activate.Parameters.UserIdentityToken = ua.AnonymousIdentityToken()
    with pytest.raises(ua.uaerrors.BadSessionIdInvalid):
        await second.ask(activate, ua.ActivateSessionResponse)


async def test_another_clients_session_cannot_be_used_or_guessed(port: int) -> None:
    mine, other = await Raw.session_to(port), await Raw.session_to(port)
    assert len(mine.session.Identifier) == 32
    mine.session, token = other.session, mine.session
    with pytest.raises(ua.uaerrors.BadSessionIdInvalid):
        await read(mine, "CV-101.opening")
    mine.session = token
    assert await read(mine, "CV-101.opening") == 0.0


async def test_services_need_a_session_and_adding_nodes_or_servers_is_none_of_them(port: int) -> None:
    raw = await Raw.channel_to(port)
    with pytest.raises(ua.uaerrors.BadSessionIdInvalid):
        await read(raw, "CV-101.opening")
    for request in (ua.RegisterServerRequest(), ua.RegisterServer2Request(), ua.AddNodesRequest()):
        with pytest.raises(ua.uaerrors.BadServiceUnsupported):
            await raw.ask(request, ua.ReadResponse)


async def test_a_session_that_nobody_activates_ends_with_its_connection(endpoint: str) -> None:
    async with listening(endpoint, replace(SMALL, activation_time=0.2)) as port:
        raw = await Raw.channel_to(port)
        create = ua.CreateSessionRequest()
        create.Parameters.RequestedSessionTimeout = float("nan")
        created = await raw.ask(create, ua.CreateSessionResponse)
        assert created.Parameters.RevisedSessionTimeout == 600_000.0
        assert await ending(raw) == "BadTimeout"  # never activated


# --- requests --------------------------------------------------------------------------------------------------------


def many(request: Any, field: str, item: Any, count: int = 11) -> Any:
    setattr(request.Parameters, field, [item] * count)
    return request


@pytest.mark.parametrize(
    ("request_", "response"),
    [
        (many(ua.ReadRequest(), "NodesToRead", ua.ReadValueId()), ua.ReadResponse),
        (many(ua.WriteRequest(), "NodesToWrite", ua.WriteValue()), ua.WriteResponse),
        (many(ua.CallRequest(), "MethodsToCall", ua.CallMethodRequest()), ua.CallResponse),
        (many(ua.BrowseRequest(), "NodesToBrowse", ua.BrowseDescription()), ua.BrowseResponse),
        (many(ua.BrowseNextRequest(), "ContinuationPoints", b"x"), ua.BrowseNextResponse),
        (
            many(ua.TranslateBrowsePathsToNodeIdsRequest(), "BrowsePaths", ua.BrowsePath()),
            ua.TranslateBrowsePathsToNodeIdsResponse,
        ),
        (
            many(ua.CreateMonitoredItemsRequest(), "ItemsToCreate", ua.MonitoredItemCreateRequest()),
            ua.CreateMonitoredItemsResponse,
        ),
        (many(ua.DeleteMonitoredItemsRequest(), "MonitoredItemIds", 1), ua.DeleteMonitoredItemsResponse),
        (many(ua.DeleteSubscriptionsRequest(), "SubscriptionIds", 1), ua.DeleteSubscriptionsResponse),
        (many(ua.SetPublishingModeRequest(), "SubscriptionIds", 1), ua.SetPublishingModeResponse),
        (many(ua.TransferSubscriptionsRequest(), "SubscriptionIds", 1), ua.TransferSubscriptionsResponse),
        (many(ua.RegisterNodesRequest(), "NodesToRegister", ua.NodeId()), ua.RegisterNodesResponse),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, type) else "",
)
async def test_more_operations_than_allowed_are_refused_and_none_are_nothing_to_do(
    port: int, request_: Any, response: type
) -> None:
    raw = await Raw.session_to(port)
    with pytest.raises(ua.uaerrors.BadTooManyOperations):
        await raw.ask(request_, response)
    assert await read(raw, "CV-101.opening") == 0.0


async def test_operations_are_too_many_also_when_they_are_more_than_a_message_may_hold(port: int) -> None:
    raw = await Raw.session_to(port)
    wanted = ua.ReadValueId(ua.NodeId(11), ua.AttributeIds.Value)
    with pytest.raises(ua.uaerrors.BadTooManyOperations):
        await raw.ask(many(ua.ReadRequest(), "NodesToRead", wanted, 3700), ua.ReadResponse)
    assert await read(raw, "CV-101.opening") == 0.0


async def test_the_bounds_can_be_read_where_the_standard_has_them(port: int) -> None:
    raw = await Raw.session_to(port)
    request = ua.ReadRequest()
    ids = (
        ua.ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerRead,
        ua.ObjectIds.Server_ServerCapabilities_OperationLimits_MaxMonitoredItemsPerCall,
        ua.ObjectIds.Server_ServerCapabilities_MaxBrowseContinuationPoints,
    )
    request.Parameters.NodesToRead = [ua.ReadValueId(ua.NodeId(i), ua.AttributeIds.Value) for i in ids]
    found = (await raw.ask(request, ua.ReadResponse)).Results
    assert [value.Value.Value for value in found] == [10, 10, 2]


NEGATIVE = struct.pack("<i", -5)
HUGE = struct.pack("<i", 2_000_000_000)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        HUGE,
        struct.pack("<i", 1) + b"\x03\x02\x00" + NEGATIVE,  # a string NodeId of negative length
        struct.pack("<i", 1) + b"\x03\x02\x00" + HUGE,
    ],
)
async def test_lengths_that_cannot_be_are_a_decoding_error_and_take_no_time(port: int, body: bytes) -> None:
    raw = await Raw.session_to(port)
    request = raw.encoded(ua.ReadRequest())
    head = request[: len(request) - 4]  # without the count of nodes
    await raw.send(raw.message(head + body))
    with pytest.raises(ua.uaerrors.BadDecodingError):
        raw.decoded(await asyncio.wait_for(raw.answer(), 10.0), ua.ReadResponse)
    assert await read(raw, "CV-101.opening") == 0.0


@pytest.mark.parametrize("kind", [0, 24], ids=["nulls", "variants"])
async def test_an_array_of_two_thousand_million_nothings_is_beyond_the_limits(port: int, kind: int) -> None:
    raw = await Raw.session_to(port)
    write = ua.WriteRequest()
    write.Parameters.NodesToWrite = [ua.WriteValue(ua.NodeId("CV-101.opening", 2), ua.AttributeIds.Value)]
    request = raw.encoded(write)
    value = bytes([1, 0x80 | kind]) + HUGE + bytes(60_000)
    await raw.send(raw.message(request[:-6] + value))  # in the place of an empty DataValue
    with pytest.raises(ua.uaerrors.BadEncodingLimitsExceeded):
        raw.decoded(await asyncio.wait_for(raw.answer(), 10.0), ua.WriteResponse)


async def test_reads_say_what_is_wrong_with_their_parameters(port: int) -> None:
    raw = await Raw.session_to(port)
    for field, value, status in (
        ("MaxAge", -1.0, ua.uaerrors.BadMaxAgeInvalid),
        ("MaxAge", float("nan"), ua.uaerrors.BadMaxAgeInvalid),
        ("TimestampsToReturn", ua.TimestampsToReturn.Invalid, ua.uaerrors.BadTimestampsToReturnInvalid),
    ):
        request = reading("CV-101.opening")
        setattr(request.Parameters, field, value)
        with pytest.raises(status):
            await raw.ask(request, ua.ReadResponse)


@pytest.mark.parametrize(
    ("name", "part", "seen"),
    [
        ("SIM.mode/EnumStrings", "1:2", ["scaled", "asap"]),
        ("SIM.mode/EnumStrings", "4", ["paused"]),
        ("SIM.mode/EnumStrings", "9", "BadIndexRangeNoData"),
        ("SIM.mode/EnumStrings", "2:1", "BadIndexRangeInvalid"),
        ("SIM.mode/EnumStrings", "a", "BadIndexRangeInvalid"),
        ("CV-101.opening", "0:1", "BadIndexRangeNoData"),
    ],
)
async def test_an_index_range_gives_its_part_of_an_array(port: int, name: str, part: str, seen: Any) -> None:
    raw = await Raw.session_to(port)
    request = reading(name)
    request.Parameters.NodesToRead[0].IndexRange = part
    (found,) = (await raw.ask(request, ua.ReadResponse)).Results
    if isinstance(seen, str):
        assert found.StatusCode.name == seen
    else:
        assert [label.Text for label in found.Value.Value] == seen


# --- browsing --------------------------------------------------------------------------------------------------------


def browsing(node: ua.NodeId, most: int = 0, **changes: Any) -> ua.BrowseRequest:
    request = ua.BrowseRequest()
    request.Parameters.RequestedMaxReferencesPerNode = most
    wanted = ua.BrowseDescription(NodeId=node, BrowseDirection=ua.BrowseDirection.Forward, ResultMask=63)
    for name, value in changes.items():
        setattr(wanted, name, value)
    request.Parameters.NodesToBrowse = [wanted]
    return request


SERVER = ua.NodeId(ua.ObjectIds.Server)


async def go_on(raw: Raw, point: bytes, release: bool = False) -> ua.BrowseResult:
    request = ua.BrowseNextRequest()
    request.Parameters.ContinuationPoints = [point]
    request.Parameters.ReleaseContinuationPoints = release
    return (await raw.ask(request, ua.BrowseNextResponse)).Parameters.Results[0]


async def test_browsing_comes_in_pages_that_add_up(port: int) -> None:
    raw = await Raw.session_to(port)
    (page,) = (await raw.ask(browsing(SERVER, 2), ua.BrowseResponse)).Results
    seen = [reference.NodeId for reference in page.References]
    while page.ContinuationPoint:
        page = await go_on(raw, page.ContinuationPoint)
        assert 0 < len(page.References) <= 2
        seen += [reference.NodeId for reference in page.References]
    assert len(set(seen)) == len(seen) > 5
    assert (await go_on(raw, b"mine")).StatusCode.name == "BadContinuationPointInvalid"


async def test_continuation_points_are_counted_released_and_nobody_elses(port: int) -> None:
    raw, other = await Raw.session_to(port), await Raw.session_to(port)
    request = browsing(SERVER)
    request.Parameters.NodesToBrowse *= 3
    found = (await raw.ask(request, ua.BrowseResponse)).Results
    assert [each.StatusCode.name for each in found] == ["Good", "Good", "BadNoContinuationPoints"]
    first, second = found[0].ContinuationPoint, found[1].ContinuationPoint
    assert (await go_on(other, first)).StatusCode.name == "BadContinuationPointInvalid"
    assert (await go_on(raw, first, release=True)).StatusCode.is_good()
    assert (await go_on(raw, first)).StatusCode.name == "BadContinuationPointInvalid"
    for _ in range(2):  # a new request takes the points of those before it (Part 4, 7.9)
        assert (await raw.ask(browsing(SERVER), ua.BrowseResponse)).Results[0].StatusCode.is_good()
    assert (await go_on(raw, second)).StatusCode.name == "BadContinuationPointInvalid"


async def test_references_of_one_answer_are_counted_over_all_its_nodes(endpoint: str) -> None:
    async with listening(endpoint, replace(SMALL, references=1000, references_in_all=12)) as port:
        raw = await Raw.session_to(port)
        whole = (await raw.ask(browsing(SERVER, 1000), ua.BrowseResponse)).Results[0].References
        request = browsing(SERVER, 1000)
        request.Parameters.NodesToBrowse *= 2
        pages = (await raw.ask(request, ua.BrowseResponse)).Results
        assert sum(len(page.References) for page in pages) == 12
        second = pages[1].References
        rest = await go_on(raw, pages[1].ContinuationPoint)
        second += rest.References
        while rest.ContinuationPoint:
            rest = await go_on(raw, rest.ContinuationPoint)
            second += rest.References
        assert len(second) > 12 and [r.NodeId for r in second[:12]] == [r.NodeId for r in whole]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"NodeId": ua.NodeId("nothing", 2)}, "BadNodeIdUnknown"),
        ({"BrowseDirection": ua.BrowseDirection.Invalid}, "BadBrowseDirectionInvalid"),
        ({"ReferenceTypeId": SERVER}, "BadReferenceTypeIdInvalid"),
    ],
)
async def test_browsing_says_what_is_wrong(port: int, changes: dict[str, Any], status: str) -> None:
    raw = await Raw.session_to(port)
    assert (await raw.ask(browsing(SERVER, **changes), ua.BrowseResponse)).Results[0].StatusCode.name == status


async def test_a_path_of_nothing_or_without_end_is_refused_and_one_there_and_back_is_not_multiplied(port: int) -> None:
    raw = await Raw.session_to(port)

    async def follow(elements: list[ua.RelativePathElement]) -> Any:
        request = ua.TranslateBrowsePathsToNodeIdsRequest()
        request.Parameters.BrowsePaths = [ua.BrowsePath(SERVER, ua.RelativePath(elements))]
        return (await raw.ask(request, ua.TranslateBrowsePathsToNodeIdsResponse)).Results[0]

    status = ua.RelativePathElement(ua.NodeId(), False, True, ua.QualifiedName("ServerStatus"))
    back = ua.RelativePathElement(ua.NodeId(), True, True, ua.QualifiedName("Server"))
    assert (await follow([])).StatusCode.name == "BadNothingToDo"
    assert (await follow([status] * 33)).StatusCode.name == "BadQueryTooComplex"
    assert len((await follow([status, back] * 15)).Targets) == 1


# --- subscriptions ---------------------------------------------------------------------------------------------------


async def subscribe(raw: Raw, interval: float = 50.0) -> Any:
    request = ua.CreateSubscriptionRequest()
    request.Parameters.RequestedPublishingInterval = interval
    request.Parameters.RequestedLifetimeCount = 10_000
    request.Parameters.RequestedMaxKeepAliveCount = 1000
    request.Parameters.PublishingEnabled = True
    return (await raw.ask(request, ua.CreateSubscriptionResponse)).Parameters


@pytest.mark.parametrize("interval", [0.0, -1.0, float("nan"), 1e-300])
async def test_an_interval_of_nothing_becomes_that_of_the_scan(port: int, interval: float) -> None:
    assert (await subscribe(await Raw.session_to(port), interval)).RevisedPublishingInterval == 100.0


def of(request: Any, **fields: Any) -> Any:
    for name, value in fields.items():
        setattr(request.Parameters, name, value)
    return request


@pytest.mark.parametrize("interval", [0.0, float("nan"), 1e-300, float("inf")])
async def test_a_sampling_interval_of_nothing_becomes_that_of_the_scan(port: int, interval: float) -> None:
    raw = await Raw.session_to(port)
    number = (await subscribe(raw)).SubscriptionId
    item = ua.MonitoredItemCreateRequest(ua.ReadValueId(ua.NodeId("SIM.time", 2), ua.AttributeIds.Value))
    item.RequestedParameters.SamplingInterval = interval
    request = of(ua.CreateMonitoredItemsRequest(), SubscriptionId=number, ItemsToCreate=[item])
    (made,) = (await raw.ask(request, ua.CreateMonitoredItemsResponse)).Results
    assert made.RevisedSamplingInterval == (3_600_000.0 if interval > 1.0 else 100.0)


async def test_another_sessions_subscription_is_as_if_it_were_not_there(port: int) -> None:
    mine, other = await Raw.session_to(port), await Raw.session_to(port)
    number = (await subscribe(mine)).SubscriptionId
    await subscribe(other)
    for request, response in (
        (of(ua.ModifySubscriptionRequest(), SubscriptionId=number), ua.ModifySubscriptionResponse),
        (
            of(
                ua.CreateMonitoredItemsRequest(),
                SubscriptionId=number,
                ItemsToCreate=[ua.MonitoredItemCreateRequest()],
            ),
            ua.CreateMonitoredItemsResponse,
        ),
        (
            of(ua.DeleteMonitoredItemsRequest(), SubscriptionId=number, MonitoredItemIds=[1]),
            ua.DeleteMonitoredItemsResponse,
        ),
        (
            of(ua.SetMonitoringModeRequest(), SubscriptionId=number, MonitoredItemIds=[1]),
            ua.SetMonitoringModeResponse,
        ),
        (of(ua.RepublishRequest(), SubscriptionId=number), ua.RepublishResponse),
    ):
        with pytest.raises(ua.uaerrors.BadSubscriptionIdInvalid):
            await other.ask(request, response)
    deleted = await other.ask(
        of(ua.DeleteSubscriptionsRequest(), SubscriptionIds=[number]), ua.DeleteSubscriptionsResponse
    )
    assert [status.name for status in deleted.Results] == ["BadSubscriptionIdInvalid"]
    silenced = await other.ask(
        of(ua.SetPublishingModeRequest(), SubscriptionIds=[number]), ua.SetPublishingModeResponse
    )
    assert [status.name for status in silenced.Parameters.Results] == ["BadSubscriptionIdInvalid"]
    own = await mine.ask(
        of(ua.DeleteSubscriptionsRequest(), SubscriptionIds=[number, number]), ua.DeleteSubscriptionsResponse
    )
    assert [status.name for status in own.Results] == ["Good", "BadSubscriptionIdInvalid"]


async def test_subscriptions_and_items_of_a_session_are_counted(port: int) -> None:
    raw = await Raw.session_to(port)
    number = (await subscribe(raw)).SubscriptionId
    await subscribe(raw)
    with pytest.raises(ua.uaerrors.BadTooManySubscriptions):
        await subscribe(raw)
    item = ua.MonitoredItemCreateRequest(ItemToMonitor=ua.ReadValueId(ua.NodeId("SIM.time", 2), ua.AttributeIds.Value))
    item.MonitoringMode = ua.MonitoringMode.Reporting
    request = of(ua.CreateMonitoredItemsRequest(), SubscriptionId=number, ItemsToCreate=[item] * 10)
    assert all(r.StatusCode.is_good() for r in (await raw.ask(request, ua.CreateMonitoredItemsResponse)).Results)
    with pytest.raises(ua.uaerrors.BadTooManyMonitoredItems):
        await raw.ask(request, ua.CreateMonitoredItemsResponse)


async def test_publishing_needs_a_subscription_and_acknowledges_only_ones_own(port: int) -> None:
    raw, other = await Raw.session_to(port), await Raw.session_to(port)
    with pytest.raises(ua.uaerrors.BadNoSubscription):
        await raw.ask(ua.PublishRequest(), ua.PublishResponse)
    number = (await subscribe(raw)).SubscriptionId
    await subscribe(other)
    theirs = of(
        ua.PublishRequest(), SubscriptionAcknowledgements=[ua.SubscriptionAcknowledgement(n, 1) for n in (number, 999)]
    )
    answered = await other.ask(theirs, ua.PublishResponse)  # the first keep-alive
    assert {status.name for status in answered.Parameters.Results} == {"BadSubscriptionIdInvalid"}


async def test_messages_that_nobody_acknowledges_are_kept_up_to_so_many_bytes(endpoint: str) -> None:
    async with listening(endpoint, Bounds(kept=250)) as port:
        await check_what_is_kept(port)


async def check_what_is_kept(port: int) -> None:
    raw = await Raw.session_to(port)
    number = (await subscribe(raw)).SubscriptionId
    item = ua.MonitoredItemCreateRequest(ua.ReadValueId(ua.NodeId("SIM.time", 2), ua.AttributeIds.Value))
    item.MonitoringMode = ua.MonitoringMode.Reporting
    kept = []
    for _ in range(5):  # 100 bytes each
        await raw.ask(
            of(ua.CreateMonitoredItemsRequest(), SubscriptionId=number, ItemsToCreate=[item] * 3),
            ua.CreateMonitoredItemsResponse,
        )
        published = (await raw.ask(ua.PublishRequest(), ua.PublishResponse)).Parameters
        kept.append(list(published.AvailableSequenceNumbers))
    assert kept == [[1], [1, 2], [2, 3], [3, 4], [4, 5]]
    with pytest.raises(ua.uaerrors.BadMessageNotAvailable):
        await raw.ask(
            of(ua.RepublishRequest(), SubscriptionId=number, RetransmitSequenceNumber=1), ua.RepublishResponse
        )


async def test_servers_are_found_whatever_uri_is_asked_for(port: int) -> None:
    raw = await Raw.channel_to(port)
    for uris in ([], [None], ["urn:other"]):
        found = await raw.ask(of(ua.FindServersRequest(), ServerUris=uris), ua.FindServersResponse)
        assert len(found.Servers) == (not uris)


async def test_a_subscription_leaves_no_logger_behind(port: int) -> None:
    raw = await Raw.session_to(port)
    number = (await subscribe(raw)).SubscriptionId
    assert not [name for name in logging.Logger.manager.loggerDict if name.endswith(f".{number}")]


async def test_publish_requests_are_counted(port: int) -> None:
    raw = await Raw.session_to(port)
    await subscribe(raw)
    for _ in range(30):
        await raw.send(raw.message(raw.encoded(ua.PublishRequest())))
    refused = 0
    async for content in answers(raw):
        try:
            raw.decoded(content, ua.PublishResponse)
        except ua.uaerrors.BadTooManyPublishRequests:
            refused += 1
    assert refused >= 15


# --- load ------------------------------------------------------------------------------------------------------------


async def test_a_client_that_does_not_read_its_answers_is_dropped(port: int) -> None:
    raw = await Raw.session_to(port)
    raw.writer.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.writer.transport.pause_reading()
    request = reading(*["SIM.mode/EnumStrings"] * 10)
    message = raw.encoded(request)

    async def flood() -> None:
        for _ in range(100_000):
            await raw.send(raw.message(message))

    with pytest.raises(Closed):
        await asyncio.wait_for(flood(), 60.0)
    assert await read(await Raw.session_to(port), "CV-101.opening") == 0.0


async def test_answers_wait_for_a_client_that_is_slow_to_fetch_them(endpoint: str) -> None:
    async with listening(endpoint, replace(SMALL, fetch_time=60.0)) as port:
        raw = await Raw.session_to(port)
        raw.writer.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.writer.transport.pause_reading()
        message = raw.encoded(reading(*["SIM.mode/EnumStrings"] * 10))
        for _ in range(1000):
            raw.writer.write(raw.message(message))
        await asyncio.sleep(0.3)
        assert await read(await Raw.session_to(port), "CV-101.opening") == 0.0
        raw.writer.transport.resume_reading()
        for _ in range(1000):
            raw.decoded(await asyncio.wait_for(raw.answer(), 30.0), ua.ReadResponse)


async def test_an_answer_beyond_its_bound_is_refused_and_the_client_may_go_on(port: int) -> None:
    raw = await Raw.session_to(port)
    names = ua.NodeId(ua.ObjectIds.Server_ServerDiagnostics_SessionsDiagnosticsSummary_SessionDiagnosticsArray)
    request = ua.ReadRequest()
    request.Parameters.NodesToRead = [ua.ReadValueId(names, ua.AttributeIds.Value)] * 10
    assert len((await raw.ask(request, ua.ReadResponse)).Results) == 10
    for _ in range(3):
        await Raw.session_to(port)
    with pytest.raises(ua.uaerrors.BadResponseTooLarge):
        await raw.ask(request, ua.ReadResponse)
    assert await read(raw, "CV-101.opening") == 0.0


async def test_a_client_that_asks_without_end_does_not_keep_others_waiting(port: int) -> None:
    greedy, modest = await Raw.session_to(port), await Raw.session_to(port)
    request = reading(*["SIM.mode/EnumStrings"] * 10)
    for _ in range(300):
        await greedy.send(greedy.message(greedy.encoded(request)))
    assert await read(modest, "CV-101.opening") == 0.0
    for _ in range(300):
        await asyncio.wait_for(greedy.answer(), 30.0)


async def test_a_client_that_is_disconnected_and_stays_is_told_nothing_more(
    port: int, caplog: pytest.LogCaptureFixture
) -> None:
    raw = await Raw.session_to(port)
    request = ua.CreateSubscriptionRequest()
    wishes = {"RequestedPublishingInterval": 100.0, "RequestedLifetimeCount": 100, "RequestedMaxKeepAliveCount": 1}
    await raw.ask(of(request, PublishingEnabled=True, **wishes), ua.CreateSubscriptionResponse)
    publish = ua.PublishRequest()
    for _ in range(5):
        await raw.send(raw.message(raw.encoded(publish)))
    await asyncio.wait_for(raw.answer(), 30.0)
    await raw.send(b"XYZF" + bytes(20))
    await asyncio.sleep(0.6)  # another sign of life of the subscription would be due
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []
    assert await read(await Raw.session_to(port), "CV-101.opening") == 0.0


async def test_a_session_with_subscriptions_goes_on_over_another_connection_for_who_has_its_secret(port: int) -> None:
    first = await Raw.session_to(port)
    await subscribe(first)
    first.close()
    second = await Raw.channel_to(port)
    activate = ua.ActivateSessionRequest()
    activate.Parameters.UserIdentityToken = ua.AnonymousIdentityToken()
    second.session = ua.NodeId(bytes(32), 0, ua.NodeIdType.ByteString)
    with pytest.raises(ua.uaerrors.BadSessionIdInvalid):
        await second.ask(activate, ua.ActivateSessionResponse)
    second.session = first.session
    await second.ask(activate, ua.ActivateSessionResponse)
    assert await read(second, "CV-101.opening") == 0.0
    answered = await second.ask(ua.PublishRequest(), ua.PublishResponse)
    assert answered.Parameters.SubscriptionId


async def test_scalars_ranges_and_numbers_are_kept_on_every_way_in(server: TwinServer, talk: Talker) -> None:
    """An array into a scalar, a part of a value, no number, and a value outside the range of the instrument."""
    for value, part, status in (
        (ua.Variant([0.1, 0.2], ua.VariantType.Double), None, "BadTypeMismatch"),
        (ua.Variant(0.5, ua.VariantType.Double), "0", "BadWriteNotSupported"),
        (ua.Variant(float("nan"), ua.VariantType.Double), None, "BadOutOfRange"),
        (ua.Variant(float("-inf"), ua.VariantType.Double), None, "BadOutOfRange"),
        (ua.Variant(1.5, ua.VariantType.Double), None, "BadOutOfRange"),
    ):
        assert await talk.write_item("CV-101.opening", ua.DataValue(value), part=part) == status
    assert await talk.value("CV-101.opening") == 0.0


async def test_a_normal_client_meets_none_of_the_bounds(server: TwinServer, talk: Talker) -> None:
    listener = Listener()
    subscription = await talk.client.create_subscription(0, listener)
    names = [*server.simulation.plant.tags] * 10
    await subscription.subscribe_data_change([talk.node(name) for name in names])
    await talk.advance(1.0)
    await eventually(lambda: listener.last("SIM.time") == 1.0)


async def test_a_connection_that_has_gone_leaves_nothing_to_the_garbage_collector(endpoint: str) -> None:
    async with listening(endpoint, SMALL) as port:
        raw = await Raw.session_to(port)
        (found,) = [each for each in gc.get_objects() if isinstance(each, Processor) and each.active]
        gone = weakref.ref(found)
        del found
        gc.disable()
        try:
            raw.close()
            await eventually(lambda: gone() is None)
        finally:
            gc.enable()


async def test_a_language_that_is_none_is_passed_over(port: int) -> None:
    raw = await Raw.session_to(port)
    again = ua.ActivateSessionRequest()
    again.Parameters.UserIdentityToken = ua.AnonymousIdentityToken()
    again.Parameters.LocaleIds = [None, "ja"]
    await raw.ask(again, ua.ActivateSessionResponse)
    name = ua.ReadRequest()
    name.Parameters.NodesToRead = [ua.ReadValueId(ua.NodeId("CV-101.opening", 2), ua.AttributeIds.Description)]
    (found,) = (await raw.ask(name, ua.ReadResponse)).Results
    assert found.Value.Value.Locale == "ja"
