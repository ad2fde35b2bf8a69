"""Impurities ride along: one implicit upwind step of the four species after the helium flows of the step are known.

Implicit Euler with donor-cell upwinding keeps every content positive and a uniform mixture uniform, whatever the step.
A flow with a trap leaves a share of each impurity there.
"""

from __future__ import annotations

from thermo.jit import inner
from twin.unit import SPECIES

COUNT = len(SPECIES)
"""Always all four at once, side by side, which is little more work than one."""


@inner
def carry_impurities(card, node, link, program, blocks, rhs, dt):
    """Advance the four species by one step; skipped while the plant is clean."""
    dirty = 0.0
    for j in range(link.shape[0]):
        f = link[j]
        dirty += abs(f.s_n2) + abs(f.s_o2) + abs(f.s_h2o) + abs(f.s_h2)
    for i in range(node.shape[0]):
        a = node[i]
        dirty += abs(a.n2) + abs(a.o2) + abs(a.h2o) + abs(a.h2)
    if dirty == 0.0:
        return
    build(card, node, link, blocks, rhs, dt)
    eliminate(program, blocks, rhs)
    book(card, node, link, rhs, dt)


@inner
def contents(a):
    """Mass of every species in a volume [kg]."""
    return a.n2, a.o2, a.h2o, a.h2


@inner
def add_contents(a, n2, o2, h2o, h2):
    """Put impurities into a volume, or take them out [kg]."""
    a.n2 += n2
    a.o2 += o2
    a.h2o += h2o
    a.h2 += h2


@inner
def caught(f):
    """Share of every species that stays in the trap of a flow."""
    if f.trap < 0:
        return 0.0, 0.0, 0.0, 0.0
    return f.catch_n2, f.catch_o2, f.catch_h2o, f.catch_h2


@inner
def ratios(a):
    """Mixing ratios of a fixed volume."""
    return a.w_n2, a.w_o2, a.w_h2o, a.w_h2


@inner
def seeping(f, node, dt):
    """Amount of every species that passes alone in the step [kg]: from a trap no more than is there."""
    n2, o2, h2o, h2 = f.s_n2 * dt, f.s_o2 * dt, f.s_h2o * dt, f.s_h2 * dt
    if f.trap >= 0:
        t = node[f.trap]
        n2, o2 = min(n2, max(t.n2, 0.0)), min(o2, max(t.o2, 0.0))
        h2o, h2 = min(h2o, max(t.h2o, 0.0)), min(h2, max(t.h2, 0.0))
    return n2, o2, h2o, h2


@inner
def seeps(f):
    """Whether any species passes alone."""
    return f.s_n2 != 0.0 or f.s_o2 != 0.0 or f.s_h2o != 0.0 or f.s_h2 != 0.0


@inner
def add(rows, k, factor, n2, o2, h2o, h2):
    """Add factor times four numbers to a row of four."""
    rows[k, 0] += factor * n2
    rows[k, 1] += factor * o2
    rows[k, 2] += factor * h2o
    rows[k, 3] += factor * h2


@inner
def build(card, node, link, blocks, rhs, dt):
    """Matrix and right-hand sides for the mixing ratios."""
    blocks[:] = 0.0
    rhs[:] = 0.0
    for i in range(node.shape[0]):
        mass = node[i].mass if card[i].inert == 0 else 1.0
        add(blocks, card[i].row, mass, 1.0, 1.0, 1.0, 1.0)
        n2, o2, h2o, h2 = contents(node[i])
        add(rhs, card[i].row, 1.0, n2, o2, h2o, h2)
    for j in range(link.shape[0]):
        f = link[j]
        a, b = card[f.a].row, card[f.b].row
        c_n2, c_o2, c_h2o, c_h2 = caught(f)
        flow = dt * f.m_eff
        if flow >= 0.0:
            add(blocks, f.k_aa, flow, 1.0, 1.0, 1.0, 1.0)
            add(blocks, f.k_ba, -flow, 1.0 - c_n2, 1.0 - c_o2, 1.0 - c_h2o, 1.0 - c_h2)
        else:
            add(blocks, f.k_bb, -flow, 1.0, 1.0, 1.0, 1.0)
            add(blocks, f.k_ab, flow, 1.0 - c_n2, 1.0 - c_o2, 1.0 - c_h2o, 1.0 - c_h2)
        up, down = (f.a, b) if flow >= 0.0 else (f.b, a)
        if card[up].fixed == 1:
            n2, o2, h2o, h2 = ratios(node[up])
            n2, o2, h2o, h2 = (1.0 - c_n2) * n2, (1.0 - c_o2) * o2, (1.0 - c_h2o) * h2o, (1.0 - c_h2) * h2
            add(rhs, down, abs(flow), n2, o2, h2o, h2)
        if seeps(f):
            n2, o2, h2o, h2 = seeping(f, node, dt)
            add(rhs, card[f.a if f.trap < 0 else f.trap].row, -1.0, n2, o2, h2o, h2)
            add(rhs, b, 1.0, n2, o2, h2o, h2)


@inner
def eliminate(program, blocks, rhs):
    """Solve in place, in the order of the program."""
    n = program.row.shape[0]
    for k in range(n):
        row = program.row[k]
        pair = program.pair_first[k]
        for r in range(program.first[k], program.first[k + 1]):
            below, neighbour = program.below[r], program.neighbour[r]
            for s in range(COUNT):
                blocks[below, s] /= blocks[row, s]
                rhs[neighbour, s] -= blocks[below, s] * rhs[row, s]
            for c in range(program.first[k], program.first[k + 1]):
                target, right = program.pair[pair], program.right[c]
                for s in range(COUNT):
                    blocks[target, s] -= blocks[below, s] * blocks[right, s]
                pair += 1
    for j in range(n):
        k = n - 1 - j
        row = program.row[k]
        for r in range(program.first[k], program.first[k + 1]):
            right, neighbour = program.right[r], program.neighbour[r]
            for s in range(COUNT):
                rhs[row, s] -= blocks[right, s] * rhs[neighbour, s]
        for s in range(COUNT):
            rhs[row, s] /= blocks[row, s]


@inner
def book(card, node, link, rhs, dt):
    """Move what each flow carried: what one volume loses another, or a trap, gains."""
    for j in range(link.shape[0]):
        f = link[j]
        if seeps(f):
            n2, o2, h2o, h2 = seeping(f, node, dt)
            add_contents(node[f.a if f.trap < 0 else f.trap], -n2, -o2, -h2o, -h2)
            add_contents(node[f.b], n2, o2, h2o, h2)
    for j in range(link.shape[0]):
        f = link[j]
        flow = dt * abs(f.m_eff)
        if flow == 0.0:
            continue
        up, down = (f.a, f.b) if f.m_eff >= 0.0 else (f.b, f.a)
        n2, o2, h2o, h2 = ratios(node[up])
        if card[up].fixed == 0:
            row = card[up].row
            n2, o2, h2o, h2 = rhs[row, 0], rhs[row, 1], rhs[row, 2], rhs[row, 3]
        n2, o2, h2o, h2 = flow * n2, flow * o2, flow * h2o, flow * h2
        add_contents(node[up], -n2, -o2, -h2o, -h2)
        if f.trap >= 0:
            add_contents(node[f.trap], f.catch_n2 * n2, f.catch_o2 * o2, f.catch_h2o * h2o, f.catch_h2 * h2)
        c_n2, c_o2, c_h2o, c_h2 = caught(f)
        n2, o2, h2o, h2 = n2 - c_n2 * n2, o2 - c_o2 * o2, h2o - c_h2o * h2o, h2 - c_h2 * h2
        add_contents(node[down], n2, o2, h2o, h2)
