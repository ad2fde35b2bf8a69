"""The one `@kernel` decorator, and where compiled code is kept.

Numba's file cache notices an edit in the file of a kernel but not in the files of the kernels it calls, and then runs
stale code. The cache directory is therefore named by a digest of every source that can hold a kernel: editing any of
them starts an empty cache (docs/decisions/0002-kernel-cache.md).
"""

from __future__ import annotations

import functools
import hashlib
import os
import types
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
KERNEL_ROOMS = ("thermo", "twin", "hil")
"""Packages whose sources may hold kernels."""


def kernel_digest(folders: Iterable[Path] | None = None) -> str:
    """Digest of all Python sources in the folders (default: the packages that hold kernels)."""
    if folders is None:
        folders = [ROOT / room for room in KERNEL_ROOMS]
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            digest.update(str(path.relative_to(folder)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def cache_root() -> Path:
    """Where everything that can be made again is kept: compiled kernels and property tables."""
    home = os.environ.get("HETWIN_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME")
    base = Path(home) if home else Path.home() / ".cache"
    return base / "hetwin"


def kernel_cache() -> Path:
    """The directory of compiled kernels for exactly these sources."""
    return cache_root() / f"kernels-{kernel_digest()}"


os.environ["NUMBA_CACHE_DIR"] = str(kernel_cache())

import numba  # noqa: E402  (its cache directory is read at import)
from numba.extending import typeof_impl  # noqa: E402

numba.config.CACHE_DIR = os.environ["NUMBA_CACHE_DIR"]


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a function of numbers and arrays: cached, without the GIL, dividing like NumPy."""
    return numba.njit(cache=True, error_model="numpy", nogil=True)(function)


class Inner:
    """A kernel that only kernels call: compiled without an entry from Python, which would cost as much again.

    Called from Python it runs as plain Python, for a look or a test.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        functools.update_wrapper(self, function)
        self.py_func = function
        self.dispatcher = numba.njit(
            cache=True, error_model="numpy", nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True
        )(function)

    def __call__(self, *arguments: Any) -> Any:
        return self.py_func(*arguments)


@typeof_impl.register(Inner)
def _as_dispatcher(value: Inner, context: Any) -> Any:
    return numba.types.Dispatcher(value.dispatcher)


def inner(function: Callable[..., Any]) -> Any:
    """Make an `Inner` of a function, or, beside it, of a kernel that Python can call."""
    if numba.config.DISABLE_JIT:
        return function
    if isinstance(function, Inner):
        return function
    plain = getattr(function, "py_func", None)
    if plain is not None:
        function = types.FunctionType(plain.__code__, plain.__globals__, f"inner_{plain.__name__}", plain.__defaults__)
        function.__qualname__, function.__module__ = f"inner_{plain.__qualname__}", plain.__module__
    return Inner(function)
