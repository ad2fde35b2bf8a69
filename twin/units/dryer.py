"""Dryer: molecular sieve that takes water from compressed helium until it is loaded, and is regenerated warm."""

import math
from dataclasses import dataclass

from thermo.jit import kernel
from twin.alarms.declare import Limits
from twin.health import MAINTENANCE_REQUIRED, Sign
from twin.network import catch, orifice, seep, transfer
from twin.unit import Input, Link, Node, Output, Param, Port, State, unit_operation
from twin.words import words


@kernel
def dryer(par, s, node, port, link):
    """Drying: water is caught until the front comes through. Regeneration: warm purge carries it to the room."""
    main, purge = link[0], link[1]
    bed = node[port[3]]
    s.loading = bed.h2o / par.capacity

    drying = 1.0 if s.mode == 1.0 else 0.0
    s.m_flow = orifice(main, node[main.a], node[main.b], par.flow_area * drying * (1.0 - s.clogging))
    s.dp = (node[main.a].p - node[main.b].p) * drying
    s.slip = 0.5 * (1.0 + math.tanh((s.loading - 1.0) / par.front))
    catch(main, 0.0, 0.0, 1.0 - s.slip, 0.0)

    heating = 1.0 if s.mode == 2.0 else 0.0
    goal = par.temp_hot if heating > 0.0 else node[port[2]].temp
    s.d_temp_bed = (goal - s.temp_bed) / par.heat_time
    s.l_temp_bed = 1.0 / par.heat_time
    warm = min(max((s.temp_bed - 373.0) / 50.0, 0.0), 1.0)
    s.m_purge = par.purge_flow * heating * min(node[purge.a].p / 1.2e5, 1.0)
    transfer(purge, s.m_purge, node[purge.a].h, 0.0, 0.0)
    seep(purge, 0.0, 0.0, warm * heating * bed.h2o / par.dry_time, 0.0)


@unit_operation("dryer", ja="乾燥器", kernel=dryer, symbol="dryer")
@dataclass(frozen=True, kw_only=True)
class Dryer:
    """Adsorption dryer, one tower; regeneration loses its purge gas."""

    inlet: str = Port("volume of wet gas")
    outlet: str = Port("volume of dry gas")
    ambient: str = Port("room, takes the purge", default="ambient")
    flow_area: float = Param("m2", "effective flow area", range=(0.0, 1.0))
    capacity: float = Param("kg", "water it holds (13X takes 20 % of its mass)", default=1.0, range=(1e-4, 1e3))
    front: float = Param("1", "width of the loading front over the bed", default=0.05, range=(1e-3, 0.5))
    purge_flow: float = Param("kg/s", "helium that carries the water out", default=2e-5, range=(0.0, 0.1))
    temp_hot: float = Param("K", "bed temperature in regeneration", default=523.0, range=(373.0, 673.0))
    heat_time: float = Param("s", "time constant of heating and cooling", default=3600.0, range=(1.0, 1e5))
    dry_time: float = Param("s", "time constant of driving the water out", default=3600.0, range=(1.0, 1e6))
    dp_most: float = Param("Pa", "pressure drop at which its filters are changed", default=5e4, range=(1e2, 1e7))

    mode = Input(
        "1", "what it does", start=1.0, labels=words("closed 閉止", "dry 乾燥", "regenerate 再生"), ja="運転モード"
    )
    clogging = Input(
        "1", "share of its filters that dust and oil block", range=(0.0, 0.99), by="instructor", ja="フィルタ閉塞率"
    )
    temp_bed = State("K", "bed temperature", start=300.0, range=(200.0, 700.0), stiff=True, ja="塔温度")
    loading = Output("1", "water held over capacity", range=(0.0, 2.0), ja="吸着率")
    slip = Output("1", "share of the water that passes", range=(0.0, 1.0), ja="破過率")
    m_flow = Output("kg/s", "helium dried", range=(-0.1, 0.1), ja="質量流量")
    dp = Output("Pa", "pressure drop of bed and filters", range=(-1e5, 1e6), ja="差圧")
    m_purge = Output("kg/s", "helium lost as purge", range=(0.0, 0.01), ja="パージ流量")

    def nodes(self):
        """The sieve holds water only."""
        return {"bed": Node(0.01, 1e5, 300.0, inert=True)}

    def links(self):
        """Main flow, purge."""
        return [Link("inlet", "outlet", trap="bed"), Link("outlet", "ambient", trap="bed")]

    def losses(self):
        """Purge gas."""
        return {1: "purge"}

    def health(self):
        """A loaded bed."""
        return [
            Sign("loading", MAINTENANCE_REQUIRED, 0.9),
        ]

    def alarms(self):
        """Saturated, filters blocked."""
        return [
            Limits(
                "loading",
                "dryer loaded",
                "乾燥器飽和",
                high_high=1.0,
                high=0.9,
                dead_band=0.02,
                when=("mode", 0.5, 1.5),
                cause=("regenerated too late", "再生遅れ"),
                consequence=("water goes to the cylinders and the purifier", "水分がボンベ・精製器へ流出"),
                action=("regenerate", "再生"),
            ),
            Limits(
                "dp",
                "pressure drop of the dryer's filters",
                "乾燥器フィルタ差圧",
                high=self.dp_most,
                dead_band=0.1 * self.dp_most,
                on_delay=60.0,
                cause=("dust of the sieve, oil of the compressor", "吸着剤粉じん、圧縮機油"),
                consequence=("the recovery compressor works against it", "回収圧縮機の吐出圧上昇"),
                action=("change the filters", "フィルタ交換"),
            ),
        ]


EXAMPLE = """
description = "Wet gas passes a dryer, which is then regenerated."
step = "1 s"
[unit.AMB]
kind = "ambient"
[unit.BANK-1]
kind = "cylinder_bank"
p_start = "20 bar"
h2o_start = 1e-4
p_full = "30 bar"
[unit.B-2]
kind = "buffer"
volume = "0.5 m3"
[unit.DR-1]
kind = "dryer"
inlet = "BANK-1"
outlet = "B-2"
flow_area = "0.2 mm2"
"""
