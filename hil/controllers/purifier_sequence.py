"""Purifier sequence: two beds that take turns, one on line while the other is regenerated.

    idle -> cooling -> ready -> on line -> isolated -> warming -> purging -> evacuating -> pressurising -> cooling ...

A bed leaves the line on breakthrough, after its time or on command, at once when breaking through and otherwise when
the other bed is ready. A plant with one bed waits while it regenerates.
"""

from dataclasses import dataclass

from hil.controllers.scan import due, period, put, wired
from thermo.jit import kernel
from twin.alarms.declare import Limits
from twin.unit import Input, Latch, Param, Wire, unit_operation
from twin.words import NO_YES, STOP_START, words

STEPS = words(
    *("idle 休止", "cooling 冷却", "ready 待機", "on line 吸着", "isolated 切離し", "warming 加温"),
    *("purging パージ", "evacuating 排気", "pressurising 昇圧"),
)
PHASES = words("stopped 停止", "preparing 準備", "ready 待機", "bed A on line A塔吸着", "bed B on line B塔吸着")
(IDLE, COOLING, READY, ON_LINE, ISOLATED, WARMING, PURGING, EVACUATING, PRESSURISING) = range(9)

# wires, in the order of the card
IMPURITY, PERMIT = 0, 1
TEMP_A, P_A, FEED_A, HEATER_A, COOLANT_A, PURGE_A, VACUUM_A, FILL_A = range(2, 10)
TEMP_B, P_B, FEED_B, HEATER_B, COOLANT_B, PURGE_B, VACUUM_B, FILL_B = range(10, 18)

EXAMPLE = """
description = "Two vessels as beds; their valves open and close on time while the sequence takes them through."
[unit.AIR]
kind = "ambient"
[unit.FEED]
kind = "buffer"
volume = "5 m3"
p_start = "10 bar"
[unit.CLEAN]
kind = "buffer"
volume = "5 m3"
[unit.CV-A]
kind = "control_valve"
inlet = "FEED"
outlet = "CLEAN"
flow_area = "0.5 mm2"
[unit.CV-B]
kind = "control_valve"
inlet = "FEED"
outlet = "CLEAN"
flow_area = "0.5 mm2"
[unit.SEQ-1]
kind = "purifier_sequence"
impurity = "CLEAN.w_n2"
feed_a = "CV-A.opening"
feed_b = "CV-B.opening"
on_line_for = "2 min"
warm_for = "20 s"
purge_for = "20 s"
evacuate_for = "20 s"
pressurise_for = "20 s"
cool_for = "20 s"
start = {command = "start"}
"""


@kernel
def reached(has, value, limit, rising, elapsed, at_most):
    """A step ends on its measurement, if there is one, else on its time."""
    if has < 0.5:
        return elapsed >= at_most
    return value >= limit if rising else value <= limit


@kernel
def regenerate(par, s, step, elapsed, has_temp, temp, has_p, p):
    """The next step of a bed that is not on line."""
    if step == IDLE:
        return COOLING if s.command > 0.5 else IDLE
    if step == ISOLATED and elapsed >= par.isolate_for:
        return WARMING
    if step == WARMING and reached(has_temp, temp, s.temp_warm_at, True, elapsed, par.warm_for):
        return PURGING
    if step == PURGING and elapsed >= par.purge_for:
        return EVACUATING
    if step == EVACUATING and reached(has_p, p, par.p_evacuated, False, elapsed, par.evacuate_for):
        return PRESSURISING
    if step == PRESSURISING and reached(has_p, p, par.p_filled, True, elapsed, par.pressurise_for):
        return COOLING
    if step == COOLING and reached(has_temp, temp, s.temp_cold_at, False, elapsed, par.cool_for):
        return READY
    return step


@kernel
def leave_line(par, s, step, wanted, used, other, broken, permit):
    """The next step of a bed: off the line when dirty, or when tired and another is ready; waiting without a permit."""
    if step != ON_LINE:
        return wanted
    tired = s.change > 0.5 or used >= s.on_line_limit
    if broken or (tired and (other == READY or par.beds < 2)):
        return ISOLATED
    return wanted if permit else READY


@kernel
def phase_of(a, b):
    """The step of both beds together: the one on line, else the one that is furthest."""
    if a == ON_LINE or b == ON_LINE:
        return 3.0 if a == ON_LINE else 4.0
    if a == READY or b == READY:
        return 2.0
    return 0.0 if a == IDLE and b == IDLE else 1.0


@kernel
def drive_bed(par, image, wire, first, step, has_feed, has_heater, has_coolant, has_purge, has_vacuum, has_fill):
    """Valves, heater and coolant of a bed; warming needs a way out for what comes off."""
    put(image, wire[first], has_feed, 1.0 if step == ON_LINE else 0.0)
    put(image, wire[first + 1], has_heater, 1.0 if step in (WARMING, PURGING) else 0.0)
    cold = step in (COOLING, READY, ON_LINE)
    put(image, wire[first + 2], has_coolant, 1.0 if cold else 0.0)
    put(image, wire[first + 3], has_purge, 1.0 if step in (WARMING, PURGING) else 0.0)
    put(image, wire[first + 4], has_vacuum, 1.0 if step == EVACUATING else 0.0)
    put(image, wire[first + 5], has_fill, 1.0 if step == PRESSURISING else 0.0)


@kernel
def purifier_sequence(par, s, image, wire, clock):
    """One scan: regenerate what is off line, decide on a bed change, drive both beds."""
    if not due(clock, par.scan):
        return
    h = period(clock, par.scan)
    a, b = int(s.bed_a), int(s.bed_b)
    s.elapsed_a += h
    s.elapsed_b += h

    # regeneration
    next_a = regenerate(par, s, a, s.elapsed_a, par.has_temp_a, image[wire[TEMP_A]], par.has_p_a, image[wire[P_A]])
    next_b = b
    if par.beds > 1:
        next_b = regenerate(par, s, b, s.elapsed_b, par.has_temp_b, image[wire[TEMP_B]], par.has_p_b, image[wire[P_B]])

    # leave the line
    s.dirty = s.dirty + h if image[wire[IMPURITY]] > s.impurity_limit else 0.0
    broken = s.dirty > par.delay and (a == ON_LINE or b == ON_LINE)
    permit = s.command > 0.5 and (par.has_permit < 0.5 or image[wire[PERMIT]] > 0.5)
    s.used_a += h if a == ON_LINE else 0.0
    s.used_b += h if b == ON_LINE else 0.0
    next_a = leave_line(par, s, a, next_a, s.used_a, next_b, broken, permit)
    next_b = leave_line(par, s, b, next_b, s.used_b, next_a, broken, permit)
    if broken:
        s.breakthroughs += 1.0
        s.dirty = 0.0

    # go on line: the bed that has less of its time behind it
    if permit and next_a != ON_LINE and next_b != ON_LINE:
        if next_a == READY and (next_b != READY or s.used_a <= s.used_b):
            next_a = ON_LINE
        elif next_b == READY:
            next_b = ON_LINE
    if next_a == ISOLATED or next_b == ISOLATED:
        s.change = 0.0

    # clocks
    s.elapsed_a = 0.0 if next_a != a else s.elapsed_a
    s.elapsed_b = 0.0 if next_b != b else s.elapsed_b
    s.used_a = 0.0 if next_a == ISOLATED else s.used_a
    s.used_b = 0.0 if next_b == ISOLATED else s.used_b
    s.bed_a, s.bed_b = float(next_a), float(next_b)
    s.online = 1.0 if next_a == ON_LINE else (2.0 if next_b == ON_LINE else 0.0)
    phase = phase_of(next_a, next_b)
    s.elapsed = s.elapsed + h if phase == s.step else 0.0
    s.step = phase

    drive_bed(
        par, image, wire, FEED_A, next_a,
        par.has_feed_a, par.has_heater_a, par.has_coolant_a, par.has_purge_a, par.has_vacuum_a, par.has_fill_a,
    )  # fmt: skip
    drive_bed(
        par, image, wire, FEED_B, next_b,
        par.has_feed_b, par.has_heater_b, par.has_coolant_b, par.has_purge_b, par.has_vacuum_b, par.has_fill_b,
    )  # fmt: skip


@unit_operation(
    "purifier_sequence", ja="精製器シーケンス", update=purifier_sequence, phase="controller", symbol="controller"
)
@dataclass(frozen=True, kw_only=True)
class PurifierSequence:
    """Bed change and regeneration of a cold purifier with one or two beds."""

    impurity: str = Wire("impurity behind the beds, per helium")
    permit: str = Wire("tag that is 1 while gas may be purified; empty: always", default="")
    temp_a: str = Wire("temperature of bed A; empty: by time", default="")
    p_a: str = Wire("pressure of bed A; empty: by time", default="")
    feed_a: str = Wire("feed valve of bed A", default="")
    heater_a: str = Wire("heater of bed A", default="")
    coolant_a: str = Wire("LN2 to bed A", default="")
    purge_a: str = Wire("purge valve of bed A", default="")
    vacuum_a: str = Wire("vacuum valve of bed A", default="")
    fill_a: str = Wire("pressurising valve of bed A", default="")
    temp_b: str = Wire("temperature of bed B; empty: by time", default="")
    p_b: str = Wire("pressure of bed B; empty: by time", default="")
    feed_b: str = Wire("feed valve of bed B", default="")
    heater_b: str = Wire("heater of bed B", default="")
    coolant_b: str = Wire("LN2 to bed B", default="")
    purge_b: str = Wire("purge valve of bed B", default="")
    vacuum_b: str = Wire("vacuum valve of bed B", default="")
    fill_b: str = Wire("pressurising valve of bed B", default="")

    beds: int = Param("1", "number of beds, 1 or 2", default=2, range=(1, 2))
    impurity_high: float = Param("1", "impurity that counts as breakthrough", default=5e-6, range=(0.0, 1.0))
    delay: float = Param("s", "breakthrough must last longer than this", default=10.0, range=(0.0, 3600.0))
    on_line_for: float = Param("s", "longest time on line", default=12.0 * 3600.0, range=(1.0, 1e8))
    isolate_for: float = Param("s", "pause after isolating", default=5.0, range=(0.0, 1e6))
    temp_warm: float = Param("K", "temperature at which a bed is regenerated", default=300.0)
    temp_cold: float = Param("K", "temperature at which a bed is cold enough", default=85.0)
    warm_for: float = Param("s", "time of warming, without a thermometer", default=2.0 * 3600.0)
    purge_for: float = Param("s", "time of purging", default=1800.0)
    evacuate_for: float = Param("s", "time of evacuating, without a pressure gauge", default=900.0)
    pressurise_for: float = Param("s", "time of pressurising, without a pressure gauge", default=300.0)
    cool_for: float = Param("s", "time of cooling, without a thermometer", default=2.0 * 3600.0)
    p_evacuated: float = Param("Pa", "pressure of an evacuated bed", default=1e4)
    p_filled: float = Param("Pa", "pressure of a filled bed", default=5e5)
    scan: float = Param("s", "scan period", default=1.0, range=(0.0, 3600.0))

    command = Input("1", "command", labels=STOP_START, ja="運転指令")
    change = Input("1", "bed change wanted (goes back by itself)", labels=NO_YES, ja="塔切替要求")
    impurity_limit = Input("1", "breakthrough", start="impurity_high", range=(0.0, 1.0), by="engineer", ja="破過設定")
    on_line_limit = Input(
        "s", "longest time on line", start="on_line_for", range=(1.0, 1e8), by="engineer", ja="吸着時間"
    )
    temp_warm_at = Input("K", "regenerated at", start="temp_warm", range=(60.0, 500.0), by="engineer", ja="再生温度")
    temp_cold_at = Input(
        "K", "cold enough at", start="temp_cold", range=(60.0, 300.0), by="engineer", ja="冷却完了温度"
    )
    step = Latch("1", "step", labels=PHASES, ja="工程")
    elapsed = Latch("s", "time in the step", range=(0.0, 1e8), ja="工程経過時間")
    online = Latch("1", "bed on line", labels=words("none なし", "A A塔", "B B塔"), ja="使用中の塔")
    bed_a = Latch("1", "step of bed A", labels=STEPS, ja="A塔工程")
    bed_b = Latch("1", "step of bed B", labels=STEPS, ja="B塔工程")
    elapsed_a = Latch("s", "time of bed A in its step", range=(0.0, 1e8), ja="A塔経過時間")
    elapsed_b = Latch("s", "time of bed B in its step", range=(0.0, 1e8), ja="B塔経過時間")
    used_a = Latch("s", "time of bed A on line since it was regenerated", range=(0.0, 1e8), ja="A塔使用時間")
    used_b = Latch("s", "time of bed B on line since it was regenerated", range=(0.0, 1e8), ja="B塔使用時間")
    dirty = Latch("s", "time above the breakthrough limit", range=(0.0, 1e8))
    breakthroughs = Latch("1", "breakthroughs since the beginning", range=(0.0, 1e6), ja="破過回数")

    def derived(self):
        """Which wires lead somewhere."""
        return wired(self)

    def alarms(self):
        """Breakthrough that lasts."""
        return [
            Limits(
                "dirty",
                "breakthrough of the purifier",
                "精製器破過",
                high=max(self.delay, 1.0),
                priority="high",
                cause=("bed loaded, the other not ready", "塔飽和、待機塔未準備"),
                consequence=("impure gas goes on", "不純ガス流出"),
                action=("change beds or stop the feed", "塔切替または原料停止"),
            )
        ]
