"""People and trucks: rounds with swaps, refills on the spot, visits of the truck, and the plant's own schedule."""

from __future__ import annotations

from twin.studies.sizing.campaign import records as r
from twin.studies.sizing.campaign.bags import filling, pressure, swap
from twin.studies.sizing.campaign.boiling import drawable, level, order_fill
from twin.studies.sizing.campaign.lean import lean
from twin.studies.sizing.campaign.ledger import move

HOUR, DAY = 3600.0, 86400.0  # s
IDLE, DEWAR_FILLS, WAITS, MAGNET_FILLS = 0.0, 1.0, 2.0, 3.0
"""A refill on the spot: the portable dewar is filled, stands, then fills the magnet."""
AT_HUB, LOADING, DRIVING, REFILLING, RETURNING = 0.0, 1.0, 2.0, 3.0, 4.0
"""A visit of the truck."""
FILL_TO, EXCHANGE_DEWARS, EXCHANGE_BANKS, SWAP, RUN_COMPRESSOR, REFILL = range(6)
"""What the plant's schedule may ask for."""
LEAST = 0.2
"""Share of a refill that must be in the dewar for it to be begun."""
STAND = 2.0 * HOUR
"""Time that a filled portable dewar stands before its liquid is transferred."""


@lean
def round_trip(y, i):
    """A round at a site: full bags are swapped."""
    s = y.site[i]
    if s.bag >= 0.0 and filling(y, int(s.bag), False) >= s.swap_at and swap(y, int(s.bag)):
        y.out[r.STAFF_TIME] += s.swap_time


@lean
def refill_here(y, v, t, at_work):
    """A magnet beside its store: fill the portable dewar, let it stand, fill the magnet."""
    s = y.vessel[v]
    d = int(s.supply)
    if s.job == IDLE:
        if not at_work or level(y, v) >= s.refill_below:
            return
        if d < 0:
            order_fill(y, v, s.refill_to, -1.0)
            s.job = MAGNET_FILLS
            y.out[r.FILLS] += 1.0
            return
        dewar = y.vessel[d]
        if dewar.held > 0.0 or dewar.left > 0.0:
            return
        dewar.held = 1.0
        wanted = (s.refill_to - level(y, v)) * s.volume / (1.0 - s.flash) / dewar.volume + 0.03
        order_fill(y, d, min(wanted, 0.95), dewar.supply)
        s.job = DEWAR_FILLS
    elif s.job == DEWAR_FILLS and y.vessel[d].left == 0.0:
        s.job, s.timer = WAITS, t + STAND
    elif s.job == WAITS and t >= s.timer:
        order_fill(y, v, s.refill_to, float(d))
        if drawable(y, d) < LEAST * s.left:
            y.out[r.UNMET] += s.left
            s.left, s.job, y.vessel[d].held = 0.0, IDLE, 0.0
            return
        s.job = MAGNET_FILLS
        y.out[r.FILLS] += 1.0
        y.out[r.STAFF_TIME] += y.site[int(s.site)].refill_time
        start_compressor(y, int(s.bag))
    elif s.job == MAGNET_FILLS and s.left == 0.0:
        s.job = IDLE
        if d >= 0:
            y.vessel[d].held = 0.0
        start_compressor(y, int(s.bag))


@lean
def start_compressor(y, b):
    """Staff start the compressor of a bag by hand, before the plume comes or once the bags are full."""
    if b >= 0 and y.bag[b].compressor >= 0.0:
        y.compressor[int(y.bag[b].compressor)].run = 1.0


@lean
def is_due(k, y, i, t):
    """Whether a site wants the truck: by plan, by its cylinders, by a magnet that runs low."""
    s = y.site[i]
    if s.visit_every <= 0.0:
        return False
    if t >= s.visit_next:
        return True
    wanted = s.bank >= 0.0 and pressure(k, y, int(s.bank)) >= s.call_at * y.bank[int(s.bank)].p_full
    for v in range(y.vessel.shape[0]):
        vessel = y.vessel[v]
        if vessel.kind == r.MAGNET and vessel.site == float(i) and vessel.remote > 0.0:
            wanted = wanted or level(y, v) < vessel.least
    if not wanted:
        s.called = 0.0
        return False
    if s.called == 0.0:
        s.called = t + y.network.lead_time[0]
    return t >= s.called


@lean
def visit(k, y, i, t, morning, at_work):
    """One truck's trip: load liquid, drive, change cylinders and dewar, refill the magnets, drive home."""
    s = y.site[i]
    n = y.network[0]
    if s.visit_state == AT_HUB:
        if not morning or n.on_the_way >= n.trucks or not is_due(k, y, i, t):
            return
        if s.hub_dewar >= 0.0 and y.vessel[int(s.hub_dewar)].held > 0.0:
            return
        n.on_the_way += 1.0
        s.called = 0.0
        if t >= s.visit_next:
            s.visit_next += s.visit_every
        load(y, i)
        s.visit_state = LOADING
    elif s.visit_state == LOADING:
        if s.hub_dewar < 0.0 or y.vessel[int(s.hub_dewar)].left == 0.0:
            s.visit_state, s.timer = DRIVING, t + s.drive_time
    elif s.visit_state == DRIVING and t >= s.timer:
        arrive(y, i)
        s.visit_state = REFILLING
    elif s.visit_state == REFILLING:
        if not refill_next(y, i, at_work):
            s.visit_state, s.timer = RETURNING, t + s.drive_time
    elif s.visit_state == RETURNING and t >= s.timer:
        n.on_the_way -= 1.0
        s.visit_state = AT_HUB


@lean
def load(y, i):
    """Fill the transport dewar at the hub, if it is the hub's turn to give the liquid."""
    s = y.site[i]
    s.credit += s.hub_share
    if s.hub_dewar < 0.0:
        return
    d = int(s.hub_dewar)
    y.vessel[d].held = 1.0
    if s.credit >= 1.0 - 1e-9:
        order_fill(y, d, 0.95, y.vessel[d].supply)


@lean
def arrive(y, i):
    """Cylinders change places, as many as the truck carries; the dewars too."""
    s = y.site[i]
    y.out[r.TRIPS] += 1.0
    y.out[r.DISTANCE] += 2.0 * s.distance
    if s.bank >= 0.0 and s.place >= 0.0:
        share = min(y.network.cylinders[0] / y.bank[int(s.bank)].count, 1.0)
        change(y, int(y.bank[int(s.bank)].node), int(y.bank[int(s.place)].node), share)
    if s.hub_dewar >= 0.0:
        y.vessel[int(s.hub_dewar)].held = 0.0
        if s.credit >= 1.0 - 1e-9:
            exchange_vessels(y, int(s.dewar), int(s.hub_dewar))
    start_compressor(y, int(s.bag))


@lean
def change(y, a, b, share):
    """A share of two equal banks changes places, with what it holds."""
    air, total = (1.0 - share) * y.air[a] + share * y.air[b], y.air[a] + y.air[b]
    back = share * y.mass[b]
    move(y, a, b, share * y.mass[a])
    move(y, b, a, back)
    y.air[a], y.air[b] = air, total - air


@lean
def exchange_vessels(y, a, b):
    """Two equal dewars change places, with what they hold."""
    one, two = y.vessel[a], y.vessel[b]
    difference = y.mass[int(one.node)] - y.mass[int(two.node)]
    if difference > 0.0:
        move(y, int(one.node), int(two.node), difference)
    else:
        move(y, int(two.node), int(one.node), -difference)
    one.p, two.p = two.p, one.p


@lean
def refill_next(y, i, at_work):
    """Refill the site's magnets one after the other; returns whether one is still to do."""
    s = y.site[i]
    own = s.credit >= 1.0 - 1e-9
    for v in range(y.vessel.shape[0]):
        vessel = y.vessel[v]
        if vessel.kind != r.MAGNET or vessel.site != float(i) or vessel.remote == 0.0:
            continue
        if vessel.left > 0.0:
            return True
        if vessel.job == IDLE and level(y, v) < vessel.refill_below:
            order_fill(y, v, vessel.refill_to, vessel.supply if own else -1.0)
            vessel.job = MAGNET_FILLS
            if own and drawable(y, int(vessel.supply)) < LEAST * vessel.left:
                y.out[r.UNMET] += vessel.left
                vessel.left = 0.0
                continue
            y.out[r.FILLS] += 1.0
            y.out[r.STAFF_TIME] += s.refill_time
            return True
    for v in range(y.vessel.shape[0]):
        if y.vessel[v].site == float(i) and y.vessel[v].remote > 0.0:
            y.vessel[v].job = IDLE
    if own:
        s.credit -= 1.0
    start_compressor(y, int(s.bag))
    return False


@lean
def follow(y, what, a, value):
    """One entry of the plant's schedule."""
    if what in (FILL_TO, REFILL):
        v = int(a)
        if what == REFILL:
            y.vessel[v].left, y.vessel[v].source = value, y.vessel[v].supply
        else:
            order_fill(y, v, value, y.vessel[v].supply)
        if y.vessel[v].kind == r.MAGNET:
            y.out[r.FILLS] += 1.0
    elif what == EXCHANGE_DEWARS:
        exchange_vessels(y, int(a), int(value))
    elif what == EXCHANGE_BANKS:
        change(y, int(y.bank[int(a)].node), int(y.bank[int(value)].node), 1.0)
        y.out[r.TRIPS] += 1.0
    elif what == SWAP:
        swap(y, int(a))
    elif what == RUN_COMPRESSOR and value > 0.0:
        y.compressor[int(a)].run = 1.0
