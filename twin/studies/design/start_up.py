"""Starting a liquefier, in the dynamic twin of its design: time, energy, LN2 and helium until the first liquid.

From warm, and from cold after a weekend at standstill. Volumes, masses and heat leaks of the plant are assumed
(`plant`), so the times are those of that plant, not of a machine that anybody measured.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from twin.errors import NumericalFailure
from twin.plant import Plant
from twin.studies.design.plant import FLOW_FREIA, plant_file
from twin.studies.design.result import Result

JT_COOL_DOWN, LIQUEFYING = 7.0, 8.0
"""Steps of the sequence: the JT valve opens; it gives liquid."""
LEAK = 0.02
"""Conductance of an exchanger to the room, of a plant of FLOW_FREIA [W/K]: freia-l140 has 0.01 to 0.05."""
SAMPLE = 10.0
LONGEST = 24.0
"""Hours after which a start counts as failed."""
BATCH, WEEKEND = 4.0, 60.0
"""Hours of running before the weekend, and of standstill."""
STANDSTILL = """
[unit.RECOVERY]
kind = "boundary"
p = "1.05 bar"
source = "assumed"
[unit.PSV-1]
kind = "relief_valve"
inlet = "D-1.vapour"
outlet = "RECOVERY"
set_over = "0.3 bar"
flow_area = "20 mm2"
cause = ""
source = "assumed"
[unit.PSV-2]
kind = "relief_valve"
inlet = "LP-101"
outlet = "RECOVERY"
set_over = "0.2 bar"
flow_area = "100 mm2"
cause = ""
source = "assumed"
"""
"""What a plant of a design lacks to stand still: where boil-off and the gas of the circuit go."""


@dataclass(frozen=True)
class StartUp:
    """A start until the first liquid, SI; not-a-number of everything and the `problem` if it never came.

    `helium_vented` left the plant; `litres_spent` [m3] of the dewar's liquid boiled for the cooling.
    """

    start: str
    ln2: bool
    time: float
    energy: float
    ln2_used: float
    helium_vented: float
    litres_spent: float
    problem: str = ""


def start_ups(result: Result, told: Callable[[str], None] = lambda text: None) -> Iterator[StartUp]:
    """From warm and from a cold weekend, with LN2 if the design has it and without."""
    size = result.design.machine.flow / FLOW_FREIA
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "designed.toml"
        path.write_text(plant_file(result, LEAK * size) + STANDSTILL, encoding="utf-8")
        yield from _runs(Plant.load(path), (True, False) if result.design.bath is not None else (False,), told)


def _runs(plant: Plant, states: tuple[bool, ...], told: Callable[[str], None]) -> Iterator[StartUp]:
    """From warm in each state; then, after a batch in the first, which is the design's own, from a weekend."""
    warm, found = plant.snapshot(), []
    for ln2 in states[::-1]:
        told(f"start-up from warm, {_words(ln2)}")
        plant.restore(warm)
        found.append(first_liquid(plant, "warm", ln2))
    yield from found[::-1]

    told("a weekend at standstill")
    problem = found[-1].problem or stand_still(plant)
    weekend = plant.snapshot()
    for ln2 in states:
        told(f"start-up from a weekend, {_words(ln2)}")
        plant.restore(weekend)
        yield failed("weekend", ln2, problem) if problem else first_liquid(plant, "weekend", ln2)


def _words(ln2: bool) -> str:
    return "with LN2" if ln2 else "without LN2"


def stand_still(plant: Plant) -> str:
    """Run for a batch, then stop for a weekend; the dewar's boil-off goes to recovery. Says what went wrong, or ""."""
    try:
        plant.run(hours=BATCH)
        plant["SEQ-1.command"], plant["CV-130.opening"] = 0, 0.0
        plant.run(hours=WEEKEND)
    except NumericalFailure as failure:
        return str(failure)
    return ""


def first_liquid(plant: Plant, start: str, ln2: bool) -> StartUp:
    """Run until liquefying and the dewar gains; what was spent until then.

    The dewar's return valve opens with the JT valve: earlier, its vapour would chill a box that has no flow to cool.
    """
    plant["SEQ-1.command"], plant["CV-130.opening"] = 1, 0.0
    if "SEQ-1.with_ln2" in plant.tags:
        plant["SEQ-1.with_ln2"] = float(ln2)
    begin, before = plant.time, _spent(plant)
    litres = full = least = plant["D-1.litres"]
    while plant.time - begin < 3600.0 * LONGEST:
        try:
            plant.run(seconds=SAMPLE)
        except NumericalFailure as failure:
            return failed(start, ln2, str(failure))
        if plant["SEQ-1.step"] >= JT_COOL_DOWN:
            plant["CV-130.opening"] = 1.0
        litres, last = plant["D-1.litres"], litres
        least = min(least, litres)
        if plant["SEQ-1.step"] == LIQUEFYING and litres > last:
            energy, nitrogen, vented = (now - then for now, then in zip(_spent(plant), before, strict=True))
            return StartUp(start, ln2, plant.time - begin, energy, nitrogen, vented, (full - least) / 1e3)
    return failed(start, ln2, f"no liquid came in {LONGEST:g} h")


def failed(start: str, ln2: bool, problem: str) -> StartUp:
    """A start that gave no liquid, and why."""
    nan = float("nan")
    return StartUp(start, ln2, nan, nan, nan, nan, nan, problem)


def _spent(plant: Plant) -> tuple[float, float, float]:
    """Energy [J], LN2 [kg] and helium vented [kg] since the start of the plant."""
    nitrogen = plant["PC.ln2_used"] if "PC.ln2_used" in plant.tags else 0.0
    return plant["C-101.energy"], nitrogen, sum(plant.ledger().kg_lost.values())
