"""Dewar level: starts and stops the liquefier on the liquid in the dewar and the gas in stock; asks for transfers."""

from dataclasses import dataclass

from hil.controllers.scan import due, period, put, wired
from thermo.jit import kernel
from twin.unit import Input, Latch, Param, Wire, unit_operation
from twin.words import NO_YES, OFF_AUTO, words

OFF, AUTO = 0, 1
WAITS = words("liquefying 液化中", "dewar full 満液", "no gas ガス不足", "off 切")

EXAMPLE = """
description = "A buffer as stock and another as dewar: the valve between them stands for the liquefier."
[unit.AIR]
kind = "ambient"
[unit.BUF-1]
kind = "buffer"
volume = "1 m3"
p_start = "10 bar"
[unit.BUF-2]
kind = "buffer"
volume = "1 m3"
p_start = "1 bar"
[unit.CV-1]
kind = "control_valve"
inlet = "BUF-1"
outlet = "BUF-2"
flow_area = "5 mm2"
[unit.LC-1]
kind = "dewar_level"
level = "BUF-2.x"
stock = "BUF-1.p"
command = "CV-1.opening"
level_full = 1.5
level_resume = 1.2
level_request = 0.5
stock_start = "6 bar"
stock_stop = "5.5 bar"
"""


@kernel
def dewar_level(par, s, image, wire, clock):
    """Full by hysteresis, gas in stock by hysteresis; the liquefier runs when there is room and gas."""
    if not due(clock, par.scan):
        return
    level, stock = image[wire[0]], image[wire[1]]
    if s.full > 0.5:
        s.full = 1.0 if level > s.resume_at else 0.0
    else:
        s.full = 1.0 if level >= s.full_at else 0.0
    s.request = 1.0 if level >= (s.request_at - 0.02 if s.request > 0.5 else s.request_at) else 0.0

    enough = par.has_stock < 0.5 or stock >= (s.stock_stop_at if s.liquefy > 0.5 else s.stock_start_at)
    if s.mode == OFF:
        s.waits = 3.0
    elif s.full > 0.5:
        s.waits = 1.0
    else:
        s.waits = 0.0 if enough else 2.0
    s.liquefy = 1.0 if s.waits == 0.0 else 0.0
    if s.liquefy > 0.5:
        s.run_time += period(clock, par.scan)
    if s.mode == AUTO:
        put(image, wire[2], par.has_command, s.liquefy)


@unit_operation("dewar_level", ja="デュワー液位制御", update=dewar_level, phase="controller", symbol="controller")
@dataclass(frozen=True, kw_only=True)
class DewarLevel:
    """Campaign control of a liquefier: dewar full, gas in stock, transfer request."""

    level: str = Wire("level of the dewar")
    stock: str = Wire("pressure of the gas in stock; empty: always enough", default="")
    command: str = Wire("start command of the liquefier", default="")
    level_full: float = Param("1", "level at which liquefying ends", default=0.9, range=(0.0, 2.0))
    level_resume: float = Param("1", "level at which it may begin again", default=0.7, range=(0.0, 2.0))
    level_request: float = Param("1", "level from which a transfer is wanted", default=0.6, range=(0.0, 2.0))
    stock_start: float = Param("Pa", "stock that begins a campaign", default=20e5, range=(0.0, 4e7))
    stock_stop: float = Param("Pa", "stock that ends a campaign", default=5e5, range=(0.0, 4e7))
    scan: float = Param("s", "scan period", default=10.0, range=(0.0, 3600.0))

    mode = Input("1", "mode", start=float(AUTO), labels=OFF_AUTO, ja="運転モード")
    full_at = Input("1", "level at which liquefying ends", start="level_full", range=(0.0, 2.0), ja="満液位")
    resume_at = Input("1", "level at which it may begin again", start="level_resume", range=(0.0, 2.0), ja="再開液位")
    request_at = Input(
        "1",
        "level from which a transfer is wanted",
        start="level_request",
        range=(0.0, 2.0),
        by="engineer",
        ja="移送要求液位",
    )
    stock_start_at = Input(
        "Pa", "stock that begins a campaign", start="stock_start", range=(0.0, 4e7), by="engineer", ja="開始在庫圧"
    )
    stock_stop_at = Input(
        "Pa", "stock that ends a campaign", start="stock_stop", range=(0.0, 4e7), by="engineer", ja="終了在庫圧"
    )
    liquefy = Latch("1", "the liquefier shall run", labels=NO_YES, ja="液化要求")
    full = Latch("1", "dewar full", labels=NO_YES, ja="満液")
    request = Latch("1", "transfer wanted", labels=NO_YES, ja="移送要求")
    waits = Latch("1", "what decides", start=3.0, labels=WAITS, ja="状態")
    run_time = Latch("s", "time liquefying since the beginning", range=(0.0, 1e9), ja="液化運転時間")

    def derived(self):
        """Which wires lead somewhere."""
        return wired(self)
