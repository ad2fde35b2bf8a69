"""The property sheet of helium over pressure and enthalpy: its layout, its memory, and the kernels that read it.

One buffer of doubles holds everything. Kernels reach it through a symbol that is bound when code is loaded, so no
kernel carries the table as an argument and compiled code can be kept on disk.

The grid is uniform within each power of two of p and of y = h - H_ORIGIN - TILT p, so a cell is found from the bits
of the number, without a logarithm; the tilt keeps cold liquid, whose enthalpy rises with p by its volume, near small
y. Each node keeps T and pv = p / rho with their slopes (T, T_y, pv, pv_y, T_p, T_py, pv_p, pv_py): one cache line.
Entropy is kept apart, (s, s_y, s_p, s_py), as s + R ln p, which stays smooth down to vacuum. Between nodes everything
is bicubic Hermite: values and first derivatives are continuous and belong together. Temperature, asked for most, is
also kept as the 16 powers of each cell, which is the same function in half the time.
"""

from __future__ import annotations

from math import sqrt

import numpy as np

from thermo.eos import P_CRITICAL, P_LAMBDA, T_CRITICAL, T_LAMBDA
from thermo.jit import inner
from thermo.memory import HELIUM, bicubic, bicubic_pair, bits_of, fma, polynomial, polynomial_slope, reserve, table

CELLS_P = (2, 2, 2, 2, 4, 4, 8, 8, 16, 16, 16, 32, 32, 32, 32, 16, 16, 16, 16)
"""Cells in each power of two of pressure, from 64 Pa to 33.6 MPa."""
CELLS_Y = (32, 64, 64, 64, 64, 32, 32, 32, 32, 16)
"""Cells in each power of two of y, from 4096 J/kg to 4.19 MJ/kg."""
FIRST_P, FIRST_Y = 6, 12
P_LOW, P_HIGH = 2.0**FIRST_P, 2.0 ** (FIRST_P + len(CELLS_P))
Y_LOW, Y_HIGH = 2.0**FIRST_Y, 2.0 ** (FIRST_Y + len(CELLS_Y))
H_ORIGIN = -1570216.0 - 4800.0
"""Enthalpy at y = 0 and no pressure [J/kg]: a little below the coldest liquid."""
TILT = 0.0045
"""Enthalpy per pressure along y = constant [m3/kg]: about the volume of compressed liquid."""

NP, NY = sum(CELLS_P), sum(CELLS_Y)
N_SAT, N_BOIL = 1024, 512
THETA_LAMBDA = (1.0 - P_LAMBDA / P_CRITICAL) ** 0.5
SAT_STEP = THETA_LAMBDA / N_SAT
BOIL_STEP = (T_CRITICAL - T_LAMBDA) / N_BOIL
PER_SAT = 28

DIRECTORY_P = 0
DIRECTORY_Y = DIRECTORY_P + 4 * len(CELLS_P)
NODES = 128
ENTROPY = NODES + (NP + 1) * (NY + 1) * 8
POWERS = ENTROPY + (NP + 1) * (NY + 1) * 4
SATURATION = POWERS + NP * NY * 16
BOILING = SATURATION + (N_SAT + 1) * PER_SAT
ROWS = BOILING + (N_BOIL + 1) * 4
LIMITS = ROWS + (NP + 1) * 4
LENGTH = LIMITS + (NP + 1) * 4
STRIDE = NY + 1
ROW, ROW_S = 8 * STRIDE, 4 * STRIDE
BUFFER = reserve(HELIUM, LENGTH)


def directory(cells: tuple[int, ...], first: int) -> np.ndarray:
    """For each power of two (1 / width, cell = number / width + this, width, unused) of its cells."""
    count = np.array(cells, dtype=float)
    rows = np.zeros((count.size, 4))
    rows[:, 2] = 2.0 ** np.arange(first, first + count.size) / count
    rows[:, 0] = 1.0 / rows[:, 2]
    rows[:, 1] = np.concatenate(([0.0], np.cumsum(count)[:-1])) - count
    return rows.ravel()


def grid(cells: tuple[int, ...], first: int) -> np.ndarray:
    """All node positions along one axis."""
    steps = [2.0 ** (first + i) * (1.0 + np.arange(n) / n) for i, n in enumerate(cells)]
    return np.concatenate([*steps, [2.0 ** (first + len(cells))]])


@inner
def y_ph(p, h):
    """The sheet's second coordinate [J/kg]."""
    return h - H_ORIGIN - TILT * p


@inner
def h_py(p, y):
    """Enthalpy [J/kg] of the sheet's two coordinates."""
    return y + H_ORIGIN + TILT * p


@inner
def cell(number, entry):
    """Cell of a number from its power of two's directory entry: (cell, position 0..1, width)."""
    q = table()
    place = fma(number, q[entry], q[entry + 1])
    i = int(place)
    return i, place - i, q[entry + 2]


@inner
def cell_p(p):
    """Cell of a pressure within [P_LOW, P_HIGH): (number, position 0..1, width)."""
    return cell(p, DIRECTORY_P + 4 * ((bits_of(p) >> 52) - (1023 + FIRST_P)))


@inner
def cell_y(y):
    """Cell of y within [Y_LOW, Y_HIGH): (number, position 0..1, width)."""
    return cell(y, DIRECTORY_Y + 4 * ((bits_of(y) >> 52) - (1023 + FIRST_Y)))


@inner
def hermite(t, width):
    """Weights of (f0, f0', f1, f1') for the value of a cubic at position t of a cell."""
    r = 1.0 - t
    rr, tt = r * r, t * t
    return rr * fma(2.0, t, 1.0), rr * t * width, tt * fma(2.0, r, 1.0), -tt * r * width


@inner
def hermite_slope(t, width):
    """Weights of (f0, f0', f1, f1') for the slope of a cubic at position t of a cell."""
    r = 1.0 - t
    turn = 6.0 * t * r / width
    return -turn, r * fma(-3.0, t, 1.0), turn, t * fma(-3.0, r, 1.0)


@inner
def weigh(w, f0, f1, f2, f3):
    """Sum of four products."""
    return fma(w[3], f3, fma(w[2], f2, fma(w[1], f1, w[0] * f0)))


@inner
def sheet_T(p, y):
    """Temperature on the sheet [K]."""
    i, t, _ = cell_p(p)
    j, u, _ = cell_y(y)
    return polynomial(POWERS + 16 * (i * NY + j), t, u)


@inner
def sheet_T_slope(p, y):
    """Temperature on the sheet [K] and its slope by y [K kg/J]."""
    i, t, _ = cell_p(p)
    j, u, dy = cell_y(y)
    T, slope = polynomial_slope(POWERS + 16 * (i * NY + j), t, u)
    return T, slope / dy


@inner
def sheet_pv(p, y):
    """pv = p / rho on the sheet [J/kg]."""
    i, t, dp = cell_p(p)
    j, u, dy = cell_y(y)
    a = NODES + 8 * (i * STRIDE + j) + 2
    return bicubic(a, a + ROW, 4, hermite(t, dp), hermite(u, dy))


@inner
def sheet_s(p, y):
    """Entropy on the sheet, plus R ln p [J/(kg K)]."""
    i, t, dp = cell_p(p)
    j, u, dy = cell_y(y)
    a = ENTROPY + 4 * (i * STRIDE + j)
    return bicubic(a, a + ROW_S, 2, hermite(t, dp), hermite(u, dy))


@inner
def sheet_both(p, y):
    """T and pv with their slopes: (T, T_p, T_h, pv, pv_p, pv_h)."""
    i, t, dp = cell_p(p)
    j, u, dy = cell_y(y)
    a = NODES + 8 * (i * STRIDE + j)
    along, across = hermite(t, dp), hermite(u, dy)
    T, T_p, T_y, v, v_p, v_y = bicubic_pair(a, a + ROW, along, hermite_slope(t, dp), across, hermite_slope(u, dy))
    return T, fma(-TILT, T_y, T_p), T_y, v, fma(-TILT, v_y, v_p), v_y


@inner
def edge(a, row, gap, along):
    """Value and y-slope on the line of constant y through the node at address a: (f, f_y)."""
    q = table()
    c = a + row
    f = weigh(along, q[a], q[a + gap], q[c], q[c + gap])
    return f, weigh(along, q[a + 1], q[a + gap + 1], q[c + 1], q[c + gap + 1])


@inner
def sat_cell(p):
    """Where a pressure lies on the saturation line: (address, position 0..1, d position / dp)."""
    theta = sqrt(max(fma(p, -1.0 / P_CRITICAL, 1.0), 0.0))
    place = theta * (1.0 / SAT_STEP)
    i = int(place)
    return SATURATION + PER_SAT * i, place - i, -0.5 / (P_CRITICAL * SAT_STEP * theta)


@inner
def sat_value(a, u, k):
    """Quantity k of the saturation line at position u of the cell at address a."""
    q = table()
    a += 4 * k
    return fma(u, fma(u, fma(u, q[a + 3], q[a + 2]), q[a + 1]), q[a])


@inner
def sat_slope(a, u, k):
    """Slope of quantity k by position."""
    q = table()
    a += 4 * k
    return fma(u, fma(u, 3.0 * q[a + 3], 2.0 * q[a + 2]), q[a + 1])
