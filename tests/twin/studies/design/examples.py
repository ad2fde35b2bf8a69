"""Designs that the tests start from."""

from __future__ import annotations

from typing import Any

from twin.studies.design.arrangement import Arrangement, collins
from twin.studies.design.cards import Bath, Exchanger, Machine, Turbine
from twin.studies.design.steady import Design


def a_design(
    arrangement: Arrangement | None = None,
    *,
    ln2: bool = True,
    effectiveness: float = 0.97,
    efficiency: float = 0.72,
    split: tuple[float, ...] = (0.42, 0.40),
    **machine: Any,
) -> Design:
    """Two turbines side by side, unless asked otherwise."""
    a = arrangement or collins()
    shares = dict(zip(a.heads, split, strict=True))
    return Design(
        Machine(**machine),
        a,
        {name: Exchanger(effectiveness=effectiveness) for name in a.exchangers},
        {name: Turbine(share=shares.get(name, 0.0), efficiency=efficiency) for name in a.turbines},
        Bath() if ln2 else None,
    )
