"""The one `@kernel` decorator, and where compiled code is kept.

Numba's file cache notices an edit in the file of a kernel but not in the files of the kernels it calls, and then runs
stale code. Ours stamps every kernel with its own source and with all sources that this one imports, directly or not:
an edit discards exactly what depends on it (docs/decisions/0002-kernel-cache.md).
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
from numba.core import caching
from numba.extending import typeof_impl

ROOT = Path(__file__).resolve().parent.parent
KERNEL_ROOMS = ("thermo", "twin", "hil")
"""Packages whose sources may hold kernels."""

WRITTEN = "hetwin_"
"""How modules outside the packages begin that hold kernels: written chains, kinds of the user's."""

IMPORT = re.compile(r"^(?:from|import)[ \t]+([\w.]+)(?:[ \t]+import[ \t]+(\([^)]*\)|[^\n(]*))?", re.MULTILINE)


def cache_root() -> Path:
    """Where everything that can be made again is kept: compiled kernels and property tables."""
    home = os.environ.get("HETWIN_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME")
    base = Path(home) if home else Path.home() / ".cache"
    return base / "hetwin"


def kernel_cache() -> Path:
    """The directory of compiled kernels and written chains."""
    return cache_root() / "kernels"


def kernel_digest() -> str:
    """Digest of all sources in the packages that hold kernels: the version of the physics."""
    digest = hashlib.sha256()
    for room in KERNEL_ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            digest.update(str(path.relative_to(ROOT)).encode())
            digest.update(_content(path))
    return digest.hexdigest()[:16]


@functools.cache
def _content(path: Path) -> bytes:
    return path.read_bytes()


@functools.cache
def imported_by(path: Path) -> tuple[Path, ...]:
    """Sources of our own that a source imports directly."""
    found = set()
    for module, names in IMPORT.findall(_content(path).decode()):
        parts = [module, *(f"{module}.{name.split(' as ')[0].strip()}" for name in names.strip("()").split(","))]
        found |= {source for part in parts if (source := _source_of(part)) is not None}
    return tuple(sorted(found - {path}))


def _source_of(module: str) -> Path | None:
    """File of one of our modules; None for everything else."""
    if module.startswith(WRITTEN) and module in sys.modules:
        return Path(str(sys.modules[module].__file__))
    if module.partition(".")[0] not in KERNEL_ROOMS:
        return None
    base = ROOT.joinpath(*module.split("."))
    return next((p for p in (base.with_suffix(".py"), base / "__init__.py") if p.is_file()), None)


@functools.cache
def source_stamp(path: Path) -> str:
    """Digest of a source and of everything of ours that it imports, directly or not."""
    reached, edge = {path}, [path]
    while edge:
        fresh = set(imported_by(edge.pop())) - reached
        reached |= fresh
        edge += fresh
    digest = hashlib.sha256()
    for source in sorted(reached):
        digest.update(_content(source))
    return digest.hexdigest()


@functools.cache
def _make_folder(path: Path) -> None:
    path.mkdir(parents=True, exist_ok=True)


class ClosureLocator(caching._CacheLocator):
    """Cache of our kernels: one directory, stamped with `source_stamp`."""

    def __init__(self, function: Any, file: str) -> None:
        self._py_file = file
        self._lineno = function.__code__.co_firstlineno

    def get_cache_path(self) -> str:
        return str(kernel_cache())

    def get_source_stamp(self) -> str:
        return source_stamp(Path(self._py_file))

    def get_disambiguator(self) -> str:
        return f"{self._lineno}-{hashlib.sha256(self._py_file.encode()).hexdigest()[:10]}"

    @classmethod
    def from_function(cls, function: Any, file: str) -> ClosureLocator | None:
        module = function.__module__
        if module.partition(".")[0] not in KERNEL_ROOMS and not module.startswith(WRITTEN):
            return None
        _make_folder(kernel_cache())
        return cls(function, file)


caching.CacheImpl._locator_classes.insert(0, ClosureLocator)


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


def merged(function: Callable[..., Any]) -> Any:
    """Make a function part of the kernel that calls it: one large kernel is compiled sooner than one in another."""
    return numba.njit(error_model="numpy", nogil=True, inline="always")(function)


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
