"""The one `@kernel` decorator, and where compiled code is kept.

Numba's file cache notices an edit in the file of a kernel but not in the files of the kernels it calls, and then runs
stale code. The cache directory is therefore named by a digest of every source that can hold a kernel: editing any of
them starts an empty cache (docs/decisions/0002-kernel-cache.md).
"""

from __future__ import annotations

import hashlib
import os
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

numba.config.CACHE_DIR = os.environ["NUMBA_CACHE_DIR"]


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a function of numbers and arrays: cached, without the GIL, dividing like NumPy."""
    return numba.njit(cache=True, error_model="numpy", nogil=True)(function)
