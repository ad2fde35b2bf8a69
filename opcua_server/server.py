"""A running simulation on OPC UA.

    simulation = Simulation(Plant.load("teaching"))
    async with TwinServer(simulation, "opc.tcp://127.0.0.1:4840"):
        await asyncio.Event().wait()

The plant steps in the simulation's thread, without the GIL; the event loop only serves clients.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from asyncua import ua
from asyncua.server.address_space import AddressSpace

from opcua_server import companion
from opcua_server.access import Access, Role
from opcua_server.caller import caller, user_name
from opcua_server.conditions import Conditions
from opcua_server.derived import DerivedValues
from opcua_server.devices import release
from opcua_server.diagnostics import FLAG, Diagnostics
from opcua_server.endpoint import ENDPOINT, Endpoint
from opcua_server.health import Health, health
from opcua_server.historian import Historian
from opcua_server.information_model import InformationModel, namespaces
from opcua_server.interpreter import attend, without_collecting
from opcua_server.languages import announce
from opcua_server.listening import PRODUCT, GuardedServer
from opcua_server.namespace_metadata import built
from opcua_server.nodes import PlantNodes, build_nodes
from opcua_server.plant_methods import add_methods, unit_methods
from opcua_server.publisher import Publisher, Scan
from opcua_server.roles import publish_roles
from opcua_server.security import Security
from opcua_server.server_methods import ServerMethods
from opcua_server.simulation_methods import simulation_methods
from opcua_server.standard_nodes import PLANT_INDEX, CachedServer
from opcua_server.stopping import Stop, Stopping
from opcua_server.subscriptions import TagSubscriptions
from opcua_server.users import Users
from opcua_server.watch import Kept, Watch
from opcua_server.writes import TagWrites
from twin.history import Event, Recorder, now
from twin.simulation import Simulation
from twin.snapshots import Snapshots
from twin.tags import Tag

ACTION_SEVERITY = 100
"""Of events that tell what a person did, on the scale of 1 to 1 000."""
LONGEST_SETTLING = 1.0
"""Before clients are told of an alarm though it is not on record yet [s]."""
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
        self.kept = Kept()
        """What is to be kept: while it cannot be written there is an alarm, and the service level is lower."""
        self.watch = Watch(simulation.alarms, self.kept.failing)
        self.publisher: Publisher
        self.derived: DerivedValues
        self.conditions: Conditions
        self.access: Access
        self.diagnostics: Diagnostics
        self._endpoint = Endpoint(endpoint, self.security.secured)
        self._server: GuardedServer | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._unsubscribe: Callable[[], None] = lambda: None
        self._leave: Callable[[], None] = lambda: None
        self._stop_recording: Callable[[], None] = lambda: None
        self._owns_simulation = False
        self._recorder: Recorder | None = None
        self._stop: Stop | None = None
        self._stopping: Stopping | None = None

    def record_into(self, recorder: Recorder) -> None:
        """Before the start: record every scan, and let clients read the history."""
        self._recorder = recorder
        self.kept.add("history", lambda: recorder.failing)

    def let_clients_stop(self, now: Callable[[], None], least: float) -> None:
        """Before the start: engineers may ask for a stop, of which clients are warned for `least` [s] or longer; when
        that is over, `now` is called."""
        self._stop = Stop(now, least)

    async def start(self) -> None:
        """Build the address space, listen, and start the simulation. Raises PortBusy."""
        self._endpoint.check()
        self._loop = asyncio.get_running_loop()
        self._leave = attend()
        with without_collecting():
            server, nodes = await self._build()
        try:
            await server.start()
        except OSError as problem:
            self._leave()
            raise self._endpoint.refused(problem) from None
        self._server = server
        self.kept.add("audit log", lambda: bool(server.guard.audit_problem))
        self.kept.add("failed logins", lambda: server.guard.forgets_lockouts)
        self.diagnostics.install()
        self._tasks = [
            asyncio.create_task(self.publisher.run(), name="publisher"),
            asyncio.create_task(self.conditions.run(), name="conditions"),
            asyncio.create_task(self.watch.run(), name="watch"),
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
        if self._stopping is not None:
            self._stopping.end()
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
        self._leave()

    def check_port(self) -> None:
        """Find out before any work whether the port is free. Raises PortBusy."""
        self._endpoint.check()

    def health(self) -> Health:
        """How well it serves now; from any thread."""
        warning = self._server.certificate_warning() if self._server is not None else ""
        return health(self.simulation, self.kept.failing(), self.diagnostics.shutdown is not None, warning)

    def announce_stop(self, seconds: float, reasons: tuple[str, str], away: float | None = None) -> None:
        """Tell clients that the server stops in so many seconds, why in English and Japanese, and when it is back.

        `away` [s] is how long it expects to be away.
        """
        if self._stopping is not None:
            self._stopping.end()
        self.diagnostics.announce(seconds, reasons, away)

    async def run(self) -> None:
        """Serve until cancelled."""
        async with self:
            await asyncio.Event().wait()

    async def __aenter__(self) -> TwinServer:
        await self.start()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.stop()

    async def _build(self) -> tuple[GuardedServer, PlantNodes]:
        plant = self.simulation.plant
        nodesets = companion.find_nodesets()
        if nodesets is None:
            log.warning(companion.HINT)
        core = CachedServer(nodesets)
        subscriptions = TagSubscriptions(core.aspace, core, self.simulation.period, self.security.bounds)
        core.subscription_service = core.isession.subscription_service = subscriptions
        self.access = Access(subscriptions.tags, self.security.history)  # the publisher fills them in
        server = GuardedServer(core, self.security, self.access)
        self.diagnostics = Diagnostics(core, server.guard, subscriptions, self.health)
        await server.init()
        server.set_endpoint(self.endpoint)
        server.set_server_name(f"hetwin {plant.name}")
        await server.identify(plant.name, self._endpoint.host)
        server.publish_abilities(self.simulation.period)
        await server.set_build_info(PRODUCT, "hetwin", "hetwin", release(), release(), built())

        for uri in namespaces(nodesets is not None):
            await server.register_namespace(uri)
        space, size = core.aspace, len(plant.image)
        model = InformationModel(space, plant.spec, plant.tags, size, self.simulation.period, nodesets is not None)
        nodes = build_nodes(space, plant.name, plant.description, plant.tags, model)
        core.japanese = model.japanese
        announce(space)
        self.derived = model.derived
        image = self.derived.extend(plant.image)
        self.publisher = Publisher(nodes, image, subscriptions, self.simulation.period)
        self.access.allow_writing(space[FLAG], Role.ENGINEER)
        core.attribute_service = TagWrites(space, nodes.by_id, self._write, {FLAG: self.diagnostics.enable})
        alarms, scan = self.simulation.alarms, lambda: self.publisher.image
        self.conditions = Conditions(space, nodes, alarms, subscriptions, scan, self._settled)
        ServerMethods(space, subscriptions, self.access)
        if self._stop is not None:
            self._stopping = Stopping(space, self.access, self.diagnostics, self._stop, self._called)
        roles = self.conditions.methods | self._add_methods(space, nodes)
        for method, role in roles.items():
            self.access.allow(method, Role[role.upper()])
        pki = self.security.pki
        publish_roles(space, self.security.anonymous, Users(pki / "users.json") if pki else None)
        if self._recorder is not None:
            core.history_manager = Historian(
                space, PLANT_INDEX, nodes, self._recorder, self.access, self.simulation.period
            )
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
        old = self.publisher.value(tag)
        ticket = self.simulation.write(tag.name, value)
        self.watch.hear(caller())
        self.publisher.overwrite(tag, value, ticket)
        unit = "" if tag.unit == "1" else f" {tag.unit}"
        told = f"{tag.name}: {old:g} to {value:g}{unit}"  # noted after the answer: waking the recorder takes its time
        self._loop.call_soon(self._note, "write", tag.name, told, person, {"old": old, "new": value})

    def _note(self, kind: str, source: str, message: str, person: str, detail: dict[str, Any]) -> None:
        """What a person did, for the history."""
        if self._recorder is not None:
            self._recorder.note(
                Event(now(), self.simulation.plant.time, kind, source, message, ACTION_SEVERITY, person, detail)
            )

    async def _settled(self) -> None:
        """Wait until what happened is on record; a disk that does not answer keeps no alarm from anybody for long."""
        if self._recorder is not None:
            await asyncio.wait([asyncio.wrap_future(self._recorder.settled())], timeout=LONGEST_SETTLING)

    def _called(self, method: str, arguments: list[Any]) -> None:
        """Note a call that was carried out, with who made it."""
        shown = ", ".join(f"{value:g}" if isinstance(value, float) else str(value) for value in arguments)
        self._note("call", method, f"{method}({shown})", user_name(), {"arguments": arguments})

    def _on_scan(self, image: np.ndarray, time: float) -> None:
        """In the simulation's thread: hand the scan over to the event loop."""
        failure = self.simulation.failure
        image, taken = self.derived.extend(image), self.simulation.taken
        moves = self.simulation.mode in ("realtime", "scaled", "asap")
        scan = Scan(image, taken, self.simulation.applied, str(failure) if failure else "", moves=moves)
        self._loop.call_soon_threadsafe(self.publisher.arrive, scan)

    def _record(self, image: np.ndarray, time: float) -> None:
        """In the simulation's thread: hand the scan over to the recorder, with the date that clients see."""
        assert self._recorder is not None
        wall = round(1e6 * self.simulation.taken.timestamp())
        self._recorder.record(image, time, wall, quality=int(self.simulation.failure is not None))


async def _cancel(task: asyncio.Task[Any]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
