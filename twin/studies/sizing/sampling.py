"""Draw the members of a study: values of what is uncertain, and seeds of what happens by chance.

A sample is REPLICATES independent randomisations of a low-discrepancy design (scrambled Sobol points, Owen 1998; or
Latin hypercubes, McKay 1979). Points of one randomisation depend on each other, so the usual s / sqrt(n) would not
be honest; the means of the randomisations are independent, and their scatter is the standard error (L'Ecuyer, Lemieux
2002). It includes what the seeds add. Members stand point by point: member i is point i // REPLICATES of randomisation
i % REPLICATES. So the first half of a Sobol sample is the sample of half the size, and a larger study goes on where a
smaller one ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twin.errors import BadStudy, nearest
from twin.uncertain import Distribution

REPLICATES = 16
"""Independent randomisations: a standard error from 16 of them is itself known within 18 %."""

METHODS = ("sobol", "lhs")
EDGE = 2.0**-33
"""Shares stay this far inside (0, 1), so that an unbounded distribution gives finite values."""


@dataclass(frozen=True)
class Sample:
    """Members of a study: values (members, uncertain parameters) SI and seeds (members,)."""

    values: np.ndarray
    seeds: np.ndarray
    method: str
    seed: int

    def __len__(self) -> int:
        return len(self.seeds)


def draw(distributions: Sequence[Distribution], members: int, seed: int, method: str = "sobol") -> Sample:
    """A sample of at least this many members: the next multiple of REPLICATES."""
    if method not in METHODS:
        raise BadStudy(f'there is no sampling "{method}"{nearest(method, METHODS) or f"; there are {METHODS}."}')
    if members < 1:
        raise BadStudy(f"a study needs at least one year, not {members}.")
    points = -(-members // REPLICATES)
    shares = np.stack([_randomisation(len(distributions), points, seed, r, method) for r in range(REPLICATES)], axis=1)
    shares = shares.reshape(points * REPLICATES, len(distributions)).clip(EDGE, 1.0 - EDGE)
    values = np.empty_like(shares)
    for k, distribution in enumerate(distributions):
        values[:, k] = distribution.ppf(shares[:, k])
    return Sample(values, chances(seed, len(values)), method, seed)


def _randomisation(dimensions: int, points: int, seed: int, replicate: int, method: str) -> np.ndarray:
    """Shares (points, dimensions) of one randomisation."""
    from scipy.stats import qmc

    if dimensions == 0:
        return np.empty((points, 0))
    rng = np.random.default_rng([seed, replicate])
    if method == "lhs":
        return qmc.LatinHypercube(dimensions, rng=rng).random(points)
    return qmc.Sobol(dimensions, rng=rng).random_base2((points - 1).bit_length())[:points]


def chances(seed: int, members: int) -> np.ndarray:
    """Seeds (members,), unsigned; those of a smaller number of members come first."""
    return np.random.SeedSequence(seed).generate_state(members, np.uint64)


# --- what a sample says, and how sure that is --------------------------------------------------------------------


def mean(figures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean over members (first axis) and its standard error."""
    parts = [figures[r::REPLICATES].mean(axis=0) for r in range(REPLICATES)]
    return figures.mean(axis=0), np.std(parts, axis=0, ddof=1) / np.sqrt(REPLICATES)


def quantile(figures: np.ndarray, share: float) -> tuple[float, float]:
    """Quantile of one figure (members,) and its standard error: that of the share below it, times the local slope.

    Hazen's plotting position is unbiased for a stratified sample.
    """
    value = np.quantile(figures, share, method="hazen")
    _, error = mean(figures <= value)
    half = max(float(error), 0.5 / np.sqrt(len(figures)))
    low, high = np.clip([share - half, share + half], 0.0, 1.0)
    slope = np.diff(np.quantile(figures, [low, high], method="hazen"))[0] / (high - low)
    return float(value), float(slope * error)


@dataclass(frozen=True)
class Convergence:
    """Mean and standard error (sizes, figures) of samples of `members` (sizes,), each about twice the last."""

    members: np.ndarray
    mean: np.ndarray
    error: np.ndarray

    @property
    def moved(self) -> np.ndarray:
        """How far the last doubling moved each mean, in standard errors before it; 0 where it did not move."""
        if len(self.members) < 2:
            return np.full(self.mean.shape[1], np.nan)
        step = np.abs(self.mean[-1] - self.mean[-2])
        with np.errstate(divide="ignore"):  # a rare event that the first half did not meet: infinite
            return np.divide(step, self.error[-2], out=np.zeros_like(step), where=step > 0.0)


def convergence(figures: np.ndarray, doublings: int = 4) -> Convergence:
    """Means of the first eighth, quarter, half and the whole of a sample; figures (members, figures)."""
    points = len(figures) // REPLICATES
    sizes = sorted({max(1, points >> k) * REPLICATES for k in range(doublings)})
    means, errors = zip(*(mean(figures[:size]) for size in sizes), strict=True)
    return Convergence(np.array(sizes), np.array(means), np.array(errors))
