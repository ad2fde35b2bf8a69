"""Years of a network: how many in a second on one core, in how much memory, whether their books close, and whether the
published years of a recovery plant come out."""

from __future__ import annotations

import resource
import time
from typing import Any

import numpy as np

from twin.quantities import LIQUID_LITRE
from twin.studies.sizing.campaign import Campaign, load_campaign

NAME = "campaign"
YEARS = 400
FIRST_YEAR = {"fills": 23.0, "delivered": 870.0, "lost": 30.0}
CHAIN = {"decanted": 5100.0, "in_dewars": 3900.0, "in_magnets": 2700.0, "lost": 210.0}
"""Published of BYU, in litres of liquid."""


def run() -> list[dict[str, Any]]:
    """Speed and memory on herenet, closure of both plants, the published years of byu."""
    herenet, byu = load_campaign("herenet"), load_campaign("byu")
    speed, grown = pace(herenet)
    closure = max(worst_closure(herenet, 200), worst_closure(byu, 20))
    rows = [
        row("herenet, years in a second of one core", speed, 50.0, "1/s", speed >= 50.0),
        row(f"memory for {YEARS} years more", grown, 2000.0, "MB", grown <= 2000.0),
        row("largest relative error of a ledger", closure, 1e-9, "1", closure <= 1e-9),
    ]
    first = byu.year()[0]
    rows += [near(f"byu, first year: {name}", litres(first[name], name), target) for name, target in FIRST_YEAR.items()]
    later = byu.year(byu.design(**byu.scenarios["later-year"].values))[0]
    return rows + [
        near(f"byu, later year: {name}", litres(later[name], name), target) for name, target in CHAIN.items()
    ]


def pace(model: Campaign) -> tuple[float, float]:
    """Years in a second of one core, and memory that they took beyond that of one year [MB]."""
    values, seeds = np.tile(model.nominal, (YEARS, 1)), np.arange(YEARS)
    model.run(values[:1], seeds[:1])
    before, begin = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    model.run(values, seeds)
    spent = time.process_time() - begin
    return YEARS / spent, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024.0


def worst_closure(model: Campaign, years: int) -> float:
    """Largest relative error of the members' ledgers."""
    found = model.run(np.tile(model.nominal, (years, 1)), np.arange(years))
    return float(found[:, [figure.name for figure in model.figures].index("closure")].max())


def litres(value: float, name: str) -> float:
    """Helium as litres of liquid; a number as it is."""
    return float(value) if name == "fills" else float(value) / LIQUID_LITRE


def near(point: str, figure: float, target: float) -> dict[str, Any]:
    """A published figure, within 5 %."""
    return row(point, figure, target, "1" if point.endswith("fills") else "L", abs(figure / target - 1.0) <= 0.05)


def row(point: str, figure: float, target: float, unit: str, passes: bool) -> dict[str, Any]:
    """One line of the report."""
    verdict = "pass" if passes else "fail"
    return {"point": point, "figure": figure, "target": target, "verdict": verdict, "unit": unit}
