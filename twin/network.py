"""Volumes of helium and the flows between them: what the kernels of the kinds read and call.

A volume keeps helium mass, energy and the masses of four impurities. `transfer` is the only mover of helium, `heat`
the only way for heat to come in: what leaves one volume arrives in another, to round-off, whatever a kind computes.

The energy that a volume keeps is E = m h - V (p - p_out) for a rigid volume (the internal energy, measured from
p_out V) and E = m h - V_0 e - c e^2 / 2, e = p - p_out, for a bag of compliance c: internal energy, work done on the
air outside and elastic energy together, so that filling a bag needs no separate work term.
"""

from __future__ import annotations

import math

from thermo.helium import h_liq, h_pT, h_vap, rho_liq, rho_vap, state_ph
from thermo.jit import inner
from twin.records import CELL_WIDTH, NODE_FIELDS
from twin.walls import wall_temperatures

P_CRITICAL = 2.2746e5
"""Highest pressure at which a volume is looked at for two phases [Pa]; a little below the critical one."""

R_N2, R_O2, R_H2O, R_H2 = 296.80, 259.84, 461.52, 4124.2
"""Specific gas constants of the impurities [J/(kg K)], from CODATA R and the molar masses of CIAAW 2021."""

NODE_WIDTH, P_FIELD = len(NODE_FIELDS), NODE_FIELDS.index("p")

MIXTURE, VAPOUR, LIQUID = 0, 1, 2

CLOSURE = 1e-10
"""Relative error of density at which the state of a volume counts as found."""


@inner
def find_states(card, node, cell, wall, work, node_first, cell_first):
    """State of every volume and wall from its mass and energy. Returns -1, or the image address of what was not found.

    Looking twice changes nothing: a state that closes is left as it is.
    """
    for i in range(node.shape[0]):
        if card[i].inert == 1:
            continue
        if card[i].fixed == 0 and find_state(card[i], node[i]) != 0:
            return node_first + i * NODE_WIDTH + P_FIELD
        mixing_ratios(card[i], node[i])
    for i in range(cell.shape[0]):
        if not 0.0 < cell[i].e < 1e15:
            return cell_first + CELL_WIDTH * i
    wall_temperatures(wall, cell, work)
    return -1


@inner
def find_state(card, a):
    """State from mass and energy: Newton's method in p alone, since h follows from the energy. Returns 0 or a code."""
    if not (a.mass > 0.0 and a.energy < 1e15):
        return 4

    a.p_imp = a.temp * (a.n2 * R_N2 + a.o2 * R_O2 + a.h2o * R_H2O + a.h2 * R_H2) / a.vol
    p = max(a.p - a.p_imp, 50.0)
    low, high = 0.0, 1e9
    p_out = a.p_out - a.p_imp
    code = 5
    for _ in range(40):
        # volume and enthalpy at this pressure
        e = p - p_out
        vol = card.volume
        slope = 0.0
        if card.compliance > 0.0:
            vol = card.volume + card.compliance * e
            slope = card.compliance
            if vol < card.volume_min:
                vol = card.volume_min
                slope = 0.0
                edge = (vol - card.volume) / card.compliance
                h = (a.energy + vol * e + 0.5 * card.compliance * edge * edge - edge * card.compliance * edge) / a.mass
            else:
                h = (a.energy + card.volume * e + 0.5 * card.compliance * e * e) / a.mass
        else:
            h = (a.energy + vol * p) / a.mass

        temp, rho, rho_p, rho_h, t_p, t_h, x, bad = state_ph(p, h)
        error = rho * vol - a.mass
        if abs(error) <= CLOSURE * a.mass:
            code = bad
            break

        # next pressure, kept between the bounds found so far
        if error > 0.0:
            high = p
        else:
            low = p
        gain = vol * (rho_p + rho_h * vol / a.mass) + rho * slope
        step = -error / gain if gain > 0.0 else -math.copysign(p, error)
        trial = min(max(p + step, 0.4 * p), 2.5 * p)
        if not (low < trial < high):
            trial = 0.5 * (low + high) if high < 1e9 else 2.0 * p
        if abs(trial - p) <= 1e-15 * p:
            code = bad
            break
        p = trial

    a.p = p + a.p_imp
    a.h, a.temp, a.rho, a.x, a.vol = h, temp, rho, x, vol
    a.rho_p, a.rho_h, a.t_p, a.t_h = rho_p, rho_h, t_p, t_h
    phases(a, p)
    return code


@inner
def phases(a, p):
    """What a low and a high outlet of the volume would draw."""
    if p < P_CRITICAL and 0.0 < a.x < 1.0:
        a.h_l, a.h_v = h_liq(p), h_vap(p)
        a.rho_l, a.rho_v = rho_liq(p), rho_vap(p)
        a.level = min((1.0 - a.x) * a.rho / a.rho_l, 1.0)
    else:
        a.h_l = a.h_v = a.h
        a.rho_l = a.rho_v = a.rho
        a.level = 1.0 if (p < P_CRITICAL and a.x <= 0.0) else 0.0


@inner
def mixing_ratios(card, a):
    """Impurities per kilogram of helium; those of a fixed volume are given."""
    if card.fixed == 1:
        return
    a.w_n2 = a.n2 / a.mass
    a.w_o2 = a.o2 / a.mass
    a.w_h2o = a.h2o / a.mass
    a.w_h2 = a.h2 / a.mass


@inner
def hold_state(a, p, temp, p_rate):
    """Set the state of a fixed volume (ambient, outer network)."""
    a.p, a.temp, a.p_rate = p, temp, p_rate
    a.h = h_pT(p, temp)
    _, a.rho, a.rho_p, a.rho_h, a.t_p, a.t_h, a.x, _ = state_ph(p, a.h)
    phases(a, p)


@inner
def transfer(f, m_flow, h, g_a, g_b, c=1.0, g_h=0.0):
    """Helium flows from a to b (negative: back) and carries the enthalpy h of where it comes from.

    m_flow [kg/s], h [J/kg]; g_a and g_b [kg/(s Pa)] are the derivatives of m_flow by the two pressures (they steer the
    implicit step and may be rough); c is 0 where h does not follow the enthalpy of the volume it comes from, g_h is the
    derivative of m_flow by that enthalpy.
    """
    f.m_flow = m_flow
    f.h = h
    f.g_a = g_a
    f.g_b = g_b
    f.c = c
    f.g_h = g_h
    f.h_out = h + f.dh


@inner
def work(f, dh, dh_h=0.0):
    """Work or cooling on the way: enthalpy [J/kg] added between the two volumes. Call before `transfer`.

    dh_h is the derivative of dh by the enthalpy of where the flow comes from: -1 where it arrives in a given state.
    """
    f.dh = dh
    f.dh_h = dh_h


@inner
def heat(a, q, k=0.0):
    """Heat q [W] into a volume; k = -dq/dtemp [W/K] where q falls as the volume warms."""
    a.q += q
    a.k += k


@inner
def catch(f, n2, o2, h2o, h2):
    """Shares of the impurities that stay in the flow's trap."""
    f.catch_n2, f.catch_o2, f.catch_h2o, f.catch_h2 = n2, o2, h2o, h2


@inner
def seep(f, n2, o2, h2o, h2):
    """Impurities alone [kg/s] from the trap (or a, without a trap) to b."""
    f.s_n2, f.s_o2, f.s_h2o, f.s_h2 = n2, o2, h2o, h2


@inner
def drawn(a, draw):
    """Enthalpy, density and c (see `transfer`) of what an outlet draws from a volume."""
    if 0.0 < a.x < 1.0 and a.p < P_CRITICAL:
        if draw == VAPOUR:
            return a.h_v, a.rho_v, 0.0
        if draw == LIQUID:
            return a.h_l, a.rho_l, 0.0
    return a.h, a.rho, 1.0


@inner
def orifice(f, a, b, flow_area):
    """Flow through an opening, either way, also choked; sets the transfer and returns m_flow [kg/s].

    m = A Y sqrt(2 rho dp), Y = 1 - r / (3 r_t), r = dp / p_up limited to r_t = F_gamma x_T: the expansion factor of
    IEC 60534-2-1.
    Below EASE the square root is replaced by a straight line.
    """
    dp = a.p - b.p
    if dp >= 0.0:
        h, rho, c = drawn(a, f.draw_a)
        p_up, rho_h = a.p, a.rho_h * c
    else:
        h, rho, c = drawn(b, f.draw_b)
        p_up, rho_h = b.p, b.rho_h * c
    m_flow, slope, widening = orifice_flow(abs(dp), p_up, rho, flow_area)
    rho_p = (a.rho_p if dp >= 0.0 else b.rho_p) * c
    g_up = slope + widening + 0.5 * m_flow / rho * rho_p
    g_h = 0.5 * m_flow / rho * rho_h
    if dp >= 0.0:
        transfer(f, m_flow, h, g_up, -slope, c, g_h)
        return m_flow
    transfer(f, -m_flow, h, slope, -g_up, c, -g_h)
    return -m_flow


EASE = 100.0
"""Pressure difference below which flow grows linearly [Pa]."""

CHOKED = 0.72 * (5.0 / 3.0) / 1.40
"""Critical pressure-drop ratio F_gamma x_T: x_T of a globe valve, found with air, times kappa / 1.40 for helium
(IEC 60534-2-1, 7.3 and table D.2)."""


@inner
def orifice_flow(dp, p_up, rho, flow_area):
    """Mass flow [kg/s], its derivative by dp, and by p_up at constant dp and density [kg/(s Pa)]."""
    limit = CHOKED * p_up
    used = min(dp, limit)
    expansion = 1.0 - used / (3.0 * limit)
    soft = math.sqrt(math.sqrt(used * used + EASE * EASE))
    coefficient = flow_area * math.sqrt(2.0 * rho)
    root = used / soft
    root_slope = 1.0 / soft - used * used / (2.0 * soft * soft * soft * soft * soft)
    if dp >= limit:
        return coefficient * expansion * root, 0.0, coefficient * expansion * root_slope * CHOKED
    slope = coefficient * (expansion * root_slope - root / (3.0 * limit))
    return coefficient * expansion * root, slope, coefficient * root * used / (3.0 * limit * p_up)
