"""Steady design: time of one solve and of an optimisation, beside TESPy and a plain scipy + CoolProp solve, in one run.

The plain solve is written as most engineers would: the same six-exchanger cycle, CoolProp's full equation of state,
scipy's root finder, started from its own answer. It is independent of our property tables and solver, so its yield
checks ours. TESPy solves one stage of a Claude cycle (two exchangers, one turbine); it is used if it is installed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from twin.studies.design.arrangement import collins
from twin.studies.design.cards import Bath, Exchanger, Machine, Turbine
from twin.studies.design.optimum import optimise
from twin.studies.design.result import Result, solve_design
from twin.studies.design.steady import Design

NAME = "steady design"
REPEATS = 20
FLOW, P_HIGH, P_LOW, P_DEWAR = 0.0316, 13e5, 1.05e5, 1.2e5
EFFECTIVENESS, EFFICIENCY, SPLIT = 0.97, 0.72, (0.42, 0.40)


def example(ln2: bool = True) -> Design:
    """The design of the README: 31.6 g/s, 13 bar, two turbines side by side."""
    arrangement = collins()
    exchangers = {name: Exchanger(effectiveness=EFFECTIVENESS) for name in arrangement.exchangers}
    turbines = {
        name: Turbine(share=share, efficiency=EFFICIENCY) for name, share in zip(("T1", "T2"), SPLIT, strict=True)
    }
    machine = Machine(flow=FLOW, p_high=P_HIGH, p_low=P_LOW, p_dewar=P_DEWAR)
    return Design(machine, arrangement, exchangers, turbines, Bath() if ln2 else None)


class Plain:
    """The same cycle with CoolProp and scipy: unknown are all enthalpies behind exchangers, and the liquid."""

    def __init__(self, ln2: bool = True) -> None:
        import CoolProp

        self._ln2, self._cp = ln2, CoolProp
        self._state = CoolProp.AbstractState("HEOS", "Helium")
        self._zero = self.h_pT(101325.0, 300.0)
        self.x: np.ndarray | None = None

    def h_pT(self, p: float, T: float) -> float:
        """Enthalpy [J/kg]."""
        self._state.update(self._cp.PT_INPUTS, p, T)
        return float(self._state.hmass())

    def T_ph(self, p: float, h: float) -> float:
        """Temperature [K]."""
        self._state.update(self._cp.HmassP_INPUTS, h, p)
        return float(self._state.T())

    def saturated(self, x: float) -> float:
        """Enthalpy in the dewar [J/kg] of quality x."""
        self._state.update(self._cp.PQ_INPUTS, P_DEWAR, x)
        return float(self._state.hmass())

    def expanded(self, h: float) -> float:
        """Enthalpy after a turbine [J/kg]."""
        self._state.update(self._cp.HmassP_INPUTS, h, P_HIGH)
        self._state.update(self._cp.PSmass_INPUTS, P_LOW, self._state.smass())
        return h - EFFICIENCY * (h - float(self._state.hmass()))

    def residuals(self, x: np.ndarray) -> np.ndarray:
        """Balance and effectiveness of six exchangers, and the dewar; enthalpies in units of 100 kJ/kg."""
        hot, cold, liquid = x[:6] * 1e5 + self._zero, x[6:12] * 1e5 + self._zero, x[12]
        one, two = SPLIT
        rest = 1.0 - one - two
        m_hot = (1.0, 1.0, 1.0 - one, 1.0 - one, rest, rest)
        m_cold = [rest - liquid] * 6
        m_cold[:3] = [1.0 - liquid] * 3
        m_cold[3:5] = [1.0 - one - liquid] * 2

        vapour = self.saturated(1.0)
        first = hot[0] if not self._ln2 else self.h_pT(P_HIGH, 80.0)
        hot_in = (self.h_pT(P_HIGH, 300.0), first, hot[1], hot[2], hot[3], hot[4])
        below = (cold[1], cold[2], cold[3], cold[4], cold[5], vapour)
        cold_in = list(below)
        for at, share, inlet in ((2, one, hot[1]), (4, two, hot[3])):
            cold_in[at] = ((m_cold[at] - share) * below[at] + share * self.expanded(inlet)) / m_cold[at]
        r = []
        for i in range(6):
            duty = m_hot[i] * (hot_in[i] - hot[i])
            r.append(duty - m_cold[i] * (cold[i] - cold_in[i]))
            T_hot, T_cold = self.T_ph(P_HIGH, hot_in[i]), self.T_ph(P_LOW, cold_in[i])
            most = min(
                m_hot[i] * (hot_in[i] - self.h_pT(P_HIGH, T_cold)), m_cold[i] * (self.h_pT(P_LOW, T_hot) - cold_in[i])
            )
            r.append(duty - EFFECTIVENESS * most)
        r.append(rest * (vapour - hot[5]) - liquid * (vapour - self.saturated(0.0)))
        return np.array(r) / 1e5

    def solve(self, start: np.ndarray) -> float:
        """Yield."""
        from scipy.optimize import root

        found = root(self.residuals, start, method="hybr", tol=1e-10)
        if not found.success:
            raise RuntimeError(found.message)
        self.x = found.x
        return float(found.x[12])

    def start(self, result: Result, away: float = 0.998) -> np.ndarray:
        """Our answer, moved by 0.2 %: further away it does not converge."""
        hot = [result.point(name).h for name in ("H1", "H3", "H4", "H5", "H6", "H7")]
        cold = [result.point(f"E{k}.out").h for k in range(1, 7)]
        return np.array([*(np.array(hot + cold) / 1e5 * away), result.yield_ * away])


def claude_stage() -> Callable[[float], float]:
    """A Claude stage in TESPy: a function of the turbine's share of the flow that gives the yield."""
    import warnings

    from tespy.components import DropletSeparator, HeatExchanger, Merge, Sink, Source, Splitter, Turbine, Valve
    from tespy.connections import Connection
    from tespy.networks import Network

    warnings.simplefilter("ignore")
    net = Network(iterinfo=False)
    net.units.set_defaults(temperature="K", pressure="bar", enthalpy="kJ/kg", mass_flow="g/s")
    supply, suction, product = Source("supply"), Sink("suction"), Sink("product")
    warm, cold, turbine = HeatExchanger("warm"), HeatExchanger("cold"), Turbine("turbine")
    split, join, valve, drum = Splitter("split"), Merge("join"), Valve("JT"), DropletSeparator("drum")
    c = {
        "in": Connection(supply, "out1", warm, "in1"),
        "cooled": Connection(warm, "out1", split, "in1"),
        "expand": Connection(split, "out1", turbine, "in1"),
        "on": Connection(split, "out2", cold, "in1"),
        "exhaust": Connection(turbine, "out1", join, "in1"),
        "jt": Connection(cold, "out1", valve, "in1"),
        "flash": Connection(valve, "out1", drum, "in1"),
        "liquid": Connection(drum, "out1", product, "in1"),
        "vapour": Connection(drum, "out2", cold, "in2"),
        "back": Connection(cold, "out2", join, "in2"),
        "return": Connection(join, "out1", warm, "in2"),
        "out": Connection(warm, "out2", suction, "in1"),
    }
    net.add_conns(*c.values())
    c["in"].set_attr(m=31.6, p=13, T=45, fluid={"He": 1})
    c["flash"].set_attr(p=1.2)
    c["exhaust"].set_attr(h0=-1400)
    c["cooled"].set_attr(T0=14)
    c["jt"].set_attr(T0=6)
    for exchanger in (warm, cold):
        exchanger.set_attr(pr1=1, pr2=1)
    warm.set_attr(ttd_u=1.5)
    cold.set_attr(ttd_u=0.4)
    turbine.set_attr(eta_s=EFFICIENCY)

    def solve(share: float) -> float:
        c["expand"].set_attr(m=31.6 * share)
        net.solve("design")
        return float(c["liquid"].m.val / 31.6)

    return solve


def timed(function: Callable[[], Any], repeats: int) -> float:
    """Median time of a call [s]."""
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        function()
        times.append(time.perf_counter() - begin)
    return float(np.median(times))


def run() -> list[dict[str, Any]]:
    """Times in milliseconds, ratios, and the difference in yield."""
    design = example()
    result = solve_design(design)
    optimise(design, ("split", "p_high"))
    ours = timed(lambda: solve_design(design), REPEATS)
    again = timed(lambda: solve_design(design, result.kept.x), REPEATS)
    best = timed(lambda: optimise(design, ("split", "p_high")), 5)
    plain = Plain()
    start = plain.start(result)
    difference = abs(plain.solve(start) / result.yield_ - 1.0)
    theirs = timed(lambda: plain.solve(start), 5)
    rows = [
        row("one design, from nothing", 1e3 * ours, 5.0, "ms"),
        row("one design, from its neighbour", 1e3 * again, 5.0, "ms"),
        row("optimum of splits and high pressure", best, 0.5, "s"),
        row("scipy and CoolProp, from 0.2 % beside the answer", 1e3 * theirs, None, "ms"),
        row("scipy and CoolProp over ours", theirs / ours, None, "x"),
        row("yield, difference from scipy and CoolProp", difference, 1e-4, "1"),
    ]
    return rows + _tespy(ours)


def _tespy(ours: float) -> list[dict[str, Any]]:
    try:
        solve = claude_stage()
    except ImportError:
        return [row("TESPy, one Claude stage: not installed (pip install tespy)", 0.0, None, "")]
    solve(0.55)
    shares = iter(np.linspace(0.551, 0.56, REPEATS))
    theirs = timed(lambda: solve(float(next(shares))), REPEATS)
    return [
        row("TESPy, one Claude stage, solved again", 1e3 * theirs, None, "ms"),
        row("TESPy's stage over our whole cycle", theirs / ours, None, "x"),
    ]


def row(point: str, figure: float, most: float | None, unit: str) -> dict[str, Any]:
    """One line of the report; `most` is the largest figure that passes."""
    verdict = "" if most is None else "pass" if figure <= most else "fail"
    return {"point": point, "figure": figure, "target": "" if most is None else most, "verdict": verdict, "unit": unit}


if __name__ == "__main__":
    for line in run():
        print(line)
