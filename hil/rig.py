"""Run a plant's controllers outside the plant: the same kernels, fed over a link instead of compiled into the chain.

    field, station = split(load_spec("teaching"))     # the plant without its controllers, and those
    plant = Plant(field)
    rig = RemoteController(InProcessLink(plant), station)
    rig.run(minutes=20)

Inside a plant, controllers run after each step, and what they write counts from the next step on. A rig lets the plant
advance to the end of a scan, reads, updates and writes: in lock-step both ways give the same trajectory, bit for bit.
Controllers that write to one another must travel together.
"""

from __future__ import annotations

import math
import types
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hil.link import Link
from thermo.jit import kernel
from twin.actions import perform, plant_actions
from twin.compile import compile_plant
from twin.errors import TwinError, UnknownTag, nearest
from twin.plant_file import Event, PlantSpec, UnitSpec
from twin.schedule import Schedule
from twin.unit import KINDS, Input, Kind

CATCH_UP = 20
"""Scans that a late rig makes up for at most."""


@dataclass(frozen=True)
class Elsewhere:
    """A unit that is not here: some of its tags are copied."""


def split(spec: PlantSpec, units: Iterable[str] | None = None) -> tuple[PlantSpec, PlantSpec]:
    """The plant without some of its controllers (default: all), and these controllers by themselves.

    Operators go with both: each part has the entries of the schedule that act on it. Raises TwinError if the remaining
    plant reads a tag of a controller: then it could not do without.
    """
    names = {name for name, u in spec.units.items() if u.kind.phase == "controller"} if units is None else set(units)
    unknown = names - spec.units.keys()
    if unknown:
        name = min(unknown)
        raise TwinError(f'{spec.name} has no unit "{name}"{nearest(name, spec.units) or "."}')
    parts = []
    for inside in (False, True):
        chosen = {n: u for n, u in spec.units.items() if (n in names) is inside or u.kind.name == "operator"}
        events = [event for event in spec.schedule if (_subject(event) in names) is inside]
        parts.append(replace(spec, units=chosen, schedule=events))
    for name, wire, target in _wires(parts[0]):
        other = target.split(".")[0]
        if other in names:
            talks = spec.units[name].kind.phase == "controller"
            cure = f"take {name} along" if talks else f"let {other} write an input of {name} instead"
            raise TwinError(f"{spec.name}: unit.{name}.{wire} is {target}, which would leave the plant; {cure}.")
    return parts[0], parts[1]


def _subject(event: Event) -> str:
    """The unit on which an entry of the schedule acts; people act on the unit whose tag they write."""
    return str(event.args.get("tag", event.do)).split(".")[0]


def _wires(spec: PlantSpec) -> list[tuple[str, str, str]]:
    """Every wire that leads somewhere: unit, wire, tag."""
    found = [(u.name, wire, getattr(u.card, wire)) for u in spec.units.values() for wire in u.kind.wires]
    return [entry for entry in found if entry[2]]


class ControlStation:
    """Controllers with a process image of their own, in which the tags they are wired to are copies.

    `outside` are the names of these copies. Every tag can be read and set; `scan(step)` runs what is due at the end of
    that step of the plant.
    """

    def __init__(self, spec: PlantSpec) -> None:
        self.dt = spec.step
        tags = {target for _, _, target in _wires(spec)}
        self.outside = sorted(t for t in tags if t.split(".")[0] not in {*spec.units, "SIM"})
        self.spec = replace(spec, units={**spec.units, **_elsewhere(self.outside)})
        compiled = compile_plant(self.spec)
        self.tags = compiled.tags
        self.image = compiled.data.image
        self._model, self._data = compiled.model, compiled.data
        self._data.clock.dt = self.dt
        self._update = _entry(compiled.chain)
        self._schedule = Schedule(spec)
        self._own = spec

    def __getitem__(self, name: str) -> float:
        return float(self.image[self.tags[name].address])

    def __setitem__(self, name: str, value: float) -> None:
        self.image[self.tags[name].address] = value

    @classmethod
    def of(cls, cards: dict[str, Any], step: float = 1.0) -> ControlStation:
        """A station of these cards alone, by unit name, for a bench: `station.run(60)` passes the time by itself."""
        kinds = {kind.card: kind for kind in KINDS.values()}
        units = {name: UnitSpec(name, kinds[type(card)], card) for name, card in cards.items()}
        return cls(PlantSpec("bench", Path("bench"), "controllers on the bench", step, units))

    def run(self, seconds: float) -> None:
        """Pass the time without a plant: every step of it."""
        first = round(self.time / self.dt)
        for step in range(first + 1, first + 1 + round(seconds / self.dt)):
            self.scan(step)

    @property
    def time(self) -> float:
        """Plant time of the last scan [s]."""
        return float(self._data.clock.time)

    @property
    def scan_steps(self) -> int:
        """Steps of the plant between two scans: the greatest that meets every controller's period."""
        scans = [getattr(unit.card, "scan", 0.0) for unit in self._own.units.values() if unit.kind.update]
        return math.gcd(*(max(int(scan / self.dt + 0.5), 1) for scan in scans)) or 1

    @property
    def actions(self) -> Any:
        """Discrete actions of the controllers."""
        return plant_actions(self._own)

    def do(self, name: str, **arguments: Any) -> Any:
        """Perform a discrete action of a controller."""
        return perform(self, name, arguments)  # type: ignore[arg-type]  # an action needs tags and nothing else

    def scan(self, step: int) -> None:
        """Update every controller that is due at the end of this step of the plant."""
        self._data.clock.step = float(step)
        self._data.clock.time = step * self.dt
        self._update(self._model, self._data)

    def fire(self) -> None:
        """Do what the schedule asks of the controllers by now."""
        self._schedule.fire(self)  # type: ignore[arg-type]


def _elsewhere(names: list[str]) -> dict[str, UnitSpec]:
    """Units that carry the copies: all of one kind, so each has every field that any of them needs."""
    pairs = [(unit, field or "value") for unit, _, field in (name.partition(".") for name in names)]
    quantities = {field: Input("1", "copy of a tag of the plant") for _, field in pairs}
    kind = Kind("elsewhere", Elsewhere, None, None, quantities, "", "", "equipment")
    return {unit: UnitSpec(unit, kind, Elsewhere()) for unit, _ in pairs}


def _entry(chain: Any) -> Any:
    """The chain's update of all units, callable from Python."""
    plain = getattr(chain.update_units, "py_func", chain.update_units)
    function = types.FunctionType(plain.__code__, plain.__globals__, "scan_units")
    function.__qualname__, function.__module__ = "scan_units", plain.__module__
    return kernel(function)


class RemoteController:
    """Runs controllers over a link, in lock-step with the plant or at its pace."""

    def __init__(self, link: Link, spec: PlantSpec, units: Iterable[str] | None = None) -> None:
        """`spec` is the station's part of a split plant, or a whole plant of which `units` are taken."""
        self.link = link
        self.station = ControlStation(spec if units is None else split(spec, units)[1])
        self.late = 0
        self._names = ["SIM.step", *self.station.outside]
        self._addresses = [self.station.tags[name].address for name in self.station.outside]
        self._scans = int(self._read()[0]) // self.station.scan_steps

    def __getitem__(self, name: str) -> float:
        return self.station[name]

    def __setitem__(self, name: str, value: float) -> None:
        tag = self.station.tags[name]
        if name in self.station.outside:
            raise UnknownTag(f"{name} belongs to the plant; write it over the link.")
        if not (tag.writable and tag.low <= value <= tag.high):
            raise TwinError(
                f"{name}: expected an input between {tag.low:g} and {tag.high:g} {tag.unit}, got {value:g}."
            )
        self.station[name] = value

    def run(self, seconds: float = 0.0, minutes: float = 0.0, hours: float = 0.0) -> None:
        """Let the plant advance over the link, scan by scan."""
        steps = self.station.scan_steps
        duration = seconds + 60.0 * minutes + 3600.0 * hours
        for _ in range(max(round(duration / (steps * self.station.dt)), 1)):
            self.station.fire()
            self.link.advance(steps * self.station.dt)
            self.scan()

    def scan(self) -> int:
        """Read, update, write; returns how many scans were due. A plant at its own pace may make this late."""
        step, *values = self._read()
        steps = self.station.scan_steps
        due = int(step) // steps - self._scans
        self._scans += due
        if due <= 0:  # not yet, or the plant went back to a snapshot
            return 0
        self.late += due - 1
        image = self.station.image
        image[self._addresses] = values
        for k in range(min(due, CATCH_UP) - 1, -1, -1):
            self.station.scan((self._scans - k) * steps)
        written = image[self._addresses]
        changes = {
            name: float(new)
            for name, old, new in zip(self.station.outside, values, written, strict=True)
            if new != old and new == new
        }
        if changes:
            self.link.write(changes)
        return due

    def _read(self) -> list[float]:
        return [float(value) for value in self.link.read(self._names)]
