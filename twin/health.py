"""What a kind of equipment says of its own health, in the words of NAMUR NE 107: its card has a method `health`.

    def health(self):
        return [Sign("air", FAILURE, 1.0), Sign("place", CHECK_FUNCTION, 1.0)]

A device has the worst of the signs that are met; without one it is well.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

STATES = ("normal", "maintenance required", "off spec", "check function", "failure")
"""From good to bad, as a display ranks them."""
NORMAL, MAINTENANCE_REQUIRED, OFF_SPEC, CHECK_FUNCTION, FAILURE = range(5)


@dataclass(frozen=True)
class Sign:
    """The device is in a state while a tag of its own lies between two values, both included."""

    tag: str
    state: int
    at_least: float = -math.inf
    at_most: float = math.inf
