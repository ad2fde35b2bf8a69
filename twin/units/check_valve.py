"""Check valve: a spring-loaded disc that opens one way."""

from dataclasses import dataclass

from thermo.jit import kernel
from twin.network import orifice
from twin.openings import check as flow_forward
from twin.unit import Link, Output, Param, Port, unit_operation


@kernel
def check_valve(par, s, node, link):
    """Forward past the spring; backward only what the seat leaks."""
    f = link[0]
    a, b = node[f.a], node[f.b]
    if par.leakage > 0.0 and b.p > a.p:
        s.m_flow = orifice(f, a, b, par.flow_area * par.leakage)
    else:
        s.m_flow = flow_forward(f, a, b, par.flow_area, par.crack, par.ease, False)


@unit_operation("check_valve", ja="逆止弁", kernel=check_valve, symbol="check_valve")
@dataclass(frozen=True, kw_only=True)
class CheckValve:
    """Check valve: lets helium pass from the inlet to the outlet only."""

    inlet: str = Port("volume at the inlet")
    outlet: str = Port("volume at the outlet")
    flow_area: float = Param("m2", "effective flow area, fully open", range=(0.0, 1.0))
    crack: float = Param("Pa", "pressure difference at which it begins to open", default=500.0, range=(0.0, 1e6))
    ease: float = Param("Pa", "pressure difference over which it eases open", default=200.0, range=(1.0, 1e6))
    leakage: float = Param("1", "leak past the seat, share of the area", default=0.0, range=(0.0, 1.0))

    m_flow = Output("kg/s", "mass flow, inlet to outlet", range=(-0.1, 0.1), ja="質量流量")

    def links(self):
        """One flow."""
        return [Link("inlet", "outlet")]


EXAMPLE = """
description = "A vessel empties into another through a check valve, never back."
step = "1 s"
[unit.AMB]
kind = "ambient"
[unit.B-1]
kind = "buffer"
volume = "0.5 m3"
p_start = "3 bar"
UA = "5 W/K"
[unit.B-2]
kind = "buffer"
volume = "0.5 m3"
p_start = "1 bar"
[unit.NRV-1]
kind = "check_valve"
inlet = "B-1"
outlet = "B-2"
flow_area = "3 mm2"
[unit.NRV-2]
kind = "check_valve"
inlet = "B-2"
outlet = "B-1"
flow_area = "3 mm2"
"""
