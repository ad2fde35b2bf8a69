"""Purifier: LN2-cooled, a condenser and two adsorber beds that take turns; regeneration loses helium."""

from dataclasses import dataclass

from thermo.impurities import p_vap_n2, p_vap_o2
from thermo.jit import kernel
from twin.adsorption import R_HELIUM, catch_in_bed, regenerate
from twin.alarms.declare import Limits, OffNormal
from twin.health import MAINTENANCE_REQUIRED, OFF_SPEC, Sign
from twin.network import R_N2, R_O2, catch, heat, orifice, seep, transfer
from twin.openings import warm_on_the_way
from twin.unit import Input, Link, Node, Output, Param, Port, State, unit_operation
from twin.vessels import CP_HELIUM
from twin.words import words

TEMP_LN2 = 77.355  # K, nitrogen boiling at 101 325 Pa (Span et al. 2000)
LATENT_LN2 = 199.2e3  # J/kg (Span et al. 2000)


@kernel
def bed_flow(par, f, a, b, bed, feed, temp, temp_room):
    """A bed on line: returns flow, where its loading front is, and the share of the air that passes."""
    m_flow = orifice(f, a, b, par.flow_area * feed)
    front, slip = catch_in_bed(f, a, bed, par.bed_mass, par.front_width, temp)
    if m_flow > 0.0:
        warm_on_the_way(f, CP_HELIUM * (temp_room - par.approach - a.temp), -1.0)
    return m_flow, front, slip


@kernel
def bed_rate(par, temp, heater, coolant, temp_bath, temp_room):
    """Rate of a bed's temperature [K/s] and its stiffness [1/s]: heater, nitrogen, and the room."""
    up, down, drift = heater / par.heat_time, coolant / par.cool_time, 1.0 / par.drift_time
    rate = up * (par.temp_hot - temp) + down * (temp_bath - temp) + drift * (temp_room - temp)
    return rate, up + down + drift


@kernel
def purifier(par, s, node, port, link):
    """Feed is cooled against pure gas, air condenses in the sump, the bed on line adsorbs the rest."""
    room, cold = node[port[2]], node[port[3]]
    sump, bed_a, bed_b = node[port[4]], node[port[5]], node[port[6]]
    source = node[link[0].a]

    s.feed_ppm = 1e6 * (source.w_n2 * R_N2 + source.w_o2 * R_O2) / R_HELIUM

    # bath
    goal = TEMP_LN2 + 1.0 if s.ln2 > 0.0 else room.temp
    s.d_temp_bath = (goal - s.temp_bath) / par.cool_time
    s.l_temp_bath = 1.0 / par.cool_time

    # condenser: air above its vapour pressure stays in the sump, water freezes
    s.m_flow = orifice(link[0], source, cold, par.inlet_area)
    if s.m_flow > 0.0:
        warm_on_the_way(link[0], CP_HELIUM * (s.temp_bath - source.temp), -1.0)
    p_he = (source.p - source.p_imp) / R_HELIUM
    n2 = 1.0 - p_vap_n2(s.temp_bath) / max(source.w_n2 * R_N2 * p_he, 1e-3) if s.temp_bath < 120.0 else 0.0
    o2 = 1.0 - p_vap_o2(s.temp_bath) / max(source.w_o2 * R_O2 * p_he, 1e-3) if s.temp_bath < 120.0 else 0.0
    catch(link[0], max(n2, 0.0), max(o2, 0.0), 1.0 if s.temp_bath < 200.0 else 0.0, 0.0)
    heat(cold, par.UA_bath * (s.temp_bath - cold.temp), par.UA_bath)

    # beds
    m_a, s.front_a, s.slip_a = bed_flow(par, link[1], cold, node[link[1].b], bed_a, s.feed_a, s.temp_a, room.temp)
    m_b, s.front_b, s.slip_b = bed_flow(par, link[2], cold, node[link[2].b], bed_b, s.feed_b, s.temp_b, room.temp)
    s.m_pure = m_a + m_b

    # regeneration: the pores' gas is let out when the purge opens
    pore = par.void * cold.rho / 300.0
    pure = node[link[1].b]
    s.m_lost = regenerate(par, link[3], pure, bed_a, s.temp_a, s.purge_a, pore * s.purge_a * s.pressed_a)
    s.m_lost += regenerate(par, link[4], pure, bed_b, s.temp_b, s.purge_b, pore * s.purge_b * s.pressed_b)
    s.d_pressed_a = (1.0 - s.purge_a - s.pressed_a) / 300.0
    s.d_pressed_b = (1.0 - s.purge_b - s.pressed_b) / 300.0
    s.l_pressed_a = s.l_pressed_b = 1.0 / 300.0

    # sump: condensate runs off and takes a little helium along
    drain = (sump.n2 + sump.o2) / 600.0
    seep(link[5], sump.n2 / 600.0, sump.o2 / 600.0, sump.h2o / 86400.0, 0.0)
    drained = par.drain_loss * drain * min(max(cold.p / 1.2e5 - 1.0, 0.0), 1.0)
    transfer(link[5], drained, cold.h, 0.0, 0.0)
    s.m_lost += drained

    # nitrogen: what the recuperator leaves over, cooling beds, the leak
    s.d_temp_a, s.l_temp_a = bed_rate(par, s.temp_a, s.heater_a, s.coolant_a, s.temp_bath, room.temp)
    s.d_temp_b, s.l_temp_b = bed_rate(par, s.temp_b, s.heater_b, s.coolant_b, s.temp_bath, room.temp)
    beds = s.coolant_a * max(s.temp_a - s.temp_bath, 0.0) + s.coolant_b * max(s.temp_b - s.temp_bath, 0.0)
    s.Q_ln2 = s.ln2 * (
        abs(s.m_flow) * CP_HELIUM * par.approach + par.heat_leak + par.bed_mass * par.cp_bed * beds / par.cool_time
    )
    s.d_ln2_used = s.Q_ln2 / LATENT_LN2


@unit_operation("purifier", ja="精製器", kernel=purifier, symbol="purifier")
@dataclass(frozen=True, kw_only=True)
class Purifier:
    """LN2-cooled purifier with a condenser and two charcoal beds."""

    inlet: str = Port("volume of impure gas under pressure")
    outlet: str = Port("volume of pure gas")
    ambient: str = Port("room, takes what regeneration loses", default="ambient")
    flow_area: float = Param("m2", "effective flow area of one bed", range=(0.0, 1e-2))
    inlet_area: float = Param("m2", "effective flow area of inlet and exchanger", range=(0.0, 1e-2))
    bed_mass: float = Param("kg", "charcoal in one bed", default=20.0, range=(0.01, 1e4))
    front_width: float = Param("1", "width of the loading front over the bed", default=0.05, range=(1e-3, 0.5))
    cold_volume: float = Param("m3", "helium in condenser and exchanger", default=0.02, range=(1e-3, 10.0))
    p_start: float = Param("Pa", "pressure at the start", default=1.2e5, range=(2e4, 3e7))
    cooled: bool = Param("1", "cold at the start", default=True)
    void: float = Param("m3", "pores and free space of one bed", default=0.03, range=(0.0, 10.0))
    approach: float = Param("K", "warm-end difference of the exchanger", default=5.0, range=(0.1, 100.0))
    UA_bath: float = Param("W/K", "conductance from the cold helium to the bath", default=50.0, range=(0.1, 1e6))
    heat_leak: float = Param("W", "heat leak of the cold vessel", default=15.0, range=(0.0, 1e4))
    cp_bed: float = Param("J/(kg K)", "specific heat of a bed with its vessel", default=900.0, range=(1.0, 1e4))
    temp_hot: float = Param("K", "temperature that the heater drives a bed to", default=330.0, range=(150.0, 500.0))
    heat_time: float = Param("s", "time constant of heating a bed", default=3600.0, range=(1.0, 1e6))
    cool_time: float = Param("s", "time constant of cooling bed and bath", default=3600.0, range=(1.0, 1e6))
    drift_time: float = Param("s", "time constant of warming up by itself", default=4e5, range=(1.0, 1e8))
    desorb_time: float = Param("s", "time constant of a warm bed giving up its load", default=900.0, range=(1.0, 1e6))
    purge_flow: float = Param("kg/s", "pure helium used as purge", default=5e-5, range=(0.0, 1.0))
    feed_ppm_most: float = Param(
        "1", "air in the feed, parts per million, that it is built for", default=1e5, range=(1.0, 9e5)
    )
    drain_loss: float = Param("1", "helium lost per condensate drained, by mass", default=0.01, range=(0.0, 1.0))

    ln2 = Input(
        "1",
        "liquid nitrogen in the bath",
        start=1.0,
        labels=words("empty 空", "filled 充填"),
        by="instructor",
        ja="液体窒素",
    )
    feed_a = Input("1", "feed valve of bed A", start=1.0, range=(0.0, 1.0), ja="A塔入口弁")
    heater_a = Input("1", "heater of bed A", range=(0.0, 1.0), ja="A塔ヒータ")
    coolant_a = Input("1", "LN2 to bed A", start=1.0, range=(0.0, 1.0), ja="A塔冷却")
    purge_a = Input("1", "purge valve of bed A", range=(0.0, 1.0), ja="A塔パージ弁")
    feed_b = Input("1", "feed valve of bed B", range=(0.0, 1.0), ja="B塔入口弁")
    heater_b = Input("1", "heater of bed B", range=(0.0, 1.0), ja="B塔ヒータ")
    coolant_b = Input("1", "LN2 to bed B", start=1.0, range=(0.0, 1.0), ja="B塔冷却")
    purge_b = Input("1", "purge valve of bed B", range=(0.0, 1.0), ja="B塔パージ弁")
    temp_bath = State(
        "K", "condenser temperature", start="temp_start", range=(60.0, 350.0), stiff=True, ja="凝縮器温度"
    )
    temp_a = State("K", "bed A", start="temp_start", range=(60.0, 500.0), stiff=True, ja="A塔温度")
    temp_b = State("K", "bed B", start="temp_start", range=(60.0, 500.0), stiff=True, ja="B塔温度")
    pressed_a = State("1", "bed A under pressure", start=1.0, range=(0.0, 1.0), stiff=True, ja="A塔加圧状態")
    pressed_b = State("1", "bed B under pressure", start=1.0, range=(0.0, 1.0), stiff=True, ja="B塔加圧状態")
    ln2_used = State("kg", "nitrogen evaporated since the start", range=(0.0, 1e7), ja="液体窒素使用量")
    m_flow = Output("kg/s", "feed", range=(-0.1, 0.1), ja="入口流量")
    feed_ppm = Output("1", "air in the feed, mole parts per million", range=(0.0, 1e6), ja="原料空気混入量")
    m_pure = Output("kg/s", "pure gas", range=(-0.1, 0.1), ja="精製流量")
    m_lost = Output("kg/s", "helium lost by regeneration and draining", range=(0.0, 0.1), ja="再生損失")
    front_a = Output("1", "loading front in bed A, share of its length", range=(0.0, 3.0), ja="A塔吸着率")
    front_b = Output("1", "loading front in bed B, share of its length", range=(0.0, 3.0), ja="B塔吸着率")
    slip_a = Output("1", "share of the air that passes bed A", range=(0.0, 1.0), ja="A塔破過率")
    slip_b = Output("1", "share of the air that passes bed B", range=(0.0, 1.0), ja="B塔破過率")
    Q_ln2 = Output("W", "heat to the nitrogen", range=(0.0, 1e5), ja="液体窒素熱負荷")

    @property
    def temp_start(self):
        """Bath and beds at the start."""
        return TEMP_LN2 + 1.0 if self.cooled else 300.0

    def nodes(self):
        """Cold helium, and what is caught: condensate and the loads of both beds."""
        return {
            "cold": Node(self.cold_volume, self.p_start, self.temp_start, p_range=(0.0, 20e6)),
            "sump": Node(1e-3, 1e5, 77.0, inert=True),
            "bed_a": Node(1e-3, 1e5, 77.0, inert=True),
            "bed_b": Node(1e-3, 1e5, 77.0, inert=True),
        }

    def links(self):
        """Condenser, both beds, both regenerations, drain."""
        return [
            Link("inlet", "cold", trap="sump"),
            Link("cold", "outlet", trap="bed_a"),
            Link("cold", "outlet", trap="bed_b"),
            Link("outlet", "ambient", trap="bed_a"),
            Link("outlet", "ambient", trap="bed_b"),
            Link("cold", "ambient", trap="sump"),
        ]

    def losses(self):
        """Regeneration on purpose, and what runs off with the condensate."""
        return {3: "purge", 4: "purge", 5: "purge"}

    def health(self):
        """Loaded beds; without nitrogen it does not purify."""
        return [
            Sign("slip_a", MAINTENANCE_REQUIRED, 0.1),
            Sign("slip_b", MAINTENANCE_REQUIRED, 0.1),
            Sign("ln2", OFF_SPEC, at_most=0.0),
        ]

    def alarms(self):
        """Nitrogen of the bath, feed beyond what it is built for, and a bed that lets air through."""
        through = [
            Limits(
                f"slip_{bed}",
                f"breakthrough of bed {bed.upper()}",
                f"{bed.upper()}塔破過",
                high=0.01,
                dead_band=0.002,
                on_delay=10.0,
                when=(f"feed_{bed}", 0.01, 1.0),
                priority="high",
                cause=("feed with more air than planned, or too long on line", "原料ガスの空気過多、通気時間超過"),
                consequence=("air freezes in the cold box", "コールドボックス内で空気凍結"),
                action=("change beds", "塔切替"),
            )
            for bed in ("a", "b")
        ]
        return [
            OffNormal(
                "ln2",
                "LN2 of the purifier",
                "精製器液体窒素",
                normal=1.0,
                priority="high",
                cause=("tank empty, valve shut", "貯槽空、弁閉"),
                consequence=("the beds warm up and let air through", "塔昇温、破過"),
                action=("stop the feed, restore LN2", "原料停止、液体窒素復旧"),
            ),
            Limits(
                "feed_ppm",
                "air in the feed of the purifier",
                "精製器原料純度",
                high=self.feed_ppm_most,
                dead_band=0.05 * self.feed_ppm_most,
                on_delay=60.0,
                cause=("a bag or cylinder with much air", "空気を多く含むバッグ・ボンベ"),
                consequence=("the sump fills, the beds are loaded early", "凝縮液増加、吸着塔の早期破過"),
                action=("change the cylinder, lower the feed", "ボンベ切替、原料流量減"),
            ),
            *through,
        ]


EXAMPLE = """
description = "Gas with air is purified; the second bed is regenerated meanwhile."
step = "1 s"
[unit.AMB]
kind = "ambient"
[unit.BANK-1]
kind = "cylinder_bank"
count = 10
p_start = "20 bar"
n2_start = 0.07
o2_start = 0.02
[unit.PUR-1]
kind = "purifier"
inlet = "BANK-1"
outlet = "B-1"
inlet_area = "2 mm2"
flow_area = "1 mm2"
start = { purge_b = 1.0, heater_b = 1.0, coolant_b = 0.0 }
[unit.B-1]
kind = "buffer"
volume = "2 m3"
p_start = "2 bar"
UA = "20 W/K"
"""
