"""Transmitter: measures a tag with lag, noise, bias, resolution and a range, as an instrument does."""

import math
import zlib
from dataclasses import dataclass

from thermo.jit import kernel
from twin.alarms.declare import OffNormal
from twin.health import FAILURE, OFF_SPEC, Sign
from twin.noise import gauss, tick
from twin.unit import Input, Latch, Output, Param, Wire, unit_operation
from twin.words import words

GOOD, UNDER, OVER, FROZEN, FAILED = range(5)
STATUS = words("good 正常", "under range 下限外", "over range 上限外", "frozen 固着", "failed 故障")
FAULTS = words("none なし", "frozen 固着", "fails low 下振切れ", "fails high 上振切れ")
BELOW, BEYOND = 0.0125, 0.03125
"""Shares of the span beyond its ends that still are a measurement: 3.8 and 20.5 mA of 4 to 20 (NAMUR NE 43)."""

EXAMPLE = """
description = "A buffer that cools to the room, and its thermometer."
[unit.AIR]
kind = "ambient"
[unit.BUF-1]
kind = "buffer"
volume = "1 m3"
p_start = "2 bar"
temp_start = "320 K"
UA = "50 W/K"
[unit.TT-1]
kind = "transmitter"
tag = "BUF-1.temp"
unit = "K"
low = 250
high = 350
lag = "5 s"
noise = "0.05 K"
resolution = "0.01 K"
"""


@kernel
def transmitter(par, s, image, wire, clock):
    """First-order lag, exact over a step; then bias, noise, resolution and the limits of the range."""
    truth = image[wire[0]]
    if clock.step < 1.5 or par.lag <= 0.0:
        s.sensed = truth
    else:
        s.sensed += (truth - s.sensed) * (1.0 - math.exp(-clock.dt / par.lag))

    # what the electronics make of it
    reading = s.sensed + s.bias
    if par.noise > 0.0:
        reading += par.noise * gauss(tick(clock.time), int(par.key))
    if par.resolution > 0.0:
        reading = par.low + par.resolution * math.floor((reading - par.low) / par.resolution + 0.5)

    # what the loop shows
    if s.fault == 1.0:
        s.status = FROZEN
    elif s.fault > 1.0:
        s.status = FAILED
        s.value = par.low if s.fault == 2.0 else par.high
    else:
        span = par.high - par.low
        s.status = UNDER if reading < par.low - BELOW * span else (OVER if reading > par.high + BEYOND * span else GOOD)
        s.value = min(max(reading, par.low), par.high)


@unit_operation("transmitter", ja="伝送器", update=transmitter, phase="sensor", symbol="instrument")
@dataclass(frozen=True, kw_only=True)
class Transmitter:
    """Transmitter of any tag: range, lag, noise, resolution, bias and the usual ways to fail."""

    tag: str = Wire("tag that it measures")
    low: float = Param("@unit", "lower end of the range")
    high: float = Param("@unit", "upper end of the range")
    unit: str = Param("text", "SI unit of the measured tag", default="1")
    lag: float = Param("s", "time constant", default=0.0, range=(0.0, 3600.0))
    noise: float = Param("@unit", "standard deviation of the noise", default=0.0)
    resolution: float = Param("@unit", "smallest step that it shows; 0 is endless", default=0.0)
    seed: int = Param("1", "makes the noise another one", default=0)

    value = Output("@unit", "measured value", ja="計測値")
    status = Output("1", "state of the measurement", labels=STATUS, ja="計測状態")
    bias = Input("@unit", "error added to the measurement", by="instructor", ja="計測誤差")
    fault = Input("1", "how the instrument fails", labels=FAULTS, by="instructor", ja="計器故障")
    sensed = Latch("@unit", "what the sensing element follows", ja="検出値")

    def check(self):
        """A range has two ends, and nothing spreads backwards."""
        if not self.low < self.high:
            raise ValueError(
                f"expected a lower end of the range below the upper one, got {self.low:g} to {self.high:g}"
            )
        if self.noise < 0.0 or self.resolution < 0.0:
            raise ValueError("expected noise and resolution of zero or more")

    def derived(self):
        """The key of its noise: every measured tag has its own."""
        return {"key": float(zlib.crc32(f"{self.tag} {self.seed}".encode()))}

    def tag_range(self, quantity):
        """The measured value has the range of the instrument; the bias can carry it from end to end."""
        span = self.high - self.low
        if quantity is Transmitter.bias:
            return -span, span
        return (self.low, self.high) if quantity.unit == "@unit" else None

    def health(self):
        """Out of its range, or failed."""
        return [
            Sign("status", OFF_SPEC, UNDER, OVER),
            Sign("status", FAILURE, FROZEN, FAILED),
        ]

    def alarms(self):
        """What the instrument says of itself."""
        return [
            OffNormal(
                "status",
                "measurement not good",
                "計測異常",
                on_delay=60.0,
                off_delay=60.0,
                priority="low",
                cause=("beyond its range, or failed", "レンジ外または故障"),
                consequence=("its controllers act on a wrong value", "誤った値による制御"),
                action=("compare with a second instrument", "他の計器と比較"),
            )
        ]
