"""NMR magnet: a can of boiling helium under the pressure of the air, its vent, refill and quench."""

import math
from dataclasses import dataclass

from thermo.jit import kernel
from twin.alarms.declare import Limits
from twin.errors import TwinError
from twin.health import FAILURE, OFF_SPEC, Sign
from twin.network import VAPOUR, heat, transfer
from twin.openings import relief
from twin.unit import Input, Latch, Link, Node, Output, Param, Port, State, Value, action, unit_operation
from twin.vessels import LATENT_HEAT, RHO_LIQUID, check_room, fill_step, fill_with_flash, vent_through_neck

RHO_VAPOUR = 16.90  # kg/m3 at 101 325 Pa (CoolProp 8.0.0)
TEMP_BOIL = 4.2238  # K at 101 325 Pa (CoolProp 8.0.0)


@kernel
def nmr_magnet(par, s, node, port, link):
    """Liquid and vapour in equilibrium: heat leak, vent through the neck, refill, quench heat and quench valve.

    The barometric effect needs no term of its own: as the air's pressure rises the bath must warm along the boiling
    line before it boils on. Cold vapour cools the shields: with less vapour the heat leak rises, hours later.
    """
    room, can = node[port[2]], node[port[3]]
    s.m_flow = vent_through_neck(
        link[0],
        can,
        node[link[0].b],
        room,
        par.vent_area * s.vent_open,
        par.crack,
        par.UA_neck,
        s.fill_flow + s.quench_power > 0.0,
    )
    link[1].draw_a = VAPOUR
    s.m_quench = relief(link[1], can, room, par.quench_area, par.p_quench, 1.2 * par.p_quench, 0.0)
    s.m_fill = fill_with_flash(link[2], node[link[2].a], can, s.fill_flow, par.flash, par.bought)
    transfer(link[3], par.fill_loss * s.m_fill, can.h_v, 0.0, 0.0, 0.0)

    # shields follow the vapour that cools them
    s.d_cooling = (min(max(s.m_flow / par.m_nominal, 0.0), 2.0) - s.cooling) / par.shield_time
    s.l_cooling = 1.0 / par.shield_time
    leak = par.Q_nominal * s.leak_factor * (1.0 + par.vapour_cooling * (1.0 - s.cooling))
    conductance = leak / (room.temp - TEMP_BOIL)
    s.Q_leak = conductance * (room.temp - can.temp)
    heat(can, s.Q_leak, conductance)

    # a quench heats the helium only while there is liquid around the coil
    heat(can, s.quench_power * min(can.level / 0.02, 1.0), 0.0)
    s.litres = 1000.0 * can.level * par.volume
    s.d_delivered = s.m_fill


@kernel
def magnet_update(par, s, clock):
    """Refill runs down; quench energy decays exponentially, exactly over the step."""
    s.fill_left, s.fill_flow = fill_step(s.fill_left, s.fill_flow, s.m_fill, par.fill_rate, clock.dt)
    s.quench_power = 0.0
    if s.quench_left > 0.0:
        given = s.quench_left * (1.0 - math.exp(-clock.dt / par.quench_time))
        s.quench_left -= given
        s.quench_power = given / clock.dt
        if s.quench_left < 1.0:
            s.quench_left = 0.0


@unit_operation("nmr_magnet", ja="NMRマグネット", kernel=nmr_magnet, update=magnet_update, symbol="magnet")
@dataclass(frozen=True, kw_only=True)
class NmrMagnet:
    """Superconducting NMR magnet with its helium can."""

    vent: str = Port("volume that takes the boil-off (a bag)")
    supply: str = Port("dewar it is refilled from; the ambient stands for bought liquid", default="ambient")
    ambient: str = Port("room", default="ambient")
    volume: float = Param("m3", "helium can", default=0.1, range=(1e-3, 10.0))
    level_start: float = Param("1", "liquid share of the can at the start", default=0.8, range=(0.02, 0.97))
    boil_off: float = Param("m3/s", "liquid that evaporates in an hour of steady air", range=(0.0, 1e-6))
    vapour_cooling: float = Param("1", "rise of the heat leak when no vapour flows", default=0.3, range=(0.0, 0.9))
    shield_time: float = Param("s", "time constant of the radiation shields", default=43200.0, range=(1.0, 1e7))
    vent_area: float = Param("m2", "effective area of the vent", default=50e-6, range=(1e-8, 1e-2))
    crack: float = Param("Pa", "opening pressure of the vent's check valve", default=100.0, range=(1.0, 2e4))
    UA_neck: float = Param("W/K", "heat from neck and hose to the leaving gas", default=3.0, range=(0.0, 100.0))
    flash: float = Param("1", "share of a refill that turns to vapour", default=0.23, range=(0.0, 0.9))
    fill_rate: float = Param("kg/s", "liquid flow during a refill", default=2.6e-3, range=(1e-6, 1.0))
    fill_loss: float = Param(
        "1", "share of a refill lost to the room: purging the line", default=0.01, range=(0.0, 0.2)
    )
    quench_energy: float = Param("J", "heat that a quench gives to the helium", default=1.5e6, range=(0.0, 1e9))
    quench_time: float = Param("s", "time constant of a quench", default=15.0, range=(0.1, 1e4))
    quench_area: float = Param("m2", "effective area of the quench valve", default=1.5e-3, range=(1e-6, 0.1))
    p_quench: float = Param("Pa", "set pressure of the quench valve over the room", default=2e4, range=(1e3, 2e5))

    leak_factor = Input(
        "1", "heat leak over normal (vacuum failing)", start=1.0, range=(0.1, 100.0), by="instructor", ja="侵入熱倍率"
    )
    vent_open = Input(
        "1", "vent free; 0 is blocked by ice", start=1.0, range=(0.0, 1.0), by="instructor", ja="ベント開度"
    )
    cooling = State(
        "1", "vapour felt by the shields, over normal", 1.0, range=(0.0, 2.0), stiff=True, ja="シールド冷却"
    )
    delivered = State("kg", "helium that left the supply for this magnet", range=(0.0, 1e5), ja="積算充填量")
    fill_left = Latch("kg", "liquid still to come in the present refill", range=(0.0, 1e3), ja="充填残量")
    fill_flow = Latch("kg/s", "liquid flow wanted by the refill", range=(0.0, 1.0), ja="充填流量指令")
    quench_left = Latch("J", "heat still to come from a quench", range=(0.0, 1e9), ja="クエンチ残熱")
    quench_power = Latch("W", "heat from the coil", range=(0.0, 1e8), ja="クエンチ発熱")
    m_flow = Output("kg/s", "gas to the vent", range=(0.0, 1e-2), ja="蒸発ガス流量")
    m_quench = Output("kg/s", "gas through the quench valve", range=(0.0, 10.0), ja="クエンチ放出流量")
    m_fill = Output("kg/s", "liquid coming in", range=(0.0, 1.0), ja="充填流量")
    Q_leak = Output("W", "heat leak", range=(0.0, 10.0), ja="侵入熱")
    litres = Output("L", "liquid in the can", range=(0.0, 1000.0), ja="液量")

    def nodes(self):
        """The can."""
        return {"can": Node(self.volume, 101325.0 + self.crack, level=self.level_start, p_range=(0.0, 5e5))}

    def links(self):
        """Vent, quench valve, refill, what a refill loses."""
        return [Link("can", "vent"), Link("can", "ambient"), Link("supply", "can"), Link("can", "ambient")]

    def derived(self):
        """Heat leak of the stated boil-off (1.40 L/h per watt) and the gas flow that belongs to it."""
        evaporated = self.boil_off * RHO_LIQUID
        return {
            "Q_nominal": evaporated * LATENT_HEAT,
            "m_nominal": max(evaporated * (1.0 - RHO_VAPOUR / RHO_LIQUID), 1e-12),
            "bought": float(self.supply == self.ambient),
        }

    def losses(self):
        """Quench gas goes outside; so does the boil-off of a magnet that is not connected."""
        return {1: "quench", 3: "transfer"} | ({0: "vent"} if self.vent == self.ambient else {})

    @action(ja="ヘリウム充填", takes={"volume": Value("m3", "volume of liquid", "液量")})
    def refill(self, plant, unit, volume):
        """Refill with a volume of liquid from the supply ("40 L"), at the flow of the transfer line."""
        if plant[f"{unit}.fill_left"] > 0.0:
            raise TwinError(f"{unit} is being refilled; wait until {unit}.fill_left is zero.")
        plant.image[plant.tags[f"{unit}.fill_left"].address] = check_room(plant, unit, unit, volume, self.flash)
        return volume

    @action(
        ja="指定液位まで充填",
        takes={"level": Value("1", "liquid share of the can", "液位")},
        gives=Value("m3", "volume of liquid that it takes", "所要液量"),
    )
    def fill_to(self, plant, unit, level=0.9):
        """Refill up to a level (liquid share of the can); returns the volume of liquid it takes [m3]."""
        volume = (level - float(plant.node(unit).level)) * self.volume / (1.0 - self.flash)
        return self.refill(plant, unit, volume) if volume > 0.0 else 0.0

    @action(ja="クエンチ", by="instructor")
    def quench(self, plant, unit):
        """The coil turns normal: its energy boils the helium within a minute."""
        plant.image[plant.tags[f"{unit}.quench_left"].address] = self.quench_energy

    def health(self):
        """A blocked vent; a vacuum that fails."""
        return [
            Sign("vent_open", FAILURE, at_most=0.5),
            Sign("leak_factor", OFF_SPEC, 1.5),
        ]

    def alarms(self):
        """Level, boil-off by day, pressure, quench."""
        flow = self.boil_off * RHO_LIQUID
        return [
            Limits(
                "level",
                "helium level of the magnet",
                "磁石ヘリウム液位",
                low=0.3,
                low_low=0.2,
                dead_band=0.01,
                priority="high",
                cause=("refill late, boil-off high", "充填遅れ、蒸発量増加"),
                consequence=("the magnet quenches", "クエンチ"),
                action=("refill", "ヘリウム充填"),
            ),
            Limits(
                "m_flow",
                "boil-off of the magnet",
                "磁石蒸発量",
                high=3.0 * flow,
                low=0.3 * flow,
                dead_band=0.1 * flow,
                on_delay=3600.0,
                when=("fill_left", -1.0, 0.0),
                cause=(
                    "vacuum going; when low: vent blocked by ice, or the air pressure rises",
                    "真空劣化、低い場合はベント凍結または気圧上昇",
                ),
                consequence=("helium runs out; when low: pressure rises", "液位低下、低い場合は圧力上昇"),
                action=("check the vacuum; when low: free the vent", "真空確認、低い場合はベント解氷"),
            ),
            Limits(
                "p",
                "pressure of the magnet",
                "磁石内圧",
                high=101325.0 + 0.5 * self.p_quench,
                dead_band=500.0,
                priority="high",
                cause=("vent blocked", "ベント閉塞"),
                consequence=("the quench valve opens", "クエンチ弁開"),
                action=("free the vent at once", "直ちにベント解氷"),
            ),
            Limits(
                "quench_power",
                "quench",
                "クエンチ",
                high=1.0,
                priority="critical",
                latched=True,
                confirm=True,
                cause=("level too low, disturbance of the coil", "液位低下、コイル擾乱"),
                consequence=("all helium is lost in a minute; lack of oxygen", "ヘリウム全量放出、酸欠"),
                action=("leave the room", "直ちに退室"),
            ),
        ]


EXAMPLE = """
description = "A magnet boils off into a bag."
step = "1 s"
[unit.AMB]
kind = "ambient"
p_swing = "500 Pa"
[unit.MAG-1]
kind = "nmr_magnet"
vent = "BAG-1"
boil_off = "15.5 mL/h"
volume = "100 L"
[unit.BAG-1]
kind = "gas_bag"
volume = "1 m3"
[[schedule]]
do = "MAG-1.refill"
at = "2 min"
with = { volume = "2 L" }
"""
