"""Discrete actions: what people do between two steps. Each is a method of a card marked `@action`."""

from __future__ import annotations

import inspect
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from twin.errors import BadWrite, TwinError, nearest
from twin.quantities import parse
from twin.unit import Value

if TYPE_CHECKING:
    from twin.plant import Plant
    from twin.plant_file import PlantSpec


@dataclass(frozen=True)
class Action:
    """One action of one unit: its name ("BAG-1.swap"), what it does, and its arguments with their defaults.

    `takes` describes the arguments, `gives` the result.
    """

    name: str
    text: str
    arguments: dict[str, Any]
    text_ja: str = ""
    takes: dict[str, Value] = field(default_factory=dict)
    gives: Value | None = None
    by: str = "operator"


def plant_actions(spec: PlantSpec) -> list[Action]:
    """Every action of every unit of a plant."""
    return [
        _action(f"{unit.name}.{name}", function)
        for unit in spec.units.values()
        for name, function in unit.kind.actions.items()
    ]


def _action(name: str, function: Any) -> Action:
    text = (inspect.getdoc(function) or name).splitlines()[0]
    arguments = _arguments(function)
    takes = {key: function.takes.get(key, Value("text", key)) for key in arguments}
    return Action(name, text, arguments, function.text_ja, takes, function.gives, function.by)


def _arguments(function: Any) -> dict[str, Any]:
    parameters = list(inspect.signature(function).parameters.values())[3:]
    return {p.name: None if p.default is p.empty else p.default for p in parameters}


def perform(plant: Plant, name: str, arguments: dict[str, Any]) -> Any:
    """Do it. Raises TwinError when there is no such action or it cannot be done now, BadWrite for a bad amount."""
    known = {a.name: a for a in plant.actions}
    if name not in known:
        raise TwinError(f'There is no action "{name}"{nearest(name, known) or "."}')
    unknown = arguments.keys() - known[name].arguments.keys()
    if unknown:
        raise TwinError(f"{name} takes {sorted(known[name].arguments) or 'no arguments'}, not {sorted(unknown)}.")
    missing = [k for k, v in known[name].arguments.items() if v is None and k not in arguments]
    if missing:
        raise TwinError(f"{name} needs {', '.join(missing)}.")
    given = {key: _to_si(value) for key, value in arguments.items()}
    for key, value in given.items():
        if isinstance(value, float) and known[name].takes[key].unit != "text" and not 0.0 <= value < math.inf:
            raise BadWrite(f"{name}: expected a number of 0 or more for {key}, got {value:g}.", "out_of_range")
    unit_name, _, action_name = name.rpartition(".")
    unit = plant.spec.units[unit_name]
    return getattr(unit.card, action_name)(plant, unit_name, **given)


def _to_si(value: Any) -> Any:
    """Quantities such as "60 L" in SI; names stay text."""
    if isinstance(value, str):
        try:
            return parse(value)
        except ValueError:
            return value
    return value
