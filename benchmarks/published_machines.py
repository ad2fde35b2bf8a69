"""Published liquefiers against the steady cycle: yields, litres per hour and energy, one parameter set a machine.

Machines and what was published of them are in twin/studies/design/machines. Where one set does not give both figures,
the rows that begin with "why" say by how much each assumption would have to differ: what the turbines' nozzles do to
the colder gas that LN2 brings (twin/studies/design/nozzles.py), or less LN2 cooling. They have no verdict.
"""

from __future__ import annotations

from typing import Any

from twin.quantities import convert
from twin.studies.design.catalogue import Entry, compare, read_machine
from twin.studies.design.design_file import make_design, merged
from twin.studies.design.nozzles import with_nozzles_of
from twin.studies.design.result import Result, solve_design

NAME = "published machines"
UNITS = {"yield": "%", "litres": "L/h", "power": "kW", "energy": "kWh/L", "ln2_flow": "kg/h"}
RATIO_TOLERANCE = 0.1
CLOSURE = 1e-3
"""Largest error of the first law, over the cooling."""


def run() -> list[dict[str, Any]]:
    """Every published figure, the ratios with to without LN2, energy and first law; then why some do not fit."""
    entries = {name: read_machine(name) for name in ("l140", "l70", "tcf20", "aachen")}
    rows = [row for entry in entries.values() for row in published(entry)]
    both = {name: (case(entry, True), case(entry, False)) for name, entry in entries.items()}
    rows += [ratio("tcf20", both["tcf20"], 54.0 / 27.0), ratio("aachen", both["aachen"], 30.0 / 22.0)]
    for name, (cold, warm) in both.items():
        rows += [first_law(f"{name} with LN2", cold), first_law(f"{name} without LN2", warm)]
    cold, warm = both["l140"]
    rows += [checked("l140 energy with LN2", cold.kWh_per_litre, 1.0, "kWh/L", 0.1)]
    rows += [checked("l140 energy without LN2", warm.kWh_per_litre, 1.7, "kWh/L", 0.1)]
    return rows + why_aachen(entries["aachen"]) + why_freia_and_darmstadt(both, entries)


def published(entry: Entry) -> list[dict[str, Any]]:
    """The figures of a machine's file; the tolerance is the file's."""
    rows = []
    for found in compare(entry):
        unit = UNITS[found.figure]
        ours, target = (convert(value, found.unit, unit) for value in (found.ours, found.published))
        point = f"{entry.name} {found.point.replace('_', ' ')}: {found.figure.replace('_', ' ')}"
        verdict = "pass" if found.verdict == "met" else "fail"
        rows.append({"point": point, "figure": ours, "target": target, "verdict": verdict, "unit": unit})
    return rows


def case(entry: Entry, ln2: bool, **changes: Any) -> Result:
    """A machine with pure gas, with or without LN2."""
    changes = merged(changes, {"ln2": ln2, "machine": {"impurity": 0.0}})
    return solve_design(make_design(merged(entry.table, changes), entry.path))


def checked(point: str, figure: float, target: float, unit: str, tolerance: float) -> dict[str, Any]:
    """A row with a verdict; the tolerance is relative."""
    verdict = "pass" if abs(figure - target) <= tolerance * target else "fail"
    return {"point": point, "figure": figure, "target": target, "verdict": verdict, "unit": unit}


def ratio(name: str, both: tuple[Result, Result], target: float) -> dict[str, Any]:
    """Litres with LN2 over litres without."""
    found = both[0].litres_per_hour / both[1].litres_per_hour
    return checked(f"{name} litres with LN2 over without", found, target, "1", RATIO_TOLERANCE)


def first_law(name: str, result: Result) -> dict[str, Any]:
    """What the first law of the cold box misses, over the cooling of turbines and LN2."""
    missed = abs(result.closure["energy"])
    verdict = "pass" if missed <= CLOSURE else "fail"
    return {"point": f"{name}: first law", "figure": missed, "target": 0.0, "verdict": verdict, "unit": "1"}


def told(point: str, figure: float, target: Any, unit: str) -> dict[str, Any]:
    """A row without a verdict."""
    return {"point": f"why: {point}", "figure": figure, "target": target, "verdict": "", "unit": unit}


def why_aachen(entry: Entry) -> list[dict[str, Any]]:
    """22 and 30 L/h: ratio 1.36, which no uniform gain by LN2 gives; what else could be different."""
    rows = []
    for e2, words in ((None, "as the L140"), (0.85, "E2 of effectiveness 0.85")):
        change = {"exchanger": {"E2": {"effectiveness": e2}}} if e2 else {}
        warm = case(entry, False, **change)
        rows.append(
            told(
                f"aachen ratio, {words}, same split and pressure", _ratio(case(entry, True, **change), warm), 1.36, "1"
            )
        )
        for answer, text in (("throttle", "turbine inlet throttled"), ("p_high", "high pressure falls")):
            cold = with_nozzles_of(warm, case(entry, True, **change).design, answer)
            rows.append(told(f"aachen ratio, {words}, same nozzles, {text}", _ratio(cold, warm), 1.36, "1"))
            moved = cold.turbines[0].p_in if answer == "throttle" else cold.design.machine.p_high
            rows.append(told(f"aachen bar before T1, {words}, {text}", moved / 1e5, "", "bar"))
    return rows


def _ratio(cold: Result, warm: Result) -> float:
    return cold.litres_per_hour / warm.litres_per_hour


def why_freia_and_darmstadt(both: dict[str, tuple[Result, Result]], entries: dict[str, Entry]) -> list[dict[str, Any]]:
    """The ratios 1.67 of FREIA and 2.0 of Darmstadt: nozzles that throttle, and a split made for LN2."""
    rows = []
    for name, target in (("l140", 121.0 / 73.0), ("tcf20", 2.0)):
        cold, warm = both[name]
        rows.append(told(f"{name} ratio, same split and pressure", _ratio(cold, warm), target, "1"))
        throttled = with_nozzles_of(warm, cold.design, "throttle")
        rows.append(told(f"{name} ratio, same nozzles, turbine inlet throttled", _ratio(throttled, warm), target, "1"))
        less = with_nozzles_of(cold, warm.design, "split")
        rows.append(
            told(
                f"{name} ratio, nozzles made for LN2, without it less to the turbines", _ratio(cold, less), target, "1"
            )
        )
        rows.append(told(f"{name} share of the turbines then", less.design.turbines["T1"].share, "", "1"))
    for name, point, words in (("l140", "hiroshima", "133 L/h at 10.9 bar"), ("l70", "hyogo", "60 L/h with LN2")):
        published_point = next(row for row in entries[name].points if row.name == point)
        result = entries[name].solve(published_point)
        flow = 1e3 * result.design.machine.flow
        wanted = flow * published_point.figures["litres"] * 3.6e6 / result.litres_per_hour
        rows.append(told(f"{point} flow that {words} would need", wanted, flow, "g/s"))
    pure, dirty = case(entries["l70"], False), solve_design(make_design(entries["l70"].table))
    rows.append(told("jena litres lost to 1 % of air", pure.litres_per_hour - dirty.litres_per_hour, "", "L/h"))
    return rows


if __name__ == "__main__":
    for line in run():
        print(line)
