"""What a kind of equipment declares to be an alarm: its card has a method `alarms` that returns these.

    def alarms(self):
        return [Limits("filling", "bag", "ガスバッグ", high=0.9, high_high=0.98, dead_band=0.02)]

A tag is named as within the unit ("filling", "trip", "p" of its volume); with the unit in front ("BUF-1.p") it is that
of another unit, for instance of a port: `f"{self.suction}.p"`. Texts are pairs, English and Japanese. An alarm that
everybody would ignore is none (ISA-18.2, 10): `when` names a tag and the range in which the alarm means anything,
outside it is suppressed by design.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

Texts = tuple[str, str]
"""The same sentence in English and in Japanese."""

NONE: Texts = ("", "")

SEVERITY = {"low": 200, "medium": 400, "high": 700, "critical": 900}
"""Severity of each priority; OPC UA Part 5, 6.4.2: 1 to 333 low, to 666 medium, to 1000 high."""
PRIORITIES = tuple(SEVERITY)

REMOTE = ("place", -0.5, 0.5)
"""`when` of a discrepancy: nobody expects a drive that is operated at its own panel to follow its order."""
RUNNING = ("speed", 0.5, 1.5)
"""`when` of what a machine does while it runs: its speed, over half, where its own trips begin to look too.

Not its order: at its own panel a machine runs without one, and tripped it stands still in spite of one.
"""


@dataclass(frozen=True)
class Declared:
    """One alarm of a kind: the tag that it watches and what people are told.

    Delays [s] of simulated time; `dead_band` in the unit of the tag; a `latched` alarm stays until it is reset; with
    `confirm` it asks for a second signature. `name` distinguishes it within the unit where the tag is not enough.
    """

    tag: str
    text: str
    ja: str
    cause: Texts = NONE
    consequence: Texts = NONE
    action: Texts = NONE
    priority: str = "medium"
    on_delay: float = 0.0
    off_delay: float = 0.0
    dead_band: float = 0.0
    latched: bool = False
    confirm: bool = False
    when: tuple[str, float, float] | None = None
    name: str = ""

    def __post_init__(self) -> None:
        if self.priority not in SEVERITY:
            raise ValueError(f"alarm on {self.tag}: expected a priority of {PRIORITIES}, got {self.priority!r}")


@dataclass(frozen=True, kw_only=True)
class Limits(Declared):
    """High and low limits on an analog tag; an exclusive alarm is in one of them at a time."""

    high_high: float = math.inf
    high: float = math.inf
    low: float = -math.inf
    low_low: float = -math.inf
    exclusive: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        limits = [self.low_low, self.low, self.high, self.high_high]
        given = [limit for limit in limits if math.isfinite(limit)]
        if not given or given != sorted(given):
            raise ValueError(f"alarm on {self.tag}: expected limits in rising order, at least one, got {limits}")


@dataclass(frozen=True, kw_only=True)
class Levels(Limits):
    """Limits that a controller evaluates by itself: the tag is 0 normal, 1 low, 2 low low, 3 high, 4 high high.

    `limits` names the tags that hold high high, high, low, low low; `open` is 1 until the controller is acknowledged by
    writing 1 to `acknowledge`; `watched` is the tag that the controller looks at.
    """

    limits: tuple[str, str, str, str]
    watched: str
    open: str
    acknowledge: str


@dataclass(frozen=True, kw_only=True)
class OffNormal(Declared):
    """A discrete tag that is not as it should be: a trip, a fault, air that is lost.

    Every value but `normal` is an alarm or, where `bad` is given, that one alone.
    """

    normal: float = 0.0
    bad: float | None = None
    trip: bool = False


@dataclass(frozen=True, kw_only=True)
class Discrepancy(Declared):
    """An order that is not obeyed: the tag `order` and the feedback `tag` differ by more than `tolerance`."""

    order: str
    tolerance: float = 0.5


@dataclass(frozen=True, kw_only=True)
class System(Declared):
    """Trouble of the simulation or of what is connected to it; raised by name, not by a tag."""
