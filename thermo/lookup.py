"""Reading the helium sheet: states of pressure and enthalpy, and their inverses, in and around the dome.

`both` is the fast path: a cell wholly in one phase. Everything else (dome, vacuum, beyond the limits) goes through
`both_anywhere`, which never traps: outside the valid range values continue smoothly and a code says why.
"""

from __future__ import annotations

from math import exp, log

from thermo.eos import GAS_CONSTANT, P_CRITICAL, P_LAMBDA, T_CRITICAL, T_LAMBDA
from thermo.jit import kernel
from thermo.saturation import T_lowest, T_melt
from thermo.sheet import (
    BASE_Y,
    BOIL_STEP,
    BOILING,
    COUNT_Y,
    ENTROPY,
    H_ORIGIN,
    LIMITS,
    N_BOIL,
    NODES,
    NY,
    P_HIGH,
    P_LOW,
    ROWS,
    STRIDE,
    WIDTH_Y,
    Y_HIGH,
    Y_LOW,
    cell_p,
    cell_y,
    edge,
    hermite,
    hermite_slope,
    patch,
    sat_cell,
    sat_slope,
    sat_value,
    table,
    value,
)

OK, BELOW_LAMBDA, BEYOND_MELTING, OUTSIDE_TABLE, NOT_A_NUMBER = 0, 1, 2, 3, 4
ROW, ROW_S = 8 * STRIDE, 4 * STRIDE
T_SAT, H_LIQ, H_VAP, S_LIQ, S_VAP, RHO_LIQ, RHO_VAP = 0, 1, 2, 3, 4, 5, 6
P_TOP = P_HIGH * (1.0 - 1e-15)
Y_TOP = Y_HIGH * (1.0 - 1e-15)
VACUUM = 1e-9
"""Lowest pressure a kernel will divide by [Pa]."""


@kernel
def in_one_phase(p, y):
    """Whether (p, y) lies where one sheet holds and no limit or dome is near. False for NaN."""
    if P_LOW <= p < P_HIGH and Y_LOW <= y < Y_HIGH:
        i, _, _ = cell_p(p)
        q = table()
        row = ROWS + 4 * i
        return y >= q[row + 2] or q[row] <= y < q[row + 1]
    return False


@kernel
def sheet_T(p, y):
    """Temperature on the sheet."""
    i, t, dp = cell_p(p)
    j, u, dy = cell_y(y)
    a0, a1, a2, a3 = hermite(t, dp)
    b0, b1, b2, b3 = hermite(u, dy)
    return value(NODES + 8 * (i * STRIDE + j), ROW, a0, a1, a2, a3, b0, b1, b2, b3)


@kernel
def sheet_pv(p, y):
    """pv = p / rho on the sheet."""
    i, t, dp = cell_p(p)
    j, u, dy = cell_y(y)
    a0, a1, a2, a3 = hermite(t, dp)
    b0, b1, b2, b3 = hermite(u, dy)
    return value(NODES + 8 * (i * STRIDE + j) + 4, ROW, a0, a1, a2, a3, b0, b1, b2, b3)


@kernel
def sheet_pv_slopes(p, y):
    """pv with its slopes: (pv, pv_p, pv_h)."""
    i, t, dp = cell_p(p)
    j, u, dy = cell_y(y)
    return patch(NODES + 8 * (i * STRIDE + j) + 4, ROW, t, dp, u, dy)


@kernel
def sheet_both(p, y):
    """T and pv with their slopes: (T, T_p, T_h, pv, pv_p, pv_h)."""
    i, t, dp = cell_p(p)
    j, u, dy = cell_y(y)
    a = NODES + 8 * (i * STRIDE + j)
    T, T_p, T_h = patch(a, ROW, t, dp, u, dy)
    v, v_p, v_h = patch(a + 4, ROW, t, dp, u, dy)
    return T, T_p, T_h, v, v_p, v_h


@kernel
def sheet_s(p, y):
    """Entropy on the sheet [J/(kg K)]."""
    i, t, dp = cell_p(p)
    j, u, dy = cell_y(y)
    a0, a1, a2, a3 = hermite(t, dp)
    b0, b1, b2, b3 = hermite(u, dy)
    s = value(ENTROPY + 4 * (i * STRIDE + j), ROW_S, a0, a1, a2, a3, b0, b1, b2, b3)
    return s - GAS_CONSTANT * log(p)


@kernel
def y_lowest(p):
    """Lowest valid y at a pressure within the table: of liquid at or above P_LAMBDA, of gas below."""
    q = table()
    i, t, dp = cell_p(p)
    a = LIMITS + 4 * i + (0 if p >= P_LAMBDA else 2)
    a0, a1, a2, a3 = hermite(t, dp)
    return a0 * q[a] + a1 * q[a + 1] + a2 * q[a + 4] + a3 * q[a + 5] - H_ORIGIN


@kernel
def below(p):
    """The code for a state colder than the limit at this pressure."""
    return BEYOND_MELTING if T_melt(p) > T_LAMBDA else BELOW_LAMBDA


@kernel
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


@kernel
def both_inside(p, h):
    """The same for a pressure inside the table."""
    y = h - H_ORIGIN
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


@kernel
def dome(p, h, a, u, d, h_l, h_v):
    """Homogeneous mixture by the lever rule between the sheet's own values at the two edges of the dome."""
    v_l, v_l_p, v_l_h = sheet_pv_slopes(p, h_l - H_ORIGIN)
    v_v, v_v_p, v_v_h = sheet_pv_slopes(p, h_v - H_ORIGIN)
    h_l_p, h_v_p = d * sat_slope(a, u, H_LIQ), d * sat_slope(a, u, H_VAP)
    x = (h - h_l) / (h_v - h_l)
    x_p = -(h_l_p + x * (h_v_p - h_l_p)) / (h_v - h_l)
    l_p, v_p = v_l_p + v_l_h * h_l_p, v_v_p + v_v_h * h_v_p
    T, T_p = sat_value(a, u, T_SAT), d * sat_slope(a, u, T_SAT)
    pv_h = (v_v - v_l) / (h_v - h_l)
    return T, T_p, 0.0, v_l + x * (v_v - v_l), l_p + x * (v_p - l_p) + x_p * (v_v - v_l), pv_h, x, OK


@kernel
def colder(p, y, low):
    """Beyond the cold limit: T and pv fall off exponentially, or, below the lambda pressure, boil at the limit."""
    T, T_p, T_h, v, v_p, v_h = sheet_both(p, low)
    if p >= P_LAMBDA:
        drop = exp(T_h / T * (y - low))
        v_drop = exp(v_h / v * (y - low))
        return T * drop, T_p * drop, T_h * drop, v * v_drop, v_p * v_drop, v_h * v_drop, -1.0, below(p)
    # liquid that should be superfluid: as at the lambda point
    T_l, T_l_p, T_l_h, v_l, v_l_p, v_l_h = sheet_both(P_LAMBDA, y_lowest(P_LAMBDA))
    y_l = y_lowest(P_LAMBDA)
    v_l = v_l / P_LAMBDA
    if y <= y_l:
        drop = exp(T_l_h / T_l * (y - y_l))
        return T_l * drop, 0.0, T_l_h * drop, p * v_l, v_l, 1e-3 * v_h, -1.0, BELOW_LAMBDA
    x = (y - y_l) / (low - y_l)
    return T, 0.0, 0.0, p * v_l + x * (v - p * v_l), v_l + x * (v_p - v_l), (v - p * v_l) / (low - y_l), x, BELOW_LAMBDA


@kernel
def s_anywhere(p, h):
    """Entropy for any p and h [J/(kg K)], continued like `both_anywhere`."""
    if not (abs(p) < 1e300 and abs(h) < 1e300):
        return p + h
    q = min(max(p, P_LOW), P_TOP)
    y = h - H_ORIGIN
    shift = -GAS_CONSTANT * log(max(p, VACUUM) / q)
    if P_LAMBDA <= q < P_CRITICAL:
        a, u, _ = sat_cell(q)
        h_l, h_v = sat_value(a, u, H_LIQ), sat_value(a, u, H_VAP)
        if h_l < h < h_v:
            return sheet_s(q, h_l - H_ORIGIN) + (h - h_l) / sat_value(a, u, T_SAT) + shift
    inside = min(max(y, y_lowest(q)), Y_TOP)
    s = sheet_s(q, inside) + shift
    if inside != y:
        s += (y - inside) / sheet_T(q, inside)
    return s


@kernel
def y_of(f, a, row, p, j0, j1):
    """The y between nodes j0 and j1 of the isobar p at which a rising quantity, first node at `a`, equals f."""
    i, t, dp = cell_p(p)
    stride = row // STRIDE
    a += i * row
    while j1 - j0 > 1:
        j = (j0 + j1) // 2
        if edge(a + stride * j, row, t, dp)[0] <= f:
            j0 = j
        else:
            j1 = j
    f0, s0 = edge(a + stride * j0, row, t, dp)
    f1, s1 = edge(a + stride * (j0 + 1), row, t, dp)

    # the cubic between the two nodes, from the chord
    y0, dy = node_y(j0)
    u = (f - f0) / (f1 - f0)
    for _ in range(20):
        b0, b1, b2, b3 = hermite(u, dy)
        c0, c1, c2, c3 = hermite_slope(u, dy)
        step = (f - b0 * f0 - b1 * s0 - b2 * f1 - b3 * s1) / (dy * (c0 * f0 + c1 * s0 + c2 * f1 + c3 * s1))
        u += step
        if abs(step) < 1e-9:
            break
    return y0 + u * dy


@kernel
def node_y(j):
    """Position of node j and the width of the cell above it."""
    octave = 0
    while octave < len(BASE_Y) - 1 and BASE_Y[octave + 1] <= j:
        octave += 1
    dy = WIDTH_Y[octave]
    return dy * (COUNT_Y[octave] + j - BASE_Y[octave]), dy
