"""How a kind of equipment says what it is: parameters, tags, ports, volumes, walls and its kernels.

A kind is a frozen dataclass (the card) and one or two kernels in one file:

    @unit_operation("control_valve", kernel=control_valve)
    @dataclass(frozen=True)
    class ControlValve:
        inlet: str = Port("upstream volume")
        outlet: str = Port("downstream volume")
        area: float = Param("m2", "effective flow area, fully open")

        opening = Input("1", "commanded opening", start=0.5, range=(0.0, 1.0))
        position = State("1", "stem position", start="opening")
        m_flow = Output("kg/s", "mass flow, inlet to outlet", range=(-0.1, 0.1))

        def links(self):
            return [Link("inlet", "outlet")]

`kernel` is the physics: evaluated twice a step, it reads the volumes and its own states and writes derivatives, outputs
and flows; it must not remember anything. `update` runs once after each step, for what remembers: latches, counters,
sensors, actuators and controllers. A kernel receives what it names among its arguments:

    par    record of the parameters, SI                      node   records of all volumes
    s      record of inputs, states, derivatives, outputs    link   records of this unit's flows
    port   indices of the unit's ports, then own volumes     wall   records of this unit's walls
    image  the whole process image (update only)             wire   image addresses of the unit's wires (update only)
    clock  record of time, dt and step number (update only)
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

KERNEL_ARGUMENTS = ("par", "s", "node", "port", "link", "wall")
UPDATE_ARGUMENTS = (*KERNEL_ARGUMENTS, "image", "wire", "clock")
SPECIES = ("n2", "o2", "h2o", "h2")
"""Impurities that ride along with helium."""


@dataclass(frozen=True)
class Quantity:
    """One declared tag of a kind."""

    role: str
    unit: str
    text: str
    start: float | str
    range: tuple[float, float] | None
    labels: tuple[str, ...]
    stiff: bool = False
    text_ja: str = ""
    by: str = "operator"
    healthy: float | str | None = None


def Param(unit: str, text: str, default: Any = dataclasses.MISSING, range: tuple[float, float] | None = None) -> Any:
    """A constant of the equipment, given in the plant file; `unit` is SI, "1" for a number, "text" for a word."""
    return field(default=default, metadata={"param": True, "unit": unit, "text": text, "range": range})


def Port(text: str, default: Any = dataclasses.MISSING) -> Any:
    """A volume of another unit that this unit is connected to: "BUF-1", "D-1.vapour"; "ambient" finds the ambient."""
    return field(default=default, metadata={"port": True, "text": text})


def Wire(text: str, default: Any = dataclasses.MISSING) -> Any:
    """A tag of another unit that this unit reads or writes in its update; an empty name reads as zero."""
    return field(default=default, metadata={"wire": True, "text": text})


def Input(
    unit: str,
    text: str,
    start: float | str = 0.0,
    range: tuple[float, float] | None = None,
    labels: Sequence[str] = (),
    ja: str = "",
    by: str = "operator",
    healthy: float | str | None = None,
) -> Any:
    """A tag that people and controllers may write; `start` is a number or the name of a parameter.

    `by` says who writes it on a plant with users: the operator what is on the panel (set points, modes, commands), the
    engineer how things are tuned and protected, the instructor what happens to the plant (faults, leaks, weather).
    What is the instructor's is a fault to inject, which is cleared by `healthy`, or `start` where nothing is said.
    """
    return Quantity("input", unit, text, start, range, tuple(labels), text_ja=ja, by=by, healthy=healthy)


def State(
    unit: str,
    text: str,
    start: float | str = 0.0,
    range: tuple[float, float] | None = None,
    stiff: bool = False,
    ja: str = "",
) -> Any:
    """A tag integrated in time: the kernel writes `d_<name>`, and `l_<name>` (-d d_name / d name, 1/s) if stiff."""
    return Quantity("state", unit, text, start, range, (), stiff, text_ja=ja)


def Latch(
    unit: str,
    text: str,
    start: float | str = 0.0,
    range: tuple[float, float] | None = None,
    labels: Sequence[str] = (),
    ja: str = "",
) -> Any:
    """A tag that only `update` changes: a trip, a sequence step, a counter, an integral of a controller."""
    return Quantity("latch", unit, text, start, range, tuple(labels), text_ja=ja)


def Output(
    unit: str,
    text: str,
    range: tuple[float, float] | None = None,
    start: float | str = 0.0,
    labels: Sequence[str] = (),
    ja: str = "",
) -> Any:
    """A tag computed by a kernel from the present state."""
    return Quantity("output", unit, text, start, range, tuple(labels), text_ja=ja)


@dataclass(frozen=True)
class Node:
    """A volume of helium that a unit owns, and its state at the start.

    `volume` [m3]; `p` [Pa]; one of `temp` [K], `x` (vapour quality, 1) or `level` (liquid share of the volume, 1).
    `compliance` [m3/Pa] makes the volume a bag: V = volume + compliance (p - p_ambient), never below `volume_min`.
    `fixed` holds p and temperature (ambient, an outer network). `impurities` are mass ratios to helium.
    `inert` volumes hold impurities only (an adsorber's captured load). `p_range` [Pa] and `temp_range` [K] are the
    ranges of the tags.
    """

    volume: float
    p: float
    temp: float | None = None
    x: float | None = None
    level: float | None = None
    compliance: float = 0.0
    volume_min: float = 0.0
    p_ambient: float = 101325.0
    fixed: bool = False
    inert: bool = False
    impurities: dict[str, float] = field(default_factory=dict)
    p_range: tuple[float, float] = (0.0, 20e5)
    temp_range: tuple[float, float] = (0.0, 400.0)


@dataclass(frozen=True)
class Link:
    """A flow between two ports or own volumes; `wall` names a wall it passes along, `trap` a volume that catches."""

    a: str
    b: str
    wall: str = ""
    trap: str = ""


@dataclass(frozen=True)
class Wall:
    """A solid of `cells` cells from end to end that up to two flows pass along, in the order of their direction.

    `mass` [kg] in total; `material` is a code of thermo.materials; `temp` [K] at the start, or (first, last) end.
    `conduction` [m]: cross-section over length of the solid [m2/m] for conduction from end to end.
    The second flow that names the wall runs against the first.
    """

    cells: int
    mass: float
    material: int
    temp: float | tuple[float, float]
    conduction: float = 0.0


@dataclass(frozen=True)
class Kind:
    """A registered kind of equipment: its card, its kernels and its declared tags."""

    name: str
    card: type
    kernel: Any
    update: Any
    quantities: dict[str, Quantity]
    summary: str
    symbol: str
    phase: str
    ja: str = ""

    @property
    def actions(self) -> dict[str, Callable[..., Any]]:
        return {name: f for name, f in vars(self.card).items() if getattr(f, "is_action", False)}

    @property
    def params(self) -> dict[str, dataclasses.Field[Any]]:
        return {f.name: f for f in dataclasses.fields(self.card) if "param" in f.metadata}

    @property
    def ports(self) -> dict[str, dataclasses.Field[Any]]:
        return {f.name: f for f in dataclasses.fields(self.card) if "port" in f.metadata}

    @property
    def wires(self) -> dict[str, dataclasses.Field[Any]]:
        return {f.name: f for f in dataclasses.fields(self.card) if "wire" in f.metadata}


KINDS: dict[str, Kind] = {}
"""Every kind registered so far, by name."""


PHASES = ("equipment", "sensor", "controller", "actuator")
"""Order in which the `update` kernels run after each step."""


def unit_operation(
    name: str, kernel: Any = None, update: Any = None, symbol: str = "", phase: str = "equipment", ja: str = ""
) -> Callable[[type], type]:
    """Register a card as the kind `name`, in Japanese `ja`; `phase` orders its update, `symbol` hints its picture."""
    if phase not in PHASES:
        raise TypeError(f"kind {name}: phase is one of {PHASES}, not {phase!r}.")

    def register(card: type) -> type:
        quantities = {key: q for key, q in vars(card).items() if isinstance(q, Quantity)}
        _check_card(name, card, quantities)
        for function, allowed in ((kernel, KERNEL_ARGUMENTS), (update, UPDATE_ARGUMENTS)):
            if function is not None:
                _check_arguments(name, function, allowed)
        summary = (inspect.getdoc(card) or name).strip().splitlines()[0]
        KINDS[name] = Kind(name, card, kernel, update, quantities, summary, symbol, phase, ja)
        return card

    return register


@dataclass(frozen=True)
class Value:
    """An argument or the result of an action: unit ("1" for a number, "text" for a name), text, text in Japanese."""

    unit: str
    text: str
    ja: str = ""


def action(
    function: Any = None,
    *,
    ja: str = "",
    takes: dict[str, Value] | None = None,
    gives: Value | None = None,
    by: str = "operator",
) -> Any:
    """Mark a method of a card as a discrete action: `swap(self, plant, unit, **arguments)`, done between two steps.

    Its docstring says what it does, `ja` the same in Japanese, `takes` and `gives` what its arguments and result are,
    `by` who does it on a plant with users.
    """

    def mark(function: Any) -> Any:
        function.is_action, function.text_ja, function.by = True, ja, by
        function.takes, function.gives = takes or {}, gives
        return function

    return mark if function is None else mark(function)


def _check_card(name: str, card: type, quantities: dict[str, Quantity]) -> None:
    if not dataclasses.is_dataclass(card):
        raise TypeError(f"kind {name}: put @dataclass(frozen=True) under @unit_operation.")
    clash = quantities.keys() & {f.name for f in dataclasses.fields(card)}
    if clash:
        raise TypeError(f"kind {name}: {sorted(clash)} are both parameters and tags; give them different names.")
    named = quantities.keys() | {f.name for f in dataclasses.fields(card) if "param" in f.metadata}
    taken = sorted(key for key in named if hasattr(np.recarray, key) or hasattr(np.record, key))
    if taken:
        raise TypeError(f"kind {name}: records of NumPy have {taken} of their own; give them different names.")


def _check_arguments(name: str, function: Any, allowed: Sequence[str]) -> None:
    wrong = [a for a in arguments(function) if a not in allowed]
    if wrong:
        raise TypeError(f"kind {name}: kernel {function.__name__} asks for {wrong}; it may ask for {list(allowed)}.")


def arguments(function: Any) -> list[str]:
    """Names of a kernel's arguments."""
    return list(inspect.signature(getattr(function, "py_func", function)).parameters)
