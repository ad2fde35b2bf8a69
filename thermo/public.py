"""One name for two callers: a kernel for kernels, and for Python a checked function of scalars or arrays.

A `Public` is what `@public(...)` makes of a kernel. Inside jitted code numba sees the raw kernel: no checks, no cost.
From ordinary Python it broadcasts, checks validity first, and refuses in a sentence.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types
from numba.extending import typeof_impl

from thermo.errors import OutOfRange
from thermo.jit import inner, kernel
from thermo.memory import PLAIN

UNITS = {"p": "Pa", "h": "J/kg", "T": "K", "s": "J/(kg K)", "rho": "kg/m3", "u": "J/kg", "x": "1", "e": "J/kg"}


class Public:
    """A kernel that Python may call: scalars or arrays in, validity checked, `OutOfRange` raised."""

    def __init__(self, function: Callable[..., Any], check: Any, explain: Callable[[int, dict[str, float]], str]):
        functools.update_wrapper(self, function)
        self.names = function.__code__.co_varnames[: function.__code__.co_argcount]
        self.raw = kernel(function)
        self.inside = inner(self.raw)
        self.check = check
        self.explain = explain

    def __repr__(self) -> str:
        return f"<{self.__module__}.{self.__name__}({', '.join(self.names)})>"  # type: ignore[attr-defined]

    def __call__(self, *values: Any, **named: Any) -> Any:
        """Evaluate with checks; arrays are broadcast against each other."""
        if named:
            values = values + tuple(named[name] for name in self.names[len(values) :])
        if all(np.ndim(value) == 0 for value in values):
            return self._one(*(float(value) for value in values))
        arrays = np.broadcast_arrays(*(np.asarray(value, dtype=float) for value in values))
        flat = [np.ascontiguousarray(array).ravel() for array in arrays]
        results = np.array([self._one(*row) for row in zip(*flat, strict=True)], dtype=float)
        if results.ndim == 2:
            return tuple(column.reshape(arrays[0].shape) for column in results.T)
        return results.reshape(arrays[0].shape)

    def _one(self, *values: float) -> Any:
        code = self.check(*values[: len(self.names)])
        if code:
            given = dict(zip(self.names, values, strict=True))
            stated = ", ".join(f"{name} = {value:g} {UNITS.get(name, '')}".rstrip() for name, value in given.items())
            raise OutOfRange(f"{self.__name__}({stated}): {self.explain(code, given)}")  # type: ignore[attr-defined]
        return self.raw(*values)


@typeof_impl.register(Public)
def _as_kernel(value: Public, context: Any) -> Any:
    return types.Dispatcher(value.inside.dispatcher)


def public(check: Any, explain: Callable[[int, dict[str, float]], str]) -> Callable[[Callable[..., Any]], Any]:
    """Make a kernel of a function and let Python call it where `check(*arguments)` returns 0."""

    def decorate(function: Callable[..., Any]) -> Any:
        return function if PLAIN else Public(function, check, explain)

    return decorate
