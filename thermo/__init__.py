"""Thermodynamics of helium: pure functions of numbers that know no plant."""

HETWIN_THERMO = True
"""Marker: this is hetwin's `thermo`, not the PyPI package of the same name."""
