"""Adsorber in the cold box: a charcoal bed in the high-pressure stream, at 80 K for air, at 20 K for hydrogen."""

from dataclasses import dataclass

from thermo.jit import kernel
from thermo.materials import STAINLESS_STEEL
from twin.adsorption import catch_in_bed, regenerate
from twin.alarms.declare import Limits
from twin.health import MAINTENANCE_REQUIRED, Sign
from twin.insulation import feel_vacuum
from twin.network import orifice, transfer
from twin.unit import Input, Latch, Link, Node, Output, Param, Port, State, Wall, Wire, unit_operation

VENT_TIME = 300.0
"""Time constant of letting the gas out of the pores [s]."""

EXAMPLE = """
description = "Cold gas with air passes an adsorber; another one is regenerated with warm gas."
step = "1 s"
[unit.AMB]
kind = "ambient"
[unit.B-1]
kind = "buffer"
volume = "0.5 m3"
p_start = "13 bar"
temp_start = "80 K"
[unit.BANK-1]
kind = "cylinder_bank"
p_start = "30 bar"
n2_start = 1e-3
h2_start = 1e-6
[unit.CV-1]
kind = "control_valve"
inlet = "BANK-1"
outlet = "B-1"
flow_area = "0.1 mm2"
start = { opening = 1.0 }
[unit.B-2]
kind = "buffer"
volume = "5 m3"
[unit.AD-1]
kind = "cold_adsorber"
inlet = "B-1"
outlet = "B-2"
purge_gas = "B-2"
flow_area = "2 mm2"
bed_mass = "1 kg"
temp_start = "80 K"
[unit.AD-2]
kind = "cold_adsorber"
inlet = "B-1"
outlet = "B-2"
purge_gas = "BANK-1"
flow_area = "2 mm2"
temp_start = "200 K"
start = { feed = 0.0, purge = 1.0, heater = 1.0 }
"""


@kernel
def cold_adsorber(par, s, node, port, link, wall):
    """The bed has the temperature of its stream; warm purge runs against it, and what it holds goes with the purge.

    Equilibrium loading at the mean bed temperature, constant-pattern front (twin/adsorption.py). The heat of
    adsorption, below a watt for parts per million, is left out.
    """
    main, purge, vent = link[0], link[1], link[2]
    a, b, bed, o = node[main.a], node[main.b], node[port[4]], wall[0]
    s.m_flow = orifice(main, a, b, par.flow_area * s.feed)
    s.front, s.slip = catch_in_bed(main, a, bed, par.bed_mass, par.front_width, o.temp_mean)
    main.ua = purge.ua = par.UA

    # regeneration: the gas of the pores is let out cold, then warm gas is blown through
    s.d_pressed = (1.0 - s.purge - s.pressed) / VENT_TIME
    s.l_pressed = 1.0 / VENT_TIME
    let_out = par.void * a.rho * s.purge * s.pressed / VENT_TIME
    transfer(vent, let_out, a.h, let_out / a.p, 0.0)
    s.m_lost = let_out + regenerate(par, purge, node[purge.a], bed, o.temp_mean, s.purge, 0.0)

    o.sink_temp = node[port[3]].temp
    o.sink_ua = par.UA_leak * (1.0 + s.leak_growth)
    o.q = par.heater_power * s.heater if o.temp_mean < par.temp_hot else 0.0
    s.temp_bed = o.temp_mean
    s.dp = a.p - b.p


@unit_operation("cold_adsorber", ja="低温吸着器", kernel=cold_adsorber, update=feel_vacuum, symbol="purifier")
@dataclass(frozen=True, kw_only=True)
class ColdAdsorber:
    """Charcoal adsorber in the cold high-pressure stream; regeneration loses helium."""

    inlet: str = Port("volume before the bed")
    outlet: str = Port("volume after the bed")
    purge_gas: str = Port("volume of warm pure gas for regeneration")
    ambient: str = Port("room, takes what regeneration loses", default="ambient")
    vacuum: str = Wire("leak_growth of the vacuum jacket it lies in; empty: always good vacuum", default="")
    flow_area: float = Param("m2", "effective flow area, which makes the pressure drop", range=(0.0, 1e-1))
    bed_mass: float = Param("kg", "charcoal", default=10.0, range=(0.01, 1e4))
    front_width: float = Param("1", "width of the loading front over the bed", default=0.05, range=(1e-3, 0.5))
    void: float = Param("m3", "pores and free space", default=0.015, range=(0.0, 10.0))
    mass: float = Param("kg", "bed and vessel, as stainless steel", default=25.0, range=(0.01, 1e5))
    UA: float = Param("W/K", "from gas to bed", default=200.0, range=(0.0, 1e6))
    UA_leak: float = Param("W/K", "heat leak from the room", default=0.002, range=(0.0, 10.0))
    cells: int = Param("1", "cells along the bed", default=4, range=(1, 50))
    temp_start: float = Param("K", "bed at the start", default=300.0, range=(4.0, 400.0))
    temp_hot: float = Param("K", "temperature at which its heater switches off", default=330.0, range=(100.0, 450.0))
    heater_power: float = Param("W", "heater in the bed", default=500.0, range=(0.0, 1e5))
    purge_flow: float = Param("kg/s", "warm helium used as purge", default=2e-4, range=(0.0, 1.0))
    desorb_time: float = Param("s", "time constant of a warm bed giving up its load", default=900.0, range=(1.0, 1e6))

    feed = Input("1", "valves of the bed", start=1.0, range=(0.0, 1.0), ja="吸着塔弁")
    purge = Input("1", "purge valve", range=(0.0, 1.0), ja="パージ弁")
    heater = Input("1", "heater of the bed", range=(0.0, 1.0), ja="再生ヒータ")
    leak_growth = Latch("1", "growth of the heat leak by bad vacuum", range=(0.0, 1e4), ja="侵入熱増加率")
    pressed = State("1", "pores under pressure", start=1.0, range=(0.0, 1.0), stiff=True, ja="加圧状態")
    m_flow = Output("kg/s", "helium flow", range=(-0.2, 0.2), ja="ヘリウム流量")
    m_lost = Output("kg/s", "helium lost by regeneration", range=(0.0, 0.1), ja="再生損失")
    dp = Output("Pa", "pressure drop", range=(-1e5, 1e5), ja="差圧")
    temp_bed = Output("K", "mean bed temperature", range=(0.0, 450.0), ja="塔温度")
    front = Output("1", "loading front of the air, share of the bed's length", range=(0.0, 3.0), ja="吸着率")
    slip = Output("1", "share of the air that passes", range=(0.0, 1.0), ja="破過率")

    def nodes(self):
        """What the bed has caught."""
        return {"bed": Node(1e-3, 1e5, 80.0, inert=True)}

    def links(self):
        """The stream; purge against it; the gas of the pores."""
        return [
            Link("inlet", "outlet", wall="bed_wall", trap="bed"),
            Link("purge_gas", "ambient", wall="bed_wall", trap="bed"),
            Link("inlet", "ambient"),
        ]

    def walls(self):
        """Charcoal and its vessel."""
        return {"bed_wall": Wall(self.cells, self.mass, STAINLESS_STEEL, self.temp_start)}

    def losses(self):
        """Regeneration on purpose."""
        return {1: "purge", 2: "purge"}

    def health(self):
        """A loaded bed."""
        return [
            Sign("slip", MAINTENANCE_REQUIRED, 0.1),
        ]

    def alarms(self):
        """Air that passes, pressure drop."""
        return [
            Limits(
                "slip",
                "breakthrough of the cold adsorber",
                "低温吸着器破過",
                high=0.01,
                dead_band=0.002,
                on_delay=10.0,
                when=("temp_bed", 0.0, 120.0),  # a warm bed holds nothing, as everybody knows
                priority="high",
                cause=("loaded, or too warm", "飽和または温度高"),
                consequence=("air freezes in turbine and exchangers", "タービン・熱交換器で空気凍結"),
                action=("regenerate", "再生"),
            ),
            Limits(
                "dp",
                "pressure drop of the cold adsorber",
                "低温吸着器差圧",
                high=5e4,
                dead_band=2e3,
                on_delay=10.0,
                cause=("dust, frozen air", "粉塵、固化空気"),
                consequence=("less flow to the turbines", "タービン流量低下"),
                action=("warm up, clean", "昇温、清掃"),
            ),
        ]
