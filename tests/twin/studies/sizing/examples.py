"""A network of three lines, whose every answer is known: what the studies of a year are tested on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from twin.studies.sizing.year_model import Figure, Parameter


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
