"""Vessels of boiling helium: boil-off under the air's pressure, filling with flash, quench.

A two-phase vessel of constant volume that is warmed and vents vapour obeys

    m = (Q dt - (dU/dp)_M dp) (1 - rho_v / rho_l) / h_lv

(first law with U(p, M); the vapour space grows by what evaporates). It vents while its pressure stands at that of the
air and the crack of its vent; when the barometer rises faster than the heat leak can warm it, it vents nothing.
"""

from __future__ import annotations

import math

from twin.studies.sizing.campaign import records as r
from twin.studies.sizing.campaign.lean import lean
from twin.studies.sizing.campaign.ledger import move

FULL = 0.98
"""Level at which filling ends, as in the twin."""
HEEL = 0.01
"""Level below which nothing can be drawn."""


@lean
def level(y, v):
    """Liquid share of a vessel's volume, with the densities at its pressure: one that was drawn from is colder."""
    s = y.vessel[v]
    over = s.p - s.p_rho
    rho_v = s.rho_v + s.slope_v * over
    return (y.mass[int(s.node)] / s.volume - rho_v) / (s.rho_l + s.slope_l * over - rho_v)


@lean
def drawable(y, v):
    """Liquid that can be drawn [kg]."""
    s = y.vessel[v]
    return max(level(y, v) - HEEL, 0.0) * s.volume * (s.rho_l - s.rho_v)


@lean
def boil(y, v, p_air, factor, dt):
    """Warm a vessel for a time; its gas goes to the pipe of its bag, or is lost. Returns the gas [kg]."""
    s = y.vessel[v]
    filled = level(y, v)
    if filled <= 1e-3:
        if s.kind == r.MAGNET:
            y.out[r.DRY_TIME] += dt
        return 0.0
    heat = s.heat * factor * (1.0 + s.vapour_cooling * (1.0 - s.cooling)) * dt
    stiff = s.volume * (s.stiff_a + s.stiff_b * filled)
    p = min(p_air + s.crack, s.p + heat / stiff)
    share = 1.0 - s.rho_v / s.rho_l
    amount = (heat - stiff * (p - s.p)) * share / s.latent
    s.p = p
    amount = min(max(amount, 0.0), filled * s.volume * s.rho_l * 0.999)
    target = int(y.bag[int(s.bag)].pipe) if s.bag >= 0.0 else r.VENT
    amount = move(y, int(s.node), target, amount)
    if s.vapour_cooling > 0.0 and s.m_nominal > 0.0:
        felt = min(amount / (s.m_nominal * dt), 2.0)
        s.cooling += (felt - s.cooling) * (1.0 - math.exp(-dt / s.shield_time))
    return amount


@lean
def order_fill(y, v, filled, source):
    """Begin filling a vessel up to a level from a source (-1 is bought); the flash comes on top."""
    s = y.vessel[v]
    s.left = max(filled - level(y, v), 0.0) * s.volume * s.rho_l / (1.0 - s.flash)
    s.source = source


@lean
def fill(y, v, dt):
    """Liquid flows in for a step: flash and the vapour it pushes out go to the bag, the purge of the line is lost."""
    s = y.vessel[v]
    share = 1.0 - s.rho_v / s.rho_l
    stays = (1.0 - s.flash) * share
    room = max(FULL - level(y, v), 0.0) * s.volume * (s.rho_l - s.rho_v) / stays
    wanted = min(s.left, s.fill_rate * dt)
    amount = min(wanted, room)
    source = int(s.source)
    if source >= 0:
        amount = min(amount, drawable(y, source))
        amount = move(y, int(y.vessel[source].node), int(s.node), amount)
        draw(y, source, amount)
    else:
        amount = move(y, r.BOUGHT, int(s.node), amount)
    purged = s.fill_loss * amount
    move(y, int(s.node), r.TRANSFER, purged)
    target = int(y.bag[int(s.bag)].node) if s.bag >= 0.0 else r.VENT
    move(y, int(s.node), target, press(y, v, amount * (1.0 - stays) - purged))
    s.left = s.left - amount if amount > 0.999 * wanted else 0.0
    if s.left < 1e-6:
        s.left = 0.0
    if s.kind == r.MAGNET:
        y.out[r.DELIVERED] += amount
        y.out[r.IN_MAGNETS] += (1.0 - s.flash) * amount
        warmed = 2.0 if amount > 0.0 else s.cooling
        s.cooling += (warmed - s.cooling) * (1.0 - math.exp(-dt / s.shield_time))
    else:
        y.out[r.IN_DEWARS] += (1.0 - s.flash) * amount


@lean
def press(y, v, vapour):
    """Vapour [kg] first brings a vessel that is too cold back to the pressure of its vent; returns what is left."""
    s = y.vessel[v]
    stiff = s.volume * (s.stiff_a + s.stiff_b * max(level(y, v), 0.0))
    per_pascal = stiff * (1.0 - s.rho_v / s.rho_l) / s.latent
    lacking = max(y.site[int(s.site)].p + s.crack - s.p, 0.0) * per_pascal
    taken = min(max(vapour, 0.0), lacking)
    s.p += taken / per_pascal
    return vapour - taken


@lean
def draw(y, v, amount):
    """A vessel that liquid was drawn from is colder: vapour must fill the room of the liquid."""
    s = y.vessel[v]
    stiff = s.volume * (s.stiff_a + s.stiff_b * max(level(y, v), 0.0))
    rho_v = max(s.rho_v + s.slope_v * (s.p - s.p_rho), 0.1 * s.rho_v)
    s.p -= amount * s.latent * rho_v / (s.rho_l - rho_v) / stiff
    if s.kind == r.STORAGE:
        y.out[r.DECANTED] += amount


@lean
def quench(y, v):
    """The coil turns normal: its energy boils liquid off through the quench valve, as far as there is liquid."""
    s = y.vessel[v]
    liquid = max(level(y, v), 0.0) * s.volume * (s.rho_l - s.rho_v)
    move(y, int(s.node), r.QUENCH, min(s.quench_mass, liquid))
