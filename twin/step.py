"""The time loop. The compiler writes these kernels out together with the plant's chain of kinds (twin/chain.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from thermo.jit import kernel, merged
from twin.network import find_states
from twin.solve import (
    ACCEPTED,
    GAMMA,
    PARTS,
    assemble,
    astray,
    book_flows,
    book_heat,
    book_totals,
    clear,
    copy,
    factor,
    gather,
    keep_linearisation,
    keep_stage,
    move_to_end,
    move_to_stage,
    next_part,
    settle_walls,
    states_to_end,
    states_to_stage,
    substitute,
    subtract_first_stage,
)
from twin.species import carry_impurities
from twin.walls import follow_flows, follow_slopes, join_cells, limit_slopes, march_walls, respond, wall_temperatures

if TYPE_CHECKING:
    from twin.chain import evaluate_units, update_units


@kernel
def step(m, d, n):
    """Advance n steps of m.dt; n = 0 only looks. Return -1, or the address of the first bad value.

    The image alone decides what happens: however a run is cut into calls, it comes out the same to the bit.
    """
    bad = ACCEPTED
    if n == 0:
        bad = find_states(m.node_card, d.node, d.cell, d.wall, d.work, m.node_first, m.cell_first)
    wall_temperatures(d.wall, d.cell, d.work)
    for _ in range(max(n, 1)):
        left: Any = np.int64(PARTS)  # not a literal, of which next_part would be compiled once more
        part, parts = int(d.clock.part) or PARTS, 0.0
        while left > 0 and bad < 0:
            parts += 1.0
            part = min(part, left)
            if n > 0:
                limit_slopes(d.wall, d.cell)
            copy(d.image, d.saved)
            bad, error = advance(m, d, m.dt * part / PARTS if n > 0 else 0.0)

            # a part that went wrong or astray is done again, shorter
            if (bad >= 0 or error > 1.0) and part > 1:
                copy(d.saved, d.image)
                part = next_part(part, error, left) if bad < 0 else part // 2
                bad = find_states(m.node_card, d.node, d.cell, d.wall, d.work, m.node_first, m.cell_first)
            else:
                left -= part
                if n > 0:
                    follow_slopes(d.wall, d.cell, m.dt * part / PARTS)
                    follow_flows(d.link, d.link_total, m.dt * part / PARTS)
                part = next_part(part, min(error, 1.0), left)
        d.clock.parts, d.clock.part = parts, part
        if bad >= 0 or n == 0:
            return bad

        # time from the step number, so that it never drifts; then everything that remembers
        d.clock.step += 1.0
        d.clock.time = d.clock.step * m.dt
        update_units(m, d)
    return bad


@merged
def advance(m, d, dt):
    """One step of ROS2 over dt; dt = 0 only looks. Return ACCEPTED or the first bad address; and the error.

    It is the largest difference between the first and the second order over what is allowed.
    """
    t = GAMMA * dt
    for stage in range(1, 3):
        # rates at the present state
        clear(d.node, d.link, d.link_total)
        evaluate_units(m, d)
        march_walls(d.wall, d.cell, d.work, d.link, d.node, dt, stage)
        if dt == 0.0:
            return ACCEPTED, 0.0

        # how the walls answer, and the matrix, which is made in the first stage only
        if stage == 1:
            keep_linearisation(d.link, d.node, d.h_lin)
            join_cells(d.wall, d.work, d.link, t)
        else:
            subtract_first_stage(d.work)
        respond(d.wall, d.work, d.link)
        if stage == 1:
            assemble(m.node_card, d.node, d.link, d.wall, d.blocks, t)
            factor(m.program, d.blocks, d.inverse)

        # implicit changes, and from them the rates of flows, walls and heat
        gather(m.node_card, d.node, d.link, d.wall, d.h_lin, d.q_1, d.rhs, t, stage)
        substitute(m.program, d.blocks, d.inverse, d.rhs, d.delta)
        book_flows(m.node_card, d.link, d.wall, d.delta, stage)
        settle_walls(m.node_card, d.wall, d.cell, d.work, d.link, d.delta, t, stage)
        book_heat(m.node_card, d.node, d.delta, d.q_1, d.q_eff, d.k_lin, stage)

        # next state
        if stage == 1:
            move_to_stage(m.node_card, d.node, d.cell, d.work, d.link, d.delta, d.q_1, dt)
            states_to_stage(m.state, d.image, d.state_rate, d.state_decay, dt)
        else:
            keep_stage(d.node, d.cell, d.stage)
            move_to_end(d.node, d.cell, d.work, d.wall, d.link, d.q_eff, d.saved, m.node_first, m.cell_first, dt)
            book_totals(d.node, d.wall, d.link, d.link_total, d.wall_total, d.q_eff, dt)
            states_to_end(m.state, d.image, d.saved, d.state_rate, d.state_decay, dt)
            carry_impurities(m.node_card, d.node, d.link, m.program, d.species_blocks, d.species_rhs, dt)
        bad = find_states(m.node_card, d.node, d.cell, d.wall, d.work, m.node_first, m.cell_first)
        if bad >= 0:
            return bad, 0.0
    return ACCEPTED, astray(m.node_card, d.node, d.cell, d.stage)
