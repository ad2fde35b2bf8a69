"""Quantities given as options: with a unit, or a plain number in SI."""

from __future__ import annotations

from contextlib import suppress

from hetwin.exits import BadInput
from twin.quantities import parse


def quantity(option: str, text: str, si_unit: str) -> float:
    """The value in SI; BadInput names the option."""
    value: str | float = text
    with suppress(ValueError):
        value = float(text)
    try:
        return parse(value, si_unit)
    except ValueError as wrong:
        raise BadInput(f"{option}: {wrong}.") from None


def duration(option: str, text: str | None) -> float | None:
    """A time above zero [s], or None if the option is not given."""
    if text is None:
        return None
    seconds = quantity(option, text, "s")
    if seconds <= 0.0:
        raise BadInput(f"{option}: expected a time above zero, got {text}.")
    return seconds
