"""What is built for a design: conductances of its exchangers and of its LN2 bath, nozzles of its turbines."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from twin.studies.design.arrangement import BATH
from twin.studies.design.cards import Exchanger
from twin.studies.design.result import ExchangerFound, Result

EXPONENT_BATH = 0.6
"""Exponent of flow in the conductance of the bath, as in the twin."""


def built_exchanger(row: ExchangerFound, card: Exchanger) -> Exchanger:
    """An exchanger by its conductance where both sides have the flow of its cooled stream."""
    even = 0.5 * (1.0 + (row.m_cold / row.m_hot) ** -card.exponent)
    built: dict[str, Any] = dict.fromkeys(card.given) | {"UA": row.UA * even, "m_design": row.m_hot}
    return dataclasses.replace(card, **built)


def bath_conductance(result: Result) -> float:
    """Conductance of the bath's coil [W/K], from the mean specific heat of the helium; 0 where nothing is cooled."""
    bath = result.design.bath
    if bath is None or bath.UA is not None:
        return bath.UA if bath and bath.UA else 0.0
    at = result.design.arrangement.place(BATH)
    before, after = result.point(f"H{at}"), result.point(f"H{at + 1}")
    if not before.temp > after.temp > bath.temp_bath:
        return 0.0
    cp = (before.h - after.h) / (before.temp - after.temp)
    return before.m_flow * cp * math.log((before.temp - bath.temp_bath) / (after.temp - bath.temp_bath))


def nozzles_of(result: Result) -> dict[str, float]:
    """What the nozzles of each turbine are sized for: m sqrt(T) / p at its inlet [kg K^0.5/(s Pa)]."""
    return {t.name: t.m_flow * math.sqrt(t.temp_in) / t.p_in for t in result.turbines}
