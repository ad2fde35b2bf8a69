"""The equation of state is CoolProp's, and its derivatives are its derivatives."""

from __future__ import annotations

import json

import numpy as np
import pytest

from thermo import eos

STATES = [(124.67, 4.2238), (69.6, 5.2), (5.0, 10.0), (0.16, 300.0), (180.0, 7.0), (22.0, 80.0)]


def test_every_coefficient_is_coolprops() -> None:
    coolprop = pytest.importorskip("CoolProp.CoolProp")
    equation = json.loads(coolprop.get_fluid_param_string("Helium", "JSON"))[0]["EOS"][0]
    power, gauss = equation["alphar"]
    none = [0.0] * len(power["n"])
    assert list(eos.N) == power["n"] + gauss["n"]
    assert list(eos.D) == power["d"] + gauss["d"]
    assert list(eos.T) == power["t"] + gauss["t"]
    assert list(eos.L) == power["l"] + [0.0] * len(gauss["n"])
    for ours, theirs in ((eos.ETA, "eta"), (eos.EPSILON, "epsilon"), (eos.BETA, "beta"), (eos.GAMMA, "gamma")):
        assert list(ours) == none + gauss[theirs]
    lead, log_tau = equation["alpha0"][:2]
    assert (lead["a1"], lead["a2"], log_tau["a"]) == (eos.IDEAL_A1, eos.IDEAL_A2, eos.IDEAL_C)
    assert equation["gas_constant"] / equation["molar_mass"] == eos.GAS_CONSTANT
    assert equation["SUPERANCILLARY"]["meta"]["Tcrittrue / K"] == eos.T_CRITICAL


@pytest.mark.parametrize(("rho", "T"), STATES)
def test_states_agree_with_coolprop_to_round_off(rho: float, T: float) -> None:
    coolprop = pytest.importorskip("CoolProp.CoolProp")
    them = coolprop.AbstractState("HEOS", "Helium")
    them.update(coolprop.PT_INPUTS, 101325.0, 300.0)
    h_0, s_0 = them.hmass(), them.smass()
    them.specify_phase(coolprop.iphase_gas)  # the same surface, not the mixture, inside the dome
    them.update(coolprop.DmassT_INPUTS, rho, T)
    p, _, _, h, _, _ = eos.first_rhoT(rho, T)
    assert p == pytest.approx(them.p(), rel=1e-12)
    assert h == pytest.approx(them.hmass() - h_0, abs=1e-6)
    assert eos.s_rhoT(rho, T) == pytest.approx(them.smass() - s_0, abs=1e-7)
    assert eos.caloric_rhoT(rho, T) == pytest.approx((them.cvmass(), them.cpmass(), them.speed_sound()), rel=1e-9)


@pytest.mark.parametrize(("rho", "T"), STATES)
def test_derivatives_are_those_of_the_function(rho: float, T: float) -> None:
    step = 1e-4  # fourth-order differences: truncation and round-off both near 1e-9 of the largest term

    def slope(f, at: float) -> np.ndarray:  # type: ignore[no-untyped-def]
        d = step * at
        near = [np.array(f(at + n * d)) for n in (-2, -1, 1, 2)]
        return (near[0] - 8 * near[1] + 8 * near[2] - near[3]) / (12 * d)

    by_rho = slope(lambda r: eos.first_rhoT(r, T), rho)
    by_T = slope(lambda t: eos.first_rhoT(rho, t), T)
    _, p_rho, p_T, _, h_rho, h_T = eos.first_rhoT(rho, T)
    assert (by_rho[0], by_T[0], by_rho[3], by_T[3]) == pytest.approx((p_rho, p_T, h_rho, h_T), rel=1e-6, abs=1e-6)
    second = np.array(eos.second_rhoT(rho, T))
    size = np.array([p_rho, p_rho, p_T, abs(h_rho) + 1.0, h_T, h_T]) / np.array([rho, T, T, rho, rho, T])
    found = np.array([by_rho[1], by_T[1], by_T[2], by_rho[4], by_T[4], by_T[5]])
    assert np.all(np.abs(second - found) < 1e-5 * np.abs(size) + 1e-5 * np.abs(second))


@pytest.mark.parametrize(("rho", "T"), STATES)
def test_enthalpy_and_entropy_obey_maxwell(rho: float, T: float) -> None:
    _, _, p_T, _, h_rho, h_T = eos.first_rhoT(rho, T)
    p_rho = eos.first_rhoT(rho, T)[1]
    assert h_rho == pytest.approx((p_rho - T * p_T / rho) / rho, rel=1e-9)
    d = 1e-5 * rho
    s_rho = (eos.s_rhoT(rho + d, T) - eos.s_rhoT(rho - d, T)) / (2 * d)
    assert s_rho == pytest.approx(-p_T / rho**2, rel=1e-6)
    assert h_T > 0.0


def test_reference_state_is_300_kelvin_and_one_atmosphere() -> None:
    rho = 0.1625155712  # of CoolProp at that state
    _, _, _, h, _, _ = eos.first_rhoT(rho, 300.0)
    assert h == pytest.approx(0.0, abs=1e-3)
    assert eos.s_rhoT(rho, 300.0) == pytest.approx(0.0, abs=1e-5)


def test_first_and_second_slope_of_pressure_vanish_at_the_critical_point() -> None:
    p, p_rho = eos.first_rhoT(eos.RHO_CRITICAL, eos.T_CRITICAL)[:2]
    assert p == pytest.approx(eos.P_CRITICAL, rel=1e-12)
    assert abs(p_rho) < 1e-6 * p / eos.RHO_CRITICAL
    assert abs(eos.second_rhoT(eos.RHO_CRITICAL, eos.T_CRITICAL)[0]) < 1e-6 * p / eos.RHO_CRITICAL**2


def test_dilute_helium_is_an_ideal_monatomic_gas() -> None:
    cv, cp, w = eos.caloric_rhoT(1e-6, 100.0)
    assert cv == pytest.approx(1.5 * eos.GAS_CONSTANT, rel=1e-6)
    assert cp == pytest.approx(2.5 * eos.GAS_CONSTANT, rel=1e-6)
    assert w == pytest.approx((5.0 / 3.0 * eos.GAS_CONSTANT * 100.0) ** 0.5, rel=1e-6)
