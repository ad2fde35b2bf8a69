"""Storage dewar: two-phase helium under its own pressure, with heat leak and a vessel that must be cooled."""

from dataclasses import dataclass

from thermo.jit import kernel
from thermo.materials import STAINLESS_STEEL, cp_material
from twin.alarms.declare import Limits
from twin.insulation import feel_vacuum
from twin.network import heat
from twin.unit import Latch, Node, Output, Param, Port, State, Wire, unit_operation

EXAMPLE = """
description = "A dewar that boils off through a valve"
[unit.AIR]
kind = "ambient"
[unit.D-1]
kind = "storage_dewar"
volume = "200 L"
UA_leak = "0.02 W/K"
[unit.B-1]
kind = "buffer"
volume = "5 m3"
p_start = "1 bar"
UA = "50 W/K"
[unit.CV-1]
kind = "control_valve"
inlet = "D-1.vapour"
outlet = "B-1"
flow_area = "5 mm2"
start = {opening = 0.2}
"""


@kernel
def storage_dewar(par, s, node, port):
    """Vapour and liquid in equilibrium; inner vessel coupled to the helium; heat leak proportional to the room."""
    room, he = node[port[0]], node[port[1]]
    into = par.UA_vessel * (s.temp_vessel - he.temp)
    heat(he, into, par.UA_vessel)
    leak = par.UA_leak * (1.0 + s.leak_growth)
    s.Q_leak = leak * (room.temp - s.temp_vessel)
    capacity = par.mass * cp_material(STAINLESS_STEEL, s.temp_vessel) + 1.0
    s.d_temp_vessel = (s.Q_leak - into) / capacity
    s.l_temp_vessel = (leak + par.UA_vessel) / capacity
    s.litres = 1000.0 * he.level * par.volume


@unit_operation("storage_dewar", ja="貯槽デュワー", kernel=storage_dewar, update=feel_vacuum, symbol="dewar")
@dataclass(frozen=True, kw_only=True)
class StorageDewar:
    """Storage dewar or phase separator: ports draw `.vapour` or `.liquid`."""

    volume: float = Param("m3", "inner volume", range=(1e-3, 100.0))
    p_start: float = Param("Pa", "pressure at the start", default=1.2e5)
    level_start: float = Param("1", "liquid share of the volume at the start; below zero starts warm", default=0.3)
    temp_start: float = Param("K", "temperature of a warm start", default=300.0)
    UA_leak: float = Param("W/K", "heat leak per kelvin between room and vessel", default=0.005)
    UA_vessel: float = Param("W/K", "conductance between vessel and helium", default=20.0)
    mass: float = Param("kg", "inner vessel, stainless steel", default=50.0)
    ambient: str = Port("room", default="ambient")
    vacuum: str = Wire("leak_growth of the vacuum jacket it lies in; empty: always good vacuum", default="")

    leak_growth = Latch("1", "growth of the heat leak by bad vacuum", range=(0.0, 1e4), ja="侵入熱増加率")
    temp_vessel = State(
        "K", "inner vessel temperature", start="vessel_start", range=(0.0, 320.0), stiff=True, ja="内槽温度"
    )
    Q_leak = Output("W", "heat leak", range=(0.0, 500.0), ja="侵入熱")
    litres = Output("L", "liquid held", range=(0.0, 1e4), ja="液量")

    @property
    def vessel_start(self):
        """The vessel starts as cold as its helium."""
        return 4.4 if self.level_start >= 0.0 else self.temp_start

    def nodes(self):
        """The helium."""
        if self.level_start >= 0.0:
            return {"helium": Node(self.volume, self.p_start, level=max(self.level_start, 1e-6), p_range=(0.0, 3e5))}
        return {"helium": Node(self.volume, self.p_start, self.temp_start, p_range=(0.0, 3e5))}

    def alarms(self):
        """Level and pressure."""
        return [
            Limits(
                "level",
                "dewar level",
                "デュワー液位",
                high_high=0.97,
                high=0.95,
                dead_band=0.01,
                cause=("liquefying goes on", "液化継続"),
                consequence=("liquid in the return line", "戻り配管への液流出"),
                action=("stop liquefying, decant", "液化停止、払出し"),
            ),
            Limits(
                "p",
                "dewar pressure",
                "デュワー圧力",
                high_high=1.8e5,
                high=1.6e5,
                low=0.98e5,
                dead_band=2000.0,
                on_delay=10.0,
                priority="high",
                cause=(
                    "return shut, vacuum going; when low: drawn below the room",
                    "戻り弁閉、真空劣化、低い場合は吸引過大",
                ),
                consequence=("the relief lifts; when low: air comes in", "安全弁作動、低い場合は空気侵入"),
                action=("open the return", "戻り弁開"),
            ),
        ]
