"""The hub: purifying what the cylinders hold, liquefying in batches, users' demand, make-up."""

from __future__ import annotations

import math

from twin.studies.sizing.campaign import records as r
from twin.studies.sizing.campaign.bags import pressure
from twin.studies.sizing.campaign.boiling import draw, drawable, level
from twin.studies.sizing.campaign.chance import FAILURE, POWER_CUT, uniform, waiting
from twin.studies.sizing.campaign.lean import lean
from twin.studies.sizing.campaign.ledger import move
from twin.studies.sizing.campaign.own_machine import begin, end

CP_HELIUM, LATENT_LN2 = 5193.0, 199.2e3  # J/(kg K), J/kg
AIR_RATIO = 4.0026 / 28.96
"""Mole of air over mole of helium, for a kilogram of each."""
REST, STARTING, RUNNING = 0.0, 1.0, 2.0
CRITICAL, CHOKED = 0.4871, 0.7262
"""Critical ratio of pressures and flow factor of a nozzle, helium (kappa 5/3)."""
NEARLY = 0.01
"""A dewar that lacks no more than this of its full level at the end of a batch counts as full."""


@lean
def clean(y, u, node, carried, t):
    """Air of gas that passed the purifier stays in it: sump, beds, nitrogen, regeneration with its loss."""
    s = y.purifier[u]
    air = y.air[node]
    y.air[node] = 0.0
    s.caught += air
    y.out[r.RETURNED] += carried
    y.out[r.AIR_SHARE] += air * AIR_RATIO
    y.out[r.LN2] += carried * CP_HELIUM * s.approach / LATENT_LN2
    if s.caught >= s.bed_air or t - s.since >= s.on_line:
        move(y, node, r.PURGE, s.regeneration_loss + s.drain_loss * s.caught)
        y.air[r.PURGE] += s.caught
        s.busy_until = max(t, s.busy_until) + s.regeneration
        s.caught = 0.0
        s.since = t
        y.out[r.REGENERATIONS] += 1.0


@lean
def works(y, u, t):
    """Whether the purifier can take gas: power, no failure, and a bed that is ready (one may be in regeneration)."""
    s = y.purifier[u]
    return t >= s.failed_until and t >= y.site[int(s.site)].cut_until and s.busy_until - t <= s.regeneration


@lean
def level_out(k, y, i, j):
    """Helium [kg] that flows from one bank of cylinders to another until both stand at the same pressure."""
    a, b = y.mass[int(y.bank[i].node)], y.mass[int(y.bank[j].node)]
    over = pressure(k, y, i) - pressure(k, y, j)
    return over / (pressure(k, y, i) / a + pressure(k, y, j) / b) if over > 0.0 else 0.0


@lean
def through_valve(k, y, i, j):
    """Flow [kg/s] that the regulator of a bank of cylinders lets through to another volume, fully open.

    Choked below the critical ratio of pressures, above it by the ellipse that is usual for control valves.
    """
    s = y.bank[i]
    p = pressure(k, y, i)
    ratio = max(pressure(k, y, j) / max(p, 1.0), CRITICAL)
    if ratio >= 1.0:
        return 0.0
    share = (ratio - CRITICAL) / (1.0 - CRITICAL)
    return CHOKED * s.valve * p / math.sqrt(2077.2 * s.temp) * math.sqrt(1.0 - share * share)


@lean
def purify(k, y, u, t, dt):
    """From the cylinders, in their order, into the stock of pure gas, up to its set pressure."""
    s = y.purifier[u]
    if s.target < 0.0 or not works(y, u, t):
        return
    target = y.bank[int(s.target)]
    node = int(target.node)
    wanted = min(target.least - y.mass[node], s.capacity * dt)  # `least` of the stock is its content at the set point
    for j in range(k.raw.shape[0]):
        if wanted <= 1e-9:
            return
        bank = y.bank[k.raw[j]]
        source = int(bank.node)
        able = through_valve(k, y, k.raw[j], int(s.target)) * dt
        spare = min(max(y.mass[source] - bank.least, level_out(k, y, k.raw[j], int(s.target))), able)
        if spare <= 1e-9 or y.air[source] * AIR_RATIO > s.air_most * y.mass[source]:
            continue
        amount = move(y, source, node, min(wanted, spare))
        wanted -= amount
        clean(y, u, node, amount, t)


@lean
def may_start(y, i, t, staffed, capped):
    """Room in the dewar, gas in stock, power, no failure, staff and demand limit."""
    s = y.liquefier[i]
    if t < s.failed_until or t < y.site[int(s.site)].cut_until or s.rate <= 0.0:
        return False
    if s.weekdays_only > 0.0 and not staffed:
        return False
    return not (capped and y.network.power[0] + s.power > y.network.cap[0])


@lean
def liquefy(y, i, t, dt, staffed, capped):
    """Batches as the dewar's controller orders them: start-up without liquid, then the machine's rate; returns energy.

    A machine that fills the dewar or empties the stock within the step stops there.
    """
    s = y.liquefier[i]
    if s.mode == REST and not start(y, i, t, staffed, capped):
        return 0.0
    if t < s.failed_until or t < y.site[int(s.site)].cut_until:
        return stop(y, i, t)
    making = dt
    if s.mode == STARTING:
        making = max(dt - s.timer, 0.0)
        s.timer -= dt
        if s.timer > 0.0:
            return run(y, i, dt)
        s.mode = RUNNING
    if s.through >= 0.0 and not works(y, int(s.through), t):
        return run(y, i, dt)
    vessel, node = y.vessel[int(s.vessel)], int(y.bank[int(s.stock)].node)
    room = (s.level_full - level(y, int(s.vessel))) * vessel.volume * (vessel.rho_l - vessel.rho_v)
    able = s.rate * making
    amount = max(min(min(able, room), y.mass[node] - s.least_stock), 0.0)
    rushing = to_pressure(y, int(s.vessel), s.p_set) if s.own_rate == 0.0 else 0.0
    taken = min(amount + rushing, max(y.mass[node] - s.least_stock, 0.0))
    if s.through >= 0.0:
        clean(y, int(s.through), node, taken, t)
    taken = move(y, node, int(vessel.node), taken)
    if able > 0.0:
        move(y, node, r.PURGE, s.purge * making * amount / able)
    vessel.p = s.p_set
    y.out[r.LIQUID_MADE] += taken * s.made
    if amount < 0.999 * able and s.ran >= s.least_run:
        energy = run(y, i, dt - making * (1.0 - amount / able))
        stop(y, i, t)
        return energy
    return run(y, i, dt)


@lean
def to_pressure(y, v, p):
    """Gas [kg] that brings a dewar which was drawn from back to a pressure, condensing as it warms the liquid."""
    s = y.vessel[v]
    stiff = s.volume * (s.stiff_a + s.stiff_b * max(level(y, v), 0.0))
    return max(p - s.p, 0.0) * stiff * (1.0 - s.rho_v / s.rho_l) / s.latent


@lean
def start(y, i, t, staffed, capped):
    """Begin a batch if there is room in the dewar, gas in stock, power, staff; returns whether it began."""
    s = y.liquefier[i]
    node = int(y.bank[int(s.stock)].node)
    if y.mass[node] < s.start_stock or level(y, int(s.vessel)) >= (s.level_resume if s.full > 0.0 else s.level_full):
        return False
    if not may_start(y, i, t, staffed, capped):
        return False
    s.mode, s.ran, s.full = STARTING, 0.0, 0.0
    y.out[r.STARTS] += 1.0
    y.network.power[0] += s.power
    if s.own_rate > 0.0:
        s.timer = 0.0
        begin(y, i)
    else:
        s.timer = s.start_time if t - s.rested < s.warm_after else s.start_time_warm
        move(y, node, r.START, s.start_loss)
    return True


@lean
def stop(y, i, t):
    """End a batch."""
    s = y.liquefier[i]
    s.mode, s.rested = REST, t
    s.full = 1.0 if level(y, int(s.vessel)) >= s.level_full - NEARLY else 0.0
    y.network.power[0] -= s.power
    if s.own_rate > 0.0:
        end(y, i)
    return 0.0


@lean
def run(y, i, dt):
    """Count a time of running; returns its energy [J]."""
    s = y.liquefier[i]
    s.ran += dt
    y.out[r.ENERGY] += s.power * dt
    y.out[r.LN2] += s.ln2 * dt
    y.out[r.RUN_TIME] += dt
    return s.power * dt


@lean
def serve_users(y, i, dt, at_work):
    """Users fetch what they have come to need when there is staff, and give gas back over days but for their loss."""
    s = y.users[i]
    s.owed += s.demand * dt
    bag = y.bag[int(s.bag)]
    if at_work and s.owed > 0.0:
        v = int(s.dewar)
        amount = min(s.owed, drawable(y, v))
        amount = move(y, int(y.vessel[v].node), int(s.node), amount)
        draw(y, v, amount)
        move(y, int(s.node), int(bag.pipe), s.flash * amount)
        y.out[r.DELIVERED] += amount
        y.out[r.UNMET] += s.owed - amount
        s.owed = 0.0
    share = 1.0 - math.exp(-dt / s.delay)
    amount = y.mass[int(s.node)] * share
    move(y, int(s.node), int(bag.pipe), s.recovery * amount)
    move(y, int(s.node), r.LOST_BY_USERS, (1.0 - s.recovery) * amount)


@lean
def buy(y, i, t):
    """Liquid is ordered when a dewar runs low, and comes after its time."""
    s = y.purchase[i]
    v = int(s.dewar)
    if s.due == 0.0 and s.below > 0.0 and level(y, v) < s.below:
        s.due = t + s.lead_time
    if s.due > 0.0 and t >= s.due:
        vessel = y.vessel[v]
        room = max(0.95 - level(y, v), 0.0) * vessel.volume * (vessel.rho_l - vessel.rho_v)
        move(y, r.BOUGHT, int(vessel.node), min(s.amount, room))
        s.due = 0.0


@lean
def strike(y, seed, t):
    """Power cuts and failures that are due; each has a stream of its own."""
    for i in range(y.site.shape[0]):
        s = y.site[i]
        if t >= s.cut_next:
            stream = POWER_CUT + i
            s.cuts += 1.0
            s.cut_until = t - s.cut_time * math.log(uniform(seed, stream, int(2.0 * s.cuts) + 1))
            s.cut_next += waiting(seed, stream, int(2.0 * s.cuts), s.power_cuts)
    for i in range(y.compressor.shape[0]):
        fail(y.compressor[i], seed, FAILURE + i, t)
    for i in range(y.liquefier.shape[0]):
        fail(y.liquefier[i], seed, FAILURE + 300 + i, t)
    for i in range(y.purifier.shape[0]):
        fail(y.purifier[i], seed, FAILURE + 600 + i, t)


@lean
def fail(s, seed, stream, t):
    """A machine fails when its time has come, and is repaired after a while."""
    if t >= s.fail_next:
        s.fails += 1.0
        s.failed_until = t - s.repair_time * math.log(uniform(seed, stream, int(2.0 * s.fails) + 1))
        s.fail_next += waiting(seed, stream, int(2.0 * s.fails), s.failures)
