"""Find the kinds of equipment: those shipped in `twin.units`, those of other packages, those in a user's folder."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Iterable
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

import twin.units
from twin.errors import PlantFileError
from twin.unit import KINDS, Kind

ENTRY_POINTS = "hetwin.kinds"
"""Installed packages name modules that register kinds under this entry-point group."""


def load_kinds(folders: Iterable[str | Path] = ()) -> None:
    """Register every kind there is: shipped, of installed packages, of the user's folders."""
    load_shipped_kinds()
    load_installed_kinds()
    load_units(folders)


def load_shipped_kinds() -> None:
    """Import every module of `twin.units`."""
    _import_all(twin.units)


def load_installed_kinds() -> None:
    """Import what installed packages announce under the entry-point group `hetwin.kinds`."""
    for point in entry_points(group=ENTRY_POINTS):
        try:
            module = importlib.import_module(point.module)
        except ModuleNotFoundError as missing:
            if missing.name and point.module.startswith(missing.name):
                continue  # announced by an older installation, no longer there
            raise
        _import_all(module)


def _import_all(package: ModuleType) -> None:
    for module in pkgutil.iter_modules(getattr(package, "__path__", [])):
        importlib.import_module(f"{package.__name__}.{module.name}")


def load_units(folders: Iterable[str | Path]) -> None:
    """Import every Python file of the folders; each becomes a real module, so that its kernels can be cached."""
    for folder in map(Path, folders):
        if not folder.is_dir():
            raise PlantFileError(f"There is no folder {folder} with kinds of equipment (--units).")
        for path in sorted(folder.glob("*.py")):
            _load_file(path)


def _load_file(path: Path) -> None:
    digest = hashlib.sha256(str(path.resolve().parent).encode()).hexdigest()[:8]
    name = f"hetwin_units_{digest}_{path.stem}"
    if name in sys.modules:
        return
    spec = importlib.util.spec_from_file_location(name, path.resolve())
    assert spec is not None, path
    assert spec.loader is not None, path
    module = importlib.util.module_from_spec(spec)
    before = dict(KINDS)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
        _refuse_redefinition(path, before)
    except PlantFileError:
        _forget(name, before)
        raise
    except Exception as problem:
        _forget(name, before)
        raise PlantFileError(f"{path}: cannot be imported: {_where(problem, path)}{problem}.") from problem


def _refuse_redefinition(path: Path, before: dict[str, Kind]) -> None:
    for name, kind in before.items():
        if KINDS[name] is not kind:
            home = kind.card.__module__
            raise PlantFileError(f'{path}: kind "{name}" exists already in {home}; give yours another name.')


def _forget(name: str, before: dict[str, Kind]) -> None:
    del sys.modules[name]
    KINDS.clear()
    KINDS.update(before)


def _where(problem: Exception, path: Path) -> str:
    """The line of the user's file where the problem came up, as "line 12: "."""
    if isinstance(problem, SyntaxError):
        return ""  # its text names file and line
    lines, trace = [], problem.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path.resolve()):
            lines.append(trace.tb_lineno)
        trace = trace.tb_next
    return f"line {lines[-1]}: " if lines else ""
