"""The books: where every kilogram of helium and impurity, and every joule, went since the start.

Content of all volumes (what the ambient took included) and of all walls, less what heat and work brought in, cannot
change. What remains is the error of the arithmetic; the ledger states it relative to what the plant holds and moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from twin.unit import SPECIES

if TYPE_CHECKING:
    from twin.plant import Plant

LIQUID_LITRE = 0.12467
"""Helium in a litre of liquid at 101 325 Pa [kg] (CoolProp 8.0.0)."""


@dataclass(frozen=True)
class Ledger:
    """Balance of a plant since its start, in kg and J; closures are relative."""

    helium: dict[str, float]
    """Helium in every volume [kg]; for the ambient, what came in since the start."""
    helium_start: float
    mass_error: float
    mass_closure: float
    impurity_closure: float
    energy_error: float
    energy_closure: float
    heat: float
    work: float
    kg_lost: dict[str, float]
    litres_liquefied: float

    def to_dict(self) -> dict[str, object]:
        """For JSON."""
        return dict(vars(self))


@dataclass(frozen=True)
class Books:
    """Content of the plant at its start."""

    mass: float
    scale: float
    energy: float
    energy_scale: float
    species: np.ndarray

    def close(self, plant: Plant) -> Ledger:
        """The balance now."""
        data, model = plant._data, plant._model
        free = model.node_card.fixed == 0
        heat = float(data.node.q_total.sum() + data.wall_total.sum())
        work = float(data.link_total.w_total.sum())
        mass_error = _mass(plant) - self.mass
        energy_error = _energy(plant) - self.energy - heat - work
        booked = float(np.abs(data.node.q_total).sum() + np.abs(data.wall_total).sum())
        booked += float(np.abs(data.link_total.w_total).sum())
        species_error = np.abs(_species(plant) - self.species).max()
        species_scale = max(float(sum(np.abs(data.node[s]).sum() for s in SPECIES)), 1e-30)
        return Ledger(
            helium=dict(zip(plant._compiled.node_names, map(float, data.node.mass), strict=True)),
            helium_start=float(self.mass),
            mass_error=mass_error,
            mass_closure=abs(mass_error) / max(self.scale, float(data.node.mass[free].sum()), 1e-30),
            impurity_closure=species_error / species_scale,
            energy_error=energy_error,
            energy_closure=abs(energy_error) / (self.energy_scale + booked + 1e-30),
            heat=heat,
            work=work,
            kg_lost=_losses(plant),
            litres_liquefied=_liquid_made(plant) / LIQUID_LITRE,
        )


def open_books(plant: Plant) -> Books:
    """Count everything at the start."""
    data = plant._data
    free = plant._model.node_card.fixed == 0
    return Books(
        mass=_mass(plant),
        scale=float(data.node.mass[free].sum()),
        energy=_energy(plant),
        energy_scale=float(np.abs(data.node.energy).sum() + np.abs(data.cell.e).sum()),
        species=_species(plant),
    )


def _mass(plant: Plant) -> float:
    return float(plant._data.node.mass.sum())


def _energy(plant: Plant) -> float:
    return float(plant._data.node.energy.sum() + plant._data.cell.e.sum())


def _species(plant: Plant) -> np.ndarray:
    return np.array([plant._data.node[s].sum() for s in SPECIES])


def _losses(plant: Plant) -> dict[str, float]:
    """Helium that left through flows which their units call a loss, by cause [kg]."""
    lost: dict[str, float] = {}
    for unit, number, total in plant.flows():
        cause = unit.card.losses().get(number) if hasattr(unit.card, "losses") else None
        if cause:
            lost[cause] = lost.get(cause, 0.0) + total
    return lost


def _liquid_made(plant: Plant) -> float:
    """Liquid made by everything that counts it (tags `liquid_made`) [kg]."""
    return sum(plant[name] for name in plant.tags if name.endswith(".liquid_made"))
