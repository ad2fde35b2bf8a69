"""Bags, their swap and relief, air that comes in through the wall, and compression into cylinders."""

from __future__ import annotations

from twin.studies.sizing.campaign import records as r
from twin.studies.sizing.campaign.lean import lean
from twin.studies.sizing.campaign.ledger import gas, move

SLACK = 0.05
"""Filling of a bag that is flat, as in the twin."""
STEPS_AN_HOUR = 6
DENSITY = 1.0 / 2078.2
"""Density of helium over p/T at the pressure of the air, 293 K [kg K/J] (CoolProp 8.0.0: B = 11.8 cm3/mol)."""


@lean
def breathe(y, b, dt):
    """Once an hour: the gas that is coming, permeation both ways, density of the gas at the pressure of the air."""
    s = y.bag[b]
    s.rate = y.mass[int(s.pipe)] / STEPS_AN_HOUR
    site = y.site[int(s.site)]
    s.rho = DENSITY * (site.p + 0.5 * s.p_full) / site.temp
    move(y, int(s.node), r.PERMEATION, s.permeability * site.p * dt)
    y.air[int(s.node)] += s.in_air * site.p * dt
    if s.store >= 0.0:
        move(y, int(s.store), r.PERMEATION, s.store_permeability * site.p * dt)
        y.air[int(s.store)] += s.store_in_air * site.p * dt


@lean
def take_in(y, b):
    """The gas of a step."""
    s = y.bag[b]
    move(y, int(s.pipe), int(s.node), s.rate)


@lean
def relieve(y, b):
    """What is over the full volume leaves by the relief."""
    s = y.bag[b]
    over = gas(y, int(s.node)) - s.volume * s.rho
    if over > 0.0:
        move(y, int(s.node), r.RELIEF, over)
    if s.store >= 0.0:
        over = gas(y, int(s.store)) - s.store_volume * s.rho
        if over > 0.0:
            move(y, int(s.store), r.RELIEF, over)


@lean
def filling(y, b, store):
    """Volume over the full volume, of the connected bags or of those in store."""
    s = y.bag[b]
    if store and s.store >= 0.0:
        return gas(y, int(s.store)) / (s.rho * s.store_volume)
    return gas(y, int(s.node)) / (s.rho * s.volume)


@lean
def swap(y, b):
    """Full bags are carried to the store as far as it has room, flat ones come back; returns whether any was."""
    s = y.bag[b]
    if s.store < 0.0:
        return False
    room = s.store_volume * s.rho - gas(y, int(s.store))
    carried = min(gas(y, int(s.node)) - SLACK * s.volume * s.rho, room)
    if carried <= 0.0:
        return False
    y.out[r.SWAPS] += 1.0
    return move(y, int(s.node), int(s.store), carried) > 0.0


@lean
def pressure(k, y, i):
    """Pressure in a bank of cylinders [Pa]."""
    s = y.bank[i]
    place = min(gas(y, int(s.node)) / s.volume / k.rho_step, k.gas.shape[0] - 1.001)
    j = int(place)
    return (k.gas[j] + (place - j) * (k.gas[j + 1] - k.gas[j])) * s.temp / 293.0


@lean
def content(k, y, i, p):
    """Helium in a bank at a pressure [kg]; the inverse of `pressure`."""
    s = y.bank[i]
    at = p * 293.0 / s.temp
    low, high = 0, k.gas.shape[0] - 1
    while high - low > 1:
        middle = (low + high) // 2
        if k.gas[middle] > at:
            high = middle
        else:
            low = middle
    return (low + (at - k.gas[low]) / (k.gas[high] - k.gas[low])) * k.rho_step * s.volume


@lean
def compress(k, y, c, t, dt):
    """The recovery compressor: on and off by the filling of its bag; volumetric flow and work from its card."""
    s = y.compressor[c]
    b = int(s.bag)
    bag = y.bag[b]
    stored = bag.store >= 0.0
    filled = filling(y, b, True)
    if filled >= s.on_at and s.run == 0.0:
        s.run = 1.0
    if filled <= s.off_at:
        s.run = 0.0
    site = y.site[int(s.site)]
    if s.run == 0.0 or t < s.failed_until or t < site.cut_until:
        return 0.0
    p = pressure(k, y, int(s.bank))
    if p >= s.p_stop:
        return 0.0
    place = min(p / k.p_step, k.work.shape[1] - 1.001)
    j = int(place)
    part = place - j
    fill = k.work[c, j, 0] + part * (k.work[c, j + 1, 0] - k.work[c, j, 0])
    work = k.work[c, j, 1] + part * (k.work[c, j + 1, 1] - k.work[c, j, 1])
    able = s.displacement * fill * bag.rho * dt
    volume = bag.store_volume if stored else bag.volume
    node = int(bag.store) if stored else int(bag.node)
    amount = min(able, gas(y, node) - s.off_at * volume * bag.rho)
    amount = move(y, node, int(y.bank[int(s.bank)].node), amount)
    ran = dt * amount / able if able > 0.0 else 0.0
    if amount < able:
        s.run = 0.0
    energy = amount * work + s.power_idle * ran
    s.run_time += ran
    y.out[r.ENERGY] += energy
    return energy
