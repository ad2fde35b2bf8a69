"""A design as arrays for the kernels of `cycle`, and its solution."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from thermo.helium import P_CRITICAL, h_pT
from twin.errors import Infeasible
from twin.studies.design import cycle as c
from twin.studies.design.arrangement import BATH, Arrangement, is_exchanger, is_turbine
from twin.studies.design.cards import Bath, Exchanger, Machine, Turbine

TOLERANCE = 1e-11
"""Largest residual of a solved cycle: duty over flow and 100 kJ/kg."""
ITERATIONS = 120
CP_HELIUM = 5193.0
"""Specific heat of the gas [J/(kg K)]."""


@dataclass(frozen=True)
class Design:
    """A liquefier as specified: machine, arrangement and the cards of its equipment by name."""

    machine: Machine
    arrangement: Arrangement
    exchangers: dict[str, Exchanger]
    turbines: dict[str, Turbine]
    bath: Bath | None
    description: str = ""


@dataclass
class Compiled:
    """A design as the arrays that the kernels follow."""

    design: Design
    ways: np.ndarray
    pressures: np.ndarray
    low: np.ndarray
    general: np.ndarray
    exchangers: np.ndarray
    turbines: np.ndarray
    branch: np.ndarray
    found: np.ndarray = field(default_factory=lambda: np.zeros(c.FOUND))
    x: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def solve(self, guess: np.ndarray | None = None) -> float:
        """Solve from a guess or from a plain one; returns the largest residual."""
        if guess is not None:
            self.x = guess.copy()
            return self._run()
        modes, values = self.exchangers[:, c.MODE].copy(), self.exchangers[:, c.VALUE].copy()
        given = modes == c.BY_EFFECTIVENESS
        self.x = first_guess(self)
        if given.all():
            return self._run()

        # first with an effectiveness in place of conductances and temperature differences
        shares = np.where(given, values, likely_effectiveness(self))
        self.exchangers[:, c.MODE], self.exchangers[:, c.VALUE] = c.BY_EFFECTIVENESS, shares
        self._run()
        self.exchangers[:, c.MODE], self.exchangers[:, c.VALUE] = modes, values
        self.x = np.concatenate([self.x, np.log(shares / (1.0 - shares))[~given]])
        return self._run()

    def _run(self) -> float:
        streams = (self.ways, self.pressures, self.low, self.general)
        found = (self.exchangers, self.turbines, self.branch, self.found)
        return float(c.solve(*streams, self.x, *found, ITERATIONS, TOLERANCE))


def compile_design(design: Design) -> Compiled:
    """Arrays of a design. Infeasible if the numbers contradict each other before anything is solved."""
    check_before(design)
    names, turbines = design.arrangement.exchangers, design.arrangement.turbines
    ex, tb = np.zeros((len(names), c.EXCHANGER)), np.zeros((len(turbines), c.TURBINE))
    for row, name in zip(ex, names, strict=True):
        _fill_exchanger(row, design.exchangers[name], design.machine.flow)
    for row, name in zip(tb, turbines, strict=True):
        card = design.turbines[name]
        tip = math.pi * card.diameter * card.speed if card.diameter and card.speed else 0.0
        row[[c.SHARE, c.EFFICIENCY, c.TIP, c.RATIO_BEST]] = card.share, card.efficiency, tip, card.ratio_best
    ways, pressures = _ways(design, ex, tb)
    low = _low(design, ex)
    branch = np.zeros((len(design.arrangement.heads), 3))
    return Compiled(design, ways, pressures, low, _general(design), ex, tb, branch)


def check_before(design: Design) -> None:
    """Refuse what cannot work whatever the solution is."""
    m = design.machine
    if m.p_high <= P_CRITICAL:
        raise Infeasible("p_high", f"{m.p_high / 1e5:g} bar is not above the critical pressure, 2.28 bar")
    shares = sum(design.turbines[head].share for head in design.arrangement.heads)
    if shares >= 0.999:
        raise Infeasible(
            "split", f"the turbines take {100.0 * shares:.4g} % of the flow; nothing is left for the JT valve"
        )
    if m.impurity * (1.0 + m.purge) > 0.9:
        raise Infeasible("purity", "regeneration would lose more helium than the make-up brings")


def _fill_exchanger(row: np.ndarray, card: Exchanger, flow: float) -> None:
    ((name, value),) = card.given.items()
    modes = {"effectiveness": c.BY_EFFECTIVENESS, "UA": c.BY_UA, "dT_warm": c.BY_DT_WARM, "dT_cold": c.BY_DT_COLD}
    row[c.MODE], row[c.VALUE] = modes.get(name, c.BY_PINCH), value
    row[c.M_DESIGN], row[c.EXPONENT] = card.m_design or flow, card.exponent if card.m_design else 0.0
    row[c.LEAK], row[c.COLD_SHARE] = card.Q_leak, card.cold_share or 0.0


def _ways(design: Design, ex: np.ndarray, tb: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Operations along the streams of cooled gas, and the pressure behind each."""
    a = design.arrangement
    names, turbines, heads = a.exchangers, a.turbines, a.heads
    longest = 1 + max(len(a.high), *(len(a.branch(head)) for head in heads), 0)
    ways = np.full((1 + len(heads), longest, 2), c.END, np.int64)
    pressures = np.zeros((1 + len(heads), longest))
    starts: dict[str | None, float] = {None: design.machine.p_high}

    for row, head in enumerate([None, *heads]):
        p = starts[head]
        for k, name in enumerate(a.high if head is None else a.branch(head)):
            if is_exchanger(name):
                i = names.index(name)
                ways[row, k] = c.HOT, i
                ex[i, c.P_HOT_IN], p = p, p * (1.0 - design.exchangers[name].dp_high)
                ex[i, c.P_HOT_OUT] = p
            elif name == BATH:
                ways[row, k] = c.BATH, 0
            elif head is None:
                ways[row, k] = c.BRANCH, heads.index(name)
                starts[name] = p
            else:
                i = turbines.index(name)
                ways[row, k] = c.EXPAND, i
                tb[i, c.P_IN] = p * (1.0 - design.turbines[name].dp_in)
                p = _p_out(design, head, name, tb[i, c.P_IN])
                tb[i, c.P_OUT] = p
            pressures[row, k] = p
    return ways, pressures


def _p_out(design: Design, head: str, name: str, p: float) -> float:
    """Outlet pressure of a turbine: as given; the last one's is that of the return where it joins."""
    chain = [step for step in design.arrangement.branch(head) if is_turbine(step)]
    p_end = return_pressures(design)[head]
    p_out = design.turbines[name].p_out
    if name == chain[-1]:
        p_out = p_end
    elif p_out is None:
        p_out = p * (p_end / p) ** (1.0 / (len(chain) - chain.index(name)))
    if not p_end <= p_out < p:
        raise Infeasible(
            name, f"expands from {p / 1e5:.4g} bar to {p_out / 1e5:.4g} bar, and on to {p_end / 1e5:.4g} bar"
        )
    return p_out


def return_pressures(design: Design) -> dict[str, float]:
    """Pressure of the return gas at the outlet of each place of `low`, and where it enters the box ("dewar")."""
    p, found = design.machine.p_low, {}
    for place in reversed(design.arrangement.low):
        found[place] = p
        if not is_turbine(place):
            p *= 1.0 + max(design.exchangers[name].dp_low for name in place.split("|"))
    found["dewar"] = p
    if p > design.machine.p_dewar * (1.0 + 1e-12):
        raise Infeasible(
            "dewar",
            f"at {design.machine.p_dewar / 1e5:.4g} bar it cannot give vapour to the return at {p / 1e5:.4g} bar",
        )
    return found


def _low(design: Design, ex: np.ndarray) -> np.ndarray:
    a, rows = design.arrangement, []
    behind = return_pressures(design)
    for place in a.low:
        if is_turbine(place):
            rows.append((c.JOIN, a.heads.index(place), 0))
            continue
        pair = [a.exchangers.index(name) for name in place.split("|")]
        for i, name in zip(pair, place.split("|"), strict=True):
            ex[i, c.P_COLD_OUT] = behind[place]
            ex[i, c.P_COLD_IN] = behind[place] * (1.0 + design.exchangers[name].dp_low)
        rows.append((c.COLD, pair[0], 0) if len(pair) == 1 else (c.BESIDE, pair[0], pair[1]))
    return np.array(rows, np.int64)


def _general(design: Design) -> np.ndarray:
    g, m, bath = np.zeros(c.GENERAL), design.machine, design.bath
    g[[c.FLOW, c.P_HIGH, c.TEMP_IN, c.P_LOW, c.P_DEWAR]] = m.flow, m.p_high, m.temp_in, m.p_low, m.p_dewar
    g[[c.Q_DEWAR, c.FILLS, c.IMPURITY, c.PURGE]] = m.Q_dewar, float(m.dewar_fills), m.impurity, m.purge
    a = design.arrangement
    frozen = frozen_at(design)
    g[c.FROZEN_AT] = -1 if frozen is None else a.exchangers.index(frozen)
    if bath is not None and a.has_bath:
        g[c.BATH_MODE] = c.BATH_TO_TEMP if bath.UA is None else c.BATH_BY_UA
        g[[c.BATH_TEMP, c.BATH_OUT, c.BATH_UA]] = bath.temp_bath, bath.temp_out, bath.UA or 0.0
    return g


def frozen_at(design: Design) -> str | None:
    """The exchanger whose return gas freezes the air of the feed out: the second one; None if LN2 does it."""
    if design.bath is not None and design.arrangement.has_bath:
        return None
    warm = [name for name in design.arrangement.high if is_exchanger(name)]
    return warm[min(1, len(warm) - 1)]


def first_guess(compiled: Compiled) -> np.ndarray:
    """Duties of a profile of temperatures that falls evenly on a logarithmic scale."""
    design, g = compiled.design, compiled.general
    a, p = design.arrangement, design.machine.p_high
    warm = [name for name in a.high if is_exchanger(name)]
    temps = np.geomspace(design.machine.temp_in, 7.0, len(warm) + 1)
    if g[c.BATH_MODE] != c.BATH_OFF and len(warm) > 1:
        temps = np.array([design.machine.temp_in, *np.geomspace(80.0, 7.0, len(warm))])
    duties, m = dict.fromkeys(a.exchangers, 0.0), design.machine.flow
    place = 0
    for name in a.high:
        if is_turbine(name):
            m -= design.turbines[name].share * design.machine.flow
        elif is_exchanger(name):
            top = max(temps[place], temps[place + 1] + 0.1)
            duties[name] = m * (h_pT(p, top) - h_pT(p, temps[place + 1]))
            place += 1
    for head in a.heads:
        for name in a.branch(head):
            if is_exchanger(name):
                duties[name] = 0.05 * design.machine.flow * c.DUTY_SCALE
    return np.array([duties[name] / (design.machine.flow * c.DUTY_SCALE) for name in a.exchangers])


def likely_effectiveness(compiled: Compiled) -> np.ndarray:
    """Effectiveness N / (1 + N) of a balanced exchanger of N transfer units; 0.95 where no conductance is given."""
    m, e = compiled.design.machine.flow, compiled.exchangers
    units = np.where(e[:, c.MODE] == c.BY_UA, e[:, c.VALUE] / (0.7 * m * CP_HELIUM), 19.0)
    return np.clip(units / (1.0 + units), 0.05, 0.98)
