"""Control valve: first-order stem, compressible or liquid flow from the higher to the lower pressure, isenthalpic."""

from dataclasses import dataclass

from thermo.jit import kernel
from twin.network import orifice
from twin.unit import Input, Link, Output, Param, Port, State, unit_operation

EXAMPLE = """
description = "A valve between two vessels"
[unit.AIR]
kind = "ambient"
[unit.B-1]
kind = "buffer"
volume = "1 m3"
p_start = "13 bar"
UA = "20 W/K"
[unit.B-2]
kind = "buffer"
volume = "2 m3"
p_start = "1 bar"
UA = "20 W/K"
[unit.CV-1]
kind = "control_valve"
inlet = "B-1"
outlet = "B-2"
flow_area = "20 mm2"
start = {opening = 0.5}
"""


@kernel
def control_valve(par, s, node, link):
    """Stem lag, then the flow law of IEC 60534-2-1 on the open area; equal-percentage trim where asked for."""
    s.d_position = (s.opening - s.position) / par.stroke_time
    s.l_position = 1.0 / par.stroke_time

    share = min(max(s.position, 0.0), 1.0)
    if par.rangeability > 1.0 and share > 0.0:
        share = max(par.rangeability ** (share - 1.0) - (1.0 - share) / par.rangeability, 0.0)
    f = link[0]
    s.m_flow = orifice(f, node[f.a], node[f.b], par.flow_area * (share + par.leakage))


@unit_operation("control_valve", ja="調節弁", kernel=control_valve, symbol="valve")
@dataclass(frozen=True, kw_only=True)
class ControlValve:
    """Control valve with stem lag and isenthalpic flow."""

    inlet: str = Port("volume at the inlet")
    outlet: str = Port("volume at the outlet")
    flow_area: float = Param("m2", "effective flow area, fully open", range=(0.0, 1.0))
    stroke_time: float = Param("s", "time constant of the stem", default=2.0, range=(0.01, 600.0))
    rangeability: float = Param("1", "ratio of an equal-percentage trim; 1 is linear", default=1.0, range=(1.0, 200.0))
    leakage: float = Param("1", "leak past the seat, share of the full area", default=0.0, range=(0.0, 1.0))
    m_flow_max: float = Param("kg/s", "range of the flow tag", default=0.1)

    opening = Input("1", "commanded opening", start=0.0, range=(0.0, 1.0), ja="開度指令")
    position = State("1", "stem position", start="opening", range=(0.0, 1.0), stiff=True, ja="弁開度")
    m_flow = Output("kg/s", "mass flow, inlet to outlet", range=(-0.1, 0.1), ja="質量流量")

    def links(self):
        """One flow."""
        return [Link("inlet", "outlet")]

    def tag_range(self, quantity):
        """The flow tag has the range of the plant file."""
        return (-self.m_flow_max, self.m_flow_max) if quantity.unit == "kg/s" else None
