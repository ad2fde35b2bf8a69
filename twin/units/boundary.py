"""Boundary: helium at a given pressure and temperature, as much as is asked for; where a study cuts a plant off."""

from dataclasses import dataclass

from thermo.jit import kernel
from twin.network import hold_state
from twin.unit import Input, Node, Param, unit_operation

EXAMPLE = """
description = "A vessel between two pressures"
[unit.AIR]
kind = "ambient"
[unit.HP-1]
kind = "boundary"
p = "13 bar"
[unit.LP-1]
kind = "boundary"
p = "1.05 bar"
[unit.B-1]
kind = "buffer"
volume = "1 m3"
[unit.CV-1]
kind = "control_valve"
inlet = "HP-1"
outlet = "B-1"
flow_area = "10 mm2"
start = {opening = 0.5}
[unit.CV-2]
kind = "control_valve"
inlet = "B-1"
outlet = "LP-1"
flow_area = "20 mm2"
start = {opening = 0.5}
"""


@kernel
def boundary(par, s, node, port):
    """Pressure and temperature as set; what passes is counted in the ledger."""
    hold_state(node[port[0]], s.p_set, s.temp_set, 0.0)


@unit_operation("boundary", ja="境界", update=boundary, symbol="boundary")
@dataclass(frozen=True, kw_only=True)
class Boundary:
    """Endless helium at a given pressure and temperature."""

    p: float = Param("Pa", "pressure at the start", range=(1e4, 2e7))
    temp: float = Param("K", "temperature at the start", default=300.0, range=(4.3, 400.0))

    p_set = Input("Pa", "pressure", start="p", range=(1e4, 2e7), by="instructor", ja="境界圧力")
    temp_set = Input("K", "temperature", start="temp", range=(4.3, 400.0), by="instructor", ja="境界温度")

    def nodes(self):
        """An endless volume; what enters is only counted."""
        return {"gas": Node(1e9, self.p, self.temp, fixed=True, p_range=(0.0, 2.0 * self.p))}
