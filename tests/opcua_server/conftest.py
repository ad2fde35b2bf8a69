"""A server of the two vessels on a free port, and clients for it."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from asyncua import Client, Node, ua

from opcua_server import TwinServer
from twin.plant import Plant
from twin.simulation import Simulation

PLANTS = Path(__file__).parent.parent / "plants"
PLANT = PLANTS / "two-vessels.toml"


@pytest.fixture
def endpoint() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"opc.tcp://127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture
async def serve(endpoint: str) -> AsyncIterator[Callable[..., Any]]:
    """`await serve(mode=...)` starts a server, which the fixture stops."""
    servers = []

    async def start(plant: str = "two-vessels", **settings: Any) -> TwinServer:
        server = TwinServer(Simulation(Plant.load(PLANTS / f"{plant}.toml"), **settings), endpoint)
        await server.start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        await server.stop()


@pytest.fixture
async def server(serve: Callable[..., Any]) -> TwinServer:
    """A server in lock-step, where nothing moves by itself."""
    return await serve(mode="lockstep")


class Talker:
    """A connected client that speaks of tags."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def node(self, name: str) -> Node:
        return self.client.get_node(ua.NodeId(name, 2))

    async def read(self, name: str, attribute: int = ua.AttributeIds.Value) -> ua.DataValue:
        """What the client is told, bad quality included."""
        request = ua.ReadParameters()
        request.NodesToRead = [ua.ReadValueId(ua.NodeId(name, 2), attribute)]
        return (await self.client.uaclient.read(request))[0]

    async def value(self, name: str) -> Any:
        return (await self.read(name)).Value.Value

    async def write(self, name: str, value: Any, kind: ua.VariantType = ua.VariantType.Double) -> str:
        """Write a value; the name of the status."""
        return await self.write_item(name, ua.DataValue(ua.Variant(value, kind)))

    async def write_item(
        self, name: str, value: ua.DataValue, attribute: int = ua.AttributeIds.Value, part: str | None = None
    ) -> str:
        request = ua.WriteParameters()
        request.NodesToWrite = [ua.WriteValue(ua.NodeId(name, 2), attribute, part, value)]
        return (await self.client.uaclient.write(request))[0].name

    async def advance(self, seconds: float) -> float:
        """Advance the plant in lock-step; the time reached."""
        return await self.node("SIM").call_method(ua.NodeId("SIM.advance", 2), float(seconds))


@pytest.fixture
def connect(endpoint: str) -> Callable[[], Any]:
    """`async with connect() as talk:` opens one more client."""

    @asynccontextmanager
    async def connected() -> AsyncIterator[Talker]:
        async with Client(endpoint, timeout=60.0, watchdog_intervall=60.0) as client:  # on a busy machine too
            yield Talker(client)

    return connected


@pytest.fixture
async def talk(server: TwinServer, connect: Callable[[], Any]) -> AsyncIterator[Talker]:
    """A client of the server in lock-step."""
    async with connect() as talker:
        yield talker
