"""Interlock: up to four conditions, any of which trips after a delay; the trip is latched and names the first."""

from dataclasses import dataclass

from hil.controllers.scan import due, period, put, wired
from thermo.jit import kernel
from twin.alarms.declare import OffNormal
from twin.health import CHECK_FUNCTION, Sign
from twin.unit import Input, Latch, Param, Wire, unit_operation
from twin.words import NO_RESET, words

COUNT = 4
TRIPS = words("no なし", "condition 1 条件1", "condition 2 条件2", "condition 3 条件3", "condition 4 条件4")
WAYS = {"high": 1.0, "low": -1.0}

EXAMPLE = """
description = "A buffer that fills; an interlock closes the feed valve at high pressure."
[unit.AIR]
kind = "ambient"
[unit.BUF-1]
kind = "buffer"
volume = "1 m3"
p_start = "10 bar"
[unit.BUF-2]
kind = "buffer"
volume = "1 m3"
p_start = "1 bar"
[unit.CV-1]
kind = "control_valve"
inlet = "BUF-1"
outlet = "BUF-2"
flow_area = "2 mm2"
start = {opening = 1}
[unit.IL-1]
kind = "interlock"
tag_1 = "BUF-2.p"
unit_1 = "Pa"
when_1 = "high"
at_1 = "3 bar"
delay = "2 s"
target = "CV-1.opening"
"""


@kernel
def beyond(image, address, connected, way, limit):
    """Whether a condition is met."""
    return connected > 0.0 and way * (image[address] - limit) >= 0.0


@kernel
def interlock(par, s, image, wire, clock):
    """Delay on each condition, first-out latch, reset only when all is well."""
    if not due(clock, par.scan):
        return
    h = period(clock, par.scan)
    s.timer_1 = s.timer_1 + h if beyond(image, wire[0], par.has_tag_1, par.way_1, s.limit_1) else 0.0
    s.timer_2 = s.timer_2 + h if beyond(image, wire[1], par.has_tag_2, par.way_2, s.limit_2) else 0.0
    s.timer_3 = s.timer_3 + h if beyond(image, wire[2], par.has_tag_3, par.way_3, s.limit_3) else 0.0
    s.timer_4 = s.timer_4 + h if beyond(image, wire[3], par.has_tag_4, par.way_4, s.limit_4) else 0.0

    # first out
    first = 0.0
    if s.timer_1 > par.delay:
        first = 1.0
    elif s.timer_2 > par.delay:
        first = 2.0
    elif s.timer_3 > par.delay:
        first = 3.0
    elif s.timer_4 > par.delay:
        first = 4.0

    # latch
    if s.reset > 0.5 and s.timer_1 + s.timer_2 + s.timer_3 + s.timer_4 == 0.0:
        s.trip = 0.0
    s.reset = 0.0
    if s.bypass > 0.5:
        s.trip = 0.0
    elif s.trip == 0.0:
        s.trip = first
    if s.trip > 0.0:
        put(image, wire[4], par.has_target, par.value)
        put(image, wire[5], par.has_target_2, par.value_2)


@unit_operation("interlock", ja="インターロック", update=interlock, phase="controller", symbol="interlock")
@dataclass(frozen=True, kw_only=True)
class Interlock:
    """Interlock on up to four tags; while tripped it holds up to two inputs at safe values."""

    tag_1: str = Wire("tag of condition 1")
    tag_2: str = Wire("tag of condition 2", default="")
    tag_3: str = Wire("tag of condition 3", default="")
    tag_4: str = Wire("tag of condition 4", default="")
    target: str = Wire("input that is held while tripped", default="")
    target_2: str = Wire("second input that is held while tripped", default="")
    at_1: float = Param("@unit_1", "limit of condition 1")
    at_2: float = Param("@unit_2", "limit of condition 2", default=0.0)
    at_3: float = Param("@unit_3", "limit of condition 3", default=0.0)
    at_4: float = Param("@unit_4", "limit of condition 4", default=0.0)
    when_1: str = Param("text", '"high" or "low"', default="high")
    when_2: str = Param("text", '"high" or "low"', default="high")
    when_3: str = Param("text", '"high" or "low"', default="high")
    when_4: str = Param("text", '"high" or "low"', default="high")
    unit_1: str = Param("text", "SI unit of tag 1", default="1")
    unit_2: str = Param("text", "SI unit of tag 2", default="1")
    unit_3: str = Param("text", "SI unit of tag 3", default="1")
    unit_4: str = Param("text", "SI unit of tag 4", default="1")
    value: float = Param("1", "safe value of the target", default=0.0)
    value_2: float = Param("1", "safe value of the second target", default=0.0)
    delay: float = Param("s", "a condition must last longer than this", default=0.0, range=(0.0, 86400.0))
    scan: float = Param("s", "scan period", default=0.0, range=(0.0, 3600.0))

    trip = Latch("1", "trip and what came first", labels=TRIPS, ja="インターロック")
    reset = Input("1", "reset of the trip (goes back by itself)", labels=NO_RESET, ja="復帰")
    bypass = Input(
        "1",
        "takes the interlock out of service",
        labels=words("no なし", "bypassed バイパス中"),
        by="engineer",
        ja="バイパス",
    )
    limit_1 = Input("@unit_1", "limit of condition 1", start="at_1", by="engineer", ja="限界値1")
    limit_2 = Input("@unit_2", "limit of condition 2", start="at_2", by="engineer", ja="限界値2")
    limit_3 = Input("@unit_3", "limit of condition 3", start="at_3", by="engineer", ja="限界値3")
    limit_4 = Input("@unit_4", "limit of condition 4", start="at_4", by="engineer", ja="限界値4")
    timer_1 = Latch("s", "time beyond limit 1", range=(0.0, 1e9))
    timer_2 = Latch("s", "time beyond limit 2", range=(0.0, 1e9))
    timer_3 = Latch("s", "time beyond limit 3", range=(0.0, 1e9))
    timer_4 = Latch("s", "time beyond limit 4", range=(0.0, 1e9))

    def check(self):
        """Each condition looks one of two ways."""
        for i in range(1, COUNT + 1):
            way = getattr(self, f"when_{i}")
            if way not in WAYS:
                raise ValueError(f'when_{i}: expected "high" or "low", got "{way}"')

    def derived(self):
        """Signs of the conditions, and which wires lead somewhere."""
        ways = {f"way_{i}": WAYS[getattr(self, f"when_{i}")] for i in range(1, COUNT + 1)}
        return {**ways, **wired(self)}

    def tag_range(self, quantity):
        """A limit can be moved by its own size."""
        for i in range(1, COUNT + 1):
            if quantity is getattr(Interlock, f"limit_{i}"):
                limit = getattr(self, f"at_{i}")
                room = abs(limit) or 1.0
                return limit - room, limit + room
        return None

    def health(self):
        """Bypassed."""
        return [
            Sign("bypass", CHECK_FUNCTION, 1.0),
        ]

    def alarms(self):
        """Trip, and an interlock that is bypassed."""
        return [
            OffNormal(
                "trip",
                "interlock trip",
                "インターロック作動",
                trip=True,
                priority="high",
                confirm=True,
                cause=("the condition that came first is named", "最初に成立した条件を表示"),
                consequence=("its targets are held safe", "対象機器を安全側に保持"),
                action=("remove the cause, reset", "原因除去後リセット"),
            ),
            OffNormal(
                "bypass",
                "interlock bypassed",
                "インターロックバイパス中",
                priority="low",
                cause=("taken out by hand", "手動解除"),
                consequence=("no protection", "保護なし"),
                action=("take it back soon", "早期に復帰"),
            ),
        ]
