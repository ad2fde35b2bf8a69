"""`hetwin machines`: the published machines, what was published of them and what our cycle gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from twin.studies.design.catalogue import Comparison

SHOWN = {"yield": "%", "litres": "L/h", "power": "kW", "energy": "kWh/L", "ln2_flow": "kg/h"}
"""Units in which people read the figures."""


def list_machines() -> list[dict[str, Any]]:
    """Every machine of the catalogue with its sources, the origin of its values, and the comparison."""
    from twin.studies.design.catalogue import compare, names, read_machine

    found = []
    for entry in map(read_machine, names()):
        text = {"name": entry.name, "description": entry.description, "path": str(entry.path)}
        known: dict[str, Any] = {"sources": entry.sources, "origin": entry.origin, "calibrated": entry.calibrated()}
        found.append({**text, **known, "published": [_row(row) for row in compare(entry)]})
    return found


def _row(row: Comparison) -> dict[str, Any]:
    """A comparison in the units that people read; `figure` says of what."""
    from twin.quantities import convert

    unit = SHOWN[row.figure]
    published, ours = (convert(value, row.unit, unit) for value in (row.published, row.ours))
    about = {"point": row.point, "figure": row.figure, "unit": unit}
    return {**about, "published": published, "ours": ours, "verdict": row.verdict}


def show(found: list[dict[str, Any]]) -> None:
    """Print the machines, and the figures of each."""
    from hetwin.show import print_table

    print_table(("machine", "what it is"), [(row["name"], row["description"]) for row in found])
    print()
    heads = ("machine", "operating point", "figure", "published", "ours", "verdict")
    print_table(heads, [_shown(machine["name"], row) for machine in found for row in machine["published"]])


def _shown(name: str, row: dict[str, Any]) -> tuple[str, ...]:
    numbers = (f"{row['published']:.4g} {row['unit']}", f"{row['ours']:.4g} {row['unit']}")
    return (name, row["point"].replace("_", " "), row["figure"].replace("_", " "), *numbers, row["verdict"])
