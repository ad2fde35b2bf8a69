"""Expansion turbine: nozzle, efficiency over the speed ratio, brake, rotor and trips; ice in nozzle and wheel."""

import math
from dataclasses import dataclass

from thermo.helium import h_ps, s_ph
from thermo.jit import kernel
from twin.alarms.declare import Limits, OffNormal
from twin.frost import freeze
from twin.health import FAILURE, MAINTENANCE_REQUIRED, Sign
from twin.network import orifice_flow, transfer, work
from twin.unit import SPECIES, Input, Latch, Link, Node, Output, Param, Port, State, action, unit_operation
from twin.words import NO_RESET, words

HEALTHY, OVERSPEED, BEARING = 0.0, 1.0, 2.0
STOP_TIME = 0.2  # s, in which a rotor that touches comes to rest

EXAMPLE = """
description = "A turbine between two vessels"
[unit.AIR]
kind = "ambient"
[unit.B-1]
kind = "buffer"
volume = "1 m3"
p_start = "13 bar"
UA = "20 W/K"
[unit.B-2]
kind = "buffer"
volume = "2 m3"
p_start = "1.2 bar"
UA = "20 W/K"
[unit.T-1]
kind = "turbine"
inlet = "B-1"
outlet = "B-2"
nozzle_area = "4 mm2"
diameter = "22 mm"
efficiency = 0.7
power_rated = "3 kW"
"""


@kernel
def turbine(par, s, node, port, link):
    """Radial inflow turbine.

    Flow through the nozzle ring as through a valve of fixed area; efficiency a parabola of the ratio of tip speed to
    spouting velocity, u/c0 (Balje 1981; Barron 1985, chapter 3); brake power grows with the cube of speed. Ice narrows
    the nozzle by its volume and roughens the wheel.
    """
    f = link[0]
    a, b, ice = node[f.a], node[f.b], node[port[3]]
    s.iced = min((ice.n2 + ice.o2 + ice.h2o) / par.ice_full, 0.98)
    efficiency = par.efficiency * (1.0 - par.ice_loss * s.iced)
    dp = max(a.p - b.p, 0.0)
    m_flow, slope, widening = orifice_flow(dp, a.p, a.rho, par.nozzle_area * (1.0 - s.iced))
    if a.p <= b.p:
        # nothing flows back through the nozzle ring, nor would a little more pressure make it flow
        slope = widening = 0.0

    dh_s = 0.0
    if dp > 1.0:
        dh_s = max(a.h - h_ps(b.p, s_ph(a.p, a.h)), 0.0)
    spout = math.sqrt(2.0 * dh_s) + 1.0
    tip = math.pi * par.diameter * s.speed
    ratio = tip / spout / par.ratio_best
    s.efficiency_now = max(efficiency * ratio * (2.0 - ratio), -0.5)
    s.speed_ratio = tip / spout

    power = m_flow * s.efficiency_now * dh_s
    work(f, -s.efficiency_now * dh_s, -s.efficiency_now * dh_s * a.t_h / a.temp)
    g_up = slope + widening + 0.5 * m_flow / a.rho * a.rho_p
    transfer(f, m_flow, a.h, g_up, -slope, 1.0, 0.5 * m_flow / a.rho * a.rho_h)
    s.m_flow, s.power, s.dh_s = m_flow, power, dh_s

    # half of the drop is turned into speed in the nozzle: there the gas is coldest that meets a standing surface
    freeze(f, a, ice, a.temp - 0.5 * dh_s * a.t_h, par.sticking)

    # rotor: torque of the gas against brake wheel and bearings
    rated = 2.0 * math.pi * par.speed_rated
    share = max(s.speed, 0.0) / par.speed_rated
    lift = m_flow * dh_s * efficiency * 0.5 * par.diameter / (spout * par.ratio_best)
    braking = par.power_rated / rated * (par.brake_min + (1.0 - par.brake_min) * s.brake) * (1.0 - s.brake_lost)
    drag = par.drag * par.power_rated / rated
    s.power_brake = braking * share * share * rated * share
    torque = lift * (2.0 - ratio) - braking * share * share - drag * share / (share + 0.01)
    s.d_speed = torque / (2.0 * math.pi * par.inertia)
    slope = lift * ratio / max(share, 0.01) + 2.0 * braking * share + drag * 0.01 / ((share + 0.01) * (share + 0.01))
    s.l_speed = slope / par.speed_rated / (2.0 * math.pi * par.inertia)
    if s.broken > 0.0 or s.p_bearing < par.p_bearing_least:
        s.d_speed, s.l_speed = -s.speed / STOP_TIME, 1.0 / STOP_TIME


@kernel
def protect(par, s):
    """Trips of the machine itself stay until they are reset; a broken wheel until it is repaired."""
    turning = s.speed > 0.02 * par.speed_rated
    if s.reset > 0.5:
        s.tripped = HEALTHY
    if s.speed > par.speed_trip * par.speed_rated:
        s.tripped = OVERSPEED
    if turning and s.p_bearing < par.p_bearing_least:
        s.tripped = BEARING
    if turning and s.iced > par.ice_break:
        s.broken = 1.0


@unit_operation("turbine", ja="膨張タービン", kernel=turbine, update=protect, symbol="turbine")
@dataclass(frozen=True, kw_only=True)
class Turbine:
    """Gas-bearing expansion turbine with brake; frozen impurities break it."""

    inlet: str = Port("volume at the inlet")
    outlet: str = Port("volume at the outlet")
    ambient: str = Port("room, where the ice of a repaired turbine thaws", default="ambient")
    nozzle_area: float = Param("m2", "effective nozzle area", range=(1e-9, 1e-2))
    diameter: float = Param("m", "wheel diameter", range=(1e-3, 0.5))
    efficiency: float = Param("1", "isentropic efficiency at the best speed ratio", range=(0.0, 1.0))
    ratio_best: float = Param("1", "best u/c0", default=0.65, range=(0.3, 1.0))
    speed_rated: float = Param("Hz", "rated speed", default=5000.0, range=(100.0, 20000.0))
    power_rated: float = Param("W", "brake power at rated speed, brake fully open", range=(1.0, 1e6))
    inertia: float = Param("kg m2", "polar moment of inertia of the rotor", default=2e-6)
    brake_min: float = Param("1", "brake power with the brake closed, share of rated", default=0.1, range=(0.0, 1.0))
    drag: float = Param("1", "bearing drag at rated speed, share of rated power", default=0.01, range=(0.0, 1.0))
    speed_trip: float = Param("1", "overspeed trip over rated speed", default=1.15, range=(1.0, 2.0))

    temp_inlet_most: float = Param("K", "inlet temperature that the wheel stands", default=330.0, range=(50.0, 400.0))
    temp_inlet_least: float = Param("K", "inlet temperature without drops behind", default=6.0, range=(2.2, 100.0))
    p_bearing_least: float = Param("Pa", "bearing gas pressure that carries the rotor", default=4e5, range=(0.0, 5e6))
    ice_full: float = Param("kg", "ice that closes nozzle and wheel", default=20e-6, range=(1e-9, 1.0))
    ice_break: float = Param("1", "share of it at which the turning wheel breaks", default=0.5, range=(0.01, 0.97))
    ice_loss: float = Param("1", "loss of efficiency when full of ice, share", default=0.8, range=(0.0, 1.0))
    sticking: float = Param("1", "share of what is frozen that stays in the machine", default=0.05, range=(0.0, 1.0))

    brake = Input("1", "opening of the brake valve", start=1.0, range=(0.0, 1.0), ja="ブレーキ弁開度")
    reset = Input("1", "reset of the trip", labels=NO_RESET, ja="トリップ復帰")
    brake_lost = Input(
        "1", "brake circuit", labels=words("working 正常", "failed 故障"), by="instructor", ja="ブレーキ系統故障"
    )
    p_bearing = Input(
        "Pa", "pressure of the bearing gas", start=6e5, range=(0.0, 2e6), by="instructor", ja="軸受ガス圧力"
    )
    tripped = Latch(
        "1",
        "trip of the machine",
        labels=words("healthy 正常", "overspeed 過速度", "bearing gas 軸受ガス"),
        ja="タービン本体トリップ",
    )
    broken = Latch("1", "wheel", labels=words("whole 健全", "broken 破損"), ja="羽根車破損")
    speed = State("Hz", "rotor speed", range=(0.0, 7000.0), stiff=True, ja="回転数")
    m_flow = Output("kg/s", "mass flow", range=(0.0, 0.1), ja="質量流量")
    power = Output("W", "shaft power from the gas", range=(-5e3, 2e4), ja="軸動力")
    power_brake = Output("W", "brake power", range=(0.0, 2e4), ja="ブレーキ動力")
    efficiency_now = Output("1", "isentropic efficiency", range=(-0.5, 1.0), ja="断熱効率")
    speed_ratio = Output("1", "tip speed over spouting velocity", range=(0.0, 2.0), ja="速度比")
    dh_s = Output("J/kg", "isentropic enthalpy drop", range=(0.0, 5e5), ja="断熱熱落差")
    iced = Output("1", "share of the nozzle that ice has closed", range=(0.0, 1.0), ja="凍結閉塞率")

    def nodes(self):
        """Ice in nozzle and wheel."""
        return {"ice": Node(1e-6, 1e5, 40.0, inert=True)}

    def links(self):
        """The expansion."""
        return [Link("inlet", "outlet", trap="ice")]

    @action(ja="カートリッジ交換")
    def repair(self, plant, unit):
        """Put in a new cartridge; the ice of the old one thaws in the room."""
        ice, room = plant.node(unit), plant.node(self.ambient)
        for species in SPECIES:
            room[species] += ice[species]
            ice[species] = 0.0
        for latch in ("broken", "tripped"):
            plant.image[plant.tags[f"{unit}.{latch}"].address] = 0.0

    def health(self):
        """A broken wheel, a lost brake; ice in the nozzle."""
        return [
            Sign("broken", FAILURE, 1.0),
            Sign("brake_lost", FAILURE, 1.0),
            Sign("iced", MAINTENANCE_REQUIRED, 0.1),
        ]

    def alarms(self):
        """Trips, and what comes before them."""
        return [*self._of_trips(), *self._of_rotor(), *self._of_gas()]

    def _of_trips(self):
        """Trip, broken wheel."""
        return [
            OffNormal(
                "tripped",
                "turbine trip",
                "タービントリップ",
                trip=True,
                priority="critical",
                confirm=True,
                cause=("overspeed, or bearing gas lost", "過速度、軸受ガス喪失"),
                consequence=("cooling is lost", "寒冷喪失"),
                action=("find the cause, reset, start again", "原因確認後リセット、再起動"),
            ),
            OffNormal(
                "broken",
                "turbine wheel broken",
                "タービン羽根車破損",
                trip=True,
                priority="critical",
                latched=True,
                confirm=True,
                cause=("ice or frozen air in the wheel", "羽根車内の氷・固化空気"),
                consequence=("the turbine must be changed", "タービン交換"),
                action=("warm up, change the cartridge, find the impurity", "昇温、カートリッジ交換、不純物調査"),
            ),
        ]

    def _of_rotor(self):
        """Speed, bearing gas."""
        return [
            Limits(
                "speed",
                "turbine speed",
                "タービン回転数",
                high=0.5 * (1.0 + self.speed_trip) * self.speed_rated,
                dead_band=0.01 * self.speed_rated,
                priority="high",
                cause=("brake too far closed, inlet too warm", "ブレーキ弁閉過ぎ、入口温度高"),
                consequence=("overspeed trip", "過速度トリップ"),
                action=("open the brake, throttle the inlet", "ブレーキ弁開、入口弁絞り"),
            ),
            Limits(
                "p_bearing",
                "bearing gas pressure",
                "軸受ガス圧力",
                low=1.1 * self.p_bearing_least,
                dead_band=1e4,
                priority="high",
                cause=("high pressure low, filter blocked", "高圧低下、フィルタ詰まり"),
                consequence=("the rotor touches", "ロータ接触"),
                action=("stop the turbine", "タービン停止"),
            ),
        ]

    def _of_gas(self):
        """Ice, and gas that is too warm for the wheel or so cold that drops form in it."""
        return [
            Limits(
                f"{self.inlet}.temp",
                "turbine inlet temperature",
                "タービン入口温度",
                name="temp_inlet",
                high=self.temp_inlet_most,
                low=self.temp_inlet_least,
                dead_band=0.5,
                on_delay=10.0,
                when=("speed", 0.1 * self.speed_rated, 1e9),
                cause=(
                    "inlet gas warm; when low: too little flow of the warm end",
                    "入口ガス高温、低い場合は高温端流量不足",
                ),
                consequence=(
                    "the wheel loses strength; when low: drops erode it",
                    "羽根車強度低下、低い場合は液滴侵食",
                ),
                action=("throttle the inlet, check the flows of the exchangers", "入口弁絞り、熱交換器流量の確認"),
            ),
            Limits(
                "iced",
                "ice in the turbine",
                "タービン凍結",
                high=0.3 * self.ice_break,
                dead_band=0.02,
                priority="high",
                cause=("air or water in the gas", "ガス中の空気・水分"),
                consequence=("the wheel breaks", "羽根車破損"),
                action=("stop and warm up", "停止し昇温"),
            ),
        ]
