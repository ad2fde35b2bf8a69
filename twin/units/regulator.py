"""Pressure regulator: throttles so that the pressure downstream stays near its set point, with droop."""

from dataclasses import dataclass

from thermo.jit import kernel
from twin.openings import moving_orifice, regulator_lift
from twin.unit import Input, Link, Output, Param, Port, unit_operation


@kernel
def regulator(par, s, node, link):
    """Spring and diaphragm: lift falls over the droop below the set pressure."""
    f = link[0]
    a, b = node[f.a], node[f.b]
    lift, slope = regulator_lift(b.p, s.p_set, par.droop)
    s.m_flow = 0.0
    if a.p > b.p:
        s.m_flow = moving_orifice(f, a, b, par.flow_area * lift, 0.0, par.flow_area * slope)
    s.lift = lift


@unit_operation("regulator", ja="圧力調整弁", kernel=regulator, symbol="regulator")
@dataclass(frozen=True, kw_only=True)
class Regulator:
    """Regulator of the downstream pressure, with a check against flow back."""

    inlet: str = Port("volume of high pressure")
    outlet: str = Port("volume whose pressure is held")
    flow_area: float = Param("m2", "effective flow area, fully open", range=(0.0, 1.0))
    p_start: float = Param("Pa", "set point at the start, absolute", range=(1e3, 3e7))
    droop: float = Param("Pa", "fall of pressure from closed to fully open", default=2e4, range=(10.0, 1e7))

    p_set = Input("Pa", "set point of the downstream pressure", start="p_start", range=(1e3, 3e7), ja="二次圧設定")
    lift = Output("1", "share of the area that is open", range=(0.0, 1.0), ja="開度")
    m_flow = Output("kg/s", "mass flow", range=(0.0, 0.1), ja="質量流量")

    def links(self):
        """One flow."""
        return [Link("inlet", "outlet")]


EXAMPLE = """
description = "Cylinder gas is let down to 3 bar."
step = "1 s"
[unit.AMB]
kind = "ambient"
[unit.B-1]
kind = "buffer"
volume = "0.1 m3"
p_start = "100 bar"
p_max = "200 bar"
UA = "20 W/K"
[unit.B-2]
kind = "buffer"
volume = "0.5 m3"
p_start = "1 bar"
[unit.PCV-1]
kind = "regulator"
inlet = "B-1"
outlet = "B-2"
flow_area = "1 mm2"
p_start = "3 bar"
droop = "0.2 bar"
"""
