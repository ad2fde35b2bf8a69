"""Where the work of the compressor goes: exergy destroyed in each component, against the room's temperature.

Destroyed exergy is T0 times the entropy made (Gouy-Stodola), component by component from the entropy balance; that the
sum equals what crosses the boundary is then a check of first and second law together (Kotas 1995, "The exergy method of
thermal plant analysis", chapter 3). The dead state is helium at the temperature of the room and 101 325 Pa; nitrogen
arrives boiling and is worth its way to the room's temperature at 1 atm.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np

from thermo.helium import h_pT, h_vap, s_liq, s_ph, s_pT, s_vap
from thermo.nitrogen import cp_gas_n2, h_vap_n2
from twin.studies.design import cycle as c
from twin.studies.design.arrangement import BATH
from twin.studies.design.steady import Design, frozen_at

P_DEAD = 101325.0


@dataclass(frozen=True)
class Stream:
    """Gas that passes a component."""

    component: str
    m_flow: float
    p_in: float
    h_in: float
    p_out: float
    h_out: float


@dataclass(frozen=True)
class Account:
    """Exergy [W]: what goes in, where it stays, what comes out."""

    compressor: float
    ln2: float
    product: float
    destroyed: dict[str, float]
    closure: dict[str, float]

    def as_dict(self, ideal: float) -> dict[str, Any]:
        """With the figures of merit: product over all exergy in, and 6 831 kJ/kg over the compressor's work."""
        return {
            "compressor": self.compressor,
            "ln2": self.ln2,
            "product": self.product,
            "destroyed": self.destroyed,
            "efficiency": self.product / (self.compressor + self.ln2),
            "figure_of_merit": ideal / self.compressor,
        }


def exergy_account(streams: list[Stream], design: Design, found: np.ndarray, power: float, ln2: float) -> Account:
    """Entropy made in every component, and what crosses the boundary."""
    T0 = design.machine.temp_in
    heat = {name: card.Q_leak for name, card in design.exchangers.items()}
    heat[frozen_at(design) or BATH] = heat.get(frozen_at(design) or BATH, 0.0) + float(found[c.Q_FROZEN])
    made: dict[str, float] = {name: -q / T0 for name, q in heat.items()}
    energy: dict[str, float] = dict(heat)

    s_in = s_ph(np.array([s.p_in for s in streams]), np.array([s.h_in for s in streams]))
    s_out = s_ph(np.array([s.p_out for s in streams]), np.array([s.h_out for s in streams]))
    for stream, ds in zip(streams, s_out - s_in, strict=True):
        made[stream.component] = made.get(stream.component, 0.0) + stream.m_flow * float(ds)
        gained = stream.m_flow * (stream.h_out - stream.h_in)
        energy[stream.component] = energy.get(stream.component, 0.0) - gained

    brake = sum(energy[name] for name in design.arrangement.turbines)
    made["brakes"] = brake / T0
    made |= _bath(design, made, ln2)
    made["dewar"] = _dewar(design, found)
    made |= _warm_end(design, found, power)

    destroyed = {name: T0 * value for name, value in made.items()}
    product, ln2_exergy = _product(design, found), ln2 * _ln2_exergy(design)
    missing = power + ln2_exergy - product - sum(destroyed.values())
    closure = _closure(design, found, energy, brake)
    closure["exergy"] = float(missing / power)
    return Account(power, ln2_exergy, product, destroyed, closure)


def _bath(design: Design, made: dict[str, float], ln2: float) -> dict[str, float]:
    """The bath's nitrogen boils and leaves; what cold its vapour still has is lost."""
    if ln2 == 0.0 or design.bath is None:
        return {}
    T, T0 = design.bath.temp_bath, design.machine.temp_in
    T_vent = design.bath.temp_vent or T
    cp = 0.5 * (cp_gas_n2(T) + cp_gas_n2(T_vent))
    boiled = ln2 * (h_vap_n2(T) / T + cp * log(T_vent / T))
    cp_rest = 0.5 * (cp_gas_n2(T_vent) + cp_gas_n2(T0))
    vented = ln2 * cp_rest * (log(T0 / T_vent) - (T0 - T_vent) / T0)
    return {"LN2": made["LN2"] + boiled, "LN2 vapour vented": vented}


def _ln2_exergy(design: Design) -> float:
    """Exergy of boiling nitrogen [J/kg], with the heat capacities of `_bath`."""
    if design.bath is None:
        return 0.0
    T, T0 = design.bath.temp_bath, design.machine.temp_in
    T_vent = design.bath.temp_vent or T
    cp, cp_rest = 0.5 * (cp_gas_n2(T) + cp_gas_n2(T_vent)), 0.5 * (cp_gas_n2(T_vent) + cp_gas_n2(T0))
    ds = h_vap_n2(T) / T + cp * log(T_vent / T) + cp_rest * log(T0 / T_vent)
    dh = h_vap_n2(T) + cp * (T_vent - T) + cp_rest * (T0 - T_vent)
    return float(T0 * ds - dh)


def _dewar(design: Design, found: np.ndarray) -> float:
    """Entropy made where heat leaks in and the phases part; the JT valve is a component of its own."""
    m = design.machine
    s_jt = s_ph(m.p_dewar, found[c.H_JT])
    s_vapour = s_ph(m.p_dewar, found[c.H_VAPOUR]) if found[c.LIQUID] <= 0.0 else s_vap(m.p_dewar)
    gained = found[c.LIQUID] * s_liq(m.p_dewar) - _displaced(found) * s_vap(m.p_dewar)
    return float(found[c.M_VAPOUR] * s_vapour + gained - found[c.M_JT] * s_jt - m.Q_dewar / m.temp_in)


def _displaced(found: np.ndarray) -> float:
    """Vapour that the liquid pushes out of a rigid dewar [kg/s]."""
    return float(found[c.M_VAPOUR] + found[c.LIQUID] - found[c.M_JT])


def _warm_end(design: Design, found: np.ndarray, power: float) -> dict[str, float]:
    """Suction, where make-up joins, and compressor with its coolers; heat goes to the room."""
    m, make_up = design.machine, found[c.MAKE_UP]
    h_room, h_high = h_pT(m.p_low, m.temp_in), h_pT(m.p_high, m.temp_in)
    back = m.flow - make_up
    h_mixed = (back * found[c.H_SUCTION] + make_up * h_room) / m.flow
    mixed = m.flow * s_ph(m.p_low, h_mixed) - back * s_ph(m.p_low, found[c.H_SUCTION]) - make_up * s_ph(m.p_low, h_room)
    rejected = power - m.flow * (h_high - h_mixed)
    raised = m.flow * (s_ph(m.p_high, h_high) - s_ph(m.p_low, h_mixed)) + rejected / m.temp_in
    return {"suction": float(mixed), "compressor": float(raised)}


def _product(design: Design, found: np.ndarray) -> float:
    """Exergy of what the dewar gains over that of the make-up it came from [W]."""
    m, T0 = design.machine, design.machine.temp_in

    def exergy(h: float, s: float) -> float:
        return float(h - h_pT(P_DEAD, T0) - T0 * (s - s_pT(P_DEAD, T0)))

    vapour = exergy(float(h_vapour(design)), float(s_vap(m.p_dewar)))
    liquid = exergy(float(found[c.H_LIQUID]), float(s_liq(m.p_dewar)))
    make_up = exergy(float(h_pT(m.p_low, T0)), float(s_pT(m.p_low, T0)))
    return float(found[c.LIQUID] * liquid - _displaced(found) * vapour - found[c.MAKE_UP] * make_up)


def h_vapour(design: Design) -> float:
    """Enthalpy of saturated vapour in the dewar [J/kg]."""
    return float(h_vap(design.machine.p_dewar))


def _closure(design: Design, found: np.ndarray, energy: dict[str, float], brake: float) -> dict[str, float]:
    """Mass over the flow; energy over the cooling: what enters the cold box against what leaves it."""
    m = design.machine
    back = m.flow - found[c.MAKE_UP]
    gas = m.flow * h_pT(m.p_high, m.temp_in) - back * found[c.H_SUCTION]
    heat = sum(card.Q_leak for card in design.exchangers.values()) + m.Q_dewar + found[c.Q_FROZEN]
    gained = found[c.LIQUID] * found[c.H_LIQUID] - _displaced(found) * h_vapour(design)
    turbines = sum(design.turbines[head].share for head in design.arrangement.heads) * m.flow
    mass = m.flow - turbines - found[c.M_JT]
    cooling = brake + found[c.Q_BATH] + (found[c.Q_FROZEN] if frozen_at(design) is None else 0.0)
    return {"mass": float(mass / m.flow), "energy": float((gas + heat - gained - cooling) / cooling)}
