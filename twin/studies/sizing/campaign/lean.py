"""Kernels that count no references.

Numba counts a reference for each array of a tuple at every call, which was nine tenths of the time of a year. A lean
kernel makes no arrays and keeps none: Python holds those it is given for as long as it runs, so nothing is counted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba


def lean(function: Callable[..., Any]) -> Any:
    """A kernel (thermo.jit) without reference counting: it must not make or return arrays."""
    return numba.njit(cache=True, error_model="numpy", nogil=True, _nrt=False)(function)
