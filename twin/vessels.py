"""What magnets, dewars and liquefiers share: gas leaving through a neck, and filling with liquid that flashes."""

from __future__ import annotations

import math
from typing import Any

from thermo.helium import h_liq, h_pT, h_vap
from thermo.jit import kernel
from twin.errors import TwinError, UnknownTag
from twin.network import VAPOUR, transfer
from twin.openings import check, warm_on_the_way

CP_HELIUM = 5193.0
"""Specific heat of helium gas [J/(kg K)]."""

RHO_LIQUID = 124.67
"""Density of liquid helium at 101 325 Pa [kg/m3] (CoolProp 8.0.0): litres in bookkeeping are litres of this."""

LATENT_HEAT = 20.56e3
"""Heat of evaporation at 101 325 Pa [J/kg] (CoolProp 8.0.0)."""

P_BOILING = 2.2e5
"""Highest pressure at which filling with liquid is reckoned [Pa]."""


@kernel
def vent_through_neck(f, a, b, room, flow_area, crack, UA, rising):
    """Vapour leaves a cold vessel past a spring-loaded disc and warms in the neck (one-stream exchanger)."""
    f.draw_a = VAPOUR
    m_flow = check(f, a, b, flow_area, crack, 50.0, rising)
    if m_flow <= 0.0 or a.temp >= room.temp:
        return m_flow
    warmed = room.temp - (room.temp - a.temp) * math.exp(-min(UA / (m_flow * CP_HELIUM), 50.0))
    if warmed > a.temp + 0.1:
        warm_on_the_way(f, max(h_pT(b.p, warmed) - f.h, 0.0))
    return m_flow


@kernel
def fill_with_flash(f, supply, vessel, rate, flash, bought):
    """Liquid from a supply vessel, of which the share `flash` arrives as vapour; returns the flow [kg/s].

    Liquid of the supply that is hotter than the vessel's flashes by itself; the heat of the transfer line makes up the
    rest. A supply that is `bought` is a fixed volume (the ambient) and gives liquid out of nothing. Filling stops when
    the vessel is full or the supply empty.
    """
    p = min(max(vessel.p, 2e4), P_BOILING)
    arrives = (1.0 - flash) * h_liq(p) + flash * h_vap(p)
    share = min(max((0.98 - vessel.level) / 0.02, 0.0), 1.0)
    leaves = h_liq(p)
    if bought == 0.0:
        leaves = supply.h_l
        share *= min(supply.level / 0.01, 1.0)
    f.dh = max(arrives - leaves, 0.0)
    transfer(f, rate * share, leaves, 0.0, 0.0, 0.0)
    return f.m_flow


@kernel
def fill_step(left, commanded, flowing, rate, dt):
    """After a step: what is still to be filled [kg] and the flow of the next step [kg/s]."""
    left = max(left - flowing * dt, 0.0)
    if commanded > 0.0 and flowing < 0.01 * commanded:
        left = 0.0
    return left, min(rate, left / dt)


def check_room(plant: Any, unit: str, node: str, volume: float, flash: float) -> float:
    """Helium [kg] in `volume` [m3] of liquid to be filled in. Raises TwinError if it does not fit."""
    card = plant.spec.units[unit].card
    room = (0.98 - float(plant.node(node).level)) * card.volume
    if volume <= 0.0:
        raise TwinError(f'{unit}: expected a volume of liquid such as "40 L", got {1e3 * volume:g} L.')
    if volume * (1.0 - flash) > room + 1e-9:
        raise TwinError(
            f"{unit} has room for {1e3 * room:.0f} L, {1e3 * max(room, 0.0) / (1.0 - flash):.0f} L with flash; "
            f"{1e3 * volume:.0f} L cannot be filled in."
        )
    return volume * RHO_LIQUID


def exchange(plant: Any, one: str, other: str) -> None:
    """Two equal vessels change places, with what they hold. Raises TwinError if they are not equal."""
    cards = []
    for name in (one, other):
        if name not in plant.spec.units:
            raise UnknownTag(f'There is no unit "{name}" to exchange with.')
        cards.append(plant.spec.units[name].card)
    volumes = [getattr(card, "volume_total", getattr(card, "volume", None)) for card in cards]
    if type(cards[0]) is not type(cards[1]) or volumes[0] != volumes[1] or one == other:
        raise TwinError(f"{one} and {other} are not vessels of the same kind and volume; they cannot change places.")
    a, b = plant.node(one), plant.node(other)
    for name in a.dtype.names:
        if name not in ("q_total", "p_out"):
            a[name], b[name] = float(b[name]), float(a[name])
