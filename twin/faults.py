"""Faults: the inputs of a plant by which things go wrong, and how to put them right again. Derived from the tags."""

from __future__ import annotations

from dataclasses import dataclass

from twin.plant_file import PlantSpec
from twin.tags import Tag, Tags

FIELDS = (
    *("bias", "fault"),  # instruments and switches
    *("stiction_now", "air", "brake_lost"),  # valves and turbines
    *("leak_factor", "vent_open", "air_leak", "helium_leak"),  # vacuum and vents
    *("cooling", "water_flow", "temp_water", "ln2"),  # utilities
)
"""Inputs with these names are what happens to a plant, not what its operators set; the opening of a leak is another."""


@dataclass(frozen=True)
class Fault:
    """An input that makes trouble, and its value when all is well."""

    tag: Tag
    healthy: float


def plant_faults(spec: PlantSpec, tags: Tags) -> dict[str, Fault]:
    """Every fault of a plant by the name of its tag."""
    found = {}
    for tag in tags.values():
        field = tag.name.removeprefix(tag.equipment).lstrip(".")
        if tag.writable and (field in FIELDS or (tag.kind == "leak" and field == "opening")):
            found[tag.name] = Fault(tag, _healthy(spec, tag, field))
    return found


def _healthy(spec: PlantSpec, tag: Tag, field: str) -> float:
    """The value that the kind starts with; what the plant file starts with where the kind asks for it."""
    unit = spec.units[tag.equipment]
    start = unit.kind.quantities[field].start
    if tag.kind == "leak":
        return 0.0
    if tag.kind == "purifier" and field == "ln2":
        return 1.0
    return float(getattr(unit.card, start)) if isinstance(start, str) else float(start)
