"""Measured operating points of a liquefier, from TOML or CSV; every measured value has its standard uncertainty.

    [[point]]                              name,set.ln2,set.flow [g/s],litres [L/h],u litres [L/h],T1.in [K],u T1.in [K]
    name = "with LN2"                      with LN2,true,42,121,3,35.2,0.5
    set = {ln2 = true, flow = "42 g/s"}
    [point.measured]
    litres = "121 +- 3 L/h"
    "T1.in" = "35.2 ± 0.5 K"

`set` may hold ln2, split (shares of the turbines) and what the whole machine is specified by (cards.Machine); what is
not set is as in the machine's file. Measured may be the figures of `MEASURED` and the temperatures of state points, by
the names that `hetwin design` prints.
"""

from __future__ import annotations

import csv
import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twin.checked import refuse
from twin.errors import PlantFileError, nearest
from twin.plant_file import read_toml
from twin.quantities import parse, read_unit
from twin.studies.design.cards import Machine

MEASURED = {
    "litres": ("m3/s", "liquid per time, at 1 atm"),
    "yield": ("1", "liquid gained over compressor flow"),
    "make_up": ("kg/s", "helium taken in"),
    "power": ("W", "power of the compressor"),
    "ln2_flow": ("kg/s", "liquid nitrogen"),
}
SPREAD = re.compile(r"\s*(\S+)\s*(?:±|\+-|\+/-)\s*(\S+?)\s+(\S.*?)\s*|\s*(\S+)\s*(?:±|\+-|\+/-)\s*(\S+)\s*")


@dataclass(frozen=True)
class Measured:
    """A value and its standard uncertainty, SI."""

    value: float
    uncertainty: float


@dataclass(frozen=True)
class OperatingPoint:
    """What was set, SI, and what was measured."""

    name: str
    measured: dict[str, Measured]
    ln2: bool | None = None
    split: tuple[float, ...] | None = None
    machine: dict[str, float] = dataclasses.field(default_factory=dict)


def read_points(path: str | Path) -> list[OperatingPoint]:
    """The operating points of a file; PlantFileError says all that is wrong, a sentence each."""
    path = Path(path)
    raw = _read_csv(path) if path.suffix.lower() == ".csv" else read_toml(path).get("point", [])
    if not isinstance(raw, list) or not raw or not all(isinstance(row, dict) for row in raw):
        refuse(path, ["no operating point: expected [[point]] with name, set and measured"])
    problems: list[str] = []
    points = [_point(row, f"point {k + 1}", problems) for k, row in enumerate(raw)]
    refuse(path, problems)
    return points


def _point(row: dict[str, Any], where: str, problems: list[str]) -> OperatingPoint:
    """A point of raw tables; adds a clause for everything that is wrong."""
    for key in row.keys() - {"name", "set", "measured", "note"}:
        problems.append(f"{where}.{key}: expected name, set or measured")
    name, given, measured = str(row.get("name", where)), row.get("set", {}), row.get("measured", {})
    if not isinstance(given, dict) or not isinstance(measured, dict) or not measured:
        problems.append(f'{where} ("{name}"): expected a table `set` and a table `measured` with at least one value')
        return OperatingPoint(name, {})
    machine, ln2, split = {}, None, None
    for key, value in given.items():
        try:
            if key == "ln2":
                ln2 = _truth(value)
            elif key == "split":
                split = tuple(parse(share, "1") for share in (value if isinstance(value, list) else [value]))
            else:
                machine[key] = _machine_value(key, value)
        except ValueError as wrong:
            problems.append(f'{where} ("{name}").set.{key}: {wrong}')
    found = {}
    for key, value in measured.items():
        try:
            found[key] = _measured(key, value)
        except ValueError as wrong:
            problems.append(f'{where} ("{name}").measured.{key}: {wrong}')
    return OperatingPoint(name, found, ln2, split, machine)


def _truth(value: Any) -> bool:
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    if isinstance(value, bool):
        return value
    if str(value).lower() not in words:
        raise ValueError(f'expected true or false, got "{value}"')
    return words[str(value).lower()]


def _machine_value(key: str, value: Any) -> float:
    fields = {f.name: f.metadata for f in dataclasses.fields(Machine) if f.name != "dewar_fills"}
    if key not in fields:
        raise ValueError(f"expected ln2, split or one of {', '.join(fields)}{nearest(key, fields)}")
    number, (low, high) = parse(value, fields[key]["unit"]), fields[key]["range"]
    if not low <= number <= high:
        raise ValueError(f"expected between {low:g} and {high:g} {fields[key]['unit']}, got {number:g}")
    return number


def unit_of(name: str) -> str:
    """The unit of what is measured: that of a figure, or K of a state point."""
    return MEASURED[name][0] if name in MEASURED else "K"


def _measured(key: str, text: Any) -> Measured:
    unit = unit_of(key)
    if isinstance(text, dict):
        if set(text) != {"value", "uncertainty"}:
            raise ValueError("expected value and uncertainty")
        parts = text["value"], text["uncertainty"]
    elif isinstance(text, str) and (match := SPREAD.fullmatch(text)):
        shown = match[3] or ("1" if unit == "1" else unit)
        parts = f"{match[1] or match[4]} {shown}", f"{match[2] or match[5]} {shown}"
    else:
        raise ValueError(f'expected a value with its standard uncertainty such as "121 +- 3 L/h", got {text!r}')
    value, uncertainty = parse(parts[0], unit), _difference(parts[1], unit)
    if not uncertainty > 0.0:
        raise ValueError(f"its standard uncertainty must be above zero, got {uncertainty:g}")
    return Measured(value, uncertainty)


def _difference(text: Any, unit: str) -> float:
    """An uncertainty: a difference, so that a scale with an offset counts by its steps alone."""
    offset = 0.0
    if isinstance(text, str):
        _, _, shown = text.strip().partition(" ")
        offset = read_unit(shown).offset if shown else 0.0
    return parse(text, unit) - offset


HEAD = re.compile(r"\s*(u\s+|set\.)?([^\[\]]+?)\s*(?:\[([^\]]+)\])?\s*")


def _read_csv(path: Path) -> list[dict[str, Any]]:
    """Raw tables of a CSV file: the head of a column is a name with the unit in brackets, `u NAME` its uncertainty."""
    try:
        lines = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    except OSError as problem:
        raise PlantFileError(f"{path}: cannot be read: {problem.strerror}.") from None
    except UnicodeDecodeError:
        raise PlantFileError(f"{path}: is not UTF-8 text.") from None
    if not lines:
        return []
    heads = [HEAD.fullmatch(head) for head in lines[0]]
    refuse(
        path, [f'column {k + 1}: the head "{lines[0][k]}" cannot be read' for k, head in enumerate(heads) if not head]
    )
    names = {(head[1] or "").strip() + head[2] for head in heads if head}
    lonely = [head[2] for head in heads if head and not head[1] and head[2] != "name" and "u" + head[2] not in names]
    refuse(path, [f'column "{name}": expected a column "u {name}" with its standard uncertainty' for name in lonely])
    rows: list[dict[str, Any]] = []
    for number, cells in enumerate(lines[1:], 2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(heads):
            refuse(path, [f"line {number}: expected {len(heads)} columns, got {len(cells)}"])
        rows.append(_csv_row(heads, cells))
    return rows


def _csv_row(heads: list[Any], cells: list[str]) -> dict[str, Any]:
    row: dict[str, Any] = {"set": {}, "measured": {}}
    for head, cell in zip(heads, cells, strict=True):
        kind, name = (head[1] or "").strip(), head[2]
        if not cell.strip():
            continue
        value = f"{cell.strip()} {head[3]}" if head[3] else cell.strip()
        if name == "name" and not kind:
            row["name"] = cell.strip()
        elif kind == "set.":
            row["set"][name] = cell.split() if name == "split" else value
        else:
            row["measured"].setdefault(name, {})["uncertainty" if kind == "u" else "value"] = value
    return row
