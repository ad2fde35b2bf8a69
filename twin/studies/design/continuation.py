"""A way to the solution when Newton's method does not find it: from modest exchangers to those asked for.

What an exchanger is given by (conductance, a temperature difference) is moved from the value that it has at a modest
effectiveness to the value asked for, evenly on a logarithmic scale, each solution the guess for the next; the step is
halved where the guess does not lead on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from twin.studies.design import cycle as c

if TYPE_CHECKING:
    from twin.studies.design.steady import Compiled

STARTS = (0.92, 0.7)
"""Effectiveness to begin with, the next where one does not lead to the end."""
FIRST_STEP = 0.25
LEAST_STEP = 0.02
CLOSE = 1e-8


def approach(compiled: Compiled) -> float:
    """Solve a design by continuation; returns the largest residual, and leaves the solution in `compiled`."""
    modes, wanted = compiled.exchangers[:, c.MODE].copy(), compiled.exchangers[:, c.VALUE].copy()
    worst = np.inf
    for start in STARTS:
        worst = _from(compiled, start, modes, wanted)
        compiled.exchangers[:, c.MODE], compiled.exchangers[:, c.VALUE] = modes, wanted
        if worst < CLOSE:
            return worst
    return compiled.solve()


def _from(compiled: Compiled, start: float, modes: np.ndarray, wanted: np.ndarray) -> float:
    """Continuation from one effectiveness of all exchangers."""
    ex = compiled.exchangers
    ex[:, c.MODE], ex[:, c.VALUE] = (
        c.BY_EFFECTIVENESS,
        np.where(modes == c.BY_EFFECTIVENESS, np.minimum(start, wanted), start),
    )
    worst = compiled.solve()
    if not worst < CLOSE:
        return worst

    at_start = np.array([_has(e, mode) for e, mode in zip(ex, modes, strict=True)])
    if not (at_start > 0.0).all():
        return np.inf
    effectiveness = ex[modes != c.BY_EFFECTIVENESS, c.VALUE]
    guess = np.concatenate([compiled.x, np.log(effectiveness / (1.0 - effectiveness))])
    ex[:, c.MODE] = modes
    done, step = 0.0, FIRST_STEP
    while done < 1.0 and step > LEAST_STEP:
        now = min(done + step, 1.0)
        ex[:, c.VALUE] = at_start ** (1.0 - now) * wanted**now
        worst = compiled.solve(guess)
        if worst < CLOSE:
            done, guess, step = now, compiled.x, 2.0 * step
        else:
            step *= 0.5
    return worst if done >= 1.0 else np.inf


def _has(e: np.ndarray, mode: float) -> float:
    """What a solved exchanger has of the quantity that it is given by."""
    flows = [2.0 * (max(e[m], 1e-9) / e[c.M_DESIGN]) ** e[c.EXPONENT] for m in (c.M_HOT, c.M_COLD)]
    found = {
        c.BY_EFFECTIVENESS: e[c.VALUE],
        c.BY_UA: e[c.UA_FOUND] * (1.0 / flows[0] + 1.0 / flows[1]),
        c.BY_DT_WARM: e[c.T_HOT_IN] - e[c.T_COLD_OUT],
        c.BY_DT_COLD: e[c.T_HOT_OUT] - e[c.T_COLD_IN],
        c.BY_PINCH: e[c.PINCH],
    }
    return float(found[int(mode)])
