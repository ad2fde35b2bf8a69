"""On/off controller: starts and stops a machine or opens and closes a valve between two points.

What the operator has forced on or off no program takes back; a missing permit stops it all the same.
"""

from dataclasses import dataclass

from hil.controllers.scan import due, period, put, wired
from thermo.jit import kernel
from twin.unit import Input, Latch, Param, Wire, unit_operation
from twin.words import OFF_ON, words

OFF, AUTO, ON, FORCED_OFF, FORCED_ON = range(5)
MODES = words("off 切", "auto 自動", "on 入", "forced off 強制切", "forced on 強制入")

EXAMPLE = """
description = "A buffer that fills and is emptied by a valve between two pressures."
[unit.AIR]
kind = "ambient"
[unit.BUF-1]
kind = "buffer"
volume = "5 m3"
p_start = "10 bar"
[unit.BUF-2]
kind = "buffer"
volume = "0.2 m3"
p_start = "1.2 bar"
[unit.CV-1]
kind = "control_valve"
inlet = "BUF-1"
outlet = "BUF-2"
flow_area = "0.5 mm2"
start = {opening = 1}
[unit.CV-2]
kind = "control_valve"
inlet = "BUF-2"
outlet = "AIR"
flow_area = "5 mm2"
[unit.PSC-1]
kind = "on_off"
measurement = "BUF-2.p"
output_to = "CV-2.opening"
unit = "Pa"
on_at_start = "2 bar"
off_at_start = "1.3 bar"
run_least = "30 s"
rest_least = "20 s"
"""


@kernel
def on_off(par, s, image, wire, clock):
    """On beyond one point, off beyond the other; runs and rests for at least the given times."""
    if not due(clock, par.scan):
        return
    h = period(clock, par.scan)
    x = image[wire[0]]
    s.since += h

    # what the measurement asks for
    wanted = s.on
    rising = s.on_at >= s.off_at
    if (x >= s.on_at) if rising else (x <= s.on_at):
        wanted = 1.0
    elif (x <= s.off_at) if rising else (x >= s.off_at):
        wanted = 0.0

    # what is allowed: the least times bind the automatic only
    if s.mode == AUTO and wanted != s.on and s.since < (par.run_least if s.on > 0.5 else s.rest_needed):
        wanted = s.on
    if s.mode != AUTO:
        wanted = 1.0 if s.mode == ON or s.mode == FORCED_ON else 0.0
    if par.has_permit > 0.0 and image[wire[2]] < 0.5:
        wanted = 0.0

    # switch
    if wanted != s.on:
        s.on = wanted
        s.since = 0.0
        s.rest_needed = par.rest_least
        if wanted > 0.5:
            s.starts += 1.0
    if s.on > 0.5:
        s.run_time += h
    put(image, wire[1], par.has_output_to, s.on_value if s.on > 0.5 else par.value_off)


@unit_operation("on_off", ja="オンオフ制御", update=on_off, phase="controller", symbol="controller")
@dataclass(frozen=True, kw_only=True)
class OnOff:
    """On/off controller with least run and rest times: a bag's compressor, an LN2 fill valve."""

    measurement: str = Wire("tag that it watches")
    output_to: str = Wire("input that it switches", default="")
    permit: str = Wire("tag that is 1 while it may be on; empty: always", default="")
    on_at_start: float = Param("@unit", "where it goes on; below off_at it fills instead of emptying")
    off_at_start: float = Param("@unit", "where it goes off")
    unit: str = Param("text", "SI unit of the watched tag", default="1")
    value_on: float = Param("1", "output when on", default=1.0)
    value_off: float = Param("1", "output when off", default=0.0)
    run_least: float = Param("s", "least run time", default=0.0, range=(0.0, 86400.0))
    rest_least: float = Param("s", "least rest between two runs", default=0.0, range=(0.0, 86400.0))
    scan: float = Param("s", "scan period", default=1.0, range=(0.0, 3600.0))

    on_at = Input("@unit", "where it goes on", start="on_at_start", ja="始動点")
    off_at = Input("@unit", "where it goes off", start="off_at_start", ja="停止点")
    on_value = Input("1", "output when on", start="value_on", by="engineer", ja="ON出力値")
    mode = Input("1", "mode", start=float(AUTO), labels=MODES, ja="運転モード")
    on = Latch("1", "output", labels=OFF_ON, ja="出力")
    since = Latch("s", "time since it last switched", range=(0.0, 1e9), ja="切替後時間")
    rest_needed = Latch("s", "rest that the next start must wait for", range=(0.0, 86400.0))
    starts = Latch("1", "starts since the beginning", range=(0.0, 1e6), ja="始動回数")
    run_time = Latch("s", "time on since the beginning", range=(0.0, 1e9), ja="運転時間")

    def check(self):
        """Two points."""
        if self.on_at_start == self.off_at_start:
            raise ValueError("expected on_at_start and off_at_start to differ")

    def derived(self):
        """Which wires lead somewhere."""
        return wired(self)

    def tag_range(self, quantity):
        """The points can be moved by their distance."""
        if quantity.unit != "@unit":
            return None
        low, high = sorted((self.on_at_start, self.off_at_start))
        return min(2.0 * low - high, low), 2.0 * high - low
