"""Which assumptions move the figures of a year: Morris' screening and Sobol's indices (SALib).

Chance (weather, failures, quenches) is an input like the others: its value picks the seed. In Morris' method a
trajectory keeps its chance, so that an elementary effect compares the same year; in Sobol's it is a factor of its own,
so that its index is the share of variance that no better knowledge removes.

Morris, Technometrics 33, 161 (1991); Campolongo et al., Environ. Model. Softw. 22, 1509 (2007); Saltelli et al.,
Comput. Phys. Commun. 181, 259 (2010).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from twin.studies.sizing.designs import Run
from twin.studies.sizing.year_model import Parameter, YearModel

CHANCE = "chance"
OTHERS = "others"
CONFIDENCE = 0.95
EDGE = 0.005
"""Share of a distribution that Morris' grid leaves out at each end: a normal distribution has none."""
SEEDS = 2**31


@dataclass(frozen=True)
class Sensitivity:
    """One method's measures, each an array (figures, inputs), with 95 % confidence half-widths."""

    method: str
    inputs: tuple[str, ...]
    figures: tuple[str, ...]
    measures: dict[str, np.ndarray]
    years: int

    def of(self, figure: str, measure: str) -> dict[str, float]:
        """A measure of one figure by input."""
        row = self.measures[measure][self.figures.index(figure)]
        return dict(zip(self.inputs, map(float, row), strict=True))

    def most(self, count: int) -> tuple[str, ...]:
        """The inputs that move any of the figures most, by the first measure relative to its largest."""
        share = next(iter(self.measures.values()))
        largest = share.max(axis=1, keepdims=True)
        score = np.divide(share, largest, out=np.zeros_like(share), where=largest > 0.0).max(axis=0)
        order = np.argsort(-score, kind="stable")[:count]
        return tuple(self.inputs[k] for k in order if score[k] > 0.0)


def uncertain(model: YearModel) -> tuple[Parameter, ...]:
    """Parameters that are not known well."""
    return tuple(p for p in model.parameters if p.distribution is not None)


def screen(
    model: YearModel,
    base: np.ndarray,
    figures: Sequence[str],
    seed: int,
    trajectories: int = 10,
    run: Run | None = None,
) -> Sensitivity:
    """Morris' screening around the row `base`: mean absolute effect (`mu_star`) and spread (`sigma`) of each input."""
    from SALib.analyze import morris as analyse
    from SALib.sample import morris as sample

    inputs = [p.name for p in uncertain(model)]
    problem = _problem(inputs)
    cube = sample.sample(problem, trajectories, num_levels=4, seed=seed)
    chances = np.random.default_rng(seed).integers(0, SEEDS, trajectories, np.uint64).repeat(len(inputs) + 1)
    years = _years(model, base, EDGE + (1.0 - 2.0 * EDGE) * cube, chances, run)
    found = []
    for name in figures:
        y, scale = _standard(years[:, _column(model, name)])
        result = analyse.analyze(problem, cube, y, conf_level=CONFIDENCE, seed=seed + 1)
        found.append([np.asarray(result[key], float) * scale for key in ("mu_star", "mu_star_conf", "sigma")])
    measures = {key: np.array([row[k] for row in found]) for k, key in enumerate(("mu_star", "mu_star_conf", "sigma"))}
    return Sensitivity("morris", tuple(inputs), tuple(figures), measures, len(cube))


def indices(
    model: YearModel,
    base: np.ndarray,
    figures: Sequence[str],
    seed: int,
    size: int = 256,
    run: Run | None = None,
    apart: Sequence[str] | None = None,
) -> Sensitivity:
    """Sobol's first-order and total indices around the row `base`, from size x (inputs + 2) years.

    `apart` names the inputs that have an index of their own; the rest vary together as "others".
    """
    from SALib.analyze import sobol as analyse
    from SALib.sample import sobol as sample

    names = [p.name for p in uncertain(model)]
    groups = [name if apart is None or name in apart else OTHERS for name in names] + [CHANCE]
    inputs = tuple(dict.fromkeys(groups))
    problem = _problem([*names, CHANCE]) | {"groups": groups}
    cube = sample.sample(problem, size, calc_second_order=False, seed=seed)
    years = _years(model, base, cube[:, :-1], np.minimum(cube[:, -1] * SEEDS, SEEDS - 1).astype(np.uint64), run)
    keys = {"total": "ST", "total_conf": "ST_conf", "first": "S1", "first_conf": "S1_conf"}
    measures = {key: np.zeros((len(figures), len(inputs))) for key in keys}
    for row, name in enumerate(figures):
        y, scale = _standard(years[:, _column(model, name)])
        if scale > 0.0:
            result = analyse.analyze(problem, y, calc_second_order=False, conf_level=CONFIDENCE, seed=seed + 1)
            for key, theirs in keys.items():
                measures[key][row] = result[theirs]
    return Sensitivity("sobol", inputs, tuple(figures), measures, len(cube))


def _problem(names: Sequence[str]) -> dict[str, Any]:
    return {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}


def _years(model: YearModel, base: np.ndarray, cube: np.ndarray, seeds: np.ndarray, run: Run | None) -> np.ndarray:
    """Figures of the rows of the unit cube, through the distributions."""
    columns = {p.name: k for k, p in enumerate(model.parameters)}
    values = np.tile(np.asarray(base, float), (len(cube), 1))
    for k, parameter in enumerate(uncertain(model)):
        assert parameter.distribution is not None
        values[:, columns[parameter.name]] = parameter.distribution.ppf(cube[:, k])
    return (run or model.run)(values, seeds)


def _column(model: YearModel, name: str) -> int:
    return [figure.name for figure in model.figures].index(name)


def _standard(y: np.ndarray) -> tuple[np.ndarray, float]:
    """Centred and scaled to unit deviation, as the estimators want it, and the scale; zero for what never moves."""
    scale = float(y.std())
    if scale <= 1e-12 * float(np.abs(y).max()):
        return np.zeros(len(y)), 0.0
    return (y - y.mean()) / scale, scale
