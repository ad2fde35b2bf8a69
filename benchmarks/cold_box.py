"""The cold box alone: speed during cool-down at the default step, accuracy in time, and time to load.

The plant `cold-box` is the cold box of freia-l140 between two fixed pressures, with LN2, its valves and its sequence.
Times at which tags pass marks are compared with those of a run at an eighth of the step.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from typing import Any

from twin.plant import Plant

NAME = "cold box"
PLANT = "cold-box"
MARKS = (("H3.temp", 200.0), ("H3.temp", 100.0), ("H5.temp", 20.0), ("H5.temp", 7.5))
"""Tags and the temperatures [K] that they fall below."""
EIGHTH = 8.0
LONGEST = 6.0 * 3600.0
REPEATS = 3


def run() -> list[dict[str, Any]]:
    """Times of the cool-down and their error, real-time factor, times to load."""
    plant = Plant.load(PLANT)
    coarse, fine = marks(plant), marks(Plant.load(PLANT, step=plant.dt / EIGHTH))
    rows = []
    for (tag, limit), ours, exact in zip(MARKS, coarse, fine, strict=True):
        text = f"{tag} below {limit:g} K, at {plant.dt:g} s"
        rows.append({"point": text, "figure": ours / 60.0, "target": "", "verdict": "", "unit": "min"})
        rows.append(
            row("error in time, against an eighth of the step", 100.0 * abs(ours / exact - 1.0), 0.5, "%", True)
        )
    rows.append(row("cool-down after the box is filled, one core", factor(coarse[-1], 300.0), 5e4, "x", False))
    rows.append(row("cool-down with filling the box", factor(coarse[-1], 0.0), None, "x", False))
    with tempfile.TemporaryDirectory() as folder:
        rows.append(row("compile, nothing in the cache", load(folder)[1], 20.0, "s", True))
        imports, seconds = min((load(folder) for _ in range(REPEATS)), key=sum)
        rows.append(row("compile, from the cache", seconds, 0.5, "s", True))
        rows.append(row("imports of Numba at the first function, beside it", imports, None, "s", True))
    return rows


def marks(plant: Plant) -> list[float]:
    """When each tag passes its mark [s], between two steps on a straight line."""
    found: dict[int, float] = {}
    before = [plant[tag] for tag, _ in MARKS]
    while len(found) < len(MARKS) and plant.time < LONGEST:
        plant.advance(1)
        for k, (tag, limit) in enumerate(MARKS):
            now = plant[tag]
            if k not in found and now < limit:
                found[k] = plant.time - plant.dt * (limit - now) / (before[k] - now)
            before[k] = now
    return [found.get(k, LONGEST) for k in range(len(MARKS))]


def factor(end: float, begin: float) -> float:
    """Simulated over processor time from begin to end [s]: the best of some runs, since others use the machine too."""
    plant = Plant.load(PLANT)
    plant.run(seconds=max(begin, 2.0 * plant.dt))
    start, best = plant.snapshot(), 0.0
    for _ in range(REPEATS):
        plant.restore(start)
        at, busy = plant.time, time.process_time()
        plant.run(seconds=end - at)
        best = max(best, (plant.time - at) / (time.process_time() - busy))
    return best


LOADING = """
import time
import twin.plant
from hetwin.loading import load_plant
from numba.core.registry import cpu_target
begin = time.perf_counter()
cpu_target.typing_context.refresh()
cpu_target.target_context.refresh()
imported = time.perf_counter()
load_plant("{plant}")
print(imported - begin, time.perf_counter() - imported)
"""
"""Numba imports the rest of itself, and parts of SciPy, when it meets its first function: told apart here."""


def load(folder: str) -> tuple[float, float]:
    """Time [s] of late imports, and of loading the plant with all its kernels, in a process of its own."""
    environment = {**os.environ, "HETWIN_CACHE_DIR": folder}
    command = [sys.executable, "-c", LOADING.format(plant=PLANT)]
    found = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    imports, seconds = found.stdout.split()
    return float(imports), float(seconds)


def row(point: str, figure: float, bound: float | None, unit: str, most: bool) -> dict[str, Any]:
    """One line of the report; the bound is the most or the least that passes."""
    passed = bound is None or (figure <= bound if most else figure >= bound)
    verdict = "" if bound is None else "pass" if passed else "fail"
    return {
        "point": point,
        "figure": figure,
        "target": "" if bound is None else bound,
        "verdict": verdict,
        "unit": unit,
    }


if __name__ == "__main__":
    for line in run():
        print(line)
