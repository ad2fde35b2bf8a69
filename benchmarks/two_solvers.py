"""One physics, two solvers: a liquefier run to rest in the twin against the steady solver at the same boundary.

The steady solver is given what a data sheet and the plant's own boundary say: pressures, compressor flow, flows and
efficiencies of the turbines, conductances, heat leaks. It must find every temperature and the yield by itself.
"""

from __future__ import annotations

import dataclasses
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from twin.plant import Plant
from twin.studies.design.arrangement import collins, is_turbine, series
from twin.studies.design.cards import Bath, Exchanger, Machine, Turbine
from twin.studies.design.hardware import EXPONENT_BATH, bath_conductance, built_exchanger
from twin.studies.design.plant import plant_file
from twin.studies.design.result import Result, solve_design
from twin.studies.design.steady import Design

NAME = "two solvers"
HOURS = 8.0
"""Time to come to rest [h]; yields no longer move after 7. After 10 the dewar of the quickest is full and it stops."""
SAMPLE, SAMPLES = 10.0, 60
YIELD_TARGET, TEMP_TARGET = 1e-3, 0.1


@dataclass(frozen=True)
class Case:
    """A design and how its difference is reported."""

    text: str
    design: Design


def cases() -> list[Case]:
    """Turbines side by side and in series, with and without LN2."""
    found = []
    for text, arrangement, split, efficiency in (
        ("collins", collins(), (0.42, 0.40), 0.72),
        ("series", series(), (0.68,), 0.78),
    ):
        shares = dict(zip(arrangement.heads, split, strict=True))
        turbines = {name: Turbine(share=shares.get(name, 0.0), efficiency=efficiency) for name in arrangement.turbines}
        exchangers = {name: Exchanger(effectiveness=0.97, dp_high=1e-3, dp_low=2e-3) for name in arrangement.exchangers}
        machine = Machine(Q_dewar=2.0, dewar_fills=True)
        for ln2 in (True, False):
            design = Design(machine, arrangement, exchangers, turbines, Bath() if ln2 else None, f"{text} liquefier")
            found.append(Case(f"{text} {'with' if ln2 else 'without'} LN2", design))
    return found


@dataclass(frozen=True)
class Compared:
    """Yields, and the temperatures of every state point in both solvers [K]."""

    running: float
    steady: float
    temps: dict[str, tuple[float, float]]

    @property
    def yield_difference(self) -> float:
        """Relative to the steady solver's."""
        return abs(self.running / self.steady - 1.0)

    @property
    def worst(self) -> tuple[str, float]:
        """The point that differs most, and by how much [K]."""
        name = max(self.temps, key=lambda point: abs(self.temps[point][0] - self.temps[point][1]))
        return name, abs(self.temps[name][0] - self.temps[name][1])


def compare(design: Design, hours: float = HOURS) -> Compared:
    """Run the plant of a design to rest, then solve it at the boundary where it rests."""
    result = solve_design(design)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "designed.toml"
        path.write_text(plant_file(result), encoding="utf-8")
        plant = Plant.load(path)
    plant.run(hours=hours)
    before, means = plant["D-1.mass"], Means(plant)
    for _ in range(SAMPLES):
        plant.run(seconds=SAMPLE)
        means.add()
    gained = (plant["D-1.mass"] - before) / (SAMPLE * SAMPLES)
    rated = solve_design(rating(design, result, means))
    temps = {name: (means[f"{tag}.temp"], rated.point(name).temp) for name, tag in tags(design).items()}
    return Compared(gained / means["E1.m_hot"], rated.yield_, temps)


class Means:
    """Averages of all tags that are asked for, since regulators hunt a little."""

    def __init__(self, plant: Plant) -> None:
        self._plant, self._sum, self._n = plant, np.zeros_like(plant._data.image), 0

    def add(self) -> None:
        """Take a sample of the whole image."""
        self._sum += self._plant._data.image
        self._n += 1

    def __getitem__(self, tag: str) -> float:
        return float(self._sum[self._plant.tags[tag].address] / self._n)


def tags(design: Design) -> dict[str, str]:
    """State points that are volumes of the plant, and their units."""
    highs = sum(not is_turbine(name) for name in design.arrangement.high)
    lows = sum(not is_turbine(place) for place in design.arrangement.low)
    return {name: name for name in [f"H{k}" for k in range(highs + 1)] + [f"L{k + 1}" for k in range(lows)]}


def rating(design: Design, result: Result, means: Means) -> Design:
    """The design as a data sheet of the running plant: conductances given, pressures and flows as measured."""
    a, flow = design.arrangement, means["E1.m_hot"]
    found = {row.name: row for row in result.exchangers}
    exchangers = {name: sheet(found[name], card, means) for name, card in design.exchangers.items()}
    turbines = {}
    for name in a.turbines:
        share = means[f"{name}.m_flow"] / flow if name in a.heads else 0.0
        last = any(name == chain[-1] for chain in a.chains)
        p_out = None if last else means[f"{name}-OUT.p"]
        turbines[name] = Turbine(share=share, efficiency=means[f"{name}.efficiency_now"], p_out=p_out)
    machine = dataclasses.replace(
        design.machine,
        flow=flow,
        p_high=means["H0.p"],
        p_low=means["LP-101.p"],
        p_dewar=means["D-1.p"],
        temp_in=means["H0.temp"],
        Q_dewar=means["D-1.Q_leak"],
    )
    bath = None
    if design.bath is not None:
        bath = Bath(UA=bath_conductance(result) * (flow / result.design.machine.flow) ** EXPONENT_BATH)
    return dataclasses.replace(design, machine=machine, exchangers=exchangers, turbines=turbines, bath=bath)


def sheet(found: Any, card: Exchanger, means: Means) -> Exchanger:
    """An exchanger as the plant file of the design has it, with the pressure drops that are measured."""
    name = found.name
    dp_high = means[f"{name}.dp_hot"] / p_before(name, means)
    dp_low = means[f"{name}.dp_cold"] / p_after(name, means)
    return dataclasses.replace(built_exchanger(found, card), dp_high=dp_high, dp_low=dp_low)


def p_before(name: str, means: Means) -> float:
    """Pressure before the cooled stream [Pa]."""
    return means[f"{means._plant.spec.units[name].card.hot_inlet}.p"]


def p_after(name: str, means: Means) -> float:
    """Pressure after the warmed stream [Pa]."""
    return means[f"{means._plant.spec.units[name].card.cold_outlet}.p"]


def run() -> list[dict[str, Any]]:
    """Difference in yield and the worst difference in temperature, for each case."""
    rows = []
    for case in cases():
        found = compare(case.design)
        point, worst = found.worst
        share = 100.0 * found.yield_difference
        verdict = "pass" if found.yield_difference < YIELD_TARGET else "fail"
        text = f"{case.text}: yield {100.0 * found.steady:.3f} %, difference"
        rows.append({"point": text, "figure": share, "target": 100.0 * YIELD_TARGET, "verdict": verdict, "unit": "%"})
        verdict = "pass" if worst < TEMP_TARGET else "fail"
        text = f"{case.text}: worst state point, {point}"
        rows.append({"point": text, "figure": worst, "target": TEMP_TARGET, "verdict": verdict, "unit": "K"})
    return rows


if __name__ == "__main__":
    for line in run():
        print(line)
