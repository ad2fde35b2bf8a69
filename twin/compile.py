"""Plant file -> constant model, process image and tags."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from thermo.helium import h_liq, h_pT, h_vap, rho_liq, rho_ph, rho_vap
from thermo.materials import e_material
from twin.chain import load_chain
from twin.elimination import Pattern
from twin.errors import PlantFileError, nearest
from twin.network import R_H2, R_H2O, R_N2, R_O2, hold_state
from twin.plant_file import PlantSpec, UnitSpec
from twin.records import (
    CELL,
    CELL_WIDTH,
    CELL_WORK,
    CLOCK,
    LINK,
    LINK_TOTAL,
    NODE,
    NODE_CARD,
    NODE_FIELDS,
    NODE_TAGS,
    WALL,
)
from twin.tags import Tag, Tags
from twin.unit import SPECIES, Kind, Link, Node, Wall

DRAWS = {"mixture": 0, "vapour": 1, "liquid": 2}
GAS_CONSTANTS = {"n2": R_N2, "o2": R_O2, "h2o": R_H2O, "h2": R_H2}
STATE = np.dtype([("value", "i8"), ("rate", "i8"), ("stiff", "i8")])
MODES = ("realtime", "scaled", "asap", "lockstep", "paused")


@dataclass
class Compiled:
    """What a plant file became: the chain's module, its model and data, and the tags."""

    chain: Any
    model: Any
    data: Any
    tags: Tags
    node_names: list[str]
    links: list[tuple[UnitSpec, Link]]
    wall_names: list[str]


@dataclass
class _Layout:
    """Units by kind, and where everything lies."""

    spec: PlantSpec
    kinds: list[Kind]
    units: list[UnitSpec]
    nodes: list[tuple[str, UnitSpec, Node]]
    links: list[tuple[UnitSpec, Link]]
    walls: list[tuple[UnitSpec, str, Wall]]

    def __post_init__(self) -> None:
        self.node_index = {name: i for i, (name, _, _) in enumerate(self.nodes)}


def compile_plant(spec: PlantSpec) -> Compiled:
    """Compile a checked plant file. Raises PlantFileError with one sentence."""
    layout = _collect(spec)
    chain = load_chain(layout.kinds)
    image, views, tags = _lay_out_image(layout)
    node_card, pattern = _number_rows(layout)
    link, wall = _wire_flows(layout, node_card, pattern)

    model = {
        "dt": spec.step,
        "node_first": views["node first"],
        "cell_first": views["cell first"],
        "node_card": node_card,
        "program": pattern.program(),
        "state": _state_table(views["fields"]),
    }
    data = _scratch(image, views, node_card, pattern, link, wall, len(model["state"]))
    for kind in layout.kinds:
        model[f"u_{kind.name}"] = _kind_table(layout, kind, tags, views["spare first"])
        data[f"s_{kind.name}"] = views["s"][kind.name]

    _start_nodes(layout, node_card, views["node"])
    _start_cells(layout, wall, views["cell"])
    return Compiled(
        chain=chain,
        model=chain.Model(**model),
        data=chain.Data(**data),
        tags=tags,
        node_names=[name for name, _, _ in layout.nodes],
        links=layout.links,
        wall_names=[f"{unit.name}.{name}" for unit, name, _ in layout.walls],
    )


def _collect(spec: PlantSpec) -> _Layout:
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
    return _Layout(spec, kinds, units, nodes, links, walls)


# --- the image ---------------------------------------------------------------------------------------------------


def _lay_out_image(layout: _Layout) -> tuple[np.ndarray, dict[str, Any], Tags]:
    """The flat image, record views over it, and the tags that name its addresses."""
    counts = {kind.name: sum(u.kind is kind for u in layout.units) for kind in layout.kinds}
    cells = sum(wall.cells for _, _, wall in layout.walls)
    blocks: list[tuple[str, np.dtype, int]] = [
        ("clock", CLOCK, 1),
        ("node", NODE, len(layout.nodes)),
        ("cell", CELL, cells),
        ("link_total", LINK_TOTAL, len(layout.links)),
        ("wall_total", np.dtype("f8"), len(layout.walls)),
        ("spare", np.dtype("f8"), 1),
    ]
    blocks += [(f"s {kind.name}", _unit_dtype(kind), counts[kind.name]) for kind in layout.kinds]

    image = np.zeros(sum(dtype.itemsize // 8 * n for _, dtype, n in blocks))
    views: dict[str, Any] = {"s": {}, "fields": []}
    first = 0
    for name, dtype, n in blocks:
        width = dtype.itemsize // 8
        part = image[first : first + width * n]
        view = part.view(dtype).view(np.recarray) if dtype.fields else part
        if name.startswith("s "):
            views["s"][name[2:]] = view
        else:
            views[name] = view
        views[f"{name} first"] = first
        first += width * n
    return image, views, _name_tags(layout, views)


def _unit_dtype(kind: Kind) -> np.dtype:
    """Record of a unit in the image: its tags, then rates of states and their stiffness."""
    fields = list(kind.quantities)
    for name, quantity in kind.quantities.items():
        if quantity.role == "state":
            fields.append(f"d_{name}")
            if quantity.stiff:
                fields.append(f"l_{name}")
    return np.dtype([(name, "f8") for name in fields or ["unused"]])


def _name_tags(layout: _Layout, views: dict[str, Any]) -> Tags:
    """Tags of the clock, of every unit and of its volumes and walls; fills in the starting values."""
    tags = _clock_tags()
    rows = {kind.name: 0 for kind in layout.kinds}
    for unit in layout.units:
        kind = unit.kind
        dtype = _unit_dtype(kind)
        first = views[f"s {kind.name} first"] + rows[kind.name] * dtype.itemsize // 8
        record = views["s"][kind.name][rows[kind.name]]
        rows[kind.name] += 1
        names = list(dtype.names or ())
        for field, quantity in kind.quantities.items():
            start = _start_of(unit, quantity.start)
            record[field] = unit.starts.get(field, start)
            address = first + names.index(field)
            if quantity.role == "state":
                stiff = first + names.index(f"l_{field}") if quantity.stiff else -1
                views["fields"].append((address, first + names.index(f"d_{field}"), stiff))
            low, high = _range_of(unit, quantity)
            name = unit.name if field == "value" else f"{unit.name}.{field}"
            tags.append(
                Tag(
                    name=name,
                    address=address,
                    unit=_unit_of(unit, quantity.unit),
                    text=quantity.text,
                    role=quantity.role,
                    low=low,
                    high=high,
                    labels=quantity.labels,
                    equipment=unit.name,
                    kind=kind.name,
                    area=unit.site,
                    text_ja=quantity.text_ja,
                )
            )
    tags += _node_tags(layout, views["node first"])
    tags += _cell_tags(layout, views["cell first"])
    _refuse_doubles(layout, tags)
    return Tags(tags)


def _clock_tags() -> list[Tag]:
    texts = {
        "time": ("s", "simulation time", "シミュレーション時刻"),
        "step": ("1", "steps since the start", "ステップ数"),
        "speed": ("1", "simulated over real time, as set", "速度倍率"),
        "mode": ("1", "clock mode", "時計モード"),
        "overruns": ("1", "scans that came late", "スキャン遅れ回数"),
        "parts": ("1", "parts that the last step was cut into, tries included", "ステップ分割数"),
        "part": ("1", "share of a step that is tried next, in 256ths; 0 is all", "次の分割幅"),
    }
    return [
        Tag(
            name=f"SIM.{field}",
            address=(CLOCK.names or ()).index(field),
            unit=unit,
            text=text,
            role="output",
            low=0.0,
            high=float(len(MODES) - 1) if field == "mode" else 1e9,
            labels=MODES if field == "mode" else (),
            equipment="SIM",
            kind="simulation",
            area="",
            text_ja=japanese,
        )
        for field, (unit, text, japanese) in texts.items()
    ]


def _node_tags(layout: _Layout, first: int) -> list[Tag]:
    tags = []
    for i, (name, unit, node) in enumerate(layout.nodes):
        if node.inert:
            fields = {s: ("kg", f"caught {s.upper()}", f"捕捉した{s.upper()}") for s in SPECIES}
        else:
            fields = NODE_TAGS
        mass = 2.0 * node.volume * 200.0
        ranges = {"p": node.p_range, "temp": node.temp_range, "h": (-1.6e6, 1.6e6), "rho": (0.0, 200.0)}
        ranges |= {"mass": (0.0, mass), **dict.fromkeys(SPECIES, (0.0, 10.0))}
        for field, (si, text, japanese) in fields.items():
            low, high = ranges.get(field, (0.0, 1.0))
            tags.append(
                Tag(
                    name=f"{name}.{field}",
                    address=first + i * len(NODE_FIELDS) + NODE_FIELDS.index(field),
                    unit=si,
                    text=text,
                    role="state" if field == "mass" else "output",
                    low=low,
                    high=high,
                    labels=(),
                    equipment=unit.name,
                    kind=unit.kind.name,
                    area=unit.site,
                    text_ja=japanese,
                )
            )
    return tags


def _cell_tags(layout: _Layout, first: int) -> list[Tag]:
    tags, cell = [], 0
    for unit, name, wall in layout.walls:
        for i in range(wall.cells):
            tags.append(
                Tag(
                    name=f"{unit.name}.{name}.{i}",
                    address=first + CELL_WIDTH * (cell + i) + 1,
                    unit="K",
                    text=f"{name} temperature, cell {i + 1} of {wall.cells}",
                    role="output",
                    low=0.0,
                    high=400.0,
                    labels=(),
                    equipment=unit.name,
                    kind=unit.kind.name,
                    area=unit.site,
                    text_ja=f"壁温度 {i + 1}/{wall.cells}",
                )
            )
        cell += wall.cells
    return tags


def _refuse_doubles(layout: _Layout, tags: list[Tag]) -> None:
    seen: dict[str, Tag] = {}
    for tag in tags:
        if tag.name in seen:
            raise PlantFileError(
                f'{layout.spec.path}: the tag "{tag.name}" is given twice, by unit.{seen[tag.name].equipment} and '
                f"unit.{tag.equipment}; give one of them another name."
            )
        seen[tag.name] = tag


def _start_of(unit: UnitSpec, start: float | str) -> float:
    """A starting value: a number, a parameter's name or another tag's start."""
    if not isinstance(start, str):
        return float(start)
    if start in unit.starts:
        return float(unit.starts[start])
    if start in unit.kind.quantities:
        return _start_of(unit, unit.kind.quantities[start].start)
    return float(getattr(unit.card, start))


def _range_of(unit: UnitSpec, quantity: Any) -> tuple[float, float]:
    if quantity.labels:
        return 0.0, float(len(quantity.labels) - 1)
    if hasattr(unit.card, "tag_range"):
        own = unit.card.tag_range(quantity)
        if own is not None:
            return float(own[0]), float(own[1])
    if quantity.range is not None:
        return float(quantity.range[0]), float(quantity.range[1])
    return (0.0, 1.0) if quantity.unit == "1" else (0.0, 1e6)


def _unit_of(unit: UnitSpec, si: str) -> str:
    """A tag's unit; `@name` takes it from a text parameter (a transmitter measures whatever it is told to)."""
    return str(getattr(unit.card, si[1:])) if si.startswith("@") else si


# --- the network -------------------------------------------------------------------------------------------------


def _number_rows(layout: _Layout) -> tuple[np.ndarray, Pattern]:
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
        a, b = (_resolve(layout, unit, end)[0] for end in (link.a, link.b))
        pattern.couple([card[a].row, card[b].row])
    for unit, name, _ in layout.walls:
        ends = [
            _resolve(layout, unit, end)[0]
            for owner, link in layout.links
            if owner is unit and link.wall == name
            for end in (link.a, link.b)
        ]
        pattern.couple([card[i].row for i in ends])
    pattern.finish()
    return card, pattern


def _resolve(layout: _Layout, unit: UnitSpec, end: str) -> tuple[int, int]:
    """A link's end (port or own volume) -> volume and what is drawn from it."""
    if end in unit.kind.ports:
        return _find_node(layout, unit, end, getattr(unit.card, end))
    for name in (f"{unit.name}.{end}", unit.name):
        if name in layout.node_index:
            return layout.node_index[name], 0
    raise PlantFileError(f'{layout.spec.path}: unit.{unit.name}: kind {unit.kind.name} has no port or volume "{end}".')


def _find_node(layout: _Layout, unit: UnitSpec, port: str, target: str) -> tuple[int, int]:
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


def _wire_flows(layout: _Layout, card: Any, pattern: Pattern) -> tuple[Any, Any]:
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
        f.a, f.draw_a = _resolve(layout, unit, flow.a)
        f.b, f.draw_b = _resolve(layout, unit, flow.b)
        f.trap = _resolve(layout, unit, flow.trap)[0] if flow.trap else -1
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


def _scratch(
    image: np.ndarray, views: dict[str, Any], card: Any, pattern: Pattern, link: Any, wall: Any, n: int
) -> dict[str, Any]:
    """Everything else that `step` writes."""
    rows, nodes = pattern.n, len(card)
    return {
        "image": image,
        "saved": image.copy(),
        "clock": views["clock"][0],
        "node": views["node"],
        "cell": views["cell"],
        "link_total": views["link_total"],
        "wall_total": views["wall_total"],
        "link": link,
        "wall": wall,
        "work": np.zeros(len(views["cell"]), CELL_WORK).view(np.recarray),
        "blocks": np.zeros((pattern.waste + 1, 4)),
        "inverse": np.zeros((rows, 4)),
        "rhs": np.zeros((rows + 1, 2)),
        "delta": np.zeros((rows + 1, 2)),
        "species_blocks": np.zeros((pattern.waste + 1, len(SPECIES))),
        "species_rhs": np.zeros((rows + 1, len(SPECIES))),
        "h_lin": np.zeros(nodes),
        "stage": np.zeros((nodes + len(views["cell"]), 2)),
        "q_1": np.zeros(nodes),
        "q_eff": np.zeros(nodes),
        "k_lin": np.zeros(3 * nodes),
        "state_rate": np.zeros(n),
        "state_decay": np.ones(n),
    }


def _state_table(fields: list[tuple[int, int, int]]) -> Any:
    return np.array(fields, dtype=STATE).view(np.recarray)


# --- tables per kind ---------------------------------------------------------------------------------------------


def _kind_table(layout: _Layout, kind: Kind, tags: Tags, spare: int) -> Any:
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


def _ports(layout: _Layout, kind: Kind, units: list[UnitSpec]) -> np.ndarray:
    """Volumes that the units are connected to, then their own."""
    rows = []
    for unit in units:
        row = [_find_node(layout, unit, port, getattr(unit.card, port))[0] for port in kind.ports]
        row += [i for i, (_, owner, _) in enumerate(layout.nodes) if owner is unit]
        rows.append(row)
    width = max((len(row) for row in rows), default=0)
    return np.array([row + [-1] * (width - len(row)) for row in rows], dtype=np.int64).reshape(len(units), width)


def _wires(layout: _Layout, kind: Kind, units: list[UnitSpec], tags: Tags, spare: int) -> np.ndarray:
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


# --- the start ---------------------------------------------------------------------------------------------------


def _start_nodes(layout: _Layout, card: Any, node: Any) -> None:
    for i, (name, unit, start) in enumerate(layout.nodes):
        try:
            _start_node(node[i], start)
        except ValueError as error:
            raise PlantFileError(
                f"{layout.spec.path}: unit.{unit.name}: the start of {name} is impossible: {error}"
            ) from None


def _start_node(a: Any, start: Node) -> None:
    """Mass and energy from the given state."""
    ratios = {s: start.impurities.get(s, 0.0) for s in SPECIES}
    a.p_out = start.p_ambient if start.compliance > 0.0 else 0.0
    a.vol = start.volume
    if start.inert:
        for s in SPECIES:
            a[s] = ratios[s]
        return
    if start.fixed:
        hold_state(a, start.p, start.temp, 0.0)
        for s in SPECIES:
            a[f"w_{s}"] = ratios[s]
        return

    gas = sum(ratios[s] * GAS_CONSTANTS[s] for s in SPECIES)
    p = start.p
    for _ in range(20):
        h, rho = _start_state(start, p)
        temp = start.temp if start.temp is not None else 4.2
        p = start.p - rho * gas * temp
    e = p - (a.p_out - (start.p - p))
    vol = start.volume
    elastic = 0.0
    if start.compliance > 0.0:
        vol = max(start.volume + start.compliance * e, start.volume_min)
        elastic = 0.5 * (vol - start.volume) ** 2 / start.compliance
    else:
        e = p
    a.vol, a.mass = vol, rho * vol
    a.energy = a.mass * h - vol * e + elastic
    a.p, a.h, a.temp = start.p, h, temp
    for s in SPECIES:
        a[s] = ratios[s] * a.mass


def _start_state(start: Node, p: float) -> tuple[float, float]:
    """Enthalpy and density at the start."""
    if not (math.isfinite(p) and p > 0.0):
        raise ValueError(f"a pressure of {p:.6g} Pa")
    if start.temp is not None:
        h = float(h_pT(p, start.temp))
        return h, float(rho_ph(p, h))
    if start.x is not None:
        x = start.x
    elif start.level is not None:
        liquid, vapour = start.level * float(rho_liq(p)), (1.0 - start.level) * float(rho_vap(p))
        x = vapour / (liquid + vapour)
    else:
        raise ValueError("it needs a temperature, a quality or a level")
    h = (1.0 - x) * float(h_liq(p)) + x * float(h_vap(p))
    rho = 1.0 / ((1.0 - x) / float(rho_liq(p)) + x / float(rho_vap(p)))
    return h, rho


def _start_cells(layout: _Layout, wall: Any, cell: Any) -> None:
    for w, (_, _, solid) in enumerate(layout.walls):
        ends = solid.temp if isinstance(solid.temp, tuple) else (solid.temp, solid.temp)
        for i in range(solid.cells):
            temp = ends[0] + (ends[1] - ends[0]) * (i + 0.5) / solid.cells
            at = wall[w].first + i
            cell[at].temp = temp
            cell[at].rise = (ends[1] - ends[0]) / solid.cells if solid.cells > 2 else 0.0
            cell[at].e = float(e_material(solid.material, temp)) * wall[w].mass
