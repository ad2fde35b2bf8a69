"""What people do to the plant over OPC UA: methods on the units, from the actions of their kinds, and on SIM.

    BAG-1.swap()   MAG-1.refill(volume)   D-1.deliver(to, volume)   M-1.reset_trip()
    SIM.freeze()   SIM.run(speed)   SIM.do_step(dt)   SIM.advance(seconds)   SIM.snapshot(name)   SIM.restore(name) ...

Methods of units are derived: whatever a kind marks as an action is one, with the arguments that it declares. Quantities
are in SI. Texts are English and Japanese; a method that cannot be done now says why in the log and answers with a code.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from asyncua import ua
from asyncua.server.address_space import AddressSpace

from opcua_server.arguments import Argument
from opcua_server.condition_methods import checked_arguments
from opcua_server.errors import ServerError
from opcua_server.nodes import PlantNodes
from twin.actions import Action
from twin.errors import BadWrite, NumericalFailure, PlantFileError, SnapshotMismatch, TwinError, UnknownTag
from twin.simulation import BadDuration, Interrupted, PlantStopped, Simulation, WrongMode
from twin.snapshots import BadName
from twin.unit import Value

CODES, KIND = ua.StatusCodes, ua.VariantType

Do = Callable[..., Awaitable[Any]]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Method:
    """A method of an object: `do` takes the values of its inputs and gives those of its outputs; `by` may call it."""

    name: str
    text: str
    ja: str
    do: Do
    inputs: tuple[Argument, ...] = ()
    outputs: tuple[Argument, ...] = ()
    by: str = "instructor"


Told = Callable[[str, list[Any]], None]
"""Hears of a call that was carried out: the method's name and its arguments."""


def add_methods(
    space: AddressSpace, nodes: PlantNodes, owner: ua.NodeId, methods: list[Method], told: Told = lambda *_: None
) -> dict[ua.NodeId, str]:
    """Add methods to an object; returns from which role on each may be called."""
    roles = {}
    for method in methods:
        if ua.NodeId(method.name, owner.NamespaceIndex) in space:
            raise ServerError(f"{method.name} is a tag; a method needs another name.")
        node = nodes.writer.method(owner, method.name, method.text, method.ja, method.inputs, method.outputs)
        space.add_method_callback(node, _answer(method, told))
        roles[node] = method.by
    return roles


def _answer(method: Method, told: Told) -> Callable[..., Awaitable[Any]]:
    """The method once its arguments fit: its results, or the code of what went wrong."""
    types = tuple(argument.kind for argument in method.inputs)

    async def call(parent: ua.NodeId, *arguments: ua.Variant) -> Any:
        refused = checked_arguments(arguments, types)
        if refused is not None:
            return refused
        try:
            found = await method.do(*(argument.Value for argument in arguments))
            told(method.name, [argument.Value for argument in arguments])
        except TwinError as problem:
            log.warning("%s: %s", method.name, problem)
            return _refusal(code_of(problem), types)
        except (TypeError, ValueError, KeyError) as problem:
            log.warning("%s: %s", method.name, problem)
            return _refusal(int(CODES.BadInvalidArgument), types)
        values = found if isinstance(found, tuple) else (found,)
        return [
            ua.Variant(value, output.kind, is_array=output.array)
            for value, output in zip(values, method.outputs, strict=False)
        ]

    return call


def _refusal(code: int, types: tuple[ua.VariantType, ...]) -> ua.StatusCode | ua.CallMethodResult:
    """The status of a call; a sole argument that is invalid is told to be out of range (Part 4, 5.12.2)."""
    if code != CODES.BadInvalidArgument or len(types) != 1:
        return ua.StatusCode(code)
    return ua.CallMethodResult(ua.StatusCode(code), [ua.StatusCode(CODES.BadOutOfRange)], [], [])


def code_of(problem: TwinError) -> int:
    """The status code that tells a program what the sentence tells a person."""
    if isinstance(problem, BadWrite):
        reasons = {"out_of_range": CODES.BadOutOfRange, "type_mismatch": CODES.BadTypeMismatch}
        return int(reasons.get(problem.reason, CODES.BadNotWritable))
    kinds: list[tuple[type[TwinError], int]] = [
        (UnknownTag, CODES.BadNotFound),
        (BadName, CODES.BadInvalidArgument),
        (SnapshotMismatch, CODES.BadNotFound),
        (PlantFileError, CODES.BadNotFound),
        (NumericalFailure, CODES.BadOutOfService),
        (PlantStopped, CODES.BadOutOfService),
        (BadDuration, CODES.BadInvalidArgument),
        (Interrupted, CODES.BadOperationAbandoned),
        (WrongMode, CODES.BadInvalidState),
    ]
    return int(next((code for kind, code in kinds if isinstance(problem, kind)), CODES.BadInvalidState))


# --- methods of units ------------------------------------------------------------------------------------------------


def unit_methods(simulation: Simulation) -> dict[str, list[Method]]:
    """Methods by unit: the actions of its kind, and the reset of its trip where it has one."""
    plant = simulation.plant
    found: dict[str, list[Method]] = {}
    for action in plant.actions:
        found.setdefault(action.name.rpartition(".")[0], []).append(_of_action(simulation, action))
    for unit in plant.spec.units.values():
        trips = [name for name in ("trip", "tripped", "step") if name in unit.kind.quantities]
        if "reset" in unit.kind.quantities and trips:
            found.setdefault(unit.name, []).append(_reset_trip(simulation, unit.name, trips[0]))
    return found


def _of_action(simulation: Simulation, action: Action) -> Method:
    names = list(action.takes)

    async def do(*values: Any) -> Any:
        done = simulation.do(action.name, **dict(zip(names, values, strict=True)))
        found = await asyncio.wrap_future(done)
        return float(found) if action.gives is not None else None

    inputs = tuple(_argument(name, value) for name, value in action.takes.items())
    outputs = (_argument("result", action.gives),) if action.gives is not None else ()
    return Method(action.name, action.text, action.text_ja, do, inputs, outputs, action.by)


def _argument(name: str, value: Value) -> Argument:
    if value.unit == "text":
        return Argument(name, value.text, value.ja, KIND.String)
    unit = "" if value.unit == "1" else f" [{value.unit}]"
    return Argument(name, value.text + unit, value.ja and value.ja + unit)


def _reset_trip(simulation: Simulation, unit: str, trip: str) -> Method:
    """Push the button and let go of it after the next step."""

    tag, button = simulation.plant.tags[f"{unit}.{trip}"], f"{unit}.reset"

    def push(plant: Any) -> None:
        number, pushed = plant[tag.name], plant.time
        tripped = "tripped" in tag.labels[int(number)] if trip == "step" else number != 0.0
        if not tripped:
            raise WrongMode(f"{unit} is not tripped.")
        plant[button] = 1.0

        def let_go(image: Any, time: float) -> None:
            if time > pushed:
                simulation.write(button, 0.0)
                end()

        end = simulation.subscribe(let_go)  # called in this thread only, so not before it has its name

    async def do() -> None:
        await asyncio.wrap_future(simulation.call(push))

    return Method(f"{unit}.reset_trip", "reset the trip", "トリップ復帰", do, by="operator")
