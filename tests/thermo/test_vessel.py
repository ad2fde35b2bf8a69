"""Density and internal energy give back pressure and enthalpy from any sane guess."""

from __future__ import annotations

import numpy as np
import pytest

from thermo import helium, validity
from thermo.eos import P_CRITICAL, P_LAMBDA

GUESSES = (-1.0, -1.01, -3.0, 1.0, 6e3, 1e5, 2.28e5, 1e7)
solve = helium.ph_rho_u.raw
rho_of = helium.rho_ph.raw


def assert_round_trip(states: list[tuple[float, float]]) -> None:
    for p, h in states:
        rho = rho_of(p, h)
        u = h - p / rho
        for guess in GUESSES:
            p_back, h_back, code = solve(rho, u, -guess * p if guess < 0.0 else guess, 0.0)
            assert code == 0
            rho_back = rho_of(p_back, h_back)
            assert rho_back == pytest.approx(rho, rel=1e-10)
            assert h_back - p_back / rho_back == pytest.approx(u, rel=1e-10, abs=1e-6)


def test_one_phase_states_from_vacuum_to_300_bar() -> None:
    rng = np.random.default_rng(1)
    p = np.exp(rng.uniform(np.log(1e-2), np.log(300e5), 400))
    T = np.exp(rng.uniform(np.log(2.18), np.log(650.0), 400))
    assert_round_trip([(a, helium.h_pT.raw(a, b)) for a, b in zip(p, T, strict=True) if validity.code_pT(a, b) == 0])


def test_mixtures_and_both_sides_of_the_dome() -> None:
    rng = np.random.default_rng(2)
    states = []
    for p in rng.uniform(P_LAMBDA, P_CRITICAL, 150):
        low, high = helium.h_liq.raw(p), helium.h_vap.raw(p)
        states += [(p, low + x * (high - low)) for x in rng.random(2)]
        states += [(p, low + rng.normal()), (p, high + rng.normal())]
    assert_round_trip(states)


def test_near_the_critical_point() -> None:
    rng = np.random.default_rng(3)
    p, T = rng.uniform(2.1e5, 2.5e5, 300), rng.uniform(5.0, 5.4, 300)
    assert_round_trip([(a, helium.h_pT.raw(a, b)) for a, b in zip(p, T, strict=True)])


def test_a_near_vacuum_vessel() -> None:
    p, _, code = solve(1e-5, -623.5e3, 1e5, 0.0)
    assert code == 0
    assert p == pytest.approx(1e-5 * 2077.2 * 300.0, rel=1e-3)


def test_impossible_vessels_return_a_code_and_numbers() -> None:
    for rho, u, code in [(250.0, -1.4e6, 3), (146.0, -1.58e6, 1), (1.0, 5e6, 3), (600.0, 0.0, 3), (-1.0, 0.0, 4)]:
        p, h, found = solve(rho, u, 1e5, 0.0)
        assert found == code
        assert np.isfinite(p)
        assert np.isfinite(h)
    assert solve(float("nan"), 0.0, 1e5, 0.0)[2] == 4


def test_the_answer_is_the_same_bits_every_time() -> None:
    assert len({solve(0.9, -5e5, 1.7e5, 0.0) for _ in range(20)}) == 1
