"""Room: what helium that is let out does to the oxygen in it; ventilation carries it away."""

import math
from dataclasses import dataclass

from thermo.jit import kernel
from twin.alarms.declare import Limits
from twin.unit import Input, Latch, Output, Param, Port, Wire, unit_operation
from twin.words import OFF_ON

R_HELIUM = 2077.2  # J/(kg K)
OXYGEN = 0.2095  # mole share of dry air
SOURCES = 8

EXAMPLE = """
description = "A small room, a leaking buffer in it, and a fan that fails."
step = "1 s"
[unit.AMB]
kind = "ambient"
[unit.B-1]
kind = "buffer"
volume = "1 m3"
p_start = "20 bar"
p_max = "25 bar"
[unit.LEAK-1]
kind = "leak"
inlet = "B-1"
hole = "0.5 mm2"
[unit.ROOM-1]
kind = "room"
volume = "50 m3"
air_changes = "4 1/h"
release_1 = "LEAK-1.m_flow"
start = { ventilation = 0.0 }
"""


@kernel
def room(par, s, node, port, image, wire, clock):
    """Well mixed at constant pressure: V dx/dt = q - (q + Q) x, exact over a step (FESHM 4240, case B).

    q is the helium let out, Q the fresh air [m3/s]; what comes in pushes as much of the mixture out.
    """
    air = node[port[0]]
    released = s.spill
    for i in range(SOURCES):
        released += max(image[wire[i]], 0.0)
    s.m_release = released
    helium = released * R_HELIUM * air.temp / air.p
    s.fresh_air = par.air_changes * par.volume * s.ventilation + par.exhaust_flow * s.exhaust
    through = helium + s.fresh_air + par.seepage * par.volume
    goal = helium / through if through > 0.0 else s.helium
    s.helium += (goal - s.helium) * (1.0 - math.exp(-through / par.volume * clock.dt))
    s.oxygen = OXYGEN * (1.0 - s.helium)


@unit_operation("room", ja="部屋", update=room, symbol="room")
@dataclass(frozen=True, kw_only=True)
class Room:
    """Room with ventilation, and the helium that is let out into it."""

    ambient: str = Port("air of the site", default="ambient")
    release_1: str = Wire("mass flow of helium let out into the room", default="")
    release_2: str = Wire("another one", default="")
    release_3: str = Wire("another one", default="")
    release_4: str = Wire("another one", default="")
    release_5: str = Wire("another one", default="")
    release_6: str = Wire("another one", default="")
    release_7: str = Wire("another one", default="")
    release_8: str = Wire("another one", default="")
    volume: float = Param("m3", "air in the room", range=(1.0, 1e6))
    air_changes: float = Param("1/s", "fresh air over the volume", default=4.0 / 3600.0, range=(0.0, 1.0))
    seepage: float = Param("1/s", "air changes through doors and gaps", default=0.2 / 3600.0, range=(0.0, 0.1))
    exhaust_flow: float = Param("m3/s", "emergency exhaust, while it runs", default=0.0, range=(0.0, 100.0))
    oxygen_warning: float = Param("1", "share of oxygen at which people leave", default=0.195, range=(0.1, 0.209))
    oxygen_danger: float = Param("1", "share of oxygen below which nobody enters", default=0.18, range=(0.05, 0.209))

    ventilation = Input("1", "ventilation over normal", start=1.0, range=(0.0, 2.0), by="instructor", ja="換気量比")
    spill = Input(
        "kg/s", "helium from a broken hose or dewar", range=(0.0, 1.0), by="instructor", ja="ヘリウム漏洩流量"
    )
    exhaust = Input("1", "emergency exhaust", labels=OFF_ON, ja="非常排気")
    helium = Latch("1", "share of helium in the air", range=(0.0, 1.0), ja="室内ヘリウム濃度")
    oxygen = Output("1", "share of oxygen in the air", start=OXYGEN, range=(0.0, 0.25), ja="室内酸素濃度")
    m_release = Output("kg/s", "helium let out into the room", range=(0.0, 1.0), ja="室内放出流量")
    fresh_air = Output("m3/s", "ventilation and exhaust", range=(0.0, 100.0), ja="換気流量")

    def check(self):
        """The warning comes first."""
        if not self.oxygen_danger < self.oxygen_warning:
            raise ValueError(
                f"expected oxygen_danger below oxygen_warning, got {self.oxygen_danger:g} and {self.oxygen_warning:g}"
            )

    def alarms(self):
        """Too little oxygen to breathe: 19.5 % (OSHA 29 CFR 1910.146), 18 % (酸素欠乏症等防止規則, article 2)."""
        return [
            Limits(
                "oxygen",
                "oxygen in the room",
                "室内酸素濃度",
                low=self.oxygen_warning,
                low_low=self.oxygen_danger,
                dead_band=0.002,
                on_delay=5.0,
                priority="critical",
                cause=("helium is let out, or the ventilation has failed", "ヘリウム放出、換気停止"),
                consequence=("people faint without a warning", "予兆なく失神"),
                action=("leave the room, start the exhaust, enter with a meter only", "退避、非常排気起動、測定後入室"),
            ),
            Limits(
                "ventilation",
                "ventilation of the room",
                "室内換気",
                low=0.5,
                dead_band=0.05,
                on_delay=60.0,
                cause=("fan stopped, damper shut", "ファン停止、ダンパ閉"),
                consequence=("helium that is let out stays in the room", "放出ヘリウムが室内に滞留"),
                action=("start the exhaust, repair the fan", "非常排気起動、ファン修理"),
            ),
        ]
