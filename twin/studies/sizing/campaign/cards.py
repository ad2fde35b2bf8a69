"""The tables under `[campaign]` in a plant file: what a year needs beyond what the twin knows, and nothing said twice.

Magnets, bags, compressors, cylinders, dewars and liquefiers are the plant's units; these tables add people, trucks,
chances, rules and demand. A table is a card of `Param` fields, as a kind of equipment is, and is checked the same way.
"""

from __future__ import annotations

from dataclasses import dataclass

from twin.unit import Param

DAY, HOUR, YEAR = 86400.0, 3600.0, 365.0 * 86400.0  # s
PER_YEAR = 1.0 / YEAR


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """Working days and hours, and whose plan the year follows."""

    year: int = Param("1", "calendar year, for weekdays and holidays of Japan", default=2027, range=(1980, 2099))
    begin: float = Param("s", "staff come, time of day", default=8.0 * HOUR, range=(0.0, DAY))
    end: float = Param("s", "staff leave, time of day", default=18.0 * HOUR, range=(0.0, DAY))
    holidays: str = Param("text", 'holidays kept: "japan" or "none"', default="japan")
    closed: str = Param("text", 'further closed days, "12-29..01-03, 08-13..08-15"', default="12-29..01-03")
    weekends: bool = Param("1", "staff come on Saturdays and Sundays", default=False)
    follow_schedule: bool = Param("1", "the plant's [[schedule]] is the plan, staff have none of their own", False)


@dataclass(frozen=True, kw_only=True)
class Weather:
    """Barometer: a wandering pressure of the same rms as the ambient's wave, smooth over hours."""

    stochastic: bool = Param("1", "wandering pressure; else the wave of the ambient", default=True)
    memory: float = Param("s", "correlation time of the pressure", default=2.0 * DAY, range=(HOUR, 30.0 * DAY))
    smooth: float = Param("s", "time over which it is smooth", default=6.0 * HOUR, range=(HOUR, 5.0 * DAY))


@dataclass(frozen=True, kw_only=True)
class Site:
    """A place with magnets, bags and a compressor: its staff, its visits, its chances."""

    bag_volume: float = Param("m3", "volume of one bag; 0: the site has fixed bags only", default=0.0, range=(0.0, 1e3))
    swap_at: float = Param("1", "filling of the connected bags from which staff swap them", 0.6, range=(0.05, 1.0))
    swap_time: float = Param("s", "work of a round with swap", default=900.0, range=(0.0, DAY))
    attended: bool = Param("1", "the compressor runs while staff are there only", default=False)
    bank_at_hub: str = Param("text", "place at the hub for the cylinders of this site", default="")
    visit_every: float = Param(
        "s", "time between visits of the truck; 0: the site needs none", default=0.0, range=(0.0, YEAR)
    )
    visit_first: float = Param("s", "first visit of the year", default=10.0 * DAY, range=(0.0, YEAR))
    call_at: float = Param("1", "filling of the cylinders at which the truck is called early", 0.92, range=(0.1, 2.0))
    distance: float = Param("m", "way from the hub", default=0.0, range=(0.0, 2e6))
    drive_time: float = Param("s", "time on the way from the hub", default=2.0 * HOUR, range=(0.0, 5.0 * DAY))
    hub_share: float = Param("1", "share of refills from the hub's liquid; the rest is bought", 1.0, range=(0.0, 1.0))
    refill_time: float = Param("s", "work of a refill", default=2.0 * HOUR, range=(0.0, DAY))
    power_cuts: float = Param("1/s", "power cuts", default=0.5 * PER_YEAR, range=(0.0, 1e-4))
    cut_time: float = Param("s", "mean duration of a power cut", default=2.0 * HOUR, range=(60.0, 30.0 * DAY))
    failures: float = Param("1/s", "failures of the compressor", default=0.5 * PER_YEAR, range=(0.0, 1e-4))
    repair_time: float = Param("s", "mean time to repair it", default=7.0 * DAY, range=(60.0, YEAR))


@dataclass(frozen=True, kw_only=True)
class Magnet:
    """When a magnet is refilled, and how often it quenches."""

    refill_below: float = Param("1", "level from which a refill is due", default=0.7, range=(0.05, 0.95))
    refill_to: float = Param("1", "level after a refill", default=0.9, range=(0.1, 0.96))
    least: float = Param("1", "level at which the truck is called for it", default=0.4, range=(0.02, 0.9))
    quenches: float = Param("1/s", "quenches", default=0.01 * PER_YEAR, range=(0.0, 1e-5))


@dataclass(frozen=True, kw_only=True)
class Truck:
    """Trucks of the network."""

    trucks: int = Param("1", "trucks on the way at one time", default=1, range=(1, 20))
    cylinders: int = Param("1", "cylinders carried in one trip", default=30, range=(1, 2000))
    lead_time: float = Param(
        "s", "time from calling the truck to its start", default=2.0 * DAY, range=(0.0, 60.0 * DAY)
    )


@dataclass(frozen=True, kw_only=True)
class Purifier:
    """Limits of a purifier of the plant."""

    capacity: float = Param("kg/s", "most it purifies", default=2e-3, range=(1e-9, 10.0))
    air_most: float = Param("1", "most air in its feed, mole share; above it the flow is cut", 0.05, range=(1e-6, 0.5))
    bed_air: float = Param("kg", "air that a bed takes until it is regenerated", default=2.0, range=(1e-6, 1e4))
    on_line: float = Param("s", "time after which a bed is regenerated anyway", default=30.0 * DAY, range=(HOUR, YEAR))
    regeneration: float = Param("s", "time of a regeneration", default=12.0 * HOUR, range=(600.0, 30.0 * DAY))
    regeneration_loss: float = Param("kg", "helium lost in a regeneration", default=0.5, range=(0.0, 100.0))
    failures: float = Param("1/s", "failures", default=0.2 * PER_YEAR, range=(0.0, 1e-4))
    repair_time: float = Param("s", "mean time to repair it", default=5.0 * DAY, range=(60.0, YEAR))


@dataclass(frozen=True, kw_only=True)
class Liquefier:
    """A liquefier: its units in the plant, its performance, its batches and chances.

    A machine of the catalogue is read from its performance map, times `scale`; a plant's own machine may be given by
    its measured `rate` and `power`; a unit of kind cryocooler_liquefier by its own card. `machine = "own"` is the
    plant's own as measured on the twin, its starts and stops included: `start_time` and `start_loss` are not for it.
    """

    unit: str = Param("text", "unit of kind cryocooler_liquefier, if it is one", default="")
    dewar: str = Param("text", "storage dewar that it fills", default="")
    stock: str = Param("text", "volume of pure gas that it draws from", default="")
    control: str = Param("text", "unit of kind dewar_level that starts and stops it")
    vent: str = Param("text", "bag that takes what the dewar boils off at rest; empty: it is lost", default="")
    machine: str = Param("text", 'machine of the catalogue, "l140"', default="")
    scale: float = Param("1", "size over the machine of the catalogue", default=1.0, range=(0.0, 20.0))
    ln2: bool = Param("1", "runs with LN2", default=True)
    rate: float = Param("kg/s", "measured: helium liquefied; 0: from the map", default=0.0, range=(0.0, 1.0))
    power: float = Param("W", "measured: power while it liquefies; 0: from the map", default=0.0, range=(0.0, 1e7))
    ln2_flow: float = Param("kg/s", "measured: LN2 while it liquefies", default=0.0, range=(0.0, 10.0))
    new: bool = Param("1", "has still to be bought", default=False)
    least_run: float = Param("s", "least time of a batch once it has begun", default=0.0, range=(0.0, 30.0 * DAY))
    weekdays_only: bool = Param("1", "is started on working days, within working hours, only", default=False)
    start_time: float = Param("s", "from start to first liquid, cold", default=1.5 * HOUR, range=(0.0, 5.0 * DAY))
    start_time_warm: float = Param("s", "from start to first liquid, warm", default=5.0 * HOUR, range=(0.0, 5.0 * DAY))
    warm_after: float = Param("s", "rest after which it is warm", default=3.0 * DAY, range=(0.0, YEAR))
    start_loss: float = Param("kg", "helium lost in a start (purging)", default=0.02, range=(0.0, 100.0))
    failures: float = Param("1/s", "failures, per time of the year", default=PER_YEAR, range=(0.0, 1e-4))
    repair_time: float = Param("s", "mean time to repair it", default=10.0 * DAY, range=(60.0, YEAR))


@dataclass(frozen=True, kw_only=True)
class Users:
    """Users at the hub who fetch liquid and return gas."""

    dewar: str = Param("text", "storage dewar they are served from")
    bag: str = Param("text", "bag that their gas returns to")
    demand: float = Param("kg/s", "liquid they fetch, mean of the year", range=(0.0, 1.0))
    recovery: float = Param("1", "share of it that returns", default=0.9, range=(0.0, 1.0))
    delay: float = Param("s", "mean time until it returns", default=3.0 * DAY, range=(HOUR, 60.0 * DAY))
    flash: float = Param("1", "share of what they fetch that turns to vapour in decanting", 0.2, range=(0.0, 0.9))


@dataclass(frozen=True, kw_only=True)
class Purchase:
    """Make-up: liquid bought for a storage dewar."""

    dewar: str = Param("text", "storage dewar that is topped up")
    below: float = Param("1", "level below which liquid is ordered; 0: never", default=0.15, range=(0.0, 0.95))
    amount: float = Param("kg", "helium of an order", default=12.467, range=(1e-3, 1e4))
    lead_time: float = Param("s", "time of delivery", default=5.0 * DAY, range=(0.0, 60.0 * DAY))


@dataclass(frozen=True, kw_only=True)
class Power:
    """Limit of electric demand at the hub."""

    site: str = Param("text", "site of the liquefiers for power cuts", default="")
    cap: float = Param("W", "most power of the liquefiers together in capped hours", default=1e9, range=(0.0, 1e9))
    cap_begin: float = Param("s", "begin of capped hours on working days", default=9.0 * HOUR, range=(0.0, DAY))
    cap_end: float = Param("s", "end of capped hours", default=17.0 * HOUR, range=(0.0, DAY))
