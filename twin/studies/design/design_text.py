"""A design as the text of a specification file, in SI; `design_file` reads it back."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from twin.studies.design.cards import Bath
from twin.studies.design.steady import Design


def design_tables(design: Design, ln2: bool | None = None) -> dict[str, Any]:
    """The tables of a file that means this design; what has its default is left out."""
    a = design.arrangement
    ways = {"high": list(a.high), "low": list(a.low), "branches": {head: list(way) for head, way in a.branches.items()}}
    found: dict[str, Any] = {"description": design.description, "ln2": design.bath is not None if ln2 is None else ln2}
    found |= {"arrangement": ways, "machine": _given(design.machine)}
    found["exchanger"] = {name: _given(card) for name, card in design.exchangers.items()}
    found["turbine"] = {name: _given(card) for name, card in design.turbines.items()}
    return found | {"bath": _given(design.bath or Bath())}


def _given(card: Any) -> dict[str, Any]:
    """What a card says beyond its defaults."""
    return {
        f.name: value
        for f in dataclasses.fields(card)
        if (value := getattr(card, f.name)) is not None and value != f.default
    }


def changed_values(before: Design, after: Design) -> set[str]:
    """Names of the values that differ, such as "turbine.T1.efficiency"."""
    return {name for name in _flat(after).keys() | _flat(before) if _flat(after).get(name) != _flat(before).get(name)}


def _flat(design: Design) -> dict[str, Any]:
    tables = design_tables(design)
    found = {f"machine.{key}": value for key, value in tables["machine"].items()}
    for kind in ("exchanger", "turbine"):
        rows = tables[kind].items()
        found |= {f"{kind}.{name}.{key}": value for name, row in rows for key, value in row.items()}
    return found


def toml_text(table: dict[str, Any], name: str = "") -> str:
    """TOML of nested tables of texts, numbers, truths and lists of these."""
    own = [f"{_key(key)} = {_value(value)}" for key, value in table.items() if not isinstance(value, dict)]
    head = [f"[{name}]"] if name and (own or not table) else []
    parts = ["\n".join([*head, *own])] if head or own else []
    for key, value in table.items():
        if isinstance(value, dict):
            parts.append(toml_text(value, f"{name}.{_key(key)}" if name else _key(key)))
    return "\n\n".join(part.rstrip("\n") for part in parts if part) + "\n"


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else json.dumps(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
