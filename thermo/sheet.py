"""The property sheet of helium over pressure and enthalpy: its layout, its memory, and the kernels that read it.

One buffer of doubles holds everything. Kernels reach it through a symbol that is bound when code is loaded, so no
kernel carries the table as an argument and compiled code can be kept on disk.

The grid is uniform within each power of two of p and of y = h - H_ORIGIN, so a cell is found from the bits of the
number, without a logarithm. Each node keeps T and pv = p / rho with their derivatives (f, f_p, f_h, f_ph): one cache
line. Entropy is kept apart, as s + R ln p, which stays smooth down to vacuum. Between nodes everything is bicubic
Hermite: values and first derivatives are continuous and belong together.
"""

from __future__ import annotations

import struct
from typing import Any

import llvmlite.binding
import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from thermo.eos import P_CRITICAL, P_LAMBDA, T_CRITICAL, T_LAMBDA
from thermo.jit import kernel

CELLS_P = (2, 2, 2, 2, 4, 4, 8, 8, 16, 16, 32, 64, 64, 32, 32, 16, 16, 16, 16)
"""Cells in each power of two of pressure, from 64 Pa to 33.6 MPa."""
CELLS_Y = (32, 64, 128, 64, 64, 64, 32, 32, 32, 32)
"""Cells in each power of two of y, from 4096 J/kg to 4.19 MJ/kg."""
FIRST_P, FIRST_Y = 6, 12
P_LOW, P_HIGH = 2.0**FIRST_P, 2.0 ** (FIRST_P + len(CELLS_P))
Y_LOW, Y_HIGH = 2.0**FIRST_Y, 2.0 ** (FIRST_Y + len(CELLS_Y))
H_ORIGIN = -1570216.0 - 4800.0
"""Enthalpy at y = 0 [J/kg]: a little below the coldest liquid."""

NP, NY = sum(CELLS_P), sum(CELLS_Y)
N_SAT, N_BOIL = 1024, 512
THETA_LAMBDA = (1.0 - P_LAMBDA / P_CRITICAL) ** 0.5
SAT_STEP = THETA_LAMBDA / N_SAT
BOIL_STEP = (T_CRITICAL - T_LAMBDA) / N_BOIL
PER_SAT = 14

NODES = 0
ENTROPY = NODES + (NP + 1) * (NY + 1) * 8
SATURATION = ENTROPY + (NP + 1) * (NY + 1) * 4
BOILING = SATURATION + (N_SAT + 1) * 16
ROWS = BOILING + (N_BOIL + 1) * 2
LIMITS = ROWS + (NP + 1) * 4
LENGTH = LIMITS + (NP + 1) * 4
STRIDE = NY + 1


def _aligned(length: int) -> np.ndarray:
    """Zeros that start at a cache line."""
    raw = np.zeros(length + 8)
    start = (-raw.ctypes.data // 8) % 8
    return raw[start : start + length]


BUFFER = _aligned(LENGTH)
SYMBOL = "hetwin_helium_table"
llvmlite.binding.add_symbol(SYMBOL, BUFFER.ctypes.data)


@intrinsic
def _table(context: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        module = builder.module
        try:
            return module.get_global(SYMBOL)
        except KeyError:
            return ir.GlobalVariable(module, ir.DoubleType(), SYMBOL)

    return types.CPointer(types.float64)(), codegen


@intrinsic
def _bits(context: Any, number: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.IntType(64))

    return types.int64(types.float64), codegen


@intrinsic
def _number(context: Any, bits: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.DoubleType())

    return types.float64(types.int64), codegen


table, bits_of, number_of = _table, _bits, _number
if numba.config.DISABLE_JIT:  # the same kernels as plain Python, for the debugger

    def table() -> np.ndarray:
        return BUFFER

    def bits_of(number: float) -> int:
        return int(struct.unpack("<q", struct.pack("<d", number))[0])

    def number_of(bits: int) -> float:
        return float(struct.unpack("<d", struct.pack("<q", bits))[0])


def _directory(cells: tuple[int, ...], first: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each power of two: bits below a cell's number, number of its first cell, width of its cells."""
    count = np.array(cells, dtype=np.int64)
    shift = 52 - np.log2(count).astype(np.int64)
    base = np.concatenate(([0], np.cumsum(count)[:-1]))
    return shift, base, 2.0 ** np.arange(first, first + len(cells)) / count


SHIFT_P, BASE_P, WIDTH_P = _directory(CELLS_P, FIRST_P)
SHIFT_Y, BASE_Y, WIDTH_Y = _directory(CELLS_Y, FIRST_Y)
COUNT_Y = np.array(CELLS_Y, dtype=np.int64)
MANTISSA = (1 << 52) - 1


def grid(cells: tuple[int, ...], first: int) -> np.ndarray:
    """All node positions along one axis."""
    steps = [2.0 ** (first + i) * (1.0 + np.arange(n) / n) for i, n in enumerate(cells)]
    return np.concatenate([*steps, [2.0 ** (first + len(cells))]])


@kernel
def cell_p(p):
    """Cell of a pressure within [P_LOW, P_HIGH): (number, position 0..1, width)."""
    bits = bits_of(p)
    octave = (bits >> 52) - (1023 + FIRST_P)
    shift = SHIFT_P[octave]
    width = WIDTH_P[octave]
    return BASE_P[octave] + ((bits & MANTISSA) >> shift), (p - number_of((bits >> shift) << shift)) / width, width


@kernel
def cell_y(y):
    """Cell of y = h - H_ORIGIN within [Y_LOW, Y_HIGH): (number, position 0..1, width)."""
    bits = bits_of(y)
    octave = (bits >> 52) - (1023 + FIRST_Y)
    shift = SHIFT_Y[octave]
    width = WIDTH_Y[octave]
    return BASE_Y[octave] + ((bits & MANTISSA) >> shift), (y - number_of((bits >> shift) << shift)) / width, width


@kernel
def hermite(t, width):
    """Weights of (f0, f0', f1, f1') for the value of a cubic at position t of a cell."""
    r = 1.0 - t
    return r * r * (1.0 + 2.0 * t), r * r * t * width, t * t * (1.0 + 2.0 * r), -t * t * r * width


@kernel
def hermite_slope(t, width):
    """Weights of (f0, f0', f1, f1') for the slope of a cubic at position t of a cell."""
    r = 1.0 - t
    turn = 6.0 * t * r / width
    return -turn, r * (1.0 - 3.0 * t), turn, t * (1.0 - 3.0 * r)


@kernel
def value(a, row, a0, a1, a2, a3, b0, b1, b2, b3):
    """Bicubic value at a node address, `row` doubles to the next p, from weights in p (a) and y (b)."""
    q = table()
    c = a + row
    s = row_step(row)
    low = a0 * q[a] + a1 * q[a + 1] + a2 * q[c] + a3 * q[c + 1]
    low_y = a0 * q[a + 2] + a1 * q[a + 3] + a2 * q[c + 2] + a3 * q[c + 3]
    a, c = a + s, c + s
    high = a0 * q[a] + a1 * q[a + 1] + a2 * q[c] + a3 * q[c + 1]
    high_y = a0 * q[a + 2] + a1 * q[a + 3] + a2 * q[c + 2] + a3 * q[c + 3]
    return b0 * low + b1 * low_y + b2 * high + b3 * high_y


@kernel
def row_step(row):
    """Doubles from a node to the next one in y."""
    return row // STRIDE


@kernel
def patch(a, row, t, dp, u, dy):
    """Bicubic value and first derivatives (f, f_p, f_h) in the cell whose first node is at address a."""
    a0, a1, a2, a3 = hermite(t, dp)
    b0, b1, b2, b3 = hermite(u, dy)
    f = value(a, row, a0, a1, a2, a3, b0, b1, b2, b3)
    c0, c1, c2, c3 = hermite_slope(u, dy)
    f_h = value(a, row, a0, a1, a2, a3, c0, c1, c2, c3)
    a0, a1, a2, a3 = hermite_slope(t, dp)
    f_p = value(a, row, a0, a1, a2, a3, b0, b1, b2, b3)
    return f, f_p, f_h


@kernel
def edge(a, row, t, dp):
    """Value and y-slope on the edge between two pressures: (f, f_y)."""
    q = table()
    a0, a1, a2, a3 = hermite(t, dp)
    c = a + row
    f = a0 * q[a] + a1 * q[a + 1] + a2 * q[c] + a3 * q[c + 1]
    return f, a0 * q[a + 2] + a1 * q[a + 3] + a2 * q[c + 2] + a3 * q[c + 3]


@kernel
def sat_cell(p):
    """Where a pressure lies on the saturation line: (address, position 0..1, d position / dp)."""
    theta = (1.0 - p / P_CRITICAL) ** 0.5
    place = theta / SAT_STEP
    i = min(int(place), N_SAT - 1)
    return SATURATION + 16 * i, place - i, -0.5 / (P_CRITICAL * SAT_STEP * theta)


@kernel
def sat_value(a, u, k):
    """Quantity k of the saturation line at position u of the cell at address a."""
    q = table()
    b0, b1, b2, b3 = hermite(u, 1.0)
    a = a + k
    return b0 * q[a] + b1 * q[a + 7] + b2 * q[a + 16] + b3 * q[a + 23]


@kernel
def sat_slope(a, u, k):
    """Slope of quantity k by position."""
    q = table()
    b0, b1, b2, b3 = hermite_slope(u, 1.0)
    a = a + k
    return b0 * q[a] + b1 * q[a + 7] + b2 * q[a + 16] + b3 * q[a + 23]
