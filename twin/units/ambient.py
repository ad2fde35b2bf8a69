"""Ambient: the air of a site. It takes what is vented and gives heat; its pressure follows a barometric wave."""

import math
from dataclasses import dataclass

from thermo.jit import kernel
from twin.network import hold_state
from twin.unit import Input, Node, Output, Param, unit_operation

EXAMPLE = """
description = "Air whose pressure swings"
[unit.AIR]
kind = "ambient"
p_swing = "10 mbar"
p_period = "1 h"
[unit.B-1]
kind = "buffer"
volume = "1 m3"
UA = "5 W/K"
"""


@kernel
def weather(par, s, node, port, clock):
    """Barometer: set point plus a sine of the given period; temperature as set."""
    phase = 2.0 * math.pi * clock.time / par.p_period
    p = s.barometer + par.p_swing * math.sin(phase)
    s.p_now = p
    hold_state(node[port[0]], p, s.temp_air, par.p_swing * math.cos(phase) * 2.0 * math.pi / par.p_period)


@unit_operation("ambient", ja="大気", update=weather, symbol="ambient")
@dataclass(frozen=True, kw_only=True)
class Ambient:
    """Air of a site: pressure and temperature."""

    p: float = Param("Pa", "mean air pressure", default=101325.0, range=(5e4, 1.2e5))
    temp: float = Param("K", "air temperature", default=300.0, range=(230.0, 330.0))
    p_swing: float = Param("Pa", "amplitude of the barometric wave", default=0.0, range=(0.0, 5000.0))
    p_period: float = Param("s", "period of the barometric wave", default=4.0 * 86400.0, range=(60.0, 1e8))

    barometer = Input("Pa", "mean air pressure", start="p", range=(8e4, 1.1e5), by="instructor", ja="大気圧(平均)")
    temp_air = Input("K", "air temperature", start="temp", range=(230.0, 330.0), by="instructor", ja="気温")
    p_now = Output("Pa", "air pressure", range=(8e4, 1.1e5), ja="大気圧")

    def nodes(self):
        """The air, as an endless volume at the state of pure helium (what enters is only counted)."""
        return {"air": Node(1e9, self.p, self.temp, fixed=True, p_range=(8e4, 1.1e5))}
