"""The process image: one flat array, record views over it, and the tags that name its addresses."""

from __future__ import annotations

from typing import Any

import numpy as np

from twin.errors import PlantFileError
from twin.layout import Layout
from twin.plant_file import UnitSpec
from twin.records import CELL, CELL_WIDTH, CLOCK, LINK_TOTAL, MODES, NODE, NODE_FIELDS, NODE_TAGS
from twin.tags import Tag, Tags
from twin.unit import SPECIES, Kind
from twin.words import Word

MODE_WORDS = tuple(map(Word, MODES, ("実時間", "倍速", "最速", "同期", "停止")))
"""Modes of the clock in both languages."""


def lay_out_image(layout: Layout) -> tuple[np.ndarray, dict[str, Any], Tags]:
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


def _name_tags(layout: Layout, views: dict[str, Any]) -> Tags:
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
                    by=quantity.by,
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
        "part": ("1", "share of a step that is tried next, in 4096ths; 0 is all", "次の分割幅"),
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
            labels=MODE_WORDS if field == "mode" else (),
            equipment="SIM",
            kind="simulation",
            area="",
            text_ja=japanese,
            by="instructor",
        )
        for field, (unit, text, japanese) in texts.items()
    ]


def _node_tags(layout: Layout, first: int) -> list[Tag]:
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


def _cell_tags(layout: Layout, first: int) -> list[Tag]:
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


def _refuse_doubles(layout: Layout, tags: list[Tag]) -> None:
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
