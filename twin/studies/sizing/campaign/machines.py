"""What compressors and liquefiers of the year do, from their cards and performance maps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from thermo.helium import T_sat, h_liq, h_vap, rho_liq, rho_pT, rho_vap
from thermo.jit import cache_root, source_stamp
from twin.errors import OutsideMap, PlantFileError, TwinError
from twin.quantities import LIQUID_LITRE
from twin.studies.design import performance_map
from twin.studies.design.design_file import load_design
from twin.studies.design.performance_map import (
    PerformanceMap,
    build_map,
    load_map,
    machine_digest,
    save_map,
)
from twin.studies.design.rating import hardware_of
from twin.units.recovery_compressor import cool, stage, volumetric

AIR = 101325.0  # Pa
TEMP_GAS = 293.0
"""Temperature of the table of helium gas [K]; banks at other temperatures scale with it."""
RHO_STEP, RHO_COUNT = 0.15, 240
ROOMS = (280.0, 290.0, 295.0, 300.0, 310.0)
"""Room temperatures of a map for a year [K], beside the design's."""


@dataclass(frozen=True)
class Boiling:
    """Saturation at a pressure: densities [kg/m3], heat of evaporation [J/kg], (dU/dp)_M over volume [J/(m3 Pa)] of a
    vessel without liquid, and what a full one has more; slopes of the densities over pressure [kg/(m3 Pa)]."""

    rho_l: float
    rho_v: float
    latent: float
    stiff_a: float
    stiff_b: float
    slope_l: float
    slope_v: float


def boiling(p: float) -> Boiling:
    """Properties of a vessel that boils at a pressure [Pa]."""
    empty, full = (_stiffness(p, level) for level in (0.0, 1.0))
    low, high = 0.75 * p, 1.05 * p
    slopes = (float(rho(high) - rho(low)) / (high - low) for rho in (rho_liq, rho_vap))
    return Boiling(float(rho_liq(p)), float(rho_vap(p)), float(h_vap(p) - h_liq(p)), empty, full - empty, *slopes)


def _stiffness(p: float, level: float) -> float:
    """(dU/dp) of a unit volume of liquid and vapour at constant mass, by central difference."""
    mass = level * float(rho_liq(p)) + (1.0 - level) * float(rho_vap(p))

    def energy(at: float) -> float:
        liquid, vapour = float(rho_liq(at)), float(rho_vap(at))
        share = (mass - vapour) / (liquid - vapour)
        return share * (liquid * float(h_liq(at)) - at) + (1.0 - share) * (vapour * float(h_vap(at)) - at)

    return (energy(p + 50.0) - energy(p - 50.0)) / 100.0


def gas_table() -> np.ndarray:
    """Pressure of helium at 293 K over density in steps of RHO_STEP [Pa]."""
    pressures = np.concatenate([[2e3], np.linspace(2e4, 24e6, 2000)])
    densities = np.array([float(rho_pT(p, TEMP_GAS)) for p in pressures])
    wanted = RHO_STEP * np.arange(RHO_COUNT)
    found = np.interp(wanted, np.concatenate([[0.0], densities]), np.concatenate([[0.0], pressures]))
    return found[wanted <= densities[-1]]


def compressor_table(card: Any, temp: float, pressures: np.ndarray) -> np.ndarray:
    """Volumetric efficiency and electric work [J/kg] of a recovery compressor over its discharge pressure.

    The pressures between its stages are found as in the twin's kernel, with gas of the room at the suction.
    """
    par = SimpleNamespace(**{**vars(card), **card.derived()})
    return np.array([_at_discharge(par, temp, max(float(p), 1.01 * AIR)) for p in pressures])


def _at_discharge(par: Any, temp: float, p: float) -> tuple[float, float]:
    fill_of, stage_of, cooled = (getattr(kernel, "py_func", kernel) for kernel in (volumetric, stage, cool))
    between = [AIR, min(AIR * par.ratio, p)]
    between.append(min(between[1] * par.ratio, p) if par.stages > 2 else p)
    between.append(min(between[2] * par.ratio, p) if par.stages > 3 else p)
    fill = fill_of(par, between[1] / AIR)
    if par.stages > 3:
        between[3] = min(between[3] * fill / max(fill_of(par, p / between[3]), 0.3), p)
    if par.stages > 2:
        between[2] = min(between[2] * fill / max(fill_of(par, between[3] / between[2]), 0.3), between[3])
    between[1] = min(between[1] * fill / max(fill_of(par, between[2] / between[1]), 0.3), between[2])
    fill = fill_of(par, between[1] / AIR)
    work, gas = 0.0, temp
    for low, high in zip(between, [*between[1:], p], strict=True):
        done, out = stage_of(par, low, high, gas)
        work, gas = work + done, cooled(out, temp + par.approach, 1.0)
    return float(fill), float(work / par.efficiency_drive)


@dataclass(frozen=True)
class Machine:
    """What a liquefier does at the conditions of the year: helium liquefied and lost [kg/s], power [W], LN2 [kg/s].

    `made` is what its meter counts as liquid, over what it takes from the stock: the liquid behind
    the valve, some of which pushes out vapour or flashes, and goes round again.
    """

    rate: float
    power: float
    ln2: float
    purge: float
    made: float = 1.0
    own_rate: float = 0.0
    """Of a machine that was measured on the twin, with its starts and stops: what it takes in [kg/s]."""


def machine(name: str, room: float, ln2: bool, p_dewar: float, place: str) -> Machine:
    """A machine of the catalogue at a room temperature, fed with pure gas. Raises PlantFileError with a sentence.

    Liquid that fills a dewar pushes out the vapour that stood there, which is liquefied again.
    """
    try:
        map_ = year_map(name)
        found = map_.read(room=room, ln2=float(ln2), purity=1.0)
    except OutsideMap as problem:
        raise PlantFileError(f"{place}: {problem}") from None
    except TwinError as problem:
        raise PlantFileError(f"{place}: {problem}") from None
    litres = float(found["litres"])
    if not litres > 0.0:
        why = map_.why_not(room=room, ln2=float(ln2), purity=1.0)
        raise PlantFileError(f'{place}: "{name}" cannot liquefy here: {why or "no output"}; choose another machine.')
    power, ln2_flow, lost = (float(found[key]) for key in ("power", "ln2_flow", "helium_lost"))
    made = 1.0 / (1.0 - float(rho_vap(p_dewar) / rho_liq(p_dewar)))
    return Machine(litres * 1e3 * LIQUID_LITRE, power, ln2_flow, lost, made)


def year_map(name: str) -> PerformanceMap:
    """The map of a machine over room temperature, with and without LN2, fed with pure gas; kept beside the kernels."""
    design = load_design(name)
    bath = design.bath or load_design(name, ln2=True).bath
    digest = machine_digest(design, bath)
    path = cache_root() / "maps" / f"{digest}-{source_stamp(Path(performance_map.__file__))[:16]}.map.json"
    if path.exists():
        return load_map(path, digest)
    hardware = hardware_of(design, bath)
    at = hardware.design_point
    axes = {
        "suction": np.array([at.suction]),
        "purity": np.unique([at.purity, 1.0]),
        "dewar": np.array([at.dewar]),
        "room": np.unique([at.room, *ROOMS]),
        "ln2": np.array([0.0, 1.0]) if hardware.rated.bath else np.array([0.0]),
    }
    made = build_map(name, design, bath, axes=axes, checks=0)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{id(made)}.tmp")
    save_map(made, fresh)
    fresh.replace(path)
    return load_map(path, digest)  # as every later start has it, to the digit


def cryocooler(card: Any) -> Machine:
    """A cold head at the set pressure of its dewar (first law: what it takes over the heat leak condenses the feed)."""
    own = card.derived()
    p = card.p_start - 0.5 * card.droop
    at = boiling(p)
    cold = own["Q_nominal"] * (1.0 + card.slope * (float(T_sat(p)) - 4.2238))
    rate = (cold - own["Q_leak"]) * (1.0 - at.rho_v / at.rho_l) / at.latent
    return Machine(rate, card.power_rated, 0.0, 0.0)
