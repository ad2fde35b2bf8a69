"""`hetwin design`: a liquefier from its specification, as a table for people or JSON for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hetwin.exits import BadInput
from hetwin.options import quantity
from twin.quantities import format

if TYPE_CHECKING:
    from pathlib import Path

    from twin.studies.design.result import Result

MACHINE = {
    "flow": "kg/s",
    "p_high": "Pa",
    "p_low": "Pa",
    "p_dewar": "Pa",
    "temp_in": "K",
    "efficiency_isothermal": "1",
    "Q_dewar": "W",
    "impurity": "1",
}
"""Options that fill in the machine, and their units."""
ALL = {
    "effectiveness": ("exchangers", "effectiveness", "1"),
    "UA": ("exchangers", "UA", "W/K"),
    "pinch": ("exchangers", "pinch", "K"),
    "turbine_efficiency": ("turbines", "efficiency", "1"),
}
"""Options that hold for all exchangers or turbines."""


def run(name: str | None, given: dict[str, Any], over: str | None, objective: str) -> Result:
    """Solve what the options and the file say; optimise if asked."""
    from twin.studies.design.design_file import load_design, make_design
    from twin.studies.design.optimum import optimise
    from twin.studies.design.result import solve_design

    changes = tables(given)
    design = load_design(name, **changes) if name else make_design(changes, "design")
    design = with_split(design, given.get("split"))
    if over is None:
        return solve_design(design)
    try:
        return optimise(design, tuple(over.split(",")), objective)
    except ValueError as wrong:
        raise BadInput(f"--optimise: {wrong}.") from None


def tables(given: dict[str, Any]) -> dict[str, Any]:
    """The tables of a specification that the options fill in, checked like a file."""
    from twin.studies.design.cards import Exchanger, Machine, Turbine

    found: dict[str, Any] = {name: given[name] for name in ("ln2", "arrangement") if given.get(name) is not None}
    if given.get("turbines") is not None:
        found["number_of_turbines"] = given["turbines"]
    places = {name: ("machine", name, unit) for name, unit in MACHINE.items()} | ALL
    cards = {"machine": Machine, "exchangers": Exchanger, "turbines": Turbine}
    for name, (table, key, unit) in places.items():
        if given.get(name) is not None:
            option = f"--{name.replace('_', '-').lower()}"
            value = quantity(option, given[name], unit)
            within(option, value, unit, limits(cards[table], key))
            found.setdefault(table, {})[key] = value
    if given.get("dewar_fills"):
        found.setdefault("machine", {})["dewar_fills"] = True
    return found


def limits(card: type, key: str) -> tuple[float, float] | None:
    """The range of a field of a card."""
    import dataclasses

    found: tuple[float, float] | None = next(f.metadata["range"] for f in dataclasses.fields(card) if f.name == key)
    return found


def within(option: str, value: float, unit: str, limits: tuple[float, float] | None) -> None:
    """Refuse a value outside its limits."""
    if limits is not None and not limits[0] <= value <= limits[1]:
        low, high = (format(limit, unit) for limit in limits)
        raise BadInput(f"{option}: expected between {low} and {high}, got {format(value, unit)}.")


def with_split(design: Any, split: str | None) -> Any:
    """The design with the shares of its turbines, as in "0.42,0.40"."""
    if split is None:
        return design
    import dataclasses

    heads = design.arrangement.heads
    parts = split.split(",")
    if len(parts) != len(heads):
        raise BadInput(f'--split: expected {len(heads)} shares, one for each of {", ".join(heads)}, got "{split}".')
    shares = [quantity("--split", part, "1") for part in parts]
    for share in shares:
        within("--split", share, "1", (0.0, 1.0))
    turbines = dict(design.turbines)
    for head, share in zip(heads, shares, strict=True):
        turbines[head] = dataclasses.replace(turbines[head], share=share)
    return dataclasses.replace(design, turbines=turbines)


def draw(found: Result, folder: Path | None) -> list[Path]:
    """Pictures of the result, if a folder for them is given."""
    if folder is None:
        return []
    from twin.studies.design.pictures import draw_all

    return draw_all(found, folder)


def write_plant(found: Result, path: Path | None) -> list[Path]:
    """The design as a plant file for `hetwin run` and `hetwin serve`, if asked for; its path."""
    if path is None:
        return []
    from twin.studies.design.plant import plant_file

    if path.suffix != ".toml":
        raise BadInput(f"--plant: expected a file such as box.toml, got {path}.")
    path.write_text(plant_file(found), encoding="utf-8")
    return [path]


def show(found: Result) -> None:
    """Print the result as tables."""
    from hetwin.show import print_table

    print_table(("", "value", "meaning"), [*_figures(found), *_splits(found)])
    print()
    columns = ("point", "p", "temp", "h", "s", "flow", "x", "where")
    print_table(columns, [_point_row(point) for point in found.points], title="State points")
    print()
    quality = ("exchanger", "duty", "effectiveness", "UA", "NTU", "pinch", "at", "warm end", "cold end")
    print_table(quality, [_exchanger_row(row) for row in found.exchangers], title="Exchangers")
    print()
    heads = ("turbine", "flow", "power", "efficiency", "inlet", "outlet", "p in", "p out")
    print_table(heads, [_turbine_row(row) for row in found.turbines], title="Turbines")
    print()
    print_table(("exergy", "kW", "share"), _exergy_rows(found), title="Where the work goes")
    for warning in found.warnings:
        print(f"Note: {warning}.")


def _figures(found: Result) -> list[tuple[str, str, str]]:
    e = found.exergy
    rows = [
        ("yield", f"{100.0 * found.yield_:.3f} %", "liquid gained over compressor flow"),
        ("litres", f"{found.litres_per_hour:.2f} L/h", "of liquid at 1 atm"),
        ("power", f"{found.power / 1e3:.2f} kW", "of the compressor"),
        ("energy", f"{found.kWh_per_litre:.3f} kWh/L", "of the compressor alone"),
        ("LN2", f"{3600.0 * found.ln2:.2f} kg/h", f"{found.ln2_per_litre:.3f} kg per litre of helium"),
        ("figure of merit", f"{100.0 * e['figure_of_merit']:.2f} %", "6 831 kJ/kg over the compressor's work"),
        ("exergy", f"{100.0 * e['efficiency']:.2f} %", "product over compressor and LN2"),
    ]
    closures = ", ".join(f"{name} {value:.1e}" for name, value in found.closure.items())
    return [*rows, ("closure", closures, "relative")]


def _splits(found: Result) -> list[tuple[str, str, str]]:
    d = found.design
    shares = ", ".join(f"{d.turbines[head].share:.4f}" for head in d.arrangement.heads)
    return [("split", shares, "share of each turbine"), ("p_high", format(d.machine.p_high, "Pa"), "high pressure")]


def _point_row(p: Any) -> tuple[str, ...]:
    phase = f"{p.x:.3f}" if 0.0 < p.x < 1.0 else ""
    state = (f"{p.p / 1e5:.4g} bar", f"{p.temp:.3f} K", f"{p.h / 1e3:.2f} kJ/kg", f"{p.s / 1e3:.4f} kJ/(kg K)")
    return (p.name, *state, f"{1e3 * p.m_flow:.3f} g/s", phase, p.text)


def _exchanger_row(e: Any) -> tuple[str, ...]:
    quality = (f"{e.Q_flow / 1e3:.4g} kW", f"{e.effectiveness:.4f}", f"{e.UA / 1e3:.4g} kW/K", f"{e.NTU:.3g}")
    ends = (f"{e.pinch:.3f} K", f"{100.0 * e.pinch_at:.0f} %", f"{e.dT_warm:.3f} K", f"{e.dT_cold:.3f} K")
    return (e.name, *quality, *ends)


def _turbine_row(t: Any) -> tuple[str, ...]:
    work = (f"{1e3 * t.m_flow:.3f} g/s", f"{t.power / 1e3:.3f} kW", f"{t.efficiency:.3f}")
    ends = (f"{t.temp_in:.2f} K", f"{t.temp_out:.2f} K", f"{t.p_in / 1e5:.4g} bar", f"{t.p_out / 1e5:.4g} bar")
    return (t.name, *work, *ends)


def _exergy_rows(found: Result) -> list[tuple[str, str, str]]:
    e = found.exergy
    whole = e["compressor"] + e["ln2"]
    rows = [("in: compressor", e["compressor"]), ("in: LN2", e["ln2"]), ("out: liquid", e["product"])]
    rows += sorted(((f"lost: {name}", value) for name, value in e["destroyed"].items()), key=lambda row: -row[1])
    return [(name, f"{value / 1e3:.3f}", f"{100.0 * value / whole:.2f} %") for name, value in rows]
