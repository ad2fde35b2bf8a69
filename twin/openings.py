"""Openings that move with the pressure: check valves, relief valves, regulators and necks.

The flow through such an opening changes with the pressures at both ends by its lift too; the implicit step needs that
slope, and it needs it exact: a valve that closes within a step is as stiff as anything in a plant.
"""

from __future__ import annotations

import math

from thermo.jit import kernel
from twin.network import drawn, orifice, orifice_flow, transfer


@kernel
def moving_orifice(f, a, b, flow_area, slope_a, slope_b):
    """Flow [kg/s] through an opening of flow_area [m2] that changes with the two pressures (slopes in m2/Pa)."""
    per_area = orifice(f, a, b, 1.0)
    f.m_flow = flow_area * per_area
    f.g_a = max(flow_area * f.g_a + slope_a * per_area, 0.0)
    f.g_b = min(flow_area * f.g_b + slope_b * per_area, 0.0)
    f.g_h *= flow_area
    return f.m_flow


@kernel
def relief(f, a, b, flow_area, crack, full, leakage):
    """Flow [kg/s] past a disc that lifts between cracking and full-lift pressure [Pa] of p_a - p_b."""
    x = min(max((a.p - b.p - crack) / (full - crack), 0.0), 1.0)
    lift = x * x * (3.0 - 2.0 * x)
    slope = flow_area * 6.0 * x * (1.0 - x) / (full - crack)
    return moving_orifice(f, a, b, flow_area * (lift + leakage), slope, -slope)


@kernel
def check(f, a, b, flow_area, crack, ease, rising):
    """Flow [kg/s] from a to b only, past a disc whose spring eats `crack` [Pa]; it eases open over `ease`.

    The rest of the difference drives the flow of the orifice (Idelchik, Handbook of Hydraulic Resistance, diagram 9-17,
    for the constant part of a spring-loaded disc). Where the pressure is `rising` fast the implicit step is told that a
    closed disc is about to open; otherwise nothing flows through a closed one.
    """
    beyond = a.p - b.p - crack
    h, rho, c = drawn(a, f.draw_a)
    if beyond <= 0.0:
        g = orifice_flow(0.5 * ease, a.p, rho, flow_area)[1] if rising else 0.0
        transfer(f, 0.0, h, g, -g, c)
        return 0.0
    drive, ds = beyond - 0.5 * ease, 1.0
    if beyond < ease:
        drive, ds = 0.5 * beyond * beyond / ease, beyond / ease
    m_flow, slope, widening = orifice_flow(drive, a.p, rho, flow_area)
    by_rho = 0.5 * m_flow / rho * c
    transfer(f, m_flow, h, slope * ds + widening + by_rho * a.rho_p, -slope * ds, c, by_rho * a.rho_h)
    return m_flow


@kernel
def regulator_lift(p, closed, droop):
    """Lift of a regulator, 1 to 0 as p [Pa] rises over `droop` to `closed`, rounded at the ends; and its slope."""
    root = math.tanh(3.0 * ((closed - p) / droop - 0.6))
    return 0.5 * (1.0 + root), -1.5 * (1.0 - root * root) / droop


@kernel
def warm_on_the_way(f, dh, dh_h=0.0):
    """Enthalpy [J/kg] added to a flow that is already known (`work` comes before `transfer`, this after)."""
    f.dh = dh
    f.dh_h = dh_h
    f.h_out = f.h + dh
