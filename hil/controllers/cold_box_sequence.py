"""Cold-box sequence: from standstill to liquefying and back, as the operators of small liquefiers step through it.

    stopped -> permissives -> compressor start -> purge -> precooling -> turbine start -> cool-down -> JT cool-down
            -> liquefying <-> stand-by            any -> stopping -> stopped            any -> tripped -> stopped
    stopped -> warm-up -> stopping

Helium below its inversion temperature only (46 K at low pressure) is cooled by throttling, so the cool-down valve leads
the gas past the JT valve until the JT inlet is cold; then the JT valve opens to a fixed position, and only liquefying
hands it to its controller. Each step has its own limits, all of them inputs; other controllers may trim the openings
that the valves are ramped to (turbine_target by the turbine inlet temperature, cooldown_target by the low pressure).

Exchangers must not be cooled faster than their maker allows. Each temperature that is wired has a ramp which falls no
faster than cool_rate; as far as a temperature runs ahead of its ramp, LN2, turbine valve and cool-down valve are
throttled. Below 80 K aluminium hardly contracts any more, and the limit ends there.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp
from typing import Any

from hil.controllers.on_off import FORCED_OFF
from hil.controllers.pid import FORCED
from hil.controllers.scan import approach, ask, due, period, put, wired
from thermo.jit import kernel
from twin.alarms.declare import Limits, OffNormal
from twin.unit import Input, Latch, Output, Param, Wire, action, unit_operation
from twin.words import NO_RESET, NO_YES, STOP_START, words

STEPS = words(
    *("stopped 停止", "permissives 起動条件", "compressor start 圧縮機起動", "purge パージ", "precooling 予冷"),
    *("turbine start タービン起動", "cool-down 冷却", "JT cool-down JT冷却", "liquefying 液化", "stand-by 待機"),
    *("stopping 停止操作", "tripped トリップ", "warm-up 昇温"),
)
(STOPPED, PERMISSIVES, COMPRESSOR, PURGE, PRECOOLING, TURBINE) = range(6)
(COOL_DOWN, JT_COOL_DOWN, LIQUEFYING, STAND_BY, STOPPING, TRIPPED, WARM_UP) = range(6, 13)

# wires, in the order of the card
(RUNNING, P_HIGH, TEMP_TURBINE, TEMP_JT, LEVEL, TURBINE_TRIP, TRIP) = range(7)
(PERMIT_1, PERMIT_2, PERMIT_3, PERMIT_4) = range(7, 11)
(TO_COMPRESSOR, TO_GAS, TO_INLET, TO_LN2, TO_TURBINE, TO_COOLDOWN, TO_JT_MODE, TO_JT) = range(11, 19)
(TURBINE_TRIP_2, TURBINE_TRIP_3, TO_TURBINE_2, TO_TURBINE_3) = range(19, 23)
(LIMITED_1, LIMITED_2, LIMITED_3, TO_LN2_FLOW, TO_WARM_UP, TO_RETURN) = range(23, 29)
TEMP_LAST = 29

EXAMPLE = """
description = "A sequence that starts, and finds its way as far as precooling: nothing here gets cold."
[unit.AIR]
kind = "ambient"
[unit.HP]
kind = "buffer"
volume = "1 m3"
p_start = "12 bar"
[unit.LP]
kind = "buffer"
volume = "1 m3"
[unit.CV-1]
kind = "control_valve"
inlet = "HP"
outlet = "LP"
flow_area = "0.1 mm2"
[unit.SEQ-1]
kind = "cold_box_sequence"
p_high = "HP.p"
temp_turbine = "HP.temp"
temp_jt = "LP.temp"
cooldown_valve = "CV-1.opening"
purge_time = "60 s"
start = {command = "start"}
"""


@kernel
def permitted(par, image, wire, i, has):
    """A permissive: given by its tag, or not asked for."""
    return has < 0.5 or image[wire[i]] > 0.5


@kernel
def count_missing(par, image, wire):
    """How many permissives are missing."""
    missing = 0.0
    missing += 0.0 if permitted(par, image, wire, PERMIT_1, par.has_permit_1) else 1.0
    missing += 0.0 if permitted(par, image, wire, PERMIT_2, par.has_permit_2) else 1.0
    missing += 0.0 if permitted(par, image, wire, PERMIT_3, par.has_permit_3) else 1.0
    missing += 0.0 if permitted(par, image, wire, PERMIT_4, par.has_permit_4) else 1.0
    return missing


@kernel
def turbine_blocked(par, image, wire):
    """A turbine is tripped."""
    blocked = par.has_turbine_trip > 0.0 and image[wire[TURBINE_TRIP]] > 0.5
    blocked = blocked or (par.has_turbine_trip_2 > 0.0 and image[wire[TURBINE_TRIP_2]] > 0.5)
    return blocked or (par.has_turbine_trip_3 > 0.0 and image[wire[TURBINE_TRIP_3]] > 0.5)


@kernel
def ramp(before, temp, fall):
    """A ramp down that follows its temperature when that falls more slowly."""
    return max(before - fall, temp)


@kernel
def limit_rate(par, s, image, wire, h):
    """How far the exchangers run ahead of their ramps, and the share of cooling that leaves them.

    An exponential, as an equal-percentage valve has: the exchanger at the turbine outlet answers to a twentieth of the
    flow as strongly as to all of it, and late, so that the gain must be small where little is needed.
    """
    fall = s.cool_rate * h
    s.ahead = 0.0
    if par.has_temp_1 > 0.0:
        s.ramp_1 = ramp(s.ramp_1, image[wire[LIMITED_1]], fall)
        if s.ramp_1 > s.limit_above:
            s.ahead = max(s.ahead, s.ramp_1 - image[wire[LIMITED_1]])
    if par.has_temp_2 > 0.0:
        s.ramp_2 = ramp(s.ramp_2, image[wire[LIMITED_2]], fall)
        if s.ramp_2 > s.limit_above:
            s.ahead = max(s.ahead, s.ramp_2 - image[wire[LIMITED_2]])
    if par.has_temp_3 > 0.0:
        s.ramp_3 = ramp(s.ramp_3, image[wire[LIMITED_3]], fall)
        if s.ramp_3 > s.limit_above:
            s.ahead = max(s.ahead, s.ramp_3 - image[wire[LIMITED_3]])
    wanted = 1.0
    if s.cool_rate > 0.0 and COMPRESSOR <= int(s.step) <= PURGE:
        wanted = s.throttle = 0.0
    elif s.cool_rate > 0.0 and PRECOOLING <= int(s.step) <= LIQUEFYING:
        wanted = min(exp(0.5 - s.ahead / par.rate_band), 1.0)
    s.throttle = approach(s.throttle, wanted, h / par.throttle_time)


@kernel
def coldest(par, image, wire):
    """The coldest of turbine inlet, JT inlet and the exchanger that warms last."""
    temp = min(image[wire[TEMP_TURBINE]], image[wire[TEMP_JT]])
    return min(temp, image[wire[TEMP_LAST]]) if par.has_temp_last > 0.0 else temp


@kernel
def forward(par, s, image, wire):
    """The next step when all goes well."""
    step = int(s.step)
    temp_turbine, temp_jt, level = image[wire[TEMP_TURBINE]], image[wire[TEMP_JT]], image[wire[LEVEL]]
    blocked = turbine_blocked(par, image, wire)

    if step == PERMISSIVES and s.missing == 0.0:
        return COMPRESSOR
    if step == COMPRESSOR and s.runs > 0.5 and image[wire[P_HIGH]] >= s.p_high_ready and s.elapsed >= par.settle_time:
        return PURGE
    if step == PURGE and s.elapsed >= s.purge_for:
        return PRECOOLING
    if step == PRECOOLING and temp_turbine <= s.temp_turbine_ready and not blocked:
        return TURBINE
    if step == TURBINE and s.turbine_opening >= s.turbine_target * s.throttle:
        return COOL_DOWN
    cold = temp_jt <= s.temp_jt_ready and temp_turbine <= par.temp_turbine_cold
    if step == COOL_DOWN and cold and s.throttle > 0.2 and s.elapsed >= par.least_cool_down:
        return JT_COOL_DOWN
    if step == JT_COOL_DOWN and temp_jt <= s.temp_liquefy:
        return LIQUEFYING
    if step == LIQUEFYING and (s.hold > 0.5 or (par.has_level > 0.0 and level >= s.level_full)):
        return STAND_BY
    if step == STAND_BY and s.hold < 0.5 and level <= s.level_resume:
        return TURBINE
    if step == WARM_UP and coldest(par, image, wire) >= s.temp_warmed:
        return STOPPING
    if step == STOPPING and s.turbine_opening <= 0.0 and s.elapsed >= par.run_down_time:
        return STOPPED
    return step


@kernel
def back(par, s, image, wire):
    """The step to fall back to when something was lost; the present one if nothing was."""
    step = int(s.step)
    if TURBINE <= step <= LIQUEFYING and turbine_blocked(par, image, wire):
        return PRECOOLING
    if step == LIQUEFYING and image[wire[TEMP_JT]] > s.temp_liquefy + par.temp_band:
        return JT_COOL_DOWN
    if step == JT_COOL_DOWN and image[wire[TEMP_JT]] > par.fall_back * s.temp_jt_ready:
        return COOL_DOWN
    return step


@kernel
def next_step(par, s, image, wire):
    """Trips first, then the operator, then what was lost, then progress."""
    step = int(s.step)
    tripping = par.has_trip > 0.0 and image[wire[TRIP]] > 0.5
    compressor_lost = s.runs < 0.5 and (PURGE <= step <= STAND_BY or (step == WARM_UP and s.elapsed > par.settle_time))
    active = PERMISSIVES <= step <= STAND_BY

    if step == TRIPPED:
        return STOPPED if s.reset > 0.5 and not tripping else TRIPPED
    if step != STOPPED and (tripping or compressor_lost):
        return TRIPPED
    if step == STOPPED:
        if s.command > 0.5 and not tripping:
            return PERMISSIVES
        return WARM_UP if s.warm_up > 0.5 and s.missing == 0.0 and not tripping else STOPPED
    if step == WARM_UP and (s.warm_up < 0.5 or s.command > 0.5 or s.missing > 0.0):
        return STOPPING
    if active and s.command < 0.5:
        return STOPPING if step > PERMISSIVES else STOPPED
    if active and step > PERMISSIVES and s.missing > 0.0:
        return STOPPING
    fallen = back(par, s, image, wire)
    return fallen if fallen != step else forward(par, s, image, wire)


@kernel
def drive(par, s, image, wire, h):
    """What each step wants of the machines and valves."""
    step = int(s.step)
    warming = step == WARM_UP
    compressor = COMPRESSOR <= step <= STOPPING or warming
    flowing = PURGE <= step <= STAND_BY or warming
    turbine = TURBINE <= step <= LIQUEFYING
    past = warming and par.has_warm_up_valve > 0.0
    controlled = step == LIQUEFYING and par.has_jt_mode > 0.0

    # ramps
    target = s.turbine_target * s.throttle if turbine else (par.turbine_stand_by if step == STAND_BY else 0.0)
    fast = 0.2 if target < s.turbine_opening else 1.0
    s.turbine_opening = approach(s.turbine_opening, target, h / (par.ramp_time * fast))
    if step == TRIPPED:
        s.turbine_opening = 0.0
    target = s.cooldown_target * max(s.throttle, par.least_flow) if PURGE <= step <= COOL_DOWN else 0.0
    target = s.cooldown_target if warming and not past else target
    s.cooldown_opening = approach(s.cooldown_opening, target, h / par.ramp_time)
    target = par.jt_in_cool_down if step == COOL_DOWN else (s.jt_target if JT_COOL_DOWN <= step <= LIQUEFYING else 0.0)
    s.jt_opening = approach(s.jt_opening, target, h / par.ramp_time)
    if step == TRIPPED:
        s.cooldown_opening = 0.0
    if step in (TRIPPED, STAND_BY):
        s.jt_opening = 0.0

    # outputs
    put(image, wire[TO_COMPRESSOR], par.has_compressor, 1.0 if compressor else 0.0)
    put(image, wire[TO_GAS], par.has_gas_management, 1.0 if compressor else 0.0)
    put(image, wire[TO_INLET], par.has_inlet_valve, 1.0 if flowing and not past else 0.0)
    ln2 = PRECOOLING <= step <= STAND_BY and s.with_ln2 > 0.5
    ask(image, wire[TO_LN2], par.has_ln2, 1.0 if ln2 else 0.0, FORCED_OFF)
    put(image, wire[TO_LN2_FLOW], par.has_ln2_flow, par.ln2_full * s.throttle)
    put(image, wire[TO_WARM_UP], par.has_warm_up_valve, par.warm_up_full if warming else 0.0)
    idle = step <= PERMISSIVES or step in (STOPPING, TRIPPED)
    shut = COMPRESSOR <= step <= COOL_DOWN or warming or s.decanting > 0.5
    shut = shut or (idle and image[wire[TEMP_JT]] > par.return_below)
    put(image, wire[TO_RETURN], par.has_return_valve, 0.0 if shut else 1.0)
    put(image, wire[TO_TURBINE], par.has_turbine_valve, s.turbine_opening)
    put(image, wire[TO_TURBINE_2], par.has_turbine_valve_2, s.turbine_opening)
    put(image, wire[TO_TURBINE_3], par.has_turbine_valve_3, s.turbine_opening)
    put(image, wire[TO_COOLDOWN], par.has_cooldown_valve, s.cooldown_opening)

    # liquefying, the JT valve is its controller's, if it has one; forced, it is the operator's
    ask(image, wire[TO_JT_MODE], par.has_jt_mode, 1.0 if controlled else 0.0, FORCED)
    forced = par.has_jt_mode > 0.0 and image[wire[TO_JT_MODE]] >= FORCED
    if not controlled and not forced:
        put(image, wire[TO_JT], par.has_jt_valve, s.jt_opening)


@kernel
def cold_box_sequence(par, s, image, wire, clock):
    """One scan: find the step, then drive the outputs."""
    if not due(clock, par.scan):
        return
    h = period(clock, par.scan)
    s.elapsed += h
    s.missing = count_missing(par, image, wire)
    s.runs = 1.0 if par.has_running < 0.5 or image[wire[RUNNING]] > 0.5 else 0.0

    limit_rate(par, s, image, wire, h)

    step = next_step(par, s, image, wire)
    s.reset = 0.0
    if step != int(s.step):
        s.elapsed = 0.0
        if step == TRIPPED:
            s.command = 0.0
        if step in (STOPPING, TRIPPED):
            s.warm_up = 0.0
    s.step = float(step)
    s.overdue = 1.0 if PERMISSIVES <= step <= JT_COOL_DOWN and s.elapsed > par.step_limit else 0.0
    drive(par, s, image, wire, h)


@unit_operation(
    "cold_box_sequence",
    ja="コールドボックスシーケンス",
    update=cold_box_sequence,
    phase="controller",
    symbol="controller",
)
@dataclass(frozen=True, kw_only=True)
class ColdBoxSequence:
    """Start, cool-down, liquefaction, stand-by and stop of a liquefier."""

    running: str = Wire("tag that is 1 while the compressor runs; empty: always", default="")
    p_high: str = Wire("high pressure", default="")
    temp_turbine: str = Wire("temperature at the turbine inlet")
    temp_jt: str = Wire("temperature at the JT valve")
    level: str = Wire("level of the dewar; empty: never full", default="")
    turbine_trip: str = Wire("tag that is above 0 while a turbine is tripped", default="")
    trip: str = Wire("tag that is above 0 when all must stop at once", default="")
    permit_1: str = Wire("permissive, such as instrument air", default="")
    permit_2: str = Wire("permissive, such as cooling water", default="")
    permit_3: str = Wire("permissive, such as vacuum", default="")
    permit_4: str = Wire("permissive, such as feed purity", default="")
    compressor: str = Wire("run command of the compressor", default="")
    gas_management: str = Wire("mode of the gas management", default="")
    inlet_valve: str = Wire("opening of the cold box's inlet valve", default="")
    ln2: str = Wire("mode of the LN2 level control: 0 off, 1 auto", default="")
    turbine_valve: str = Wire("opening of the turbine inlet valve", default="")
    cooldown_valve: str = Wire("opening of the cool-down valve", default="")
    jt_mode: str = Wire("mode of the JT controller: 0 manual, 1 auto", default="")
    jt_valve: str = Wire("opening of the JT valve, or manual output of its controller", default="")
    turbine_trip_2: str = Wire("trip of the second of turbines side by side", default="")
    turbine_trip_3: str = Wire("trip of the third", default="")
    turbine_valve_2: str = Wire("inlet valve of the second of turbines side by side", default="")
    turbine_valve_3: str = Wire("inlet valve of the third", default="")

    temp_1: str = Wire("temperature of an exchanger whose fall is limited", default="")
    temp_2: str = Wire("a second one", default="")
    temp_3: str = Wire("a third one", default="")
    ln2_flow: str = Wire("LN2 feed when it is on: `on_value` of the level control", default="")
    warm_up_valve: str = Wire("opening of the valve that leads warm gas to the cold end", default="")
    return_valve: str = Wire("opening of the valve from the dewar to the cold box; shut in cool-down", default="")
    temp_last: str = Wire("temperature that is last to rise in a warm-up", default="")

    p_ready: float = Param("Pa", "high pressure at which the compressor counts as started", default=10e5)
    temp_turbine_start: float = Param("K", "turbine inlet temperature at which turbines start", default=310.0)
    temp_turbine_cold: float = Param("K", "turbine inlet below which that line may close", default=400.0)
    least_cool_down: float = Param("s", "least time of the cool-down", default=0.0, range=(0.0, 86400.0))
    temp_jt_start: float = Param("K", "JT inlet temperature at which the cool-down line closes", default=15.0)
    temp_liquid: float = Param("K", "JT inlet temperature below which liquid forms", default=7.5)
    temp_band: float = Param("K", "how much warmer it may become while liquefying", default=1.0)
    fall_back: float = Param("1", "how much warmer than temp_jt_start it may become", default=1.5, range=(1.0, 10.0))
    level_stop: float = Param("1", "dewar level at which liquefying ends", default=0.9)
    level_start: float = Param("1", "dewar level at which it begins again", default=0.7)
    turbine_full: float = Param("1", "opening of the turbine inlet valve", default=1.0, range=(0.0, 1.0))
    turbine_stand_by: float = Param("1", "the same in stand-by", default=0.0, range=(0.0, 1.0))
    cooldown_full: float = Param("1", "opening of the cool-down valve", default=1.0, range=(0.0, 1.0))
    jt_in_cool_down: float = Param("1", "opening of the JT valve in cool-down", default=0.0, range=(0.0, 1.0))
    jt_fixed: float = Param("1", "its opening afterwards, unless it is controlled", default=0.5, range=(0.0, 1.0))
    cool_rate_most: float = Param("K/s", "fastest cooling of the exchangers; 0: any", default=0.0, range=(0.0, 1.0))
    rate_limit_above: float = Param("K", "where that limit ends", default=80.0, range=(0.0, 400.0))
    rate_band: float = Param(
        "K", "half of this ahead of its ramp an exchanger is throttled, e-fold with each more", 8.0, range=(0.1, 100.0)
    )
    throttle_time: float = Param("s", "time of a full change of the throttling", default=300.0, range=(1.0, 3600.0))
    least_flow: float = Param("1", "least share of the cool-down flow", default=0.2, range=(0.0, 1.0))
    ln2_full: float = Param("1", "LN2 feed when it is not throttled", default=0.5, range=(0.0, 1.0))
    return_below: float = Param("K", "JT inlet below which a box at rest takes the dewar's boil-off", default=400.0)
    temp_warm: float = Param("K", "temperature at which a warm-up ends", default=290.0, range=(0.0, 330.0))
    warm_up_full: float = Param("1", "opening of the warm-up valve", default=1.0, range=(0.0, 1.0))
    ramp_time: float = Param("s", "time of a full opening ramp; closing is five times as fast", default=300.0)
    settle_time: float = Param("s", "least time of the compressor start", default=30.0)
    purge_time: float = Param("s", "time of the purge", default=600.0)
    run_down_time: float = Param("s", "the compressor runs on this long", default=120.0)
    step_limit: float = Param("s", "a step that lasts longer is overdue", default=6.0 * 3600.0)
    scan: float = Param("s", "scan period", default=1.0, range=(0.0, 3600.0))

    command = Input("1", "command", labels=STOP_START, ja="運転指令")
    reset = Input("1", "reset of a trip (goes back by itself)", labels=NO_RESET, ja="復帰")
    with_ln2 = Input("1", "precool with LN2", start=1.0, labels=NO_YES, ja="液体窒素予冷")
    hold = Input("1", "kept in stand-by", labels=words("no なし", "stand-by 待機"), ja="待機保持")
    warm_up = Input(
        "1",
        "warm-up of a stopped cold box (goes back by itself)",
        labels=words("no なし", "warm up 昇温"),
        ja="昇温指令",
    )
    decanting = Input("1", "the return from the dewar is shut for decanting", labels=NO_YES, ja="汲出し中")
    cool_rate = Input(
        "K/s",
        "fastest cooling of the exchangers; 0: any",
        start="cool_rate_most",
        range=(0.0, 1.0),
        by="engineer",
        ja="降温速度上限",
    )
    limit_above = Input(
        "K",
        "the limit of cooling ends at",
        start="rate_limit_above",
        range=(0.0, 400.0),
        by="engineer",
        ja="降温制限下限温度",
    )
    temp_warmed = Input(
        "K", "a warm-up ends at", start="temp_warm", range=(0.0, 330.0), by="engineer", ja="昇温終了温度"
    )
    p_high_ready = Input(
        "Pa", "pressure of a started compressor", start="p_ready", range=(0.0, 5e6), by="engineer", ja="高圧確立値"
    )
    purge_for = Input(
        "s", "time of the purge", start="purge_time", range=(0.0, 86400.0), by="engineer", ja="パージ時間"
    )
    temp_turbine_ready = Input(
        "K", "turbines start below", start="temp_turbine_start", range=(0.0, 400.0), by="engineer", ja="始動温度"
    )
    turbine_target = Input(
        "1", "opening of the turbine valve", start="turbine_full", range=(0.0, 1.0), by="engineer", ja="入口弁開度設定"
    )
    cooldown_target = Input(
        "1", "cool-down valve target", start="cooldown_full", range=(0.0, 1.0), by="engineer", ja="予冷弁開度設定"
    )
    jt_target = Input("1", "JT valve target", start="jt_fixed", range=(0.0, 1.0), by="engineer", ja="JT弁開度設定")
    temp_jt_ready = Input(
        "K", "cool-down line closes below", start="temp_jt_start", range=(0.0, 100.0), by="engineer", ja="JT切替温度"
    )
    temp_liquefy = Input(
        "K", "liquid forms below", start="temp_liquid", range=(0.0, 20.0), by="engineer", ja="液化温度"
    )
    level_full = Input("1", "liquefying ends at", start="level_stop", range=(0.0, 1.0), ja="満液位")
    level_resume = Input("1", "liquefying begins again at", start="level_start", range=(0.0, 1.0), ja="再開液位")
    step = Latch("1", "step", labels=STEPS, ja="工程")
    elapsed = Latch("s", "time in the step", range=(0.0, 1e8), ja="工程経過時間")
    missing = Latch("1", "permissives that are missing", range=(0.0, 4.0), ja="未成立条件数")
    turbine_opening = Latch("1", "turbine inlet valve", range=(0.0, 1.0), ja="タービン入口弁指令")
    cooldown_opening = Latch("1", "cool-down valve", range=(0.0, 1.0), ja="予冷弁指令")
    jt_opening = Latch("1", "JT valve, unless it is controlled", range=(0.0, 1.0), ja="JT弁指令")
    throttle = Latch("1", "share of cooling that the exchangers stand", start=1.0, range=(0.0, 1.0), ja="冷却抑制率")
    ahead = Latch("K", "how far an exchanger runs ahead of its ramp", range=(0.0, 400.0), ja="降温先行量")
    ramp_1 = Latch("K", "ramp of the first limited temperature", range=(0.0, 400.0), ja="降温基準1")
    ramp_2 = Latch("K", "ramp of the second", range=(0.0, 400.0), ja="降温基準2")
    ramp_3 = Latch("K", "ramp of the third", range=(0.0, 400.0), ja="降温基準3")
    runs = Output("1", "compressor runs", labels=NO_YES, ja="圧縮機運転")
    overdue = Output("1", "the step takes too long", labels=NO_YES, ja="工程遅延")

    def derived(self) -> dict[str, float]:
        """Which wires lead somewhere."""
        return wired(self)

    @action(ja="液化機起動")
    def begin(self, plant: Any, unit: str) -> None:
        """Start the liquefier."""
        plant[f"{unit}.command"] = 1

    @action(ja="液化機停止")
    def end(self, plant: Any, unit: str) -> None:
        """Stop the liquefier."""
        plant[f"{unit}.command"] = 0

    def alarms(self):
        """Trip, a step that takes too long, the JT inlet while it liquefies."""
        return [
            OffNormal(
                "step",
                "cold box tripped",
                "コールドボックストリップ",
                bad=float(TRIPPED),
                trip=True,
                priority="critical",
                confirm=True,
                cause=("compressor or turbine tripped, interlock", "圧縮機・タービントリップ、インターロック"),
                consequence=("nothing is liquefied", "液化停止"),
                action=("find the first cause, reset, start", "初発要因確認、リセット、起動"),
            ),
            OffNormal(
                "overdue",
                "step of the cold box overdue",
                "コールドボックス工程遅延",
                priority="medium",
                cause=("a condition is not reached", "移行条件不成立"),
                consequence=("the start-up takes longer", "起動遅延"),
                action=("look at what is missing", "不成立条件の確認"),
            ),
            Limits(
                self.temp_jt,
                "JT inlet temperature",
                "JT弁入口温度",
                name="temp_jt",
                high=self.temp_jt_start,
                dead_band=1.0,
                on_delay=60.0,
                when=("step", LIQUEFYING - 0.5, LIQUEFYING + 0.5),
                cause=("turbines slow, JT valve too far open", "タービン低下、JT弁開過ぎ"),
                consequence=("no liquid", "液化不能"),
                action=("close the JT valve, check the turbines", "JT弁絞り、タービン確認"),
            ),
        ]
