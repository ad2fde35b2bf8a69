"""What a design has to reach, and how sure that must be: the table `[campaign.targets]` of a plant file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from twin.studies.sizing.price import Number

NO_LIMIT = math.inf


@dataclass(frozen=True, kw_only=True)
class Targets:
    """Limits of a year's figures; what is not given is no target."""

    recovery: float = Number("1", 0.90, "least recovery", "回収率の下限", "assumed", (0.0, 1.0))
    lost: float = Number("kg", NO_LIMIT, "most helium lost in a year", "年間ヘリウム損失の上限", "assumed", (0.0, 1e9))
    unmet: float = Number(
        "1", 0.01, "most of the demand that is not served", "供給できない需要の割合の上限", "assumed", (0.0, 1.0)
    )
    cost: float = Number("JPY", NO_LIMIT, "most cost of a year", "年間費用の上限", "assumed", (0.0, 1e15))
    cost_per_litre: float = Number(
        "JPY/kg", NO_LIMIT, "most cost over liquid delivered", "供給量あたり費用の上限", "assumed", (0.0, 1e12)
    )
    power_peak: float = Number("W", NO_LIMIT, "most electric power", "最大電力の上限", "assumed", (0.0, 1e9))
    confidence: float = Number(
        "1",
        0.9,
        "least probability with which each target is to be met",
        "各目標を満たす確率の下限",
        "assumed",
        (0.0, 1.0),
    )


@dataclass(frozen=True)
class Target:
    """One limit: `figure` of the outcome, `limit` [SI], whether it is the least or the most that is allowed."""

    name: str
    unit: str
    limit: float
    least: bool
    text: str
    text_ja: str

    def met(self, figures: Mapping[str, np.ndarray]) -> np.ndarray:
        """Of each year, whether it meets the target."""
        value = figures[self.name]
        return value >= self.limit if self.least else value <= self.limit


LEAST = ("recovery",)
"""Targets that are to be exceeded; the others are not to be."""


def given_targets(card: Targets) -> tuple[Target, ...]:
    """The limits that bind at all; the unmet demand as a share is the figure `unmet_share`."""
    found = []
    for name, field in card.__dataclass_fields__.items():
        value = getattr(card, name)
        if name == "confidence" or not math.isfinite(value) or (name in LEAST and value <= 0.0):
            continue
        about: Mapping[str, Any] = field.metadata
        figure = {"unmet": "unmet_share"}.get(name, name)
        found.append(Target(figure, about["unit"], value, name in LEAST, about["text"], about["text_ja"]))
    return tuple(found)
