"""A running simulation on OPC UA.

    simulation = Simulation(Plant.load("teaching"))
    async with TwinServer(simulation, "opc.tcp://127.0.0.1:4840"):
        await asyncio.Event().wait()

The plant steps in the simulation's thread, without the GIL; the event loop only serves clients.
"""

from __future__ import annotations

import asyncio
import errno
import gc
import ipaddress
import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import urlparse

import numpy as np
from asyncua import Server, ua

from opcua_server import companion
from opcua_server.derived import DerivedValues
from opcua_server.errors import EndpointRefused, PortBusy
from opcua_server.information_model import InformationModel, namespaces
from opcua_server.languages import announce
from opcua_server.nodes import PlantNodes, build_nodes
from opcua_server.publisher import Publisher, Scan
from opcua_server.standard_nodes import CachedServer
from opcua_server.subscriptions import TagSubscriptions
from opcua_server.writes import TagWrites
from twin.errors import TwinError
from twin.simulation import Simulation, WrongMode
from twin.tags import Tag

ENDPOINT = "opc.tcp://127.0.0.1:4840"
log = logging.getLogger(__name__)


class TwinServer:
    """Serves one simulation; starts and stops it with itself unless it runs already."""

    def __init__(self, simulation: Simulation, endpoint: str = ENDPOINT) -> None:
        self.simulation = simulation
        self.endpoint = endpoint
        self.publisher: Publisher
        self.derived: DerivedValues
        self._host, self._port = _address_of(endpoint)
        self._server: Server | None = None
        self._task: asyncio.Task[None] | None = None
        self._unsubscribe: Callable[[], None] = lambda: None
        self._owns_simulation = False

    async def start(self) -> None:
        """Build the address space, listen, and start the simulation. Raises PortBusy."""
        self._check_port()
        self._loop = asyncio.get_running_loop()
        with _without_collecting():
            server, nodes = await self._build()
        try:
            await server.start()
        except OSError as problem:
            raise self._refused(problem) from None
        self._server = server
        self._task = asyncio.create_task(self.publisher.run(), name="publisher")
        self._unsubscribe = self.simulation.subscribe(self._on_scan)
        if not self.simulation.running:
            self._owns_simulation = True
            self.simulation.start()
        log.info("Serving %d tags on %s.", len(nodes.values), self.endpoint)

    async def stop(self) -> None:
        """Stop the simulation if this server started it, say goodbye to clients and free the port."""
        self._unsubscribe()
        if self._owns_simulation:
            self._owns_simulation = False
            await asyncio.to_thread(self.simulation.stop)
        if self._task is not None:
            await _cancel(self._task)
            self._task = None
        if self._server is not None:
            server, self._server = self._server, None
            if server.iserver.time_task is not None:  # asyncua would wait out its one-second nap
                await _cancel(server.iserver.time_task)
                server.iserver.time_task = None
            await server.stop()

    async def run(self) -> None:
        """Serve until cancelled."""
        async with self:
            await asyncio.Event().wait()

    async def __aenter__(self) -> TwinServer:
        await self.start()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.stop()

    async def _build(self) -> tuple[Server, PlantNodes]:
        plant = self.simulation.plant
        nodesets = companion.find_nodesets()
        if nodesets is None:
            log.warning(companion.HINT)
        core = CachedServer(nodesets)
        subscriptions = TagSubscriptions(core.aspace, core, self.simulation.period)
        core.subscription_service = core.isession.subscription_service = subscriptions
        server = Server(iserver=core)
        await server.init()
        server.set_endpoint(self.endpoint)
        server.set_server_name(f"hetwin {plant.name}")
        await server.set_application_uri("urn:hetwin:server")
        await server.set_build_info(
            "https://pypi.org/project/hetwin", "hetwin", "hetwin", _version(), "0", datetime.now(UTC)
        )
        server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        server.set_identity_tokens([ua.AnonymousIdentityToken])
        server.allow_remote_admin(False)

        for uri in namespaces(nodesets is not None):
            await server.register_namespace(uri)
        space, units, size = core.aspace, plant.spec.units, len(plant.image)
        model = InformationModel(
            space, plant.name, plant.tags, units, size, self.simulation.period, nodesets is not None
        )
        nodes = build_nodes(space, plant.name, plant.description, plant.tags, model)
        core.japanese = model.japanese
        announce(space)
        self.derived = model.derived
        image = self.derived.extend(plant.image)
        self.publisher = Publisher(nodes, image, subscriptions, self.simulation.period)
        core.attribute_service = TagWrites(space, nodes.by_id, self._write)
        space.add_method_callback(nodes.advance, self._advance)
        return server, nodes

    async def _write(self, tag: Tag, value: float) -> None:
        """A client's write: queued for the plant's next step, shown at once."""
        ticket = self.simulation.write(tag.name, value)
        self.publisher.overwrite(tag, value, ticket)

    async def _advance(self, parent: ua.NodeId, *arguments: ua.Variant) -> Any:
        if len(arguments) != 1:
            return ua.StatusCode(ua.StatusCodes.BadArgumentsMissing)
        if arguments[0].VariantType != ua.VariantType.Double:
            return ua.StatusCode(ua.StatusCodes.BadTypeMismatch)
        try:
            time = await asyncio.wrap_future(self.simulation.advance(arguments[0].Value))
        except TwinError as problem:
            log.warning("%s", problem)
            if self.simulation.failure is not None:
                return ua.StatusCode(ua.StatusCodes.BadOutOfService)
            wrong_mode = isinstance(problem, WrongMode)
            return ua.StatusCode(ua.StatusCodes.BadInvalidState if wrong_mode else ua.StatusCodes.BadInvalidArgument)
        return [ua.Variant(time, ua.VariantType.Double)]

    def _on_scan(self, image: np.ndarray, time: float) -> None:
        """In the simulation's thread: hand the scan over to the event loop."""
        failure = self.simulation.failure
        scan = Scan(
            self.derived.extend(image), datetime.now(UTC), self.simulation.applied, str(failure) if failure else ""
        )
        self._loop.call_soon_threadsafe(self.publisher.arrive, scan)

    def _check_port(self) -> None:
        """Find out before any work whether the port is free."""
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self._host, self._port))
            except OSError as problem:
                raise self._refused(problem) from None

    def _refused(self, problem: OSError) -> Exception:
        if problem.errno == errno.EADDRINUSE:
            return PortBusy(
                f"Port {self._port} on {self._host} is busy: another program listens there, perhaps another hetwin; "
                f"stop it or choose another endpoint, such as opc.tcp://{self._host}:{self._port + 1}."
            )
        return EndpointRefused(f"{self.endpoint} cannot be served: {problem.strerror}.")


def _address_of(endpoint: str) -> tuple[str, int]:
    """Host and port of an endpoint on this machine."""
    url = urlparse(endpoint)
    try:
        port = url.port
    except ValueError:
        port = None
    if url.scheme != "opc.tcp" or not url.hostname or not port:
        raise EndpointRefused(f'"{endpoint}" is not an endpoint such as "{ENDPOINT}".')
    host = "127.0.0.1" if url.hostname == "localhost" else url.hostname
    with suppress(ValueError):
        if ipaddress.ip_address(host).is_loopback:
            return host, port
    raise EndpointRefused(
        f"{endpoint} would let anybody on the network move valves: without certificates hetwin serves only this "
        f"machine, for instance {ENDPOINT}."
    )


def _version() -> str:
    try:
        return version("hetwin")
    except PackageNotFoundError:
        return "0"


async def _cancel(task: asyncio.Task[Any]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Many small objects that stay: looking for garbage among them takes longer than making them.

    They are kept out of later collections too, each of which would hold the event loop for 0.2 s.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()
