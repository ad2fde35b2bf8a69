"""Oil-flooded screw compressor of the cycle: displacement, slide, oil and cooling water, power."""

import math
from dataclasses import dataclass

from thermo.helium import h_pT
from thermo.jit import kernel
from twin.alarms.declare import REMOTE, RUNNING, Discrepancy, Limits, OffNormal
from twin.health import CHECK_FUNCTION, OFF_SPEC, Sign
from twin.network import R_N2, R_O2, transfer, work
from twin.unit import Input, Latch, Link, Output, Param, Port, State, unit_operation
from twin.words import REMOTE_LOCAL, STOP_RUN, words

R_HELIUM = 2077.2  # J/(kg K)
TEMP_WATER = 293.0  # K, cooling water of the design

EXAMPLE = """
description = "A compressor and its bypass"
[unit.AIR]
kind = "ambient"
[unit.B-1]
kind = "buffer"
volume = "1 m3"
p_start = "1.1 bar"
UA = "20 W/K"
[unit.B-2]
kind = "buffer"
volume = "2 m3"
p_start = "8 bar"
UA = "20 W/K"
[unit.C-1]
kind = "screw_compressor"
suction = "B-1"
discharge = "B-2"
displacement = "0.05 m3/s"
power_rated = "30 kW"
start = {run = 1}
[unit.CV-1]
kind = "control_valve"
inlet = "B-2"
outlet = "B-1"
flow_area = "6 mm2"
start = {opening = 1.0}
"""


@kernel
def cooler_share(flow, ntu):
    """Conductance of a cooler over that of the design, with `flow` = w times the water: w (1 - exp(-N/w)) over the same
    at w = 1. A water stream against a side of constant temperature (Kays and London 1984).
    """
    if flow <= 1e-6:
        return 1e-6
    return flow * math.expm1(-ntu / flow) / math.expm1(-ntu)


@kernel
def screw_compressor(par, s, node, link):
    """Displaced volume times suction density; isothermal work over isothermal efficiency; gas leaves near the water.

    Volumetric efficiency falls linearly with the pressure ratio (Hall leakage in oil-flooded screws: Stosic et al.
    2005). The oil takes all heat that the gas does not carry; its temperature lags behind. The gas is compressed at the
    temperature of the oil injected, which follows the water: isothermal work R T ln(p2/p1) grows with T.
    """
    f = link[0]
    a, b = node[f.a], node[f.b]
    pressure_ratio = max(b.p / a.p, 1.0)
    fill = max(par.volumetric - par.leakage * (pressure_ratio - 1.0), 0.0)
    displaced = par.displacement * s.speed * (par.slide_min + (1.0 - par.slide_min) * s.slide)
    m_flow = displaced * fill * a.rho

    # no flow from an empty suction side, none beyond the relief pressure
    low = min(max((a.p - 0.3e5) / 0.3e5, 0.0), 1.0)
    high = min(max((par.p_relief - b.p) / (0.05 * par.p_relief), 0.0), 1.0)
    m_flow *= low * high

    cooler = cooler_share(s.water_flow, par.water_ntu)
    cooled = s.temp_water + min(par.approach / cooler, max(s.temp_oil - s.temp_water, par.approach))
    temp_out = cooled + 0.3 * max(s.temp_oil - cooled, 0.0)
    warmer = cooled - (TEMP_WATER + par.approach)
    w_isothermal = R_HELIUM * (a.temp + warmer) * math.log(pressure_ratio)
    dh = 0.0
    if s.speed > 0.001:
        dh = h_pT(b.p, temp_out) - a.h
    work(f, dh, -1.0 if s.speed > 0.001 else 0.0)
    g_down = -displaced * par.leakage / a.p * a.rho * low * high
    transfer(f, m_flow, a.h, m_flow / a.p, g_down, 1.0, m_flow / a.rho * a.rho_h)

    s.m_flow = m_flow
    s.power = (m_flow * w_isothermal / par.efficiency_isothermal + par.idle_share * par.power_rated * s.speed) * (
        1.0 if s.speed > 0.001 else 0.0
    )
    s.temp_discharge = temp_out
    s.air_ppm = 1e6 * (a.w_n2 * R_N2 + a.w_o2 * R_O2) / R_HELIUM

    # oil: heated by the losses, cooled by the water
    UA_oil = par.UA_oil * cooler
    cooling = UA_oil * (s.temp_oil - s.temp_water)
    s.Q_water = cooling
    s.d_temp_oil = (s.power - m_flow * dh - cooling) / par.oil_capacity
    s.l_temp_oil = UA_oil / par.oil_capacity
    s.d_speed = ((ordered(s) if s.trip == 0.0 else 0.0) - s.speed) / par.start_time
    s.l_speed = 1.0 / par.start_time
    s.d_slide = (s.slide_set - s.slide) / par.slide_time
    s.l_slide = 1.0 / par.slide_time
    s.d_energy = s.power


@kernel
def ordered(s):
    """What it obeys: the control system or, operated locally, its own panel."""
    return s.local_run if s.place > 0.5 else s.run


@kernel
def protect(par, s):
    """The thermostat in the oil stops the motor; a stop command resets it when the oil has cooled."""
    if s.place < 0.5:
        s.local_run = s.run  # follows, so that nothing jumps
    if s.temp_oil > par.temp_oil_trip:
        s.trip = 1.0
    elif ordered(s) == 0.0 and s.temp_oil < par.temp_oil_trip - 10.0:
        s.trip = 0.0


@unit_operation("screw_compressor", ja="スクリュー圧縮機", kernel=screw_compressor, update=protect, symbol="compressor")
@dataclass(frozen=True, kw_only=True)
class ScrewCompressor:
    """Cycle screw compressor with oil system, after-cooler and slide."""

    suction: str = Port("volume at the suction")
    discharge: str = Port("volume at the discharge")
    displacement: float = Param("m3/s", "swept volume per second at full speed and slide")
    efficiency_isothermal: float = Param("1", "isothermal efficiency", default=0.52, range=(0.1, 1.0))
    volumetric: float = Param("1", "volumetric efficiency at pressure ratio 1", default=0.95, range=(0.1, 1.0))
    leakage: float = Param("1", "loss of volumetric efficiency per unit of pressure ratio", default=0.008)
    power_rated: float = Param("W", "rated power")
    idle_share: float = Param("1", "mechanical loss, share of rated power", default=0.05)
    p_relief: float = Param("Pa", "internal relief pressure", default=16e5)
    approach: float = Param("K", "gas outlet over cooling water", default=8.0)
    UA_oil: float = Param("W/K", "oil cooler", default=5000.0)
    water_ntu: float = Param("1", "transfer units of the coolers on the water side", default=1.0, range=(0.05, 20.0))
    temp_oil_trip: float = Param("K", "oil temperature at which it trips", default=373.0, range=(300.0, 450.0))
    oil_capacity: float = Param("J/K", "heat capacity of oil and casing", default=5e5)
    start_time: float = Param("s", "time constant of the start", default=5.0)
    slide_min: float = Param("1", "flow at the unloaded slide, share of full", default=0.3, range=(0.0, 1.0))
    slide_time: float = Param("s", "time constant of the slide", default=10.0)
    air_ppm_most: float = Param("1", "air in the gas, parts per million, that it may have", 20.0, range=(0.1, 1e4))

    run = Input("1", "motor", labels=STOP_RUN, ja="運転指令")
    place = Input("1", "where it is operated", labels=REMOTE_LOCAL, ja="操作場所")
    local_run = Input(
        "1", "motor, at its own panel; follows in remote", start="run", labels=STOP_RUN, ja="現場運転操作"
    )
    slide_set = Input("1", "slide set point", start=1.0, range=(0.0, 1.0), ja="スライド弁指令")
    temp_water = Input(
        "K", "cooling-water temperature", start=TEMP_WATER, range=(273.0, 320.0), by="instructor", ja="冷却水温度"
    )
    water_flow = Input(
        "1",
        "cooling-water flow over that of the design",
        start=1.0,
        range=(0.0, 2.0),
        by="instructor",
        ja="冷却水流量比",
    )
    trip = Latch("1", "what stopped it", labels=words("none なし", "oil_temperature 油温高"), ja="トリップ")
    speed = State("1", "speed over rated", start="run", range=(0.0, 1.0), stiff=True, ja="回転比")
    slide = State("1", "slide position", start="slide_set", range=(0.0, 1.0), stiff=True, ja="スライド弁位置")
    temp_oil = State("K", "oil temperature", start="temp_water", range=(273.0, 400.0), stiff=True, ja="油温")
    energy = State("J", "electric energy since the start", range=(0.0, 1e13), ja="積算電力量")
    m_flow = Output("kg/s", "mass flow", range=(0.0, 0.2), ja="質量流量")
    power = Output("W", "electric power", range=(0.0, 5e5), ja="消費電力")
    temp_discharge = Output("K", "gas after the cooler", range=(273.0, 400.0), ja="吐出ガス温度")
    air_ppm = Output("1", "air in the gas, mole parts per million", range=(0.0, 1e3), ja="空気混入量")
    Q_water = Output("W", "heat to the cooling water", range=(0.0, 5e5), ja="冷却水熱量")

    def links(self):
        """Compression and after-cooling."""
        return [Link("suction", "discharge")]

    def health(self):
        """Operated at its panel; outside what it may do."""
        return [
            Sign("place", CHECK_FUNCTION, 1.0),
            Sign("trip", OFF_SPEC, 1.0),
        ]

    def alarms(self):
        """The machine itself, what cools it, and the gas that it pumps."""
        return [*self._of_machine(), *self._of_cooling(), *self._of_gas()]

    def _of_machine(self):
        """Trip, and a start that is not obeyed."""
        return [
            OffNormal(
                "trip",
                "cycle compressor trip",
                "サイクル圧縮機トリップ",
                trip=True,
                priority="critical",
                confirm=True,
                cause=("oil too hot", "油温高"),
                consequence=("the liquefier stops", "液化機停止"),
                action=("restore cooling, then stop and start it", "冷却復旧後、停止操作して再起動"),
            ),
            Discrepancy(
                "speed",
                "cycle compressor does not follow its order",
                "サイクル圧縮機指令不一致",
                order="run",
                when=REMOTE,
                on_delay=10.0 * self.start_time,
                cause=("tripped, or no power", "トリップまたは停電"),
                consequence=("the liquefier stops", "液化機停止"),
                action=("look at the trip", "トリップ表示の確認"),
            ),
        ]

    def _of_cooling(self):
        """Oil and cooling water."""
        return [
            Limits(
                "temp_oil",
                "oil temperature",
                "油温",
                high=self.temp_oil_trip - 8.0,
                dead_band=2.0,
                on_delay=10.0,
                priority="high",
                cause=("cooling water warm or short", "冷却水温度高または流量不足"),
                consequence=("the compressor trips", "圧縮機トリップ"),
                action=("raise the cooling water, lower the slide", "冷却水増、スライド弁を下げる"),
            ),
            Limits(
                "water_flow",
                "cooling-water flow",
                "冷却水流量",
                low=0.6,
                low_low=0.3,
                dead_band=0.02,
                on_delay=5.0,
                when=RUNNING,
                cause=("pump stopped, filter blocked", "ポンプ停止、フィルタ詰まり"),
                consequence=("oil and gas get hot", "油温・ガス温度上昇"),
                action=("start the other pump", "予備ポンプ起動"),
            ),
        ]

    def _of_gas(self):
        """Suction, discharge, and air in the helium of the cycle."""
        return [
            Limits(
                f"{self.suction}.p",
                "suction pressure of the cycle",
                "サイクル吸込圧力",
                name="p_suction",
                high=1.6e5,
                low=0.98e5,
                dead_band=2000.0,
                on_delay=10.0,
                when=RUNNING,
                priority="high",
                cause=("gas management out of balance", "ガス管理の不均衡"),
                consequence=("air is drawn in below the pressure of the room", "大気圧以下で空気吸入"),
                action=("check load, unload and bypass valves", "ロード・アンロード・バイパス弁の確認"),
            ),
            Limits(
                f"{self.discharge}.p",
                "discharge pressure of the cycle",
                "サイクル吐出圧力",
                name="p_discharge",
                high=0.97 * self.p_relief,
                dead_band=2e4,
                priority="high",
                cause=("consumers shut, gas management in manual", "負荷側弁閉、ガス管理手動"),
                consequence=("the relief lifts", "安全弁作動"),
                action=("open the bypass", "バイパス弁開"),
            ),
            Limits(
                "air_ppm",
                "purity of the cycle gas",
                "サイクルガス純度",
                high=self.air_ppm_most,
                dead_band=0.1 * self.air_ppm_most,
                on_delay=60.0,
                priority="high",
                cause=("purifier passed by or broken through, air drawn in", "精製器バイパスまたは破過、空気吸入"),
                consequence=("air freezes in exchangers and turbines", "熱交換器・タービン内で空気凍結"),
                action=("shut the load valve, send the gas to the purifier", "ロード弁閉、ガスを精製器へ"),
            ),
        ]
