"""The steady cycle as equations: given the duty of each exchanger, every state follows by marching along the streams.

The high-pressure gas is marched from the warm end to the JT valve, the branches through their turbines, the return gas
from the dewar to the compressor; no recycle is left but the duties. So the unknowns are as few as the exchangers (and
as many again where a conductance or a temperature difference is given instead of an effectiveness), and mass and energy
close to round-off whatever the duties are. Newton's method from a pseudo-transient start finds the duties (Kelley and
Keyes 1998, "Convergence analysis of pseudo-transient continuation", SIAM J. Numer. Anal. 35, 508).

Effectiveness is duty over the largest duty that real-gas enthalpies allow between the two inlet temperatures. UA is the
integral of dQ over the local temperature difference (Simpson's rule), so that a pinch inside is seen.
"""

from __future__ import annotations

from math import exp, log

import numpy as np

from thermo.helium import T_ph, h_liq, h_ps, h_pT, h_vap, rho_liq, rho_vap, s_ph
from thermo.jit import inner, kernel

# Operations along the streams: (code, index)
HOT, BATH, BRANCH, EXPAND, COLD, JOIN, BESIDE = range(7)

# Streams: rows of `ways` name their operations
END = -1

# General quantities
(FLOW, P_HIGH, TEMP_IN, P_LOW, P_DEWAR, Q_DEWAR, FILLS, BATH_MODE, BATH_TEMP, BATH_OUT, BATH_UA) = range(11)
(IMPURITY, PURGE, FROZEN_AT) = range(11, 14)
GENERAL = 14
BATH_OFF, BATH_TO_TEMP, BATH_BY_UA = 0.0, 1.0, 2.0

# What an exchanger is given by
BY_EFFECTIVENESS, BY_UA, BY_DT_WARM, BY_DT_COLD, BY_PINCH = range(5)

# Columns of `exchangers`: given, then found
(MODE, VALUE, M_DESIGN, EXPONENT, LEAK, COLD_SHARE, P_HOT_IN, P_HOT_OUT, P_COLD_IN, P_COLD_OUT) = range(10)
(M_HOT, H_HOT_IN, H_HOT_OUT, M_COLD, H_COLD_IN, H_COLD_OUT, Q_MOST, UA_FOUND, PINCH, PINCH_AT) = range(10, 20)
(PINCH_HOT, T_HOT_IN, T_HOT_OUT, T_COLD_IN, T_COLD_OUT) = range(20, 25)
EXCHANGER = 25

# Columns of `turbines`
(SHARE, EFFICIENCY, P_IN, P_OUT, TIP, RATIO_BEST) = range(6)
(M_TURBINE, H_IN, H_OUT, DH_S, EFFICIENCY_NOW) = range(6, 11)
TURBINE = 11

# What is found of the whole
(LIQUID, MAKE_UP, Q_BATH, H_BATH_IN, H_BATH_OUT, M_JT, H_JT, H_VAPOUR, M_VAPOUR, H_SUCTION, H_LIQUID) = range(11)
(LOST, Q_FROZEN) = range(11, 13)
FOUND = 13

FROZEN_HEAT = 480e3
"""Heat to take from air between 300 K and solid at 60 K [J/kg]: 232 gas + 199 condensing + 25 liquid + 26 freezing
kJ/kg of nitrogen (Span et al. 2000; freezing 25.7 kJ/kg, NIST Webbook)."""
MASS_RATIO = 28.96 / 4.0026
"""Molar mass of air over that of helium."""

PANELS = 32
"""Simpson panels along an exchanger."""
STEEP = 1e-3
"""Temperature difference [K] below which 1/dT is continued by its tangent, for iterates that cross."""
DUTY_SCALE = 1e5
"""Scale of a duty per flow [J/kg]."""


@inner
def inverse(dT):
    """1/dT, continued by its tangent below a small difference."""
    if dT >= STEEP:
        return 1.0 / dT
    return (2.0 - dT / STEEP) / STEEP


@inner
def along(e, part):
    """Temperatures of the cooled and the warmed stream where this part of the duty is done, from the warm end."""
    hot = T_ph(e[P_HOT_IN] + part * (e[P_HOT_OUT] - e[P_HOT_IN]), e[H_HOT_IN] + part * (e[H_HOT_OUT] - e[H_HOT_IN]))
    cold = T_ph(
        e[P_COLD_OUT] + part * (e[P_COLD_IN] - e[P_COLD_OUT]), e[H_COLD_OUT] + part * (e[H_COLD_IN] - e[H_COLD_OUT])
    )
    return hot, cold


@inner
def survey(e, q):
    """Conductance that the duty q needs, smallest temperature difference and where it is (part of the duty)."""
    total, least = 0.0, 1e9
    for k in range(2 * PANELS + 1):
        part = 0.5 * k / PANELS
        hot, cold = along(e, part)
        if hot - cold < least:
            least, e[PINCH_AT], e[PINCH_HOT] = hot - cold, part, hot
        weight = 1.0 if k in (0, 2 * PANELS) else 4.0 if k % 2 else 2.0
        total += weight * inverse(hot - cold)
        if k == 0:
            e[T_HOT_IN], e[T_COLD_OUT] = hot, cold
    e[UA_FOUND] = q * total / (6.0 * PANELS)
    e[PINCH], e[T_HOT_OUT], e[T_COLD_IN] = least, hot, cold


@inner
def conductance(e):
    """UA [W/K] at the present flows: half of the resistance on either side, each growing with its flow."""
    hot = 2.0 * (max(e[M_HOT], 1e-9) / e[M_DESIGN]) ** e[EXPONENT]
    cold = 2.0 * (max(e[M_COLD], 1e-9) / e[M_DESIGN]) ** e[EXPONENT]
    return e[VALUE] / (1.0 / hot + 1.0 / cold)


@inner
def bathed(g, p, h, m):
    """Enthalpy after the LN2 bath."""
    temp = T_ph(p, h)
    coldest = g[BATH_OUT] if g[BATH_MODE] == BATH_TO_TEMP else g[BATH_TEMP]
    if g[BATH_MODE] == BATH_OFF or temp <= coldest:
        return h
    if g[BATH_MODE] == BATH_TO_TEMP:
        return h_pT(p, coldest)
    # a wall of one temperature: NTU with the mean specific heat, which hardly varies here
    out = coldest + 0.1 * (temp - coldest)
    for _ in range(4):
        cp = (h - h_pT(p, out)) / (temp - out)
        out = coldest + (temp - coldest) * exp(-g[BATH_UA] / (m * cp))
    return h_pT(p, out)


@inner
def expand(t, m, h):
    """Enthalpy after a turbine; efficiency follows the speed ratio if a tip speed is given (Balje 1981)."""
    t[M_TURBINE], t[H_IN] = m, h
    t[DH_S] = max(h - h_ps(t[P_OUT], s_ph(t[P_IN], h)), 0.0)
    t[EFFICIENCY_NOW] = t[EFFICIENCY]
    if t[TIP] > 0.0:
        ratio = t[TIP] / ((2.0 * t[DH_S]) ** 0.5 + 1.0) / t[RATIO_BEST]
        t[EFFICIENCY_NOW] *= ratio * (2.0 - ratio)
    t[H_OUT] = h - t[EFFICIENCY_NOW] * t[DH_S]
    return t[H_OUT]


@inner
def march_hot(ways, pressures, g, duty, exchangers, turbines, branch, found, way, m, h):
    """One stream of gas that is cooled, from its warm end: a row of `ways`. Returns flow and enthalpy at its end."""
    for k in range(ways.shape[1]):
        code, i = ways[way, k, 0], ways[way, k, 1]
        if code == END:
            break
        if code == HOT:
            e = exchangers[i]
            e[M_HOT], e[H_HOT_IN], e[H_HOT_OUT] = m, h, h - duty[i] / m
            h = e[H_HOT_OUT]
        elif code == BATH:
            found[H_BATH_IN] = h
            h = bathed(g, pressures[way, k], h, m)
            found[H_BATH_OUT] = h
            found[Q_BATH] = m * (found[H_BATH_IN] - h)
        elif code == BRANCH:
            branch[i, 0], branch[i, 1] = turbines[ways[i + 1, 0, 1], SHARE] * g[FLOW], h
            m -= branch[i, 0]
        elif code == EXPAND:
            h = expand(turbines[i], m, h)
    return m, h


@inner
def fill_dewar(g, found, m, h):
    """JT valve and dewar: vapour is that of the saturated state as long as there is any liquid.

    In a dewar that fills, the liquid pushes its volume of vapour out (make-up is then less than the liquid).
    """
    found[M_JT], found[H_JT] = m, h
    vapour, found[H_LIQUID] = h_vap(g[P_DEWAR]), h_liq(g[P_DEWAR])
    liquid = (m * (vapour - h) - g[Q_DEWAR]) / (vapour - found[H_LIQUID])
    found[H_VAPOUR] = vapour
    if liquid <= 0.0:
        liquid, found[H_VAPOUR] = 0.0, h + g[Q_DEWAR] / m
    found[LIQUID] = liquid
    share = rho_vap(g[P_DEWAR]) / rho_liq(g[P_DEWAR]) if g[FILLS] > 0.5 else 0.0
    found[M_VAPOUR] = m - liquid * (1.0 - share)
    product = liquid * (1.0 - share)
    found[LOST] = product * g[IMPURITY] * g[PURGE] / max(1.0 - g[IMPURITY] * (1.0 + g[PURGE]), 0.1)
    found[MAKE_UP] = product
    found[Q_FROZEN] = (product + found[LOST]) * g[IMPURITY] / (1.0 - g[IMPURITY]) * MASS_RATIO * FROZEN_HEAT


@inner
def warm(e, i, g, found, duty, m, h):
    """The warmed stream through an exchanger."""
    leak = e[LEAK] + (found[Q_FROZEN] if i == int(g[FROZEN_AT]) else 0.0)
    e[M_COLD], e[H_COLD_IN], e[H_COLD_OUT] = m, h, h + (duty[i] + leak) / m
    return e[H_COLD_OUT]


@inner
def march_cold(low, g, duty, exchangers, branch, found):
    """The return gas, from the dewar to the compressor."""
    m, h = found[M_VAPOUR], found[H_VAPOUR]
    for k in range(low.shape[0]):
        code, i = low[k, 0], low[k, 1]
        if code == COLD:
            h = warm(exchangers[i], i, g, found, duty, m, h)
        elif code == JOIN:
            h = (m * h + branch[i, 0] * branch[i, 2]) / (m + branch[i, 0])
            m += branch[i, 0]
        elif code == BESIDE:
            j = low[k, 2]
            one, other = exchangers[i], exchangers[j]
            share = one[COLD_SHARE] if one[COLD_SHARE] > 0.0 else one[M_HOT] / (one[M_HOT] + other[M_HOT])
            h_one = warm(one, i, g, found, duty, share * m, h)
            h_other = warm(other, j, g, found, duty, (1.0 - share) * m, h)
            h = share * h_one + (1.0 - share) * h_other
    found[H_SUCTION] = h


@kernel
def march(ways, pressures, low, g, duty, exchangers, turbines, branch, found):
    """All states from the duties [W] of the exchangers."""
    h_in = h_pT(g[P_HIGH], g[TEMP_IN])
    m, h = march_hot(ways, pressures, g, duty, exchangers, turbines, branch, found, 0, g[FLOW], h_in)
    for b in range(branch.shape[0]):
        _, branch[b, 2] = march_hot(
            ways, pressures, g, duty, exchangers, turbines, branch, found, b + 1, branch[b, 0], branch[b, 1]
        )
    fill_dewar(g, found, m, h)
    march_cold(low, g, duty, exchangers, branch, found)


@inner
def missing(e, q):
    """What an exchanger given by conductance or temperature difference lacks; grows with its effectiveness."""
    if e[MODE] == BY_DT_WARM:
        hot, cold = along(e, 0.0)
        return (e[VALUE] - hot + cold) / max(e[VALUE], 0.1)
    if e[MODE] == BY_DT_COLD:
        hot, cold = along(e, 1.0)
        return (e[VALUE] - hot + cold) / max(e[VALUE], 0.1)
    survey(e, q)
    if e[MODE] == BY_PINCH:
        return (e[VALUE] - e[PINCH]) / max(e[VALUE], 0.1)
    return log(max(e[UA_FOUND], 1e-3)) - log(conductance(e))


@kernel
def residuals(ways, pressures, low, g, x, duty, exchangers, turbines, branch, found, r):
    """How far every exchanger is from its duty, and from what it is given by.

    x is the duties over flow and DUTY_SCALE, then the logit of the effectiveness of those given by something else.
    """
    n = exchangers.shape[0]
    for i in range(n):
        duty[i] = x[i] * g[FLOW] * DUTY_SCALE
    march(ways, pressures, low, g, duty, exchangers, turbines, branch, found)

    more = n
    for i in range(n):
        e = exchangers[i]
        T_hot, T_cold = T_ph(e[P_HOT_IN], e[H_HOT_IN]), T_ph(e[P_COLD_IN], e[H_COLD_IN])
        most_hot = e[M_HOT] * (e[H_HOT_IN] - h_pT(e[P_HOT_OUT], T_cold))
        most_cold = e[M_COLD] * (h_pT(e[P_COLD_OUT], T_hot) - e[H_COLD_IN])
        e[Q_MOST] = min(most_hot, most_cold)
        share = e[VALUE]
        if e[MODE] != BY_EFFECTIVENESS:
            share = 1.0 / (1.0 + exp(-x[more]))
            r[more] = missing(e, duty[i])
            more += 1
        r[i] = x[i] - share * e[Q_MOST] / (g[FLOW] * DUTY_SCALE)


@kernel
def norm(r):
    """Largest residual; not-a-number counts as endless."""
    worst = 0.0
    for value in r:
        if not abs(value) <= worst:
            worst = abs(value)
    return worst if worst == worst else 1e300


@kernel
def solve(ways, pressures, low, g, x, exchangers, turbines, branch, found, iterations, tolerance):
    """Duties that satisfy every exchanger, from the guess x, which becomes the answer. Returns the largest residual.

    Pseudo-transient continuation: (1/step + J) dx = -r, the step growing as the residual falls until it is Newton's.
    """
    n, size = exchangers.shape[0], x.size
    duty, r, r_moved = np.empty(n), np.empty(size), np.empty(size)
    jacobian, moved = np.empty((size, size)), np.empty(size)
    residuals(ways, pressures, low, g, x, duty, exchangers, turbines, branch, found, r)
    worst, step = norm(r), 1.0
    for _ in range(iterations):
        if worst < tolerance:
            break
        for j in range(size):
            moved[:] = x
            delta = 1e-7 * max(abs(x[j]), 1e-3)
            moved[j] += delta
            residuals(ways, pressures, low, g, moved, duty, exchangers, turbines, branch, found, r_moved)
            for i in range(size):
                jacobian[i, j] = (r_moved[i] - r[i]) / delta
            jacobian[j, j] += 1.0 / step
        dx = np.linalg.solve(jacobian, r)
        moved[:] = x - dx
        residuals(ways, pressures, low, g, moved, duty, exchangers, turbines, branch, found, r_moved)
        now = norm(r_moved)
        if now < 2.0 * worst:
            step = min(step * max(worst / max(now, 1e-300), 0.3), 1e12)
            step *= 2.0 if now < worst else 1.0
            x[:], r[:], worst = moved, r_moved, now
        else:
            step *= 0.2
            if step < 1e-6:
                break
    residuals(ways, pressures, low, g, x, duty, exchangers, turbines, branch, found, r)
    for i in range(n):
        survey(exchangers[i], duty[i])
    return norm(r)
