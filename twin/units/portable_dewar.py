"""Portable dewar: carries liquid; heat leak, vent, weighing, filling with flash, delivery, trucks."""

from dataclasses import dataclass

from thermo.jit import kernel
from twin.alarms.declare import Limits
from twin.errors import TwinError, UnknownTag, nearest
from twin.health import OFF_SPEC, Sign
from twin.network import heat, transfer
from twin.unit import Input, Latch, Link, Node, Output, Param, Port, State, Value, action, unit_operation
from twin.vessels import LATENT_HEAT, RHO_LIQUID, check_room, exchange, fill_step, fill_with_flash, vent_through_neck

TEMP_BOIL = 4.2238  # K at 101 325 Pa (CoolProp 8.0.0)


@kernel
def portable_dewar(par, s, node, port, link):
    """Two phases in equilibrium; heat leak from the stated daily loss; vent through neck and check valve."""
    room, he = node[port[2]], node[port[3]]
    area = par.vent_area * s.vent_open
    s.m_flow = vent_through_neck(link[0], he, node[link[0].b], room, area, par.crack, par.UA_neck, s.fill_flow > 0.0)
    s.m_fill = fill_with_flash(link[1], node[link[1].a], he, s.fill_flow, par.flash, par.bought)
    transfer(link[2], par.fill_loss * s.m_fill, he.h_v, 0.0, 0.0, 0.0)
    conductance = par.Q_nominal * s.leak_factor / (room.temp - TEMP_BOIL)
    s.Q_leak = conductance * (room.temp - he.temp)
    heat(he, s.Q_leak + s.pressurise, conductance)
    s.litres = 1000.0 * he.level * par.volume
    s.weight = par.tare + he.mass
    s.d_filled = s.m_fill


@kernel
def dewar_update(par, s, clock):
    """Filling runs down."""
    s.fill_left, s.fill_flow = fill_step(s.fill_left, s.fill_flow, s.m_fill, par.fill_rate, clock.dt)


@unit_operation("portable_dewar", ja="可搬デュワー", kernel=portable_dewar, update=dewar_update, symbol="dewar")
@dataclass(frozen=True, kw_only=True)
class PortableDewar:
    """Transport dewar of 30 to 1 000 L on wheels."""

    supply: str = Port("vessel it is filled from; the ambient stands for bought liquid", default="ambient")
    vent: str = Port("volume that takes its gas", default="ambient")
    ambient: str = Port("room", default="ambient")
    volume: float = Param("m3", "inner volume", default=0.1, range=(1e-3, 10.0))
    level_start: float = Param("1", "liquid share at the start", default=0.1, range=(0.001, 0.97))
    p_start: float = Param("Pa", "pressure at the start", default=1.03e5, range=(5e4, 2.2e5))
    loss_rate: float = Param("1/s", "evaporation, share of the volume per second", default=1.16e-7, range=(0.0, 1e-4))
    vent_area: float = Param("m2", "effective area of the vent", default=20e-6, range=(1e-8, 1e-2))
    crack: float = Param("Pa", "opening pressure of the vent over its outlet", default=500.0, range=(1.0, 1.5e5))
    UA_neck: float = Param("W/K", "heat from neck and hose to the leaving gas", default=3.0, range=(0.0, 1000.0))
    flash: float = Param("1", "share of a filling that turns to vapour", default=0.23, range=(0.0, 0.9))
    fill_rate: float = Param("kg/s", "liquid flow during filling", default=4e-3, range=(1e-6, 1.0))
    fill_loss: float = Param(
        "1", "share of a filling lost to the room: purging the line", default=0.01, range=(0.0, 0.2)
    )
    tare: float = Param("kg", "mass of the empty dewar", default=80.0, range=(1.0, 1e4))

    leak_factor = Input(
        "1", "heat leak over normal (vacuum failing)", start=1.0, range=(0.1, 100.0), by="instructor", ja="侵入熱倍率"
    )
    vent_open = Input("1", "vent open; 0 is closed or blocked", start=1.0, range=(0.0, 1.0), ja="ベント開度")
    pressurise = Input("W", "heater that raises the pressure for a transfer", range=(0.0, 200.0), ja="加圧ヒータ")
    filled = State("kg", "helium taken from the supply since the start", range=(0.0, 1e6), ja="積算充填量")
    fill_left = Latch("kg", "liquid still to come in the present filling", range=(0.0, 1e3), ja="充填残量")
    fill_flow = Latch("kg/s", "liquid flow wanted by the filling", range=(0.0, 1.0), ja="充填流量指令")
    m_flow = Output("kg/s", "gas to the vent", range=(0.0, 1e-2), ja="蒸発ガス流量")
    m_fill = Output("kg/s", "liquid coming in", range=(0.0, 1.0), ja="充填流量")
    Q_leak = Output("W", "heat leak", range=(0.0, 50.0), ja="侵入熱")
    litres = Output("L", "liquid held", range=(0.0, 1000.0), ja="液量")
    weight = Output("kg", "dewar with its helium on the scale", range=(0.0, 2000.0), ja="重量")

    def nodes(self):
        """The helium."""
        return {"helium": Node(self.volume, self.p_start, level=self.level_start, p_range=(0.0, 3e5))}

    def links(self):
        """Vent, filling, what a filling loses."""
        return [Link("helium", "vent"), Link("supply", "helium"), Link("helium", "ambient")]

    def derived(self):
        """Heat leak of the stated loss."""
        return {
            "Q_nominal": self.loss_rate * self.volume * RHO_LIQUID * LATENT_HEAT,
            "bought": float(self.supply == self.ambient),
        }

    def losses(self):
        """Gas of a dewar that is not connected to recovery."""
        return {2: "transfer"} | ({0: "vent"} if self.vent == self.ambient else {})

    @action(ja="液体を充填", takes={"volume": Value("m3", "volume of liquid", "液量")})
    def fill(self, plant, unit, volume):
        """Fill with a volume of liquid from the supply ("60 L"), at the flow of the transfer line."""
        if plant[f"{unit}.fill_left"] > 0.0:
            raise TwinError(f"{unit} is being filled; wait until {unit}.fill_left is zero.")
        plant.image[plant.tags[f"{unit}.fill_left"].address] = check_room(plant, unit, unit, volume, self.flash)
        return volume

    @action(
        ja="指定液位まで充填",
        takes={"level": Value("1", "liquid share of the volume", "液位")},
        gives=Value("m3", "volume of liquid that it takes", "所要液量"),
    )
    def fill_to(self, plant, unit, level=0.95):
        """Fill up to a level (liquid share of the volume); returns the volume of liquid it takes [m3]."""
        volume = (level - float(plant.node(unit).level)) * self.volume / (1.0 - self.flash)
        return self.fill(plant, unit, volume) if volume > 0.0 else 0.0

    @action(
        ja="磁石または他のデュワーへ払出し",
        takes={"to": Value("text", "magnet or dewar", "払出先"), "volume": Value("m3", "volume of liquid", "液量")},
    )
    def deliver(self, plant, unit, to, volume):
        """Refill a magnet ("MAG-1") or fill another dewar from this one with a volume of liquid ("40 L")."""
        if to not in plant.spec.units:
            raise UnknownTag(f'There is no unit "{to}" to deliver to{nearest(to, plant.spec.units) or "."}')
        target = plant.spec.units[to]
        if getattr(target.card, "supply", "").split(".")[0] != unit:
            raise TwinError(f'{unit} cannot deliver to "{to}": give unit.{to} the entry supply = "{unit}".')
        if volume > float(plant.node(unit).level) * self.volume:
            raise TwinError(f"{unit} holds {plant[f'{unit}.litres']:.0f} L; {1e3 * volume:.0f} L cannot be delivered.")
        return plant.do(f"{to}.{'refill' if 'refill' in target.kind.actions else 'fill'}", volume=volume)

    @action(
        ja="トラック輸送による入替え", takes={"other": Value("text", "unit that it changes places with", "交換相手")}
    )
    def exchange(self, plant, unit, other):
        """The truck: this dewar and another of the same size change places, with what they hold."""
        exchange(plant, unit, other)

    @action(ja="秤量", gives=Value("kg", "mass with the dewar", "総質量"))
    def weigh(self, plant, unit):
        """Put the dewar on the scale; returns the mass with the dewar [kg]."""
        return plant[f"{unit}.weight"]

    def health(self):
        """A vacuum that fails."""
        return [
            Sign("leak_factor", OFF_SPEC, 1.5),
        ]

    def alarms(self):
        """Pressure."""
        return [
            Limits(
                "p",
                "pressure of the portable dewar",
                "可搬デュワー圧力",
                high=1.6e5,
                dead_band=2000.0,
                priority="high",
                cause=("vent shut or blocked", "ベント閉または凍結"),
                consequence=("the relief lifts", "安全弁作動"),
                action=("open the vent", "ベント開"),
            )
        ]


EXAMPLE = """
description = "A dewar is filled with bought liquid and refills a magnet."
step = "1 s"
[unit.AMB]
kind = "ambient"
[unit.D-1]
kind = "portable_dewar"
vent = "BAG-1"
volume = "100 L"
level_start = 0.3
[unit.MAG-1]
kind = "nmr_magnet"
vent = "BAG-1"
supply = "D-1"
boil_off = "15 mL/h"
level_start = 0.5
[unit.BAG-1]
kind = "gas_bag"
volume = "8 m3"
[[schedule]]
do = "D-1.fill"
at = "1 min"
with = { volume = "2 L" }
[[schedule]]
do = "D-1.deliver"
at = "5 min"
with = { to = "MAG-1", volume = "1 L" }
"""
