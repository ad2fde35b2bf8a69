"""What a plant consists of, in order: units by kind, and the volumes, flows and walls that they bring."""

from __future__ import annotations

from dataclasses import dataclass

from twin.errors import PlantFileError, nearest
from twin.plant_file import PlantSpec, UnitSpec
from twin.unit import Kind, Link, Node, Wall

DRAWS = {"mixture": 0, "vapour": 1, "liquid": 2}


@dataclass
class Layout:
    """Units by kind, and where everything lies."""

    spec: PlantSpec
    kinds: list[Kind]
    units: list[UnitSpec]
    nodes: list[tuple[str, UnitSpec, Node]]
    links: list[tuple[UnitSpec, Link]]
    walls: list[tuple[UnitSpec, str, Wall]]

    def __post_init__(self) -> None:
        self.node_index = {name: i for i, (name, _, _) in enumerate(self.nodes)}


def collect(spec: PlantSpec) -> Layout:
    """Units sorted by kind, with the volumes, flows and walls that they bring."""
    kinds = sorted({u.kind.name: u.kind for u in spec.units.values()}.values(), key=lambda kind: kind.name)
    units = [u for kind in kinds for u in spec.units.values() if u.kind.name == kind.name]
    nodes, links, walls = [], [], []
    for unit in units:
        try:
            own = unit.card.nodes() if hasattr(unit.card, "nodes") else {}
            flows = unit.card.links() if hasattr(unit.card, "links") else []
            solids = unit.card.walls() if hasattr(unit.card, "walls") else {}
        except ValueError as error:
            raise PlantFileError(f"{spec.path}: unit.{unit.name}: {error}") from None
        for name, node in own.items():
            label = unit.name if len(own) == 1 else f"{unit.name}.{name}"
            nodes.append((label, unit, node))
        links += [(unit, flow) for flow in flows]
        walls += [(unit, name, solid) for name, solid in solids.items()]
    return Layout(spec, kinds, units, nodes, links, walls)


def resolve(layout: Layout, unit: UnitSpec, end: str) -> tuple[int, int]:
    """A link's end (port or own volume) -> volume and what is drawn from it."""
    if end in unit.kind.ports:
        return find_node(layout, unit, end, getattr(unit.card, end))
    for name in (f"{unit.name}.{end}", unit.name):
        if name in layout.node_index:
            return layout.node_index[name], 0
    raise PlantFileError(f'{layout.spec.path}: unit.{unit.name}: kind {unit.kind.name} has no port or volume "{end}".')


def find_node(layout: Layout, unit: UnitSpec, port: str, target: str) -> tuple[int, int]:
    """A port's text ("BUF-1", "D-1.vapour", "C-1.stage1") -> volume and what is drawn from it."""
    name, draw = target, "mixture"
    head, _, tail = target.rpartition(".")
    if tail in DRAWS and head:
        name, draw = head, tail
    if name not in layout.node_index:
        raise PlantFileError(
            f'{layout.spec.path}: unit.{unit.name}.{port}: expected a unit with a volume, got "{target}"'
            f"{nearest(name, layout.node_index) or '.'}"
        )
    return layout.node_index[name], DRAWS[draw]
