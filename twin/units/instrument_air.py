"""Instrument air: compressor, dryer and receiver that valves and positioners live on."""

import math
from dataclasses import dataclass

from thermo.jit import kernel
from twin.alarms.declare import Limits
from twin.unit import Input, Latch, Output, Param, Port, unit_operation
from twin.words import NO_YES, words

EXAMPLE = """
description = "Instrument air whose dryer has failed, beside a room."
step = "1 s"
[unit.AMB]
kind = "ambient"
[unit.IA-1]
kind = "instrument_air"
start = { dryer = "failed" }
"""


@kernel
def instrument_air(par, s, node, port, clock):
    """Receiver at the room's temperature: dp/dt = p_room (q_in - q_out) / V, exact over a step.

    What positioners and leaks blow off grows with the gauge pressure. Behind a dryer that fails the air has the dew
    point of the after-cooler; the change comes through with the time constant of piping and receiver.
    """
    room = node[port[0]]
    if s.p < par.p_on:
        s.running = 1.0
    elif s.p > par.p_off:
        s.running = 0.0
    if s.compressor > 0.0:
        s.running = 0.0
    s.flow_in = par.capacity * s.running

    gauge = s.p - room.p
    leaving = par.use * s.demand / (par.p_on - room.p)  # m3/s of free air for each Pa
    s.flow_out = leaving * max(gauge, 0.0)
    rate = room.p * leaving / par.volume
    if rate > 1e-12:
        goal = s.flow_in / leaving
        s.p = room.p + goal + (gauge - goal) * math.exp(-rate * clock.dt)
    else:
        s.p += room.p * s.flow_in / par.volume * clock.dt

    wet = min(room.temp + par.approach, 330.0)
    goal = wet if s.dryer > 0.0 else par.temp_dry
    s.dew_point += (goal - s.dew_point) * (1.0 - math.exp(-clock.dt / par.dew_time))
    s.power = par.power_rated * s.running


@unit_operation("instrument_air", ja="計装空気", update=instrument_air, symbol="compressor")
@dataclass(frozen=True, kw_only=True)
class InstrumentAir:
    """Compressor, dryer and receiver of instrument air."""

    ambient: str = Port("room", default="ambient")
    volume: float = Param("m3", "receiver and piping", default=0.5, range=(1e-3, 100.0))
    capacity: float = Param("m3/s", "free air that the compressor delivers", default=5e-3, range=(1e-6, 1.0))
    use: float = Param("m3/s", "free air that instruments use at the lower pressure", default=2e-3, range=(0.0, 1.0))
    power_rated: float = Param("W", "compressor", default=3e3, range=(0.0, 1e5))
    p_on: float = Param("Pa", "pressure at which the compressor starts", default=7.0e5, range=(3e5, 2e6))
    p_off: float = Param("Pa", "pressure at which it stops", default=8.0e5, range=(3e5, 2e6))
    p_low: float = Param("Pa", "pressure that valves need for full thrust", default=5.5e5, range=(2e5, 2e6))
    temp_dry: float = Param("K", "dew point under pressure behind the dryer", default=233.15, range=(180.0, 300.0))
    approach: float = Param("K", "after-cooler over the room", default=8.0, range=(0.0, 50.0))
    dew_time: float = Param("s", "time constant of the dew point", default=900.0, range=(1.0, 1e5))

    compressor = Input(
        "1", "compressor", labels=words("working 正常", "failed 故障"), by="instructor", ja="空気圧縮機故障"
    )
    dryer = Input("1", "dryer", labels=words("working 正常", "failed 故障"), by="instructor", ja="除湿器故障")
    demand = Input("1", "use over normal; more is a leak", start=1.0, range=(0.0, 20.0), by="instructor", ja="消費量比")
    p = Latch("Pa", "pressure", start="p_off", range=(0.0, 2e6), ja="計装空気圧力")
    dew_point = Latch("K", "dew point under pressure", start="temp_dry", range=(180.0, 340.0), ja="計装空気露点")
    running = Latch("1", "compressor runs", labels=NO_YES, ja="空気圧縮機運転")
    flow_in = Output("m3/s", "free air in", range=(0.0, 0.1), ja="供給流量")
    flow_out = Output("m3/s", "free air used", range=(0.0, 0.1), ja="消費流量")
    power = Output("W", "electric power", range=(0.0, 1e5), ja="消費電力")

    def check(self):
        """The points stand in their order."""
        if not self.p_low < self.p_on < self.p_off:
            raise ValueError(f"expected p_low < p_on < p_off, got {self.p_low:g}, {self.p_on:g} and {self.p_off:g} Pa")

    def alarms(self):
        """Pressure, and the dew point: -20 degC (ISO 8573-1, class 3), +4 degC (ISA-7.0.01, at most)."""
        return [
            Limits(
                "p",
                "instrument-air pressure",
                "計装空気圧力",
                low=self.p_low,
                low_low=0.8 * self.p_low,
                dead_band=1e4,
                on_delay=5.0,
                priority="high",
                cause=("air compressor failed, a broken tube", "空気圧縮機故障、配管破損"),
                consequence=("valves go to their fail positions", "弁がフェール位置へ移動"),
                action=("start the stand-by compressor, shut off the leak", "予備機起動、漏れ箇所遮断"),
            ),
            Limits(
                "dew_point",
                "dew point of the instrument air",
                "計装空気露点",
                high=253.15,
                high_high=277.15,
                dead_band=1.0,
                on_delay=60.0,
                cause=("dryer loaded or failed, drain blocked", "除湿器飽和または故障、ドレン詰まり"),
                consequence=("water and ice in positioners, valves stick", "ポジショナ内の水・氷、弁固着"),
                action=("change dryers, drain the receiver", "除湿器切替、ドレン排出"),
            ),
        ]
