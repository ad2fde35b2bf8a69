"""The L140 at FREIA in steady liquefaction, with and without LN2, against the published yields.

Yield is the net make-up over the compressor flow: the rate at which the dewar gains helium, since all that leaves the
circuit is liquid. The first law is closed around cold box and suction line from what crosses their boundary (enthalpy
flows, turbine power, LN2, heat from the room) and what accumulates inside, averaged over the last hours.

No set point differs between the two cases: without LN2 the turbine inlet finds its own, higher temperature.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from twin.ledger import LIQUID_LITRE
from twin.plant import Plant

NAME = "freia steady"
SETTLE = 10.0
"""Time from the warm start until averaging begins [h]."""
AVERAGE = 2.0
"""Time of averaging [h]."""
SAMPLE = 10.0
"""Time between samples [s]."""

EXCHANGERS = ("E1", "E2", "E3", "E4", "E5")
VOLUMES = ("LP-101", "H0", "H1", "H2", "H3", "H4", "H5", "L1", "L2", "L3", "L4", "TI", "TM", "TN", "D-1")


@dataclass(frozen=True)
class Steady:
    """Averages of one case, SI units."""

    yield_: float
    flow: float
    p_high: float
    p_low: float
    p_dewar: float
    litres: float  # per second
    ln2: float  # kg/s
    power: float
    first_law: float  # residual over the cooling of turbines and LN2


def run() -> list[dict[str, Any]]:
    """Yield, flows, pressures, power and first law of both cases."""
    rows = []
    for ln2, target, words in ((True, 0.10, "with LN2"), (False, 0.06, "without LN2")):
        found = steady(ln2)
        rows += [
            row(f"yield {words}", 100.0 * found.yield_, 100.0 * target, "%", 1.0),
            row(f"compressor flow {words}", 1e3 * found.flow, 42.0, "g/s", 1.0),
            row(f"high pressure {words}", found.p_high / 1e5, 13.0, "bar", 0.1),
            row(f"suction pressure {words}", found.p_low / 1e5, 1.05, "bar", 0.02),
            row(f"pressure after the JT valve {words}", found.p_dewar / 1e5, 1.2, "bar", 0.05),
            row(f"liquid {words}", 3600.0 * found.litres, 121.0 if ln2 else 73.0, "L/h", 12.0),
            {"point": f"LN2 {words}", "figure": 3600.0 * found.ln2, "target": "", "verdict": "", "unit": "kg/h"},
            {"point": f"power {words}", "figure": found.power / 1e3, "target": "", "verdict": "", "unit": "kW"},
            row(f"energy {words}", found.power / found.litres / 3.6e6, 1.0 if ln2 else 1.7, "kWh/L", 0.2),
            row(f"first law {words}", 100.0 * found.first_law, 0.0, "%", 0.1),
        ]
    return rows


def row(point: str, figure: float, target: float, unit: str, tolerance: float) -> dict[str, Any]:
    """One line of the report."""
    verdict = "pass" if abs(figure - target) <= tolerance else "fail"
    return {"point": point, "figure": figure, "target": target, "verdict": verdict, "unit": unit}


def steady(ln2: bool) -> Steady:
    """Start warm, liquefy, and average."""
    plant = Plant.load("freia-l140")
    plant["SEQ-1.with_ln2"] = float(ln2)
    plant.run(hours=SETTLE)

    kept_before, mass_before, made_before = content(plant), plant["D-1.mass"], plant["C-101.energy"]
    names = ("C-101.m_flow", "HP-101.p", "LP-101.p", "D-1.p", "PC.boil_off")
    sums, crossing, cooling = dict.fromkeys(names, 0.0), 0.0, 0.0
    samples = round(3600.0 * AVERAGE / SAMPLE)
    for _ in range(samples):
        plant.run(seconds=SAMPLE)
        crossing += boundary(plant)
        cooling += extracted(plant)
        for name in names:
            sums[name] += plant[name]

    mean = {name: total / samples for name, total in sums.items()}
    time = samples * SAMPLE
    gained = (plant["D-1.mass"] - mass_before) / time
    residual = crossing / samples - (content(plant) - kept_before) / time
    return Steady(
        yield_=gained / mean["C-101.m_flow"],
        flow=mean["C-101.m_flow"],
        p_high=mean["HP-101.p"],
        p_low=mean["LP-101.p"],
        p_dewar=mean["D-1.p"],
        litres=gained / LIQUID_LITRE,
        ln2=mean["PC.boil_off"],
        power=(plant["C-101.energy"] - made_before) / time,
        first_law=residual / (cooling / samples),
    )


def boundary(plant: Plant) -> float:
    """Energy into cold box and suction line [W]: enthalpy of the three gas streams, heat from the room, cooling."""
    gas = (plant["CV-100.m_flow"] + plant["CV-103.m_flow"]) * plant["HP-101.h"]
    gas += plant["CV-101.m_flow"] * plant["BUF-101.h"] - plant["C-101.m_flow"] * plant["LP-101.h"]
    return gas + leak(plant) - extracted(plant)


def leak(plant: Plant) -> float:
    """Heat from the room [W]."""
    room, units = plant.node("AIR").temp, plant.spec.units
    heat = sum(units[name].card.UA_leak * (room - plant[f"{name}.temp_mean"]) for name in EXCHANGERS)
    heat += sum(plant[f"{name}.Q_flow"] for name in VOLUMES if units[name].kind.name == "buffer")
    return float(heat + plant["D-1.Q_leak"])


def extracted(plant: Plant) -> float:
    """Power of the turbines and heat to the LN2 [W]."""
    return plant["T1.power"] + plant["T2.power"] + plant["PC.Q_bath"]


def content(plant: Plant) -> float:
    """Energy in the helium and the metal within the boundary [J], the dewar's vessel aside, which has come to rest."""
    return sum(float(plant.node(name).energy) for name in VOLUMES) + float(plant._data.cell.e.sum())


if __name__ == "__main__":
    for line in run():
        print(line)
