"""Switch: level, pressure or temperature switch with two points and a delay."""

from dataclasses import dataclass

from thermo.jit import kernel
from twin.health import FAILURE, Sign
from twin.unit import Input, Latch, Param, Wire, unit_operation
from twin.words import OFF_ON, words

FAULTS = words("none なし", "stuck off 切固着", "stuck on 入固着")

EXAMPLE = """
description = "A buffer that fills through a valve, and its pressure switch."
[unit.AIR]
kind = "ambient"
[unit.BUF-1]
kind = "buffer"
volume = "1 m3"
p_start = "8 bar"
[unit.BUF-2]
kind = "buffer"
volume = "1 m3"
p_start = "1 bar"
[unit.CV-1]
kind = "control_valve"
inlet = "BUF-1"
outlet = "BUF-2"
flow_area = "2 mm2"
start = {opening = 1}
[unit.PS-1]
kind = "switch"
tag = "BUF-2.p"
unit = "Pa"
trip = "3 bar"
reset = "2 bar"
"""


@kernel
def switch(par, s, image, wire, clock):
    """On beyond one point, off beyond the other; the point on the far side says which way it looks."""
    x = image[wire[0]]
    high = s.trip_at >= s.reset_at
    if s.value > 0.5:
        leaving = x <= s.reset_at if high else x >= s.reset_at
    else:
        leaving = x >= s.trip_at if high else x <= s.trip_at

    s.waited = s.waited + clock.dt if leaving else 0.0
    if leaving and s.waited > par.delay:
        s.value = 1.0 - s.value
        s.waited = 0.0
    if s.fault > 0.5:
        s.value = s.fault - 1.0


@unit_operation("switch", ja="スイッチ", update=switch, phase="sensor", symbol="instrument")
@dataclass(frozen=True, kw_only=True)
class Switch:
    """Switch with hysteresis on any tag: a high switch when it trips above where it resets, else a low one."""

    tag: str = Wire("tag that it watches")
    trip: float = Param("@unit", "where it goes on")
    reset: float = Param("@unit", "where it goes off")
    unit: str = Param("text", "SI unit of the watched tag", default="1")
    delay: float = Param(
        "s", "the tag must stay beyond a point for longer than this", default=0.0, range=(0.0, 86400.0)
    )

    value = Latch("1", "switch", labels=OFF_ON, ja="スイッチ")
    trip_at = Input("@unit", "where it goes on", start="trip", by="engineer", ja="動作点")
    reset_at = Input("@unit", "where it goes off", start="reset", by="engineer", ja="復帰点")
    fault = Input("1", "how the switch fails", labels=FAULTS, by="instructor", ja="スイッチ故障")
    waited = Latch("s", "time beyond the point", range=(0.0, 86400.0), ja="待ち時間")

    def tag_range(self, quantity):
        """The points can be moved by their distance, at least by a tenth of themselves."""
        if quantity.unit != "@unit":
            return None
        low, high = min(self.trip, self.reset), max(self.trip, self.reset)
        room = max(high - low, 0.1 * abs(high), 0.1 * abs(low))
        return low - room, high + room

    def health(self):
        """A stuck switch tells nothing."""
        return [
            Sign("fault", FAILURE, 1.0),
        ]
