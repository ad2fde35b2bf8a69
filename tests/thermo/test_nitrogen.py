"""Nitrogen against CoolProp, and no vapour line below the triple point."""

from __future__ import annotations

import pytest

from thermo.errors import OutOfRange
from thermo.nitrogen import T_sat_n2, cp_gas_n2, h_vap_n2, p_sat_n2, refrigeration_n2, rho_liq_n2, rho_vap_n2


@pytest.mark.parametrize("T", [63.2, 70.0, 77.355, 90.0, 110.0])
def test_boiling_line_agrees_with_coolprop(T: float) -> None:
    coolprop = pytest.importorskip("CoolProp.CoolProp")
    liquid, vapour = (coolprop.AbstractState("HEOS", "Nitrogen") for _ in range(2))
    liquid.update(coolprop.QT_INPUTS, 0, T)
    vapour.update(coolprop.QT_INPUTS, 1, T)
    # the ancillary equations are fits to the full one, stated within 0.02 %, 0.1 %
    assert p_sat_n2(T) == pytest.approx(liquid.p(), rel=2e-4)
    assert T_sat_n2(p_sat_n2(T)) == pytest.approx(T, rel=1e-10)
    assert rho_liq_n2(T) == pytest.approx(liquid.rhomass(), rel=1e-3)
    assert rho_vap_n2(T) == pytest.approx(vapour.rhomass(), rel=1e-3)
    assert h_vap_n2(T) == pytest.approx(vapour.hmass() - liquid.hmass(), rel=1e-3)


def test_a_bath_at_one_atmosphere() -> None:
    assert h_vap_n2(77.355) == pytest.approx(199.2e3, rel=1e-3)
    assert rho_liq_n2(77.355) == pytest.approx(806.0, abs=0.5)
    assert cp_gas_n2(300.0) == pytest.approx(1039.7, rel=1e-3)
    assert refrigeration_n2(77.355, 295.0) == pytest.approx(425e3, rel=0.02)


def test_frozen_nitrogen_has_no_boiling_line() -> None:
    for ask in (lambda: p_sat_n2(63.0), lambda: T_sat_n2(10e3), lambda: h_vap_n2(float("nan"))):
        with pytest.raises(OutOfRange, match="solid below"):
            ask()
    with pytest.raises(OutOfRange, match="end at 120"):
        rho_liq_n2(124.0)
