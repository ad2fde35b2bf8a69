"""The performance map of the l140: its error, its file, the time to make it and to read a year from it.

The last rows ask whether the map is right beside the dynamic model: the plant of the same design, run to rest with its
JT valve trimmed to the turbines' share, against the map's model at the suction and dewar pressure where it rests.
"""

from __future__ import annotations

import dataclasses
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from twin.plant import Plant
from twin.quantities import LIQUID_LITRE
from twin.studies.design.design_file import load_design
from twin.studies.design.performance_map import OUTPUTS, PerformanceMap, build_map, load_map, save_map
from twin.studies.design.plant import plant_file
from twin.studies.design.rating import Conditions, hardware_of, rate
from twin.studies.design.result import solve_design

NAME = "performance map"
MACHINE = "l140"
HOURS = 8760
LARGEST, MEAN = 0.03, 0.005
"""Error that passes, over the largest value on the map."""
AGREE = 0.05
"""Difference of litres from the dynamic model that passes."""


def run() -> list[dict[str, Any]]:
    """Errors, sizes, times; then the map beside the dynamic model."""
    begin = time.perf_counter()
    found = build_map(MACHINE, load_design(MACHINE))
    built = time.perf_counter() - begin
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "l140.map.json"
        save_map(found, path)
        size, found = path.stat().st_size, load_map(path, found.digest)
    rows = []
    for name in OUTPUTS:
        error = found.error[name]
        rows += [row(f"{name}: largest error of {error.points} points", 100.0 * error.largest, 100.0 * LARGEST, "%")]
        rows += [row(f"{name}: mean error", 100.0 * error.mean, 100.0 * MEAN, "%")]
    rows += [
        row("size of the file", size / 1e3, 1000.0, "kB"),
        row(f"time to make it: {found.values[..., 0].size} states and {error.points} checks", built, 180.0, "s"),
        row("time to read a year of hours", 1e3 * year(found), 50.0, "ms"),
    ]
    return rows + beside_the_twin()


def year(found: PerformanceMap) -> float:
    """Time of 8760 look-ups in one call [s], the best of five."""
    random, times = np.random.default_rng(1), []
    ends = {name: (found.axes[name][0], found.axes[name][-1]) for name in ("purity", "room")}
    hours = {name: random.uniform(low, high, HOURS) for name, (low, high) in ends.items()}
    hours |= {"suction": random.uniform(1e5, 1.05e5, HOURS), "ln2": random.integers(0, 2, HOURS).astype(float)}
    for _ in range(5):
        begin = time.perf_counter()
        found.read(**hours)
        times.append(time.perf_counter() - begin)
    return min(times)


def beside_the_twin() -> list[dict[str, Any]]:
    """Litres gained in the dewar of the running plant, with and without LN2, and what the map's model says there."""
    design = load_design(MACHINE)
    design = dataclasses.replace(design, machine=dataclasses.replace(design.machine, dewar_fills=True))
    hardware, rows = hardware_of(design), []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "designed.toml"
        path.write_text(plant_file(solve_design(design)), encoding="utf-8")
        for ln2 in (True, False):
            plant = Plant.load(path)
            plant["SEQ-1.with_ln2"] = float(ln2)
            plant.run(hours=1)
            trim(plant, hardware.share)
            before = plant["D-1.mass"]
            plant.run(hours=1)
            running = (plant["D-1.mass"] - before) / LIQUID_LITRE
            at = Conditions(plant["LP-101.p"], 1.0, plant["D-1.p"], plant["H0.temp"], ln2)
            ours = rate(hardware, at).box.litres_per_hour
            text = f"{'with' if ln2 else 'without'} LN2: {ours:.1f} L/h, the dynamic model {running:.1f}, difference"
            rows.append(row(text, 100.0 * abs(ours / running - 1.0), 100.0 * AGREE, "%"))
    return rows


def trim(plant: Plant, share: float, hours: float = 6.0) -> None:
    """Run to rest while the JT valve brings the turbines to this share of the flow."""
    for _ in range(round(60.0 * hours)):
        plant.run(minutes=1)
        rest = 1.0 - plant["T1.m_flow"] / max(plant["E1.m_hot"], 1e-6)
        trimmed = plant["SEQ-1.jt_target"] * ((1.0 - share) / max(rest, 0.05)) ** 0.1
        plant["SEQ-1.jt_target"] = min(max(trimmed, 0.1), 1.0)


def row(point: str, figure: float, most: float, unit: str) -> dict[str, Any]:
    """One line of the report; `most` is the largest figure that passes."""
    verdict = "pass" if figure <= most else "fail"
    return {"point": point, "figure": figure, "target": most, "verdict": verdict, "unit": unit}


if __name__ == "__main__":
    for line in run():
        print(line)
