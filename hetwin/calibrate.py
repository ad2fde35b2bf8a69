"""`hetwin calibrate`: fit a machine to measured operating points."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from twin.quantities import format

if TYPE_CHECKING:
    from twin.studies.design.calibrate import Calibration, Residual
    from twin.studies.design.steady import Design


def run(machine: str, data: Path, fit: str | None, out: Path | None) -> Calibration:
    """Fit, and write the calibrated machine if asked."""
    from twin.studies.design.calibrate import DEFAULT, calibrate
    from twin.studies.design.design_file import find_design, make_design, merged, read_table
    from twin.studies.design.plant_data import read_points

    path = find_design(machine)
    table = read_table(path)
    ln2 = table.get("ln2", True)
    points = [dataclasses.replace(p, ln2=ln2 if p.ln2 is None else p.ln2) for p in read_points(data)]
    design = make_design(merged(table, {"ln2": True}), path)
    found = calibrate(design, points, fit.split(",") if fit else DEFAULT)
    if out is not None:
        out.write_text(calibrated_text(found, design, machine, data, ln2), encoding="utf-8")
    return found


def calibrated_text(found: Calibration, before: Design, machine: str, data: Path, ln2: bool) -> str:
    """The calibrated machine as a specification file, with the origin of every value."""
    from twin.studies.design.design_file import given_values
    from twin.studies.design.design_text import changed_values, design_tables, toml_text

    tables = design_tables(found.design, ln2)
    names = ", ".join(p.name for p in found.parameters)
    tables["description"] = f"{tables['description']} (calibrated to {data.name}: {names})".strip()
    if found.helium_leak > 0.0:
        tables["note"] = (
            f"Helium lost from the circuit: {format(found.helium_leak, 'kg/s')}; a design does not know it."
        )
    tables["sources"] = {"machine": f"the file this started from: {machine}", "data": str(data.name)}
    moved = changed_values(before, found.design)
    tables["origin"] = {
        name: f"calibrated: {data.name}" if name in moved else "machine" for name in given_values(tables)
    }
    return toml_text(tables)


def show(found: Calibration) -> None:
    """Print the fit as tables."""
    from hetwin.show import print_table

    rows = zip(found.parameters, found.estimate, found.error, strict=True)
    heads = ("parameter", "estimate", "standard error", "began with", "range")
    print_table(
        heads,
        [
            (p.name, format(x, p.unit), format(s, p.unit), format(p.start, p.unit), _range(p.low, p.high, p.unit))
            for p, x, s in rows
        ],
    )
    print()
    names = [p.name for p in found.parameters]
    body = [(name, *(f"{value:+.3f}" for value in row)) for name, row in zip(names, found.correlation, strict=True)]
    print_table(("correlation", *names), body)
    print()
    print_table(
        ("operating point", "measured", "value", "uncertainty", "fitted", "deviation"),
        [(r.point, r.name, *_values(r), f"{r.deviation:+.2f}") for r in found.residuals],
    )
    per = f", {found.chi2_per_dof:.3g} per degree of freedom" if found.dof else ""
    degrees = "1 degree" if found.dof == 1 else f"{found.dof} degrees"
    print(f"\nChi-square {found.chi2:.3g} with {degrees} of freedom{per}.")
    for remark in found.remarks:
        print(f"Note: {remark}")


def _range(low: float, high: float, unit: str) -> str:
    return f"{format(low, unit)} .. {format(high, unit)}"


def _values(row: Residual) -> tuple[str, ...]:
    """A measured value, its uncertainty and the fitted one, in the unit that people read."""
    from hetwin.machines import SHOWN
    from twin.quantities import convert
    from twin.studies.design.plant_data import unit_of

    name, si = row.name, unit_of(row.name)
    unit = SHOWN.get(name, "g/s" if name == "make_up" else si)
    values = (row.measured, row.uncertainty, row.fitted)
    return tuple(f"{convert(value, si, unit):.4g} {unit}" for value in values)
