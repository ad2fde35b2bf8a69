"""A span of a plant on the dynamic twin, in the figures of a year: what the campaign model is held against.

Everything is read from the twin's own books and meters: ledger of losses, counters of energy, nitrogen and liquid,
helium in every unit. Totals have the names of the campaign's figures; `energy.C-201` is the share of one unit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twin.plant import Plant
    from twin.plant_file import UnitSpec

LOOK = 60.0
"""Time between two looks at what runs [s]; a run that is shorter may be overlooked."""
HOUR = 3600.0
RUNS = {"screw_compressor": "run", "cryocooler_liquefier": "run", "recovery_compressor": "run"}
"""Kinds of machines, and the tag that says that they run."""
LIQUEFIES = ("screw_compressor", "cryocooler_liquefier")
"""Machines that are a liquefier, or the compressor of one."""
COUNTERS = {
    "energy": ("screw_compressor", "recovery_compressor", "cryocooler_liquefier", "heater"),
    "ln2_used": ("precooler", "purifier"),
    "liquid_made": ("jt_valve", "cryocooler_liquefier"),
    "delivered": ("nmr_magnet",),
}
"""Tags that count, and the kinds whose tags they are."""
FIGURE = {"ln2_used": "ln2"}


@dataclass(frozen=True)
class Span:
    """A stretch of time on the twin: figures, and the helium in every unit at both ends [kg]."""

    begin: float
    end: float
    figures: dict[str, float]
    at_begin: dict[str, float]
    at_end: dict[str, float]

    def gained(self, *units: str) -> float:
        """How much more helium these units hold at the end [kg]."""
        return sum(self.at_end[unit] - self.at_begin[unit] for unit in units)


def twin_week(plant: Plant, days: float = 7.0, told: Callable[[float], None] | None = None) -> Span:
    """Run a plant over a span, by its own schedule and controllers, and read what it made, took and lost.

    `told` hears of every simulated hour. Raises what Plant.run raises.
    """
    begin, before, held = plant.time, meters(plant), contents(plant)
    watch = Watch(plant)
    while plant.time < begin + days * 86400.0 - 0.5 * plant.dt:
        plant.run(seconds=min(LOOK, begin + days * 86400.0 - plant.time))
        watch.look()
        if told and (plant.time - begin) % HOUR < LOOK:
            told(plant.time)
    after = meters(plant)
    figures = {name: after[name] - before[name] for name in after} | watch.figures()
    figures["closure"] = plant.ledger().mass_closure
    return Span(begin, plant.time, figures, held, contents(plant))


def meters(plant: Plant) -> dict[str, float]:
    """What every counter of the plant shows now; totals, then unit by unit."""
    ledger = plant.ledger()
    found = {"lost": sum(ledger.kg_lost.values())}
    found |= {f"lost.{cause}": mass for cause, mass in ledger.kg_lost.items()}
    for counter, kinds in COUNTERS.items():
        name = FIGURE.get(counter, counter)
        shares = {f"{name}.{unit.name}": plant[f"{unit.name}.{counter}"] for unit in of_kinds(plant, kinds)}
        found |= {name: sum(shares.values())} | shares
    found["returned"] = sum(passed(plant, unit, 0) for unit in of_kinds(plant, ("purifier",)))
    found["bought"] = sum(
        plant[f"{unit.name}.{'delivered' if unit.kind.name == 'nmr_magnet' else 'filled'}"]
        for unit in of_kinds(plant, ("nmr_magnet", "portable_dewar"))
        if unit.card.supply == unit.card.ambient
    )
    return found


def of_kinds(plant: Plant, kinds: tuple[str, ...]) -> list[UnitSpec]:
    """The plant's units of these kinds."""
    return [unit for unit in plant.spec.units.values() if unit.kind.name in kinds]


def passed(plant: Plant, unit: UnitSpec, number: int) -> float:
    """Helium that went through a flow of a unit since the start [kg]."""
    return next(total for other, n, total in plant.flows() if other.name == unit.name and n == number)


def contents(plant: Plant) -> dict[str, float]:
    """Helium in every unit, the rooms aside [kg]."""
    found: dict[str, float] = {}
    for name, mass in plant.ledger().helium.items():
        unit = name.split(".")[0]
        if plant.spec.units[unit].kind.name != "ambient":
            found[unit] = found.get(unit, 0.0) + mass
    return found


class Watch:
    """Looks at the machines while the plant runs: run time, starts, mean power of the busiest hour."""

    def __init__(self, plant: Plant) -> None:
        self.plant = plant
        self.machines = of_kinds(plant, tuple(RUNS))
        self.metered = of_kinds(plant, COUNTERS["energy"])
        self.runs = {unit.name: self._runs(unit) for unit in self.machines}
        self.run_time = dict.fromkeys(self.runs, 0.0)
        self.starts = dict.fromkeys(self.runs, 0.0)
        self.power_peak = 0.0
        self.looked = self.hour = plant.time
        self.energy = self._energy()

    def look(self) -> None:
        """Count since the last look."""
        for unit in self.machines:
            before, now = self.runs[unit.name], self._runs(unit)
            self.starts[unit.name] += float(now and not before)
            self.run_time[unit.name] += (self.plant.time - self.looked) * float(before)
            self.runs[unit.name] = now
        self.looked = self.plant.time
        if self.looked - self.hour >= HOUR - 0.5 * self.plant.dt:
            energy = self._energy()
            self.power_peak = max(self.power_peak, (energy - self.energy) / (self.looked - self.hour))
            self.hour, self.energy = self.looked, energy

    def figures(self) -> dict[str, float]:
        """Run time and starts of the liquefiers, then machine by machine."""
        found = {"power_peak": self.power_peak}
        for name, counted in (("run_time", self.run_time), ("starts", self.starts)):
            found[name] = sum(counted[unit.name] for unit in self.machines if unit.kind.name in LIQUEFIES)
            found |= {f"{name}.{unit}": value for unit, value in counted.items()}
        return found

    def _runs(self, unit: UnitSpec) -> bool:
        return self.plant[f"{unit.name}.{RUNS[unit.kind.name]}"] > 0.5

    def _energy(self) -> float:
        return sum(self.plant[f"{unit.name}.energy"] for unit in self.metered)
