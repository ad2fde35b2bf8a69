"""One linearly implicit step of the network: assemble, factor, solve, book.

The scheme is ROS2 of Verwer, Spee, Blom and Hundsdorfer (SIAM J. Sci. Comput. 20, 1456 (1999)), a W-method: second
order whatever matrix A is used, L-stable where A is the true derivative:

    (I - g dt A) k1 = F(y),   (I - g dt A) k2 = F(y + dt k1) - 2 k1,   y_next = y + dt (3 k1 + k2) / 2

A holds what is stiff: flows by the pressures at their ends, enthalpy by upstream enthalpy, streams along walls.
Unknowns are pressure and enthalpy of every volume; walls enter through their passage response (walls.py). Everything is
booked flow by flow, so that what one volume loses another gains.

The matrix has 2 x 2 blocks; the order of elimination is found once, at compile time (elimination.py).
"""

from __future__ import annotations

import math

from thermo.jit import inner
from twin.records import CELL_WIDTH, NODE_FIELDS
from twin.walls import settle

GAMMA = 1.0 + 1.0 / math.sqrt(2.0)
"""The larger of the two values that make ROS2 L-stable: its stage never overshoots a stiff equilibrium."""

PARTS = 4096
"""A step is cut into parts down to one of so many where it would go astray; walls of a few kelvin need the smallest."""

SAFETY, GROW, SHRINK = 0.9, 2.0, 0.1
"""The next part is chosen from the error of the last (Hairer and Wanner, Solving ODEs II, section IV.8)."""

ASTRAY_SHARE = 0.005
"""Largest difference between the first- and the second-order state of a volume or wall cell, relative."""

COLD = 20.0
"""A wall cell below this is allowed the error of one at this temperature [K]: it has next to no heat capacity."""

NOTHING = 1e-100
"""What has decayed below this is zero: denormal numbers are slow, and no reading."""

ACCEPTED = -1

NODE_WIDTH = len(NODE_FIELDS)


@inner
def copy(numbers, to):
    """Copy as many numbers; a slice assignment would carry a message about unequal lengths into the kernel."""
    for i in range(numbers.shape[0]):
        to[i] = numbers[i]


@inner
def keep_linearisation(link, node, h_lin):
    """Remember what the matrix is made of."""
    for i in range(node.shape[0]):
        h_lin[i] = node[i].h
    for j in range(link.shape[0]):
        f = link[j]
        f.l_m, f.l_h, f.l_h_out = f.m_flow, f.h, f.h_out
        if f.wall >= 0 and f.m_flow <= 0.0:
            # against its normal direction a stream's exchange is explicit
            f.l_h_out = f.h
        f.l_c, f.l_ga, f.l_gb, f.l_gh = f.c, f.g_a, f.g_b, f.g_h
        f.l_arrive = f.c + f.dh_h


@inner
def assemble(card, node, link, wall, blocks, t):
    """Matrix of the linear system over the implicit time t = g dt; the block of row r by itself is number r."""
    blocks[:] = 0.0
    for i in range(node.shape[0]):
        if card[i].fixed == 0:
            stamp_volume(card[i], node[i], blocks[card[i].row], t)
    for j in range(link.shape[0]):
        stamp_flow(link[j], node, blocks, t, link[j].wall < 0 or link[j].l_m <= 0.0)
    for w in range(wall.shape[0]):
        stamp_wall(wall[w], link, node, blocks, t)


@inner
def stamp_volume(card, a, block, t):
    """Mass, and energy less h times mass, by pressure and enthalpy."""
    slope = card.compliance if a.vol > card.volume_min else 0.0
    block[0] = a.vol * a.rho_p + a.rho * slope
    block[1] = a.vol * a.rho_h
    block[2] = -a.vol + t * a.k * a.t_p
    block[3] = a.vol * a.rho + t * a.k * a.t_h


@inner
def stamp_flow(f, node, blocks, t, carries):
    """A flow by the pressures at its ends and, unless a wall answers for that, by the upstream enthalpy."""
    a_leaves = f.l_h if f.l_m >= 0.0 else f.l_h_out
    b_gets = f.l_h_out if f.l_m >= 0.0 else f.l_h
    at_a = a_leaves - node[f.a].h
    at_b = b_gets - node[f.b].h
    ga, gb = t * f.l_ga, t * f.l_gb
    blocks[f.k_aa, 0] += ga
    blocks[f.k_ab, 0] += gb
    blocks[f.k_ba, 0] -= ga
    blocks[f.k_bb, 0] -= gb
    blocks[f.k_aa, 2] += ga * at_a
    blocks[f.k_ab, 2] += gb * at_a
    blocks[f.k_ba, 2] -= ga * at_b
    blocks[f.k_bb, 2] -= gb * at_b
    # flow and enthalpy by the upstream enthalpy; a flow l_m < 0 leaves b
    leaving, arriving, gh = t * f.l_m * f.l_c, t * f.l_m * f.l_arrive, t * f.l_gh
    from_a, from_b = (f.k_aa, f.k_ba) if f.l_m >= 0.0 else (f.k_ab, f.k_bb)
    blocks[from_a, 1] += gh
    blocks[from_b, 1] -= gh
    blocks[from_a, 3] += gh * at_a
    blocks[from_b, 3] -= gh * at_b
    if f.l_m >= 0.0:
        blocks[from_a, 3] += leaving
        if carries:
            blocks[from_b, 3] -= arriving
    else:
        blocks[from_b, 3] -= leaving
        if carries:
            blocks[from_a, 3] += arriving


@inner
def stamp_wall(o, link, node, blocks, t):
    """Outlet enthalpies of the streams along a wall by both inlets and both flows."""
    if o.link_x >= 0 and link[o.link_x].l_m > 0.0:
        f = link[o.link_x]
        m = t * f.l_m
        blocks[f.k_ba, 3] -= m * (o.xx * f.l_c + o.xmx * f.l_gh)
        blocks[f.k_ba, 2] -= m * o.xmx * f.l_ga
        blocks[f.k_bb, 2] -= m * o.xmx * f.l_gb
        if o.link_y >= 0 and link[o.link_y].l_m > 0.0:
            g = link[o.link_y]
            blocks[o.k_xa, 3] -= m * (o.xy * g.l_c + o.xmy * g.l_gh)
            blocks[o.k_xa, 2] -= m * o.xmy * g.l_ga
            blocks[o.k_xb, 2] -= m * o.xmy * g.l_gb
    if o.link_y >= 0 and link[o.link_y].l_m > 0.0:
        f = link[o.link_y]
        m = t * f.l_m
        blocks[f.k_ba, 3] -= m * (o.yy * f.l_c + o.ymy * f.l_gh)
        blocks[f.k_ba, 2] -= m * o.ymy * f.l_ga
        blocks[f.k_bb, 2] -= m * o.ymy * f.l_gb
        if o.link_x >= 0 and link[o.link_x].l_m > 0.0:
            g = link[o.link_x]
            blocks[o.k_ya, 3] -= m * (o.yx * g.l_c + o.ymx * g.l_gh)
            blocks[o.k_ya, 2] -= m * o.ymx * g.l_ga
            blocks[o.k_yb, 2] -= m * o.ymx * g.l_gb


@inner
def gather(card, node, link, wall, h_lin, q_1, rhs, t, stage):
    """Right-hand side: present rates, in the second stage less twice the rates of the first."""
    rhs[:] = 0.0
    twice = 2.0 if stage == 2 else 0.0
    for j in range(link.shape[0]):
        f = link[j]
        m = f.m_flow - twice * f.m_1
        if f.m_flow >= 0.0:
            ea, eb = f.m_flow * f.h, f.m_flow * f.h_out
        else:
            ea, eb = f.m_flow * f.h_out, f.m_flow * f.h
        ea -= twice * f.ea_1
        eb -= twice * f.eb_1
        if f.wall >= 0 and f.l_m > 0.0:
            eb += f.l_m * (wall[f.wall].x0 if f.side == 0 else wall[f.wall].y0)
        a, b = card[f.a].row, card[f.b].row
        rhs[a, 0] -= t * m
        rhs[b, 0] += t * m
        rhs[a, 1] -= t * (ea - h_lin[f.a] * m)
        rhs[b, 1] += t * (eb - h_lin[f.b] * m)
    for i in range(node.shape[0]):
        rhs[card[i].row, 1] += t * (node[i].q - twice * q_1[i])


@inner
def factor(program, blocks, inverse):
    """Elimination of the 2 x 2 blocks in the order of the program."""
    n = inverse.shape[0]
    for k in range(n):
        d = blocks[program.row[k]]
        det = 1.0 / (d[0] * d[3] - d[1] * d[2])
        i0, i1, i2, i3 = d[3] * det, -d[1] * det, -d[2] * det, d[0] * det
        inverse[k, 0], inverse[k, 1], inverse[k, 2], inverse[k, 3] = i0, i1, i2, i3
        first, last = program.first[k], program.first[k + 1]
        pair = program.pair_first[k]
        for r in range(first, last):
            low = blocks[program.below[r]]
            l0, l1, l2, l3 = low[0], low[1], low[2], low[3]
            a0, a1 = l0 * i0 + l1 * i2, l0 * i1 + l1 * i3
            a2, a3 = l2 * i0 + l3 * i2, l2 * i1 + l3 * i3
            low[0], low[1], low[2], low[3] = a0, a1, a2, a3
            for c in range(first, last):
                right = blocks[program.right[c]]
                goal = blocks[program.pair[pair]]
                pair += 1
                goal[0] -= a0 * right[0] + a1 * right[2]
                goal[1] -= a0 * right[1] + a1 * right[3]
                goal[2] -= a2 * right[0] + a3 * right[2]
                goal[3] -= a2 * right[1] + a3 * right[3]


@inner
def substitute(program, blocks, inverse, rhs, delta):
    """Changes of pressure [:, 0] and enthalpy [:, 1]; the waste row stays zero."""
    n = inverse.shape[0]
    for k in range(n):
        row = program.row[k]
        b0, b1 = rhs[row, 0], rhs[row, 1]
        for r in range(program.first[k], program.first[k + 1]):
            low = blocks[program.below[r]]
            goal = program.neighbour[r]
            rhs[goal, 0] -= low[0] * b0 + low[1] * b1
            rhs[goal, 1] -= low[2] * b0 + low[3] * b1
    for j in range(n):
        k = n - 1 - j
        row = program.row[k]
        b0, b1 = rhs[row, 0], rhs[row, 1]
        for r in range(program.first[k], program.first[k + 1]):
            right = blocks[program.right[r]]
            other = program.neighbour[r]
            b0 -= right[0] * delta[other, 0] + right[1] * delta[other, 1]
            b1 -= right[2] * delta[other, 0] + right[3] * delta[other, 1]
        delta[row, 0] = inverse[k, 0] * b0 + inverse[k, 1] * b1
        delta[row, 1] = inverse[k, 2] * b0 + inverse[k, 3] * b1


@inner
def book_flows(card, link, wall, delta, stage):
    """Rates of every flow with the implicit change; the second stage leaves the effective rates of the step."""
    twice = 2.0 if stage == 2 else 0.0
    for j in range(link.shape[0]):
        f = link[j]
        a, b = card[f.a].row, card[f.b].row
        forward = f.l_m >= 0.0
        upstream = delta[a, 1] if forward else delta[b, 1]
        dm = f.l_ga * delta[a, 0] + f.l_gb * delta[b, 0] + f.l_gh * upstream
        dh = f.l_c * upstream
        arriving = f.l_arrive * upstream
        if f.wall >= 0 and f.l_m > 0.0:
            arriving = arriving_change(f, wall[f.wall], card, link, delta)
        leaves = f.l_h * dm + f.l_m * dh
        gets = f.l_h_out * dm + f.l_m * arriving
        if f.m_flow >= 0.0:
            ea, eb = f.m_flow * f.h, f.m_flow * f.h_out
        else:
            ea, eb = f.m_flow * f.h_out, f.m_flow * f.h
        ea += leaves if forward else gets
        eb += gets if forward else leaves
        m = f.m_flow + dm - twice * f.m_1
        ea -= twice * f.ea_1
        eb -= twice * f.eb_1
        if stage == 1:
            f.m_1, f.ea_1, f.eb_1 = m, ea, eb
        else:
            f.m_eff = 1.5 * f.m_1 + 0.5 * m
            f.ea_eff = 1.5 * f.ea_1 + 0.5 * ea
            f.eb_eff = 1.5 * f.eb_1 + 0.5 * eb


@inner
def arriving_change(f, o, card, link, delta):
    """Change of the outlet enthalpy of a stream along a wall."""
    x_in, y_in, dmx, dmy = wall_inlets(o, card, link, delta)
    if f.side == 0:
        return o.xx * x_in + o.xy * y_in + o.x0 + o.xmx * dmx + o.xmy * dmy
    return o.yx * x_in + o.yy * y_in + o.y0 + o.ymx * dmx + o.ymy * dmy


@inner
def wall_inlets(o, card, link, delta):
    """Changes of inlet enthalpy and mass flow of both streams of a wall."""
    x_in, y_in, dmx, dmy = 0.0, 0.0, 0.0, 0.0
    if o.link_x >= 0 and link[o.link_x].l_m > 0.0:
        f = link[o.link_x]
        x_in = f.l_c * delta[card[f.a].row, 1]
        dmx = f.l_ga * delta[card[f.a].row, 0] + f.l_gb * delta[card[f.b].row, 0] + f.l_gh * delta[card[f.a].row, 1]
    if o.link_y >= 0 and link[o.link_y].l_m > 0.0:
        f = link[o.link_y]
        y_in = f.l_c * delta[card[f.a].row, 1]
        dmy = f.l_ga * delta[card[f.a].row, 0] + f.l_gb * delta[card[f.b].row, 0] + f.l_gh * delta[card[f.a].row, 1]
    return x_in, y_in, dmx, dmy


@inner
def settle_walls(card, wall, cell, work, link, delta, t, stage):
    """Rates of energy of every cell, and of the heat that comes to the wall from outside."""
    for w in range(wall.shape[0]):
        o = wall[w]
        outside = o.q + o.q_first + o.q_last
        for i in range(o.first, o.first + o.n):
            outside += o.sink_ua * (o.sink_temp - cell[i].temp) / o.n
        x_in, y_in, dmx, dmy = wall_inlets(o, card, link, delta)
        settle(o, work, link, x_in, y_in, dmx, dmy)
        for i in range(o.first, o.first + o.n):
            outside -= o.l_ua * work[i].dt_
            rate = work[i].cap_lin / t * work[i].dt_
            if stage == 1:
                work[i].k_1 = rate
            else:
                work[i].k_eff = 1.5 * work[i].k_1 + 0.5 * rate
        if stage == 1:
            o.q_1 = outside
        else:
            o.q_eff = 1.5 * o.q_1 + 0.5 * (outside - 2.0 * o.q_1)


@inner
def book_heat(card, node, delta, q_1, q_eff, k_lin, stage):
    """Rates of heat into every volume."""
    for i in range(node.shape[0]):
        if stage == 1:
            k_lin[i] = node[i].k
            k_lin[node.shape[0] + i] = node[i].t_p
            k_lin[2 * node.shape[0] + i] = node[i].t_h
        row = card[i].row
        dtemp = k_lin[node.shape[0] + i] * delta[row, 0] + k_lin[2 * node.shape[0] + i] * delta[row, 1]
        rate = node[i].q - k_lin[i] * dtemp
        if stage == 1:
            q_1[i] = rate
        else:
            q_eff[i] = 1.5 * q_1[i] + 0.5 * (rate - 2.0 * q_1[i])


@inner
def clear(node, link, link_total):
    """Forget what the last evaluation wrote."""
    for i in range(node.shape[0]):
        node[i].q = 0.0
        node[i].k = 0.0
    for j in range(link.shape[0]):
        f = link[j]
        f.m_slow = link_total[j].m_slow
        f.m_flow = f.dh = f.dh_h = f.g_a = f.g_b = f.g_h = f.ua = 0.0
        f.catch_n2 = f.catch_o2 = f.catch_h2o = f.catch_h2 = 0.0
        f.s_n2 = f.s_o2 = f.s_h2o = f.s_h2 = 0.0


@inner
def subtract_first_stage(work):
    """Right-hand side of the cells in the second stage."""
    for i in range(work.shape[0]):
        work[i].f -= 2.0 * work[i].k_1


@inner
def move_to_stage(card, node, cell, work, link, delta, q_1, dt):
    """Volumes and walls at y + dt k1, with a guess of the pressures."""
    for j in range(link.shape[0]):
        f = link[j]
        node[f.a].mass -= dt * f.m_1
        node[f.b].mass += dt * f.m_1
        node[f.a].energy -= dt * f.ea_1
        node[f.b].energy += dt * f.eb_1
    for i in range(node.shape[0]):
        node[i].energy += dt * q_1[i]
        if card[i].fixed == 0:
            p = node[i].p
            node[i].p = min(max(p + delta[card[i].row, 0] / GAMMA, 0.5 * p), 2.0 * p)
    for i in range(cell.shape[0]):
        cell[i].e += dt * work[i].k_1


@inner
def move_to_end(node, cell, work, wall, link, q_eff, saved, node_first, cell_first, dt):
    """Volumes and walls at the end of the step, from where they were at its start."""
    for i in range(node.shape[0]):
        first = node_first + i * NODE_WIDTH
        node[i].mass = saved[first]
        node[i].energy = saved[first + 1] + dt * q_eff[i]
    for j in range(link.shape[0]):
        f = link[j]
        node[f.a].mass -= dt * f.m_eff
        node[f.b].mass += dt * f.m_eff
        node[f.a].energy -= dt * f.ea_eff
        node[f.b].energy += dt * f.eb_eff
    for i in range(cell.shape[0]):
        cell[i].e = saved[cell_first + CELL_WIDTH * i] + dt * work[i].k_eff


@inner
def book_totals(node, wall, link, link_total, wall_total, q_eff, dt):
    """The books: helium and work of every flow, heat of every volume and wall."""
    for j in range(link.shape[0]):
        link_total[j].m_total += dt * link[j].m_eff
        if link[j].wall < 0:
            link_total[j].w_total += dt * (link[j].eb_eff - link[j].ea_eff)
    for i in range(node.shape[0]):
        node[i].q_total += dt * q_eff[i]
    for w in range(wall.shape[0]):
        wall_total[w] += dt * wall[w].q_eff


@inner
def keep_stage(node, cell, stage):
    """Remember the first-order result."""
    for i in range(node.shape[0]):
        stage[i, 0] = node[i].p
        stage[i, 1] = node[i].temp
    for i in range(cell.shape[0]):
        stage[node.shape[0] + i, 1] = cell[i].temp


@inner
def astray(card, node, cell, stage):
    """Largest difference between the first- and the second-order result, over what is allowed."""
    worst = 0.0
    for i in range(node.shape[0]):
        if card[i].fixed == 0:
            a = node[i]
            worst = max(worst, abs(a.p - stage[i, 0]) / a.p, abs(a.temp - stage[i, 1]) / a.temp)
    for i in range(cell.shape[0]):
        worst = max(worst, abs(cell[i].temp - stage[node.shape[0] + i, 1]) / max(cell[i].temp, COLD))
    return worst / ASTRAY_SHARE


@inner
def next_part(part, error, left):
    """Size of the next part: the error goes with its square. Never shorter after a good one, never past the end."""
    least = 1.0 if error <= 1.0 else SHRINK
    part = max(int(part * min(max(SAFETY / math.sqrt(error + 1e-12), least), GROW)), 1)
    if error > 1.0:
        return part
    part = min(part, PARTS)
    return (left + 1) // 2 if part < left < 2 * part else part


@inner
def states_to_stage(state, image, rates, decays, dt):
    """States of the units at y + dt k1; a stiff one is implicit in itself."""
    for j in range(state.shape[0]):
        decay = 1.0
        if state[j].stiff >= 0:
            decay += GAMMA * dt * image[state[j].stiff]
        decays[j] = decay
        rates[j] = image[state[j].rate] / decay
        image[state[j].value] += dt * rates[j]


@inner
def states_to_end(state, image, saved, rates, decays, dt):
    """States of the units at the end of the step."""
    for j in range(state.shape[0]):
        second = (image[state[j].rate] - 2.0 * rates[j]) / decays[j]
        value = saved[state[j].value] + dt * (1.5 * rates[j] + 0.5 * second)
        image[state[j].value] = value if abs(value) > NOTHING else 0.0
