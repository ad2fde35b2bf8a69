"""Nitrogen in a liquid-nitrogen bath: boiling line, latent heat, densities, vapour heat capacity.

The boiling line is the ancillary equations of Span, Lemmon, Jacobsen, Wagner and Yokozeki ("A reference equation of
state for the thermodynamic properties of nitrogen", J. Phys. Chem. Ref. Data 29, 2000, 1361); the latent heat follows
from them by Clapeyron's equation. Vapour pressure within 0.02 %, densities 0.1 %, latent heat 0.5 % of the full
equation. Valid from the triple point, 63.151 K, where nitrogen freezes, to 120 K; below, every function refuses.
"""

from __future__ import annotations

from math import exp, log

from thermo.jit import kernel
from thermo.public import public

T_TRIPLE, P_TRIPLE = 63.151, 12519.8
T_HIGHEST = 120.0
T_CRITICAL, P_CRITICAL, RHO_CRITICAL = 126.192, 3395800.0, 313.3
GAS_CONSTANT = 8.31451 / 0.02801348
"""Specific gas constant of nitrogen [J/(kg K)]."""


@kernel
def vapour_pressure(T):
    """Vapour pressure [Pa] and its slope [Pa/K] of temperature [K]."""
    z = 1.0 - T / T_CRITICAL
    root = z**0.5
    series = z * (-6.12445284 + 1.26327220 * root - 0.765910082 * z * root - 1.77570564 * z**4)
    slope = -6.12445284 + 1.8949083 * root - 1.914775205 * z * root - 8.8785282 * z**4
    p = P_CRITICAL * exp(T_CRITICAL / T * series)
    return p, -p / T * (slope + T_CRITICAL / T * series)


@kernel
def code_T(T):
    """0 if nitrogen boils at T [K]; 1 if it is frozen; 2 if too hot."""
    if not T >= T_TRIPLE:
        return 1
    return 0 if T <= T_HIGHEST else 2


@kernel
def code_p(p):
    """0 if nitrogen boils at p [Pa]; 1 if it is frozen; 2 if too hot."""
    if not p >= P_TRIPLE:
        return 1
    return 0 if p <= vapour_pressure(T_HIGHEST)[0] else 2


def explain(code: int, given: dict[str, float]) -> str:
    """Why a boiling state is refused, and what to do."""
    if code == 1:
        return (
            f"nitrogen is solid below {T_TRIPLE} K and {P_TRIPLE:.0f} Pa; keep the bath above its triple point, or use "
            "thermo.impurities.p_vap_n2 for the solid."
        )
    return f"these equations end at {T_HIGHEST:g} K; a nitrogen bath must stay below."


of_T, of_p = public(code_T, explain), public(code_p, explain)


@of_T
def p_sat_n2(T):
    """Vapour pressure [Pa] of temperature [K].

    >>> round(p_sat_n2(77.355) / 101325.0, 3)
    1.0
    """
    return vapour_pressure(T)[0]


@of_p
def T_sat_n2(p):
    """Boiling temperature [K] of pressure [Pa].

    >>> round(T_sat_n2(101325.0), 3)
    77.355
    """
    ratio = log(min(max(p, P_TRIPLE), P_CRITICAL))
    T = 77.355 / (1.0 - 0.115 * (ratio - 11.526))
    for _ in range(20):
        now, slope = vapour_pressure(T)
        step = (ratio - log(now)) * now / slope
        T = min(max(T + step, 50.0), 126.0)
        if abs(step) < 1e-12 * T:
            break
    return T


@of_T
def rho_liq_n2(T):
    """Density of boiling liquid [kg/m3] of temperature [K].

    >>> round(rho_liq_n2(77.355))
    806
    """
    z = 1.0 - T / T_CRITICAL
    return RHO_CRITICAL * exp(
        1.48654237 * z**0.3294
        - 0.280476066 * z ** (2.0 / 3.0)
        + 0.0894143085 * z ** (8.0 / 3.0)
        - 0.119879866 * z ** (35.0 / 6.0)
    )


@of_T
def rho_vap_n2(T):
    """Density of saturated vapour [kg/m3] of temperature [K]."""
    z = 1.0 - T / T_CRITICAL
    series = -1.70127164 * z**0.34 - 3.70402649 * z ** (5.0 / 6.0) + 1.29859383 * z ** (7.0 / 6.0)
    series += -0.561424977 * z ** (13.0 / 6.0) - 2.68505381 * z ** (14.0 / 3.0)
    return RHO_CRITICAL * exp(T_CRITICAL / T * series)


@of_T
def h_vap_n2(T):
    """Latent heat [J/kg] of temperature [K], by Clapeyron's equation.

    >>> round(h_vap_n2(77.355) / 1e3, 0)
    199.0
    """
    return T * vapour_pressure(T)[1] * (1.0 / rho_vap_n2(T) - 1.0 / rho_liq_n2(T))


@kernel
def cp_gas_n2(T):
    """Heat capacity of dilute nitrogen gas [J/(kg K)]: 7/2 R, and vibration (Span et al. 2000) above about 250 K."""
    x = 3364.011 / T
    vibration = x * x * exp(-x) / (1.0 - exp(-x)) ** 2
    return GAS_CONSTANT * (3.5 + 1.012941 * vibration)


@kernel
def refrigeration_n2(T_bath, T_vent):
    """Heat [J/kg] that nitrogen takes up from boiling at the bath to leaving at T_vent [K]: latent plus sensible."""
    return h_vap_n2(T_bath) + 0.5 * (cp_gas_n2(T_bath) + cp_gas_n2(T_vent)) * (T_vent - T_bath)
