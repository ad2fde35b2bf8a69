"""Positioner: drives a valve stem to its command with a stroke time, stiction, a dead band and a fail position."""

from dataclasses import dataclass

from thermo.jit import kernel
from twin.alarms.declare import REMOTE, Discrepancy, OffNormal
from twin.health import CHECK_FUNCTION, FAILURE, MAINTENANCE_REQUIRED, Sign
from twin.unit import Input, Latch, Param, Wire, unit_operation
from twin.words import REMOTE_LOCAL, words

AIR = words("there 有", "lost 喪失")
MOTION = words("at rest 静止", "moving 動作中")

EXAMPLE = """
description = "A valve between two buffers, moved by a sticky positioner."
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
stroke_time = "0.1 s"
[unit.ZC-1]
kind = "positioner"
valve = "CV-1.opening"
stroke_time = "20 s"
stiction = 0.02
start = {command = 0.8}
"""


@kernel
def positioner(par, s, image, wire, clock):
    """Sticks until the error exceeds the stiction, then moves at the stroke rate until it is within the dead band.

    A two-parameter stiction model of the family reviewed by Brasio, Romanenko and Fernandes, Ind. Eng. Chem. Res. 53
    (2014): static friction as the band it must leave, dynamic friction as what is left when it stops.
    """
    lost = s.air > 0.5 or (par.has_air_supply > 0.0 and image[wire[1]] < 0.5)
    if s.place < 0.5:
        s.hand_wheel = s.command  # follows, so that nothing jumps
    wanted = s.hand_wheel
    if lost and s.place < 0.5:  # a hand wheel needs no air
        wanted = par.fail_position if par.fail_position >= 0.0 else s.position

    # the spring needs no air to overcome friction
    error = wanted - s.position
    if abs(error) > (0.0 if lost else max(s.stiction_now, par.dead_band)):
        s.moving = 1.0
    if s.moving > 0.5:
        travel = min(clock.dt / par.stroke_time, abs(error))
        s.position += travel if error > 0.0 else -travel
        if abs(wanted - s.position) <= par.dead_band:
            s.moving = 0.0
    image[wire[0]] = s.position


@unit_operation("positioner", ja="ポジショナ", update=positioner, symbol="actuator")
@dataclass(frozen=True, kw_only=True)
class Positioner:
    """Positioner and actuator of a valve, run by instrument air."""

    valve: str = Wire("opening of the valve that it drives")
    air_supply: str = Wire("tag that is 1 while there is instrument air; empty: always", default="")
    stroke_time: float = Param("s", "time for the full stroke", default=10.0, range=(0.01, 3600.0))
    stiction: float = Param("1", "error at which a resting stem breaks loose", default=0.0, range=(0.0, 1.0))
    dead_band: float = Param("1", "error at which a moving stem is left alone", default=0.0, range=(0.0, 0.5))
    fail_position: float = Param(
        "1", "where the spring drives it without air; -1: stays", default=0.0, range=(-1.0, 1.0)
    )

    command = Input("1", "commanded position", start=0.0, range=(0.0, 1.0), ja="開度指令")
    place = Input("1", "where it is operated", labels=REMOTE_LOCAL, ja="操作場所")
    hand_wheel = Input(
        "1", "position set at the valve; follows in remote", start="command", range=(0.0, 1.0), ja="手動ハンドル"
    )
    stiction_now = Input("1", "stiction of the stem", start="stiction", range=(0.0, 1.0), by="instructor", ja="固着幅")
    air = Input("1", "instrument air of this positioner", labels=AIR, by="instructor", ja="計装空気")
    position = Latch("1", "position of the stem", start="command", range=(0.0, 1.0), ja="弁位置")
    moving = Latch("1", "motion of the stem", labels=MOTION, ja="動作中")

    def derived(self):
        """Whether it knows of the air supply."""
        return {"has_air_supply": float(bool(self.air_supply))}

    def health(self):
        """Lost air; operated at the valve; a stem that sticks more than it did when new."""
        return [
            Sign("air", FAILURE, 1.0),
            Sign("place", CHECK_FUNCTION, 1.0),
            Sign("stiction_now", MAINTENANCE_REQUIRED, self.stiction + 0.01),
        ]

    def alarms(self):
        """Instrument air, and a stem that does not follow."""
        return [
            OffNormal(
                "air",
                "instrument air lost",
                "計装空気喪失",
                priority="high",
                cause=("air compressor or supply line failed", "空気圧縮機または配管の故障"),
                consequence=("the valve goes to its fail position", "弁はフェイル位置へ移動"),
                action=("restore the air", "計装空気の復旧"),
            ),
            Discrepancy(
                "position",
                "valve does not follow its command",
                "弁開度不一致",
                order="command",
                when=REMOTE,
                tolerance=max(0.05, 1.5 * self.dead_band),
                dead_band=0.01,
                on_delay=1.5 * self.stroke_time,
                cause=("stem sticks, air lost", "弁棒固着、計装空気喪失"),
                consequence=("the controller has no hand", "制御不能"),
                action=("stroke the valve, check the air", "弁作動試験、計装空気確認"),
            ),
        ]
