"""A machine that is built, at other conditions: its hardware stays, its effectiveness, flow and pressures follow.

- Exchangers and the LN2 bath keep their conductance, which grows with flow^0.6 (the card's exponent).
- Turbine nozzles keep m sqrt(T) / p: the warmer the gas, the less goes through. Pressures between turbines follow.
- The compressor keeps its displacement: its flow goes with the density at suction and falls a little with the ratio.
- The JT valve keeps the turbines' share of the flow, so the high pressure floats at what the nozzles ask for. At
  P_HIGH_RISE times that of the design gas management holds it (as in the plant of a design): then the nozzles are the
  limit, and the bypass takes what the compressor gives beyond.

Efficiencies of turbines and compressor and relative pressure drops are those of the design.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from thermo.helium import T_ph, rho_pT
from twin.errors import Infeasible
from twin.studies.design import cycle as c
from twin.studies.design.arrangement import BATH
from twin.studies.design.cards import Bath, Turbine
from twin.studies.design.hardware import EXPONENT_BATH, bath_conductance, built_exchanger, nozzles_of
from twin.studies.design.plant import LEAKAGE, P_HIGH_RISE, VOLUMETRIC
from twin.studies.design.result import (
    SOLVED,
    Result,
    read_result,
    refuse_what_cannot_work,
    solve_design,
)
from twin.studies.design.steady import Compiled, Design, compile_design

ROUNDS = 60
CLOSE = 1e-9
"""Relative change of the turbines' inlet temperatures at which nozzles and cycle agree."""


@dataclass(frozen=True)
class Conditions:
    """What the hardware meets: suction and dewar pressure [Pa], purity of the feed, gas and room [K], LN2."""

    suction: float
    purity: float
    dewar: float
    room: float
    ln2: bool


@dataclass(frozen=True)
class Operation:
    """A machine at work: its cold box, and flow [kg/s] and power [W] of its compressor, bypassed gas among it."""

    box: Result
    flow: float
    power: float


@dataclass(frozen=True)
class Hardware:
    """A design as what was built: `rated` has conductances in place of effectiveness, and its LN2 bath if it has one.

    `nozzles` is m sqrt(T) / p of each turbine, `inlets` its inlet pressure over the pressure before its pipe,
    `reference` the state at the design point, `start` the first guess with and without LN2.
    """

    rated: Design
    nozzles: dict[str, float]
    inlets: dict[str, float]
    reference: Result
    start: dict[bool, tuple[np.ndarray, np.ndarray]]

    @property
    def share(self) -> float:
        """Share of the flow that the design gives the turbines."""
        return sum(self.rated.turbines[head].share for head in self.rated.arrangement.heads)

    @property
    def design_point(self) -> Conditions:
        """The conditions that the machine was designed for."""
        m = self.reference.design.machine
        return Conditions(m.p_low, 1.0 - m.impurity, m.p_dewar, m.temp_in, self.reference.ln2 > 0.0)


def hardware_of(design: Design, bath: Bath | None = None) -> Hardware:
    """What is built for a design; `bath` is its LN2 bath if the design does without. Infeasible if it cannot work."""
    found = solve_design(design)
    built = {row.name: built_exchanger(row, design.exchangers[row.name]) for row in found.exchangers}
    rated, nozzles = dataclasses.replace(design, exchangers=built), nozzles_of(found)
    inlets = {name: _inlet_over_before(found, name) for name in nozzles}
    start = {design.bath is not None: _start(solve_design(rated).kept)}
    card = design.bath or bath
    if card is not None and design.arrangement.has_bath:
        cold = found if design.bath else solve_design(dataclasses.replace(rated, bath=card))
        rated = dataclasses.replace(rated, bath=_built_bath(cold, card))
    for ln2 in (False, True) if rated.bath else (False,):
        kept = compile_design(dataclasses.replace(rated, bath=rated.bath if ln2 else None))
        kept.solve()
        start.setdefault(ln2, _start(kept))
    return Hardware(rated, nozzles, inlets, found, start)


def _inlet_over_before(found: Result, name: str) -> float:
    """Inlet pressure of a turbine over the high pressure, or over the outlet pressure of the turbine before it."""
    chain = next(way for way in found.design.arrangement.chains if name in way)
    rows = {t.name: t for t in found.turbines}
    before = found.design.machine.p_high if name == chain[0] else rows[chain[chain.index(name) - 1]].p_out
    return rows[name].p_in / before


def _start(kept: Compiled) -> tuple[np.ndarray, np.ndarray]:
    return kept.x.copy(), _temps(kept)


def _temps(compiled: Compiled) -> np.ndarray:
    """Inlet temperatures of the turbines [K]."""
    return np.array([T_ph(row[c.P_IN], row[c.H_IN]) for row in compiled.turbines])


def _built_bath(cold: Result, card: Bath) -> Bath:
    """The bath by its conductance."""
    if card.UA is not None or card.temp_out <= card.temp_bath:
        return card
    UA = bath_conductance(cold)
    if UA == 0.0:
        raise Infeasible(BATH, f"the gas comes to it at {card.temp_out:.4g} K or below already")
    return dataclasses.replace(card, UA=UA)


def rate(hardware: Hardware, at: Conditions, near: Operation | None = None) -> Operation:
    """The steady state at these conditions, guessed from a state near by; Infeasible says why there is none."""
    if at.ln2 and hardware.rated.bath is None:
        raise Infeasible(BATH, "this machine has no LN2 bath")
    x, temps = _start(near.box.kept) if near is not None else hardware.start[at.ln2]
    compiled, worst = _agree(hardware, at, x, temps)
    if near is not None and not worst < SOLVED:
        compiled, worst = _agree(hardware, at, *hardware.start[at.ln2])
    refuse_what_cannot_work(compiled, worst)
    box, m = read_result(compiled), compiled.design.machine
    flow = displaced(hardware, at) * _volumetric(m.p_high / m.p_low)
    return Operation(box, flow, box.power * flow / m.flow)


def _agree(hardware: Hardware, at: Conditions, x: np.ndarray, temps: np.ndarray) -> tuple[Compiled, float]:
    """The cycle whose turbines' inlet temperatures are those that their nozzles were asked with."""
    before, moved = None, None
    for _ in range(ROUNDS):
        compiled = compile_design(operated(hardware, at, temps))
        worst = compiled.solve(x)
        if not worst < SOLVED:
            worst = compiled.solve()
        if not worst < SOLVED:
            return compiled, worst
        x, found = compiled.x, _temps(compiled)
        change = found - temps
        if float(np.abs(change / temps).max()) < CLOSE:
            return compiled, worst
        step = _secant(before, temps, change, moved)
        before, moved, temps = temps, change, np.clip(temps + step, 0.5 * temps, 2.0 * temps)
    raise Infeasible("turbines", "no flow was found at which their nozzles and the cycle agree")


def _secant(before: np.ndarray | None, temps: np.ndarray, change: np.ndarray, last: np.ndarray | None) -> np.ndarray:
    """The next step: the change itself, corrected by what the last step did (Anderson's mixing of depth one)."""
    if before is None or last is None:
        return change
    fall = change - last
    weight = float(np.clip(fall @ change / max(fall @ fall, 1e-30), -2.0, 2.0))
    return change - weight * (temps - before + fall)


def operated(hardware: Hardware, at: Conditions, temps: np.ndarray) -> Design:
    """The machine at these conditions and inlet temperatures of its turbines: flow, high pressure, shares follow."""
    design, m = hardware.rated, hardware.reference.design.machine
    named = dict(zip(design.arrangement.turbines, map(float, temps), strict=True))
    swallowed = {
        head: hardware.nozzles[head] * hardware.inlets[head] / math.sqrt(named[head])
        for head in design.arrangement.heads
    }

    # the pressure at which the turbines take their share of all that the compressor gives, or the highest allowed
    asked, total = hardware.share * displaced(hardware, at), sum(swallowed.values())
    p_high = asked * (VOLUMETRIC + LEAKAGE) / (total + asked * LEAKAGE / at.suction)
    p_high = min(p_high, P_HIGH_RISE * m.p_high)
    flow = total * p_high / hardware.share

    turbines = _opened(hardware, swallowed, p_high, flow, named)
    given: dict[str, Any] = {"p_low": at.suction, "impurity": 1.0 - at.purity, "p_dewar": at.dewar, "temp_in": at.room}
    machine = dataclasses.replace(m, flow=flow, p_high=p_high, **given)
    bath = design.bath if at.ln2 else None
    if bath is not None and bath.UA is not None:
        bath = dataclasses.replace(bath, UA=bath.UA * (flow / m.flow) ** EXPONENT_BATH)
    return dataclasses.replace(design, machine=machine, turbines=turbines, bath=bath)


def displaced(hardware: Hardware, at: Conditions) -> float:
    """What the compressor would take in at these conditions, were its volumetric efficiency one [kg/s]."""
    m = hardware.reference.design.machine
    denser = rho_pT(at.suction, at.room) / rho_pT(m.p_low, m.temp_in)
    return float(m.flow * denser / _volumetric(m.p_high / m.p_low))


def _opened(
    hardware: Hardware, swallowed: dict[str, float], p_high: float, flow: float, temps: dict[str, float]
) -> dict[str, Turbine]:
    """The turbines with the shares and the pressures between them that their nozzles ask for."""
    turbines = dict(hardware.rated.turbines)
    for chain in hardware.rated.arrangement.chains:
        m_flow = swallowed[chain[0]] * p_high
        turbines[chain[0]] = dataclasses.replace(turbines[chain[0]], share=m_flow / flow)
        for before, after in itertools.pairwise(chain):
            p_in = m_flow * math.sqrt(temps[after]) / hardware.nozzles[after]
            turbines[before] = dataclasses.replace(turbines[before], p_out=p_in / hardware.inlets[after])
    return turbines


def _volumetric(ratio: float) -> float:
    return VOLUMETRIC - LEAKAGE * (ratio - 1.0)
