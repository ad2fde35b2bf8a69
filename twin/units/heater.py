"""Heater: warms a cold flow to its set temperature, as far as its power reaches."""

from dataclasses import dataclass

from thermo.helium import h_pT
from thermo.jit import kernel
from twin.network import orifice
from twin.openings import warm_on_the_way
from twin.unit import Input, Link, Output, Param, Port, State, unit_operation
from twin.words import OFF_ON


@kernel
def heater(par, s, node, link):
    """Quasi-steady stream: the controller of the heater gives what the flow needs; first law of a steady flow."""
    f = link[0]
    m_flow = orifice(f, node[f.a], node[f.b], par.flow_area)
    down = node[f.b] if m_flow >= 0.0 else node[f.a]
    needed = max(h_pT(down.p, s.temp_set) - f.h, 0.0) * s.on
    given = min(needed, par.power_max / max(abs(m_flow), 1e-9))
    warm_on_the_way(f, given, -1.0 if 0.0 < needed == given else 0.0)
    s.m_flow = m_flow
    s.power = abs(m_flow) * given
    s.d_energy = s.power


@unit_operation("heater", ja="ヒータ", kernel=heater, symbol="heater")
@dataclass(frozen=True, kw_only=True)
class Heater:
    """Electric or atmospheric warmer of a return line."""

    inlet: str = Port("volume of the cold gas")
    outlet: str = Port("volume that gets the warm gas")
    flow_area: float = Param("m2", "effective flow area", range=(0.0, 1.0))
    power_max: float = Param("W", "greatest heat it gives", range=(0.0, 1e6))
    temp_start: float = Param("K", "set temperature at the start", default=290.0, range=(4.0, 400.0))

    on = Input("1", "heater on", start=1.0, labels=OFF_ON, ja="ヒータ運転")
    temp_set = Input("K", "outlet temperature wanted", start="temp_start", range=(10.0, 400.0), ja="出口温度設定")
    energy = State("J", "heat given since the start", range=(0.0, 1e13), ja="積算熱量")
    m_flow = Output("kg/s", "mass flow, inlet to outlet", range=(-0.1, 0.1), ja="質量流量")
    power = Output("W", "heat given now", range=(0.0, 1e5), ja="加熱量")

    def links(self):
        """The stream."""
        return [Link("inlet", "outlet")]


EXAMPLE = """
description = "Cold gas is warmed on its way to a vessel."
step = "1 s"
[unit.AMB]
kind = "ambient"
[unit.B-1]
kind = "buffer"
volume = "0.5 m3"
p_start = "2 bar"
temp_start = "20 K"
[unit.B-2]
kind = "buffer"
volume = "2 m3"
p_start = "1 bar"
[unit.EH-1]
kind = "heater"
inlet = "B-1"
outlet = "B-2"
flow_area = "5 mm2"
power_max = "3 kW"
"""
