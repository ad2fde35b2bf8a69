"""Freeze-out purifier: impure gas is cooled against cold pure gas until its impurities lie as frost in the passage."""

from dataclasses import dataclass

from thermo.jit import kernel
from thermo.materials import ALUMINIUM
from twin.alarms.declare import Limits
from twin.frost import MELTS_H2O, MELTS_N2, MELTS_O2, freeze
from twin.health import MAINTENANCE_REQUIRED, Sign
from twin.insulation import feel_vacuum
from twin.network import orifice
from twin.unit import Input, Latch, Link, Node, Output, Param, Port, Wall, Wire, unit_operation

DRAIN_TIME = 600.0
"""Time constant of melted frost running out of the vent [s]."""

EXAMPLE = """
description = "Gas with air is frozen out against cold gas; another purifier is warmed and vented."
step = "1 s"
[unit.AMB]
kind = "ambient"
[unit.BANK-1]
kind = "cylinder_bank"
count = 4
p_start = "20 bar"
n2_start = 0.01
o2_start = 0.003
h2o_start = 1e-5
[unit.OUT]
kind = "buffer"
volume = "10 m3"
p_start = "1.2 bar"
[unit.COLD]
kind = "buffer"
volume = "20 m3"
p_start = "2 bar"
temp_start = "25 K"
[unit.FO-1]
kind = "freeze_out"
inlet = "BANK-1"
outlet = "OUT"
cold_inlet = "COLD"
cold_outlet = "OUT"
flow_area = "1 mm2"
cold_area = "40 mm2"
temp_cold_start = "30 K"
[unit.FO-2]
kind = "freeze_out"
inlet = "BANK-1"
outlet = "OUT"
cold_inlet = "COLD"
cold_outlet = "OUT"
flow_area = "1 mm2"
cold_area = "1 mm2"
n2_start = "20 g"
temp_cold_start = "60 K"
temp_warm_start = "100 K"
start = { feed = 0.0, vent = 1.0, heater = 1.0 }
"""


@kernel
def narrowed(share):
    """Effective area of a tube that frost lines evenly: friction goes with D^-5 at constant flow, so the area of
    m = A sqrt(2 rho dp) with D^(5/2), and D^2 with the open share of the volume (Darcy and Weisbach)."""
    return max(1.0 - share, 0.0) ** 1.25


@kernel
def freeze_out(par, s, node, port, link, wall):
    """Frost of what is above its vapour pressure at the cold end narrows the passage; warmed, it goes with the vent.

    All that can freeze at the end's temperature stays, as in a passage that is long and slow enough. The gas takes
    frost up again until it is saturated; above the triple point it melts and runs out of the open vent. The heat of
    freezing, a few thousandths of what cools the gas, is left out.
    """
    main, cold, vent = link[0], link[1], link[2]
    a, frost, o = node[main.a], node[port[5]], wall[0]
    s.frost = frost.n2 + frost.o2 + frost.h2o
    s.blocked = min(s.frost / par.frost_full, 1.0)
    s.m_flow = orifice(main, a, node[main.b], par.flow_area * s.feed * narrowed(s.blocked))
    s.m_cold = orifice(cold, node[cold.a], node[cold.b], par.cold_area)
    main.ua = 2.0 * par.UA * (main.m_slow / par.m_design) ** 0.6
    cold.ua = 2.0 * par.UA * (cold.m_slow / par.m_design) ** 0.6
    coldest = min(o.temp_last, o.temp_first)
    freeze(main, a, frost, coldest, 1.0)

    # regeneration: the vent draws gas through the warm passage
    s.m_vent = orifice(vent, a, node[vent.b], par.vent_area * s.vent)
    freeze(vent, a, frost, coldest, 1.0)
    drain = s.vent / DRAIN_TIME
    vent.s_n2 += drain * frost.n2 if coldest > MELTS_N2 else 0.0
    vent.s_o2 += drain * frost.o2 if coldest > MELTS_O2 else 0.0
    vent.s_h2o += drain * frost.h2o if coldest > MELTS_H2O else 0.0

    o.sink_temp = node[port[4]].temp
    o.sink_ua = par.UA_leak * (1.0 + s.leak_growth)
    o.q = par.heater_power * s.heater if o.temp_mean < par.temp_hot else 0.0
    s.temp_warm, s.temp_cold = o.temp_first, o.temp_last
    s.dp = a.p - node[main.b].p


@unit_operation("freeze_out", ja="凍結精製器", kernel=freeze_out, update=feel_vacuum, symbol="purifier")
@dataclass(frozen=True, kw_only=True)
class FreezeOut:
    """Freeze-out purifier inside the cold box; regeneration by warming and venting loses helium."""

    inlet: str = Port("volume of impure gas")
    outlet: str = Port("volume that takes the purified cold gas")
    cold_inlet: str = Port("volume before the cold stream")
    cold_outlet: str = Port("volume after it")
    ambient: str = Port("room, takes what is vented", default="ambient")
    vacuum: str = Wire("leak_growth of the vacuum jacket it lies in; empty: always good vacuum", default="")
    flow_area: float = Param("m2", "effective flow area of the clean passage", range=(0.0, 1e-2))
    cold_area: float = Param("m2", "effective flow area of the cold stream", range=(0.0, 1e-1))
    vent_area: float = Param("m2", "effective flow area of the vent", default=1e-7, range=(0.0, 1e-3))
    UA: float = Param("W/K", "overall conductance at the design flow", default=100.0, range=(0.0, 1e6))
    m_design: float = Param("kg/s", "flow at which UA holds, both sides", default=1e-3, range=(1e-6, 10.0))
    frost_full: float = Param("kg", "frost that closes the passage", default=0.5, range=(1e-6, 1e3))
    mass: float = Param("kg", "aluminium", default=10.0, range=(0.01, 1e4))
    cells: int = Param("1", "cells along the passage", default=8, range=(1, 100))
    UA_leak: float = Param("W/K", "heat leak from the room", default=0.002, range=(0.0, 10.0))
    conduction: float = Param("m", "solid cross-section over length, end to end", default=1e-4, range=(0.0, 1.0))
    heater_power: float = Param("W", "heater", default=300.0, range=(0.0, 1e5))
    temp_hot: float = Param(
        "K", "mean temperature at which the heater switches off", default=300.0, range=(80.0, 400.0)
    )
    temp_warm_start: float = Param("K", "warm end at the start", default=300.0, range=(4.0, 400.0))
    temp_cold_start: float = Param("K", "cold end at the start", default=300.0, range=(4.0, 400.0))
    n2_start: float = Param("kg", "frozen nitrogen at the start", default=0.0, range=(0.0, 100.0))

    feed = Input("1", "feed valve", start=1.0, range=(0.0, 1.0), ja="入口弁")
    vent = Input("1", "vent valve", range=(0.0, 1.0), ja="放出弁")
    heater = Input("1", "heater", range=(0.0, 1.0), ja="ヒータ")
    leak_growth = Latch("1", "growth of the heat leak by bad vacuum", range=(0.0, 1e4), ja="侵入熱増加率")
    m_flow = Output("kg/s", "gas purified", range=(-0.1, 0.1), ja="精製流量")
    m_cold = Output("kg/s", "cold stream", range=(-0.1, 0.1), ja="低温側流量")
    m_vent = Output("kg/s", "helium lost through the vent", range=(0.0, 0.1), ja="放出流量")
    dp = Output("Pa", "pressure drop", range=(-2e6, 2e6), ja="差圧")
    frost = Output("kg", "frost in the passage", range=(0.0, 10.0), ja="凍結量")
    blocked = Output("1", "share of the passage that is closed", range=(0.0, 1.0), ja="閉塞率")
    temp_warm = Output("K", "warm end", range=(0.0, 400.0), ja="温端温度")
    temp_cold = Output("K", "cold end", range=(0.0, 400.0), ja="冷端温度")

    def nodes(self):
        """The frost."""
        return {"frost_bed": Node(1e-3, 1e5, 40.0, inert=True, impurities={"n2": self.n2_start})}

    def links(self):
        """Impure gas, cold gas against it, vent."""
        return [
            Link("inlet", "outlet", wall="passage", trap="frost_bed"),
            Link("cold_inlet", "cold_outlet", wall="passage"),
            Link("inlet", "ambient", trap="frost_bed"),
        ]

    def walls(self):
        """The exchanger."""
        ends = (self.temp_warm_start, self.temp_cold_start)
        return {"passage": Wall(self.cells, self.mass, ALUMINIUM, ends, self.conduction)}

    def losses(self):
        """What the vent takes."""
        return {2: "purge"}

    def health(self):
        """A passage that frost has narrowed."""
        return [
            Sign("blocked", MAINTENANCE_REQUIRED, 0.5),
        ]

    def alarms(self):
        """Frost that closes the passage."""
        return [
            Limits(
                "blocked",
                "freeze-out passage blocked",
                "凍結精製器閉塞",
                high_high=0.9,
                high=0.5,
                dead_band=0.05,
                cause=("impure feed", "原料不純"),
                consequence=("no flow", "流量喪失"),
                action=("warm up and vent", "昇温し放出"),
            )
        ]
