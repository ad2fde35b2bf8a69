"""Reading the helium sheet: states of pressure and enthalpy, and their inverses, in and around the dome.

`both` is the fast path: a cell wholly in one phase. Everything else (dome, vacuum, beyond the limits) goes through
`both_anywhere`, which never traps: outside the valid range values continue smoothly and a code says why.
"""

from __future__ import annotations

from math import exp, log

from thermo.eos import GAS_CONSTANT, P_CRITICAL, P_LAMBDA, T_LAMBDA
from thermo.jit import inner
from thermo.memory import table
from thermo.saturation import T_melt
from thermo.sheet import (
    LIMITS,
    P_HIGH,
    P_LOW,
    ROWS,
    Y_HIGH,
    Y_LOW,
    cell_p,
    cell_y,
    edge,
    h_py,
    hermite,
    hermite_slope,
    sat_cell,
    sat_slope,
    sat_value,
    sheet_both,
    sheet_s,
    sheet_T,
    weigh,
    y_ph,
)

OK, BELOW_LAMBDA, BEYOND_MELTING, OUTSIDE_TABLE, NOT_A_NUMBER = 0, 1, 2, 3, 4
T_SAT, H_LIQ, H_VAP, S_LIQ, S_VAP, RHO_LIQ, RHO_VAP = 0, 1, 2, 3, 4, 5, 6
P_TOP = P_HIGH * (1.0 - 1e-12)
Y_TOP = Y_HIGH * (1.0 - 1e-12)
VACUUM = 1e-9
"""Lowest pressure a kernel will divide by [Pa]."""


@inner
def in_one_phase(p, y):
    """Whether (p, y) lies where one sheet holds and no limit or dome is near. False for NaN."""
    if P_LOW <= p < P_HIGH and Y_LOW <= y < Y_HIGH:
        i, _, _ = cell_p(p)
        q = table()
        row = ROWS + 4 * i
        return y >= q[row + 2] or q[row] <= y < q[row + 1]
    return False


@inner
def y_lowest(p):
    """Lowest valid y at a pressure within the table: of liquid at or above P_LAMBDA, of gas below."""
    q = table()
    i, t, dp = cell_p(p)
    a = LIMITS + 4 * i + (0 if p >= P_LAMBDA else 2)
    return weigh(hermite(t, dp), q[a], q[a + 1], q[a + 4], q[a + 5]) - h_py(p, 0.0)


@inner
def below(p):
    """The code for a state colder than the limit at this pressure."""
    return BEYOND_MELTING if T_melt(p) > T_LAMBDA else BELOW_LAMBDA


@inner
def both_anywhere(p, h):
    """(T, T_p, T_h, pv, pv_p, pv_h, x, code) for any p and h; x is -1 outside the dome."""
    if not (abs(p) < 1e300 and abs(h) < 1e300):
        return p + h, p + h, p + h, p + h, p + h, p + h, p + h, NOT_A_NUMBER
    if p < P_LOW:
        # below the table pv and T are straight in p down to vacuum
        T, T_p, T_h, v, v_p, v_h, x, code = both_inside(P_LOW, h)
        dp = max(p, VACUUM) - P_LOW
        return T + T_p * dp, T_p, T_h, v + v_p * dp, v_p, v_h, x, code if p > 0.0 else OUTSIDE_TABLE
    if p >= P_HIGH:
        T, T_p, T_h, v, v_p, v_h, x, code = both_inside(P_TOP, h)
        return T, 0.0, T_h, v + max(v_p, 1e-6) * (p - P_TOP), max(v_p, 1e-6), v_h, x, OUTSIDE_TABLE
    return both_inside(p, h)


@inner
def both_inside(p, h):
    """The same for a pressure inside the table."""
    y = y_ph(p, h)
    if y >= Y_HIGH:
        T, T_p, T_h, v, v_p, v_h = sheet_both(p, Y_TOP)
        dy = y - Y_TOP
        return T + T_h * dy, T_p, T_h, v + v_h * dy, v_p, v_h, -1.0, OUTSIDE_TABLE
    if P_LAMBDA <= p < P_CRITICAL:
        a, u, d = sat_cell(p)
        h_l, h_v = sat_value(a, u, H_LIQ), sat_value(a, u, H_VAP)
        if h_l < h < h_v:
            return dome(p, h, a, u, d, h_l, h_v)
    low = y_lowest(p)
    if y < low:
        return colder(p, y, low)
    T, T_p, T_h, v, v_p, v_h = sheet_both(p, y)
    return T, T_p, T_h, v, v_p, v_h, -1.0, OK


@inner
def dome(p, h, a, u, d, h_l, h_v):
    """Homogeneous mixture by the lever rule between the sheet's own values at the two edges of the dome."""
    _, _, _, v_l, v_l_p, v_l_h = sheet_both(p, y_ph(p, h_l))
    _, _, _, v_v, v_v_p, v_v_h = sheet_both(p, y_ph(p, h_v))
    h_l_p, h_v_p = d * sat_slope(a, u, H_LIQ), d * sat_slope(a, u, H_VAP)
    x = (h - h_l) / (h_v - h_l)
    x_p = -(h_l_p + x * (h_v_p - h_l_p)) / (h_v - h_l)
    l_p, v_p = v_l_p + v_l_h * h_l_p, v_v_p + v_v_h * h_v_p
    T, T_p = sat_value(a, u, T_SAT), d * sat_slope(a, u, T_SAT)
    pv_h = (v_v - v_l) / (h_v - h_l)
    return T, T_p, 0.0, v_l + x * (v_v - v_l), l_p + x * (v_p - l_p) + x_p * (v_v - v_l), pv_h, x, OK


@inner
def colder(p, y, low):
    """Beyond the cold limit: T and pv fall off exponentially, or, below the lambda pressure, boil at the limit."""
    T, T_p, T_h, v, v_p, v_h = sheet_both(p, low)
    if p >= P_LAMBDA:
        drop = exp(T_h / T * (y - low))
        v_drop = exp(v_h / v * (y - low))
        return T * drop, T_p * drop, T_h * drop, v * v_drop, v_p * v_drop, v_h * v_drop, -1.0, below(p)
    # liquid that should be superfluid: as at the lambda point
    y_l = y_lowest(P_LAMBDA)
    T_l, _T_l_p, T_l_h, v_l, _v_l_p, _v_l_h = sheet_both(P_LAMBDA, y_l)
    v_l = v_l / P_LAMBDA
    if y <= y_l:
        drop = exp(T_l_h / T_l * (y - y_l))
        return T_l * drop, 0.0, T_l_h * drop, p * v_l, v_l, 1e-3 * v_h, -1.0, BELOW_LAMBDA
    x = (y - y_l) / (low - y_l)
    return T, 0.0, 0.0, p * v_l + x * (v - p * v_l), v_l + x * (v_p - v_l), (v - p * v_l) / (low - y_l), x, BELOW_LAMBDA


@inner
def T_anywhere(p, h):
    """Temperature for any p and h [K]: the boiling line read directly, all else as `both_anywhere`."""
    if P_LAMBDA <= p < P_CRITICAL:
        a, u, _ = sat_cell(p)
        if sat_value(a, u, H_LIQ) < h < sat_value(a, u, H_VAP):
            return sat_value(a, u, T_SAT)
    return both_anywhere(p, h)[0]


@inner
def s_anywhere(p, h):
    """Entropy for any p and h [J/(kg K)], continued like `both_anywhere`."""
    if not (abs(p) < 1e300 and abs(h) < 1e300):
        return p + h
    q = min(max(p, P_LOW), P_TOP)
    ln_p = GAS_CONSTANT * log(max(p, VACUUM))
    if P_LAMBDA <= q < P_CRITICAL:
        a, u, _ = sat_cell(q)
        h_l, h_v = sat_value(a, u, H_LIQ), sat_value(a, u, H_VAP)
        if h_l < h < h_v:
            return sheet_s(q, y_ph(q, h_l)) + (h - h_l) / sat_value(a, u, T_SAT) - ln_p
    y = y_ph(q, h)
    inside = min(max(y, y_lowest(q)), Y_TOP)
    s = sheet_s(q, inside) - ln_p
    if inside != y:
        s += (y - inside) / sheet_T(q, inside)
    return s


@inner
def y_of(f, a, row, gap, p, y, first, last):
    """The y at which a rising quantity equals f on the isobar p, from a guess, between `first` and `last`.

    `a`, `row`, `gap` say where the quantity lies. Steps from cell to cell by the slopes at the cells'
    edges, halving the bracket where that would leave it; then solves the cubic of the cell.
    """
    i, t, dp = cell_p(p)
    along = hermite(t, dp)
    a += i * row
    if not first <= y <= last:
        y = 0.5 * (first + last)
    for _ in range(60):
        j, u, dy = cell_y(y)
        y -= u * dy
        f0, s0 = edge(a + 2 * gap * j, row, gap, along)
        f1, s1 = edge(a + 2 * gap * (j + 1), row, gap, along)
        if f < f0 and y > first:
            last = y
            y += (f - f0) / s0 - 1e-3 * dy
        elif f > f1 and y + dy < last:
            first = y + dy
            y += dy + (f - f1) / s1
        else:
            break
        if not first <= y < last:
            y = 0.5 * (first + last)

    u = (f - f0) / (f1 - f0)
    for _ in range(20):
        slope = dy * weigh(hermite_slope(u, dy), f0, s0, f1, s1)
        step = (f - weigh(hermite(u, dy), f0, s0, f1, s1)) / slope
        u += step
        if abs(step) < 1e-6:
            break
    return y + u * dy
