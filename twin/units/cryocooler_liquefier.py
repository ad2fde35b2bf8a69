"""Cryocooler liquefier: a pulse-tube cold head that condenses helium into its own dewar."""

from dataclasses import dataclass

from thermo.jit import kernel
from twin.alarms.declare import Limits
from twin.health import MAINTENANCE_REQUIRED, Sign
from twin.network import catch, heat, seep, transfer
from twin.openings import moving_orifice, regulator_lift, warm_on_the_way
from twin.unit import Input, Link, Node, Output, Param, Port, State, unit_operation
from twin.vessels import LATENT_HEAT, RHO_LIQUID, vent_through_neck
from twin.words import NO_YES, STOP_RUN

TEMP_BOIL = 4.2238  # K at 101 325 Pa (CoolProp 8.0.0)


@kernel
def cryocooler_liquefier(par, s, node, port, link):
    """Feed is held to the dewar's set pressure; the cold head condenses what it can, more at higher temperature.

    Impurities freeze on the cold head and take capacity until it is defrosted. Below p_low a heater keeps the dewar
    from falling under the pressure of the air.
    """
    feed, room, he, ice = link[0], node[port[2]], node[port[3]], node[port[4]]
    source = node[feed.a]
    warming = 1.0 if s.defrost > 0.0 else 0.0
    ready = min(max((s.cold - 0.8) / 0.15, 0.0), 1.0)

    # feed: regulator to the set pressure, shut when full; cooled to saturated vapour along the cold head
    room_left = min(max((par.level_full - he.level) / 0.02, 0.0), 1.0)
    lift, slope = regulator_lift(he.p, s.p_set, par.droop)
    area = par.feed_area * room_left * ready
    s.m_flow = 0.0
    if source.p > he.p:
        s.m_flow = moving_orifice(feed, source, he, area * lift, 0.0, area * slope)
        warm_on_the_way(feed, min(he.h_v - feed.h, 0.0), -1.0)
        catch(feed, 1.0, 1.0, 1.0, 1.0)

    # cold head
    s.fouling = min((ice.n2 + ice.o2 + ice.h2o + ice.h2) / par.ice_capacity, 1.0)
    head = par.Q_nominal * s.cold * (1.0 - s.fouling) * (1.0 - warming)
    throttle = min(max((he.p - par.p_low) / 2000.0, 0.0), 1.0)
    stronger = max(1.0 + par.slope * (he.temp - TEMP_BOIL), 0.0)
    s.Q_cold = head * throttle * stronger
    slope = head * throttle * par.slope
    if 0.0 < throttle < 1.0 and he.t_p > 0.0:
        slope += head * stronger / 2000.0 / he.t_p
    conductance = par.Q_leak / (room.temp - TEMP_BOIL)
    heat(he, conductance * (room.temp - he.temp) - s.Q_cold, conductance + slope)
    s.d_cold = ((s.run if warming == 0.0 else 0.0) - s.cold) / par.cool_time
    s.l_cold = 1.0 / par.cool_time

    # vent, defrosting
    s.m_vent = vent_through_neck(link[1], he, node[link[1].b], room, par.vent_area, par.p_vent, 3.0, False)
    purge = par.purge_flow * warming * min(max(source.p / 1.2e5 - 1.0, 0.0), 1.0)
    transfer(link[2], purge, source.h, 0.0, 0.0)
    thaw = warming * (1.0 - ready) / par.thaw_time
    seep(link[2], ice.n2 * thaw, ice.o2 * thaw, ice.h2o * thaw, ice.h2 * thaw)

    s.power = par.power_rated * s.run * (1.0 - warming)
    s.d_energy = s.power
    s.d_liquid_made = s.m_flow
    s.litres = 1000.0 * he.level * par.volume
    s.rate = s.m_flow / RHO_LIQUID * 1000.0 * 86400.0


@unit_operation("cryocooler_liquefier", ja="冷凍機式液化機", kernel=cryocooler_liquefier, symbol="liquefier")
@dataclass(frozen=True, kw_only=True)
class CryocoolerLiquefier:
    """Small liquefier: pulse-tube cold head, compressor and dewar in one."""

    feed: str = Port("volume of pure gas")
    vent: str = Port("volume that takes gas from the dewar's relief", default="ambient")
    ambient: str = Port("room", default="ambient")
    volume: float = Param("m3", "its dewar", default=0.16, range=(1e-3, 10.0))
    level_start: float = Param("1", "liquid share of the dewar at the start", default=0.2, range=(0.005, 0.95))
    level_full: float = Param("1", "level at which the feed closes", default=0.95, range=(0.1, 0.97))
    rate_nominal: float = Param("kg/s", "liquefaction at 1 atm in the dewar, heat leak covered", range=(0.0, 1e-2))
    slope: float = Param("1/K", "gain of cooling power per kelvin of the cold head", default=0.6, range=(0.0, 5.0))
    loss_rate: float = Param("1/s", "evaporation with the cold head off, per volume", default=1e-7, range=(0.0, 1e-4))
    p_start: float = Param("Pa", "set pressure of the dewar, absolute", default=1.15e5, range=(1e5, 2.2e5))
    droop: float = Param("Pa", "fall of pressure to full feed", default=3000.0, range=(10.0, 1e5))
    p_low: float = Param("Pa", "below this a heater throttles the cold head", default=1.03e5, range=(5e4, 2e5))
    feed_area: float = Param("m2", "effective area of the feed valve", default=1e-6, range=(1e-10, 1e-3))
    vent_area: float = Param("m2", "effective area of the relief", default=20e-6, range=(1e-8, 1e-2))
    p_vent: float = Param("Pa", "relief over the vent's pressure", default=3e4, range=(1e3, 2e5))
    power_rated: float = Param("W", "electric power of its helium compressor", default=9e3, range=(0.0, 1e6))
    cool_time: float = Param("s", "time constant of cooling down and warming up", default=7200.0, range=(1.0, 1e6))
    ice_capacity: float = Param("kg", "frozen impurity that stops the cold head", default=0.05, range=(1e-9, 10.0))
    thaw_time: float = Param("s", "time constant of defrosting", default=1800.0, range=(1.0, 1e6))
    purge_flow: float = Param("kg/s", "helium lost while defrosting", default=1e-5, range=(0.0, 0.1))

    run = Input("1", "cold head", start=1.0, labels=STOP_RUN, ja="冷凍機運転")
    defrost = Input("1", "warm the cold head and purge it", labels=NO_YES, ja="除霜")
    p_set = Input("Pa", "set pressure of the dewar", start="p_start", range=(1e5, 2.2e5), ja="デュワー圧設定")
    cold = State("1", "how cold the cold head is", start="run", range=(0.0, 1.0), stiff=True, ja="冷却度")
    energy = State("J", "electric energy since the start", range=(0.0, 1e13), ja="積算電力量")
    liquid_made = State("kg", "helium liquefied since the start", range=(0.0, 1e6), ja="積算液化量")
    m_flow = Output("kg/s", "feed", range=(0.0, 1e-3), ja="供給流量")
    m_vent = Output("kg/s", "gas through the relief", range=(0.0, 1e-2), ja="逃し流量")
    rate = Output("L/d", "liquefaction in litres a day", range=(0.0, 100.0), ja="液化速度")
    Q_cold = Output("W", "heat that the cold head takes at 4 K", range=(0.0, 100.0), ja="冷凍能力")
    fouling = Output("1", "cold head blocked by frozen impurity", range=(0.0, 1.0), ja="閉塞率")
    power = Output("W", "electric power", range=(0.0, 5e4), ja="消費電力")
    litres = Output("L", "liquid in the dewar", range=(0.0, 2000.0), ja="液量")

    def nodes(self):
        """The dewar, and the ice on the cold head."""
        return {
            "dewar": Node(self.volume, self.p_start - 0.5 * self.droop, level=self.level_start, p_range=(0.0, 3e5)),
            "ice": Node(1e-3, 1e5, 77.0, inert=True),
        }

    def links(self):
        """Feed, relief, purge of the defrosting."""
        return [Link("feed", "dewar", trap="ice"), Link("dewar", "vent"), Link("feed", "ambient", trap="ice")]

    def derived(self):
        """Heat leak of the dewar and cooling power at 1 atm."""
        leak = self.loss_rate * self.volume * RHO_LIQUID * LATENT_HEAT
        return {"Q_leak": leak, "Q_nominal": self.rate_nominal * LATENT_HEAT + leak}

    def losses(self):
        """Purge; the relief when it leads outside."""
        return {2: "purge"} | ({1: "vent"} if self.vent == self.ambient else {})

    def health(self):
        """A cold head that frozen impurity blocks."""
        return [
            Sign("fouling", MAINTENANCE_REQUIRED, 0.3),
        ]

    def alarms(self):
        """Level, pressure, a cold head that is blocked."""
        return [
            Limits(
                "dewar.level",
                "liquid level of the liquefier",
                "液化機液位",
                high=self.level_full + 0.01,
                low=0.05,
                dead_band=0.01,
                cause=("feed not closed; when low: nothing is made", "原料弁閉不良、低い場合は液化停止"),
                consequence=("liquid in the vent; when low: the dewar warms", "放出管への液流出、低い場合は昇温"),
                action=("decant; when low: check the cold head", "払出し、低い場合は冷凍機確認"),
            ),
            Limits(
                "fouling",
                "cold head fouled",
                "冷凍機閉塞",
                high=0.3,
                dead_band=0.02,
                cause=("air or water in the feed", "原料中の空気・水分"),
                consequence=("less liquid", "液化量低下"),
                action=("defrost", "除霜"),
            ),
        ]


EXAMPLE = """
description = "A cold head liquefies from a bank."
step = "1 s"
[unit.AMB]
kind = "ambient"
[unit.BANK-1]
kind = "cylinder_bank"
p_start = "20 bar"
count = 10
[unit.LIQ-1]
kind = "cryocooler_liquefier"
feed = "BANK-1"
rate_nominal = "22 LLHe/d"
"""
