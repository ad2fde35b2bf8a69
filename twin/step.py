"""The time loop. The compiler writes these kernels out together with the plant's chain of kinds (twin/chain.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from thermo.jit import kernel
from twin.network import properties
from twin.solve import (
    GAMMA,
    assemble,
    book_flows,
    book_heat,
    factor,
    gather,
    keep_linearisation,
    move_to_end,
    move_to_stage,
    settle_walls,
    substitute,
)
from twin.species import carry_impurities
from twin.walls import join_cells, march_walls, respond, wall_temperatures

if TYPE_CHECKING:
    from twin.chain import evaluate_units, update_units


@kernel
def step(m, d, n):
    """Advance n steps of m.dt. Return -1, or the address of the first bad value."""
    for _ in range(n):
        d.saved[:] = d.image
        first_stage(m, d)
        bad = advance_to_stage(m, d)
        if bad >= 0:
            return bad
        second_stage(m, d)
        bad = advance_to_end(m, d)
        if bad >= 0:
            return bad
        tick(m, d)
        update_units(m, d)
    return -1


@kernel
def evaluate(m, d, linearise):
    """Every flow, heat and derivative at the present state."""
    clear(d.node, d.link)
    evaluate_units(m, d)
    march_walls(d.wall, d.cell, d.work, d.link, d.node, m.dt, linearise)


@kernel
def clear(node, link):
    """Forget what the last evaluation wrote."""
    for i in range(node.shape[0]):
        node[i].q = 0.0
        node[i].k = 0.0
    for j in range(link.shape[0]):
        f = link[j]
        f.m_flow = f.dh = f.g_a = f.g_b = f.ua = 0.0
        f.catch_n2 = f.catch_o2 = f.catch_h2o = f.catch_h2 = 0.0
        f.s_n2 = f.s_o2 = f.s_h2o = f.s_h2 = 0.0


@kernel
def first_stage(m, d):
    """Rates k1."""
    t = GAMMA * m.dt
    evaluate(m, d, True)
    keep_linearisation(d.link, d.node, d.h_lin)
    join_cells(d.wall, d.work, d.link, t)
    respond(d.wall, d.work, d.link)
    assemble(m.node_card, d.node, d.link, d.wall, d.blocks, t)
    factor(m.program, d.blocks, d.inverse)
    solve(m, d, t, 1)


@kernel
def second_stage(m, d):
    """Rates k2, with the matrix of the first stage."""
    evaluate(m, d, False)
    for i in range(d.work.shape[0]):
        d.work[i].f -= 2.0 * d.work[i].k_1
    respond(d.wall, d.work, d.link)
    solve(m, d, GAMMA * m.dt, 2)


@kernel
def solve(m, d, t, stage):
    """Implicit changes, and from them the rates of flows, walls and heat."""
    gather(m.node_card, d.node, d.link, d.wall, d.h_lin, d.q_1, d.rhs, t, stage)
    substitute(m.program, d.blocks, d.inverse, d.rhs, d.delta)
    book_flows(m.node_card, d.link, d.wall, d.delta, stage)
    settle_walls(m.node_card, d.wall, d.cell, d.work, d.link, d.delta, t, stage)
    book_heat(m.node_card, d.node, d.delta, d.q_1, d.q_eff, d.k_lin, stage)


@kernel
def advance_to_stage(m, d):
    """State at y + dt k1."""
    dt = m.dt
    move_to_stage(m.node_card, d.node, d.link, d.delta, d.q_1, dt, GAMMA)
    for i in range(d.cell.shape[0]):
        d.cell[i].e += dt * d.work[i].k_1
    for j in range(m.state.shape[0]):
        decay = 1.0 + GAMMA * dt * (d.image[m.state[j].stiff] if m.state[j].stiff >= 0 else 0.0)
        d.state_decay[j] = decay
        d.state_rate[j] = d.image[m.state[j].rate] / decay
        d.image[m.state[j].value] += dt * d.state_rate[j]
    return find_states(m, d)


@kernel
def advance_to_end(m, d):
    """State at y + dt (3 k1 + k2) / 2, and the impurities."""
    dt = m.dt
    restore_content(d)
    move_to_end(m.node_card, d.node, d.link, d.link_total, d.q_eff, dt)
    for i in range(d.cell.shape[0]):
        d.cell[i].e += dt * d.work[i].k_eff
    for w in range(d.wall.shape[0]):
        d.wall_total[w] += dt * d.wall[w].q_eff
    for j in range(m.state.shape[0]):
        second = (d.image[m.state[j].rate] - 2.0 * d.state_rate[j]) / d.state_decay[j]
        value = m.state[j].value
        d.image[value] = d.saved[value] + dt * (1.5 * d.state_rate[j] + 0.5 * second)
        if not abs(d.image[value]) < 1e300:
            return value
    carry_impurities(m.node_card, d.node, d.link, m.program, d.species_blocks, d.species_rhs, dt)
    return find_states(m, d)


@kernel
def restore_content(d):
    """Mass, energy and cell energies of the start of the step; pressures stay as guesses."""
    n, width = d.node.shape[0], d.node_width
    for i in range(n):
        first = d.node_first + i * width
        d.node[i].mass = d.saved[first]
        d.node[i].energy = d.saved[first + 1]
    for i in range(d.cell.shape[0]):
        d.cell[i].e = d.saved[d.cell_first + 2 * i]


@kernel
def find_states(m, d):
    """Derived state of volumes and walls. Return -1, or the address of the pressure or energy that was not found."""
    bad = properties(m.node_card, d.node)
    if bad >= 0:
        return d.node_first + bad * d.node_width + m.p_field
    for i in range(d.cell.shape[0]):
        if not (abs(d.cell[i].e) < 1e15):
            return d.cell_first + 2 * i
    wall_temperatures(d.wall, d.cell, d.work)
    return -1


@kernel
def tick(m, d):
    """Simulation time from the step number, so that it never drifts."""
    d.clock.step += 1.0
    d.clock.time = d.clock.step * m.dt


@kernel
def prepare(m, d):
    """State and flows at the start."""
    bad = find_states(m, d)
    if bad < 0:
        evaluate(m, d, False)
    return bad
