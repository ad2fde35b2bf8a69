"""Solids: published values, and energy and temperature that belong together."""

from __future__ import annotations

import numpy as np
import pytest

from thermo.errors import OutOfRange
from thermo.materials import (
    ALUMINIUM,
    COPPER,
    STAINLESS_STEEL,
    cp_material,
    e_material,
    fit_cp,
    fit_k,
    k_material,
    temp_material,
)

SOLIDS = (ALUMINIUM, COPPER, STAINLESS_STEEL)


@pytest.mark.parametrize(
    ("material", "T", "cp", "k"),
    [
        (ALUMINIUM, 77.0, 348.1, 83.53),
        (ALUMINIUM, 293.0, 942.9, 154.3),
        (COPPER, 77.0, 195.9, 515.1),
        (STAINLESS_STEEL, 77.0, 204.5, 7.92),
    ],
)
def test_values_of_the_nist_fits(material: int, T: float, cp: float, k: float) -> None:
    assert cp_material(material, T) == pytest.approx(cp, rel=3e-4)
    assert k_material(material, T) == pytest.approx(k, rel=3e-4)


@pytest.mark.parametrize("material", SOLIDS)
def test_table_follows_the_fits(material: int) -> None:
    T = np.geomspace(2.0, 450.0, 2000)  # worst beside the kinks at 4 and 300 K
    assert np.allclose(cp_material(material, T), fit_cp(material, T), rtol=1e-3)
    assert np.allclose(k_material(material, T), fit_k(material, T), rtol=1e-3)


@pytest.mark.parametrize("material", SOLIDS)
def test_temperature_comes_back_from_energy(material: int) -> None:
    T = np.concatenate([np.geomspace(2.0, 450.0, 3000), 2.0 ** np.arange(1, 9)])
    assert np.allclose(temp_material(material, e_material(material, T)), T, rtol=1e-11)


@pytest.mark.parametrize("material", SOLIDS)
def test_heat_capacity_is_the_slope_of_energy(material: int) -> None:
    for T in (2.5, 4.2, 20.0, 77.0, 299.0, 400.0):
        d = 1e-5 * T
        slope = (e_material(material, T + d) - e_material(material, T - d)) / (2 * d)
        assert slope == pytest.approx(cp_material(material, T), rel=1e-6)


def test_kernels_continue_outside_the_range() -> None:
    for material in SOLIDS:
        for T in (0.3, 0.99, 600.0, 1500.0):
            e = e_material.raw(material, T)
            assert temp_material.raw(material, e) == pytest.approx(T, rel=1e-9)
            assert cp_material.raw(material, T) > 0.0
            assert k_material.raw(material, T) > 0.0


def test_refusals() -> None:
    with pytest.raises(OutOfRange, match="from 2 to 450 K"):
        cp_material(COPPER, 1.0)
    with pytest.raises(OutOfRange, match="no such solid"):
        k_material(7, 77.0)
    with pytest.raises(OutOfRange, match="from 2 to 450 K"):
        temp_material(COPPER, 1e7)
