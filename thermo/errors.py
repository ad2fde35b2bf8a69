"""What can go wrong in `thermo`.

ThermoError
└── OutOfRange    a state the equations do not describe: says which value, which limit, and what to do
"""

from __future__ import annotations


class ThermoError(Exception):
    """Base of all errors raised by `thermo`."""


class OutOfRange(ThermoError, ValueError):
    """A state outside the validity of an equation; the message is a sentence that says what to do."""
