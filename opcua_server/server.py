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
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import numpy as np
from asyncua import Server, ua
from asyncua.server.address_space import AddressSpace

from opcua_server import companion
from opcua_server.access import Access, Role
from opcua_server.caller import user_name
from opcua_server.conditions import Conditions
from opcua_server.derived import DerivedValues
from opcua_server.diagnostics import Diagnostics
from opcua_server.errors import EndpointRefused, PortBusy
from opcua_server.health import Health, health
from opcua_server.historian import Historian
from opcua_server.information_model import InformationModel, namespaces
from opcua_server.languages import announce
from opcua_server.listening import GuardedServer
from opcua_server.nodes import PlantNodes, build_nodes
from opcua_server.plant_methods import add_methods, unit_methods
from opcua_server.publisher import Publisher, Scan
from opcua_server.security import Security
from opcua_server.simulation_methods import simulation_methods
from opcua_server.standard_nodes import PLANT_INDEX, CachedServer
from opcua_server.subscriptions import TagSubscriptions
from opcua_server.watch import Watch
from opcua_server.writes import TagWrites
from twin.errors import TwinError
from twin.history import Event, Recorder, now
from twin.simulation import Simulation, WrongMode
from twin.snapshots import Snapshots
from twin.tags import Tag

ACTION_SEVERITY = 100
"""Of events that tell what a person did, on the scale of 1 to 1 000."""
ENDPOINT = "opc.tcp://127.0.0.1:4840"
SWITCH = 0.0005
"""For which a thread keeps the interpreter [s]: the event loop lets go of it at each message that it receives or sends,
and would wait ten times as long behind a thread that reads the history."""
COLLECT = (5_000, 10, 10)
"""Objects made, and times, before garbage is looked for: most of those of a request have gone by then."""
log = logging.getLogger(__name__)


class TwinServer:
    """Serves one simulation; starts and stops it with itself unless it runs already.

    `snapshots` is the folder of the snapshots that clients make; without one they are kept in memory.
    """

    def __init__(
        self,
        simulation: Simulation,
        endpoint: str = ENDPOINT,
        security: Security | None = None,
        snapshots: Path | None = None,
    ) -> None:
        self.simulation = simulation
        self.endpoint = endpoint
        self.security = security or Security()
        self.snapshots = Snapshots(snapshots)
        self.watch = Watch(simulation.alarms)
        self.publisher: Publisher
        self.derived: DerivedValues
        self.conditions: Conditions
        self.access: Access
        self.diagnostics: Diagnostics
        self._host, self._port = _address_of(endpoint, self.security.secured)
        self._server: Server | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._unsubscribe: Callable[[], None] = lambda: None
        self._stop_recording: Callable[[], None] = lambda: None
        self._owns_simulation = False
        self._recorder: Recorder | None = None

    def record_into(self, recorder: Recorder) -> None:
        """Before the start: record every scan, and let clients read the history."""
        self._recorder = recorder

    async def start(self) -> None:
        """Build the address space, listen, and start the simulation. Raises PortBusy."""
        self.check_port()
        self._loop = asyncio.get_running_loop()
        sys.setswitchinterval(SWITCH)
        with _without_collecting():
            server, nodes = await self._build()
        try:
            await server.start()
        except OSError as problem:
            raise self._refused(problem) from None
        self._server = server
        self.diagnostics.install()
        self._tasks = [
            asyncio.create_task(self.publisher.run(), name="publisher"),
            asyncio.create_task(self.conditions.run(), name="conditions"),
            asyncio.create_task(self.watch.run(), name="watch"),
            asyncio.create_task(self.diagnostics.run(), name="diagnostics"),
        ]
        self._unsubscribe = self.simulation.subscribe(self._on_scan)
        self._stop_recording = self.simulation.subscribe(self._record) if self._recorder else lambda: None
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
        self._stop_recording()
        if self._tasks:
            self.conditions.stop()
        while self._tasks:
            await _cancel(self._tasks.pop())
        if self._server is not None:
            server, self._server = self._server, None
            await server.stop()

    def health(self) -> Health:
        """How well it serves now; from any thread."""
        return health(self.simulation, self._recorder, self.diagnostics.shutdown is not None)

    async def announce_stop(self, seconds: float, reason: str, away: float | None = None) -> None:
        """Tell clients that the server stops in so many seconds, and is expected back `away` [s] later."""
        self.diagnostics.announce(seconds, reason, away)
        await self.diagnostics.tell()

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
        self.access = Access(subscriptions.tags)  # the publisher fills them in
        server = GuardedServer(core, self.security, self.access)
        self.diagnostics = Diagnostics(core, server.guard, subscriptions, self.health)
        await server.init()
        server.set_endpoint(self.endpoint)
        server.set_server_name(f"hetwin {plant.name}")
        await server.identify(plant.name, self._host)
        await server.publish_bounds()
        await server.set_build_info(
            "https://pypi.org/project/hetwin", "hetwin", "hetwin", _version(), "0", datetime.now(UTC)
        )

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
        self.conditions = Conditions(space, nodes, self.simulation.alarms, subscriptions, lambda: self.publisher.image)
        roles = {nodes.advance: "instructor", **self.conditions.methods, **self._add_methods(space, nodes)}
        for method, role in roles.items():
            self.access.allow(method, Role[role.upper()])
        if self._recorder is not None:
            core.history_manager = Historian(space, PLANT_INDEX, nodes, self._recorder.history.path)
        return server, nodes

    def _add_methods(self, space: AddressSpace, nodes: PlantNodes) -> dict[ua.NodeId, str]:
        """Methods of SIM and of the units; from which role on each may be called."""
        simulation = self.simulation
        of_sim = simulation_methods(simulation, self.snapshots, self.watch)
        roles = add_methods(space, nodes, nodes.units["SIM"], of_sim, self._called)
        for unit, methods in unit_methods(simulation).items():
            roles |= add_methods(space, nodes, nodes.units[unit], methods, self._called)
        return roles

    async def _write(self, tag: Tag, value: float, person: str = "") -> None:
        """A client's write: queued for the plant's next step, shown at once, noted in the history."""
        self.watch.hear()
        old = self.publisher.value(tag)
        ticket = self.simulation.write(tag.name, value)
        self.publisher.overwrite(tag, value, ticket)
        unit = "" if tag.unit == "1" else f" {tag.unit}"
        self._note("write", tag.name, f"{tag.name}: {old:g} to {value:g}{unit}", person, {"old": old, "new": value})

    def _note(self, kind: str, source: str, message: str, person: str, detail: dict[str, Any]) -> None:
        """What a person did, for the history."""
        if self._recorder is not None:
            self._recorder.note(
                Event(now(), self.simulation.plant.time, kind, source, message, ACTION_SEVERITY, person, detail)
            )

    def _called(self, method: str, arguments: list[Any]) -> None:
        """Note a call that was carried out, with who made it."""
        shown = ", ".join(f"{value:g}" if isinstance(value, float) else str(value) for value in arguments)
        self._note("call", method, f"{method}({shown})", user_name(), {"arguments": arguments})

    async def _advance(self, parent: ua.NodeId, *arguments: ua.Variant) -> Any:
        if len(arguments) != 1:
            return ua.StatusCode(ua.StatusCodes.BadArgumentsMissing)
        if arguments[0].VariantType != ua.VariantType.Double:
            return ua.StatusCode(ua.StatusCodes.BadTypeMismatch)
        self.watch.hear()
        try:
            time = await asyncio.wrap_future(self.simulation.advance(arguments[0].Value))
        except TwinError as problem:
            log.warning("%s", problem)
            if self.simulation.failure is not None:
                return ua.StatusCode(ua.StatusCodes.BadOutOfService)
            wrong_mode = isinstance(problem, WrongMode)
            return ua.StatusCode(ua.StatusCodes.BadInvalidState if wrong_mode else ua.StatusCodes.BadInvalidArgument)
        seconds = arguments[0].Value
        self._called("SIM.advance", [seconds])
        return [ua.Variant(time, ua.VariantType.Double)]

    def _on_scan(self, image: np.ndarray, time: float) -> None:
        """In the simulation's thread: hand the scan over to the event loop."""
        failure = self.simulation.failure
        image, taken = self.derived.extend(image), self.simulation.taken
        scan = Scan(image, taken, self.simulation.applied, str(failure) if failure else "")
        self._loop.call_soon_threadsafe(self.publisher.arrive, scan)

    def _record(self, image: np.ndarray, time: float) -> None:
        """In the simulation's thread: hand the scan over to the recorder, with the date that clients see."""
        assert self._recorder is not None
        wall = round(1e6 * self.simulation.taken.timestamp())
        self._recorder.record(image, time, wall, quality=int(self.simulation.failure is not None))

    def check_port(self) -> None:
        """Find out before any work whether the port is free. Raises PortBusy."""
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        with socket.socket(family) as probe:
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


def _address_of(endpoint: str, secured: bool) -> tuple[str, int]:
    """Host and port of an endpoint; only one that is secured is for other machines."""
    url = urlparse(endpoint)
    try:
        port = url.port
    except ValueError:
        port = None
    if url.scheme != "opc.tcp" or not url.hostname or not port:
        raise EndpointRefused(f'"{endpoint}" is not an endpoint such as "{ENDPOINT}".')
    host = "127.0.0.1" if url.hostname == "localhost" else url.hostname
    with suppress(ValueError):
        if secured or ipaddress.ip_address(host).is_loopback:
            return host, port
    raise EndpointRefused(
        f"{endpoint} would let anybody on the network move valves: without certificates hetwin serves only this "
        f"machine, for instance {ENDPOINT}; `--secure` serves a network."
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
        gc.set_threshold(*COLLECT)
        if enabled:
            gc.enable()
