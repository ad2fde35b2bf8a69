"""Demand meter: the power of a site, and its average over half hours, by which a utility bills."""

import math
from dataclasses import dataclass

from thermo.jit import kernel
from twin.alarms.declare import Limits
from twin.unit import Latch, Output, Param, Wire, unit_operation

METERS = 8

EXAMPLE = """
description = "A compressor and a heater, and the meter of their power."
step = "1 s"
[unit.AMB]
kind = "ambient"
[unit.BAG-1]
kind = "gas_bag"
volume = "10 m3"
filling_start = 0.9
[unit.RC-1]
kind = "recovery_compressor"
suction = "BAG-1"
discharge = "BANK-1"
displacement = "14.4 m3/h"
power_rated = "7.5 kW"
start = { run = "run" }
[unit.BANK-1]
kind = "cylinder_bank"
count = 20
p_start = "50 bar"
[unit.DM-1]
kind = "demand_meter"
power_1 = "RC-1.power"
other = "1 kW"
contract = "5 kW"
"""


@kernel
def demand_meter(par, s, image, wire, clock):
    """Energy of each interval of the clock over its length; the forecast takes the present power for the rest of it."""
    power = par.other
    for i in range(METERS):
        power += image[wire[i]]
    s.power = power
    s.total += power * clock.dt

    into = clock.time - par.interval * math.floor(clock.time / par.interval + 1e-9)
    if into < clock.dt * (1.0 - 1e-9):  # the interval has ended within this step
        s.demand = (s.energy + power * (clock.dt - into)) / par.interval
        s.highest = max(s.highest, s.demand)
        s.energy = power * into
    else:
        s.energy += power * clock.dt
    s.forecast = (s.energy + power * (par.interval - into)) / par.interval


@unit_operation("demand_meter", ja="デマンド計", update=demand_meter, symbol="instrument")
@dataclass(frozen=True, kw_only=True)
class DemandMeter:
    """Meter of the site's electric power and of its demand in intervals of half an hour."""

    power_1: str = Wire("electric power of a machine")
    power_2: str = Wire("another one", default="")
    power_3: str = Wire("another one", default="")
    power_4: str = Wire("another one", default="")
    power_5: str = Wire("another one", default="")
    power_6: str = Wire("another one", default="")
    power_7: str = Wire("another one", default="")
    power_8: str = Wire("another one", default="")
    other: float = Param("W", "lights, fans, pumps and all else that has no tag", default=0.0, range=(0.0, 1e8))
    contract: float = Param("W", "contracted demand", range=(1.0, 1e9))
    interval: float = Param("s", "interval of the demand", default=1800.0, range=(60.0, 86400.0))

    power = Output("W", "power of the site", range=(0.0, 1e6), ja="受電電力")
    energy = Latch("J", "energy since the interval began", range=(0.0, 1e12), ja="時限内電力量")
    total = Latch("J", "energy since the start", range=(0.0, 1e15), ja="積算電力量")
    demand = Latch("W", "demand of the last interval", range=(0.0, 1e6), ja="デマンド値")
    highest = Latch("W", "highest demand since the start", range=(0.0, 1e6), ja="最大デマンド値")
    forecast = Output("W", "demand that this interval is heading for", range=(0.0, 1e6), ja="予測デマンド値")

    def alarms(self):
        """The demand that is coming; the contract follows the highest half hour of the last twelve months.

        That is how Japanese utilities bill customers at high voltage below 500 kW (実量制); others pay a penalty.
        """
        return [
            Limits(
                "forecast",
                "power demand of the half hour",
                "予測デマンド",
                high=0.95 * self.contract,
                high_high=self.contract,
                dead_band=0.02 * self.contract,
                on_delay=60.0,
                cause=("more machines run together than were planned", "計画以上の機器同時運転"),
                consequence=(
                    "the contracted demand is exceeded, and is paid for a year",
                    "契約電力超過、以後1年の基本料金増",
                ),
                action=(
                    "put off a start, stop or unload a machine until the half hour is over",
                    "起動延期、時限終了まで停止または負荷低減",
                ),
            )
        ]
