"""What is connected with what: rows of the matrix, flows between volumes, streams along walls, and tables per kind."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from twin.elimination import Pattern
from twin.errors import PlantFileError, nearest
from twin.layout import Layout, find_node, resolve
from twin.plant_file import UnitSpec
from twin.records import LINK, NODE_CARD, WALL
from twin.tags import Tags
from twin.unit import Kind


def number_rows(layout: Layout) -> tuple[np.ndarray, Pattern]:
    """Cards of the volumes and the pattern of the matrix."""
    card = np.zeros(len(layout.nodes), NODE_CARD).view(np.recarray)
    free = 0
    for i, (_, _, node) in enumerate(layout.nodes):
        card[i].volume, card[i].compliance, card[i].volume_min = node.volume, node.compliance, node.volume_min
        card[i].fixed, card[i].inert = int(node.fixed or node.inert), int(node.inert)
        if not (node.fixed or node.inert):
            card[i].row = free
            free += 1
    card.row[card.fixed == 1] = free
    pattern = Pattern(free)
    for unit, link in layout.links:
        a, b = (resolve(layout, unit, end)[0] for end in (link.a, link.b))
        pattern.couple([card[a].row, card[b].row])
    for unit, name, _ in layout.walls:
        ends = [
            resolve(layout, unit, end)[0]
            for owner, link in layout.links
            if owner is unit and link.wall == name
            for end in (link.a, link.b)
        ]
        pattern.couple([card[i].row for i in ends])
    pattern.finish()
    return card, pattern


def wire_flows(layout: Layout, card: Any, pattern: Pattern) -> tuple[Any, Any]:
    """Flow and wall records with their volumes and matrix blocks."""
    link = np.zeros(len(layout.links), LINK).view(np.recarray)
    wall = np.zeros(len(layout.walls), WALL).view(np.recarray)
    numbers = {(unit.name, name): w for w, (unit, name, _) in enumerate(layout.walls)}
    first = 0
    for w, (_, _, solid) in enumerate(layout.walls):
        o = wall[w]
        o.first, o.n, o.material = first, solid.cells, solid.material
        o.mass, o.conductance = solid.mass / solid.cells, solid.conduction * solid.cells
        o.link_x = o.link_y = -1
        first += solid.cells

    for j, (unit, flow) in enumerate(layout.links):
        f = link[j]
        f.a, f.draw_a = resolve(layout, unit, flow.a)
        f.b, f.draw_b = resolve(layout, unit, flow.b)
        f.trap = resolve(layout, unit, flow.trap)[0] if flow.trap else -1
        a, b = card[f.a].row, card[f.b].row
        f.k_aa, f.k_ab, f.k_ba, f.k_bb = (pattern.block(r, c) for r, c in ((a, a), (a, b), (b, a), (b, b)))
        f.wall = -1
        if flow.wall:
            f.wall = numbers[unit.name, flow.wall]
            o = wall[f.wall]
            f.side = 0 if o.link_x < 0 else 1
            if f.side == 0:
                o.link_x = j
            else:
                o.link_y = j

    for o in wall:
        _couple_streams(o, link, card, pattern)
    return link, wall


def _couple_streams(o: Any, link: Any, card: Any, pattern: Pattern) -> None:
    o.k_xa = o.k_xb = o.k_ya = o.k_yb = pattern.waste
    if o.link_x < 0 or o.link_y < 0:
        return
    x, y = link[o.link_x], link[o.link_y]
    rows = {end: card[node].row for end, node in (("xa", x.a), ("xb", x.b), ("ya", y.a), ("yb", y.b))}
    o.k_xa, o.k_xb = pattern.block(rows["xb"], rows["ya"]), pattern.block(rows["xb"], rows["yb"])
    o.k_ya, o.k_yb = pattern.block(rows["yb"], rows["xa"]), pattern.block(rows["yb"], rows["xb"])


def kind_table(layout: Layout, kind: Kind, tags: Tags, spare: int) -> Any:
    """One record per unit: numbers of its card (and `derived()`), ports, wires, and its slices of flows and walls."""
    units = [u for u in layout.units if u.kind is kind]
    rows = [_numbers(unit) for unit in units]
    ports, wires = _ports(layout, kind, units), _wires(layout, kind, units, tags, spare)
    fields: list[Any] = [(name, "f8" if _is_float(kind, name) else "i8") for name in rows[0]]
    fields += [("ports_", "i8", (max(ports.shape[1], 1),)), ("wires_", "i8", (max(wires.shape[1], 1),))]
    fields += [(name, "i8") for name in ("link_first", "link_last", "wall_first", "wall_last")]
    table = np.zeros(len(units), np.dtype(fields)).view(np.recarray)
    for i, (unit, row) in enumerate(zip(units, rows, strict=True)):
        for name, value in row.items():
            table[i][name] = value
        table[i].ports_[: ports.shape[1]] = ports[i]
        table[i].wires_[: wires.shape[1]] = wires[i]
        table[i].link_first, table[i].link_last = _slice(layout.links, unit)
        table[i].wall_first, table[i].wall_last = _slice(layout.walls, unit)
    return table


def _numbers(unit: UnitSpec) -> dict[str, float]:
    """Numbers of a card, and what it derives from them."""
    values = {name: getattr(unit.card, name) for name in unit.kind.params}
    if hasattr(unit.card, "derived"):
        values |= unit.card.derived()
    return {name: value for name, value in values.items() if isinstance(value, (bool, int, float))}


def _slice(items: list[Any], unit: UnitSpec) -> tuple[int, int]:
    """Where the unit's own flows or walls lie."""
    own = [i for i, item in enumerate(items) if item[0] is unit]
    return (own[0], own[-1] + 1) if own else (0, 0)


def _is_float(kind: Kind, name: str) -> bool:
    for field in dataclasses.fields(kind.card):
        if field.name == name:
            return field.type in (float, "float")
    return True


def _ports(layout: Layout, kind: Kind, units: list[UnitSpec]) -> np.ndarray:
    """Volumes that the units are connected to, then their own."""
    rows = []
    for unit in units:
        row = [find_node(layout, unit, port, getattr(unit.card, port))[0] for port in kind.ports]
        row += [i for i, (_, owner, _) in enumerate(layout.nodes) if owner is unit]
        rows.append(row)
    width = max((len(row) for row in rows), default=0)
    return np.array([row + [-1] * (width - len(row)) for row in rows], dtype=np.int64).reshape(len(units), width)


def _wires(layout: Layout, kind: Kind, units: list[UnitSpec], tags: Tags, spare: int) -> np.ndarray:
    """Image addresses of the tags that the units are wired to; an empty wire leads to the spare cell."""
    rows = []
    for unit in units:
        row = []
        for wire in kind.wires:
            target = getattr(unit.card, wire)
            if target and target not in tags:
                offer = nearest(target, tags) or "."
                raise PlantFileError(
                    f'{layout.spec.path}: unit.{unit.name}.{wire}: expected a tag, got "{target}"{offer}'
                )
            row.append(tags[target].address if target else spare)
        rows.append(row)
    return np.array(rows, dtype=np.int64).reshape(len(units), len(kind.wires))
