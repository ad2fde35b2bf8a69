"""Discovery, sessions, views, methods and what clients are told beside a status (Part 4), as a tester sees them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from asyncua import ua

import opcua_server
from opcua_server import TwinServer

from .conformance import BOUNDS, VALUE, Asker, names, of, standard, tag

pytestmark = pytest.mark.asyncio(loop_scope="module")
BAD = ua.uaerrors
UNKNOWN, OBJECTS, SERVER = tag("no such node"), standard("ObjectsFolder"), standard("Server")
SIM, ADVANCE = tag("SIM"), tag("SIM.advance")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def asker(served: tuple[TwinServer, int]) -> Asker:
    return await Asker.on(served[1])


# --- discovery -------------------------------------------------------------------------------------------------------


async def test_endpoints_are_those_of_the_transport_asked_for_under_the_name_that_was_used(asker: Asker) -> None:
    async def found(**fields: Any) -> list[ua.EndpointDescription]:
        return (await asker.ask(of(ua.GetEndpointsRequest(), **fields), ua.GetEndpointsResponse)).Endpoints

    uri = "http://opcfoundation.org/UA-Profile/Transport/uatcp-uasc-uabinary"
    (endpoint,) = await found(ProfileUris=["urn:another", uri])
    assert endpoint.TransportProfileUri == uri
    assert endpoint.Server.ApplicationType == ua.ApplicationType.Server
    assert await found(ProfileUris=["http://opcfoundation.org/UA-Profile/Transport/https-uabinary"]) == []
    assert (await found(EndpointUrl="opc.tcp://plant.example:4840"))[0].EndpointUrl == "opc.tcp://plant.example:4840"
    assert len(await found(EndpointUrl="no url at all")) == 1


async def test_the_server_is_found_by_its_own_uri_and_no_part_of_it(asker: Asker) -> None:
    async def found(*uris: str) -> list[ua.ApplicationDescription]:
        return (await asker.ask(of(ua.FindServersRequest(), ServerUris=list(uris)), ua.FindServersResponse)).Servers

    (server,) = await found()
    assert server.DiscoveryUrls
    assert await found("urn:another", server.ApplicationUri) == [server]
    assert await found("urn:another", "urn") == []


# --- sessions --------------------------------------------------------------------------------------------------------


async def test_a_waiting_request_is_cancelled_by_its_handle(served: tuple[TwinServer, int]) -> None:
    asker = await Asker.on(served[1])
    await asker.first_words(await asker.subscribe())
    for handle in (5, 6, 5):
        waiting = ua.PublishRequest()
        waiting.RequestHeader.RequestHandle = handle
        await asker.raw.send(asker.raw.message(asker.raw.encoded(waiting)))
    await asker.raw.send(asker.raw.message(asker.raw.encoded(of(ua.CancelRequest(), RequestHandle=5))))
    for _ in range(2):
        with pytest.raises(BAD.BadRequestCancelledByClient):
            await asker.published()
    cancelled = asker.raw.decoded(await asker.raw.answer(), ua.CancelResponse)
    assert cancelled.Parameters.CancelCount == 2
    await asker.raw.send(asker.raw.message(asker.raw.encoded(ua.CloseSessionRequest(DeleteSubscriptions=True))))
    with pytest.raises(BAD.BadSessionClosed):
        await asker.published()


async def test_a_session_that_was_closed_is_of_no_use(served: tuple[TwinServer, int]) -> None:
    asker = await Asker.on(served[1])
    await asker.ask(ua.CloseSessionRequest(DeleteSubscriptions=True), ua.CloseSessionResponse)
    with pytest.raises(BAD.BadSessionIdInvalid):
        await asker.value(tag("SIM.time"))
    with pytest.raises(BAD.BadSessionIdInvalid):
        await asker.ask(ua.CloseSessionRequest(), ua.CloseSessionResponse)


@pytest.mark.parametrize("request_", [ua.QueryFirstRequest(), ua.QueryNextRequest(), ua.DeleteNodesRequest()])
async def test_what_no_server_of_values_needs_is_said_to_be_unsupported(asker: Asker, request_: Any) -> None:
    with pytest.raises(BAD.BadServiceUnsupported):
        await asker.ask(request_, ua.QueryFirstResponse)


# --- views -----------------------------------------------------------------------------------------------------------


def path(start: ua.NodeId, *steps: str | None, inverse: bool = False) -> ua.BrowsePath:
    kind = ua.NodeId(ua.ObjectIds.HierarchicalReferences)
    elements = [ua.RelativePathElement(kind, inverse, True, ua.QualifiedName(step)) for step in steps]
    return ua.BrowsePath(start, ua.RelativePath(elements))


@pytest.mark.parametrize(
    ("wanted", "status", "target"),
    [
        (path(OBJECTS, "Server", "ServerStatus"), "Good", standard("Server_ServerStatus")),
        (path(standard("Server_ServerStatus"), "Server", inverse=True), "Good", SERVER),
        (path(OBJECTS, None, "ServerStatus"), "Good", standard("Server_ServerStatus")),
        (path(OBJECTS, "Server", None), "BadBrowseNameInvalid", None),
        (path(OBJECTS, "Server", "nothing"), "BadNoMatch", None),
        (path(UNKNOWN, "Server"), "BadNodeIdUnknown", None),
        (path(OBJECTS), "BadNothingToDo", None),
    ],
)
async def test_paths_lead_to_nodes_each_for_itself(asker: Asker, wanted: Any, status: str, target: Any) -> None:
    request = of(ua.TranslateBrowsePathsToNodeIdsRequest(), BrowsePaths=[path(OBJECTS, "Server"), wanted])
    first, found = (await asker.ask(request, ua.TranslateBrowsePathsToNodeIdsResponse)).Results
    assert (first.StatusCode.name, found.StatusCode.name) == ("Good", status)
    assert [each.TargetId for each in found.Targets] == ([target] if target else [])
    assert all(each.RemainingPathIndex == 0xFFFFFFFF for each in found.Targets)


async def test_nodes_are_registered_under_their_own_ids(asker: Asker) -> None:
    nodes = [tag("SIM.time"), UNKNOWN]
    made = await asker.ask(of(ua.RegisterNodesRequest(), NodesToRegister=nodes), ua.RegisterNodesResponse)
    assert made.Parameters.RegisteredNodeIds == nodes
    await asker.ask(of(ua.UnregisterNodesRequest(), NodesToUnregister=nodes), ua.UnregisterNodesResponse)


@pytest.mark.parametrize(
    ("request_", "response"),
    [
        (ua.BrowseRequest(), ua.BrowseResponse),
        (ua.BrowseNextRequest(), ua.BrowseNextResponse),
        (ua.TranslateBrowsePathsToNodeIdsRequest(), ua.TranslateBrowsePathsToNodeIdsResponse),
        (ua.RegisterNodesRequest(), ua.RegisterNodesResponse),
        (ua.UnregisterNodesRequest(), ua.UnregisterNodesResponse),
        (ua.CallRequest(), ua.CallResponse),
        (ua.HistoryReadRequest(), ua.HistoryReadResponse),
    ],
)
async def test_no_operation_is_nothing_to_do(asker: Asker, request_: Any, response: type) -> None:
    with pytest.raises(BAD.BadNothingToDo):
        await asker.ask(request_, response)


# --- methods ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("owner", "method", "arguments", "status", "of_arguments"),
    [
        (UNKNOWN, ADVANCE, (0.1,), "BadNodeIdUnknown", []),
        (SIM, UNKNOWN, (0.1,), "BadMethodInvalid", []),
        (SIM, tag("SIM.time"), (0.1,), "BadMethodInvalid", []),
        (SERVER, ADVANCE, (0.1,), "BadMethodInvalid", []),
        (SERVER, standard("Server_RequestServerStateChange"), (), "BadNotExecutable", []),
        (SIM, ADVANCE, (), "BadArgumentsMissing", []),
        (SIM, ADVANCE, (0.1, 0.1), "BadTooManyArguments", ["Good", "Good"]),
        (SIM, ADVANCE, ("soon",), "BadInvalidArgument", ["BadTypeMismatch"]),
        (SIM, ADVANCE, ([0.1],), "BadInvalidArgument", ["BadTypeMismatch"]),
        (SIM, ADVANCE, (0.1,), "Good", ["Good"]),
    ],
)
async def test_a_call_says_what_is_wrong_with_it(
    asker: Asker, owner: ua.NodeId, method: ua.NodeId, arguments: Any, status: str, of_arguments: list[str]
) -> None:
    found = await asker.call(owner, method, *arguments)
    assert found.StatusCode.name == status
    assert names(found.InputArgumentResults) == of_arguments


# --- what is told beside a status ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("asked", "name", "text"), [(0x20, True, False), (0x40, False, True), (0x60, True, True)])
async def test_bad_results_are_explained_to_who_asks(asker: Asker, asked: int, name: bool, text: bool) -> None:
    request = of(ua.ReadRequest(), NodesToRead=[ua.ReadValueId(n, VALUE) for n in (tag("SIM.time"), UNKNOWN)])
    request.RequestHeader.ReturnDiagnostics = asked
    response = await asker.ask(request, ua.ReadResponse)
    table, (good, bad) = response.ResponseHeader.StringTable, response.DiagnosticInfos
    assert good.SymbolicId is None
    assert (bad.SymbolicId is not None, bad.LocalizedText is not None) == (name, text)
    if name:
        assert table[bad.SymbolicId] == "BadNodeIdUnknown"
    if text:
        assert "node id" in table[bad.LocalizedText].lower()
        assert table[bad.Locale] == "en"


async def test_a_fault_is_explained_and_nothing_is_where_nobody_asks(asker: Asker) -> None:
    request = ua.ReadRequest()
    request.RequestHeader.ReturnDiagnostics = 0x1
    await asker.raw.send(asker.raw.message(asker.raw.encoded(request)))
    fault = asker.raw.decoded_fault(await asyncio.wait_for(asker.raw.answer(), 30.0))
    header = fault.ResponseHeader
    assert header.StringTable[header.ServiceDiagnostics.SymbolicId] == "BadNothingToDo"
    plain = of(ua.ReadRequest(), NodesToRead=[ua.ReadValueId(UNKNOWN, VALUE)])
    assert (await asker.ask(plain, ua.ReadResponse)).DiagnosticInfos == []


# --- what the server is able to do -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OperationLimits_MaxNodesPerRead", BOUNDS.reads),
        ("OperationLimits_MaxNodesPerWrite", BOUNDS.writes),
        ("OperationLimits_MaxNodesPerMethodCall", BOUNDS.calls),
        ("OperationLimits_MaxNodesPerBrowse", BOUNDS.browses),
        ("OperationLimits_MaxNodesPerRegisterNodes", BOUNDS.numbers),
        ("OperationLimits_MaxNodesPerTranslateBrowsePathsToNodeIds", BOUNDS.paths),
        ("OperationLimits_MaxMonitoredItemsPerCall", BOUNDS.items_per_call),
        ("OperationLimits_MaxNodesPerHistoryReadData", BOUNDS.history_reads),
        ("MaxBrowseContinuationPoints", BOUNDS.continuation_points),
        ("MaxQueryContinuationPoints", 0),
        ("MaxSessions", BOUNDS.sessions),
        ("MaxSubscriptions", BOUNDS.subscriptions),
        ("MaxSubscriptionsPerSession", BOUNDS.subscriptions_per_session),
        ("MaxMonitoredItems", BOUNDS.items),
        ("MaxMonitoredItemsPerSubscription", BOUNDS.items_per_session),
        ("MaxMonitoredItemsQueueSize", 100),
        ("MaxSelectClauseParameters", 0),
        ("MaxWhereClauseParameters", 0),
        ("MaxArrayLength", BOUNDS.fields),
        ("MaxStringLength", BOUNDS.message),
        ("MinSupportedSampleRate", 100.0),
    ],
)
async def test_the_bounds_stand_where_the_standard_has_them(asker: Asker, name: str, value: Any) -> None:
    assert await asker.value(standard(f"Server_ServerCapabilities_{name}")) == value


async def test_the_build_date_is_that_of_the_server_and_not_of_its_start(asker: Asker) -> None:
    status = await asker.value(standard("Server_ServerStatus"))
    newest = max(file.stat().st_mtime for file in Path(opcua_server.__file__).parent.glob("*.py"))
    assert status.BuildInfo.BuildDate.timestamp() == int(newest)


@pytest.mark.parametrize("role", ["Observer", "Operator", "Engineer", "Supervisor"])
async def test_of_a_role_no_application_is_excluded_and_nobody_changes_it_over_opc_ua(asker: Asker, role: str) -> None:
    for name in ("ApplicationsExclude", "EndpointsExclude", "CustomConfiguration"):
        assert await asker.value(standard(f"WellKnownRole_{role}_{name}")) is True


async def test_profiles_are_named(asker: Asker) -> None:
    profiles = await asker.value(standard("Server_ServerCapabilities_ServerProfileArray"))
    assert "http://opcfoundation.org/UA-Profile/Server/StandardUA2017" in profiles
