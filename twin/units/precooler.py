"""LN2 precooler: helium through a coil in a bath of boiling nitrogen."""

from dataclasses import dataclass

from thermo.jit import kernel
from thermo.materials import ALUMINIUM
from twin.alarms.declare import Limits
from twin.insulation import feel_vacuum
from twin.network import orifice
from twin.unit import Input, Latch, Link, Output, Param, Port, State, Wall, Wire, unit_operation

TEMP_BATH = 77.355  # K, nitrogen boiling at 101 325 Pa (Span et al. 2000)
LATENT = 199.2e3  # J/kg (Span et al. 2000)
RHO_LN2 = 806.0  # kg/m3 (Span et al. 2000)

EXAMPLE = """
description = "Gas through an LN2 bath"
[unit.AIR]
kind = "ambient"
[unit.B-1]
kind = "buffer"
volume = "1 m3"
p_start = "5 bar"
UA = "20 W/K"
[unit.B-2]
kind = "buffer"
volume = "2 m3"
p_start = "1.2 bar"
UA = "20 W/K"
[unit.PC-1]
kind = "precooler"
inlet = "B-1"
outlet = "B-2"
UA = "200 W/K"
m_design = "5 g/s"
flow_area = "5 mm2"
level_start = 0.5
start = {opening = 0.2}
"""


@kernel
def precooler(par, s, node, port, link, wall):
    """The wall is cooled by the bath as far as it is wetted; nitrogen boils away and vents cold."""
    f = link[0]
    s.m_flow = orifice(f, node[f.a], node[f.b], par.flow_area)
    f.ua = par.UA * (f.m_slow / par.m_design) ** 0.6

    o = wall[0]
    wetted = min(max(s.level / 0.3, 0.0), 1.0)
    o.sink_temp = TEMP_BATH
    o.sink_ua = par.UA_bath * wetted
    o.q = 0.0
    q_bath = max(o.sink_ua * (o.temp_mean - TEMP_BATH), 0.0)
    leak = par.UA_leak * (1.0 + s.leak_growth) * (node[port[2]].temp - TEMP_BATH) * wetted

    # bath: fill against boiling
    s.boil_off = (q_bath + leak) / LATENT
    s.m_fill = par.fill_max * s.opening * min(max((1.0 - s.level) / 0.02, 0.0), 1.0)
    inventory = par.bath_volume * RHO_LN2
    s.d_level = (s.m_fill - s.boil_off) / inventory
    s.l_level = 0.0
    if s.level > 0.95:
        s.l_level = par.fill_max * s.opening / 0.02 / inventory
    s.d_ln2_used = s.m_fill
    s.Q_bath = q_bath
    s.temp_mean = o.temp_mean


@unit_operation("precooler", ja="予冷器", kernel=precooler, update=feel_vacuum, symbol="bath")
@dataclass(frozen=True, kw_only=True)
class Precooler:
    """LN2 bath with a helium coil."""

    inlet: str = Port("volume before the coil")
    outlet: str = Port("volume after the coil")
    ambient: str = Port("room", default="ambient")
    vacuum: str = Wire("leak_growth of the vacuum jacket it lies in; empty: always good vacuum", default="")
    UA: float = Param("W/K", "conductance from helium to the coil at the design flow")
    UA_bath: float = Param("W/K", "conductance from the coil to the bath", default=5000.0)
    m_design: float = Param("kg/s", "helium flow at which UA holds")
    flow_area: float = Param("m2", "effective flow area of the coil")
    bath_volume: float = Param("m3", "volume of nitrogen when full", default=0.05)
    fill_max: float = Param("kg/s", "LN2 flow of the open fill valve", default=0.1)
    UA_leak: float = Param("W/K", "heat leak of the bath", default=0.05)
    mass: float = Param("kg", "aluminium of the coil", default=20.0)
    cells: int = Param("1", "cells along the coil", default=6, range=(1, 100))
    temp_start: float = Param("K", "coil at the start", default=300.0)
    level_start: float = Param("1", "bath at the start", default=0.0, range=(0.0, 1.0))

    opening = Input("1", "opening of the LN2 fill valve", range=(0.0, 1.0), ja="液体窒素供給弁開度")
    leak_growth = Latch("1", "growth of the heat leak by bad vacuum", range=(0.0, 1e4), ja="侵入熱増加率")
    level = State("1", "LN2 level", start="level_start", range=(0.0, 1.0), stiff=True, ja="液体窒素液位")
    ln2_used = State("kg", "LN2 taken since the start", range=(0.0, 1e6), ja="液体窒素使用量")
    m_flow = Output("kg/s", "helium flow", range=(-0.2, 0.2), ja="ヘリウム流量")
    m_fill = Output("kg/s", "LN2 flow in", range=(0.0, 0.5), ja="液体窒素流量")
    boil_off = Output("kg/s", "nitrogen boiling away", range=(0.0, 0.5), ja="窒素蒸発量")
    Q_bath = Output("W", "heat from helium to the bath", range=(0.0, 5e4), ja="予冷熱量")
    temp_mean = Output("K", "mean coil temperature", range=(0.0, 400.0), ja="コイル平均温度")

    def links(self):
        """The helium stream."""
        return [Link("inlet", "outlet", wall="wall")]

    def walls(self):
        """The coil."""
        return {"wall": Wall(self.cells, self.mass, ALUMINIUM, self.temp_start)}

    def alarms(self):
        """Nitrogen runs out although it is called for."""
        return [
            Limits(
                "level",
                "LN2 level of the precooler",
                "予冷器液体窒素液位",
                low=0.2,
                low_low=0.05,
                dead_band=0.02,
                on_delay=600.0,
                when=("opening", 0.01, 1.0),
                cause=("tank empty, supply shut", "貯槽空、供給弁閉"),
                consequence=("less liquid is made", "液化量低下"),
                action=("order LN2, run without it", "液体窒素補充、無予冷運転"),
            )
        ]
