"""Where helium is described, and the sentences with which Python callers are refused elsewhere."""

from __future__ import annotations

from thermo.eos import P_CRITICAL, P_LAMBDA, T_CRITICAL, T_LAMBDA
from thermo.jit import kernel
from thermo.lookup import (
    BELOW_LAMBDA,
    BEYOND_MELTING,
    NOT_A_NUMBER,
    OUTSIDE_TABLE,
    Y_TOP,
    below,
    s_anywhere,
    y_lowest,
)
from thermo.public import public
from thermo.saturation import T_lowest, T_melt
from thermo.sheet import P_HIGH, P_LOW, Y_HIGH, h_py, y_ph

T_HIGHEST = 700.0
"""Highest temperature promised at every pressure [K]."""


@kernel
def code_ph(p, h):
    """0 if (p, h) is valid, else why not."""
    if not (abs(p) < 1e300 and abs(h) < 1e300):
        return NOT_A_NUMBER
    if not 0.0 < p < P_HIGH or y_ph(p, h) >= Y_HIGH:
        return OUTSIDE_TABLE
    q = max(p, P_LOW)
    return below(p) if y_ph(q, h) < y_lowest(q) - 0.05 else 0


@kernel
def code_pT(p, T):
    """0 if (p, T) is valid, else why not."""
    if not (abs(p) < 1e300 and abs(T) < 1e300):
        return NOT_A_NUMBER
    if T_lowest(max(p, 0.0)) * (1.0 - 1e-9) > T:
        return below(max(p, 0.0))
    return 0 if 0.0 < p < P_HIGH and T <= T_HIGHEST else OUTSIDE_TABLE


@kernel
def code_ps(p, s):
    """0 if (p, s) is valid, else why not."""
    if not (abs(p) < 1e300 and abs(s) < 1e300):
        return NOT_A_NUMBER
    if not 0.0 < p < P_HIGH:
        return OUTSIDE_TABLE
    q = max(p, P_LOW)
    low = s_anywhere(p, h_py(q, y_lowest(q)))
    return below(p) if s < low - 0.05 else (OUTSIDE_TABLE if s > s_anywhere(p, h_py(q, Y_TOP)) else 0)


@kernel
def code_p(p):
    """0 if helium boils at p, else why not."""
    if not abs(p) < 1e300:
        return NOT_A_NUMBER
    return BELOW_LAMBDA if p < P_LAMBDA * (1.0 - 1e-12) else (OUTSIDE_TABLE if p > P_CRITICAL else 0)


@kernel
def code_T(T):
    """0 if helium boils at T, else why not."""
    if not abs(T) < 1e300:
        return NOT_A_NUMBER
    return BELOW_LAMBDA if T < T_LAMBDA * (1.0 - 1e-12) else (OUTSIDE_TABLE if T > T_CRITICAL else 0)


def explain(code: int, given: dict[str, float]) -> str:
    """Why a state is refused, and what to do."""
    if code == NOT_A_NUMBER:
        return "not a finite number; look for the first input that is missing or divided by zero."
    if code == BELOW_LAMBDA:
        return (
            f"below the lambda point ({T_LAMBDA} K, boiling at {P_LAMBDA:.1f} Pa) helium is superfluid and this "
            f"equation does not hold; keep the temperature above {T_LAMBDA} K."
        )
    if code == BEYOND_MELTING:
        return (
            f"helium is solid below {T_melt(given['p']):.3f} K at this pressure; lower the pressure or raise the "
            "temperature."
        )
    return (
        f"outside the table, which covers pressures above 0 and below {P_HIGH:.6g} Pa and temperatures up to "
        f"{T_HIGHEST:g} K; use thermo.eos for states beyond."
    )


def explain_saturation(code: int, given: dict[str, float]) -> str:
    """Why there is no boiling state, and what to do."""
    if code == OUTSIDE_TABLE:
        return (
            f"helium does not boil above its critical point ({T_CRITICAL:.4f} K, {P_CRITICAL:.0f} Pa); ask for a "
            "one-phase quantity such as T_ph instead."
        )
    return explain(code, given)


of_ph = public(code_ph, explain)
of_pT = public(code_pT, explain)
of_ps = public(code_ps, explain)
of_p = public(code_p, explain_saturation)
of_T = public(code_T, explain_saturation)
