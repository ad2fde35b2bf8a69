"""Designs of a network, and the same years under each of them.

A design is one choice for each parameter that has `choices`. It is written as the tuple of their indices. Designs are
compared on common random numbers: the same rows of assumptions and the same seeds, only the design's columns differ
(Glasserman and Yao, Management Science 38, 884, 1992), so that a difference has a far smaller error than each of its
terms.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from twin.errors import nearest
from twin.studies.sizing import sampling
from twin.studies.sizing.year_model import Parameter, YearModel

Design = tuple[int, ...]
"""Index of the choice of each parameter of a design space."""
Run = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Figures of years from their parameter values and seeds: `YearModel.run`, or a study that spreads it over workers."""


def nearest_choice(parameter: Parameter) -> int:
    """Index of the choice nearest to the value that the plant file gives."""
    return int(np.argmin(np.abs(np.array(parameter.choices) - parameter.value)))


@dataclass(frozen=True)
class DesignSpace:
    """All designs of a model: its parameters with more than one choice."""

    parameters: tuple[Parameter, ...]

    @classmethod
    def of(cls, model: YearModel) -> DesignSpace:
        return cls(tuple(p for p in model.parameters if len(p.choices) > 1))

    @property
    def count(self) -> int:
        """Number of designs."""
        return int(np.prod([len(p.choices) for p in self.parameters], dtype=float))

    @property
    def all(self) -> Iterable[Design]:
        return itertools.product(*(range(len(p.choices)) for p in self.parameters))

    @property
    def present(self) -> Design:
        """The design that the plant file describes: the choice nearest to each value."""
        return tuple(nearest_choice(p) for p in self.parameters)

    def values(self, design: Design) -> dict[str, float]:
        """Value of each parameter, by name."""
        return {p.name: p.choices[k] for p, k in zip(self.parameters, design, strict=True)}

    def labels(self, design: Design) -> dict[str, str]:
        """What is chosen, by name, for choices that are things; empty for numbers."""
        return {p.name: p.labels[k] if p.labels else "" for p, k in zip(self.parameters, design, strict=True)}

    def neighbours(self, design: Design) -> list[tuple[Parameter, int, Design]]:
        """Designs that differ in one choice: parameter, -1 or 1 for the next size and 0 for another thing, design."""
        found = []
        for k, parameter in enumerate(self.parameters):
            for other in range(len(parameter.choices)):
                step = 0 if parameter.labels else other - design[k]  # things have no order
                if other != design[k] and abs(step) <= 1:
                    found.append((parameter, step, (*design[:k], other, *design[k + 1 :])))
        return found


def with_values(model: YearModel, values: np.ndarray, changes: Mapping[str, float]) -> np.ndarray:
    """Rows of values in which some parameters have one value in all rows; KeyError names a near parameter."""
    columns = {p.name: k for k, p in enumerate(model.parameters)}
    changed = np.array(values, float)
    for name, value in changes.items():
        if name not in columns:
            raise KeyError(f'{model.name} has no parameter "{name}"{nearest(name, columns)}.')
        changed[:, columns[name]] = value
    return changed


@dataclass
class Ensemble:
    """The same years under any design; what was computed is kept."""

    model: YearModel
    space: DesignSpace
    values: np.ndarray
    seeds: np.ndarray
    run: Run
    kept: dict[Design, np.ndarray] = field(default_factory=dict)

    @property
    def years(self) -> int:
        """Years for each design."""
        return len(self.seeds)

    def prepare(self, designs: Iterable[Design]) -> None:
        """Compute the years of designs that are not known yet, all in one call so that workers share them."""
        new = [design for design in dict.fromkeys(designs) if design not in self.kept]
        if not new:
            return
        rows = np.vstack([with_values(self.model, self.values, self.space.values(design)) for design in new])
        figures = self.run(rows, np.tile(self.seeds, len(new)))
        self.kept.update(zip(new, np.split(figures, len(new)), strict=True))

    def figures(self, design: Design) -> np.ndarray:
        """Figures (years, figures) under a design."""
        self.prepare([design])
        return self.kept[design]

    def column(self, design: Design, name: str) -> np.ndarray:
        """One figure of each year under a design."""
        return self.figures(design)[:, self.place(name)]

    def place(self, name: str) -> int:
        """Column of a figure."""
        names = [figure.name for figure in self.model.figures]
        if name not in names:
            raise KeyError(f'{self.model.name} has no figure "{name}"{nearest(name, names)}.')
        return names.index(name)

    def means(self, designs: Sequence[Design], name: str) -> np.ndarray:
        """Expected value of a figure under each design."""
        self.prepare(designs)
        return np.array([self.column(design, name).mean() for design in designs])


@dataclass(frozen=True)
class Estimate:
    """A mean over years and its standard error."""

    mean: float
    error: float

    @classmethod
    def of(cls, years: np.ndarray) -> Estimate:
        """Of a sample as `sampling.draw` makes it: the scatter of its independent randomisations."""
        if len(years) % sampling.REPLICATES == 0 and len(years):
            return cls(*map(float, sampling.mean(years)))
        n = len(years)
        return cls(float(years.mean()), float(years.std(ddof=1) / np.sqrt(n)) if n > 1 else float("nan"))

    @classmethod
    def share(cls, met: np.ndarray) -> Estimate:
        """Of a probability; where all years agree the error is that of one year that would not (Wilson's centre)."""
        found = cls.of(met.astype(float))
        if found.error > 0.0:
            return found
        centre = (met.sum() + 2.0) / (len(met) + 4.0)
        return cls(found.mean, float(np.sqrt(centre * (1.0 - centre) / (len(met) + 4.0))))
