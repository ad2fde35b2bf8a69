"""The memory of property tables as kernels see it, and the few instructions Python has no word for.

`table()` is an external symbol bound to the buffer when code is loaded; `symbol(name)` makes another such function.
`fma` is a product and sum rounded once. `bicubic` and `bicubic_pair` work on values and slopes at a time, as vectors;
the compiler would not do it by itself. `polynomial` evaluates the 16 coefficients c[a, b] t^a u^b of one cell;
`polynomial_slope` gives their slope by u too.

A node keeps (f, f_y) of its quantities and, `gap` doubles on, (f_p, f_py); the next node in y is 2 gap doubles on.
"""

from __future__ import annotations

import struct
from typing import Any

import llvmlite.binding
import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

HELIUM = "hetwin_helium_table"
DOUBLE, INTEGER = ir.DoubleType(), ir.IntType(64)
PLAIN = bool(getattr(numba.config, "DISABLE_JIT", 0))
"""Whether kernels run as plain Python, for the debugger."""
_bound: dict[str, np.ndarray] = {}


def reserve(name: str, length: int) -> np.ndarray:
    """A buffer of doubles that starts at a cache line and that `symbol(name)` means from now on."""
    raw = np.empty(length + 8)
    start = (-raw.ctypes.data // 8) % 8
    buffer = raw[start : start + length]
    llvmlite.binding.add_symbol(name, buffer.ctypes.data)
    _bound[name] = buffer
    return buffer


def _symbol(builder: Any, name: str = HELIUM) -> Any:
    """The external symbol in the module that is being built."""
    try:
        return builder.module.get_global(name)
    except KeyError:
        return ir.GlobalVariable(builder.module, DOUBLE, name)


def symbol(name: str) -> Any:
    """A function for kernels that returns the buffer reserved under a name."""
    if PLAIN:
        return lambda: _bound[name]

    @intrinsic
    def _pointer(context: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return _symbol(builder, name)

        return types.CPointer(types.float64)(), codegen

    return _pointer


@intrinsic
def _bits_of(context: Any, number: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], INTEGER)

    return types.int64(types.float64), codegen


@intrinsic
def _fma(context: Any, a: Any, b: Any, c: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fma(*arguments)

    return types.float64(types.float64, types.float64, types.float64), codegen


WEIGHTS = types.UniTuple(types.float64, 4)


class _Vectors:
    """Vector arithmetic of a given width on the table, in the function that is being built."""

    def __init__(self, builder: Any, width: int):
        self.builder = builder
        self.type = ir.VectorType(DOUBLE, width)
        name = f"llvm.fma.v{width}f64"
        self.fuse = cgutils.get_or_insert_function(builder.module, ir.FunctionType(self.type, (self.type,) * 3), name)

    def of(self, *numbers: Any) -> Any:
        """A vector of numbers, repeated to fill it."""
        vector = ir.Constant(self.type, ir.Undefined)
        for lane in range(self.type.count):
            vector = self.builder.insert_element(vector, numbers[lane % len(numbers)], INDEX(lane))
        return vector

    def at(self, address: Any, offset: Any) -> Any:
        """The doubles of the table from address + offset on."""
        place = self.builder.gep(_symbol(self.builder), [self.builder.add(address, offset)], source_etype=DOUBLE)
        pointer = self.builder.bitcast(place, self.type.as_pointer())
        return self.builder.load(pointer, align=16, typ=self.type)

    def sum(self, weights: list[Any], parts: list[Any]) -> Any:
        """Sum of two or four products, two by two."""
        pairs = []
        for k in range(0, len(parts), 2):
            product = self.builder.fmul(weights[k], parts[k])
            pairs.append(self.builder.call(self.fuse, (weights[k + 1], parts[k + 1], product)))
        return pairs[0] if len(pairs) == 1 else self.builder.fadd(*pairs)

    def pair_sum(self, vector: Any, lane: int) -> Any:
        """Sum of two neighbouring lanes."""
        low, high = (self.builder.extract_element(vector, INDEX(lane + k)) for k in (0, 1))
        return self.builder.fadd(low, high)


def INDEX(lane: int) -> Any:
    """A lane number."""
    return ir.Constant(ir.IntType(32), lane)


def _lines(vectors: _Vectors, arguments: Any, gap: Any, along: list[Any]) -> list[Any]:
    """Values and y-slopes at the pressure, on the two lines of constant y beside a point."""
    add = vectors.builder.add
    zero, beside = ir.Constant(INTEGER, 0), add(gap, gap)
    corners = [(zero, gap), (beside, add(beside, gap))]
    nodes = [[vectors.at(corner, offset) for corner in arguments[:2] for offset in pair] for pair in corners]
    weights = [vectors.of(number) for number in along]
    return [vectors.sum(weights, node) for node in nodes]


@intrinsic
def _bicubic(context: Any, first: Any, second: Any, gap: Any, along: Any, across: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vectors = _Vectors(builder, 2)
        along, across = (cgutils.unpack_tuple(builder, weights) for weights in arguments[3:])
        lines = _lines(vectors, arguments, arguments[2], along)
        return vectors.pair_sum(vectors.sum([vectors.of(*across[:2]), vectors.of(*across[2:])], lines), 0)

    return types.float64(types.int64, types.int64, types.int64, WEIGHTS, WEIGHTS), codegen


def _powers_of_u(vectors: _Vectors, address: Any, t: Any) -> Any:
    """The four coefficients of u at position t of a cell."""
    powers = [vectors.at(address, ir.Constant(INTEGER, 4 * k)) for k in range(4)]
    line, along = powers[3], vectors.of(t)
    for power in (powers[2], powers[1], powers[0]):
        line = vectors.builder.call(vectors.fuse, (line, along, power))
    return line


@intrinsic
def _polynomial(context: Any, address: Any, t: Any, u: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address, t, u = arguments
        four, two = _Vectors(builder, 4), _Vectors(builder, 2)
        line = _powers_of_u(four, address, t)

        # (c0 + c1 u) + (c2 + c3 u) u^2
        empty = ir.Constant(four.type, ir.Undefined)
        even, odd = (
            builder.shuffle_vector(line, empty, ir.Constant(ir.VectorType(ir.IntType(32), 2), lanes))
            for lanes in ([0, 2], [1, 3])
        )
        ends = builder.call(two.fuse, (odd, two.of(u), even))
        low, high = (builder.extract_element(ends, INDEX(k)) for k in (0, 1))
        return builder.fma(high, builder.fmul(u, u), low)

    return types.float64(types.int64, types.float64, types.float64), codegen


@intrinsic
def _polynomial_slope(context: Any, address: Any, t: Any, u: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address, t, u = arguments
        line = _powers_of_u(_Vectors(builder, 4), address, t)
        c = [builder.extract_element(line, INDEX(k)) for k in range(4)]
        value = builder.fma(builder.fma(builder.fma(c[3], u, c[2]), u, c[1]), u, c[0])
        two, three = (ir.Constant(ir.DoubleType(), number) for number in (2.0, 3.0))
        slope = builder.fma(builder.fma(builder.fmul(three, c[3]), u, builder.fmul(two, c[2])), u, c[1])
        return context.make_tuple(builder, signature.return_type, (value, slope))

    returned = types.UniTuple(types.float64, 2)
    return returned(types.int64, types.float64, types.float64), codegen


@intrinsic
def _bicubic_pair(context: Any, first: Any, second: Any, a: Any, a_slope: Any, b: Any, b_slope: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vectors = _Vectors(builder, 4)
        a, a_slope, b, b_slope = (cgutils.unpack_tuple(builder, weights) for weights in arguments[2:])
        gap = ir.Constant(INTEGER, 4)
        lines, slopes = (_lines(vectors, arguments, gap, weights) for weights in (a, a_slope))
        across, across_slope = ([vectors.of(*w[:2]), vectors.of(*w[2:])] for w in (b, b_slope))
        sums = [vectors.sum(w, f) for w, f in ((across, lines), (across, slopes), (across_slope, lines))]
        numbers = [vectors.pair_sum(part, lane) for lane in (0, 2) for part in sums]
        return context.make_tuple(builder, signature.return_type, numbers)

    returned = types.UniTuple(types.float64, 6)
    return returned(types.int64, types.int64, WEIGHTS, WEIGHTS, WEIGHTS, WEIGHTS), codegen


table: Any = symbol(HELIUM)
bits_of: Any = _bits_of
fma: Any = _fma
bicubic: Any = _bicubic
bicubic_pair: Any = _bicubic_pair
polynomial: Any = _polynomial
polynomial_slope: Any = _polynomial_slope
if PLAIN:

    def plain_bits_of(number: float) -> int:
        return int(struct.unpack("<q", struct.pack("<d", number))[0])

    def plain_fma(a: float, b: float, c: float) -> float:
        return a * b + c

    def plain_bicubic(first: int, second: int, gap: int, along: Any, across: Any) -> float:
        q = _bound[HELIUM]
        nodes = [(first, second, k) for k in (0, 1, 2 * gap, 2 * gap + 1)]
        lines = [np.dot(along, [q[f + k], q[f + k + gap], q[s + k], q[s + k + gap]]) for f, s, k in nodes]
        return float(np.dot(across, lines))

    def plain_bicubic_pair(first: int, second: int, a: Any, a_slope: Any, b: Any, b_slope: Any) -> tuple[float, ...]:
        weights = ((a, b), (a_slope, b), (a, b_slope))
        return tuple(plain_bicubic(first + k, second + k, 4, x, y) for k in (0, 2) for x, y in weights)

    def plain_polynomial(address: int, t: float, u: float) -> float:
        powers = _bound[HELIUM][address : address + 16].reshape(4, 4)
        return float(t ** np.arange(4) @ powers @ u ** np.arange(4))

    def plain_polynomial_slope(address: int, t: float, u: float) -> tuple[float, float]:
        powers = t ** np.arange(4) @ _bound[HELIUM][address : address + 16].reshape(4, 4)
        return float(powers @ u ** np.arange(4)), float(powers[1:] * np.arange(1, 4) @ u ** np.arange(3))

    bits_of, fma = plain_bits_of, plain_fma
    polynomial, polynomial_slope = plain_polynomial, plain_polynomial_slope
    bicubic, bicubic_pair = plain_bicubic, plain_bicubic_pair
