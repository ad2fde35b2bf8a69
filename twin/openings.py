"""Openings that move with the pressure: spring-loaded discs, regulators and necks.

The area of such an opening follows the pressures at both ends, so its slope belongs into the implicit step.
"""

from __future__ import annotations

from thermo.jit import kernel
from twin.network import orifice


@kernel
def spring_lift(dp, crack, full):
    """Lift of a spring-loaded disc, 0 to 1 between cracking and full-lift pressure [Pa], and its slope [1/Pa]."""
    x = min(max((dp - crack) / (full - crack), 0.0), 1.0)
    return x * x * (3.0 - 2.0 * x), 6.0 * x * (1.0 - x) / (full - crack)


@kernel
def moving_orifice(f, a, b, flow_area, slope_a, slope_b):
    """Flow [kg/s] through an opening of flow_area [m2] that changes with the two pressures (slopes in m2/Pa)."""
    per_area = orifice(f, a, b, 1.0)
    f.m_flow = flow_area * per_area
    f.g_a = max(flow_area * f.g_a + slope_a * per_area, 0.0)
    f.g_b = min(flow_area * f.g_b + slope_b * per_area, 0.0)
    return f.m_flow


@kernel
def spring_valve(f, a, b, flow_area, crack, full, leakage):
    """Flow [kg/s] past a disc that opens by p_a - p_b; a seat that leaks lets `leakage` of the area through."""
    lift, slope = spring_lift(a.p - b.p, crack, full)
    return moving_orifice(f, a, b, flow_area * (lift + leakage), flow_area * slope, -flow_area * slope)


@kernel
def warm_on_the_way(f, dh):
    """Enthalpy [J/kg] added to a flow that is already known (`work` comes before `transfer`, this after)."""
    f.dh = dh
    f.h_out = f.h + dh
