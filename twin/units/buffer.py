"""Buffer: a rigid vessel of helium with heat exchange to the room."""

from dataclasses import dataclass

from thermo.jit import kernel
from twin.insulation import feel_vacuum
from twin.network import heat
from twin.unit import Latch, Node, Output, Param, Port, Wire, unit_operation

EXAMPLE = """
description = "A warm vessel that cools in the room"
[unit.AIR]
kind = "ambient"
[unit.B-1]
kind = "buffer"
volume = "1 m3"
p_start = "5 bar"
temp_start = "350 K"
UA = "20 W/K"
"""


@kernel
def buffer(par, s, node, port):
    """Newton's law of cooling to the ambient."""
    room, gas = node[port[0]], node[port[1]]
    conductance = par.UA * (1.0 + s.leak_growth)
    s.Q_flow = conductance * (room.temp - gas.temp)
    heat(gas, s.Q_flow, conductance)


@unit_operation("buffer", ja="バッファタンク", kernel=buffer, update=feel_vacuum, symbol="vessel")
@dataclass(frozen=True, kw_only=True)
class Buffer:
    """Rigid vessel of helium."""

    volume: float = Param("m3", "inner volume", range=(1e-6, 1e5))
    p_start: float = Param("Pa", "pressure at the start", default=101325.0)
    temp_start: float = Param("K", "temperature at the start", default=300.0)
    UA: float = Param("W/K", "heat conductance to the room", default=0.0, range=(0.0, 1e6))
    p_max: float = Param("Pa", "range of the pressure tag", default=20e5)
    ambient: str = Port("room", default="ambient")
    vacuum: str = Wire("leak_growth of the vacuum jacket it lies in; empty: none, or always good vacuum", default="")

    leak_growth = Latch("1", "growth of the conductance by bad vacuum", range=(0.0, 1e4), ja="侵入熱増加率")
    Q_flow = Output("W", "heat from the room", range=(-1e4, 1e4), ja="周囲からの熱")

    def nodes(self):
        """The gas."""
        return {"gas": Node(self.volume, self.p_start, self.temp_start, p_range=(0.0, self.p_max))}
