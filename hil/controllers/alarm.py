"""Alarm: four limits on a tag, with delay and dead band (the usual HH, H, L, LL of ISA-18.2)."""

import math
from dataclasses import dataclass

from hil.controllers.scan import due, period
from thermo.jit import kernel
from twin.alarms.declare import Levels
from twin.unit import Input, Latch, Param, Wire, unit_operation
from twin.words import NO_YES, words

NORMAL, LOW, LOW_LOW, HIGH, HIGH_HIGH = range(5)
LEVELS = words("normal 正常", "low 下限", "low low 下下限", "high 上限", "high high 上上限")

EXAMPLE = """
description = "A buffer that empties, with an alarm on its pressure."
[unit.AIR]
kind = "ambient"
[unit.BUF-1]
kind = "buffer"
volume = "1 m3"
p_start = "5 bar"
[unit.CV-1]
kind = "control_valve"
inlet = "BUF-1"
outlet = "AIR"
flow_area = "5 mm2"
start = {opening = 1}
[unit.PA-1]
kind = "alarm"
tag = "BUF-1.p"
unit = "Pa"
high = "4.5 bar"
low = "2 bar"
low_low = "1.2 bar"
dead_band = "0.1 bar"
"""


@kernel
def level_of(par, s, x):
    """The alarm level of a value; the dead band holds a level that is on."""
    if x >= s.at_high_high - (par.dead_band if s.value == HIGH_HIGH else 0.0):
        return HIGH_HIGH
    if x <= s.at_low_low + (par.dead_band if s.value == LOW_LOW else 0.0):
        return LOW_LOW
    if x >= s.at_high - (par.dead_band if s.value >= HIGH else 0.0):
        return HIGH
    if x <= s.at_low + (par.dead_band if s.value == LOW or s.value == LOW_LOW else 0.0):
        return LOW
    return NORMAL


@kernel
def alarm(par, s, image, wire, clock):
    """A new level must last longer than the delay; a rise wakes the operator until it is acknowledged."""
    if not due(clock, par.scan):
        return
    level = level_of(par, s, image[wire[0]])
    if level == s.value:
        s.waited = 0.0
    else:
        s.waited += period(clock, par.scan)
        if s.waited > par.delay:
            s.waited = 0.0
            s.value = level
            if level != NORMAL:
                s.open = 1.0
    if s.acknowledge > 0.5:
        s.open = 0.0
    s.acknowledge = 0.0


@unit_operation("alarm", ja="警報", update=alarm, phase="controller", symbol="alarm")
@dataclass(frozen=True, kw_only=True)
class Alarm:
    """Alarm limits on any tag."""

    tag: str = Wire("tag that it watches")
    unit: str = Param("text", "SI unit of the watched tag", default="1")
    high_high: float = Param("@unit", "high high limit; absent: none", default=math.inf)
    high: float = Param("@unit", "high limit; absent: none", default=math.inf)
    low: float = Param("@unit", "low limit; absent: none", default=-math.inf)
    low_low: float = Param("@unit", "low low limit; absent: none", default=-math.inf)
    dead_band: float = Param("@unit", "how far it must come back", default=0.0)
    delay: float = Param("s", "a new level must last longer than this", default=0.0, range=(0.0, 86400.0))
    scan: float = Param("s", "scan period", default=1.0, range=(0.0, 3600.0))

    value = Latch("1", "alarm", labels=LEVELS, ja="警報")
    open = Latch("1", "not yet acknowledged", labels=NO_YES, ja="未確認")
    acknowledge = Input("1", "acknowledge (goes back by itself)", labels=NO_YES, ja="確認")
    at_high_high = Input("@unit", "high high limit", start="start_high_high", by="engineer", ja="上上限")
    at_high = Input("@unit", "high limit", start="start_high", by="engineer", ja="上限")
    at_low = Input("@unit", "low limit", start="start_low", by="engineer", ja="下限")
    at_low_low = Input("@unit", "low low limit", start="start_low_low", by="engineer", ja="下下限")
    waited = Latch("s", "time in a new level", range=(0.0, 86400.0))

    @property
    def start_high_high(self) -> float:
        """The limit; without one, a number that nothing reaches."""
        return min(self.high_high, self._room[1])

    @property
    def start_high(self) -> float:
        """The limit; without one, a number that nothing reaches."""
        return min(self.high, self._room[1])

    @property
    def start_low(self) -> float:
        """The limit; without one, a number that nothing reaches."""
        return max(self.low, self._room[0])

    @property
    def start_low_low(self) -> float:
        """The limit; without one, a number that nothing reaches."""
        return max(self.low_low, self._room[0])

    @property
    def _room(self) -> tuple[float, float]:
        return -1e12, 1e12

    def check(self):
        """Limits in order."""
        limits = [self.low_low, self.low, self.high, self.high_high]
        if not any(math.isfinite(limit) for limit in limits):
            raise ValueError("expected at least one of high_high, high, low and low_low")
        given = [limit for limit in limits if math.isfinite(limit)]
        if given != sorted(given):
            raise ValueError("expected low_low, low, high and high_high in rising order")

    def tag_range(self, quantity):
        """A limit may be moved anywhere."""
        return self._room if quantity.unit == "@unit" else None

    def alarms(self):
        """Itself: the limits, the state and the acknowledgement are in its tags."""
        return [
            Levels(
                "value",
                "",
                "",
                high_high=self.high_high,
                high=self.high,
                low=self.low,
                low_low=self.low_low,
                dead_band=self.dead_band,
                limits=("at_high_high", "at_high", "at_low", "at_low_low"),
                watched=self.tag,
                open="open",
                acknowledge="acknowledge",
            )
        ]
