"""The time loop. The compiler writes these kernels out together with the plant's chain of kinds (twin/chain.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from thermo.jit import kernel
from twin.network import find_states
from twin.solve import (
    GAMMA,
    assemble,
    book_flows,
    book_heat,
    book_totals,
    clear,
    factor,
    gather,
    keep_linearisation,
    move_to_end,
    move_to_stage,
    settle_walls,
    states_to_end,
    states_to_stage,
    substitute,
    subtract_first_stage,
)
from twin.species import carry_impurities
from twin.walls import join_cells, march_walls, respond

if TYPE_CHECKING:
    from twin.chain import evaluate_units, update_units


@kernel
def step(m, d, n):
    """Advance n steps of m.dt; n = 0 only looks. Return -1, or the address of the first bad value."""
    t = GAMMA * m.dt
    bad = find_states(m.node_card, d.node, d.cell, d.wall, d.work, m.node_first, m.cell_first)
    for _ in range(max(n, 1)):
        d.saved[:] = d.image
        for stage in range(1, 3):
            if bad >= 0:
                return bad

            # rates at the present state
            clear(d.node, d.link)
            evaluate_units(m, d)
            march_walls(d.wall, d.cell, d.work, d.link, d.node, m.dt, stage)
            if n == 0:
                return -1

            # matrix, in the first stage only
            if stage == 1:
                keep_linearisation(d.link, d.node, d.h_lin)
                join_cells(d.wall, d.work, d.link, t)
                assemble(m.node_card, d.node, d.link, d.wall, d.blocks, t)
                factor(m.program, d.blocks, d.inverse)
            else:
                subtract_first_stage(d.work)

            # implicit changes, and from them the rates of flows, walls and heat
            respond(d.wall, d.work, d.link)
            gather(m.node_card, d.node, d.link, d.wall, d.h_lin, d.q_1, d.rhs, t, stage)
            substitute(m.program, d.blocks, d.inverse, d.rhs, d.delta)
            book_flows(m.node_card, d.link, d.wall, d.delta, stage)
            settle_walls(m.node_card, d.wall, d.cell, d.work, d.link, d.delta, t, stage)
            book_heat(m.node_card, d.node, d.delta, d.q_1, d.q_eff, d.k_lin, stage)

            # next state
            if stage == 1:
                move_to_stage(m.node_card, d.node, d.cell, d.work, d.link, d.delta, d.q_1, m.dt)
                states_to_stage(m.state, d.image, d.state_rate, d.state_decay, m.dt)
            else:
                move_to_end(d.node, d.cell, d.work, d.wall, d.link, d.q_eff, d.saved, m.node_first, m.cell_first, m.dt)
                book_totals(d.node, d.wall, d.link, d.link_total, d.wall_total, d.q_eff, m.dt)
                states_to_end(m.state, d.image, d.saved, d.state_rate, d.state_decay, m.dt)
                carry_impurities(m.node_card, d.node, d.link, m.program, d.species_blocks, d.species_rhs, m.dt)
            bad = find_states(m.node_card, d.node, d.cell, d.wall, d.work, m.node_first, m.cell_first)

        # time from the step number, so that it never drifts; then everything that remembers
        d.clock.step += 1.0
        d.clock.time = d.clock.step * m.dt
        update_units(m, d)
    return bad
