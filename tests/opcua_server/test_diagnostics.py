"""What the server says about itself: status, service level, diagnostics."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asyncua import Client, ua
from asyncua.common.utils import Buffer
from asyncua.ua.ua_binary import Primitives, nodeid_from_binary
from cryptography.hazmat.primitives.asymmetric import rsa

from opcua_server import TwinServer
from opcua_server.diagnostic_rows import SECURITY_ROW
from twin.errors import TwinError

from .secured import BASIC, ENCRYPT, PASSWORD, Site, certificate
from .talking import Talker

IDS = ua.ObjectIds
SUMMARY = "ServerDiagnostics_ServerDiagnosticsSummary"
SESSIONS = "ServerDiagnostics_SessionsDiagnosticsSummary_SessionDiagnosticsArray"
SECRET = "ServerDiagnostics_SessionsDiagnosticsSummary_SessionSecurityDiagnosticsArray"


def node(talk: Talker, name: str) -> Any:
    return talk.client.get_node(ua.NodeId(getattr(IDS, f"Server_{name}")))


async def read(talk: Talker, name: str) -> Any:
    return await node(talk, name).read_value()


async def test_a_running_server_says_so(talk: Talker) -> None:
    status = await read(talk, "ServerStatus")
    assert status.State == ua.ServerState.Running == await read(talk, "ServerStatus_State")
    assert status.BuildInfo.ProductName == "hetwin"
    assert status.StartTime == await read(talk, "ServerStatus_StartTime")
    assert abs(status.CurrentTime - datetime.now(UTC)) < timedelta(minutes=1)
    assert (status.SecondsTillShutdown, status.ShutdownReason.Text) == (0, None)
    assert await read(talk, "ServiceLevel") == 255
    assert await read(talk, "ServerRedundancy_RedundancySupport") == ua.RedundancySupport.None_
    assert await read(talk, "ServerDiagnostics_EnabledFlag") is True


async def test_nobody_writes_what_the_server_says_about_itself(talk: Talker) -> None:
    for name, value in (("ServiceLevel", ua.Variant(1, ua.VariantType.Byte)), ("Auditing", False)):
        with pytest.raises(ua.UaStatusCodeError):
            await node(talk, name).write_value(value)


async def test_the_service_level_falls_when_the_plant_is_paused_and_to_no_data_when_it_failed(
    serve: Callable[..., Any], connect: Callable[[], Any]
) -> None:
    server: TwinServer = await serve(mode="paused")
    async with connect() as talk:
        assert await read(talk, "ServiceLevel") == 100
        server.simulation.failure = TwinError("CV-101.m_flow is no number.")
        assert await read(talk, "ServiceLevel") == 1
        assert "CV-101" in server.health().reason
        server.simulation.failure = None
        server.simulation.write("SIM.mode", 3.0)
        async with asyncio.timeout(60.0):
            while server.simulation.mode == "paused":
                await asyncio.sleep(0.01)
        assert await read(talk, "ServiceLevel") == 255


async def test_the_summary_counts_sessions_subscriptions_and_refusals(
    server: TwinServer, talk: Talker, connect: Callable[[], Any]
) -> None:
    before = await read(talk, SUMMARY)
    async with connect() as other:
        await other.client.create_subscription(500.0, None)
        await other.client.create_subscription(1000.0, None)
        with pytest.raises(ua.UaStatusCodeError):
            await other.client.uaclient.delete_subscriptions([])  # nothing to do
        during = await read(talk, SUMMARY)
    after = await read(talk, SUMMARY)
    assert (before.CurrentSessionCount, during.CurrentSessionCount, after.CurrentSessionCount) == (1, 2, 1)
    assert during.CumulatedSessionCount == before.CumulatedSessionCount + 1 == after.CumulatedSessionCount
    assert (during.CurrentSubscriptionCount, during.PublishingIntervalCount) == (2, 2)
    assert (after.CurrentSubscriptionCount, after.CumulatedSubscriptionCount) == (0, 2)
    assert during.RejectedRequestsCount == before.RejectedRequestsCount + 1
    assert await read(talk, f"{SUMMARY}_CumulatedSubscriptionCount") == 2


async def test_every_session_has_a_row_with_its_requests(talk: Talker, connect: Callable[[], Any]) -> None:
    async with connect() as other:
        for _ in range(3):
            await other.value("BUF-1.p")
        await other.write("CV-101.opening", 0.5)
        mine, its = sorted(await read(talk, SESSIONS), key=lambda row: row.ClientConnectionTime)
    assert its.SessionName and its.ClientDescription.ApplicationUri
    assert its.ReadCount.TotalCount >= 3
    assert its.WriteCount.TotalCount == 1
    assert its.WriteCount.ErrorCount == its.CallCount.TotalCount == 0
    assert its.TotalRequestCount.TotalCount >= its.ReadCount.TotalCount + its.WriteCount.TotalCount
    assert its.ActualSessionTimeout > 0.0
    assert mine.SessionId != its.SessionId
    assert mine.ClientLastContactTime >= its.ClientConnectionTime


class Heard:
    def __init__(self) -> None:
        self.values: list[Any] = []

    def datachange_notification(self, node: Any, value: Any, data: Any) -> None:
        self.values.append(value)


async def test_every_subscription_has_a_row_with_its_notifications(talk: Talker) -> None:
    heard = Heard()
    subscription = await talk.client.create_subscription(100.0, heard)
    await subscription.subscribe_data_change([talk.node("SIM.time"), talk.node("BUF-1.p")])
    for _ in range(3):
        await talk.advance(1.0)
    async with asyncio.timeout(60.0):
        while len(heard.values) < 4:
            await asyncio.sleep(0.02)
    (row,) = await read(talk, "ServerDiagnostics_SubscriptionDiagnosticsArray")
    assert row.SubscriptionId == subscription.subscription_id
    assert row.PublishingInterval == 100.0
    assert row.MonitoredItemCount == 2
    assert row.DataChangeNotificationsCount == row.NotificationsCount >= 4
    assert row.PublishingEnabled is True


async def test_counters_begin_again_after_four_thousand_million(server: TwinServer, talk: Talker) -> None:
    await talk.client.create_subscription(500.0, None)
    (found,) = server._server.iserver.subscription_service.clients()
    found.told["changes"] = (1 << 32) + 5
    (row,) = await read(talk, "ServerDiagnostics_SubscriptionDiagnosticsArray")
    assert (row.DataChangeNotificationsCount, row.NotificationsCount) == (5, 5)
    server._server.guard.tally.requests["rejected"] = (1 << 32) + 7
    assert (await read(talk, SUMMARY)).RejectedRequestsCount == 7


async def test_subscribers_are_told_that_the_server_stops_why_and_when_it_is_back(
    server: TwinServer, talk: Talker
) -> None:
    heard = {name: Heard() for name in ("ServerStatus_State", "ServiceLevel", "EstimatedReturnTime")}
    for name, each in heard.items():
        subscription = await talk.client.create_subscription(100.0, each)
        await subscription.subscribe_data_change(node(talk, name))
    server.announce_stop(5.0, ("A new version is installed.", "新しい版を導入します。"), away=60.0)
    async with asyncio.timeout(60.0):
        while not all(each.values and each.values[-1] != each.values[0] for each in heard.values()):
            await asyncio.sleep(0.02)
    assert [int(value) for value in heard["ServerStatus_State"].values] == [0, int(ua.ServerState.Shutdown)]
    assert heard["ServiceLevel"].values == [255, 0]
    back = heard["EstimatedReturnTime"].values[-1].replace(tzinfo=UTC)
    assert timedelta(seconds=30) < back - datetime.now(UTC) <= timedelta(seconds=65)
    status = await read(talk, "ServerStatus")
    assert status.ShutdownReason.Text == "A new version is installed."
    assert 0 <= status.SecondsTillShutdown <= 5


async def test_why_the_server_stops_is_said_in_the_language_of_the_session(server: TwinServer) -> None:
    server.announce_stop(5.0, ("A new version is installed.", "新しい版を導入します。"))
    for locales, text in (
        (["ja-JP", "en"], "新しい版を導入します。"),
        (["de", "en", "ja"], "A new version is installed."),
    ):
        client = Client(server.endpoint)
        client._locale = locales
        async with client:
            assert (await read(Talker(client), "ServerStatus_ShutdownReason")).Text == text
            assert (await read(Talker(client), "ServerStatus")).ShutdownReason.Text == text


async def test_the_server_says_that_it_audits_and_where_it_stands(talk: Talker) -> None:
    assert await read(talk, "Auditing") is True
    assert abs((await read(talk, "LocalTime")).Offset) <= 14 * 60
    assert await read(talk, "ServerDiagnostics_SamplingIntervalDiagnosticsArray") == []


# --- a session's own nodes -------------------------------------------------------------------------------------------


async def children(found: Any) -> dict[str, Any]:
    return {(await child.read_browse_name()).Name: child for child in await found.get_children()}


async def session_objects(talk: Talker) -> list[Any]:
    kind = ua.NodeId(IDS.SessionDiagnosticsObjectType)
    summary = node(talk, "ServerDiagnostics_SessionsDiagnosticsSummary")
    return [each for each in await summary.get_children() if await each.read_type_definition() == kind]


async def test_a_session_has_nodes_of_its_own_while_it_lives(talk: Talker, connect: Callable[[], Any]) -> None:
    (mine,) = await session_objects(talk)
    async with connect() as other:
        (its,) = [each for each in await session_objects(other) if each.nodeid != mine.nodeid]
        await other.client.create_subscription(500.0, None)
        parts = await children(its)
        assert set(parts) == {"SessionDiagnostics", "SessionSecurityDiagnostics", "SubscriptionDiagnosticsArray"}
        row = await parts["SessionDiagnostics"].read_value()
        assert row.SessionId == its.nodeid
        assert len(await parts["SubscriptionDiagnosticsArray"].read_value()) == 1
        of_type = await children(talk.client.get_node(ua.NodeId(IDS.SessionDiagnosticsVariableType)))
        counters = await children(parts["SessionDiagnostics"])
        assert set(counters) == set(of_type)
        for name, counter in counters.items():
            assert type(await counter.read_value()) is type(getattr(row, name)), name
        assert (await counters["BrowseCount"].read_value()).TotalCount > 0
        fields = await children(parts["SessionSecurityDiagnostics"])
        assert await fields["AuthenticationMechanism"].read_value() == "Anonymous"
    assert [each.nodeid for each in await session_objects(talk)] == [mine.nodeid]
    with pytest.raises(ua.UaStatusCodeError, match="BadNodeIdUnknown"):
        await talk.client.get_node(counters["BrowseCount"].nodeid).read_value()


async def test_switched_off_diagnostics_show_nothing_and_begin_anew_when_switched_on(
    talk: Talker, connect: Callable[[], Any]
) -> None:
    flag = node(talk, "ServerDiagnostics_EnabledFlag")
    with pytest.raises(ua.UaStatusCodeError, match="BadTypeMismatch"):
        await flag.write_value(1.0)
    with pytest.raises(ua.UaStatusCodeError):
        await talk.client.uaclient.delete_subscriptions([])  # a request that is rejected
    assert (await read(talk, SUMMARY)).RejectedRequestsCount > 0
    await flag.write_value(False)
    assert await flag.read_value() is False
    for name in (SUMMARY, SESSIONS, f"{SUMMARY}_CurrentSessionCount"):
        with pytest.raises(ua.UaStatusCodeError, match="BadNotReadable"):
            await read(talk, name)
    assert await session_objects(talk) == []
    await flag.write_value(True)
    summary = await read(talk, SUMMARY)
    assert (summary.RejectedRequestsCount, summary.CurrentSessionCount) == (0, 1)
    (row,) = await read(talk, SESSIONS)
    assert row.TotalRequestCount.TotalCount < 5
    assert len(await session_objects(talk)) == 1


async def test_others_sessions_and_the_switch_are_for_engineers(site: Site, key: rsa.RSAPrivateKey) -> None:
    mine = certificate(key)
    site.trust.add(site.client_file(mine))
    for name, role in (("watcher", "observer"), ("planner", "engineer")):
        site.users.add(name, role, PASSWORD)
    async with (
        site.serving(),
        site.client(mine, user="planner") as planner,
        site.client(mine, user="watcher") as watcher,
    ):
        await planner.client.create_subscription(500.0, None)
        own, others = await read(watcher, SESSIONS), await read(planner, SESSIONS)
        assert (len(own), len(others)) == (1, 2)
        assert await read(watcher, "ServerDiagnostics_SubscriptionDiagnosticsArray") == []
        for each in await session_objects(watcher):
            parts = await children(each)
            if each.nodeid == own[0].SessionId:
                assert (await parts["SessionDiagnostics"].read_value()).SessionId == each.nodeid
            else:
                with pytest.raises(ua.UaStatusCodeError, match="BadUserAccessDenied"):
                    await parts["SessionDiagnostics"].read_value()
            with pytest.raises(ua.UaStatusCodeError, match="BadUserAccessDenied"):
                await (await children(parts["SessionSecurityDiagnostics"]))["ClientUserIdOfSession"].read_value()
        with pytest.raises(ua.UaStatusCodeError, match="BadUserAccessDenied"):
            await node(watcher, "ServerDiagnostics_EnabledFlag").write_value(False)
        level = ua.AttributeIds.UserAccessLevel
        flags = [
            (await node(each, "ServerDiagnostics_EnabledFlag").read_attribute(level)).Value.Value
            for each in (watcher, planner)
        ]
        assert flags == [1, 3]
        await node(planner, "ServerDiagnostics_EnabledFlag").write_value(False)


async def test_who_is_logged_in_is_for_engineers_only(
    site: Site, key: rsa.RSAPrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(ua.extension_objects_by_typeid, SECURITY_ROW)  # asyncua's client cannot decode it
    mine = certificate(key)
    site.trust.add(site.client_file(mine))
    for name, role in (("watcher", "observer"), ("teacher", "instructor")):
        site.users.add(name, role, PASSWORD)
    async with site.serving():
        async with site.client(mine, user="watcher") as watcher:
            with pytest.raises(ua.UaStatusCodeError, match="BadUserAccessDenied"):
                await read(watcher, SECRET)
        async with site.client(mine, user="teacher") as teacher:
            (row,) = await read(teacher, SECRET)
            assert decoded(row.Body) == {
                "user": "teacher",
                "users": ["teacher"],
                "mechanism": "UserName",
                "encoding": "UA Binary",
                "mode": ENCRYPT,
                "policy": BASIC.URI,
                "certificate": mine,
            }
            with pytest.raises(ua.UaStatusCodeError):
                async with site.client(mine, user="teacher", password="wrong"):
                    pass
            summary = await read(teacher, SUMMARY)
            assert summary.SecurityRejectedSessionCount == summary.RejectedSessionCount == 1


def decoded(body: bytes) -> dict[str, Any]:
    """A SessionSecurityDiagnosticsDataType (Part 5, 12.12)."""
    source, text = Buffer(body), Primitives.String.unpack
    nodeid_from_binary(source)
    user, count = text(source), Primitives.Int32.unpack(source)
    users = [text(source) for _ in range(count)]
    mechanism, encoding, _, mode, policy = (
        *(text(source), text(source), text(source)),
        *(Primitives.Int32.unpack(source), text(source)),
    )
    found = {"user": user, "users": users, "mechanism": mechanism, "encoding": encoding, "mode": mode}
    return found | {"policy": policy, "certificate": Primitives.ByteString.unpack(source)}
