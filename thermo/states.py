"""One state of helium in full, for people: solved from the equation of state itself, not read from the table."""

from __future__ import annotations

from dataclasses import dataclass

from thermo import helium
from thermo.eos import (
    P_CRITICAL,
    P_LAMBDA,
    RHO_CRITICAL,
    T_CRITICAL,
    caloric_rhoT,
    first_rhoT,
    rho_pT_near,
    s_rhoT,
    solve_ph,
)
from thermo.errors import OutOfRange
from thermo.saturation import saturate
from thermo.transport import k_rhoT, mu_rhoT

NEEDED = "give the pressure p and one of T, h, s, x; or the temperature T and the quality x"


@dataclass(frozen=True)
class State:
    """A state of helium: SI units, h = s = 0 at 300 K and 101.325 kPa.

    In the two-phase region heat capacities, speed of sound and transport properties have no single value and are NaN.
    """

    T: float
    p: float
    h: float
    s: float
    rho: float
    u: float
    cp: float
    cv: float
    w: float
    mu: float
    k: float
    x: float
    phase: str


def state(
    p: float | None = None,
    T: float | None = None,
    h: float | None = None,
    s: float | None = None,
    x: float | None = None,
) -> State:
    """State of helium from pressure [Pa] and one of T [K], h [J/kg], s [J/(kg K)], x [1]; or from T and x.

    Valid from 2.1768 K to 700 K and to 33.5 MPa, outside the solid; raises `OutOfRange` elsewhere and TypeError
    for any other pair. Within 1e-9 of CoolProp HEOS.

    >>> round(state(p=101325.0, x=0.0).T, 4), state(p=101325.0, T=300.0).phase
    (4.2238, 'gas')
    """
    given = [name for name, value in (("T", T), ("h", h), ("s", s), ("x", x)) if value is not None]
    if p is None:
        if given != ["T", "x"]:
            raise TypeError(f"A state of helium needs two quantities: {NEEDED}.")
        p = float(helium.p_sat(T))
    elif len(given) != 1:
        raise TypeError(f"A state of helium needs exactly two quantities: {NEEDED}.")
    if x is not None:
        return boiling(p, x)
    if T is not None:
        return single(rho_pT_near(p, T, float(helium.rho_pT(p, T))), T)
    if h is None:
        h = float(helium.h_ps(p, s))
    if P_LAMBDA <= p < P_CRITICAL and helium.h_liq(p) < h < helium.h_vap(p):
        return boiling(p, float((h - helium.h_liq(p)) / (helium.h_vap(p) - helium.h_liq(p))))
    rho, T, _ = solve_ph(p, h, float(helium.rho_ph(p, h)), float(helium.T_ph(p, h)), 30)
    return single(rho, T)


def single(rho: float, T: float) -> State:
    """A state of one phase, from the equation of state."""
    p, p_rho, p_T, h, _, _ = first_rhoT(rho, T)
    cv, cp, w = caloric_rhoT(rho, T)
    k = k_rhoT(rho, T, 1.0 / (rho * p_rho), p_T)
    liquid = T_CRITICAL > T and rho > RHO_CRITICAL
    phase = "supercritical" if T >= T_CRITICAL and p >= P_CRITICAL else ("liquid" if liquid else "gas")
    x = 0.0 if liquid else 1.0
    return State(T, p, h, s_rhoT(rho, T), rho, h - p / rho, cp, cv, w, mu_rhoT(rho, T), k, x, phase)


def boiling(p: float, x: float) -> State:
    """A state on the boiling line or between its ends."""
    if not 0.0 <= x <= 1.0:
        raise OutOfRange(
            f"A vapour quality lies between 0 (boiling liquid) and 1 (saturated vapour), not at x = {x:g}."
        )
    T, rho_l, rho_v = saturate(p, float(helium.T_sat(p)), float(helium.rho_liq(p)), float(helium.rho_vap(p)))
    h_l, h_v = first_rhoT(rho_l, T)[3], first_rhoT(rho_v, T)[3]
    h, rho = h_l + x * (h_v - h_l), 1.0 / ((1.0 - x) / rho_l + x / rho_v)
    s = s_rhoT(rho_l, T) + (h - h_l) / T
    nan = float("nan")
    return State(T, p, h, s, rho, h - p / rho, nan, nan, nan, nan, nan, x, "two-phase")
