"""Joule-Thomson valve: a control valve that counts the liquid it makes."""

from dataclasses import dataclass

from thermo.helium import x_ph
from thermo.jit import kernel
from twin.network import P_CRITICAL, orifice
from twin.unit import Input, Link, Output, Param, Port, State, unit_operation

EXAMPLE = """
description = "Throttling cold gas into a dewar"
[unit.AIR]
kind = "ambient"
[unit.B-1]
kind = "buffer"
volume = "20 L"
p_start = "13 bar"
temp_start = "6 K"
[unit.D-1]
kind = "storage_dewar"
volume = "200 L"
[unit.JT-1]
kind = "jt_valve"
inlet = "B-1"
outlet = "D-1"
flow_area = "1 mm2"
start = {opening = 0.5}
"""


@kernel
def jt_valve(par, s, node, link):
    """Isenthalpic throttling; liquid share by the lever rule at the outlet pressure."""
    s.d_position = (s.opening - s.position) / par.stroke_time
    s.l_position = 1.0 / par.stroke_time
    f = link[0]
    a, b = node[f.a], node[f.b]
    s.m_flow = orifice(f, a, b, par.flow_area * min(max(s.position, 0.0), 1.0))
    s.liquid = 0.0
    if b.p < P_CRITICAL:
        s.liquid = 1.0 - x_ph(b.p, f.h)
    s.d_liquid_made = max(s.m_flow, 0.0) * s.liquid


@unit_operation("jt_valve", ja="JT弁", kernel=jt_valve, symbol="valve")
@dataclass(frozen=True, kw_only=True)
class JTValve:
    """Joule-Thomson valve with liquid counter."""

    inlet: str = Port("volume at the inlet")
    outlet: str = Port("volume at the outlet")
    flow_area: float = Param("m2", "effective flow area, fully open", range=(0.0, 1.0))
    stroke_time: float = Param("s", "time constant of the stem", default=2.0, range=(0.01, 600.0))

    opening = Input("1", "commanded opening", range=(0.0, 1.0), ja="開度指令")
    position = State("1", "stem position", start="opening", range=(0.0, 1.0), stiff=True, ja="弁開度")
    liquid_made = State("kg", "liquid made since the start", range=(0.0, 1e5), ja="液化量積算")
    m_flow = Output("kg/s", "mass flow", range=(-0.05, 0.05), ja="質量流量")
    liquid = Output("1", "liquid share after the valve", range=(0.0, 1.0), ja="液化率")

    def links(self):
        """One flow."""
        return [Link("inlet", "outlet")]
