"""Thermodynamics of helium: pure functions of numbers that know no plant."""

HETWIN_THERMO = True
"""Marker: this is hetwin's `thermo`, not the PyPI package of the same name."""


def __getattr__(name: str) -> object:
    """`thermo.state` and `thermo.State`, without loading the table before anyone asks."""
    if name in ("state", "State"):
        from thermo import states

        return getattr(states, name)
    raise AttributeError(f"module 'thermo' has no attribute {name!r}")
