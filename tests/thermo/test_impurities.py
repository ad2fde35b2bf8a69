"""Impurities: vapour pressures join at the triple point, beds hold more when colder."""

from __future__ import annotations

import pytest

from thermo.errors import OutOfRange
from thermo.impurities import (
    CHARCOAL,
    H2,
    H2O,
    MOLECULAR_SIEVE,
    N2,
    O2,
    T_TRIPLE,
    loading,
    p_vap,
    p_vap_h2,
    p_vap_h2o,
    p_vap_n2,
    p_vap_o2,
)


@pytest.mark.parametrize(
    ("name", "function", "T"),
    [
        ("Nitrogen", p_vap_n2, 77.0),
        ("Oxygen", p_vap_o2, 77.0),
        ("Hydrogen", p_vap_h2, 20.3),
        ("Water", p_vap_h2o, 300.0),
    ],
)
def test_liquids_agree_with_coolprop(name: str, function, T: float) -> None:  # type: ignore[no-untyped-def]
    coolprop = pytest.importorskip("CoolProp.CoolProp")
    assert function(T) == pytest.approx(coolprop.PropsSI("P", "T", T, "Q", 1, name), rel=3e-4)


def test_nitrogen_at_65_kelvin_leaves_about_one_percent_at_17_bar() -> None:
    assert p_vap_n2(65.0) == pytest.approx(17.4e3, rel=2e-3)


@pytest.mark.parametrize("species", [N2, O2, H2O, H2])
def test_solid_and_liquid_meet_at_the_triple_point(species: int) -> None:
    T = T_TRIPLE[species]
    # nitrogen joins two publications, 3 % apart; the others share the point
    assert p_vap(species, T * 0.999999) == pytest.approx(
        p_vap(species, T * 1.000001), rel=0.04 if species == N2 else 1e-3
    )


def test_published_sublimation_pressures() -> None:
    assert p_vap_n2(50.0) == pytest.approx(396.0, rel=0.06)  # CRC Handbook, vapour pressure of nitrogen
    assert p_vap_h2o(200.0) == pytest.approx(0.1626, rel=2e-3)  # Murphy and Koop (2005)
    assert 3e-5 < p_vap_h2(4.2) < 4e-4  # about 1e-6 torr on a cryopump at 4.2 K


def test_beds_hold_more_when_colder_and_at_higher_pressure() -> None:
    for bed in (CHARCOAL, MOLECULAR_SIEVE):
        for species in (N2, O2, H2):
            assert loading(bed, species, 77.0, 100.0) > loading(bed, species, 90.0, 100.0)
            assert loading(bed, species, 77.0, 1e3) > loading(bed, species, 77.0, 100.0)
            assert loading(bed, species, 77.0, 0.0) == 0.0


def test_hydrogen_on_charcoal_is_the_published_isotherm() -> None:
    # Richard, Benard and Chahine (2009), AX-21 at 77 K and 1 bar: about 11 mol/kg
    assert loading(CHARCOAL, H2, 77.0, 1e5) / 2.016e-3 == pytest.approx(11.0, rel=0.1)


def test_refusals() -> None:
    with pytest.raises(OutOfRange, match="above the critical point"):
        p_vap_n2(130.0)
    with pytest.raises(OutOfRange, match="from 4 K up"):
        p_vap_h2(2.0)
    with pytest.raises(OutOfRange, match="no such impurity"):
        p_vap(9, 77.0)
    with pytest.raises(OutOfRange, match="60 to 350 K"):
        loading(CHARCOAL, N2, 20.0, 1.0)
