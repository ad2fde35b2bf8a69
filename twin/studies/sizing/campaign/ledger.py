"""Helium moves by one function; air rides along with the gas."""

from __future__ import annotations

from twin.studies.sizing.campaign.lean import lean
from twin.studies.sizing.campaign.records import BOUGHT, FIRST

R_RATIO = 287.05 / 2077.2
"""Gas constant of air over that of helium: volume that air adds to a kilogram."""


@lean
def move(y, a, b, amount):
    """Carry helium [kg] from one node of the ledger to another, no more than is there; returns what was carried."""
    if a != BOUGHT:
        amount = min(amount, y.mass[a])
    if amount <= 0.0:
        return 0.0
    if a >= FIRST and y.air[a] > 0.0:
        air = y.air[a] * (amount / y.mass[a])
        y.air[a] -= air
        y.air[b] += air
    y.mass[a] -= amount
    y.mass[b] += amount
    y.moved[0] += amount
    return amount


@lean
def gas(y, node):
    """Mass of helium that would fill the volume of this gas with its air [kg]."""
    return y.mass[node] + R_RATIO * y.air[node]
