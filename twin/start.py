"""The state that a plant starts from: mass and energy of volumes and walls, from what their kinds say."""

from __future__ import annotations

import math
from typing import Any

from thermo.helium import h_liq, h_pT, h_vap, rho_liq, rho_ph, rho_vap
from thermo.materials import e_material
from twin.errors import PlantFileError
from twin.layout import Layout
from twin.network import R_H2, R_H2O, R_N2, R_O2, hold_state
from twin.unit import SPECIES, Node

GAS_CONSTANTS = {"n2": R_N2, "o2": R_O2, "h2o": R_H2O, "h2": R_H2}


def start_nodes(layout: Layout, card: Any, node: Any) -> None:
    for i, (name, unit, start) in enumerate(layout.nodes):
        try:
            _start_node(node[i], start)
        except ValueError as error:
            raise PlantFileError(
                f"{layout.spec.path}: unit.{unit.name}: the start of {name} is impossible: {error}"
            ) from None


def _start_node(a: Any, start: Node) -> None:
    """Mass and energy from the given state."""
    ratios = {s: start.impurities.get(s, 0.0) for s in SPECIES}
    a.p_out = start.p_ambient if start.compliance > 0.0 else 0.0
    a.vol = start.volume
    if start.inert:
        for s in SPECIES:
            a[s] = ratios[s]
        return
    if start.fixed:
        hold_state(a, start.p, start.temp, 0.0)
        for s in SPECIES:
            a[f"w_{s}"] = ratios[s]
        return

    gas = sum(ratios[s] * GAS_CONSTANTS[s] for s in SPECIES)
    p = start.p
    for _ in range(20):
        h, rho = _start_state(start, p)
        temp = start.temp if start.temp is not None else 4.2
        p = start.p - rho * gas * temp
    e = p - (a.p_out - (start.p - p))
    vol = start.volume
    elastic = 0.0
    if start.compliance > 0.0:
        vol = max(start.volume + start.compliance * e, start.volume_min)
        elastic = 0.5 * (vol - start.volume) ** 2 / start.compliance
    else:
        e = p
    a.vol, a.mass = vol, rho * vol
    a.energy = a.mass * h - vol * e + elastic
    a.p, a.h, a.temp = start.p, h, temp
    for s in SPECIES:
        a[s] = ratios[s] * a.mass


def _start_state(start: Node, p: float) -> tuple[float, float]:
    """Enthalpy and density at the start."""
    if not (math.isfinite(p) and p > 0.0):
        raise ValueError(f"a pressure of {p:.6g} Pa")
    if start.temp is not None:
        h = float(h_pT(p, start.temp))
        return h, float(rho_ph(p, h))
    if start.x is not None:
        x = start.x
    elif start.level is not None:
        liquid, vapour = start.level * float(rho_liq(p)), (1.0 - start.level) * float(rho_vap(p))
        x = vapour / (liquid + vapour)
    else:
        raise ValueError("it needs a temperature, a quality or a level")
    h = (1.0 - x) * float(h_liq(p)) + x * float(h_vap(p))
    rho = 1.0 / ((1.0 - x) / float(rho_liq(p)) + x / float(rho_vap(p)))
    return h, rho


def start_cells(layout: Layout, wall: Any, cell: Any) -> None:
    for w, (_, _, solid) in enumerate(layout.walls):
        ends = solid.temp if isinstance(solid.temp, tuple) else (solid.temp, solid.temp)
        for i in range(solid.cells):
            temp = ends[0] + (ends[1] - ends[0]) * (i + 0.5) / solid.cells
            at = wall[w].first + i
            cell[at].temp = temp
            cell[at].rise = (ends[1] - ends[0]) / solid.cells if solid.cells > 2 else 0.0
            cell[at].e = float(e_material(solid.material, temp)) * wall[w].mass
