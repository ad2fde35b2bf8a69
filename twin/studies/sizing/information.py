"""What knowing more would be worth: regret, expected value of perfect information, of all and of each assumption.

The loss of a design in a year is its cost. Among designs d with losses L_d and assumptions x:

    EVPI  = min_d E[L_d] - E[min_d L_d]                  all assumptions, and chance, known beforehand
    EVPPI = min_d E[L_d] - E[min_d E[L_d | x_i]]         one assumption known

E[L_d | x_i] is found by regression of the losses on the assumption over the years of the study (Strong, Oakley and
Brennan, Medical Decision Making 34, 311, 2014): polynomials in its rank, on differences from the chosen design, which
common random numbers keep quiet. Noise alone gives a regression some value; `floor` is what it gives when the
assumption is shuffled, and is taken off.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import chebyshev

DEGREE = 4
RESAMPLES = 100
SHUFFLES = 20


@dataclass(frozen=True)
class Value:
    """Expected value of perfect information of one assumption [JPY a year], its standard error, what noise gives."""

    name: str
    value: float
    error: float
    floor: float

    @property
    def matters(self) -> bool:
        """Whether it stands out of the noise."""
        return self.value > 2.0 * self.error


@dataclass(frozen=True)
class Regret:
    """What the chosen design costs more than the best one of each year, with hindsight [JPY a year]."""

    mean: float
    error: float
    quantile_90: float
    best_share: float
    """Share of the years in which the chosen design is the best."""


def regret(losses: np.ndarray, chosen: int) -> Regret:
    """Of the design `chosen` among losses (years, designs)."""
    over = losses[:, chosen] - losses.min(axis=1)
    error = over.std(ddof=1) / np.sqrt(len(over))
    return Regret(float(over.mean()), float(error), float(np.quantile(over, 0.9)), float(np.mean(over <= 0.0)))


def perfect(losses: np.ndarray) -> float:
    """EVPI of losses (years, designs): what it would be worth to know the whole year beforehand."""
    return float(losses.mean(axis=0).min() - losses.min(axis=1).mean())


def partly_perfect(losses: np.ndarray, assumptions: dict[str, np.ndarray], seed: int) -> list[Value]:
    """EVPPI of each assumption, the largest first; one that never changes has none."""
    best = int(losses.mean(axis=0).argmin())
    over = losses - losses[:, [best]]
    found = [_value(name, over, x, np.random.default_rng([seed, k])) for k, (name, x) in enumerate(assumptions.items())]
    return sorted(found, key=lambda value: -value.value)


def _value(name: str, over: np.ndarray, x: np.ndarray, rng: np.random.Generator) -> Value:
    if np.ptp(x) == 0.0 or over.shape[1] < 2:
        return Value(name, 0.0, 0.0, 0.0)
    basis = _basis(x)
    worth = _worth(basis, over)
    n = len(x)
    shuffled = [_worth(basis[rng.permutation(n)], over) for _ in range(SHUFFLES)]
    floor = float(np.mean(shuffled))
    rows = [rng.integers(0, n, n) for _ in range(RESAMPLES)]
    again = [_worth(basis[k], over[k]) for k in rows]
    return Value(name, max(worth - floor, 0.0), float(np.std(again, ddof=1)), floor)


def _basis(x: np.ndarray) -> np.ndarray:
    """Chebyshev polynomials in the rank of the assumption, scaled to -1..1; equal values have one rank."""
    _, place = np.unique(x, return_inverse=True)
    rank = 2.0 * place / place.max() - 1.0
    return chebyshev.chebvander(rank, min(DEGREE, int(place.max())))


def _worth(basis: np.ndarray, over: np.ndarray) -> float:
    """min_d E[L_d] - E[min_d E[L_d | x]] of one sample."""
    fit, *_ = np.linalg.lstsq(basis, over, rcond=None)
    expected = basis @ fit
    return float(expected.mean(axis=0).min() - expected.min(axis=1).mean())
