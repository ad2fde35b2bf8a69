"""The EXAMPLE of every kind, joined to one plant: one compilation, many small worlds that do not touch."""

from __future__ import annotations

import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

from twin.kinds import load_kinds
from twin.unit import KINDS


def examples() -> dict[str, str]:
    """The example of every kind that ships, by kind."""
    load_kinds()
    return {
        name: sys.modules[kind.card.__module__].EXAMPLE
        for name, kind in sorted(KINDS.items())
        if not kind.card.__module__.startswith("hetwin_units_")
    }


def join(texts: dict[str, str], path: Path) -> Path:
    """Write one plant file of all examples; units of the n-th are called Xn-…, each on a site of its own."""
    lines = ['description = "Every kind of equipment"', 'step = "1 s"']
    for n, text in enumerate(texts.values()):
        units = tomllib.loads(text)["unit"]
        for name, entries in units.items():
            lines.append(f"[unit.X{n}-{name}]")
            lines.append(f'site = "X{n}"')
            for key, value in entries.items():
                if key != "site":
                    lines.append(f"{key} = {_toml(_rename(value, units, n))}")
    path.write_text("\n".join(lines) + "\n")
    return path


def _rename(value: Any, units: dict[str, Any], n: int) -> Any:
    if isinstance(value, str):
        head = re.split(r"\.", value, maxsplit=1)[0]
        return f"X{n}-{value}" if head in units else value
    if isinstance(value, dict):
        return {k: _rename(v, units, n) for k, v in value.items()}
    return value


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)
