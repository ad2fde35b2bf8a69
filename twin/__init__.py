"""The helium twin: one model of a recovery network, from a magnet's boil-off to the liquid that goes back into it."""

from __future__ import annotations

from typing import Any

import thermo

if not getattr(thermo, "HETWIN_THERMO", False):
    raise ImportError(
        f"{thermo.__file__} is PyPI's package `thermo`, not hetwin's: give the twin an environment of its own, "
        "`python3 -m venv twin && twin/bin/pip install hetwin`, and do not install `thermo` there."
    )

_DOORS = {"Plant": "twin.plant", "Snapshot": "twin.plant"}
"""What `from twin import …` offers; imported when asked for, since kernels take a while to load."""


def __getattr__(name: str) -> Any:
    if name not in _DOORS:
        raise AttributeError(f"module 'twin' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_DOORS[name]), name)
