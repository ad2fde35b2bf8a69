"""RequestServerStateChange over a real client: who may ask for a stop, what others are told, how it ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asyncua import ua
from cryptography.hazmat.primitives.asymmetric import rsa

from opcua_server import TwinServer
from opcua_server.access import Role
from opcua_server.security import Security
from opcua_server.stopping import LONGEST
from twin.plant import Plant
from twin.simulation import Simulation

from .conformance import Asker, names, standard
from .secured import PASSWORD, Site, certificate
from .talking import PLANT

SERVER, METHOD = standard("Server"), standard("Server_RequestServerStateChange")
RUNNING, SHUTDOWN = ua.ServerState.Running, ua.ServerState.Shutdown
NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
NEVER = datetime(1601, 1, 1, tzinfo=UTC)


def arguments(
    state: int = SHUTDOWN, back: datetime = NOW, seconds: int = 600, reason: Any = None, restart: bool = False
) -> list[ua.Variant]:
    return [
        ua.Variant(int(state), ua.VariantType.Int32),
        ua.Variant(back, ua.VariantType.DateTime),
        ua.Variant(seconds, ua.VariantType.UInt32),
        ua.Variant(reason or ua.LocalizedText("The bank is moved.", "en"), ua.VariantType.LocalizedText),
        ua.Variant(restart, ua.VariantType.Boolean),
    ]


class Stopped:
    """How often the server was told to stop."""

    times = 0

    def __call__(self) -> None:
        self.times += 1


def server_of(endpoint: str, security: Security, stopped: Stopped) -> TwinServer:
    made = TwinServer(Simulation(Plant.load(PLANT), mode="lockstep"), endpoint, security)
    made.let_clients_stop(stopped, 1.0)
    return made


@pytest.fixture
def stopped() -> Stopped:
    return Stopped()


@pytest.fixture
async def asker(endpoint: str, stopped: Stopped) -> AsyncIterator[Asker]:
    async with server_of(endpoint, Security(), stopped):
        client = await Asker.on(int(endpoint.rsplit(":", 1)[1]))
        yield client
        client.raw.close_all()


async def ask(client: Asker, **wish: Any) -> str:
    return (await client.call(SERVER, METHOD, *arguments(**wish))).StatusCode.name


async def status(client: Asker) -> ua.ServerStatusDataType:
    return await client.value(standard("Server_ServerStatus"))


async def test_a_stop_that_is_asked_for_is_announced_to_everybody(asker: Asker, stopped: Stopped) -> None:
    assert await ask(asker, seconds=600) == "Good"
    told = await status(asker)
    assert told.State == SHUTDOWN
    assert 500 < told.SecondsTillShutdown <= 600
    assert told.ShutdownReason == ua.LocalizedText("The bank is moved.", "en")
    assert await asker.value(standard("Server_EstimatedReturnTime")) == NOW
    assert await asker.value(standard("Server_ServiceLevel")) == 0
    assert stopped.times == 0


async def test_a_return_that_nobody_knows_is_a_date_that_says_nothing(asker: Asker) -> None:
    await ask(asker, back=NEVER)
    assert await asker.value(standard("Server_EstimatedReturnTime")) == NEVER


async def test_the_server_stops_when_the_time_is_over_and_not_without_a_warning(
    endpoint: str, stopped: Stopped
) -> None:
    async with server_of(endpoint, Security(), stopped) as server:
        client = await Asker.on(int(endpoint.rsplit(":", 1)[1]))
        before = datetime.now(UTC)
        await ask(client, seconds=0)
        assert server.diagnostics.shutdown - before >= timedelta(seconds=1)
        while not stopped.times:
            await client.value(standard("Server_ServiceLevel"))
        client.raw.close_all()
    assert stopped.times == 1


async def test_a_stop_can_be_put_off_and_withdrawn(asker: Asker, stopped: Stopped) -> None:
    await ask(asker, seconds=600)
    assert await ask(asker, seconds=3600) == "Good"
    assert (await status(asker)).SecondsTillShutdown > 3000
    assert await ask(asker, state=RUNNING) == "Good"
    told = await status(asker)
    assert (told.State, told.SecondsTillShutdown, told.ShutdownReason.Text) == (RUNNING, 0, None)
    assert await asker.value(standard("Server_EstimatedReturnTime")) == NEVER
    assert await ask(asker, state=RUNNING) == "BadInvalidState"
    assert stopped.times == 0


@pytest.mark.parametrize(
    "state", [RUNNING, ua.ServerState.Suspended, ua.ServerState.Test, ua.ServerState.NoConfiguration, 99, -1]
)
async def test_any_other_state_is_refused(asker: Asker, state: int) -> None:
    assert await ask(asker, state=state) == "BadInvalidState"
    assert (await status(asker)).State == RUNNING


async def test_a_restart_is_refused(asker: Asker) -> None:
    assert await ask(asker, restart=True) == "BadInvalidState"
    assert (await status(asker)).State == RUNNING


async def test_what_is_wrong_with_an_argument_is_said(asker: Asker) -> None:
    found = await asker.call(SERVER, METHOD, *arguments(seconds=LONGEST + 1))
    assert found.StatusCode.name == "BadInvalidArgument"
    assert names(found.InputArgumentResults) == ["Good", "Good", "BadOutOfRange", "Good", "Good"]
    wrong = [*arguments()[:2], ua.Variant("soon"), *arguments()[3:]]
    found = await asker.call(SERVER, METHOD, *wrong)
    assert names(found.InputArgumentResults) == ["Good", "Good", "BadTypeMismatch", "Good", "Good"]
    assert (await asker.call(SERVER, METHOD, *arguments()[:4])).StatusCode.name == "BadArgumentsMissing"


async def test_a_reason_that_is_too_long_is_cut(asker: Asker) -> None:
    await ask(asker, reason=ua.LocalizedText("x" * 5000, "y" * 1000))
    reason = (await status(asker)).ShutdownReason
    assert (len(reason.Text), len(reason.Locale)) == (500, 20)


async def test_a_stop_that_the_server_has_decided_itself_is_not_for_clients_to_change(
    endpoint: str, stopped: Stopped
) -> None:
    async with server_of(endpoint, Security(), stopped) as server:
        client = await Asker.on(int(endpoint.rsplit(":", 1)[1]))
        await ask(client, seconds=600)
        server.announce_stop(60.0, ("It was asked to stop.", "停止が指示されました。"))
        assert await ask(client, seconds=600) == "BadInvalidState"
        assert await ask(client, state=RUNNING) == "BadInvalidState"
        assert (await status(client)).ShutdownReason.Text == "It was asked to stop."
        client.raw.close_all()


@pytest.mark.parametrize(("role", "answer"), [("operator", "BadUserAccessDenied"), ("engineer", "Good")])
async def test_only_engineers_and_instructors_may_ask(
    site: Site, key: rsa.RSAPrivateKey, stopped: Stopped, role: str, answer: str
) -> None:
    mine = certificate(key)
    site.trust.add(site.client_file(mine))
    site.users.add("ono", role, PASSWORD)
    async with server_of(site.endpoint, site.security, stopped), site.client(mine, user="ono") as talk:
        request = ua.CallMethodRequest(SERVER, METHOD, arguments())
        (found,) = await talk.client.uaclient.call([request])
        assert found.StatusCode.name == answer
        may = await talk.client.get_node(METHOD).read_attribute(ua.AttributeIds.UserExecutable)
        assert may.Value.Value == (Role[role.upper()] >= Role.ENGINEER)


async def test_a_server_without_anybody_to_stop_it_does_not_offer_the_method(talk: Any) -> None:
    request = ua.CallMethodRequest(SERVER, METHOD, arguments())
    (found,) = await talk.client.uaclient.call([request])
    assert found.StatusCode.name == "BadNotExecutable"
    assert not (await talk.client.get_node(METHOD).read_attribute(ua.AttributeIds.Executable)).Value.Value


async def test_durable_subscriptions_are_not_offered_and_say_so(talk: Any) -> None:
    durable = standard("Server_SetSubscriptionDurable")
    (found,) = await talk.client.uaclient.call([ua.CallMethodRequest(SERVER, durable, [])])
    assert found.StatusCode.name == "BadNotExecutable"
    assert not (await talk.client.get_node(durable).read_attribute(ua.AttributeIds.Executable)).Value.Value
