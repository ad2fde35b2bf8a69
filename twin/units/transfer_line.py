"""Transfer line: liquid through a tube that must first be cooled, with heat leak and flash."""

from dataclasses import dataclass

from thermo.helium import rho_pT
from thermo.jit import kernel
from thermo.materials import STAINLESS_STEEL
from twin.network import LIQUID, drawn, orifice_flow, transfer
from twin.unit import Input, Link, Output, Param, Port, State, Wall, unit_operation


@kernel
def transfer_line(par, s, node, port, link, wall):
    """Orifice law at the mean specific volume of both ends; the tube's wall is cooled cell by cell.

    While the far end is warm the helium leaves as gas and throttles the flow; liquid arrives when it is cold.
    """
    f, o = link[0], wall[0]
    a, b = node[f.a], node[f.b]
    s.d_position = (s.opening - s.position) / 2.0
    s.l_position = 0.5

    f.draw_a = LIQUID
    h, rho, c = drawn(a, f.draw_a)
    cold_end = max(o.temp_last, a.temp + 0.3)
    warm = min(max((o.temp_last - a.temp - 0.3) / 2.0, 0.0), 1.0)
    volume = (1.0 - warm) / rho + warm / rho_pT(b.p, cold_end + 2.0 * (1.0 - warm))
    mean = 2.0 / (1.0 / rho + volume)
    m_flow = slope = widening = 0.0
    if a.p > b.p:
        m_flow, slope, widening = orifice_flow(a.p - b.p, a.p, mean, par.flow_area * s.position)
    f.ua = par.UA
    o.sink_temp = node[port[2]].temp
    o.sink_ua = par.UA_leak
    o.q = 0.0
    transfer(f, m_flow, h, slope + widening, -slope, c)
    s.m_flow = m_flow
    s.temp_end = o.temp_last
    s.d_carried = m_flow


@unit_operation("transfer_line", ja="移送管", kernel=transfer_line, symbol="transfer_line")
@dataclass(frozen=True, kw_only=True)
class TransferLine:
    """Vacuum-insulated transfer line with its valve."""

    inlet: str = Port("vessel that gives liquid")
    outlet: str = Port("vessel that takes it")
    ambient: str = Port("room", default="ambient")
    flow_area: float = Param("m2", "effective flow area, valve open", default=6e-6, range=(0.0, 1e-2))
    mass: float = Param("kg", "stainless steel to be cooled", default=1.5, range=(0.01, 1e3))
    cells: int = Param("1", "cells along the line", default=6, range=(1, 50))
    UA: float = Param("W/K", "conductance from helium to the tube", default=20.0, range=(0.0, 1e4))
    UA_leak: float = Param("W/K", "heat leak per kelvin to the room", default=0.01, range=(0.0, 10.0))
    temp_start: float = Param("K", "tube at the start", default=300.0, range=(4.0, 330.0))

    opening = Input("1", "valve of the line", range=(0.0, 1.0), ja="弁開度指令")
    position = State("1", "valve position", start="opening", range=(0.0, 1.0), stiff=True, ja="弁開度")
    carried = State("kg", "helium that left the first vessel", range=(0.0, 1e6), ja="積算移送量")
    m_flow = Output("kg/s", "mass flow", range=(0.0, 0.1), ja="質量流量")
    temp_end = Output("K", "tube at the far end", range=(0.0, 330.0), ja="出口端温度")

    def links(self):
        """One flow along the tube."""
        return [Link("inlet", "outlet", wall="tube")]

    def walls(self):
        """The inner tube."""
        return {"tube": Wall(self.cells, self.mass, STAINLESS_STEEL, self.temp_start)}


EXAMPLE = """
description = "Liquid is decanted into a portable dewar."
step = "1 s"
[unit.AMB]
kind = "ambient"
[unit.D-1]
kind = "portable_dewar"
volume = "250 L"
level_start = 0.8
p_start = "1.3 bar"
crack = "40 kPa"
[unit.D-2]
kind = "portable_dewar"
volume = "100 L"
level_start = 0.1
vent = "BAG-1"
[unit.BAG-1]
kind = "gas_bag"
volume = "20 m3"
[unit.TL-1]
kind = "transfer_line"
inlet = "D-1"
outlet = "D-2"
start = { opening = 1.0 }
"""
