"""Which few tags tell most about a plant, and how they are written for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from twin.quantities import format

if TYPE_CHECKING:
    from twin.plant import Plant
    from twin.plant_file import UnitSpec
    from twin.tags import Tag

TELLING = (
    *("value", "step", "litres", "filling", "level", "p", "m_flow", "temp"),
    *("rate", "speed", "power", "position", "opening"),
)
"""Fields that people look at first, in this order."""
INSTEAD = {"opening": "position", "level": "litres"}
"""A field that says nothing more where its better is there."""
MOST = 4
"""Figures of one unit."""


@dataclass(frozen=True)
class KeyFigures:
    """The telling tags of one unit."""

    site: str
    unit: str
    kind: str
    tags: tuple[Tag, ...]


def key_figures(plant: Plant) -> list[KeyFigures]:
    """For every unit that has any, in the order of the plant file."""
    found = []
    for spec in plant.spec.units.values():
        tags = _telling(plant, spec)
        if tags:
            found.append(KeyFigures(spec.site, spec.name, spec.kind.name, tags))
    return found


def _telling(plant: Plant, spec: UnitSpec) -> tuple[Tag, ...]:
    if spec.kind.name in ("ambient", "alarm") or (
        spec.kind.phase == "controller" and "step" not in spec.kind.quantities
    ):
        return ()
    own = spec.kind.quantities
    fields = [field for field in TELLING if INSTEAD.get(field) not in own]
    if "level" not in own:  # of a volume, which is zero where there is only gas
        fields = [field for field in fields if field != "level"]
    names = [spec.name if field == "value" else f"{spec.name}.{field}" for field in fields]
    return tuple(plant.tags[name] for name in names if name in plant.tags)[:MOST]


def written(tag: Tag, image: np.ndarray) -> str:
    """The value of a tag for people: its label, or number and unit."""
    value = float(image[tag.address])
    if tag.labels:
        number = int(value)
        return tag.labels[number] if 0 <= number < len(tag.labels) else str(number)
    if tag.unit == "1" and tag.low >= 0.0 and tag.high <= 1.0:
        return f"{100.0 * value:.1f} %"
    return format(value, tag.unit)


def clock(seconds: float) -> str:
    """Simulated time as people read it: "2 d 03:04:05"."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    day, hour = divmod(hours, 24)
    return f"{day} d {hour:02d}:{minute:02d}:{second:02d}" if day else f"{hour:02d}:{minute:02d}:{second:02d}"
