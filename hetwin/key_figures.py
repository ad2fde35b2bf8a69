"""Which few tags tell most about a plant, and how they are written for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from twin.quantities import format

if TYPE_CHECKING:
    from twin.plant import Plant
    from twin.tags import Tag

TELLING = ("value", "level", "p", "temp", "m_flow", "speed", "power", "opening", "position", "running", "step", "mode")
"""Fields that people look at first, in this order."""
MOST = 3
"""Figures of one unit."""
WORDS = ("trip", "alarm", "fault", "blocked", "breakthrough")
"""Fields that announce trouble when they are not zero."""


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
        if spec.kind.phase == "controller" or spec.kind.name == "ambient":
            continue
        tags: list[Tag] = []
        for field in TELLING:
            name = spec.name if field == "value" else f"{spec.name}.{field}"
            if name in plant.tags and len(tags) < MOST:
                tags.append(plant.tags[name])
        if tags:
            found.append(KeyFigures(spec.site, spec.name, spec.kind.name, tuple(tags)))
    return found


def troubles(plant: Plant) -> list[Tag]:
    """Tags that announce trouble when they are not zero."""
    return [
        tag
        for tag in plant.tags.values()
        if tag.role in ("latch", "output") and any(word in tag.name.rpartition(".")[2].lower() for word in WORDS)
    ]


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
