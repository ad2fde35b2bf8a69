"""A liquefier of a plant as a whole: compressor, cold box and dewar, found from the wires of its cold-box sequence.

The circuit is everything that its helium flows round through. What crosses its bounds is the gas that it takes from
the stock, what it gives to the bag at rest, and the liquid that is fetched from the dewar.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from twin.errors import TwinError
from twin.units.precooler import RHO_LN2

if TYPE_CHECKING:
    from twin.plant import Plant

LEAVES = ("relief_valve", "regulator", "portable_dewar", "nmr_magnet", "transfer_line", "vacuum_jacket", "leak")
"""Kinds whose flows lead out of a circuit, beside the valves between it and the stock."""


@dataclass(frozen=True)
class Circuit:
    """Units of one liquefier, by what they are for it."""

    sequence: str
    control: str
    """Unit of kind dewar_level that starts and stops it; empty if there is none."""
    compressor: str
    coil: str
    valve: str
    dewar: str
    stock: str
    vent: str
    """Where its relief valve lets gas go that warms at rest."""


def circuits(plant: Plant) -> list[Circuit]:
    """The liquefiers of a plant that have a cold box."""
    units = plant.spec.units
    return [circuit(plant, name) for name, unit in units.items() if unit.kind.name == "cold_box_sequence"]


def circuit(plant: Plant, sequence: str) -> Circuit:
    """The liquefier that a cold-box sequence drives. Raises TwinError if a wire that tells a part is missing."""
    units, card = plant.spec.units, plant.spec.units[sequence].card
    for wire in ("compressor", "gas_management", "ln2", "jt_valve"):
        if not getattr(card, wire):
            raise TwinError(f"unit.{sequence}.{wire}: the sequence must be wired to it to find the liquefier's parts.")
    compressor, valve = owner(card.compressor), owner(card.jt_valve)
    load = units[owner(units[owner(card.gas_management)].card.load)].card
    suction = units[compressor].card.suction
    vents = [
        unit.card.outlet for unit in units.values() if unit.kind.name == "relief_valve" and unit.card.inlet == suction
    ]
    controls = [
        name for name, unit in units.items() if unit.kind.name == "dewar_level" and owner(unit.card.command) == sequence
    ]
    return Circuit(
        sequence=sequence,
        control="".join(controls[:1]),
        compressor=compressor,
        coil=owner(units[owner(card.ln2)].card.output_to),
        valve=valve,
        dewar=owner(units[valve].card.outlet),
        stock=load.inlet,
        vent="".join(vents[:1]),
    )


def owner(tag: str) -> str:
    """The unit of a tag or volume."""
    return tag.split(".")[0]


class Bounds:
    """Volumes of a circuit, and its flows to what lies outside."""

    def __init__(self, plant: Plant, parts: Circuit) -> None:
        self.plant, self.parts = plant, parts
        names, link = plant._compiled.node_names, plant._data.link
        ends = [(int(a), int(b)) for a, b in zip(link.a, link.b, strict=True)]
        fixed = plant._model.node_card.fixed
        through = [
            (a, b)
            for (unit, _), (a, b) in zip(plant._compiled.links, ends, strict=True)
            if unit.kind.name not in LEAVES and parts.stock not in (names[a], names[b]) and not (fixed[a] or fixed[b])
        ]
        inside = {names.index(plant.spec.units[parts.compressor].card.suction)}
        while more := {n for pair in through if inside.intersection(pair) for n in pair} - inside:
            inside |= more
        self.inside = sorted(inside)
        self.crossings: dict[str, list[tuple[int, float]]] = {}
        for row, (a, b) in enumerate(ends):
            if (a in inside) != (b in inside):
                other, sign = (names[a], 1.0) if b in inside else (names[b], -1.0)
                self.crossings.setdefault(owner(other), []).append((row, sign))

    def came_from(self, unit: str) -> float:
        """Helium that came in from a unit since the start, less what went there [kg]."""
        total = self.plant._data.link_total.m_total
        return sum(sign * float(total[row]) for row, sign in self.crossings.get(unit, []))

    def read(self) -> dict[str, float]:
        """What the liquefier has made, taken and given since the start, and what it holds; nitrogen as it boils."""
        plant, parts = self.plant, self.parts
        coil = plant.spec.units[parts.coil].card
        held = sum(float(plant._data.node.mass[i]) for i in self.inside)
        dewar = float(plant.node(parts.dewar).mass)
        bath = plant[f"{parts.coil}.level"] * coil.bath_volume * RHO_LN2
        return {
            "made": plant[f"{parts.valve}.liquid_made"],
            "feed": self.came_from(parts.stock),
            "vent": -self.came_from(parts.vent),
            "dewar": dewar,
            "circuit": held - dewar,
            "energy": plant[f"{parts.compressor}.energy"],
            "ln2": plant[f"{parts.coil}.ln2_used"] - bath,
        }
