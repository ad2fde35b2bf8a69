"""What a member remembers: one flat image of float64, with records over it, and the ledger.

Constants and states lie side by side, as in the process image of the twin; a member begins as a copy of the first
image, with its own parameter values put in.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

SITE = (
    *("p", "p_mean", "p_rms", "p_swing", "p_period", "temp", "attended", "swap_at", "swap_time", "visit_every"),
    *("visit_first", "call_at", "distance", "drive_time", "hub_share", "refill_time", "power_cuts", "cut_time"),
    *("cylinders", "bank", "place", "dewar", "hub_dewar", "bag", "compressor", "bag_volume", "bags"),
    *("visit_next", "visit_state", "timer", "credit", "called", "cut_until", "cut_next", "cuts", "filling"),
)
VESSEL = (
    *("p_rho", "slope_l", "slope_v"),
    *("kind", "node", "bag", "supply", "site", "remote", "volume", "boil_off", "loss_rate", "UA", "heat"),
    *("vapour_cooling", "shield_time", "m_nominal", "flash", "fill_rate", "fill_loss", "crack", "level_start"),
    *("refill_below", "refill_to", "least", "quenches", "rho_l", "rho_v", "latent", "stiff_a", "stiff_b"),
    *(
        "p",
        "p_start",
        "cooling",
        "left",
        "source",
        "job",
        "timer",
        "quench_next",
        "quench_count",
        "quench_mass",
        "held",
    ),
)
BAG = (
    *("node", "store", "pipe", "site", "volume", "store_volume", "built", "store_built", "permeability", "in_air"),
    *("store_permeability", "store_in_air", "rate", "rho", "p_full", "start", "store_start", "compressor"),
)
COMPRESSOR = (
    *(
        "bag",
        "bank",
        "site",
        "displacement",
        "on_at",
        "off_at",
        "p_stop",
        "power_idle",
        "failures",
        "repair_time",
        "attended",
    ),
    *("run", "failed_until", "fail_next", "fails", "p_last", "run_time"),
)
BANK = ("node", "volume", "count", "p_full", "p_least", "p_start", "p_set", "temp", "least", "site", "valve")
LIQUEFIER = (
    *("vessel", "stock", "site", "rate", "power", "ln2", "purge", "through", "level_full", "level_resume"),
    *("stock_start", "stock_stop", "least_run", "weekdays_only", "start_time", "start_time_warm", "warm_after"),
    *("start_loss", "failures", "repair_time", "p_set", "scale", "least_stock", "start_stock"),
    *("own_rate", "made", "circuit", "flash", "flash_p", "flash_level", "start_made", "start_energy", "start_ln2"),
    *("stop_boil", "stop_energy", "circuit_node"),
    *("mode", "timer", "ran", "rested", "full", "failed_until", "fail_next", "fails"),
)
PURIFIER = (
    *("target", "site", "capacity", "air_most", "bed_air", "on_line", "regeneration", "regeneration_loss"),
    *("drain_loss", "approach", "heat_leak", "failures", "repair_time"),
    *("caught", "since", "busy_until", "failed_until", "fail_next", "fails"),
)
USERS = ("node", "dewar", "bag", "demand", "recovery", "delay", "flash", "owed")
PURCHASE = ("dewar", "below", "amount", "lead_time", "due")
NETWORK = (
    *("trucks", "cylinders", "lead_time", "cap", "cap_begin", "cap_end", "begin", "end", "follow", "stochastic"),
    *("memory", "smooth", "on_the_way", "power", "slow", "fast", "hub_busy"),
)
TABLES = {
    "site": SITE,
    "vessel": VESSEL,
    "bag": BAG,
    "compressor": COMPRESSOR,
    "bank": BANK,
    "liquefier": LIQUEFIER,
    "purifier": PURIFIER,
    "users": USERS,
    "purchase": PURCHASE,
    "network": NETWORK,
}
RECORDS = {name: np.dtype([(field, np.float64) for field in fields]) for name, fields in TABLES.items()}

MAGNET, PORTABLE, STORAGE = 0, 1, 2
"""Kinds of vessels."""

CAUSES = ("relief", "permeation", "transfer", "quench", "purge", "vent", "users", "start")
CAUSES_JA = ("バッグ満杯", "膜透過", "移送", "クエンチ", "パージ・再生", "大気放出", "利用者側", "液化機起動")
RELIEF, PERMEATION, TRANSFER, QUENCH, PURGE, VENT, LOST_BY_USERS, START = range(len(CAUSES))
"""First nodes of the ledger: where helium is lost."""
BOUGHT = len(CAUSES)
"""The node that bought helium comes from; what it owes is what was bought."""
FIRST = BOUGHT + 1
"""First node that holds helium."""

FIGURES = (
    ("liquid_made", "kg", "helium liquefied, as it leaves the valve", "液化量 (JT弁出口)"),
    ("delivered", "kg", "liquid that left dewars for users' cryostats", "供給量"),
    ("returned", "kg", "gas that came to the purifier from recovery", "回収ガス量"),
    ("bought", "kg", "helium bought", "購入量"),
    ("lost", "kg", "helium lost", "損失量"),
    *(
        (f"lost.{cause}", "kg", f"helium lost: {cause}", f"損失 ({ja})")
        for cause, ja in zip(CAUSES, CAUSES_JA, strict=True)
    ),
    ("unmet", "kg", "demand that was not served", "未供給量"),
    (
        "recovery",
        "1",
        "recovery: 1 - helium lost / liquid delivered to users",
        "回収率 (1 - 損失量 / 利用者への供給量)",
    ),
    ("energy", "J", "electric energy", "電力量"),
    ("power_peak", "W", "largest mean power of an hour", "最大電力"),
    ("ln2", "kg", "liquid nitrogen", "液体窒素"),
    ("trips", "1", "trips of trucks", "配送回数"),
    ("distance", "m", "way of the trucks", "走行距離"),
    ("staff_time", "s", "work of staff", "作業時間"),
    ("run_time", "s", "run time of the liquefiers", "液化機運転時間"),
    ("starts", "1", "starts of the liquefiers", "液化機起動回数"),
    ("closure", "1", "largest relative error of the helium ledger", "収支誤差"),
    ("decanted", "kg", "liquid that left liquefiers' and storage dewars", "払出量"),
    ("in_dewars", "kg", "liquid that arrived in portable dewars", "容器充填量"),
    ("in_magnets", "kg", "liquid that arrived in magnets", "マグネット充填量"),
    ("fills", "1", "refills of magnets", "充填回数"),
    ("swaps", "1", "swaps of bags", "バッグ交換回数"),
    ("regenerations", "1", "regenerations of the purifier", "再生回数"),
    ("dry_time", "s", "time magnets stood without liquid", "液枯渇時間"),
    ("air_share", "1", "mean mole share of air in the gas that was purified", "平均空気混入率"),
    ("installed.liquefier", "kg/s", "new liquefiers", "新設液化機能力"),
    ("installed.dewar", "m3", "storage dewars of new liquefiers", "新設貯槽容量"),
    ("installed.cylinders", "m3", "cylinders beyond those that stand there", "増設高圧容器容積"),
    ("installed.bags", "m3", "bags beyond those that stand there", "増設バッグ容積"),
    ("installed.purifier", "kg/s", "new purifier", "新設精製器能力"),
)
"""Name, unit, text, Japanese text of every figure."""
PLACE = {name: k for k, (name, *_) in enumerate(FIGURES)}
LIQUID_MADE, DELIVERED, RETURNED, BOUGHT_KG, LOST, FIRST_LOST = (
    PLACE[name] for name in ("liquid_made", "delivered", "returned", "bought", "lost", "lost.relief")
)
UNMET, RECOVERY, ENERGY, POWER_PEAK, LN2, TRIPS, DISTANCE, STAFF_TIME, RUN_TIME, STARTS, CLOSURE = (
    PLACE[name]
    for name in (
        *("unmet", "recovery", "energy", "power_peak", "ln2", "trips", "distance", "staff_time"),
        *("run_time", "starts", "closure"),
    )
)
DECANTED, IN_DEWARS, IN_MAGNETS, FILLS, SWAPS, REGENERATIONS, DRY_TIME, AIR_SHARE = (
    PLACE[name]
    for name in ("decanted", "in_dewars", "in_magnets", "fills", "swaps", "regenerations", "dry_time", "air_share")
)


class Member(NamedTuple):
    """One member's memory, as the kernels see it."""

    site: Any
    vessel: Any
    bag: Any
    compressor: Any
    bank: Any
    liquefier: Any
    purifier: Any
    users: Any
    purchase: Any
    network: Any
    mass: Any
    air: Any
    out: Any
    moved: Any


class Constants(NamedTuple):
    """What all members share."""

    work: Any
    """Compressors: volumetric efficiency and work [J/kg] over discharge pressure, (compressor, pressure, 2)."""
    p_step: float
    gas: Any
    """Pressure of helium at 293 K over density [Pa]."""
    rho_step: float
    raw: Any
    """Banks that the purifier draws from, in their order."""
    working: Any
    """1 for each working day, else 0."""
    events: Any
    """The plant's schedule: time [s], what, which, value."""
    barometer: Any
    """Measured pressures, (site, hour); empty without."""
    boil_off: Any
    """Measured boil-off over the card's, (vessel, hour); empty without."""


def views(image: np.ndarray, sizes: dict[str, int]) -> dict[str, Any]:
    """Records over a flat image."""
    found, at = {}, 0
    for name, dtype in RECORDS.items():
        width = len(TABLES[name]) * sizes[name]
        found[name] = image[at : at + width].view(dtype).view(np.recarray)
        at += width
    return found


def image_size(sizes: dict[str, int]) -> int:
    """Numbers in an image."""
    return sum(len(fields) * sizes[name] for name, fields in TABLES.items())
