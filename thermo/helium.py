"""Helium as its users need it: quantities of any useful pair, saturation, transport.

Names are quantity_inputs in SI: `T_ph(p, h)` is the temperature [K] of pressure [Pa] and specific enthalpy [J/kg];
h = s = 0 at 300 K and 101.325 kPa. The same name works in Python (scalars or arrays; refuses outside its validity with
`thermo.errors.OutOfRange`) and inside kernels (raw, never traps, continues smoothly outside).

Everything is read from one sheet over (p, h) made from the equation of state (`thermo.table`): 2.1768 K to about 800 K,
vacuum to 33.5 MPa. Against CoolProp HEOS: within 1e-4, at plant states 1e-6 (`benchmarks/thermo_table.py`).
"""

from __future__ import annotations

from math import exp, log

from thermo import table as _table
from thermo.eos import GAS_CONSTANT, P_CRITICAL, P_LAMBDA, RHO_CRITICAL, T_CRITICAL, T_LAMBDA
from thermo.jit import inner, kernel
from thermo.lookup import (
    BELOW_LAMBDA,
    H_LIQ,
    H_VAP,
    OUTSIDE_TABLE,
    P_TOP,
    RHO_LIQ,
    RHO_VAP,
    S_LIQ,
    S_VAP,
    T_SAT,
    VACUUM,
    Y_TOP,
    T_anywhere,
    both_anywhere,
    in_one_phase,
    s_anywhere,
    y_lowest,
    y_of,
)
from thermo.memory import fma, table
from thermo.public import public
from thermo.sheet import (
    BOIL_STEP,
    BOILING,
    ENTROPY,
    H_ORIGIN,
    NODES,
    P_LOW,
    ROW,
    ROW_S,
    TILT,
    h_py,
    sat_cell,
    sat_value,
    sheet_both,
    sheet_pv,
    sheet_s,
    sheet_T,
    sheet_T_slope,
    y_ph,
)
from thermo.transport import k_rhoT, mu_rhoT
from thermo.validity import explain, of_p, of_ph, of_ps, of_pT, of_T

P_ABSURD = 1e9
"""Highest pressure a kernel will return [Pa]."""

CP_IDEAL = 2.5 * GAS_CONSTANT
Y_IDEAL = -300.0 * CP_IDEAL - H_ORIGIN
S_IDEAL = GAS_CONSTANT * log(101325.0)
"""The ideal gas, as a first guess: y at 0 K [J/kg] and s + R ln p at 300 K [J/(kg K)]."""

_table.load()


# States of pressure and enthalpy.


@kernel
def state_ph(p, h):
    """State of pressure [Pa] and enthalpy [J/kg]: (temp, rho, drho_dp_h, drho_dh_p, dT_dp_h, dT_dh_p, x, code).

    x is the vapour quality inside the dome; outside it is 1 for gas and for fluid hotter than T_c or thinner than
    rho_c, 0 for liquid. Slopes are those of the sheet itself, inside the dome those of the equilibrium mixture.
    Code: 0 fine, 1 below the lambda point, 2 beyond melting, 3 outside the table, 4 not a number.
    """
    y = y_ph(p, h)
    x, code = -1.0, 0
    if in_one_phase(p, y):
        T, T_p, T_h, v, v_p, v_h = sheet_both(p, y)
    else:
        T, T_p, T_h, v, v_p, v_h, x, code = both_anywhere(p, h)
    p = max(p, VACUUM)
    rho = p / v
    if x < 0.0:
        x = 1.0 if T > T_CRITICAL or rho < RHO_CRITICAL else 0.0
    return T, rho, (1.0 - rho * v_p) / v, -rho * v_h / v, T_p, T_h, x, code


@kernel
def T_slope_ph(p, h):
    """Temperature [K] and its slope by enthalpy [K kg/J] of pressure [Pa] and enthalpy [J/kg]; slope 0 inside the dome.

    What a stream along a wall asks for most often; no codes.
    """
    y = y_ph(p, h)
    if in_one_phase(p, y):
        return sheet_T_slope(p, y)
    T, _, slope, _, _, _, _, _ = both_anywhere(p, h)
    return T, slope


@of_ph
def T_ph(p, h):
    """Temperature [K] of pressure [Pa] and enthalpy [J/kg].

    >>> round(T_ph(101325.0, 0.0), 6)
    300.0
    """
    y = y_ph(p, h)
    if in_one_phase(p, y):
        return sheet_T(p, y)
    return T_anywhere(p, h)


@of_ph
def rho_ph(p, h):
    """Density [kg/m3] of pressure [Pa] and enthalpy [J/kg].

    >>> round(rho_ph(101325.0, 0.0), 5)
    0.16252
    """
    y = y_ph(p, h)
    if in_one_phase(p, y):
        return p / sheet_pv(p, y)
    return max(p, VACUUM) / both_anywhere(p, h)[3]


@of_ph
def s_ph(p, h):
    """Entropy [J/(kg K)] of pressure [Pa] and enthalpy [J/kg]."""
    y = y_ph(p, h)
    if in_one_phase(p, y):
        return sheet_s(p, y) - GAS_CONSTANT * log(p)
    return s_anywhere(p, h)


@of_ph
def u_ph(p, h):
    """Internal energy [J/kg] of pressure [Pa] and enthalpy [J/kg]."""
    return h - p / rho_ph(p, h)


@of_ph
def x_ph(p, h):
    """Vapour quality [1] of pressure [Pa] and enthalpy [J/kg]; outside the dome 1 for gas, 0 for liquid."""
    return state_ph(p, h)[6]


@of_ph
def cp_ph(p, h):
    """Isobaric heat capacity [J/(kg K)]; infinite inside the dome."""
    return 1.0 / state_ph(p, h)[5]


@of_ph
def w_ph(p, h):
    """Speed of sound [m/s]; inside the dome that of the mixture in equilibrium."""
    state = state_ph(p, h)
    return (1.0 / (state[2] + state[3] / state[1])) ** 0.5


@of_ph
def kappa_ph(p, h):
    """Isentropic exponent rho w^2 / p [1]: 5/3 for the ideal gas; what nozzle equations call gamma."""
    state = state_ph(p, h)
    return state[1] / (p * (state[2] + state[3] / state[1]))


@of_ph
def compressibility_ph(p, h):
    """Isothermal compressibility (drho/dp at constant T) / rho [1/Pa]."""
    state = state_ph(p, h)
    return (state[2] - state[3] * state[4] / state[5]) / state[1]


# Saturation, by pressure. Kernels clamp to the lambda and the critical point.


@inner
def saturated(p, k):
    """Quantity k of the saturation line at a pressure, clamped to its ends."""
    a, u, _ = sat_cell(min(max(p, P_LAMBDA), P_CRITICAL))
    return sat_value(a, u, k)


@of_p
def T_sat(p):
    """Boiling temperature [K] of pressure [Pa].

    >>> round(T_sat(101325.0), 4)
    4.2238
    """
    return saturated(p, T_SAT)


@of_p
def h_liq(p):
    """Enthalpy of boiling liquid [J/kg] of pressure [Pa]."""
    return saturated(p, H_LIQ)


@of_p
def h_vap(p):
    """Enthalpy of saturated vapour [J/kg] of pressure [Pa]."""
    return saturated(p, H_VAP)


@of_p
def s_liq(p):
    """Entropy of boiling liquid [J/(kg K)] of pressure [Pa]."""
    return saturated(p, S_LIQ)


@of_p
def s_vap(p):
    """Entropy of saturated vapour [J/(kg K)] of pressure [Pa]."""
    return saturated(p, S_VAP)


@of_p
def rho_liq(p):
    """Density of boiling liquid [kg/m3] of pressure [Pa].

    >>> round(rho_liq(101325.0), 2)
    124.67
    """
    return saturated(p, RHO_LIQ)


@of_p
def rho_vap(p):
    """Density of saturated vapour [kg/m3] of pressure [Pa]."""
    return saturated(p, RHO_VAP)


@of_T
def p_sat(T):
    """Boiling pressure [Pa] of temperature [K]."""
    place = (min(max(T, T_LAMBDA), T_CRITICAL) - T_LAMBDA) * (1.0 / BOIL_STEP)
    i = int(place)
    u = place - i
    q = table()
    a = BOILING + 4 * i
    return fma(u, fma(u, fma(u, q[a + 3], q[a + 2]), q[a + 1]), q[a])


# Inverses: for machines and boundaries.


@inner
def branch(p, gas):
    """Ends in y of one phase on an isobar: (coldest, hottest)."""
    low = y_lowest(p)
    if not P_LAMBDA <= p < P_CRITICAL:
        return low, Y_TOP
    a, u, _ = sat_cell(p)
    if gas:
        return y_ph(p, sat_value(a, u, H_VAP)), Y_TOP
    return low, y_ph(p, sat_value(a, u, H_LIQ))


@of_pT
def h_pT(p, T):
    """Enthalpy [J/kg] of pressure [Pa] and temperature [K]; on the boiling line that of the vapour.

    >>> round(h_pT(101325.0, 300.0), 3)
    0.0
    """
    q = min(max(p, P_LOW), P_TOP)
    subcritical = P_LAMBDA <= q < P_CRITICAL
    gas = not subcritical or saturated(q, T_SAT) <= T
    first, last = branch(q, gas)
    y = y_of(T, NODES, ROW, 4, q, Y_IDEAL + CP_IDEAL * T - TILT * q, first, last)
    h = h_py(q, y)
    if subcritical:
        h = max(h, saturated(q, H_VAP)) if gas else min(h, saturated(q, H_LIQ))
    if p < P_LOW:
        for _ in range(3):
            both = both_anywhere(p, h)
            h -= (both[0] - T) / both[2]
    return h


@of_pT
def rho_pT(p, T):
    """Density [kg/m3] of pressure [Pa] and temperature [K]."""
    return rho_ph(p, h_pT(p, T))


@of_pT
def s_pT(p, T):
    """Entropy [J/(kg K)] of pressure [Pa] and temperature [K]."""
    return s_ph(p, h_pT(p, T))


@of_ps
def h_ps(p, s):
    """Enthalpy [J/kg] of pressure [Pa] and entropy [J/(kg K)]."""
    q = min(max(p, P_LOW), P_TOP)
    f = s + GAS_CONSTANT * log(max(p, VACUUM))
    gas = True
    if P_LAMBDA <= q < P_CRITICAL:
        a, u, _ = sat_cell(q)
        h_l, h_v = sat_value(a, u, H_LIQ), sat_value(a, u, H_VAP)
        h = h_l + (f - sheet_s(q, y_ph(q, h_l))) * sat_value(a, u, T_SAT)
        if h_l <= h <= h_v:
            return h
        gas = h > h_v
    first, last = branch(q, gas)
    ideal = 300.0 * exp((f - S_IDEAL) / CP_IDEAL)
    return h_py(q, y_of(f, ENTROPY, ROW_S, 2, q, Y_IDEAL + CP_IDEAL * ideal - TILT * q, first, last))


@of_ps
def T_ps(p, s):
    """Temperature [K] of pressure [Pa] and entropy [J/(kg K)]: where an isentropic expansion ends."""
    return T_ph(p, h_ps(p, s))


@of_ps
def rho_ps(p, s):
    """Density [kg/m3] of pressure [Pa] and entropy [J/(kg K)]."""
    return rho_ph(p, h_ps(p, s))


# State of a vessel.


@inner
def raw_ph_rho_u(rho, u, p_guess, h_guess):
    """See `ph_rho_u`."""
    if not (0.0 < rho < 1e300 and abs(u) < 1e300):
        return p_guess, h_guess, 4
    p = p_guess if VACUUM <= p_guess < 1e9 else 1e5
    low, high = 0.0, 1e12
    code = 0
    for _ in range(100):
        h = u + p / rho
        y = y_ph(p, h)
        fast = in_one_phase(p, y)
        if fast:
            _, _, _, v, v_p, v_h = sheet_both(p, y)
            code = 0
            settled = False
        else:
            _, _, _, v, v_p, v_h, x, code = both_anywhere(p, h)
            settled = code == 0 and 1e-3 < x < 0.999
        excess = p - v * rho
        if abs(excess) <= 1e-12 * p:
            return p, h, code
        if excess > 0.0:
            high = p
        else:
            low = p

        # Newton on p - rho pv, straight for gas, or on its ratio to p, straight for liquid
        slope = 1.0 - rho * v_p - v_h
        if rho > 40.0:
            slope -= excess / p
        new = p - excess / slope
        if abs(excess) < 1e-7 * p and (settled or (fast and in_one_phase(new, y_ph(new, u + new / rho)))):
            return new, u + new / rho, code
        if not low < new < high:
            new = 0.5 * (low + high) if high < 1e11 and low > 0.1 * high else (0.1 * p if excess > 0.0 else 3.0 * p)
        if new < VACUUM:
            return VACUUM, u + VACUUM / rho, max(code, BELOW_LAMBDA)
        if new > P_ABSURD:
            return P_ABSURD, u + P_ABSURD / rho, OUTSIDE_TABLE
        if new == p:
            return p, h, code
        p = new
    return p, u + p / rho, code


@kernel
def code_rho_u(rho, u, p_guess, h_guess):
    """0 if density and internal energy have a valid state, else why not."""
    return raw_ph_rho_u(rho, u, p_guess, h_guess)[2]


@public(code_rho_u, explain)
def ph_rho_u(rho, u, p_guess, h_guess):
    """Pressure and enthalpy of density [kg/m3] and internal energy [J/kg]: (p [Pa], h [J/kg], code).

    Newton's method on the sheet from `p_guess`: with h = u + p / rho only p is unknown, and the residual rises with p
    (its slope is 1 / w^2 at the solution), so a bracket always closes. `h_guess` is used for bad input only.
    """
    return raw_ph_rho_u(rho, u, p_guess, h_guess)


@of_ph
def mu_ph(p, h):
    """Dynamic viscosity [Pa s] of pressure [Pa] and enthalpy [J/kg]."""
    state = state_ph(p, h)
    return mu_rhoT(state[1], state[0])


@of_ph
def k_ph(p, h):
    """Thermal conductivity [W/(m K)] of pressure [Pa] and enthalpy [J/kg]; inside the dome without enhancement."""
    T, rho, rho_p, rho_h, T_p, T_h, _, _ = state_ph(p, h)
    if T_h == 0.0:
        return k_rhoT(rho, T, 0.0, 0.0)
    bulk = (rho_p - rho_h * T_p / T_h) / rho
    expansion = -rho_h / (T_h * rho)
    return k_rhoT(rho, T, bulk, expansion / bulk)
