"""Impurities ride along: one implicit upwind step of the four species after the helium flows of the step are known.

Implicit Euler with donor-cell upwinding keeps every content positive and a uniform mixture uniform, whatever the step.
A flow with a trap leaves a share of each impurity there.
"""

from __future__ import annotations

from thermo.jit import inner


@inner
def carry_impurities(card, node, link, program, blocks, rhs, dt):
    """Advance N2, O2, H2O and H2 by one step; skipped while the plant is clean."""
    dirty = 0.0
    for j in range(link.shape[0]):
        f = link[j]
        dirty += abs(f.s_n2) + abs(f.s_o2) + abs(f.s_h2o) + abs(f.s_h2)
    for i in range(node.shape[0]):
        a = node[i]
        dirty += abs(a.n2) + abs(a.o2) + abs(a.h2o) + abs(a.h2)
    if dirty == 0.0:
        return
    for s in range(4):
        build(card, node, link, blocks, rhs, dt, s)
        eliminate(program, blocks, rhs)
        book(card, node, link, rhs, dt, s)


@inner
def content(a, s):
    """Mass of species s in a volume [kg]."""
    if s == 0:
        return a.n2
    if s == 1:
        return a.o2
    if s == 2:
        return a.h2o
    return a.h2


@inner
def add_content(a, s, amount):
    """Put impurity into a volume, or take it out."""
    if s == 0:
        a.n2 += amount
    elif s == 1:
        a.o2 += amount
    elif s == 2:
        a.h2o += amount
    else:
        a.h2 += amount


@inner
def caught(f, s):
    """Share of species s that stays in the trap of a flow."""
    if f.trap < 0:
        return 0.0
    if s == 0:
        return f.catch_n2
    if s == 1:
        return f.catch_o2
    if s == 2:
        return f.catch_h2o
    return f.catch_h2


@inner
def seeping(f, node, s, dt):
    """Amount of species s alone that passes in the step [kg], and the volume that it comes from."""
    rate = f.s_n2
    if s == 1:
        rate = f.s_o2
    elif s == 2:
        rate = f.s_h2o
    elif s == 3:
        rate = f.s_h2
    source = f.a if f.trap < 0 else f.trap
    amount = rate * dt
    if f.trap >= 0:
        amount = min(amount, max(content(node[source], s), 0.0))
    return amount, source


@inner
def build(card, node, link, blocks, rhs, dt, s):
    """Matrix and right-hand side for the mixing ratios of one species."""
    blocks[:] = 0.0
    rhs[:] = 0.0
    for i in range(node.shape[0]):
        blocks[card[i].row] += node[i].mass if card[i].inert == 0 else 1.0
        rhs[card[i].row] += content(node[i], s)
    for j in range(link.shape[0]):
        f = link[j]
        a, b = card[f.a].row, card[f.b].row
        keep = 1.0 - caught(f, s)
        flow = dt * f.m_eff
        if flow >= 0.0:
            blocks[f.k_aa] += flow
            blocks[f.k_ba] -= keep * flow
            if card[f.a].fixed == 1:
                rhs[b] += keep * flow * ratio(node[f.a], s)
        else:
            blocks[f.k_bb] -= flow
            blocks[f.k_ab] += keep * flow
            if card[f.b].fixed == 1:
                rhs[a] -= keep * flow * ratio(node[f.b], s)
        amount, source = seeping(f, node, s, dt)
        rhs[card[source].row] -= amount
        rhs[b] += amount


@inner
def ratio(a, s):
    """Mixing ratio of a fixed volume."""
    if s == 0:
        return a.w_n2
    if s == 1:
        return a.w_o2
    if s == 2:
        return a.w_h2o
    return a.w_h2


@inner
def eliminate(program, blocks, rhs):
    """Solve in place, in the order of the program."""
    n = program.row.shape[0]
    for k in range(n):
        row = program.row[k]
        inverse = 1.0 / blocks[row]
        pair = program.pair_first[k]
        for r in range(program.first[k], program.first[k + 1]):
            low = blocks[program.below[r]] * inverse
            rhs[program.neighbour[r]] -= low * rhs[row]
            for c in range(program.first[k], program.first[k + 1]):
                blocks[program.pair[pair]] -= low * blocks[program.right[c]]
                pair += 1
    for j in range(n):
        k = n - 1 - j
        row = program.row[k]
        b = rhs[row]
        for r in range(program.first[k], program.first[k + 1]):
            b -= blocks[program.right[r]] * rhs[program.neighbour[r]]
        rhs[row] = b / blocks[row]


@inner
def book(card, node, link, rhs, dt, s):
    """Move what each flow carried: what one volume loses another, or a trap, gains."""
    for j in range(link.shape[0]):
        f = link[j]
        amount, source = seeping(f, node, s, dt)
        if amount != 0.0:
            add_content(node[source], s, -amount)
            add_content(node[f.b], s, amount)
    for j in range(link.shape[0]):
        f = link[j]
        up = f.a if f.m_eff >= 0.0 else f.b
        down = f.b if f.m_eff >= 0.0 else f.a
        w = ratio(node[up], s) if card[up].fixed == 1 else rhs[card[up].row]
        amount = dt * abs(f.m_eff) * w
        if amount == 0.0:
            continue
        stays = caught(f, s) * amount
        add_content(node[up], s, -amount)
        add_content(node[down], s, amount - stays)
        if stays != 0.0:
            add_content(node[f.trap], s, stays)
