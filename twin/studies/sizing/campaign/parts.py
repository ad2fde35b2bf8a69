"""The plant's units as rows of the year's records."""

from __future__ import annotations

import math
from typing import Any

from twin.errors import nearest
from twin.plant_file import UnitSpec
from twin.studies.sizing.campaign import cards
from twin.studies.sizing.campaign import records as r
from twin.studies.sizing.campaign import topology as top
from twin.studies.sizing.campaign.build import Build
from twin.studies.sizing.campaign.machines import boiling
from twin.units.gas_bag import AIR_N2, AIR_O2, NORMAL_HE, NORMAL_N2, NORMAL_O2
from twin.vessels import LATENT_HEAT


def add_sites(b: Build) -> None:
    """A row for every site that any unit of the year stands at."""
    given = b.campaign.many("site")
    vessels = ("nmr_magnet", "portable_dewar", "storage_dewar", "cryocooler_liquefier", "cylinder_bank")
    kinds = (*vessels, "gas_bag", "recovery_compressor", "purifier")
    sites = list(dict.fromkeys(unit.site for unit in top.of_kind(b.spec, *kinds)))
    for name in given:
        if name not in sites:
            raise b.refuse(f"campaign.site.{name}", f'no unit has the site "{name}"{nearest(name, sites)}')
    for site in sites:
        card, air = given.get(site, cards.Site()), top.ambient_of(b.spec, site)
        k = b.row("site", site, bank=-1, place=-1, dewar=-1, hub_dewar=-1, bag=-1, compressor=-1)
        b.unit_values("site", k, air, p_mean="p", p_swing="p_swing", p_period="p_period", temp="temp")
        b.rows["site"][k]["p_rms"] = air.card.p_swing / math.sqrt(2.0)
        b.rows["site"][k]["p"] = air.card.p
        b.table_values("site", k, f"site.{site}", card)


def add_bags(b: Build) -> None:
    """Bags, with the bags in store behind them."""
    bags = top.of_kind(b.spec, "gas_bag")
    stores = {bag.card.store for bag in bags if bag.card.store}
    for bag in bags:
        if bag.name in stores:
            continue
        site = b.find("site", bag.site)
        card, derived = bag.card, bag.card.derived()
        k = b.row(
            "bag",
            bag.name,
            node=b.node(bag.name),
            store=-1,
            pipe=b.node(f"{bag.name}.coming"),
            site=site,
            p_full=card.p_full,
            compressor=-1,
            built=card.volume,
            **through(card, derived["wall_area"]),
        )
        b.unit_values("bag", k, bag, volume="volume", start="filling_start")
        b.rows["site"][site]["bag"] = k
        if card.store:
            add_store(b, k, bag, b.spec.units[card.store])


def add_store(b: Build, k: int, bag: UnitSpec, store: UnitSpec) -> None:
    """The bags in store; the number of bags of the site is a parameter where one bag has a volume."""
    wall = through(store.card, store.card.derived()["wall_area"])
    row = b.rows["bag"][k]
    row["store"], row["store_built"] = b.node(store.name), store.card.volume
    row |= {f"store_{key}": value for key, value in wall.items()}
    b.unit_values("bag", k, store, store_volume="volume", store_start="filling_start")
    site = b.find("site", bag.site)
    each = b.rows["site"][site]["bag_volume"]
    if each > 0.0:
        count = (bag.card.volume + store.card.volume) / each
        if abs(count - round(count)) > 1e-6:
            place = f"campaign.site.{bag.site}.bag_volume"
            raise b.refuse(
                place,
                f"{bag.name} and {store.name} hold {bag.card.volume + store.card.volume:g} m3, which is no whole "
                f"number of bags of {each:g} m3; correct one of the three",
            )
        name = f"site.{bag.site}.bags"
        source = store.sources.get("volume", store.sources.get("", ""))
        b.derived(name, "1", float(round(count)), "bags of the site, connected and in store", source)
        b.bind(name, "site", site, "bags")


def through(card: Any, area: float) -> dict[str, float]:
    """Helium out and air in through the wall of a bag [kg/(s Pa)], over the pressure of the air."""
    inward = card.permeability_n2 * NORMAL_N2 * AIR_N2 + card.permeability_o2 * NORMAL_O2 * AIR_O2
    return {"permeability": card.permeability * area * NORMAL_HE, "in_air": inward * area}


def add_vessels(b: Build) -> None:
    """Magnets, portable dewars, storage dewars and the dewars of small liquefiers."""
    magnets = b.campaign.many("magnet")
    order = ("storage_dewar", "cryocooler_liquefier", "portable_dewar", "nmr_magnet")
    for unit in top.of_kind(b.spec, *order):
        p = 101325.0 if unit.kind.name in ("portable_dewar", "nmr_magnet") else unit.card.p_start
        at = boiling(p)
        bag = b.find("bag", top.unit_of(getattr(unit.card, "vent", "")))
        values = {"rho_l": at.rho_l, "rho_v": at.rho_v, "latent": at.latent, "p_rho": p}
        values |= {"slope_l": at.slope_l, "slope_v": at.slope_v}
        values |= {"stiff_a": at.stiff_a, "stiff_b": at.stiff_b, "quench_next": 1e30}
        k = b.row("vessel", unit.name, node=b.node(unit.name), bag=bag, supply=-1, source=-1, **values)
        row = b.rows["vessel"][k]
        row["site"] = b.find("site", unit.site)
        ADD[unit.kind.name](b, k, unit, row)
        b.unit_values("vessel", k, unit, volume="volume", level_start="level_start")
        if unit.kind.name == "nmr_magnet":
            card = magnets.get(unit.name, magnets.get("all", cards.Magnet()))
            path = f"magnet.{unit.name}" if unit.name in magnets else "magnet.all"
            b.table_values("vessel", k, path, card)
    for name in magnets:
        if name != "all" and b.find("vessel", name) < 0:
            known = [u.name for u in top.of_kind(b.spec, "nmr_magnet")]
            raise b.refuse(f"campaign.magnet.{name}", f'there is no magnet "{name}"{nearest(name, known)}')
    supplies(b)


def _magnet(b: Build, k: int, unit: UnitSpec, row: dict[str, float]) -> None:
    row["kind"] = r.MAGNET
    row["quench_mass"] = unit.card.quench_energy / LATENT_HEAT
    filled = {"flash": "flash", "fill_rate": "fill_rate", "fill_loss": "fill_loss", "crack": "crack"}
    own = {"boil_off": "boil_off", "vapour_cooling": "vapour_cooling", "shield_time": "shield_time"}
    b.unit_values("vessel", k, unit, **filled, **own)


def _portable(b: Build, k: int, unit: UnitSpec, row: dict[str, float]) -> None:
    row["kind"] = r.PORTABLE
    filled = {"flash": "flash", "fill_rate": "fill_rate", "fill_loss": "fill_loss", "crack": "crack"}
    b.unit_values("vessel", k, unit, loss_rate="loss_rate", **filled)


def _storage(b: Build, k: int, unit: UnitSpec, row: dict[str, float]) -> None:
    row["kind"], row["crack"] = r.STORAGE, 1.5e4
    b.unit_values("vessel", k, unit, UA="UA_leak", p_start="p_start")


def _cryocooler(b: Build, k: int, unit: UnitSpec, row: dict[str, float]) -> None:
    row["kind"], row["crack"] = r.STORAGE, unit.card.p_vent
    b.unit_values("vessel", k, unit, loss_rate="loss_rate", p_start="p_start")


ADD = {
    "nmr_magnet": _magnet,
    "portable_dewar": _portable,
    "storage_dewar": _storage,
    "cryocooler_liquefier": _cryocooler,
}


def supplies(b: Build) -> None:
    """What each vessel is filled from; a magnet whose dewar comes from another portable dewar lives by the truck."""
    for k, name in enumerate(b.names["vessel"]):
        row, unit = b.rows["vessel"][k], b.spec.units[name]
        supply = top.unit_of(getattr(unit.card, "supply", ""))
        row["supply"] = b.find("vessel", supply)
        if row["kind"] != r.MAGNET or row["supply"] < 0:
            continue
        dewar = b.spec.units[supply]
        source = b.spec.units.get(top.unit_of(getattr(dewar.card, "supply", "")))
        if source is not None and source.kind.name == "portable_dewar" and source.site != unit.site:
            row["remote"] = 1.0
            site = b.rows["site"][int(row["site"])]
            site["dewar"], site["hub_dewar"] = row["supply"], b.find("vessel", source.name)


def add_banks(b: Build) -> None:
    """Cylinders, and the buffers that serve as stock of pure gas."""
    for unit in top.of_kind(b.spec, "cylinder_bank"):
        valves = [v for v in top.drawing(b.spec, unit.name) if hasattr(v.card, "p_start")]
        least = valves[0].card.p_start if valves else 1.1e5
        k = b.row(
            "bank",
            unit.name,
            node=b.node(unit.name),
            p_least=least,
            valve=getattr(valves[0].card, "flow_area", 1.0) if valves else 1.0,
            temp=unit.card.temp_start,
            site=b.find("site", unit.site),
        )
        b.unit_values("bank", k, unit, count="count", volume="volume", p_full="p_full", p_start="p_start")


def add_stock(b: Build, name: str, place: str) -> int:
    """The row of the gas that a liquefier draws from: a bank, or a buffer of pure gas."""
    if (k := b.find("bank", name)) >= 0:
        return k
    unit = b.spec.units.get(name)
    if unit is None or unit.kind.name != "buffer":
        raise b.refuse(place, f'expected a buffer or a bank of cylinders of the plant, got "{name}"')
    before = [v for v in top.feeding(b.spec, name) if v.kind.name == "regulator"]
    held = before[0].card.p_start if before else unit.card.p_max
    k = b.row("bank", name, node=b.node(name), count=1.0, p_full=held, p_set=held, temp=unit.card.temp_start)
    b.unit_values("bank", k, unit, volume="volume", p_start="p_start")
    return k


def add_compressors(b: Build) -> None:
    """Recovery compressors: the bag at the suction, the cylinders at the end of the discharge, the level switch."""
    for unit in top.of_kind(b.spec, "recovery_compressor"):
        suction = top.unit_of(unit.card.suction)
        bag = b.find("bag", suction)
        if bag < 0:
            owner = [u.name for u in top.of_kind(b.spec, "gas_bag") if u.card.store == suction]
            bag = b.find("bag", owner[0]) if owner else -1
        bank = top.reached(b.spec, top.unit_of(unit.card.discharge), "cylinder_bank")
        if bag < 0 or bank is None:
            raise b.refuse(f"unit.{unit.name}", "a year needs a bag at its suction and cylinders behind its discharge")
        switch = [u for u in top.of_kind(b.spec, "on_off") if u.card.output_to == f"{unit.name}.run"]
        on, off = (switch[0].card.on_at_start, switch[0].card.off_at_start) if switch else (0.8, 0.1)
        k = b.row(
            "compressor",
            unit.name,
            bag=bag,
            bank=b.find("bank", bank.name),
            site=b.find("site", unit.site),
            on_at=on,
            off_at=off,
            p_stop=min(unit.card.p_max, bank.card.p_full),
            power_idle=unit.card.idle_share * unit.card.power_rated,
        )
        b.unit_values("compressor", k, unit, displacement="displacement")
        path = f"site.{unit.site}"
        site = b.campaign.many("site").get(unit.site, cards.Site())
        b.table_values("compressor", k, path, site)
        b.rows["bag"][bag]["compressor"] = k
        here = b.rows["site"][b.find("site", unit.site)]
        here["compressor"], here["bank"] = k, b.find("bank", bank.name)
