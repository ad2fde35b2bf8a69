"""Insulating vacuum of a cold box: residual gas, cryopumping, pumps, and how much the heat leaks grow by it.

Amounts of gas are counted as p V at 300 K [Pa m3], what lies on cold surfaces included: it comes back when they warm
up, and so the vacuum decays after a run. Gas and surfaces exchange within a second; a step finds them in balance.
"""

import math
from dataclasses import dataclass

from thermo.impurities import p_vap_h2o, p_vap_n2
from thermo.jit import kernel
from twin.adsorption import pressure_over
from twin.alarms.declare import Limits
from twin.health import OFF_SPEC, Sign
from twin.insulation import AIR, HELIUM, T_GAUGE, WATER, gas_conductance, impinging, multilayer
from twin.network import transfer
from twin.unit import Input, Latch, Link, Output, Param, Port, State, Wire, unit_operation
from twin.words import words

R_HELIUM = 2077.2  # J/(kg K)
R_AIR = 287.05  # J/(kg K)
TEMP_REFERENCE = 77.355  # K, cold side to which heat fluxes refer
FREEZING = 4.8e5  # J/kg, air from 300 K gas to a solid at 20 K: 225 kJ/kg of gas, 200 of condensing, 55 of the rest
FIRST_HOUR = 3600.0  # s, outgassing is told as that of the first hour

CAPACITY = 0.45e-3 * 808.0 / 0.028013 * 8.314462618 * T_GAUGE
"""Gas that a kilogram of full charcoal holds [Pa m3]: its pores filled with liquid nitrogen (thermo/impurities.py)."""
FULL_AIR, ENERGY_AIR = 1.0e5, 5940.0
"""Pressure at which charcoal at 77 K is full of air [Pa], and its characteristic energy (thermo/impurities.py)."""
FULL_HELIUM, ENERGY_HELIUM = 2.3e5, 1300.0
"""The same of helium at 5 K; energy assumed, half of the heat of adsorption of 2-3 kJ/mol at low coverage."""

OFF, ROUGHING, HIGH_VACUUM = 0.0, 1.0, 2.0

EXAMPLE = """
description = "A cold vessel in a jacket whose vacuum a leak spoils"
step = "1 s"
[unit.AMB]
kind = "ambient"
[unit.B-1]
kind = "buffer"
volume = "0.1 m3"
p_start = "13 bar"
temp_start = "20 K"
UA = "10 mW/K"
vacuum = "VJ-1.leak_growth"
[unit.VJ-1]
kind = "vacuum_jacket"
contents = "B-1"
volume = "1 m3"
cold_area = "4 m2"
cold_1 = "B-1.temp"
start = { pump = "high vacuum", helium_leak = 1e-3, air_leak = 1e-2 }
"""


@kernel
def pumped_by_surfaces(total, volume, p_over, into, speed):
    """Pressure [Pa] of a gas of which `total` [Pa m3] is there, over surfaces that hold it at p_over: enough of them
    pump what flows in (`into` [Pa m3/s]) at their speed [m3/s]; without them all of it is gas."""
    return min(max(total, 0.0) / volume, p_over + max(into, 0.0) / speed)


@kernel
def pump_speed(par, pump, p):
    """Speed of the pumps [m3/s]: the roughing pump ends at about 1 Pa, the diffusion pump chokes above as much."""
    if pump == ROUGHING:
        return par.speed_roughing * max(1.0 - 1.0 / max(p, 1e-9), 0.0)
    if pump == HIGH_VACUUM:
        return par.speed_high_vacuum / (1.0 + p)
    return 0.0


@kernel
def vacuum_jacket(par, s, node, port, link):
    """Leaks and outgassing against cryopumping and pumps; conduction of the gas that is left."""
    room, inside, temp = node[port[1]], node[port[0]], max(s.temp_cold, 4.0)

    # helium that leaks in is lost from where it was
    helium_in = s.helium_leak * inside.p / 1e5
    m_flow = helium_in / (R_HELIUM * T_GAUGE)
    transfer(link[0], m_flow, inside.h, m_flow / inside.p, 0.0)

    # pressures: frost on the coldest surface, charcoal in contact with it
    reach = par.reach * par.cold_area
    capacity = par.getter * CAPACITY
    over_air = min(
        p_vap_n2(temp) if temp < 126.0 else 1e9,
        pressure_over(s.air, capacity, temp, FULL_AIR * (temp / TEMP_REFERENCE) ** 2, ENERGY_AIR),
    )
    over_helium = pressure_over(s.helium, capacity, temp, FULL_HELIUM * (temp / 5.2) ** 2, ENERGY_HELIUM)
    s.p_air = pumped_by_surfaces(s.air, par.volume, over_air, s.air_leak, reach * impinging(AIR))
    s.p_water = pumped_by_surfaces(s.water, par.volume, p_vap_h2o(temp), s.outgassing, reach * impinging(WATER))
    s.p_helium = pumped_by_surfaces(s.helium, par.volume, over_helium, helium_in, reach * impinging(HELIUM))
    p = s.p_air + s.p_water + s.p_helium
    s.p = p
    s.p_log = math.log10(max(p, 1e-7))

    # balances; what leaks in stops at the pressure of the room, or leaves again past the relief plate
    air_in = s.air_leak * max(1.0 - p / room.p, 0.0)
    rest = max(1.0 - p / par.p_relief, 0.0)
    speed = pump_speed(par, s.pump, p)
    s.d_air = air_in - speed * s.p_air
    s.d_water = s.outgassing - speed * s.p_water
    s.d_helium = helium_in * rest - speed * s.p_helium
    s.l_air = s.l_water = s.l_helium = speed / par.volume

    # outgassing falls with the inverse of time in vacuum; surfaces that see air are wet again within minutes
    first = par.outgassing_first * par.warm_area
    wetting = min(s.p_air / 1e3, 1.0) / 600.0
    drying = s.outgassing / (first * FIRST_HOUR)
    s.d_outgassing = wetting * (first - s.outgassing) - drying * s.outgassing
    s.l_outgassing = wetting + 2.0 * drying

    # heat: per area, from room to LN2 temperature
    span = room.temp - TEMP_REFERENCE
    good = par.degradation * multilayer(par.layers, par.layer_density, par.emissivity, room.temp, TEMP_REFERENCE)
    conductance = gas_conductance(s.p_helium, s.p_air, s.p_water, par.layers, par.layers / par.layer_density)
    frozen = air_in / (R_AIR * T_GAUGE) if s.p_air < 0.5 * s.air / par.volume else 0.0
    s.heat_flux = good + conductance * span + FREEZING * frozen / par.cold_area
    s.leak_growth = s.heat_flux / good - 1.0


@kernel
def find_coldest(s, image, wire):
    """The coldest of the surfaces that are told; an empty wire reads zero. Without any, nothing is cold."""
    coldest = T_GAUGE
    for i in range(3):
        if image[wire[i]] > 0.0:
            coldest = min(coldest, image[wire[i]])
    s.temp_cold = coldest


@unit_operation("vacuum_jacket", ja="真空断熱容器", kernel=vacuum_jacket, update=find_coldest, symbol="vessel")
@dataclass(frozen=True, kw_only=True)
class VacuumJacket:
    """Insulating vacuum of a cold box; the units in it name its `leak_growth`."""

    contents: str = Port("volume of helium whose leak comes into the vacuum")
    ambient: str = Port("room", default="ambient")
    cold_1: str = Wire("temperature of a cold surface; the coldest pumps", default="")
    cold_2: str = Wire("temperature of a cold surface", default="")
    cold_3: str = Wire("temperature of a cold surface", default="")
    volume: float = Param("m3", "evacuated volume", range=(1e-3, 1e3))
    cold_area: float = Param("m2", "insulated cold surface", default=4.0, range=(1e-2, 1e3))
    warm_area: float = Param("m2", "warm surface that outgasses: vessel and blanket", default=10.0, range=(1e-2, 1e4))
    layers: float = Param("1", "layers of the blanket", default=30.0, range=(1.0, 200.0))
    layer_density: float = Param("1/m", "layers per thickness", default=2000.0, range=(100.0, 1e4))
    emissivity: float = Param("1", "of a layer (Keller et al. 1974)", default=0.031, range=(1e-3, 1.0))
    degradation: float = Param("1", "heat flux as built over that of the calorimeter", default=2.5, range=(1.0, 20.0))
    reach: float = Param("1", "share of the cold surface that gas reaches past the blanket", 0.01, range=(1e-5, 1.0))
    getter: float = Param("kg", "charcoal at the coldest surface", default=0.2, range=(0.0, 100.0))
    outgassing_first: float = Param("Pa m/s", "outgassing per area after one hour", default=1e-3, range=(1e-8, 1.0))
    pumped_for: float = Param("s", "time in vacuum before the start", default=30 * 86400.0, range=(60.0, 1e9))
    p_start: float = Param("Pa", "pressure at the start, of air", default=1e-3, range=(0.0, 1e5))
    tightness_air: float = Param("Pa m3/s", "air through seals, as a rule", default=1e-6, range=(0.0, 1e3))
    tightness_helium: float = Param("Pa m3/s", "helium leak, as a rule, at 1 bar", default=1e-9, range=(0.0, 1e3))
    speed_roughing: float = Param("m3/s", "roughing pump", default=0.01, range=(0.0, 10.0))
    speed_high_vacuum: float = Param("m3/s", "diffusion pump with its valve and line", default=0.2, range=(0.0, 100.0))
    p_relief: float = Param("Pa", "pressure at which its relief plate lifts", default=1.1e5, range=(1e4, 2e5))

    pump = Input("1", "vacuum pump", labels=words("off 停止", "roughing 粗引き", "high vacuum 高真空"), ja="真空ポンプ")
    air_leak = Input(
        "Pa m3/s",
        "leak of air into the vacuum",
        start="tightness_air",
        range=(0.0, 1e3),
        by="instructor",
        ja="空気漏れ",
    )
    helium_leak = Input(
        "Pa m3/s",
        "leak of helium, at 1 bar inside",
        start="tightness_helium",
        range=(0.0, 1e3),
        by="instructor",
        ja="ヘリウム漏れ",
    )
    temp_cold = Latch("K", "coldest surface", start=T_GAUGE, range=(0.0, 400.0), ja="最低温面温度")
    air = State("Pa m3", "air, frozen and adsorbed too", start="air_start", range=(0.0, 1e6), stiff=True, ja="空気量")
    water = State("Pa m3", "water, ice too", range=(0.0, 1e6), stiff=True, ja="水分量")
    helium = State("Pa m3", "helium, adsorbed too", range=(0.0, 1e6), stiff=True, ja="ヘリウム量")
    outgassing = State(
        "Pa m3/s",
        "water given off by warm surfaces",
        start="outgassing_start",
        range=(0.0, 10.0),
        stiff=True,
        ja="放出ガス量",
    )
    p = Output("Pa", "pressure", start="p_start", range=(1e-6, 1.2e5), ja="断熱真空圧力")
    p_log = Output("1", "decimal logarithm of the pressure in Pa", range=(-7.0, 6.0), ja="断熱真空度(対数)")
    p_air = Output("Pa", "partial pressure of air", range=(0.0, 1.2e5), ja="空気分圧")
    p_water = Output("Pa", "partial pressure of water", range=(0.0, 1e4), ja="水蒸気分圧")
    p_helium = Output("Pa", "partial pressure of helium", range=(0.0, 1.2e5), ja="ヘリウム分圧")
    heat_flux = Output("W/m2", "heat flux from the room to 77 K", range=(0.0, 1e4), ja="侵入熱流束")
    leak_growth = Output("1", "growth of the heat leaks over good vacuum", range=(0.0, 1e4), ja="侵入熱増加率")

    @property
    def air_start(self):
        """Gas at the start."""
        return self.p_start * self.volume

    @property
    def outgassing_start(self):
        """Outgassing after the time in vacuum."""
        return self.outgassing_first * self.warm_area * FIRST_HOUR / self.pumped_for

    def links(self):
        """What leaks into the vacuum is lost: a pump blows it out."""
        return [Link("contents", "ambient")]

    def losses(self):
        """Leak into the vacuum."""
        return {0: "leak into the vacuum"}

    def health(self):
        """A vacuum that no longer insulates."""
        return [Sign("p", OFF_SPEC, 10.0)]

    def alarms(self):
        """Vacuum of a cold vessel."""
        return [
            Limits(
                "p",
                "insulation vacuum",
                "断熱真空",
                high_high=10.0,
                high=0.1,
                dead_band=0.02,
                on_delay=60.0,
                when=("temp_cold", 0.0, 200.0),
                priority="high",
                cause=("leak of air or helium, pump stopped", "空気・ヘリウム漏れ、ポンプ停止"),
                consequence=("the heat leak grows, ice outside", "侵入熱増加、外面凍結"),
                action=("pump; find the leak", "排気、漏れ調査"),
            )
        ]
