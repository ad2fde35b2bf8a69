"""PID controller: ISA standard form, bumpless between manual and automatic, with back-calculation against windup.

Forced is manual that no program takes back: sequences leave mode and output alone until the operator releases them.

    u = K [ b r - y  +  1/Ti integral(r - y) dt  -  Td dy/dt ],  y, r and u as shares of their ranges

Discrete as in Astrom and Hagglund, Advanced PID Control (ISA 2006), chapter on implementation: forward difference for
the integral, backward difference for the filtered derivative of the measurement, back-calculation with Tt = Ti.
"""

from dataclasses import dataclass

from hil.controllers.scan import clamp, due, period, put, wired
from thermo.jit import kernel
from twin.unit import Input, Latch, Param, Wire, unit_operation
from twin.words import NO_YES, words

MANUAL, AUTO, FORCED = range(3)
MODES = words("manual 手動", "auto 自動", "forced 強制")
DERIVATIVE_LIMIT = 10.0
"""N: highest gain of the derivative; its filter has the time constant Td / N (8 to 20 is usual, same source)."""

EXAMPLE = """
description = "Pressure of a leaking buffer, held by a PID controller on the feed valve."
[unit.AIR]
kind = "ambient"
[unit.BUF-1]
kind = "buffer"
volume = "5 m3"
p_start = "10 bar"
[unit.BUF-2]
kind = "buffer"
volume = "0.5 m3"
p_start = "1.5 bar"
[unit.CV-1]
kind = "control_valve"
inlet = "BUF-1"
outlet = "BUF-2"
flow_area = "5 mm2"
[unit.CV-2]
kind = "control_valve"
inlet = "BUF-2"
outlet = "AIR"
flow_area = "1 mm2"
start = {opening = 1}
[unit.PIC-1]
kind = "pid"
measurement = "BUF-2.p"
output_to = "CV-1.opening"
unit = "Pa"
high = "10 bar"
setpoint_start = "3 bar"
K = 2
Ti = "60 s"
"""


@kernel
def pid(par, s, image, wire, clock):
    """One scan of the controller."""
    if not due(clock, par.scan):
        return
    h = period(clock, par.scan)
    span = par.output_high - par.output_low
    y = par.sign * (image[wire[0]] - par.low) / (par.high - par.low)
    r = par.sign * (s.setpoint - par.low) / (par.high - par.low)
    if s.primed < 0.5:
        s.last = y

    # proportional and derivative parts
    p = s.gain * (par.b * r - y)
    slow = s.derivative_time / DERIVATIVE_LIMIT
    s.derivative = (slow * s.derivative - s.gain * s.derivative_time * (y - s.last)) / (slow + h)
    s.last = y
    others = p + s.derivative

    # output, and the integral for the next scan
    if s.mode != AUTO or s.primed < 0.5:
        given = s.manual if s.mode != AUTO else s.output
        u = clamp((given - par.output_low) / span, 0.0, 1.0)
        s.integral = u - others
    else:
        v = others + s.integral
        u = clamp(v, 0.0, 1.0)
        if s.integral_time > 0.0:
            s.integral += s.gain * h / s.integral_time * (r - y) + min(h / s.integral_time, 1.0) * (u - v)
    s.primed = 1.0
    s.output = par.output_low + u * span
    s.manual = s.output
    put(image, wire[1], par.has_output_to, s.output)


@unit_operation("pid", ja="PID調節計", update=pid, phase="controller", symbol="controller")
@dataclass(frozen=True, kw_only=True)
class Pid:
    """PID controller of any measured tag, on any input."""

    measurement: str = Wire("tag that it controls")
    output_to: str = Wire("input that it moves", default="")
    high: float = Param("@unit", "upper end of the measuring range")
    low: float = Param("@unit", "lower end of the measuring range", default=0.0)
    setpoint_start: float = Param("@unit", "set point at the start", default=0.0)
    unit: str = Param("text", "SI unit of the measured tag", default="1")
    output_low: float = Param("@output_unit", "least output", default=0.0)
    output_high: float = Param("@output_unit", "greatest output", default=1.0)
    output_unit: str = Param("text", "SI unit of the output", default="1")
    K: float = Param(
        "1", "gain, output over measurement, both as shares of their ranges", default=1.0, range=(0.0, 1e4)
    )
    Ti: float = Param("s", "integral time; 0: no integral action", default=0.0, range=(0.0, 1e6))
    Td: float = Param("s", "derivative time", default=0.0, range=(0.0, 1e5))
    b: float = Param("1", "weight of the set point in the proportional part", default=1.0, range=(0.0, 1.0))
    action: str = Param("text", '"reverse": output rises when the measurement falls; "direct"', default="reverse")
    scan: float = Param("s", "scan period", default=1.0, range=(0.0, 3600.0))

    setpoint = Input("@unit", "set point", start="setpoint_start", ja="設定値")
    mode = Input("1", "mode", start=float(AUTO), labels=MODES, ja="運転モード")
    manual = Input("@output_unit", "output in manual; follows in automatic", start="output_start", ja="手動操作値")
    gain = Input("1", "gain", start="K", range=(0.0, 1e4), by="engineer", ja="比例ゲイン")
    integral_time = Input("s", "integral time", start="Ti", range=(0.0, 1e6), by="engineer", ja="積分時間")
    derivative_time = Input("s", "derivative time", start="Td", range=(0.0, 1e5), by="engineer", ja="微分時間")
    output = Latch("@output_unit", "output", start="manual", ja="操作値")
    integral = Latch("1", "integral part", range=(-10.0, 10.0))
    derivative = Latch("1", "derivative part", range=(-10.0, 10.0))
    last = Latch("1", "measurement of the last scan", range=(-1.0, 1.0))
    primed = Latch("1", "has scanned before", labels=NO_YES)

    @property
    def output_start(self) -> float:
        """Output at the start: the least."""
        return self.output_low

    def check(self):
        """Ranges have two ends, and there are two ways to act."""
        if not (self.low < self.high and self.output_low < self.output_high):
            raise ValueError("expected low below high and output_low below output_high")
        if self.action not in ("reverse", "direct"):
            raise ValueError(f'action: expected "reverse" or "direct", got "{self.action}"')

    def derived(self):
        """The sign of the action, and which wires lead somewhere."""
        return {"sign": 1.0 if self.action == "reverse" else -1.0, **wired(self)}

    def tag_range(self, quantity):
        """Set point and output have the ranges of the plant file."""
        if quantity.unit == "@unit":
            return self.low, self.high
        return (self.output_low, self.output_high) if quantity.unit == "@output_unit" else None
