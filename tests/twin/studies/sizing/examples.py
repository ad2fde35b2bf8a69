"""A network of three lines, whose every answer is known: what the studies of a year are tested on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from twin.studies.sizing.designs import DesignSpace, Ensemble
from twin.studies.sizing.study import assumptions
from twin.studies.sizing.year_model import Figure, Parameter, YearModel
from twin.uncertain import Uniform


@dataclass(frozen=True)
class Closed:
    """A year model whose figures are a function of its parameters and of one standard normal chance a seed."""

    name: str
    parameters: tuple[Parameter, ...]
    figures: tuple[Figure, ...]
    law: Callable[[np.ndarray, np.ndarray], np.ndarray]
    digest: str = "closed form"

    def run(self, values: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        chances = np.array([np.random.Generator(np.random.Philox(key=int(s))).standard_normal() for s in seeds])
        return np.asarray(self.law(np.atleast_2d(values), chances), float)


def uncertain(name: str, low: float, high: float) -> Parameter:
    """An assumption that may be anything between two values."""
    return Parameter(
        name, "1", 0.5 * (low + high), name, name, "assumed: example", Uniform(f"{low}..{high}", low, high)
    )


def choice(name: str, *values: float, unit: str = "1") -> Parameter:
    """A number that a design chooses; the plant has the first."""
    return Parameter(name, unit, values[0], name, name, "assumed: example", None, values)


def line(
    *parameters: Parameter, cost: Callable[..., np.ndarray], lost: Callable[..., np.ndarray], chance: float = 0.0
) -> Closed:
    """A model with the figures cost and lost, each a function of the parameters; chance adds to the loss."""
    figures = (Figure("cost", "JPY", "cost", "費用"), Figure("lost", "kg", "helium lost", "損失"))

    def law(values: np.ndarray, luck: np.ndarray) -> np.ndarray:
        columns = values.T
        return np.column_stack([cost(*columns) + 0.0 * luck, lost(*columns) + chance * luck])

    return Closed("line", parameters, figures, law)


def years(model: YearModel, count: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Rows of values drawn from the distributions, and seeds; the count is rounded up to a multiple of 16."""
    values, sample = assumptions(model, count, seed)
    return values, sample.seeds


def ensemble(model: Closed, count: int, seed: int = 1) -> Ensemble:
    """The same years under any design."""
    return Ensemble(model, DesignSpace.of(model), *years(model, count, seed), model.run)
