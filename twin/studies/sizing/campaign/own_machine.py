"""A plant's own liquefier as it was measured on the twin: what its starts and stops take and give beyond its rates.

A start fills the circuit with gas, and the compressor draws the dewar's pressure down: liquid flashes, the more the
fuller and the less cold the dewar is. A stop gives the circuit's gas to the bag, and some liquid that its warm gas
boils. (twin/studies/sizing/measured.py measures all this and writes the data file beside the plant file.)
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from twin.errors import PlantFileError
from twin.studies.sizing.campaign import records as r
from twin.studies.sizing.campaign.boiling import level
from twin.studies.sizing.campaign.lean import lean
from twin.studies.sizing.campaign.ledger import move

OWN = "own"
"""Name of the machine that stands in the plant."""
AIR = 101325.0  # Pa, the still air of the measurement


@lean
def begin(y, i):
    """What a start takes at once: the dewar flashes, the circuit fills, the meter counts what is made twice."""
    s = y.liquefier[i]
    size = s.rate / s.own_rate
    vessel, stock, circuit = y.vessel[int(s.vessel)], int(y.bank[int(s.stock)].node), int(s.circuit_node)
    flashed = s.flash + level(y, int(s.vessel)) * (s.flash_p * vessel.p + s.flash_level)
    flashed = move(y, int(vessel.node), circuit, max(flashed, 0.0) * size)
    taken = s.circuit * size - flashed
    if taken > 0.0:
        move(y, stock, circuit, taken)
    else:
        move(y, circuit, stock, -taken)
    vessel.p = s.p_set
    count(y, s.start_made * size, s.start_energy * size, s.start_ln2 * size)


@lean
def end(y, i):
    """What a stop gives: the circuit's gas and the liquid that boils on the way to rest go to the bag."""
    s = y.liquefier[i]
    size = s.rate / s.own_rate
    vessel = y.vessel[int(s.vessel)]
    outlet = int(y.bag[int(vessel.bag)].pipe) if vessel.bag >= 0.0 else r.VENT
    move(y, int(vessel.node), outlet, s.stop_boil * size)
    move(y, int(s.circuit_node), outlet, y.mass[int(s.circuit_node)])
    vessel.p = y.site[int(vessel.site)].p + vessel.crack
    count(y, 0.0, s.stop_energy * size, 0.0)


@lean
def count(y, made, energy, ln2):
    """Book what a start or stop makes and takes beyond the rates."""
    y.out[r.LIQUID_MADE] += made
    y.out[r.ENERGY] += energy
    y.out[r.LN2] += ln2


def measured_machine(plant_file: Path, dewar: str, place: str) -> dict[str, Any]:
    """What was measured of the liquefier of a dewar. Raises PlantFileError if there is nothing."""
    path = plant_file.with_suffix(".machines.json")
    found = json.loads(path.read_text())["liquefiers"] if path.exists() else {}
    if dewar not in found:
        command = f"python -m twin.studies.sizing.measured {plant_file.stem}"
        raise PlantFileError(f'{place}: {path.name} has no liquefier of "{dewar}"; measure it with `{command}`.')
    return dict(found[dewar])


def columns(found: dict[str, Any]) -> dict[str, float]:
    """The record's fields from what was measured; flash = a + level (b p + c) through the measured starts."""
    run, starts, stop = found["run"], found["start"], found["stop"]
    terms = np.array([[1.0, row["level"] * row["p_dewar"], row["level"]] for row in starts])
    flash, *_ = np.linalg.lstsq(terms, np.array([-row["dewar"] for row in starts]), rcond=None)
    mean = {name: float(np.mean([row[name] for row in starts])) for name in ("circuit", "made", "energy", "ln2")}
    return {
        "own_rate": run["feed"],
        "made": run["made"] / run["feed"],
        "flash": float(flash[0]),
        "flash_p": float(flash[1]),
        "flash_level": float(flash[2]),
        "circuit": mean["circuit"],
        "start_made": mean["made"],
        "start_energy": mean["energy"],
        "start_ln2": mean["ln2"],
        "stop_boil": -stop["dewar"],
        "stop_energy": stop["energy"],
        "p_set": run["p_dewar"],
    }
