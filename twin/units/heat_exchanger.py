"""Counter-flow heat exchanger: two quasi-steady streams along one wall of cells."""

from dataclasses import dataclass

from thermo.jit import kernel
from thermo.materials import ALUMINIUM
from twin.insulation import feel_vacuum
from twin.network import heat, orifice
from twin.unit import Latch, Link, Output, Param, Port, Wall, Wire, unit_operation

EXAMPLE = """
description = "Warm gas one way, cold gas the other"
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
p_start = "1.2 bar"
UA = "20 W/K"
[unit.B-3]
kind = "buffer"
volume = "0.5 m3"
p_start = "3 bar"
temp_start = "80 K"
[unit.B-4]
kind = "buffer"
volume = "1 m3"
p_start = "1 bar"
[unit.E-1]
kind = "heat_exchanger"
hot_inlet = "B-1"
hot_outlet = "B-2"
cold_inlet = "B-3"
cold_outlet = "B-4"
UA = "500 W/K"
m_design = "10 g/s"
hot_area = "5 mm2"
cold_area = "20 mm2"
mass = "10 kg"
UA_leak = "0.1 W/K"
conduction = "0.1 mm"
"""


@kernel
def heat_exchanger(par, s, node, port, link, wall):
    """Flow from the pressure drop; heat transfer on both sides grows with flow to the power 0.6 to 0.8.

    Plate-fin correlations give h ~ m^0.6 (offset strip fins: Manglik and Bergles 1995, turbulent limit). Half of the
    thermal resistance lies on each side at the design flow. Gas that stands in the headers takes their temperature; the
    heat for that comes from the ends of the block.
    """
    hot, cold = link[0], link[1]
    s.m_hot = orifice(hot, node[hot.a], node[hot.b], par.hot_area)
    s.m_cold = orifice(cold, node[cold.a], node[cold.b], par.cold_area)
    hot.ua = 2.0 * par.UA * (hot.m_slow / par.m_design) ** par.exponent
    cold.ua = 2.0 * par.UA * (cold.m_slow / par.m_design) ** par.exponent

    o = wall[0]
    o.sink_temp = node[port[4]].temp
    o.sink_ua = par.UA_leak * (1.0 + s.leak_growth)
    at_warm_end = o.temp_first - node[hot.a].temp, o.temp_first - node[cold.b].temp
    at_cold_end = o.temp_last - node[hot.b].temp, o.temp_last - node[cold.a].temp
    heat(node[hot.a], par.UA_headers * at_warm_end[0])
    heat(node[cold.b], par.UA_headers * at_warm_end[1])
    heat(node[hot.b], par.UA_headers * at_cold_end[0])
    heat(node[cold.a], par.UA_headers * at_cold_end[1])
    o.q_first = -par.UA_headers * (at_warm_end[0] + at_warm_end[1])
    o.q_last = -par.UA_headers * (at_cold_end[0] + at_cold_end[1])
    s.temp_warm, s.temp_cold, s.temp_mean = o.temp_first, o.temp_last, o.temp_mean
    s.dp_hot = node[hot.a].p - node[hot.b].p
    s.dp_cold = node[cold.a].p - node[cold.b].p
    s.dT_warm = node[hot.a].temp - node[cold.b].temp
    s.dT_cold = node[hot.b].temp - node[cold.a].temp


@unit_operation("heat_exchanger", ja="熱交換器", kernel=heat_exchanger, update=feel_vacuum, symbol="exchanger")
@dataclass(frozen=True, kw_only=True)
class HeatExchanger:
    """Counter-flow heat exchanger of the cold box."""

    hot_inlet: str = Port("volume before the stream that is cooled")
    hot_outlet: str = Port("volume after it")
    cold_inlet: str = Port("volume before the stream that is warmed")
    cold_outlet: str = Port("volume after it")
    ambient: str = Port("room that leaks heat in", default="ambient")
    vacuum: str = Wire("leak_growth of the vacuum jacket it lies in; empty: always good vacuum", default="")
    UA: float = Param("W/K", "overall conductance at the design flow", range=(0.0, 1e7))
    m_design: float = Param("kg/s", "flow at which UA holds, both sides", range=(1e-6, 10.0))
    hot_area: float = Param("m2", "effective flow area of the cooled stream: m = area sqrt(2 rho dp)")
    cold_area: float = Param("m2", "effective flow area of the warmed stream")
    mass: float = Param("kg", "aluminium", range=(0.01, 1e5))
    cells: int = Param("1", "cells along the exchanger", default=12, range=(1, 200))
    exponent: float = Param("1", "exponent of flow in UA", default=0.6, range=(0.0, 1.0))
    UA_leak: float = Param("W/K", "heat leak from the room", default=0.0)
    UA_headers: float = Param("W/K", "from the block to the gas at each of its four ends", default=0.05)
    conduction: float = Param("m", "solid cross-section over length, end to end", default=0.0)
    temp_warm_start: float = Param("K", "wall at the warm end at the start", default=300.0)
    temp_cold_start: float = Param("K", "wall at the cold end at the start", default=300.0)

    leak_growth = Latch("1", "growth of the heat leak by bad vacuum", range=(0.0, 1e4), ja="侵入熱増加率")
    m_hot = Output("kg/s", "flow of the cooled stream", range=(-0.2, 0.2), ja="高圧側流量")
    m_cold = Output("kg/s", "flow of the warmed stream", range=(-0.2, 0.2), ja="低圧側流量")
    dp_hot = Output("Pa", "pressure drop of the cooled stream", range=(-1e5, 1e5), ja="高圧側差圧")
    dp_cold = Output("Pa", "pressure drop of the warmed stream", range=(-1e5, 1e5), ja="低圧側差圧")
    dT_warm = Output("K", "temperature difference at the warm end", range=(-400.0, 400.0), ja="温端温度差")
    dT_cold = Output("K", "temperature difference at the cold end", range=(-400.0, 400.0), ja="冷端温度差")
    temp_warm = Output("K", "wall temperature, warm end", range=(0.0, 400.0), ja="温端壁温度")
    temp_cold = Output("K", "wall temperature, cold end", range=(0.0, 400.0), ja="冷端壁温度")
    temp_mean = Output("K", "mean wall temperature", range=(0.0, 400.0), ja="平均壁温度")

    def links(self):
        """Cooled stream from the first cell, warmed stream against it."""
        return [Link("hot_inlet", "hot_outlet", wall="wall"), Link("cold_inlet", "cold_outlet", wall="wall")]

    def walls(self):
        """Aluminium block."""
        ends = (self.temp_warm_start, self.temp_cold_start)
        return {"wall": Wall(self.cells, self.mass, ALUMINIUM, ends, self.conduction)}
