"""Figures the project promises, one module each: `NAME` and `run()`; printed by `hetwin bench`."""
