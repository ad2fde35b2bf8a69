"""Turbine protection: trips on speed, bearing pressure, inlet or outlet temperature, impurity or a broken wheel, and
closes the inlet valve."""

from dataclasses import dataclass

from hil.controllers.scan import due, period, put, wired
from thermo.jit import kernel
from twin.alarms.declare import Limits, OffNormal
from twin.unit import Input, Latch, Param, Wire, unit_operation
from twin.words import NO_RESET, words

TRIPS = words(
    *("no なし", "overspeed 過速度", "bearing pressure 軸受圧力低", "inlet temperature 入口温度高"),
    *("outlet temperature 出口温度高", "impurity 不純物", "broken 破損", "other turbine 他タービン"),
)

EXAMPLE = """
description = "Protection of a turbine that is a valve here; the gas at its inlet warms up."
[unit.AIR]
kind = "ambient"
[unit.BUF-1]
kind = "buffer"
volume = "1 m3"
p_start = "10 bar"
temp_start = "250 K"
UA = "100 W/K"
[unit.BUF-2]
kind = "buffer"
volume = "1 m3"
[unit.CV-1]
kind = "control_valve"
inlet = "BUF-1"
outlet = "BUF-2"
flow_area = "1 mm2"
start = {opening = 0.5}
[unit.TP-1]
kind = "turbine_protection"
temp_in = "BUF-1.temp"
valve = "CV-1.opening"
temp_in_high = "270 K"
"""


@kernel
def longer(met, timer, h):
    """Time that a condition has lasted."""
    return timer + h if met else 0.0


@kernel
def turbine_protection(par, s, image, wire, clock):
    """Speed, a broken wheel and the other turbine's trip at once, all else after the delay; first-out latch; reset only
    when all is well."""
    if not due(clock, par.scan):
        return
    h = period(clock, par.scan)
    fast = par.has_speed > 0.0 and image[wire[0]] > s.speed_limit
    unborne = par.has_p_bearing > 0.0 and image[wire[1]] < s.p_bearing_limit
    warm_in = par.has_temp_in > 0.0 and image[wire[2]] > s.temp_in_limit
    warm_out = par.has_temp_out > 0.0 and image[wire[3]] > s.temp_out_limit
    dirty = par.has_impurity > 0.0 and image[wire[4]] > s.impurity_limit
    broken = par.has_broken > 0.0 and image[wire[6]] > 0.5
    other = par.has_other > 0.0 and image[wire[7]] > 0.5
    s.timer_bearing = longer(unborne, s.timer_bearing, h)
    s.timer_in = longer(warm_in, s.timer_in, h)
    s.timer_out = longer(warm_out, s.timer_out, h)
    s.timer_impurity = longer(dirty, s.timer_impurity, h)

    # first out
    first = 0.0
    if fast:
        first = 1.0
    elif broken:
        first = 6.0
    elif other:
        first = 7.0
    elif s.timer_bearing > par.delay:
        first = 2.0
    elif s.timer_in > par.delay:
        first = 3.0
    elif s.timer_out > par.delay:
        first = 4.0
    elif s.timer_impurity > par.delay:
        first = 5.0

    # latch
    if s.reset > 0.5 and not (fast or unborne or warm_in or warm_out or dirty or broken or other):
        s.trip = 0.0
    s.reset = 0.0
    if s.trip == 0.0 and first > 0.0:
        s.trip = first
        s.trips += 1.0
    if s.trip > 0.0:
        put(image, wire[5], par.has_valve, 0.0)


@unit_operation(
    "turbine_protection", ja="タービン保護", update=turbine_protection, phase="controller", symbol="interlock"
)
@dataclass(frozen=True, kw_only=True)
class TurbineProtection:
    """Protection of an expansion turbine."""

    speed: str = Wire("speed", default="")
    p_bearing: str = Wire("pressure of the bearing gas", default="")
    temp_in: str = Wire("inlet temperature", default="")
    temp_out: str = Wire("outlet temperature", default="")
    impurity: str = Wire("impurity at the inlet, per helium", default="")
    valve: str = Wire("opening of the inlet valve", default="")
    broken: str = Wire("tag that is 1 when the wheel is broken", default="")
    other: str = Wire("trip of a turbine in series with it", default="")
    speed_high: float = Param("Hz", "overspeed", default=6000.0, range=(0.0, 2e4))
    p_bearing_low: float = Param("Pa", "least bearing pressure", default=4e5, range=(0.0, 5e6))
    temp_in_high: float = Param("K", "highest inlet temperature", default=320.0, range=(0.0, 400.0))
    temp_out_high: float = Param("K", "highest outlet temperature", default=320.0, range=(0.0, 400.0))
    impurity_high: float = Param("1", "highest impurity", default=1e-4, range=(0.0, 1.0))
    delay: float = Param("s", "all but overspeed must last longer than this", default=3.0, range=(0.0, 3600.0))
    scan: float = Param("s", "scan period", default=0.0, range=(0.0, 3600.0))

    trip = Latch("1", "trip and what came first", labels=TRIPS, ja="タービントリップ")
    reset = Input("1", "reset of the trip (goes back by itself)", labels=NO_RESET, ja="復帰")
    speed_limit = Input("Hz", "overspeed", start="speed_high", range=(0.0, 2e4), by="engineer", ja="過速度設定")
    p_bearing_limit = Input(
        "Pa", "least bearing pressure", start="p_bearing_low", range=(0.0, 5e6), by="engineer", ja="軸受圧下限"
    )
    temp_in_limit = Input(
        "K", "highest inlet temperature", start="temp_in_high", range=(0.0, 400.0), by="engineer", ja="入口温度上限"
    )
    temp_out_limit = Input(
        "K", "highest outlet temperature", start="temp_out_high", range=(0.0, 400.0), by="engineer", ja="出口温度上限"
    )
    impurity_limit = Input(
        "1", "highest impurity", start="impurity_high", range=(0.0, 1.0), by="engineer", ja="不純物上限"
    )
    timer_bearing = Latch("s", "time with low bearing pressure", range=(0.0, 1e9))
    timer_in = Latch("s", "time with a warm inlet", range=(0.0, 1e9))
    timer_out = Latch("s", "time with a warm outlet", range=(0.0, 1e9))
    timer_impurity = Latch("s", "time with impurity", range=(0.0, 1e9))
    trips = Latch("1", "trips since the beginning", range=(0.0, 1e6), ja="トリップ回数")

    def derived(self):
        """Which wires lead somewhere."""
        return wired(self)

    def alarms(self):
        """Trip, and the inlet on its way to it."""
        warm = Limits(
            self.temp_in,
            "turbine inlet temperature",
            "タービン入口温度",
            name="temp_in",
            high=self.temp_in_high - 5.0,
            dead_band=1.0,
            on_delay=10.0,
            cause=("precooling lost", "予冷喪失"),
            consequence=("the turbine trips", "タービントリップ"),
            action=("restore precooling, throttle", "予冷復旧、絞り"),
        )
        trip = OffNormal(
            "trip",
            "turbine protection trip",
            "タービン保護動作",
            trip=True,
            priority="critical",
            confirm=True,
            cause=("what came first is named", "最初の要因を表示"),
            consequence=("the inlet valve is shut", "入口弁閉"),
            action=("remove the cause, reset", "原因除去後リセット"),
        )
        return [trip, warm] if self.temp_in else [trip]
