"""Recovery compressor: piston machine of two to four stages with intercoolers, from the bag to high pressure."""

from dataclasses import dataclass

from thermo.helium import h_pT
from thermo.jit import kernel
from twin.alarms.declare import REMOTE, RUNNING, Discrepancy, Limits, OffNormal
from twin.health import CHECK_FUNCTION, OFF_SPEC, Sign
from twin.network import transfer, work
from twin.unit import Input, Latch, Link, Output, Param, Port, State, unit_operation
from twin.words import REMOTE_LOCAL, STOP_RUN, words

R_HELIUM = 2077.2  # J/(kg K)
EXPONENT = 0.4  # (kappa - 1) / kappa of helium gas
TRIPS = words("none なし", "suction_low 吸込圧低", "discharge_high 吐出圧高", "temperature_high 温度高")
VIRIAL = 2.95e-3  # m3/kg, second virial coefficient at 300 K, 11.8 cm3/mol


@kernel
def volumetric(par, ratio):
    """Share of the swept volume that is filled: re-expansion of the clearance gas (Bloch, A Practical Guide to
    Compressor Technology, 2nd ed., section 2.4), times what leaks and warms at the suction."""
    return par.tightness * max(1.0 - par.clearance * (ratio ** (1.0 - EXPONENT) - 1.0), 0.0)


@kernel
def stage(par, p_in, p_out, temp_in):
    """Work [J/kg]: isentropic, over its efficiency, Z by the virial; discharge temperature [K]: polytropic, since the
    cylinder is cooled too."""
    ratio = max(p_out / p_in, 1.0)
    real = 1.0 + 0.5 * VIRIAL * (p_in + p_out) / (R_HELIUM * temp_in)
    work_in = real * R_HELIUM * temp_in / EXPONENT * (ratio**EXPONENT - 1.0) / par.efficiency
    return work_in, temp_in * ratio ** (1.0 - 1.0 / par.polytropic)


@kernel
def recovery_compressor(par, s, node, port, link):
    """Quasi-steady stages: the swept volumes set the pressures between them, the last stage meets the discharge."""
    f = link[0]
    a, b, room = node[f.a], node[f.b], node[port[2]]

    # pressures between the stages: each volume takes in what the one before has filled
    p_1 = min(a.p * par.ratio, b.p)
    p_2 = min(p_1 * par.ratio, b.p) if par.stages > 2 else b.p
    p_3 = min(p_2 * par.ratio, b.p) if par.stages > 3 else b.p
    fill = volumetric(par, p_1 / a.p)
    if par.stages > 3:
        p_3 = min(p_3 * fill / max(volumetric(par, b.p / p_3), 0.3), b.p)
    if par.stages > 2:
        p_2 = min(p_2 * fill / max(volumetric(par, p_3 / p_2), 0.3), p_3)
    p_1 = min(p_1 * fill / max(volumetric(par, p_2 / p_1), 0.3), p_2)
    fill = volumetric(par, p_1 / a.p)

    # work and cooling, stage by stage
    cold = room.temp + par.approach
    w_1, s.temp_1 = stage(par, a.p, p_1, a.temp)
    w_2, s.temp_2 = stage(par, p_1, p_2, cool(s.temp_1, cold, s.cooling))
    w_3, s.temp_3 = stage(par, p_2, p_3, cool(s.temp_2, cold, s.cooling))
    w_4, s.temp_4 = stage(par, p_3, b.p, cool(s.temp_3, cold, s.cooling))
    s.temp_out = cool(s.temp_4, cold, s.cooling)
    s.p_1, s.p_2, s.p_3 = p_1, p_2, p_3
    s.filling = fill

    # no flow from an empty suction side, none beyond the relief pressure
    low = min(max((a.p - 0.3e5) / 0.3e5, 0.0), 1.0)
    high = min(max((par.p_relief - b.p) / (0.02 * par.p_relief), 0.0), 1.0)
    m_flow = par.displacement * s.speed * s.load * fill * a.rho * low * high
    if m_flow > 0.0:
        work(f, h_pT(b.p, s.temp_out) - a.h, -1.0)
    slope_b = m_flow / (0.02 * par.p_relief) if 0.0 < high < 1.0 else 0.0
    transfer(f, m_flow, a.h, m_flow / a.p, -slope_b, 1.0, m_flow / a.rho * a.rho_h)
    s.m_flow = m_flow
    running = s.speed if s.speed > 1e-3 else 0.0
    s.power = m_flow * (w_1 + w_2 + w_3 + w_4) / par.efficiency_drive + par.idle_share * par.power_rated * running
    s.d_energy = s.power
    s.d_pumped = m_flow
    s.d_hours = running / 3600.0
    s.d_speed = ((ordered(s) if s.trip == 0.0 else 0.0) - s.speed) / par.start_time
    s.l_speed = 1.0 / par.start_time


@kernel
def cool(temp, cold, cooling):
    """Gas after a cooler that takes the share `cooling` of what it could."""
    return temp - cooling * (temp - min(cold, temp))


@kernel
def ordered(s):
    """What it obeys: the control system or, operated locally, its own panel."""
    return s.local_run if s.place > 0.5 else s.run


@kernel
def protect(par, s, node, link):
    """Trips of the machine's own panel; a stop command resets them, and the pressure switch by itself."""
    if s.place < 0.5:
        s.local_run = s.run  # follows, so that nothing jumps
    f = link[0]
    if ordered(s) == 0.0 or (s.trip == 2.0 and node[f.b].p < 0.95 * par.p_max):
        s.trip = 0.0
    elif s.trip == 0.0 and s.speed > 0.5:
        if node[f.a].p < par.p_suction_low:
            s.trip = 1.0
        elif node[f.b].p > par.p_max:
            s.trip = 2.0
        elif max(max(s.temp_1, s.temp_2), max(s.temp_3, s.temp_4)) > par.temp_max:
            s.trip = 3.0


@unit_operation("recovery_compressor", ja="回収圧縮機", kernel=recovery_compressor, update=protect, symbol="compressor")
@dataclass(frozen=True, kw_only=True)
class RecoveryCompressor:
    """Reciprocating recovery compressor with intercoolers and unloading."""

    suction: str = Port("volume at the suction (the bag)")
    discharge: str = Port("volume at the discharge")
    ambient: str = Port("room that cools it", default="ambient")
    displacement: float = Param("m3/s", "swept volume of the first stage per second", range=(1e-6, 1.0))
    stages: int = Param("1", "number of stages", default=4, range=(2, 4))
    p_design: float = Param("Pa", "discharge pressure for which the stages are sized", default=14.8e6, range=(2e5, 5e7))
    p_max: float = Param("Pa", "discharge pressure at which it trips", default=15.2e6, range=(2e5, 5e7))
    p_relief: float = Param("Pa", "its relief pressure: no flow beyond", default=16e6, range=(2e5, 5e7))
    p_suction_low: float = Param("Pa", "suction pressure at which it trips", default=9.5e4, range=(0.0, 2e5))
    clearance: float = Param("1", "clearance over swept volume", default=0.05, range=(0.0, 0.3))
    tightness: float = Param("1", "filling without clearance", default=0.95, range=(0.3, 1.0))
    efficiency: float = Param("1", "isentropic efficiency of a stage", default=0.78, range=(0.2, 1.0))
    polytropic: float = Param("1", "exponent of the discharge temperature, 5/3 without jacket", 1.5, range=(1.05, 1.67))
    efficiency_drive: float = Param("1", "efficiency of crank, belt and motor", default=0.85, range=(0.2, 1.0))
    power_rated: float = Param("W", "rated power", range=(10.0, 1e6))
    idle_share: float = Param("1", "loss without flow, share of the rated power", default=0.05, range=(0.0, 0.5))
    approach: float = Param("K", "gas after a cooler over the room", default=10.0, range=(0.0, 80.0))
    temp_max: float = Param("K", "discharge temperature at which it trips", default=503.0, range=(350.0, 700.0))
    start_time: float = Param("s", "time constant of the start", default=3.0, range=(0.01, 600.0))

    run = Input("1", "motor", labels=STOP_RUN, ja="運転指令")
    place = Input("1", "where it is operated", labels=REMOTE_LOCAL, ja="操作場所")
    local_run = Input(
        "1", "motor, at its own panel; follows in remote", start="run", labels=STOP_RUN, ja="現場運転操作"
    )
    load = Input("1", "share of the stroke that is loaded", start=1.0, range=(0.0, 1.0), ja="負荷率")
    cooling = Input(
        "1", "cooling of the coolers over normal", start=1.0, range=(0.0, 1.0), by="instructor", ja="冷却効果"
    )
    trip = Latch("1", "what stopped it", labels=TRIPS, ja="トリップ")
    speed = State("1", "speed over rated", start="run", range=(0.0, 1.0), stiff=True, ja="回転比")
    energy = State("J", "electric energy since the start", range=(0.0, 1e13), ja="積算電力量")
    pumped = State("kg", "helium compressed since the start", range=(0.0, 1e6), ja="積算圧縮量")
    hours = State("h", "running hours", range=(0.0, 1e6), ja="運転時間")
    m_flow = Output("kg/s", "mass flow", range=(0.0, 0.05), ja="質量流量")
    power = Output("W", "electric power", range=(0.0, 1e5), ja="消費電力")
    filling = Output("1", "volumetric efficiency of the first stage", range=(0.0, 1.0), ja="体積効率")
    p_1 = Output("Pa", "pressure after stage 1", range=(0.0, 2e6), ja="1段吐出圧力")
    p_2 = Output("Pa", "pressure after stage 2", range=(0.0, 2e7), ja="2段吐出圧力")
    p_3 = Output("Pa", "pressure after stage 3", range=(0.0, 3e7), ja="3段吐出圧力")
    temp_1 = Output("K", "discharge temperature of stage 1", range=(250.0, 600.0), ja="1段吐出温度")
    temp_2 = Output("K", "discharge temperature of stage 2", range=(250.0, 600.0), ja="2段吐出温度")
    temp_3 = Output("K", "discharge temperature of stage 3", range=(250.0, 600.0), ja="3段吐出温度")
    temp_4 = Output("K", "discharge temperature of stage 4", range=(250.0, 600.0), ja="4段吐出温度")
    temp_out = Output("K", "gas after the last cooler", range=(250.0, 600.0), ja="出口温度")

    def links(self):
        """Compression and cooling in one."""
        return [Link("suction", "discharge")]

    def derived(self):
        """Pressure ratio of a stage at the design point."""
        return {"ratio": (self.p_design / 101325.0) ** (1.0 / self.stages)}

    def health(self):
        """Operated at its panel; outside what it may do."""
        return [
            Sign("place", CHECK_FUNCTION, 1.0),
            Sign("trip", OFF_SPEC, 1.0),
        ]

    def alarms(self):
        """The machine itself, its pressures, and what is between its stages."""
        return [*self._of_machine(), *self._of_pressures(), *self._of_stages()]

    def _of_machine(self):
        """Trip, cooling, and a start that is not obeyed."""
        return [
            OffNormal(
                "trip",
                "recovery compressor trip",
                "回収圧縮機トリップ",
                trip=True,
                priority="high",
                confirm=True,
                cause=("suction too low, discharge too high or too hot", "吸込圧低、吐出圧高または温度高"),
                consequence=("the bag fills and blows off", "バッグが満杯となり放出"),
                action=("remove the cause, then stop and start it", "原因除去後、停止操作して再起動"),
            ),
            Limits(
                "cooling",
                "cooling of the recovery compressor",
                "回収圧縮機冷却",
                low=0.5,
                dead_band=0.05,
                on_delay=10.0,
                when=RUNNING,
                cause=("cooling water or fan failed", "冷却水または送風機の故障"),
                consequence=("discharge temperatures rise to the trip", "吐出温度上昇、トリップ"),
                action=("restore cooling or unload", "冷却復旧または負荷低減"),
            ),
            Discrepancy(
                "speed",
                "recovery compressor does not follow its order",
                "回収圧縮機指令不一致",
                order="run",
                when=REMOTE,
                on_delay=10.0 * self.start_time,
                cause=("tripped, or no power", "トリップまたは停電"),
                consequence=("the bag fills", "バッグ満杯"),
                action=("look at the trip", "トリップ表示の確認"),
            ),
        ]

    def _of_pressures(self):
        """Suction and discharge."""
        return [
            Limits(
                f"{self.suction}.p",
                "suction pressure",
                "吸込圧力",
                name="p_suction",
                low=self.p_suction_low + 1500.0,
                dead_band=200.0,
                when=RUNNING,
                priority="high",
                cause=("the bag is empty, a valve of the suction line is shut", "バッグ空、吸込弁閉"),
                consequence=("air is drawn in", "空気吸入"),
                action=("stop the compressor", "圧縮機を停止"),
            ),
            Limits(
                f"{self.discharge}.p",
                "discharge pressure",
                "吐出圧力",
                name="p_discharge",
                high=0.5 * (self.p_design + self.p_max),
                dead_band=1e5,
                cause=("the bank is full or shut", "ボンベ満杯または弁閉"),
                consequence=("the machine trips, then its relief lifts", "圧縮機トリップ、安全弁作動"),
                action=("change the bank", "ボンベ切替"),
            ),
        ]

    def _of_stages(self):
        """Temperature after each stage; pressure between two, where a valve that leaks shows first."""
        between = [
            Limits(
                f"p_{i}",
                f"pressure after stage {i}",
                f"{i}段吐出圧力",
                high=1.3 * 101325.0 * self.derived()["ratio"] ** i,
                dead_band=0.05 * 101325.0 * self.derived()["ratio"] ** i,
                on_delay=10.0,
                when=RUNNING,
                cause=("a valve of the next stage leaks or is broken", "次段の弁漏れ・破損"),
                consequence=("the relief between the stages lifts, the stage gets hot", "段間安全弁作動、段の過熱"),
                action=("unload, check the valves of the next stage", "負荷低減、次段の弁点検"),
            )
            for i in range(1, self.stages)
        ]
        hot = [
            Limits(
                f"temp_{i}",
                f"discharge temperature of stage {i}",
                f"{i}段吐出温度",
                high=self.temp_max - 15.0,
                dead_band=3.0,
                on_delay=10.0,
                cause=("poor cooling, a leaking valve of the stage", "冷却不良、段の弁漏れ"),
                consequence=("the machine trips", "圧縮機トリップ"),
                action=("check cooling and stage pressures", "冷却と各段圧力の確認"),
            )
            for i in range(1, self.stages + 1)
        ]
        return [*between, *hot]


EXAMPLE = """
description = "A bag is compressed into a bank of cylinders."
step = "1 s"
[unit.AMB]
kind = "ambient"
[unit.BAG-1]
kind = "gas_bag"
volume = "10 m3"
filling_start = 0.9
[unit.RC-1]
kind = "recovery_compressor"
suction = "BAG-1"
discharge = "BANK-1"
displacement = "14.4 m3/h"
power_rated = "7.5 kW"
start = { run = "run" }
[unit.BANK-1]
kind = "cylinder_bank"
count = 20
p_start = "50 bar"
"""
