"""Gas management of a liquefier's cycle: high and low pressure held by load, unload, bypass and slide valve.

PI controllers with split ranges, as warm compressor stations of helium plants have them: the high pressure takes gas
in from the buffer or gives some back, the low pressure is kept up by less capacity, then by the bypass. A third one
overrides the first: when the low pressure is too high, there is more gas in the circuit than the compressor can carry.
"""

from dataclasses import dataclass

from hil.controllers.scan import clamp, due, period, put, wired
from thermo.jit import kernel
from twin.alarms.declare import Limits
from twin.unit import Input, Latch, Param, Wire, unit_operation
from twin.words import OFF_AUTO

EXAMPLE = """
description = "Two sections and a buffer; a valve in place of the compressor carries the gas round."
[unit.AIR]
kind = "ambient"
[unit.HP]
kind = "buffer"
volume = "1 m3"
p_start = "10 bar"
[unit.LP]
kind = "buffer"
volume = "1 m3"
p_start = "1.05 bar"
[unit.BUF-1]
kind = "buffer"
volume = "10 m3"
p_start = "5 bar"
[unit.CV-LOAD]
kind = "control_valve"
inlet = "BUF-1"
outlet = "LP"
flow_area = "4 mm2"
[unit.CV-UNLOAD]
kind = "control_valve"
inlet = "HP"
outlet = "BUF-1"
flow_area = "4 mm2"
[unit.CV-BYPASS]
kind = "control_valve"
inlet = "HP"
outlet = "LP"
flow_area = "4 mm2"
[unit.GM-1]
kind = "gas_management"
p_high = "HP.p"
p_low = "LP.p"
load = "CV-LOAD.opening"
unload = "CV-UNLOAD.opening"
bypass = "CV-BYPASS.opening"
start = {mode = "auto"}
"""


@kernel
def gas_management(par, s, image, wire, clock):
    """High pressure: signal u, above the gap load, below it unload. Low pressure: signal v, slide, then bypass."""
    if not due(clock, par.scan):
        return
    h = period(clock, par.scan)
    running = s.mode > 0.5 and (par.has_running < 0.5 or image[wire[2]] > 0.5)
    top = 1.0 + par.has_slide

    # high pressure, and the override by the low one; a compressor at rest must not be loaded
    error, excess = s.p_high_set - image[wire[0]], image[wire[1]] - s.p_low_limit
    wanted = par.gain_high * error + s.integral_high
    allowed = s.integral_excess - par.gain_excess * excess
    s.integral_excess = clamp(s.integral_excess - par.gain_excess * excess * h / par.ti_high, -1.0, 1.0)
    s.u = clamp(min(wanted, allowed), -1.0, 1.0 if running else 0.0)
    s.integral_high += par.gain_high * error * h / par.ti_high + (s.u - wanted) * min(h / par.ti_high, 1.0)

    # low pressure; at rest the bypass is open, and a suction that stands high does not hold back the next start
    error = s.p_low_set - image[wire[1]]
    if running:
        wanted = par.gain_low * error + s.integral_low
        s.v = clamp(wanted, 0.0, top)
        s.integral_low += par.gain_low * error * h / par.ti_low + (s.v - wanted) * min(h / par.ti_low, 1.0)
    else:
        s.v = top
        s.integral_low = top - par.gain_low * error
        s.integral_excess = max(s.integral_excess, clamp(par.gain_excess * excess, 0.0, 1.0))

    # split ranges
    s.load_opening = clamp((s.u - par.gap) / (1.0 - par.gap), 0.0, 1.0)
    s.unload_opening = clamp((-s.u - par.gap) / (1.0 - par.gap), 0.0, 1.0)
    s.bypass_opening = clamp(s.v - par.has_slide, 0.0, 1.0)
    s.slide_position = 1.0 - clamp(s.v, 0.0, 1.0) * (1.0 - par.slide_least)
    if s.mode < 0.5:
        s.unload_opening = 0.0
    put(image, wire[3], par.has_load, s.load_opening)
    put(image, wire[4], par.has_unload, s.unload_opening)
    put(image, wire[5], par.has_bypass, s.bypass_opening)
    put(image, wire[6], par.has_slide, s.slide_position)


@unit_operation("gas_management", ja="ガス管理", update=gas_management, phase="controller", symbol="controller")
@dataclass(frozen=True, kw_only=True)
class GasManagement:
    """Gas management of the cycle compressor: load, unload, bypass and slide."""

    p_high: str = Wire("high pressure")
    p_low: str = Wire("low pressure")
    running: str = Wire("tag that is 1 while the compressor runs; empty: whenever the mode is auto", default="")
    load: str = Wire("valve from the buffer to the low pressure", default="")
    unload: str = Wire("valve from the high pressure to the buffer", default="")
    bypass: str = Wire("valve from the high to the low pressure", default="")
    slide: str = Wire("capacity of the compressor", default="")
    p_high_start: float = Param("Pa", "set point of the high pressure", default=12.5e5, range=(1e5, 5e6))
    p_low_start: float = Param("Pa", "set point of the low pressure", default=1.05e5, range=(1e4, 1e6))
    p_low_most: float = Param("Pa", "low pressure that overrides the high one", default=1.25e5, range=(1e4, 1e6))
    gain_high: float = Param("1/Pa", "gain of the high pressure", default=3e-6, range=(0.0, 1.0))
    gain_low: float = Param("1/Pa", "gain of the low pressure", default=3e-6, range=(0.0, 1.0))
    gain_excess: float = Param("1/Pa", "gain of the override", default=2e-5, range=(0.0, 1.0))
    ti_high: float = Param("s", "integral time of the high pressure", default=60.0, range=(0.1, 1e5))
    ti_low: float = Param("s", "integral time of the low pressure", default=15.0, range=(0.1, 1e5))
    gap: float = Param("1", "signal at which loading or unloading begins", default=0.05, range=(0.0, 0.5))
    slide_least: float = Param("1", "least capacity", default=0.3, range=(0.0, 1.0))
    scan: float = Param("s", "scan period", default=1.0, range=(0.0, 3600.0))

    mode = Input("1", "mode", labels=OFF_AUTO, ja="運転モード")
    p_high_set = Input("Pa", "set point of the high pressure", start="p_high_start", range=(1e5, 5e6), ja="高圧設定")
    p_low_set = Input("Pa", "set point of the low pressure", start="p_low_start", range=(1e4, 1e6), ja="低圧設定")
    p_low_limit = Input(
        "Pa", "highest low pressure", start="p_low_most", range=(1e4, 1e6), by="engineer", ja="低圧上限"
    )
    u = Latch("1", "signal to load (above 0) and unload (below)", range=(-1.0, 1.0), ja="高圧操作値")
    v = Latch("1", "signal to slide and bypass", range=(0.0, 2.0), ja="低圧操作値")
    load_opening = Latch("1", "load valve", range=(0.0, 1.0), ja="ロード弁指令")
    unload_opening = Latch("1", "unload valve", range=(0.0, 1.0), ja="アンロード弁指令")
    bypass_opening = Latch("1", "bypass valve", range=(0.0, 1.0), ja="バイパス弁指令")
    slide_position = Latch("1", "capacity", start=1.0, range=(0.0, 1.0), ja="容量指令")
    integral_high = Latch("1", "integral part, high pressure", range=(-100.0, 100.0))
    integral_excess = Latch("1", "integral part, override", start=1.0, range=(-100.0, 100.0))
    integral_low = Latch("1", "integral part, low pressure", range=(-100.0, 100.0))

    def derived(self):
        """Which wires lead somewhere."""
        return wired(self)

    def alarms(self):
        """High and low pressure out of their bands."""
        return [
            Limits(
                self.p_high,
                "high pressure of the cycle",
                "サイクル高圧",
                name="p_high",
                high=1.12 * self.p_high_start,
                dead_band=0.01 * self.p_high_start,
                on_delay=10.0,
                cause=("unload valve stuck, buffer full", "アンロード弁固着、バッファ満杯"),
                consequence=("the relief lifts", "安全弁作動"),
                action=("unload by hand", "手動アンロード"),
            ),
            Limits(
                self.p_low,
                "low pressure of the cycle",
                "サイクル低圧",
                name="p_low",
                high=self.p_low_most + 0.15e5,
                low=0.98e5,
                dead_band=2000.0,
                on_delay=10.0,
                priority="high",
                cause=("bypass stuck, buffer empty", "バイパス弁固着、バッファ空"),
                consequence=("air is drawn in below the pressure of the room", "大気圧以下で空気吸入"),
                action=("open the bypass, load from the buffer", "バイパス開、バッファからロード"),
            ),
        ]
