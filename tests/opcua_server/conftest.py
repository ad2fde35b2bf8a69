"""A server of the two vessels on a free port, and clients for it."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from asyncua import Client, ua
from cryptography.hazmat.primitives.asymmetric import rsa

from opcua_server import TwinServer
from twin.plant import Plant
from twin.simulation import Simulation

from .conformance import Asker, serving
from .secured import Site
from .talking import PLANT, Talker
from .watching import Watcher


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
        server = TwinServer(Simulation(Plant.load(PLANT.with_name(f"{plant}.toml")), **settings), endpoint)
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


@pytest.fixture(scope="session")
def key() -> rsa.RSAPrivateKey:
    """Of all test clients."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def site(tmp_path: Path, endpoint: str, key: rsa.RSAPrivateKey) -> Site:
    return Site(tmp_path, endpoint, key)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served() -> AsyncIterator[tuple[TwinServer, int]]:
    """A server for all tests of a conformance tester in a file, and its port."""
    async with serving() as found:
        yield found


@pytest_asyncio.fixture(loop_scope="module")
async def asker(served: tuple[TwinServer, int]) -> AsyncIterator[Asker]:
    """A session on it."""
    found = await Asker.on(served[1])
    yield found
    await found.ask(ua.CloseSessionRequest(DeleteSubscriptions=True), ua.CloseSessionResponse)


@pytest.fixture
async def plant(serve: Callable[..., Any]) -> TwinServer:
    """A server of the plant with many alarms."""
    return await serve(plant="alarms", mode="lockstep")


@pytest.fixture
async def watch(plant: TwinServer, connect: Callable[[], Any]) -> AsyncIterator[Watcher]:
    """A client of its alarms."""
    async with connect() as talk:
        watcher = Watcher(talk.client)
        watcher.talk = talk  # type: ignore[attr-defined]
        yield watcher
