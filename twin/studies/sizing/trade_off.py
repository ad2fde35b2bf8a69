"""Annual cost against helium lost: the Pareto front of designs, and what each next size is worth.

Few designs are all evaluated; of many, NSGA-II (Deb et al., IEEE Trans. Evol. Comput. 6, 182, 2002; pymoo) searches
the discrete choices. Every design meets the same years, and each is computed once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from twin.studies.sizing.designs import Design, DesignSpace, Ensemble, Estimate

OBJECTIVES = ("cost", "lost")


@dataclass(frozen=True)
class Search:
    """How far NSGA-II looks: designs of a generation, generations, and up to how many designs all are evaluated."""

    population: int = 16
    generations: int = 10
    all_up_to: int = 128


@dataclass(frozen=True)
class TradeOff:
    """Designs that were evaluated, their mean objectives (designs, objectives), and which are on the front."""

    designs: tuple[Design, ...]
    objectives: np.ndarray
    errors: np.ndarray
    front: tuple[int, ...]
    years: int
    complete: bool
    """Whether all designs there are were evaluated."""
    names: tuple[str, ...] = OBJECTIVES

    @property
    def best(self) -> tuple[Design, ...]:
        """The designs on the front, from the least cost to the least loss."""
        return tuple(self.designs[k] for k in self.front)


def trade_off(
    ensemble: Ensemble, seed: int, search: Search | None = None, objectives: Sequence[str] = OBJECTIVES
) -> TradeOff:
    """The Pareto front of the means of the objectives over the ensemble's years."""
    how = search or Search()
    complete = ensemble.space.count <= how.all_up_to
    designs = list(ensemble.space.all) if complete else _search(ensemble, seed, how, objectives)
    return evaluated(ensemble, designs, objectives)


def evaluated(ensemble: Ensemble, designs: Sequence[Design], objectives: Sequence[str] = OBJECTIVES) -> TradeOff:
    """These designs, and which of them are on the front."""
    ensemble.prepare(designs)
    estimates = [[Estimate.of(ensemble.column(design, name)) for name in objectives] for design in designs]
    means = np.array([[e.mean for e in row] for row in estimates])
    errors = np.array([[e.error for e in row] for row in estimates])
    front = sorted(nondominated(means), key=lambda k: tuple(means[k]))
    complete = len(designs) == ensemble.space.count
    return TradeOff(tuple(designs), means, errors, tuple(front), ensemble.years, complete, tuple(objectives))


def nondominated(points: np.ndarray) -> list[int]:
    """Rows that no other row beats in all columns; of equal rows the first."""
    found: list[int] = []
    for k in np.lexsort(points.T[::-1]):  # by the first column, then the next: a row is beaten by earlier ones only
        if not any(bool(np.all(points[j] <= points[k])) for j in found):
            found.append(int(k))
    return found


def _search(ensemble: Ensemble, seed: int, how: Search, objectives: Sequence[str]) -> list[Design]:
    """All designs that NSGA-II looked at, in order."""
    from pymoo.algorithms.moo.nsga2 import NSGA2
    from pymoo.operators.crossover.sbx import SBX
    from pymoo.operators.mutation.pm import PM
    from pymoo.operators.repair.rounding import RoundingRepair
    from pymoo.optimize import minimize

    space = ensemble.space
    algorithm = NSGA2(
        pop_size=how.population,
        sampling=_first_generation(space, seed, how.population),
        crossover=SBX(prob=0.9, eta=3.0, vtype=float, repair=RoundingRepair()),
        mutation=PM(prob=1.0, prob_var=1.0 / len(space.parameters), eta=3.0, vtype=float, repair=RoundingRepair()),
        eliminate_duplicates=True,
    )
    minimize(_problem(ensemble, objectives), algorithm, ("n_gen", how.generations), seed=seed, verbose=False)
    return list(ensemble.kept)


def _first_generation(space: DesignSpace, seed: int, size: int) -> np.ndarray:
    """The present design, the smallest, the largest, and others at random."""
    most = np.array([len(p.choices) - 1 for p in space.parameters])
    random = np.random.default_rng(seed).integers(0, most + 1, (8 * size, len(most)))
    rows = np.vstack([space.present, np.zeros_like(most), most, random])
    _, first = np.unique(rows, axis=0, return_index=True)
    return rows[np.sort(first)[:size]]


def _problem(ensemble: Ensemble, objectives: Sequence[str]) -> Any:
    from pymoo.core.problem import Problem

    most = [len(p.choices) - 1 for p in ensemble.space.parameters]

    class Choices(Problem):
        """The design space as pymoo sees it: whole numbers between bounds, a generation at once."""

        def _evaluate(self, x: np.ndarray, out: dict[str, Any], *args: Any, **kwargs: Any) -> None:
            designs = [tuple(int(k) for k in row) for row in x]
            out["F"] = np.column_stack([ensemble.means(designs, name) for name in objectives])

    return Choices(n_var=len(most), n_obj=len(objectives), xl=0, xu=np.array(most), vtype=int)


# --- the next size ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NextSize:
    """What one choice more or less of one parameter changes, from paired differences over the same years."""

    parameter: str
    unit: str
    step: int
    from_value: float
    to_value: float
    label: str
    design: Design
    changes: dict[str, Estimate] = field(default_factory=dict)
    """Change of each figure a year."""

    @property
    def per_unit(self) -> dict[str, Estimate]:
        """Changes over the change of the parameter: JPY a year for each bag, cylinder, litre."""
        size = self.to_value - self.from_value
        return {name: Estimate(e.mean / size, e.error / abs(size)) for name, e in self.changes.items()}


def next_sizes(ensemble: Ensemble, design: Design, figures: Sequence[str] = OBJECTIVES) -> list[NextSize]:
    """The next size up and down of every parameter of the design."""
    around = ensemble.space.neighbours(design)
    ensemble.prepare([design, *(other for _, _, other in around)])
    found = []
    for parameter, step, other in around:
        changes = {name: Estimate.of(ensemble.column(other, name) - ensemble.column(design, name)) for name in figures}
        here, there = ensemble.space.values(design)[parameter.name], ensemble.space.values(other)[parameter.name]
        label = ensemble.space.labels(other)[parameter.name]
        found.append(NextSize(parameter.name, parameter.unit, step, here, there, label, other, changes))
    return found
