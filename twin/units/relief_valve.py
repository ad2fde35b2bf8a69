"""Relief valve: opens above its set pressure, in proportion, and counts how often it lifted."""

from dataclasses import dataclass

from thermo.jit import kernel
from twin.alarms.declare import OffNormal
from twin.openings import relief
from twin.unit import Latch, Link, Output, Param, Port, unit_operation
from twin.words import words


@kernel
def relief_valve(par, s, node, link):
    """Lift from the set pressure to full lift at the overpressure (proportional relief valve, ISO 4126-1)."""
    f = link[0]
    a, b = node[f.a], node[f.b]
    s.m_flow = relief(f, a, b, par.flow_area, par.set_over, par.set_over * (1.0 + par.overpressure), par.leakage)


@kernel
def count_lifts(par, s, node, link):
    """One more lift when flow begins; closed again below 95 % of the set pressure."""
    f = link[0]
    over = node[f.a].p - node[f.b].p
    if s.lifted == 0.0 and over > par.set_over:
        s.lifted = 1.0
        s.lifts += 1.0
    elif over < 0.95 * par.set_over:
        s.lifted = 0.0


@unit_operation("relief_valve", ja="安全弁", kernel=relief_valve, update=count_lifts, symbol="relief_valve")
@dataclass(frozen=True, kw_only=True)
class ReliefValve:
    """Relief valve: protects a volume; what it lets out is lost unless it leads to recovery."""

    inlet: str = Port("volume it protects")
    outlet: str = Port("where it blows to", default="ambient")
    flow_area: float = Param("m2", "effective flow area, fully open", range=(0.0, 1.0))
    set_over: float = Param("Pa", "set pressure over the outlet", range=(10.0, 1e8))
    overpressure: float = Param("1", "rise to full lift, share of the set pressure", default=0.1, range=(0.01, 1.0))
    leakage: float = Param("1", "leak past the seat, share of the area", default=0.0, range=(0.0, 1.0))
    overflow: bool = Param("1", "lets gas over to the recovery in normal operation", default=False)
    cause: str = Param("text", "loss cause in the ledger; empty when it blows to recovery", default="relief")

    lifted = Latch("1", "open or not yet reseated", labels=words("closed 閉", "lifted 吹出し"), ja="吹出し状態")
    lifts = Latch("1", "number of lifts", range=(0.0, 1e6), ja="吹出し回数")
    m_flow = Output("kg/s", "mass flow let out", range=(-0.1, 1.0), ja="吹出し流量")

    def links(self):
        """One flow."""
        return [Link("inlet", "outlet")]

    def losses(self):
        """What it blows off."""
        return {0: self.cause} if self.cause else {}

    def alarms(self):
        """Lifted; an overflow does its work at every rest and every start, and calls nobody."""
        if self.overflow:
            return []
        return [
            OffNormal(
                "lifted",
                "relief valve lifted",
                "安全弁作動",
                priority="high",
                cause=("pressure above its set point", "設定圧超過"),
                consequence=("helium is lost", "ヘリウム損失"),
                action=("lower the pressure", "圧力を下げる"),
            )
        ]


EXAMPLE = """
description = "A vessel above the set pressure of its relief valve."
step = "1 s"
[unit.AMB]
kind = "ambient"
[unit.B-1]
kind = "buffer"
volume = "0.5 m3"
p_start = "12 bar"
UA = "5 W/K"
[unit.PSV-1]
kind = "relief_valve"
inlet = "B-1"
set_over = "10 bar"
flow_area = "5 mm2"
"""
