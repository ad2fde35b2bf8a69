"""Published machines: what was published of each, and what our cycle gives for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twin.errors import Infeasible
from twin.studies.design.design_file import CONDITIONS, FIGURES, MACHINES, find_design, make_design, merged, read_table
from twin.studies.design.result import Result, solve_design

TOLERANCE = 0.1
"""Allowed deviation over the published value, if the file does not say."""


@dataclass(frozen=True)
class Point:
    """A published operating point: conditions and figures in SI, `tolerance` relative, `points` of the yield."""

    name: str
    ln2: bool
    conditions: dict[str, float]
    figures: dict[str, float]
    source: str
    note: str
    tolerance: float
    points: float | None


@dataclass(frozen=True)
class Entry:
    """A machine of the catalogue; `origin` says where each of its values comes from."""

    name: str
    path: Path
    table: dict[str, Any]
    description: str
    sources: dict[str, str]
    origin: dict[str, str]
    points: tuple[Point, ...]

    def solve(self, point: Point) -> Result:
        """The machine at an operating point."""
        return solve_design(make_design(merged(self.table, {"ln2": point.ln2, "machine": point.conditions}), self.path))

    def calibrated(self) -> list[str]:
        """Values that were chosen so that published figures come out."""
        return [name for name, text in self.origin.items() if text.startswith("calibrated")]


@dataclass(frozen=True)
class Comparison:
    """A published figure beside ours, SI; the verdict is "met", "missed" or the reason why there is no figure."""

    machine: str
    point: str
    figure: str
    unit: str
    published: float
    ours: float
    verdict: str


def names() -> list[str]:
    """The machines of the catalogue."""
    return sorted(path.stem for path in MACHINES.glob("*.toml"))


def read_machine(name_or_path: str | Path) -> Entry:
    """A machine's file; PlantFileError says all that is wrong with it."""
    path = find_design(name_or_path)
    table = read_table(path)
    points = tuple(_point(name, row) for name, row in table.get("published", {}).items())
    text = " ".join(table.get("description", "").split())
    return Entry(path.stem, path, table, text, table.get("sources", {}), table.get("origin", {}), points)


def _point(name: str, row: dict[str, Any]) -> Point:
    conditions = {key: row[key] for key in CONDITIONS if key in row}
    figures = {key: row[key] for key in FIGURES if key in row}
    words = (row["source"], row.get("note", ""))
    return Point(
        name, row.get("ln2", False), conditions, figures, *words, row.get("tolerance", TOLERANCE), row.get("points")
    )


def compare(entry: Entry) -> list[Comparison]:
    """Every published figure of a machine beside ours."""
    return [row for point in entry.points for row in _rows(entry, point)]


def _rows(entry: Entry, point: Point) -> list[Comparison]:
    try:
        ours, why = figures_of(entry.solve(point)), ""
    except Infeasible as problem:
        ours, why = dict.fromkeys(FIGURES, float("nan")), str(problem)
    rows = []
    for name, published in point.figures.items():
        allowed = point.points if name == "yield" and point.points else point.tolerance * published
        verdict = why or ("met" if abs(ours[name] - published) <= allowed else "missed")
        rows.append(Comparison(entry.name, point.name, name, FIGURES[name][0], published, ours[name], verdict))
    return rows


def figures_of(result: Result) -> dict[str, float]:
    """The figures that are published of machines, SI."""
    litres = result.litres_per_hour / 3.6e6
    return {
        "yield": result.yield_,
        "litres": litres,
        "power": result.power,
        "energy": result.power / litres,
        "ln2_flow": result.ln2,
    }
