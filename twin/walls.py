"""Flows along solid walls: exchangers, baths, beds.

Streams are quasi-steady and carry enthalpy. Each marches cell by cell; within a cell the wall temperature is a straight
line (slope from the neighbouring cells) and the stream temperature the exact exponential

    T_out = T_w,out - s/n + (T_in - T_w,in + s/n) exp(-n),   n = UA_cell / (m_flow cp)

with m_flow a slow mean of the flow (FLOW_TIME), and s the rise of the wall along the cell, so that a balanced exchanger
is not capped at N/(N+1) (Shah and Sekulic 2003, section 3.3, for the exponential). cp is the secant over the cell, or
infinite inside the dome.

Only the walls have states. Their linearly implicit step needs the response of the whole passage, for which cells are
joined one by one like two-ports (Redheffer's star product): a cell answers with its two outlet enthalpies to its two
inlet enthalpies.
"""

from __future__ import annotations

import math

from thermo.helium import T_slope_ph
from thermo.jit import inner
from thermo.materials import cp_material, k_material, temp_material

RISE_TIME = 5.0
"""Time constant with which the slope within a cell follows the profile [s]."""

FLOW_TIME = 3.0
"""Time constant of the flow that sets the number of transfer units [s]: films take a moment to follow, and what leaves
a passage then depends on flow only slowly. Pressure waves are a thousand times faster than a step; a heat exchange that
answered to them would have to be in the matrix without any error."""

FLAT = 1e-9
"""Below this dT/dh [K kg/J] a stream counts as boiling."""


@inner
def wall_temperatures(wall, cell, work):
    """Energy of the cells -> temperature and heat capacity."""
    for w in range(wall.shape[0]):
        o = wall[w]
        total = 0.0
        for i in range(o.first, o.first + o.n):
            cell[i].temp = temp_material(o.material, cell[i].e / o.mass)
            work[i].cap = o.mass * cp_material(o.material, cell[i].temp)
            total += cell[i].temp
        o.temp_mean = total / o.n
        o.temp_first = cell[o.first].temp
        o.temp_last = cell[o.first + o.n - 1].temp


@inner
def march_walls(wall, cell, work, link, node, dt, stage):
    """Both streams along every wall: outlet enthalpies and the rate of energy of every cell."""
    linearise = stage == 1
    for w in range(wall.shape[0]):
        o = wall[w]
        for i in range(o.first, o.first + o.n):
            work[i].f = (o.sink_ua * (o.sink_temp - cell[i].temp) + o.q) / o.n
            if linearise:
                work[i].ax = work[i].ay = 1.0
                work[i].bx = work[i].by = 0.0
                work[i].qx = work[i].qy = 0.0
        work[o.first].f += o.q_first
        work[o.first + o.n - 1].f += o.q_last
        if o.link_x >= 0 and o.link_y >= 0:
            march_both(o, cell, work, link[o.link_x], link[o.link_y], node, linearise)
        elif o.link_x >= 0:
            march(o, cell, work, link[o.link_x], node, linearise)
        elif o.link_y >= 0:
            march(o, cell, work, link[o.link_y], node, linearise)
        if o.conductance > 0.0:
            conduct(o, cell, work, dt)


@inner
def conduct(o, cell, work, dt):
    """Heat from cell to cell inside the solid; no faster than an explicit step of dt can carry."""
    for i in range(o.first, o.first + o.n - 1):
        temp = 0.5 * (cell[i].temp + cell[i + 1].temp)
        limit = 0.2 * min(work[i].cap, work[i + 1].cap) / dt
        conductance = min(o.conductance * k_material(o.material, temp), limit)
        q = conductance * (cell[i].temp - cell[i + 1].temp)
        work[i].f -= q
        work[i + 1].f += q


@inner
def follow_slopes(wall, cell, dt):
    """Let the slopes follow the profile for dt [s].

    The slope is a small correction of a profile that moves in minutes. Kept as a slow state it stays out of the stiff
    coupling of walls and streams, which the matrix of the implicit step can then hold exactly.
    """
    share = -math.expm1(-dt / RISE_TIME)
    for w in range(wall.shape[0]):
        o = wall[w]
        for i in range(o.first, o.first + o.n):
            cell[i].rise += (wall_slope(o, cell, i) - cell[i].rise) * share


@inner
def limit_slopes(wall, cell):
    """Take back slopes that the profile has left behind, as a cold front does that passes a cell within a step.

    No more than twice the smaller step to a neighbour: what a slope may be without new extremes (Sweby 1984).
    """
    for w in range(wall.shape[0]):
        o = wall[w]
        if o.n < 3:
            continue
        last = o.first + o.n - 1
        for i in range(o.first, last + 1):
            before = cell[i].temp - cell[i - 1].temp if i > o.first else cell[i + 1].temp - cell[i].temp
            after = cell[i + 1].temp - cell[i].temp if i < last else before
            most = 2.0 * min(abs(before), abs(after))
            if before * after <= 0.0 or cell[i].rise * after <= 0.0:
                cell[i].rise = 0.0
            elif abs(cell[i].rise) > most:
                cell[i].rise = math.copysign(most, cell[i].rise)


@inner
def follow_flows(link, total, dt):
    """Let the slow flows follow for dt [s]."""
    share = -math.expm1(-dt / FLOW_TIME)
    for j in range(link.shape[0]):
        total[j].m_slow += (abs(link[j].m_eff) - total[j].m_slow) * share


@inner
def wall_slope(o, cell, i):
    """Rise of the wall temperature over cell i towards higher cells [K], limited so that no new extremes appear.

    Harmonic mean of the steps to both neighbours (van Leer); at an end the step inwards, no more than twice the next.
    """
    if o.n < 3:
        return 0.0
    last = o.first + o.n - 1
    if i == o.first or i == last:
        inward = 1 if i == o.first else -1
        near = (cell[i + inward].temp - cell[i].temp) * inward
        far = (cell[i + 2 * inward].temp - cell[i + inward].temp) * inward
        if near * far <= 0.0:
            return 0.0
        return math.copysign(min(abs(near), 2.0 * abs(far), 0.5 * cell[i].temp), near)
    before = cell[i].temp - cell[i - 1].temp
    after = cell[i + 1].temp - cell[i].temp
    if before * after <= 0.0:
        return 0.0
    return 2.0 * before * after / (before + after)


@inner
def march_both(o, cell, work, f, g, node, linearise):
    """Two streams along the wall, cell by cell in turn: the processor works on both at a time."""
    if not (flows(f) and flows(g)):
        march(o, cell, work, f, node, linearise)
        march(o, cell, work, g, node, linearise)
        return
    p_f, dp_f, ua_f = entry(o, f, node)
    p_g, dp_g, ua_g = entry(o, g, node)
    h_f, h_g = f.h, g.h
    t_f, slope_f = T_slope_ph(p_f, h_f)
    t_g, slope_g = T_slope_ph(p_g, h_g)
    for j in range(o.n):
        p_f += dp_f
        p_g += dp_g
        h_f, t_f, slope_f = pass_along(o, cell, work, f, j, p_f, h_f, t_f, slope_f, ua_f, linearise)
        h_g, t_g, slope_g = pass_along(o, cell, work, g, j, p_g, h_g, t_g, slope_g, ua_g, linearise)
    f.h_out, g.h_out = h_f, h_g


@inner
def march(o, cell, work, f, node, linearise):
    """One stream along the wall; side 0 enters at the first cell, 1 at the last (when m_flow is positive)."""
    h = f.h
    if flows(f):
        p, dp, ua_m = entry(o, f, node)
        t, slope = T_slope_ph(p, h)
        for j in range(o.n):
            p += dp
            h, t, slope = pass_along(o, cell, work, f, j, p, h, t, slope, ua_m, linearise)
    f.h_out = h


@inner
def flows(f):
    """Whether there is a stream that exchanges heat."""
    return abs(f.m_flow) > 1e-12 and f.ua > 0.0


@inner
def entry(o, f, node):
    """Pressure where a stream enters, its change over a cell, and UA_cell / m_flow [J/(kg K)]."""
    p_in, p_out = node[f.a].p, node[f.b].p
    if f.m_flow <= 0.0:
        p_in, p_out = p_out, p_in
    return p_in, (p_out - p_in) / o.n, f.ua / o.n / max(f.m_slow, 1e-9)


@inner
def pass_along(o, cell, work, f, j, p, h, t, slope, ua_m, linearise):
    """The stream through its j-th cell: heat to the wall, and enthalpy, temperature and its slope behind the cell."""
    forward = (f.m_flow > 0.0) == (f.side == 0)
    i = o.first + j if forward else o.first + o.n - 1 - j
    rise = min(max(cell[i].rise, -0.5 * cell[i].temp), 0.5 * cell[i].temp)
    if not forward:
        rise = -rise
    h_next, t_next, slope_next, a, b = pass_cell(p, h, t, slope, ua_m, cell[i].temp, rise)
    q = abs(f.m_flow) * (h - h_next)
    work[i].f += q
    if linearise and f.side == 0:
        work[i].ax, work[i].bx, work[i].qx = a, b, q
    if linearise and f.side == 1:
        work[i].ay, work[i].by, work[i].qy = a, b, q
    return h_next, t_next, slope_next


@inner
def pass_cell(p, h, t_in, slope, ua_m, temp, rise):
    """A stream behind one cell: enthalpy, temperature, dT/dh; derivatives of its enthalpy by inlet and by wall.

    ua_m = UA_cell / m_flow [J/(kg K)]; p is that behind the cell. Two passes: cp at the inlet first, then the secant
    between inlet and outlet. The table is asked once: from the first outlet to the second goes a straight line.
    """
    if slope < FLAT:
        h_out = h + ua_m * (temp - t_in)
        t_out, slope_out = T_slope_ph(p, h_out)
        if slope_out < FLAT or (h_out - h) * (t_out - t_in) <= 0.0:
            return h_out, t_out, slope_out, 1.0, ua_m
        cp = (h_out - h) / (t_out - t_in)
    else:
        cp = 1.0 / slope
    h_first, decay = follow(h, t_in, cp, ua_m, temp, rise)
    t_out, slope_out = T_slope_ph(p, h_first)
    h_out, dt = h_first, t_out - t_in
    if abs(dt) > 1e-6 and (h_first - h) * dt > 0.0:
        cp = (h_first - h) / dt
        h_out, decay = follow(h, t_in, cp, ua_m, temp, rise)
    t_next = t_out + slope_out * (h_out - h_first)
    slope_next = slope_out
    if slope_out < FLAT or slope < FLAT:
        t_next, slope_next = T_slope_ph(p, h_out)

    # the outlet temperature answers with the exponential, the outlet enthalpy with the cp there
    cp_out = 1.0 / max(slope_out, 0.2 / cp)
    return h_out, t_next, slope_next, decay * cp_out * max(slope, 0.2 / cp), cp_out * (1.0 - decay)


@inner
def follow(h, t_in, cp, ua_m, temp, rise):
    """The exponential of the module's head with constant cp."""
    n = ua_m / cp
    decay = math.exp(-n)
    lag = rise * (1.0 - (1.0 - decay) / n) if n > 1e-6 else 0.5 * rise * n
    t_out = t_in * decay + (temp - 0.5 * rise) * (1.0 - decay) + lag
    return h + cp * (t_out - t_in), decay


@inner
def join_cells(wall, work, link, t):
    """Linearised response of every wall over the implicit time t [s]: passage response and factors for the cells."""
    for w in range(wall.shape[0]):
        o = wall[w]
        o.l_ua = o.sink_ua / o.n
        mx, _ = stream_factors(o, link, 0)
        my, _ = stream_factors(o, link, 1)
        p, q = 1.0, 0.0
        yx, yy = 0.0, 1.0
        for i in range(o.first, o.first + o.n):
            c = work[i]
            c.cap_lin = c.cap
            c.d = 1.0 / (c.cap_lin / t + mx * c.bx + my * c.by + o.l_ua)
            a_x = c.ax + c.bx * mx * (1.0 - c.ax) * c.d
            b_x = c.bx * my * (1.0 - c.ay) * c.d
            c_y = c.by * mx * (1.0 - c.ax) * c.d
            d_y = c.ay + c.by * my * (1.0 - c.ay) * c.d
            loop = 1.0 / (1.0 - c_y * q)
            c.u = c_y * p * loop
            c.v = d_y * loop
            p_next = a_x * (p + q * c.u)
            q = a_x * q * c.v + b_x
            p = p_next
            c.p, c.q = p, q
            # first outlet of the stream against: y_1 = yx x_0 + yy y_{i+1}
            yx += yy * c.u
            yy *= c.v
        o.xx, o.xy, o.yx, o.yy = p, q, yx, yy


@inner
def stream_factors(o, link, side):
    """Mass flow of a stream in its normal direction, else zero; and the inverse for heat per mass flow."""
    index = o.link_x if side == 0 else o.link_y
    if index < 0:
        return 0.0, 0.0
    m_flow = link[index].l_m
    if m_flow <= 1e-12:
        return 0.0, 0.0
    return m_flow, 1.0 / m_flow


@inner
def respond(wall, work, link):
    """Response of every wall to the rates `f` of its cells and to changes of the two mass flows."""
    for w in range(wall.shape[0]):
        o = wall[w]
        mx, inv_x = stream_factors(o, link, 0)
        _, inv_y = stream_factors(o, link, 1)
        q = 0.0
        r0, rx, ry = 0.0, 0.0, 0.0
        y0, ymx, ymy = 0.0, 0.0, 0.0
        yy = 1.0
        for i in range(o.first, o.first + o.n):
            c = work[i]
            s0 = c.f * c.d
            sx = c.qx * inv_x * c.d
            sy = c.qy * inv_y * c.d
            gain_x = c.ax + c.bx * mx * (1.0 - c.ax) * c.d
            gain_y = c.by * mx * (1.0 - c.ax) * c.d
            loop = 1.0 / (1.0 - gain_y * q)
            c.w0 = (gain_y * r0 + c.by * s0) * loop
            c.wx = (gain_y * rx + c.by * sx) * loop
            c.wy = (gain_y * ry + c.by * sy) * loop
            r0 = gain_x * (r0 + q * c.w0) + c.bx * s0
            rx = gain_x * (rx + q * c.wx) + c.bx * sx
            ry = gain_x * (ry + q * c.wy) + c.bx * sy
            c.r0, c.rx, c.ry = r0, rx, ry
            q = c.q
            y0 += yy * c.w0
            ymx += yy * c.wx
            ymy += yy * c.wy
            yy *= c.v
        o.x0, o.xmx, o.xmy = r0, rx, ry
        o.y0, o.ymx, o.ymy = y0, ymx, ymy


@inner
def settle(o, work, link, x_in, y_in, dmx, dmy):
    """Temperature changes `dt_` of the cells of a wall once inlet and flow changes are known."""
    mx, inv_x = stream_factors(o, link, 0)
    my, inv_y = stream_factors(o, link, 1)
    y_next = y_in
    for j in range(o.n):
        i = o.first + o.n - 1 - j
        c = work[i]
        y = c.u * x_in + c.v * y_next + c.w0 + c.wx * dmx + c.wy * dmy
        x_before = x_in
        if i > o.first:
            b = work[i - 1]
            x_before = b.p * x_in + b.q * y + b.r0 + b.rx * dmx + b.ry * dmy
        source = c.f + c.qx * inv_x * dmx + c.qy * inv_y * dmy
        c.dt_ = c.d * (source + mx * (1.0 - c.ax) * x_before + my * (1.0 - c.ay) * y_next)
        y_next = y
