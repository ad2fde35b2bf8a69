"""Leak: a small hole between a volume and the room; helium leaves, or air comes in below the air's pressure."""

from dataclasses import dataclass

from thermo.jit import kernel
from twin.network import orifice, orifice_flow, seep
from twin.unit import Input, Link, Output, Param, Port, unit_operation

SHARE_N2, SHARE_O2 = 0.755, 0.232
"""Mass shares of dry air (US Standard Atmosphere 1976); argon is counted as nitrogen."""

HUMIDITY = 0.0075
"""Water in air [kg/kg], 50 % relative humidity at 20 degC."""

RHO_AIR = 1.2
"""Density of air in the room [kg/m3]."""


@kernel
def leak(par, s, node, link):
    """Helium out by the orifice law; air in by the same law when the pressure is below that of the room."""
    out, into = link[0], link[1]
    a, room = node[out.a], node[out.b]
    hole = par.hole * s.opening
    s.m_flow = 0.0
    s.m_air = 0.0
    if a.p >= room.p:
        s.m_flow = orifice(out, a, room, hole)
    else:
        s.m_air, _, _ = orifice_flow(room.p - a.p, room.p, RHO_AIR, hole)
        seep(into, SHARE_N2 * s.m_air, SHARE_O2 * s.m_air, HUMIDITY * s.m_air, 0.0)


@unit_operation("leak", ja="漏れ", kernel=leak, symbol="leak")
@dataclass(frozen=True, kw_only=True)
class Leak:
    """A hole in a pipe or vessel."""

    inlet: str = Port("volume that leaks")
    ambient: str = Port("room", default="ambient")
    hole: float = Param("m2", "effective area of the hole at opening 1", range=(0.0, 1e-2))

    opening = Input(
        "1",
        "size of the leak, in holes",
        start=1.0,
        range=(0.0, 1000.0),
        by="instructor",
        ja="漏れの大きさ",
        healthy=0.0,
    )
    m_flow = Output("kg/s", "helium lost", range=(0.0, 0.01), ja="漏れ流量")
    m_air = Output("kg/s", "air coming in", range=(0.0, 0.01), ja="空気侵入量")

    def links(self):
        """Helium out, air in."""
        return [Link("inlet", "ambient"), Link("ambient", "inlet")]

    def losses(self):
        """Helium that left."""
        return {0: "leak"}


EXAMPLE = """
description = "One vessel leaks helium out, one leaks air in."
step = "1 s"
[unit.AMB]
kind = "ambient"
[unit.B-1]
kind = "buffer"
volume = "0.1 m3"
p_start = "5 bar"
[unit.B-2]
kind = "buffer"
volume = "0.1 m3"
p_start = "0.5 bar"
[unit.LEAK-1]
kind = "leak"
inlet = "B-1"
hole = "0.1 mm2"
[unit.LEAK-2]
kind = "leak"
inlet = "B-2"
hole = "0.1 mm2"
"""
