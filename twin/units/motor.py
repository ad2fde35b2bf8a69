"""Motor: starter with ramp, coasting, run feedback, trip latch and loss of power."""

from dataclasses import dataclass

from thermo.jit import kernel
from twin.alarms.declare import REMOTE, Discrepancy, OffNormal
from twin.health import CHECK_FUNCTION, Sign
from twin.unit import Input, Latch, Output, Param, Wire, unit_operation
from twin.words import NO_RESET, NO_YES, REMOTE_LOCAL, STOP_START, words

STOPPED, STARTING, RUNNING, COASTING, TRIPPED = range(5)
STATES = words("stopped 停止", "starting 起動中", "running 運転中", "coasting 惰走中", "tripped トリップ")
NO_TRIP, INTERLOCK, NO_POWER = range(3)
CAUSES = words("no なし", "interlock インターロック", "power lost 停電")

EXAMPLE = """
description = "A motor without a load, and a switch that trips it when the buffer is warm."
[unit.AIR]
kind = "ambient"
[unit.BUF-1]
kind = "buffer"
volume = "1 m3"
temp_start = "290 K"
UA = "20 W/K"
[unit.TS-1]
kind = "switch"
tag = "BUF-1.temp"
unit = "K"
trip = "299 K"
reset = "295 K"
[unit.M-1]
kind = "motor"
trip = "TS-1"
start = {command = "start"}
"""


@kernel
def motor(par, s, image, wire, clock):
    """Linear ramp up, linear coasting down; a trip is latched until it is reset with its cause gone."""
    dead = par.has_power > 0.0 and image[wire[1]] < 0.5
    interlocked = par.has_trip > 0.0 and image[wire[0]] > 0.5

    # trip latch
    if s.reset > 0.5 and not interlocked and not dead:
        s.tripped = NO_TRIP
    s.reset = 0.0
    if interlocked and s.tripped == NO_TRIP:
        s.tripped = INTERLOCK
    if dead and s.speed > 0.0 and par.restarts < 0.5 and s.tripped == NO_TRIP:
        s.tripped = NO_POWER

    # who is obeyed: the control system, or the starter's own button; the button follows, so that nothing jumps
    if s.place < 0.5:
        s.local_command = s.command

    # speed
    before = s.speed
    driven = s.local_command > 0.5 and not dead and s.tripped == NO_TRIP
    if driven:
        s.speed = min(s.speed + clock.dt / par.ramp_time, 1.0)
        s.run_time += clock.dt
    else:
        s.speed = max(s.speed - clock.dt / par.coast_time, 0.0)
    if driven and before == 0.0:
        s.starts += 1.0

    # what others see
    s.running = 1.0 if driven and s.speed > 0.95 else 0.0
    if driven:
        s.state = RUNNING if s.speed > 0.95 else STARTING
    else:
        s.state = TRIPPED if s.tripped != NO_TRIP else (COASTING if s.speed > 0.0 else STOPPED)
    if par.has_drives > 0.0:
        image[wire[2]] = s.speed
    if par.has_switches > 0.0:
        image[wire[3]] = 1.0 if driven else 0.0


@unit_operation("motor", ja="電動機", update=motor, symbol="motor")
@dataclass(frozen=True, kw_only=True)
class Motor:
    """Motor of a machine, with its starter."""

    trip: str = Wire("tag that trips the motor when it is 1", default="")
    power: str = Wire("tag that is 1 while there is power; empty: always", default="")
    drives: str = Wire("speed that it drives, from 0 to 1", default="")
    switches: str = Wire("run command of a machine, 1 while the motor is driven", default="")
    ramp_time: float = Param("s", "from rest to full speed", default=5.0, range=(0.01, 3600.0))
    coast_time: float = Param("s", "from full speed to rest", default=10.0, range=(0.01, 3600.0))
    restarts: bool = Param("1", "starts again by itself when the power returns", default=False)

    command = Input("1", "command", labels=STOP_START, ja="運転指令")
    place = Input("1", "where it is operated", labels=REMOTE_LOCAL, ja="操作場所")
    local_command = Input("1", "command at the starter; follows in remote", labels=STOP_START, ja="現場運転操作")
    reset = Input("1", "reset of the trip (goes back by itself)", labels=NO_RESET, ja="トリップ復帰")
    speed = Latch("1", "speed, share of the full one", range=(0.0, 1.0), ja="回転速度")
    tripped = Latch("1", "cause of the trip", labels=CAUSES, ja="トリップ")
    running = Output("1", "run feedback", labels=NO_YES, ja="運転中")
    state = Output("1", "state of the motor", labels=STATES, ja="モータ状態")
    starts = Latch("1", "starts since the beginning", range=(0.0, 1e6), ja="起動回数")
    run_time = Latch("s", "time driven since the beginning", range=(0.0, 1e9), ja="運転時間")

    def derived(self):
        """Which of its wires lead somewhere."""
        return {f"has_{name}": float(bool(getattr(self, name))) for name in ("trip", "power", "drives", "switches")}

    def health(self):
        """Operated at its starter."""
        return [
            Sign("place", CHECK_FUNCTION, 1.0),
        ]

    def alarms(self):
        """Trip, and an order that is not obeyed."""
        return [
            OffNormal(
                "tripped",
                "motor trip",
                "モータトリップ",
                trip=True,
                priority="high",
                cause=("interlock, or power lost", "インターロック、停電"),
                consequence=("the machine stands", "機械停止"),
                action=("remove the cause, reset", "原因除去後リセット"),
            ),
            Discrepancy(
                "running",
                "motor does not follow its order",
                "モータ指令不一致",
                order="command",
                when=REMOTE,
                on_delay=1.2 * max(self.ramp_time, self.coast_time),
                cause=("tripped, or no power", "トリップまたは停電"),
                consequence=("the machine stands", "機械停止"),
                action=("look at the trip", "トリップ表示の確認"),
            ),
        ]
