"""Faults: the inputs of a plant by which things go wrong, and how to put them right again.

Derived from what the kinds declare: the inputs that are the instructor's to write are what happens to a plant, not
what its operators set.
"""

from __future__ import annotations

from dataclasses import dataclass

from twin.plant_file import PlantSpec
from twin.tags import Tag, Tags


@dataclass(frozen=True)
class Fault:
    """An input that makes trouble, and its value when all is well."""

    tag: Tag
    healthy: float


def plant_faults(spec: PlantSpec, tags: Tags) -> dict[str, Fault]:
    """Every fault of a plant by the name of its tag."""
    wrong = [tag for tag in tags.values() if tag.writable and tag.by == "instructor"]
    return {tag.name: Fault(tag, _healthy(spec, tag)) for tag in wrong}


def _healthy(spec: PlantSpec, tag: Tag) -> float:
    """The value that the kind calls healthy: the one it starts with, or the parameter, unless it says another."""
    unit = spec.units[tag.equipment]
    declared = unit.kind.quantities[tag.name.removeprefix(f"{tag.equipment}.")]
    value = declared.start if declared.healthy is None else declared.healthy
    return float(getattr(unit.card, value)) if isinstance(value, str) else float(value)
