"""What of a liquefier may be fitted to data: names, bounds, and the design with other values of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from twin.errors import PlantFileError, nearest
from twin.studies.design.cards import Exchanger, Machine
from twin.studies.design.steady import Design

UNIT_KINDS = {"turbine_efficiency": "turbines", "share": "turbines", "UA_factor": "exchangers", "Q_leak": "exchangers"}
TURBINE_FIELDS = {"turbine_efficiency": "efficiency", "share": "share"}
BOUNDS = {
    "turbine_efficiency": (0.2, 0.95, "1"),
    "share": (0.02, 0.95, "1"),
    "UA_factor": (0.1, 10.0, "1"),
    "Q_leak": (0.0, 500.0, "W"),
    "helium_leak": (0.0, 1e-3, "kg/s"),
}
MOST = {"Q_dewar": 200.0, "flow": 1.0}
"""Upper bounds that are narrower than what a file may say."""


@dataclass(frozen=True)
class Parameter:
    """A parameter to fit: `kind` of it, `of` which unit ("" for all), where it starts and may go, SI."""

    name: str
    kind: str
    of: str
    start: float
    low: float
    high: float
    unit: str

    @property
    def range(self) -> float:
        """Width of what is allowed."""
        return self.high - self.low


def find_parameters(design: Design, names: Sequence[str]) -> list[Parameter]:
    """The parameters of these names; PlantFileError if one is unknown or given twice."""
    machine = {f.name: f.metadata for f in dataclasses.fields(Machine) if f.name != "dewar_fills"}
    known = [*UNIT_KINDS, "helium_leak", *machine]
    found = []
    for name in names:
        kind, _, of = name.partition(".")
        units = list(getattr(design, UNIT_KINDS[kind])) if kind in UNIT_KINDS else []
        if kind not in known or (of and of not in units) or (kind == "share" and of not in design.arrangement.heads):
            clause = (
                nearest(name, [*known, *(f"{kind}.{unit}" for unit in units)]) or f"; known are {', '.join(known)}."
            )
            raise PlantFileError(f'there is no parameter "{name}" to fit{clause}')
        if kind in machine:
            (low, high), start = machine[kind]["range"], getattr(design.machine, kind)
            high = MOST.get(kind, high)
            found.append(Parameter(name, kind, "", start, low, max(high, start), machine[kind]["unit"]))
            continue
        start = _start(design, kind, [of] if of else units)
        found.append(Parameter(name, kind, of, start, *BOUNDS[kind]))
    twice = sorted({name for name in names if list(names).count(name) > 1})
    if twice:
        raise PlantFileError(f"{', '.join(twice)}: to be fitted twice; name each parameter once.")
    return found


def _start(design: Design, kind: str, chosen: list[str]) -> float:
    """Where a parameter of these units starts: their mean."""
    if kind in ("UA_factor", "helium_leak"):
        return 1.0 if kind == "UA_factor" else 0.0
    if kind == "Q_leak":
        return float(np.mean([design.exchangers[name].Q_leak for name in chosen]))
    field = TURBINE_FIELDS[kind]
    return float(np.mean([getattr(design.turbines[name], field) for name in chosen]))


def applied(design: Design, parameters: Sequence[Parameter], x: np.ndarray) -> tuple[Design, float]:
    """The design with these values of the parameters, and the leak of helium [kg/s]."""
    leak, turbines, exchangers, machine = 0.0, dict(design.turbines), dict(design.exchangers), design.machine
    for p, value in zip(parameters, map(float, x), strict=True):
        if p.kind == "helium_leak":
            leak = value
        elif p.kind in TURBINE_FIELDS:
            field = TURBINE_FIELDS[p.kind]
            for name in [p.of] if p.of else list(turbines):
                turbines[name] = dataclasses.replace(turbines[name], **{field: value})
        elif p.kind in ("UA_factor", "Q_leak"):
            for name in [p.of] if p.of else list(exchangers):
                card = exchangers[name]
                grown = dataclasses.replace(card, Q_leak=value) if p.kind == "Q_leak" else with_UA_factor(card, value)
                exchangers[name] = grown
        else:
            change: dict[str, Any] = {p.kind: value}
            machine = dataclasses.replace(machine, **change)
    return dataclasses.replace(design, machine=machine, turbines=turbines, exchangers=exchangers), leak


def with_UA_factor(card: Exchanger, factor: float) -> Exchanger:
    """An exchanger with this many times the conductance.

    Effectiveness follows that of balanced counter-flow, NTU / (1 + NTU); temperature differences shrink as NTU grows.
    """
    ((name, value),) = card.given.items()
    if name == "UA":
        value *= factor
    elif name == "effectiveness":
        units = factor * value / (1.0 - value)
        value = units / (1.0 + units)
    else:
        value /= factor
    return dataclasses.replace(card, **{name: value})
