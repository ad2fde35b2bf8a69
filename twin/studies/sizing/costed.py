"""A year model whose years also tell what they cost: figures `cost`, `cost.ITEM`, `cost_per_litre`, `unmet_share`."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from twin.studies.sizing.designs import Run
from twin.studies.sizing.economics import ITEMS, AnnualCost, Economics, annual_cost
from twin.studies.sizing.year_model import Figure, Parameter, YearModel

TOTAL = Figure("cost", "JPY", "cost of the year", "年間費用")
PER_LITRE = Figure("cost_per_litre", "JPY/kg", "cost over liquid delivered", "供給量あたり費用")
UNMET_SHARE = Figure("unmet_share", "1", "share of the demand that was not served", "供給できなかった需要の割合")


@dataclass(frozen=True)
class Costed:
    """A year model with its costs, itself a year model."""

    model: YearModel
    economics: Economics = dataclasses.field(default_factory=Economics)
    sources: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Where prices that the plant file gives come from, by field of the card; the others are the card's."""

    @property
    def name(self) -> str:
        return self.model.name

    @functools.cached_property
    def digest(self) -> str:
        """That of the model and of the prices."""
        text = f"{self.model.digest} {dataclasses.asdict(self.economics)}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return self.model.parameters

    @functools.cached_property
    def figures(self) -> tuple[Figure, ...]:
        """The model's, then those of the costs that it tells enough for."""
        known = {figure.name for figure in self.model.figures}
        items = [Figure(f"cost.{i.name}", "JPY", i.text, i.text_ja) for i in ITEMS if i.figure in known]
        shares = [PER_LITRE] if "delivered" in known else []
        shares += [UNMET_SHARE] if {"delivered", "unmet"} <= known else []
        return (*self.model.figures, TOTAL, *items, *shares)

    @property
    def prices(self) -> tuple[Parameter, ...]:
        """The prices that are the same in all years, as inputs of the study: with their sources."""
        uncertain, found = {parameter.name for parameter in self.parameters}, []
        for field in dataclasses.fields(self.economics):
            name, value, about = f"economics.{field.name}", getattr(self.economics, field.name), field.metadata
            source = self.sources.get(field.name, about["source"] if value == field.default else "")
            if name not in uncertain:
                found.append(Parameter(name, about["unit"], value, about["text"], about["text_ja"], source))
        return tuple(found)

    @property
    def left_out(self) -> tuple[str, ...]:
        """Items of cost of which the model tells nothing."""
        known = {figure.name for figure in self.model.figures}
        return tuple(item.name for item in ITEMS if item.figure not in known)

    def run(self, values: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        figures = self.model.run(values, seeds)
        return self.with_costs(values, figures)

    def around(self, run: Run) -> Run:
        """The same, where `run` computes the figures of the model without costs: a study that spreads the years."""
        return lambda values, seeds: self.with_costs(values, run(values, seeds))

    def with_costs(self, values: np.ndarray, figures: np.ndarray) -> np.ndarray:
        """Figures of the model, and behind them those of the costs."""
        cost = annual_cost(self.model, values, figures, self.economics)
        columns = {figure.name: figures[:, k] for k, figure in enumerate(self.model.figures)}
        return np.column_stack([figures, cost.total, *cost.items.values(), *self._shares(cost, columns)])

    def _shares(self, cost: AnnualCost, columns: dict[str, np.ndarray]) -> list[np.ndarray]:
        if "delivered" not in columns:
            return []
        delivered = columns["delivered"]
        if "unmet" not in columns:
            return [cost.per_mass(delivered)]
        demand = delivered + columns["unmet"]
        share = np.divide(columns["unmet"], demand, out=np.zeros(len(demand)), where=demand > 0.0)
        return [cost.per_mass(delivered), share]
