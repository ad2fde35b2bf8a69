"""Who is connected to whom, read from the ports of the plant's units."""

from __future__ import annotations

from collections.abc import Iterator

from twin.plant_file import PlantSpec, UnitSpec

LONGEST = 12
"""Most units between a compressor and its cylinders, or between cylinders and the purifier."""


def of_kind(spec: PlantSpec, *kinds: str) -> list[UnitSpec]:
    """Units of some kinds, in the order of the file."""
    return [unit for unit in spec.units.values() if unit.kind.name in kinds]


def unit_of(port: str) -> str:
    """The unit of a port or tag, "D-1.vapour"."""
    return port.partition(".")[0]


def downstream(spec: PlantSpec, name: str) -> Iterator[UnitSpec]:
    """Units from a volume on, along flows from inlet to outlet."""
    for _ in range(LONGEST):
        if name in spec.units:
            yield spec.units[name]
        nexts = [u for u in spec.units.values() if unit_of(getattr(u.card, "inlet", "")) == name]
        if not nexts:
            return
        yield nexts[0]
        name = unit_of(getattr(nexts[0].card, "outlet", ""))


def reached(spec: PlantSpec, name: str, kind: str) -> UnitSpec | None:
    """The first unit of a kind downstream of a volume."""
    return next((unit for unit in downstream(spec, name) if unit.kind.name == kind), None)


def feeding(spec: PlantSpec, name: str) -> list[UnitSpec]:
    """Units whose outlet is a volume."""
    return [u for u in spec.units.values() if unit_of(getattr(u.card, "outlet", "")) == name]


def drawing(spec: PlantSpec, name: str) -> list[UnitSpec]:
    """Units whose inlet is a volume."""
    return [u for u in spec.units.values() if unit_of(getattr(u.card, "inlet", "")) == name]


def measured(spec: PlantSpec, tag: str) -> str:
    """The unit that a tag belongs to, through a transmitter if it is one."""
    unit = spec.units.get(unit_of(tag))
    return unit_of(unit.card.tag) if unit is not None and hasattr(unit.card, "tag") else unit_of(tag)


def ambient_of(spec: PlantSpec, site: str) -> UnitSpec:
    """The air of a site, else the first there is."""
    around = of_kind(spec, "ambient")
    return next((unit for unit in around if unit.site == site), around[0])
