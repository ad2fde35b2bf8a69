"""The same turbines at another operating point: what their nozzles do to flow, inlet pressure or high pressure.

A choked nozzle passes m = k p / sqrt(T) of an ideal gas, k being fixed by its area. Colder gas, as with LN2, is denser:
at the same pressure more of it goes through the turbines. A plant answers in one of three ways: a valve throttles the
turbines' inlet ("throttle"), the JT stream gets less ("split"), or the compressor, whose flow is given, cannot hold its
pressure and that falls ("p_high").
"""

from __future__ import annotations

import dataclasses
import itertools
import math

from twin.errors import Infeasible, nearest
from twin.studies.design.hardware import nozzles_of
from twin.studies.design.result import Result, solve_design
from twin.studies.design.steady import Design

ANSWERS = ("throttle", "split", "p_high")
ROUNDS = 80
RELAX = 0.5
CLOSE = 1e-6


def with_nozzles_of(reference: Result, design: Design, answer: str = "throttle") -> Result:
    """This design, solved with the nozzles that the turbines of `reference` have.

    Pressures between turbines follow from the nozzles too. ValueError if `answer` is unknown.
    """
    if answer not in ANSWERS:
        raise ValueError(f'expected {", ".join(ANSWERS)}, got "{answer}"{nearest(answer, ANSWERS)}')
    nozzle = nozzles_of(reference)
    found = solve_design(design)
    for _ in range(ROUNDS):
        moved, change = _moved(found, nozzle, answer)
        found = solve_design(moved, found.kept.x)
        if change < CLOSE:
            return found
    raise Infeasible("turbines", "no flow was found at which their nozzles and the cycle agree")


def _moved(found: Result, nozzle: dict[str, float], answer: str) -> tuple[Design, float]:
    """The design a step nearer to what the nozzles ask for, and how far the step goes."""
    design, rows = found.design, {t.name: t for t in found.turbines}
    turbines, machine, change = dict(design.turbines), design.machine, 0.0
    for chain in design.arrangement.chains:
        head = chain[0]
        asked = {name: rows[name].m_flow * math.sqrt(rows[name].temp_in) / nozzle[name] for name in chain}
        ratio = asked[head] / rows[head].p_in
        change = max(change, *(abs(asked[name] / rows[name].p_in - 1.0) for name in chain))
        for before, after in itertools.pairwise(chain):
            p_out = rows[after].p_in * (asked[after] / rows[after].p_in) ** RELAX
            turbines[before] = dataclasses.replace(turbines[before], p_out=p_out)
        if answer == "throttle":
            open_to = min((1.0 - turbines[head].dp_in) * ratio**RELAX, 1.0)
            turbines[head] = dataclasses.replace(turbines[head], dp_in=1.0 - open_to)
        elif answer == "split":
            turbines[head] = dataclasses.replace(turbines[head], share=turbines[head].share / ratio**RELAX)
        else:
            machine = dataclasses.replace(machine, p_high=machine.p_high * ratio**RELAX)
    return dataclasses.replace(design, turbines=turbines, machine=machine), change
