"""Pipe: pressure drop of laminar and of rough turbulent flow in one smooth law, with compressibility."""

import math
from dataclasses import dataclass

from thermo.helium import mu_ph
from thermo.jit import kernel
from twin.network import drawn, transfer
from twin.unit import Link, Output, Param, Port, unit_operation


@kernel
def pipe(par, s, node, link):
    """dp = a m + b m2: Hagen-Poiseuille plus Darcy-Weisbach at the mean density (isothermal flow, Mach below 0.3).

    White, Fluid Mechanics, 8th ed., sections 6.4-6.7 and 9.8.
    """
    f = link[0]
    a, b = node[f.a], node[f.b]
    dp = a.p - b.p
    if dp >= 0.0:
        h, rho, c = drawn(a, f.draw_a)
        p_up = a.p
    else:
        h, rho, c = drawn(b, f.draw_b)
        p_up = b.p
    if rho < 40.0:
        rho *= 0.5 * (a.p + b.p) / p_up
    area = 0.25 * math.pi * par.diameter**2
    laminar = 128.0 * mu_ph(p_up, h) * par.length / (math.pi * par.diameter**4 * rho)
    turbulent = (par.friction * par.length / par.diameter + par.zeta) / (2.0 * rho * area * area)
    root = math.sqrt(laminar * laminar + 4.0 * turbulent * abs(dp))
    m_flow = math.copysign(2.0 * abs(dp) / (laminar + root), dp)
    transfer(f, m_flow, h, 1.0 / root, -1.0 / root, c)
    s.m_flow = m_flow
    s.velocity = m_flow / (rho * area)


@unit_operation("pipe", ja="配管", kernel=pipe, symbol="pipe")
@dataclass(frozen=True, kw_only=True)
class Pipe:
    """Pipe resistance between two volumes; it holds no gas of its own and is adiabatic."""

    inlet: str = Port("volume at the inlet")
    outlet: str = Port("volume at the outlet")
    length: float = Param("m", "length", range=(1e-3, 1e5))
    diameter: float = Param("m", "inner diameter", range=(1e-4, 2.0))
    friction: float = Param("1", "Darcy friction factor of turbulent flow", default=0.025, range=(0.005, 0.2))
    zeta: float = Param("1", "loss of bends, inlet and outlet in velocity heads", default=1.5, range=(0.1, 1e4))

    m_flow = Output("kg/s", "mass flow, inlet to outlet", range=(-0.1, 0.1), ja="質量流量")
    velocity = Output("m/s", "mean velocity", range=(-100.0, 100.0), ja="流速")

    def links(self):
        """One flow."""
        return [Link("inlet", "outlet")]


EXAMPLE = """
description = "Two vessels level out through a pipe."
step = "1 s"
[unit.AMB]
kind = "ambient"
[unit.B-1]
kind = "buffer"
volume = "0.5 m3"
p_start = "1.2 bar"
[unit.B-2]
kind = "buffer"
volume = "0.5 m3"
p_start = "1 bar"
[unit.L-1]
kind = "pipe"
inlet = "B-1"
outlet = "B-2"
length = "30 m"
diameter = "8 mm"
"""
