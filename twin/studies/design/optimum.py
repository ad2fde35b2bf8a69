"""The best splits and pressures of a design: Nelder and Mead's simplex over a few variables (scipy)."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize

from thermo.helium import T_ph
from twin.errors import Infeasible, nearest
from twin.studies.design import cycle as c
from twin.studies.design.result import LEAST_PINCH, LEAST_YIELD, SOLVED, Result, solve_design
from twin.studies.design.steady import Compiled, Design, compile_design

VARIABLES = ("split", "p_high", "p_between")
OBJECTIVES = ("yield", "energy")

SPLIT_RANGE = (0.02, 0.95)
P_HIGH_RANGE = (4e5, 40e5)
BETWEEN_RANGE = (0.02, 0.98)
"""Position of the pressure between two turbines from the low to the high one, on a logarithmic scale."""
INFEASIBLE = 10.0
"""Objective of what cannot work, above all that can; its slope leads back."""


def optimise(design: Design, over: Sequence[str] = ("split",), objective: str = "yield") -> Result:
    """The design with the best splits, high pressure and pressure between turbines, whichever are asked for.

    `objective` is "yield", or "energy" for the least work of the compressor per litre. ValueError if a name is unknown.
    """
    for name, known in [*((name, VARIABLES) for name in over), (objective, OBJECTIVES)]:
        if name not in known:
            raise ValueError(f'expected {", ".join(known)}, got "{name}"{nearest(name, known)}')
    space = Space(design, tuple(over))
    if not space.start:
        raise ValueError(f"this arrangement has nothing to choose of {', '.join(over)}")
    kept: list[np.ndarray | None] = [None]

    def cost(x: np.ndarray) -> float:
        try:
            compiled = compile_design(space.design(x))
        except Infeasible:
            return 2.0 * INFEASIBLE + float(np.abs(x - space.start).sum())
        worst = compiled.solve(kept[0])
        if not worst < SOLVED and kept[0] is not None:
            worst = compiled.solve()
        if worst < SOLVED:
            kept[0] = compiled.x
        return _cost(compiled, worst, objective)

    options = {"xatol": 2e-4, "fatol": 1e-7, "maxfev": 300, "initial_simplex": space.simplex(), "adaptive": True}
    found = minimize(cost, space.start, method="Nelder-Mead", bounds=space.bounds, options=options)
    return solve_design(space.design(found.x), kept[0])


def _cost(compiled: Compiled, worst: float, objective: str) -> float:
    m, found = compiled.design.machine, compiled.found
    if not worst < SOLVED:
        return 1.5 * INFEASIBLE
    share = found[c.MAKE_UP] / m.flow
    if share <= LEAST_YIELD:
        return INFEASIBLE + T_ph(m.p_high, found[c.H_JT]) / m.temp_in
    pinch = float(compiled.exchangers[:, c.PINCH].min())
    if pinch < LEAST_PINCH:
        return INFEASIBLE - pinch
    if objective == "yield":
        return -float(share)
    return float(np.log(m.p_high / m.p_low) / share / 100.0)


class Space:
    """The variables of an optimisation as one vector, and the design that a vector means."""

    def __init__(self, design: Design, over: tuple[str, ...]) -> None:
        self._design, self._heads = design, design.arrangement.heads if "split" in over else []
        chains = (design.arrangement.branch(head) for head in design.arrangement.heads)
        inner = [[name for name in chain if name in design.turbines][:-1] for chain in chains]
        self._between = [name for names in inner for name in names] if "p_between" in over else []
        self._p_high = "p_high" in over
        self.start = [design.turbines[head].share for head in self._heads]
        self.start += [np.log(design.machine.p_high)] if self._p_high else []
        self.start += [0.5] * len(self._between)
        limits = [SPLIT_RANGE] * len(self._heads)
        limits += [tuple(np.log(P_HIGH_RANGE))] if self._p_high else []
        self.bounds = limits + [BETWEEN_RANGE] * len(self._between)

    def simplex(self) -> np.ndarray:
        """A start wide enough to see a slope."""
        start = np.array(self.start)
        return np.vstack([start, *(start - 0.08 * row for row in np.eye(start.size))])

    def design(self, x: np.ndarray) -> Design:
        """The design that these values mean."""
        values, design = list(map(float, x)), self._design
        turbines, machine = dict(design.turbines), design.machine
        for head in self._heads:
            turbines[head] = dataclasses.replace(turbines[head], share=values.pop(0))
        if self._p_high:
            machine = dataclasses.replace(machine, p_high=float(np.exp(values.pop(0))))
        for name in self._between:
            p_out = machine.p_low * (machine.p_high / machine.p_low) ** values.pop(0)
            turbines[name] = dataclasses.replace(turbines[name], p_out=p_out)
        return dataclasses.replace(design, turbines=turbines, machine=machine)
