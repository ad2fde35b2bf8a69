"""A simulated week of every plant: ledger, replay, real-time factor.

The week includes all that the plant's schedule and its shipped scenarios make happen. The replay is run three times: as
a whole, cut in two by a snapshot, and the second half in another process. Real-time factors are processor time of one
core; the teaching plant's is that of its first hour, which is a cool-down.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from twin.plant import Plant, Snapshot
from twin.plant_file import read_toml, shipped_plants
from twin.scenario import SCENARIOS, ScenarioPlayer, load_scenario, shipped_scenarios

NAME = "weeks"
CLOSES = 1e-9
DAYS = 7
REPLAY_HOURS = 6
FACTORS = {"teaching": 10_000.0, "herenet": 3_000.0}
COOL_DOWN = "teaching"


def run() -> list[dict[str, Any]]:
    """Ledger, replay and real-time factor of every shipped plant."""
    rows = []
    for name in shipped_plants():
        rows += week(name)
        rows.append(replay(name))
    for scenario in shipped_scenarios():
        rows.append(played(scenario))
    rows.append(cool_down())
    return rows


def row(point: str, figure: float, target: float | str, unit: str, kept: bool) -> dict[str, Any]:
    """One line of the report."""
    return {"point": point, "figure": figure, "target": target, "unit": unit, "verdict": "pass" if kept else "fail"}


def week(name: str) -> list[dict[str, Any]]:
    """Closures of the ledger after a week, and the week's real-time factor."""
    plant = Plant.load(name)
    plant.run(seconds=plant.dt)
    begin = time.process_time()
    plant.run(days=DAYS)
    factor = 86400.0 * DAYS / (time.process_time() - begin)
    least = FACTORS.get(name, 0.0) if name != COOL_DOWN else 0.0
    return [
        *closures(f"a week of {name}", plant),
        row(f"a week of {name}, one core", round(factor), least or "", "x real time", factor >= least),
    ]


def closures(words: str, plant: Plant) -> list[dict[str, Any]]:
    """The ledger's two rows."""
    ledger = plant.ledger()
    return [
        row(f"mass ledger, {words}", ledger.mass_closure, CLOSES, "relative", abs(ledger.mass_closure) < CLOSES),
        row(f"energy ledger, {words}", ledger.energy_closure, CLOSES, "relative", abs(ledger.energy_closure) < CLOSES),
    ]


def played(scenario: str) -> dict[str, Any]:
    """The worse closure after a scenario."""
    plant = Plant.load(read_toml(SCENARIOS / f"{scenario}.toml")["plant"])
    player = ScenarioPlayer(plant, load_scenario(scenario, plant))
    player.run(player.duration + plant.dt)
    worst = max(abs(plant.ledger().mass_closure), abs(plant.ledger().energy_closure))
    return row(f"ledger, scenario {scenario}", worst, CLOSES, "relative", worst < CLOSES)


def replay(name: str) -> dict[str, Any]:
    """Values of the image that differ between a run, a run from a snapshot, and one in another process."""
    whole = Plant.load(name)
    whole.run(hours=2 * REPLAY_HOURS)

    first = Plant.load(name)
    first.run(hours=REPLAY_HOURS)
    second = Plant.load(name)
    second.restore(first.snapshot())
    second.run(hours=REPLAY_HOURS)

    with tempfile.TemporaryDirectory() as folder:
        start, end = Path(folder, "start"), Path(folder, "end")
        start.write_bytes(first.snapshot().to_bytes())
        subprocess.run([sys.executable, "-m", "benchmarks.weeks", name, str(start), str(end)], check=True)
        third = np.frombuffer(end.read_bytes())

    differing = max(int(np.sum(bits(whole.image) != bits(image))) for image in (second.image, third))
    return row(f"replay of {name}, {2 * REPLAY_HOURS} h", differing, 0, "values differ", differing == 0)


def bits(image: np.ndarray) -> np.ndarray:
    """Doubles as integers, so that every bit counts."""
    return np.ascontiguousarray(image).view(np.int64)


def go_on(name: str, start: str, end: str) -> None:
    """The second half of a replay, in a process of its own."""
    plant = Plant.load(name)
    plant.restore(Snapshot.from_bytes(Path(start).read_bytes()))
    plant.run(hours=REPLAY_HOURS)
    Path(end).write_bytes(plant.image.tobytes())


def cool_down() -> dict[str, Any]:
    """Real-time factor of the teaching plant while it cools down; the quickest of five, since machines are shared."""
    best = 0.0
    for _ in range(5):
        plant = Plant.load(COOL_DOWN)
        plant["LC-1.mode"] = 0
        plant["SEQ-1.command"] = 1
        plant.run(minutes=2)
        begin = time.process_time()
        plant.run(hours=1)
        best = max(best, 3600.0 / (time.process_time() - begin))
    least = FACTORS[COOL_DOWN]
    return row(f"{COOL_DOWN} in active cool-down, one core", round(best), least, "x real time", best >= least)


if __name__ == "__main__":
    go_on(*sys.argv[1:])
