"""Beds of charcoal that take impurities from helium: loading front, break-through, regeneration, residual vacuum.

What the purifier, the adsorbers of the cold box and the getter of the vacuum jacket share.
"""

from __future__ import annotations

import math

from thermo.impurities import CHARCOAL, H2, N2, O2, R, loading
from thermo.jit import kernel
from twin.network import R_H2, R_N2, R_O2, catch, seep, transfer

R_HELIUM = 2077.2  # J/(kg K)


@kernel
def held(load, mass, species, temp, p):
    """Share of a bed's equilibrium loading that a species has taken up."""
    if load <= 0.0:
        return 0.0
    return load / max(mass * loading(CHARCOAL, species, temp, max(p, 1e-6)), 1e-12)


@kernel
def passes(front, width):
    """Share of an impurity that comes through a bed whose loading front has moved so far (1: to its end)."""
    return 0.5 * (1.0 + math.tanh((front - 1.0) / width))


@kernel
def catch_in_bed(f, a, bed, mass, width, temp):
    """What a bed catches of a flow out of volume a. Returns the front of the air and the share of it that passes.

    Constant-pattern front (Ruthven, Principles of Adsorption, section 8.4): the bed behind the front is in equilibrium
    with its feed, so the front is where the load over the equilibrium load is; its shape is a tanh of given width.
    """
    p_he = (a.p - a.p_imp) / R_HELIUM
    front = held(bed.n2, mass, N2, temp, a.w_n2 * R_N2 * p_he)
    front += held(bed.o2, mass, O2, temp, a.w_o2 * R_O2 * p_he)
    front_h2 = held(bed.h2, mass, H2, temp, a.w_h2 * R_H2 * p_he)
    slip, slip_h2 = passes(front, width), passes(front_h2, width)
    cold = min(max((150.0 - temp) / 30.0, 0.0), 1.0)
    catch(f, cold * (1.0 - slip), cold * (1.0 - slip), 1.0, cold * (1.0 - slip_h2))
    return front, 1.0 - cold * (1.0 - slip)


@kernel
def regenerate(par, f, source, bed, temp, purge, void):
    """Purge carries off what a warm bed gives up; the gas in its pores is let out once. Returns the helium lost."""
    p_low = 1.5e5
    m_flow = par.purge_flow * purge * min(max((source.p - 1.1e5) / p_low, 0.0), 1.0)
    m_flow += void
    transfer(f, m_flow, source.h, 0.0, 0.0)
    rate = purge * min(max((temp - 120.0) / 100.0, 0.0), 1.0) / par.desorb_time
    seep(f, rate * bed.n2, rate * bed.o2, rate * bed.h2o, rate * bed.h2)
    return m_flow


@kernel
def pressure_over(load, capacity, temp, p_full, energy):
    """Pressure [Pa] over a charcoal that holds `load` of its `capacity`: the isotherm of Dubinin and Astakhov
    (exponent 2), solved for pressure; p_full [Pa] is where it is full, `energy` [J/mol] its characteristic energy."""
    if load >= capacity:
        return p_full
    if load <= 1e-30 * capacity:
        return 0.0
    return p_full * math.exp(-energy / (R * temp) * math.sqrt(math.log(capacity / load)))
