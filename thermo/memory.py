"""The memory of the helium table as kernels see it, and the few instructions Python has no word for.

`table()` is an external symbol bound to the buffer when code is loaded. `fma` is a product and sum rounded once.
`bicubic_pair` evaluates two interleaved quantities at a time, as a vector of two; the compiler would not do it by
itself.
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

SYMBOL = "hetwin_helium_table"
DOUBLE, INTEGER = ir.DoubleType(), ir.IntType(64)
PAIR = ir.VectorType(DOUBLE, 2)
_bound: list[np.ndarray] = []


def reserve(length: int) -> np.ndarray:
    """A buffer of doubles that starts at a cache line and that `table()` means from now on."""
    raw = np.empty(length + 8)
    start = (-raw.ctypes.data // 8) % 8
    buffer = raw[start : start + length]
    llvmlite.binding.add_symbol(SYMBOL, buffer.ctypes.data)
    _bound[:] = [buffer]
    return buffer


def _symbol(builder: Any) -> Any:
    """The external symbol in the module that is being built."""
    try:
        return builder.module.get_global(SYMBOL)
    except KeyError:
        return ir.GlobalVariable(builder.module, DOUBLE, SYMBOL)


@intrinsic
def _table(context: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _symbol(builder)

    return types.CPointer(types.float64)(), codegen


@intrinsic
def _bits_of(context: Any, number: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], INTEGER)

    return types.int64(types.float64), codegen


@intrinsic
def _number_of(context: Any, bits: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], DOUBLE)

    return types.float64(types.int64), codegen


@intrinsic
def _fma(context: Any, a: Any, b: Any, c: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fma(*arguments)

    return types.float64(types.float64, types.float64, types.float64), codegen


@intrinsic
def _bicubic_pair(context: Any, first: Any, second: Any, a: Any, a_slope: Any, b: Any, b_slope: Any) -> Any:
    weights = types.UniTuple(types.float64, 4)

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        base = _symbol(builder)

        def splat(number: Any) -> Any:
            one = builder.insert_element(ir.Constant(PAIR, ir.Undefined), number, ir.Constant(ir.IntType(32), 0))
            return builder.insert_element(one, number, ir.Constant(ir.IntType(32), 1))

        def node(address: Any, k: int) -> Any:
            place = builder.gep(base, [builder.add(address, ir.Constant(INTEGER, k))], source_etype=DOUBLE)
            return builder.load(builder.bitcast(place, PAIR.as_pointer()), align=16, typ=PAIR)

        fused = ir.FunctionType(PAIR, (PAIR, PAIR, PAIR))
        fuse = cgutils.get_or_insert_function(builder.module, fused, "llvm.fma.v2f64")

        def combine(weight: list[Any], parts: list[Any]) -> Any:
            total = builder.fmul(weight[0], parts[0])
            for w, part in zip(weight[1:], parts[1:], strict=True):
                total = builder.call(fuse, (w, part, total))
            return total

        along, along_slope, across, across_slope = (
            [splat(number) for number in cgutils.unpack_tuple(builder, weight)] for weight in arguments[2:]
        )
        # in p on the four lines (value and y-slope, at the two y), then in y
        corners = [(arguments[0], arguments[1], k) for k in (0, 4, 8, 12)]
        data = [[node(f, k), node(f, k + 2), node(s, k), node(s, k + 2)] for f, s, k in corners]
        lines = [combine(along, line) for line in data]
        slopes = [combine(along_slope, line) for line in data]
        value = combine(across, lines)
        by_y = combine(across_slope, lines)
        by_p = combine(across, slopes)
        numbers = [
            builder.extract_element(part, ir.Constant(ir.IntType(32), lane))
            for lane in (0, 1)
            for part in (value, by_p, by_y)
        ]
        return context.make_tuple(builder, signature.return_type, numbers)

    return types.UniTuple(types.float64, 6)(types.int64, types.int64, weights, weights, weights, weights), codegen


table, bits_of, number_of, fma, bicubic_pair = _table, _bits_of, _number_of, _fma, _bicubic_pair
if numba.config.DISABLE_JIT:  # the same as plain Python, for the debugger

    def table() -> np.ndarray:
        return _bound[0]

    def bits_of(number: float) -> int:
        return int(struct.unpack("<q", struct.pack("<d", number))[0])

    def number_of(bits: int) -> float:
        return float(struct.unpack("<d", struct.pack("<q", bits))[0])

    def fma(a: float, b: float, c: float) -> float:
        return a * b + c

    def bicubic_pair(first: int, second: int, a: Any, a_slope: Any, b: Any, b_slope: Any) -> tuple[float, ...]:
        q = _bound[0]
        parts = []
        for lane in (0, 1):
            f = np.array([[q[n + k + lane] for n in (first, second) for k in (m, m + 2)] for m in (0, 4, 8, 12)])
            parts += [np.dot(b, f @ np.array(a)), np.dot(b, f @ np.array(a_slope)), np.dot(b_slope, f @ np.array(a))]
        return tuple(parts)
