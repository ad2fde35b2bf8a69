"""The loop of a year: ten-minute steps, with boil-off, weather, people and chances once an hour."""

from __future__ import annotations

import math

import numpy as np

from thermo.jit import kernel
from twin.studies.sizing.campaign import records as r
from twin.studies.sizing.campaign.bags import STEPS_AN_HOUR, breathe, compress, content, relieve, swap, take_in
from twin.studies.sizing.campaign.boiling import boil, fill, level, quench
from twin.studies.sizing.campaign.chance import FAILURE, POWER_CUT, QUENCH, WEATHER, normal, waiting
from twin.studies.sizing.campaign.hub import LATENT_LN2, RUNNING, buy, liquefy, purify, serve_users, strike
from twin.studies.sizing.campaign.lean import lean
from twin.studies.sizing.campaign.ledger import R_RATIO, gas
from twin.studies.sizing.campaign.logistics import follow, refill_here, round_trip, start_compressor, visit

STEP, HOUR, DAY = 600.0, 3600.0, 86400.0  # s
MORNING, NOON, ROUND = 9.0, 12.0, 4.0
"""Hour of the truck's start and of the first round, of the last begin of a refill; hours between rounds [h]."""
RHO_1ATM, RHO_V_1ATM, LATENT_1ATM = 124.67, 16.90, 20.56e3
"""At 101 325 Pa, where a boil-off is stated (CoolProp 8.0.0): liquid, vapour [kg/m3], heat of evaporation [J/kg]."""


@lean
def run_year(k, y, seed, hours, trace):
    """Run a member for a number of hours from where it stands; figures go to y.out, a row an hour to `trace`."""
    prepare(k, y, seed)
    start = total(y)
    n = y.network[0]
    event = 0 if n.follow > 0.0 else k.events.shape[0]
    for hour in range(hours):
        t = hour * HOUR
        day, clock = (hour // 24) % 365, float(hour % 24)
        staffed = k.working[day] > 0.0
        at_work = staffed and n.begin <= clock * HOUR < n.end and n.follow == 0.0
        capped = staffed and n.cap_begin <= clock * HOUR < n.cap_end
        weather(k, y, seed, hour)
        strike(y, seed, t)
        boil_and_breathe(k, y, seed, hour)
        if n.follow == 0.0:
            people(k, y, t, clock, at_work, staffed)
        for i in range(y.users.shape[0]):
            serve_users(y, i, HOUR, at_work and clock == MORNING)
        for i in range(y.purchase.shape[0]):
            buy(y, i, t)
        for u in range(y.purifier.shape[0]):
            y.out[r.LN2] += y.purifier[u].heat_leak * HOUR / LATENT_LN2
        event, energy = hour_of_steps(k, y, t, at_work, capped, event)
        y.out[r.POWER_PEAK] = max(y.out[r.POWER_PEAK], energy / HOUR)
        if trace.shape[0] > 0:
            record(k, y, trace, hour)
    close(y, start)


@lean
def hour_of_steps(k, y, t, at_work, capped, event):
    """The gas of an hour; returns the next event and the energy [J].

    The hub takes one step, and a bag six only if its relief, its compressor or a filling has something to do with it.
    Where the plant's own schedule is followed, an hour with events or fillings takes six steps of everything.
    """
    follows = y.network[0].follow > 0.0
    if event < k.events.shape[0] and k.events[event, 0] < t + HOUR - 0.5 * STEP:
        return busy_hour(k, y, t, at_work, capped, event)
    fills = False
    for v in range(y.vessel.shape[0]):
        fills = fills or y.vessel[v].left > 0.0
    if fills and follows:
        return busy_hour(k, y, t, at_work, capped, event)
    energy = 0.0
    for b in range(y.bag.shape[0]):
        energy += bag_hour(k, y, b, t, at_work, fills)
    if fills:
        fill_hour(y, -1, STEPS_AN_HOUR)
    for u in range(y.purifier.shape[0]):
        purify(k, y, u, t, HOUR)
    for i in range(y.liquefier.shape[0]):
        energy += liquefy(y, i, t, HOUR, at_work, capped)
    return event, energy


@lean
def bag_hour(k, y, b, t, at_work, fills):
    """An hour of a bag, in one step if nothing but its gas has to do with it; returns the energy [J]."""
    s = y.bag[b]
    c = int(s.compressor)
    full = s.volume * s.rho
    after = gas(y, int(s.node)) + y.mass[int(s.pipe)]
    quiet = after <= full
    for v in range(y.vessel.shape[0] if fills else 0):
        quiet = quiet and not (y.vessel[v].left > 0.0 and int(y.vessel[v].bag) == b)
    watched = c >= 0 and (at_work or y.compressor[c].attended == 0.0)
    if watched:
        machine = y.compressor[c]
        stored = s.store >= 0.0
        filled = gas(y, int(s.store)) / (s.rho * s.store_volume) if stored else after / full
        quiet = quiet and machine.run == 0.0 and filled < machine.on_at
    if quiet:
        s.rate *= STEPS_AN_HOUR
        take_in(y, b)
        return 0.0
    energy = 0.0
    for n in range(STEPS_AN_HOUR):
        take_in(y, b)
        if fills:
            fill_hour(y, b, 1)
        if watched:
            energy += compress(k, y, c, t + n * STEP, STEP)
        relieve(y, b)
    return energy


@lean
def fill_hour(y, b, steps):
    """Steps of the fillings whose gas goes to a bag; staff stand by, swap bags and start the compressor."""
    for v in range(y.vessel.shape[0]):
        if int(y.vessel[v].bag) != b:
            continue
        for _ in range(steps):
            if y.vessel[v].left > 0.0:
                fill(y, v, STEP)
                swap_and_start(y, b)


@lean
def swap_and_start(y, b):
    """What staff do while something is filled."""
    if b >= 0:
        swap(y, b)
        start_compressor(y, b)


@lean
def busy_hour(k, y, t, at_work, capped, event):
    """Six steps of events, filling, bags, compressors, purifier and liquefiers, all of them in turn."""
    energy = 0.0
    for _ in range(STEPS_AN_HOUR):
        while event < k.events.shape[0] and k.events[event, 0] < t + 0.5 * STEP:
            follow(y, int(k.events[event, 1]), k.events[event, 2], k.events[event, 3])
            event += 1
        for b in range(y.bag.shape[0]):
            take_in(y, b)
        for v in range(y.vessel.shape[0]):
            if y.vessel[v].left > 0.0:
                fill(y, v, STEP)
        for c in range(y.compressor.shape[0]):
            if at_work or y.compressor[c].attended == 0.0:
                energy += compress(k, y, c, t, STEP)
        for b in range(y.bag.shape[0]):
            relieve(y, b)
        for u in range(y.purifier.shape[0]):
            purify(k, y, u, t, STEP)
        for i in range(y.liquefier.shape[0]):
            energy += liquefy(y, i, t, STEP, at_work, capped)
        t += STEP
    return event, energy


@lean
def people(k, y, t, clock, at_work, staffed):
    """Rounds, refills on the spot, trucks."""
    for i in range(y.site.shape[0]):
        if at_work and (clock - MORNING) % ROUND == 0.0:
            round_trip(y, i)
        morning = staffed and clock == MORNING
        if y.site[i].visit_state > 0.0 or (morning and y.site[i].visit_every > 0.0):
            visit(k, y, i, t, morning, at_work)
    for v in range(y.vessel.shape[0]):
        s = y.vessel[v]
        here = s.kind == r.MAGNET and s.remote == 0.0
        if here and (s.job > 0.0 or (at_work and clock <= NOON)):
            refill_here(y, v, t, at_work and clock <= NOON)


@lean
def weather(k, y, seed, hour):
    """Pressure of the air: measured, a wave, or wandering (two first-order lags of white noise)."""
    n = y.network[0]
    if n.stochastic > 0.0 and n.follow == 0.0:
        a, c = 1.0 - math.exp(-HOUR / n.smooth), math.exp(-HOUR / n.memory)
        phi = 1.0 - a
        spread = math.sqrt((1.0 - phi * phi) * (1.0 - phi * c) / (1.0 + phi * c)) / a
        n.fast = c * n.fast + spread * math.sqrt(1.0 - c * c) * normal(seed, WEATHER, hour)
        n.slow += a * (n.fast - n.slow)
    for i in range(y.site.shape[0]):
        s = y.site[i]
        if k.barometer.shape[1] > 0 and not math.isnan(k.barometer[i, hour % k.barometer.shape[1]]):
            s.p = k.barometer[i, hour % k.barometer.shape[1]]
        elif n.stochastic > 0.0 and n.follow == 0.0:
            s.p = s.p_mean + s.p_rms * n.slow
        else:
            s.p = s.p_mean + s.p_swing * math.sin(2.0 * math.pi * (hour + 1.0) * HOUR / s.p_period)


@lean
def boil_and_breathe(k, y, seed, hour):
    """Every vessel's gas of the hour goes to the pipe of its bag; magnets may quench; bags breathe through the wall."""
    for v in range(y.vessel.shape[0]):
        s = y.vessel[v]
        if s.kind == r.STORAGE and kept_cold(y, v):
            continue
        factor = 1.0
        if k.boil_off.shape[1] > 0 and not math.isnan(k.boil_off[v, hour % k.boil_off.shape[1]]):
            factor = k.boil_off[v, hour % k.boil_off.shape[1]]
        boil(y, v, y.site[int(s.site)].p, factor, HOUR)
        if hour * HOUR >= s.quench_next:
            s.quench_count += 1.0
            quench(y, v)
            s.quench_next += waiting(seed, QUENCH + v, int(s.quench_count), s.quenches)
    for b in range(y.bag.shape[0]):
        breathe(y, b, HOUR)


@lean
def kept_cold(y, v):
    """Whether a liquefier is at work on this dewar, so that what boils off is liquefied again."""
    found = False
    for i in range(y.liquefier.shape[0]):
        found = found or (int(y.liquefier[i].vessel) == v and y.liquefier[i].mode == RUNNING)
    return found


@lean
def prepare(k, y, seed):
    """What follows from the member's own parameters: heat leaks, contents, first failures."""
    for i in range(y.site.shape[0]):
        s = y.site[i]
        s.p = s.p_mean
        s.visit_next = s.visit_first
        s.cut_next = waiting(seed, POWER_CUT + i, 0, s.power_cuts)
    for v in range(y.vessel.shape[0]):
        prepare_vessel(y, v, seed)
    for b in range(y.bag.shape[0]):
        s = y.bag[b]
        site = y.site[int(s.site)]
        if site.bags > 0.0 and s.store >= 0.0:
            s.store_volume = max(site.bags * site.bag_volume - s.volume, 1e-3)
        size = (s.volume / s.built) ** (2.0 / 3.0)  # one larger bag
        s.permeability, s.in_air = s.permeability * size, s.in_air * size
        if s.store >= 0.0:
            size = s.store_volume / s.store_built  # more bags of the same size
            s.store_permeability, s.store_in_air = s.store_permeability * size, s.store_in_air * size
        s.rho = (site.p + 0.5 * s.p_full) / site.temp / 2078.2
        y.mass[int(s.node)] = s.start * s.volume * s.rho
        if s.store >= 0.0:
            y.mass[int(s.store)] = s.store_start * s.store_volume * s.rho
    for i in range(y.bank.shape[0]):
        s = y.bank[i]
        s.volume *= s.count
        y.mass[int(s.node)] = content(k, y, i, s.p_start)
        s.least = content(k, y, i, s.p_set if s.p_set > 0.0 else s.p_least)
    for c in range(y.compressor.shape[0]):
        y.compressor[c].fail_next = waiting(seed, FAILURE + c, 0, y.compressor[c].failures)
    for i in range(y.liquefier.shape[0]):
        s = y.liquefier[i]
        s.rate, s.power, s.ln2, s.purge = s.rate * s.scale, s.power * s.scale, s.ln2 * s.scale, s.purge * s.scale
        s.fail_next = waiting(seed, FAILURE + 300 + i, 0, s.failures)
        s.start_stock = content(k, y, int(s.stock), s.stock_start)
        s.least_stock = content(k, y, int(s.stock), s.stock_stop)
        if s.mode == RUNNING:
            y.network.power[0] += s.power
    for i in range(y.purifier.shape[0]):
        y.purifier[i].fail_next = waiting(seed, FAILURE + 600 + i, 0, y.purifier[i].failures)


@lean
def prepare_vessel(y, v, seed):
    """Heat leak of a stated boil-off, daily loss or conductance; content of the starting level."""
    s = y.vessel[v]
    s.heat = (s.boil_off + s.loss_rate * s.volume) * RHO_1ATM * LATENT_1ATM
    if s.UA > 0.0:
        s.heat = s.UA * (y.site[int(s.site)].temp - 4.4)
    s.m_nominal = s.boil_off * RHO_1ATM * (1.0 - RHO_V_1ATM / RHO_1ATM)
    y.mass[int(s.node)] = s.volume * (s.rho_v + s.level_start * (s.rho_l - s.rho_v))
    s.cooling = 1.0
    s.quench_next = waiting(seed, QUENCH + v, 0, s.quenches)
    s.p = s.p_start if s.p_start > 0.0 else y.site[int(s.site)].p + s.crack


@lean
def total(y):
    """Helium in all vessels [kg]."""
    found = 0.0
    for node in range(r.FIRST, y.mass.shape[0]):
        found += y.mass[node]
    return found


@lean
def close(y, start):
    """Close the books: losses by cause, bought, recovery, and the error of the ledger over what was moved."""
    lost, least = 0.0, 0.0
    for cause in range(r.BOUGHT):
        y.out[r.FIRST_LOST + cause] = y.mass[cause]
        lost += y.mass[cause]
    for node in range(r.FIRST, y.mass.shape[0]):
        least = min(least, y.mass[node])
    y.out[r.LOST] = lost
    y.out[r.BOUGHT_KG] = -y.mass[r.BOUGHT]
    scale = max(start, 1.0)
    y.out[r.CLOSURE] = max(abs(total(y) - start + lost + y.mass[r.BOUGHT]), -least) / scale
    y.out[r.RECOVERY] = 1.0 - lost / y.out[r.DELIVERED] if y.out[r.DELIVERED] > 0.0 else np.nan
    y.out[r.AIR_SHARE] /= max(y.out[r.RETURNED], 1e-12)


@lean
def record(k, y, trace, hour):
    """A row of the trace: time, pressures, levels, fillings, masses of the ledger."""
    at = 0
    for i in range(y.site.shape[0]):
        trace[hour, at] = y.site[i].p
        at += 1
    for v in range(y.vessel.shape[0]):
        trace[hour, at] = level(y, v)
        at += 1
    for b in range(y.bag.shape[0]):
        s = y.bag[b]
        trace[hour, at] = (y.mass[int(s.node)] + R_RATIO * y.air[int(s.node)]) / (s.rho * s.volume)
        stored = y.mass[int(s.store)] / (s.rho * s.store_volume) if s.store >= 0.0 else 0.0
        trace[hour, at + 1] = stored
        at += 2
    for i in range(y.liquefier.shape[0]):
        trace[hour, at] = y.liquefier[i].mode
        at += 1
    for node in range(y.mass.shape[0]):
        trace[hour, at] = y.mass[node]
        at += 1
    trace[hour, at] = y.out[r.ENERGY]


@kernel
def run_many(k, y, members, image, rows, where, values, places, seeds, hours, out, nothing):
    """Members one after the other in one memory; each begins as the first image with its own values."""
    for n in range(rows.shape[0]):
        row = rows[n]
        members[:] = image
        y.mass[:] = 0.0
        y.air[:] = 0.0
        y.out[:] = 0.0
        y.moved[:] = 0.0
        for j in range(where.shape[0]):
            members[where[j]] = values[row, places[j]]
        run_year(k, y, seeds[row], hours, nothing)
        out[row] = y.out
