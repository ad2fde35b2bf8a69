"""Characteristics of a plant's own liquefiers and purifiers, measured on the dynamic twin.

    python -m twin.studies.sizing.measured herenet

writes them into `herenet.machines.json` beside the plant file. The campaign model reads them there, so that both models
speak of the same machines. Nothing is fitted: a liquefier is started, left running, stopped and left alone, in still
air and without the plant's schedule, and its meters are read.

Amounts of a start or a stop are what comes on top of the rates: t seconds after the start command, once all is steady,
a liquefier has made `run.made * t + start.made`, and so for all that is metered.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.errors import TwinError
from twin.plant import Plant
from twin.plant_file import load_spec
from twin.studies.sizing.circuit import Bounds, Circuit, circuits, owner
from twin.studies.sizing.twin_week import of_kinds

if TYPE_CHECKING:
    from twin.plant_file import PlantSpec

HOUR, DAY = 3600.0, 86400.0
SETTLE = 3.0 * HOUR
"""After a start all is steady [s]."""
STEADY = 2.0 * HOUR
"""Over which the rates are measured [s]."""
QUIET = 3.0 * HOUR
"""After a stop only the heat leaks are left [s]."""
REST = 12.0 * HOUR
"""Standstill before a start [s]; after a day or three a start takes the same within a few per cent."""
STEP = 600.0
STARTS = ((0.2, 0.0), (0.5, 0.0), (0.5, 0.1))
"""Starts that are measured: level of the dewar, and liquid fetched an hour before, as a share of the dewar's volume."""


def measure(name: str | Path) -> dict[str, Any]:
    """Measure every liquefier with a cold box, and every purifier, of a plant. Takes minutes."""
    spec = load_spec(name)
    plant = in_still_air(spec)
    found: dict[str, Any] = {"plant": plant.name, "source": f"calibrated: measured on the twin of {plant.name}"}
    found["liquefiers"] = {parts.dewar: liquefier(spec, parts) for parts in circuits(plant)}
    found["purifiers"] = {
        unit.name: regeneration(spec, unit.name)
        for unit in of_kinds(plant, ("purifier",))
        if sequence_of(spec, unit.name)
    }
    return found


def in_still_air(spec: PlantSpec) -> Plant:
    """The plant without barometric waves."""
    units = {
        name: replace(unit, card=replace(unit.card, p_swing=0.0)) if unit.kind.name == "ambient" else unit
        for name, unit in spec.units.items()
    }
    return Plant(replace(spec, units=units))


def alone(plant: Plant, seconds: float, until: Any = None) -> None:
    """Advance without the schedule, in steps of ten minutes, and no longer than `until` is not yet true."""
    end = plant.time + seconds
    while end - plant.time > 0.5 * plant.dt and not (until and until()):
        plant.advance(max(1, round(min(STEP, end - plant.time) / plant.dt)))


def liquefier(spec: PlantSpec, parts: Circuit, starts: tuple[tuple[float, float], ...] = STARTS) -> dict[str, Any]:
    """Rates of a steady run and of rest, and what starts from different dewars and stops take and give beyond them."""
    plant = in_still_air(spec)
    bench = Bench(plant, parts)
    bench.prepare()
    runs, taken, stops, idle = [], [], [], []
    for level, fetched in starts:
        bench.bring_to(level, fetched)
        run, start = bench.run()
        stop, still = bench.rest(REST)
        runs.append(run)
        taken.append(start)
        stops.append(beyond(stop, still))
        idle.append(still)
    run = mean(runs)
    return {
        "parts": vars(parts),
        "run": run,
        "start": [beyond(start, run) for start in taken],
        "stop": mean(stops),
        "rest": idle[0],
    }


class Bench:
    """One liquefier of a plant under hand control, the others at rest, its stock kept up."""

    def __init__(self, plant: Plant, parts: Circuit) -> None:
        self.plant, self.parts = plant, parts
        self.bounds = Bounds(plant, parts)
        self.control = plant.spec.units[parts.control].card if parts.control else None
        self.air = plant.spec.units[parts.stock].card.ambient

    def prepare(self) -> None:
        """Cold box cold, liquid in the dewar, everything else of the plant settled."""
        plant = self.plant
        for unit in of_kinds(plant, ("dewar_level", "batch")):
            plant[f"{unit.name}.mode"] = 0
        for parts in circuits(plant):
            plant[f"{parts.sequence}.command"] = 0
        alone(plant, QUIET)
        self.bring_to(STARTS[0][0], 0.0)
        self.run()
        self.rest(REST)

    def run(self) -> tuple[dict[str, float], dict[str, float]]:
        """Start, let it settle, and measure the rates; returns them and what the start took until then."""
        plant, began = self.plant, self.plant.time
        self.set_stock(1.0)
        begin, state = self.read(), self.state()
        plant[f"{self.parts.sequence}.command"] = 1
        self.keep_stock(SETTLE)
        settled, time = self.read(), plant.time - began
        self.keep_stock(STEADY)
        rates = {name: (now - settled[name]) / STEADY for name, now in self.read().items()}
        taken = {name: settled[name] - begin[name] for name in begin}
        return rates | {"p_dewar": self.state()["p_dewar"]}, taken | state | {"time": time}

    def rest(self, seconds: float) -> tuple[dict[str, float], dict[str, float]]:
        """Stop and leave it alone; returns what the stop gave until it was quiet, and the rates of the rest."""
        plant, begin, state = self.plant, self.read(), self.state()
        plant[f"{self.parts.sequence}.command"] = 0
        alone(plant, QUIET)
        quiet = self.read()
        alone(plant, seconds - QUIET)
        rates = {name: (now - quiet[name]) / (seconds - QUIET) for name, now in self.read().items()}
        rates["p_dewar"] = self.state()["p_dewar"]
        return {name: quiet[name] - begin[name] for name in begin} | state | {"time": QUIET}, rates

    def state(self) -> dict[str, float]:
        """Level and pressure of the dewar."""
        dewar = self.plant.node(self.parts.dewar)
        return {"level": float(dewar.level), "p_dewar": float(dewar.p)}

    def read(self) -> dict[str, float]:
        """The meters."""
        return self.bounds.read()

    def keep_stock(self, seconds: float) -> None:
        """Run with the stock between the points where campaigns begin and end."""
        end = self.plant.time + seconds
        while end - self.plant.time > 0.5 * self.plant.dt:
            self.fill_stock()
            alone(self.plant, min(STEP, end - self.plant.time))

    def fill_stock(self) -> None:
        """Bring gas to the stock, or take some away, when it leaves the band of its campaigns."""
        low, high = self.band()
        if not low <= self.plant.node(self.parts.stock).p <= high:
            self.set_stock(0.5)

    def set_stock(self, share: float) -> None:
        """Bring the stock to a place in its band: 0 ends a campaign, 1 begins one."""
        node, (low, high) = self.plant.node(self.parts.stock), self.band()
        amount = float(node.mass) * ((low + share * (high - low)) / float(node.p) - 1.0)
        if amount > 0.0:
            self.plant.move(self.air, self.parts.stock, amount)
        elif amount < 0.0:
            self.plant.move(self.parts.stock, self.air, -amount)

    def band(self) -> tuple[float, float]:
        """Pressures of the stock that end and begin a campaign [Pa]."""
        return (self.control.stock_stop, self.control.stock_start) if self.control else (8e5, 12e5)

    def bring_to(self, level: float, fetched: float) -> None:
        """Set the liquid in the dewar; `fetched` is the share of its volume that is drawn an hour before the start."""
        node, volume = self.plant.node(self.parts.dewar), self.plant.spec.units[self.parts.dewar].card.volume
        self._draw((float(node.level) - level - fetched) * volume * float(node.rho_l - node.rho_v))
        alone(self.plant, QUIET)
        self._draw(fetched * volume * float(node.rho_l))
        alone(self.plant, HOUR)

    def _draw(self, amount: float) -> None:
        """Take liquid [kg] out of the dewar, or bring some (less than zero)."""
        dewar, h = self.parts.dewar, float(self.plant.node(self.parts.dewar).h_l)
        if amount > 0.0:
            self.plant.move(dewar, self.air, amount, h)
        else:
            self.plant.move(self.air, dewar, -amount, h)


def mean(rows: list[dict[str, float]]) -> dict[str, float]:
    """The mean of each entry."""
    return {name: sum(row[name] for row in rows) / len(rows) for name in rows[0]}


def beyond(taken: dict[str, float], rates: dict[str, float]) -> dict[str, float]:
    """What is left of amounts when the steady rates over the same time are taken off; the state at the start stays."""
    kept = {name: taken[name] for name in ("level", "p_dewar")}
    return {name: x - rates[name] * taken["time"] for name, x in taken.items() if name not in ("time", *kept)} | kept


def regeneration(spec: PlantSpec, purifier: str) -> dict[str, float]:
    """Helium, nitrogen and time that one regeneration of a bed takes."""
    sequence = sequence_of(spec, purifier)
    if not sequence:
        raise TwinError(f"unit.{purifier}: no purifier_sequence drives it; its regeneration cannot be measured.")
    plant = in_still_air(spec)
    alone(plant, DAY)
    plant[f"{sequence}.change"] = 1
    begin, lost = plant.time, losses(plant, purifier)
    ready = lambda: plant.time > begin + HOUR and 0.0 not in ready_beds(plant, sequence)  # noqa: E731
    alone(plant, DAY, until=ready)
    return {"lost": losses(plant, purifier) - lost, "time": plant.time - begin}


def sequence_of(spec: PlantSpec, purifier: str) -> str:
    """The purifier_sequence that drives a purifier; empty if there is none."""
    units = [unit for unit in spec.units.values() if unit.kind.name == "purifier_sequence"]
    return "".join([unit.name for unit in units if owner(unit.card.feed_a) == purifier][:1])


def ready_beds(plant: Plant, sequence: str) -> list[float]:
    """1 for each bed that is on line or waits for its turn."""
    labels = plant.tags[f"{sequence}.bed_a"].labels
    return [float(labels[int(plant[f"{sequence}.bed_{bed}"])] in ("ready", "on line")) for bed in "ab"]


def losses(plant: Plant, unit: str) -> float:
    """Helium that a unit has lost since the start [kg]."""
    card = plant.spec.units[unit].card
    return sum(total for other, number, total in plant.flows() if other.name == unit and number in card.losses())


def store(found: dict[str, Any], path: Path) -> None:
    """Write the data file; six digits are enough for what is measured over hours."""
    rounded = json.loads(json.dumps(found), parse_float=lambda text: float(f"{float(text):.6g}"))
    path.write_text(json.dumps(rounded, indent=2) + "\n")


if __name__ == "__main__":
    plant_file = load_spec(sys.argv[1]).path
    store(measure(sys.argv[1]), plant_file.with_suffix(".machines.json"))
