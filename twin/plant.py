"""The friendly face of a plant: load, read, write, run, act, snapshot, restore.

plant = Plant.load("herenet")
plant["CV-101.opening"] = 0.8
plant.run(minutes=20)
print(plant["PT-101"], "Pa")
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from thermo.jit import kernel_digest
from twin.actions import Action, perform, plant_actions
from twin.compile import compile_plant
from twin.errors import NumericalFailure, SnapshotMismatch, TwinError
from twin.ledger import Ledger, open_books
from twin.plant_file import PlantSpec, UnitSpec, load_spec
from twin.records import CELL_WIDTH, CLOCK, NODE_FIELDS
from twin.schedule import Schedule
from twin.tags import Tags

CHUNK = 3600.0
"""Longest stretch of plant time between two looks of the shell [s]."""


@dataclass(frozen=True)
class Snapshot:
    """A plant's whole memory at one moment."""

    plant: str
    version: str
    image: np.ndarray
    due: tuple[float, ...]

    def to_bytes(self) -> bytes:
        """A self-describing binary form."""
        head = f"hetwin-snapshot 1\n{self.plant}\n{self.version}\n{','.join(map(repr, self.due))}\n"
        return head.encode() + self.image.tobytes()

    @classmethod
    def from_bytes(cls, raw: bytes) -> Snapshot:
        """Read what `to_bytes` wrote. Raises SnapshotMismatch on anything else."""
        parts = raw.split(b"\n", 4)
        if len(parts) != 5 or parts[0] != b"hetwin-snapshot 1" or len(parts[4]) % 8:
            raise SnapshotMismatch("This is not a hetwin snapshot; make one with Plant.snapshot().")
        due = tuple(float(text) for text in parts[3].decode().split(",") if text)
        return cls(parts[1].decode(), parts[2].decode(), np.frombuffer(parts[4]).copy(), due)


class Plant:
    """One plant: a constant model, its process image and its tags."""

    def __init__(self, spec: PlantSpec) -> None:
        self.spec = spec
        self.name = spec.name
        self.description = spec.description
        self.dt = spec.step
        compiled = compile_plant(spec)
        self.tags: Tags = compiled.tags
        self._compiled = compiled
        self._model, self._data, self._chain = compiled.model, compiled.data, compiled.chain
        self.image: np.ndarray = compiled.data.image
        self._data.clock.dt = spec.step
        self._schedule = Schedule(spec)
        self._fail_at(self._chain.step(self._model, self._data, 0), self.image)
        self._books = open_books(self)

    @classmethod
    def load(cls, name: str | Path, units: Iterable[str | Path] = (), step: float | None = None) -> Plant:
        """A shipped plant by name, or any plant file; `units` are folders of further kinds, `step` [s] overrides.

        Raises PlantFileError with one sentence.
        """
        spec = load_spec(name, units)
        return cls(spec if step is None else replace(spec, step=step))

    # reading and writing

    def __getitem__(self, name: str) -> float:
        return float(self.image[self.tags[name].address])

    def __setitem__(self, name: str, value: float) -> None:
        tag = self.tags[name]
        if not tag.writable:
            raise tag.refuse_write()
        self.image[tag.address] = tag.accept(value)

    @property
    def time(self) -> float:
        """Simulation time [s]."""
        return float(self._data.clock.time)

    # running

    def run(self, seconds: float = 0.0, minutes: float = 0.0, hours: float = 0.0, days: float = 0.0) -> None:
        """Advance by the sum of the times, to the nearest step, doing what the schedule asks on the way.

        Raises NumericalFailure and stands at the last good state.
        """
        end = self.time + seconds + 60.0 * minutes + 3600.0 * hours + 86400.0 * days
        while end - self.time > 0.5 * self.dt:
            self._schedule.fire(self)
            stretch = min(end - self.time, CHUNK, self._schedule.time_left(self.time))
            self.advance(max(1, math.ceil(stretch / self.dt - 1e-6)))

    def advance(self, n: int = 1) -> None:
        """Advance n steps, without the schedule. Raises NumericalFailure and stands at the last good state."""
        before = self.image.copy()
        self._fail_at(self._chain.step(self._model, self._data, n), before)

    def _fail_at(self, address: int, before: np.ndarray) -> None:
        if address < 0:
            return
        time, value = self.time, float(self.image[address])
        self.image[:] = before
        tag = self._tag_at(address)
        raise NumericalFailure(
            f"{self.name}: {tag} could not be computed at {time:.1f} s (it came out as {value:g}); the volume was "
            f"probably emptied, overfilled or heated beyond the range of the helium tables. The plant stands at "
            f"{self.time:.1f} s; undo the last change of a valve or motor, or take a smaller step than {self.dt:g} s.",
            tag,
            time,
        )

    def _tag_at(self, address: int) -> str:
        for tag in self.tags.values():
            if tag.address == address:
                return tag.name
        node = (address - self._model.node_first) // len(NODE_FIELDS)
        if 0 <= node < len(self._compiled.node_names):
            return self._compiled.node_names[node]
        cell = (address - self._model.cell_first) // CELL_WIDTH
        for name, wall in zip(self._compiled.wall_names, self._data.wall, strict=True):
            if wall.first <= cell < wall.first + wall.n:
                return name
        return f"image[{address}]"

    # acting

    @property
    def actions(self) -> list[Action]:
        """Discrete actions of this plant: swap a bag, refill a magnet, deliver a dewar."""
        return plant_actions(self.spec)

    def do(self, name: str, **arguments: Any) -> Any:
        """Perform a discrete action such as "BAG-1.swap". Raises TwinError with a sentence."""
        result = perform(self, name, arguments)
        self._fail_at(self._chain.step(self._model, self._data, 0), self.image)
        return result

    def move(self, source: str, target: str, mass: float, h: float | None = None) -> None:
        """Carry `mass` [kg] of helium from one volume to another at once; `h` [J/kg] is its enthalpy (default: there).

        The instantaneous twin of a flow: impurities ride along, the ledger sees it. Raises TwinError.
        """
        a, b = self.node(source), self.node(target)
        names = self._compiled.node_names
        fixed = [bool(self._model.node_card[names.index(n)].fixed) for n in (source, target)]
        if not fixed[0] and not 0.0 <= mass < a.mass:
            raise TwinError(f"{source} holds {a.mass:.3f} kg; {mass:.3f} kg cannot leave it.")
        h = float(a.h) if h is None else h
        share = 0.0 if fixed[0] else mass / a.mass
        for species in ("n2", "o2", "h2o", "h2"):
            amount = a[species] * share
            a[species] -= amount
            b[species] += amount
        a.mass -= mass
        b.mass += mass
        a.energy -= mass * h
        b.energy += mass * h
        self._data.saved[:] = self.image

    def node(self, name: str) -> Any:
        """Record of a volume, by its name ("BUF-1", "C-1.stage1")."""
        names = self._compiled.node_names
        if name not in names:
            raise TwinError(f'There is no volume "{name}"; the volumes are {", ".join(names)}.')
        return self._data.node[names.index(name)]

    def flows(self) -> Iterator[tuple[UnitSpec, int, float]]:
        """Every flow: its unit, its number within the unit, helium passed since the start [kg]."""
        numbers: dict[str, int] = {}
        for (unit, _), total in zip(self._compiled.links, self._data.link_total.m_total, strict=True):
            number = numbers.get(unit.name, 0)
            numbers[unit.name] = number + 1
            yield unit, number, float(total)

    def heat(self, name: str, energy: float) -> None:
        """Book heat [J] into a volume at once."""
        node = self.node(name)
        node.energy += energy
        node.q_total += energy

    # remembering

    def snapshot(self) -> Snapshot:
        """The plant's memory now."""
        return Snapshot(self.name, self._version(), self.image.copy(), self._schedule.due())

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a snapshot; speed, mode and overruns of the clock stay. Raises SnapshotMismatch."""
        if snapshot.version != self._version() or len(snapshot.image) != len(self.image):
            raise SnapshotMismatch(
                f"The snapshot was made by plant {snapshot.plant} with another plant file, step or version; "
                f"this is {self.name}."
            )
        kept = [(CLOCK.names or ()).index(f) for f in ("speed", "mode", "overruns")]
        clock = self.image[kept].copy()
        self.image[:] = snapshot.image
        self.image[kept] = clock
        self._schedule.set_due(snapshot.due)

    def _version(self) -> str:
        if not hasattr(self, "_own_version"):
            self._own_version = f"{kernel_digest()}-{self.spec.digest}-{self.dt!r}"
        return self._own_version

    def ledger(self) -> Ledger:
        """Where every kilogram and joule went since the start."""
        return self._books.close(self)
