"""The hub's part of the records: purifier, liquefiers, users, purchase, trucks; and what they must have."""

from __future__ import annotations

from typing import Any

import numpy as np

from twin.errors import nearest
from twin.studies.sizing.campaign import cards
from twin.studies.sizing.campaign import topology as top
from twin.studies.sizing.campaign.build import Build
from twin.studies.sizing.campaign.hub import REST, RUNNING
from twin.studies.sizing.campaign.machines import Machine, cryocooler, machine
from twin.studies.sizing.campaign.own_machine import AIR, OWN, columns, measured_machine
from twin.studies.sizing.campaign.parts import add_stock
from twin.units.purifier import TEMP_LN2


def add_purifiers(b: Build) -> np.ndarray:
    """Purifiers of the plant; returns the banks that are drawn from, those of the highest outlet pressure first."""
    given = b.campaign.many("purifier")
    units = top.of_kind(b.spec, "purifier")
    for name in given:
        if name not in [unit.name for unit in units]:
            clue = nearest(name, [unit.name for unit in units])
            raise b.refuse(f"campaign.purifier.{name}", f'there is no purifier "{name}"{clue}')
    if len(units) > 1:
        raise b.refuse("campaign", f"a year knows one purifier, the plant has {', '.join(unit.name for unit in units)}")
    raw: list[tuple[float, int]] = []
    for unit in units:
        k = b.row("purifier", unit.name, target=-1, site=b.find("site", unit.site))
        row = b.rows["purifier"][k]
        row["since"] = 0.0
        row["heat_leak"] = heat_to_nitrogen(unit.card, top.ambient_of(b.spec, unit.site).card.temp)
        b.unit_values("purifier", k, unit, drain_loss="drain_loss", approach="approach")
        b.table_values("purifier", k, f"purifier.{unit.name}", given.get(unit.name, cards.Purifier()))
        for j, name in enumerate(b.names["bank"]):
            if b.spec.units[name].kind.name == "cylinder_bank" and top.reached(b.spec, name, "purifier") is unit:
                raw.append((-b.rows["bank"][j]["p_least"], j))
    return np.array([j for _, j in sorted(raw)], dtype=np.int64)


def heat_to_nitrogen(card: Any, room: float) -> float:
    """Heat that nitrogen takes at rest [W]: the vessel's leak, and what both beds take from the room."""
    bed = card.bed_mass * card.cp_bed * (room - TEMP_LN2 - 1.0) / card.drift_time
    return float(card.heat_leak + 2.0 * bed)


def add_liquefiers(b: Build) -> list[tuple[int, list[Machine]]]:
    """Liquefiers; returns for each whose machine is of the catalogue its row and the machines to choose from."""
    found = []
    for name, card in b.campaign.many("liquefier").items():
        place = f"campaign.liquefier.{name}"
        control = _known(b, f"{place}.control", card.control, "dewar_level")
        kind = "cryocooler_liquefier" if card.unit else "storage_dewar"
        unit = _known(b, f"{place}.{'unit' if card.unit else 'dewar'}", card.unit or card.dewar, kind)
        vessel = b.find("vessel", unit.name)
        stock = add_stock(b, card.stock or top.measured(b.spec, control.card.stock), f"{place}.stock")
        if card.vent:
            _known(b, f"{place}.vent", card.vent, "gas_bag")
            b.rows["vessel"][vessel]["bag"] = b.find("bag", card.vent)
        k = b.row(
            "liquefier",
            name,
            vessel=vessel,
            stock=stock,
            site=power_site(b, unit.site),
            through=through_purifier(b, stock),
            p_set=unit.card.p_start,
            made=1.0,
        )
        levels = {key: key for key in ("level_full", "level_resume", "stock_start", "stock_stop")}
        b.unit_values("liquefier", k, control, **levels)
        b.table_values("liquefier", k, f"liquefier.{name}", card, skip=("ln2", "rate", "power", "scale"))
        choices = performance(b, k, name, card, unit)
        if choices:
            found.append((k, choices))
    return found


def performance(b: Build, k: int, name: str, card: cards.Liquefier, unit: Any) -> list[Machine]:
    """Rate, power, LN2 and loss: of the cold head, as measured, or of machines of the catalogue (returned)."""
    row, path = b.rows["liquefier"][k], f"liquefier.{name}"
    b.table_values("liquefier", k, path, card, skip=_all_but(card, "scale"))
    if card.unit:
        one = cryocooler(unit.card)
        row |= {"rate": one.rate, "power": one.power}
        row["mode"] = RUNNING if unit.starts.get("run", 1.0) > 0.0 else REST
        return []
    if card.rate > 0.0:
        b.table_values("liquefier", k, path, card, skip=_all_but(card, "rate", "power"))
        row["ln2"] = card.ln2_flow
        return []
    if not card.machine:
        sentence = (
            'expected a machine of the catalogue such as machine = "l140", a measured rate, or a cold head (unit)'
        )
        raise b.refuse(f"campaign.{path}", sentence)
    wanted = b.campaign.choices.get(f"{path}.machine", [card.machine])
    names = list(dict.fromkeys([card.machine, *map(str, wanted)]))
    if len(names) > 1 and (card.scale != 1.0 or f"{path}.scale" in b.campaign.choices):
        sentence = f"a scale beside a choice of machines ({', '.join(names)}) would scale each of them; leave one out"
        raise b.refuse(f"campaign.{path}.scale", sentence)
    own = _own(b, row, unit, f"campaign.{path}.machine") if OWN in names else None
    room = top.ambient_of(b.spec, unit.site).card.temp
    b.derived(
        f"{path}.machine",
        "1",
        0.0,
        "machine of the liquefier",
        machine_source(b, path, OWN in names and len(names) > 1),
    )
    place = f"{b.spec.path}: campaign.{path}.machine"
    return [own if own and each == OWN else machine(each, room, card.ln2, unit.card.p_start, place) for each in names]


def machine_source(b: Build, path: str, others: bool) -> str:
    """Where the numbers of a machine come from; beside the plant's own there may be those of the catalogue."""
    known = b.campaign.tables[path].sources
    said = known.get("machine", known.get("", ""))
    added = "those of the catalogue by their performance maps and the start_time and start_loss of the table"
    return f"{said}; {added}" if others else said


def _own(b: Build, row: dict[str, float], unit: Any, place: str) -> Machine:
    """The plant's own machine as measured on the twin; what its starts and stops take goes into the record."""
    found = measured_machine(b.spec.path, unit.name, f"{b.spec.path}: {place}")
    row |= columns(found) | {"circuit_node": b.node(f"circuit of {unit.name}")}
    b.rows["vessel"][int(row["vessel"])]["crack"] = found["rest"]["p_dewar"] - AIR
    return Machine(found["run"]["feed"], found["run"]["energy"], found["run"]["ln2"], 0.0, row["made"], row["own_rate"])


def _all_but(card: Any, *names: str) -> tuple[str, ...]:
    return tuple(name for name in vars(card) if name not in names)


def power_site(b: Build, own: str) -> int:
    """The site whose power cuts stop a machine."""
    site = b.campaign.one("power").site or own
    if b.find("site", site) < 0:
        raise b.refuse("campaign.power.site", f'there is no site "{site}"{nearest(site, b.names["site"])}')
    return b.find("site", site)


def through_purifier(b: Build, stock: int) -> int:
    """The purifier between a stock and its liquefier; a stock of pure gas is what the purifier fills."""
    for k in range(len(b.names["purifier"])):
        name = b.names["bank"][stock]
        if b.spec.units[name].kind.name == "cylinder_bank":
            return k
        b.rows["purifier"][k]["target"] = stock
    return -1


def add_demand(b: Build) -> None:
    """Users at the hub, make-up, trucks and the limit of demand."""
    for name, card in b.campaign.many("users").items():
        place = f"campaign.users.{name}"
        dewar = _known(b, f"{place}.dewar", card.dewar, "storage_dewar", "cryocooler_liquefier")
        bag = _known(b, f"{place}.bag", card.bag, "gas_bag")
        k = b.row("users", name, node=b.node(f"users {name}"), dewar=b.find("vessel", dewar.name))
        b.rows["users"][k]["bag"] = b.find("bag", bag.name)
        b.table_values("users", k, f"users.{name}", card)
    for name, card in b.campaign.many("purchase").items():
        place = f"campaign.purchase.{name}.dewar"
        dewar = _known(b, place, card.dewar, "storage_dewar", "cryocooler_liquefier")
        k = b.row("purchase", name, dewar=b.find("vessel", dewar.name))
        b.table_values("purchase", k, f"purchase.{name}", card)
    calendar, weather = b.campaign.one("calendar"), b.campaign.one("weather")
    k = b.row("network", "network", begin=calendar.begin, end=calendar.end)
    b.rows["network"][k] |= {"stochastic": float(weather.stochastic)}
    text = "the plant's [[schedule]] is the plan, staff have none of their own"
    source = b.campaign.sources("calendar").get("follow_schedule", "assumed")
    b.derived("calendar.follow_schedule", "1", float(calendar.follow_schedule), text, source)
    b.bind("calendar.follow_schedule", "network", k, "follow")
    b.table_values("network", k, "weather", weather, skip=("stochastic",))
    b.table_values("network", k, "truck", b.campaign.one("truck"))
    b.table_values("network", k, "power", b.campaign.one("power"))


def check_visits(b: Build) -> None:
    """Every site that lives by the truck has its visits, and its cylinders a place at the hub."""
    given, follow = b.campaign.many("site"), b.campaign.one("calendar").follow_schedule
    for k, name in enumerate(b.names["site"]):
        site = b.rows["site"][k]
        card = given.get(name, cards.Site())
        if card.bank_at_hub:
            bank = _known(b, f"campaign.site.{name}.bank_at_hub", card.bank_at_hub, "cylinder_bank")
            site["place"] = b.find("bank", bank.name)
            _same_count(b, int(site["bank"]), int(site["place"]))
        remote = any(v.get("remote") and v["site"] == k for v in b.rows["vessel"])
        bank = int(site["bank"])
        alone = bank >= 0 and top.reached(b.spec, b.names["bank"][bank], "purifier") is None
        if follow or not (remote or alone):
            continue
        place = f"campaign.site.{name}"
        if card.visit_every <= 0.0:
            clue = 'no truck ever comes; give visit_every, such as "28 d"'
            raise b.refuse(place, f"its magnets get their liquid and its cylinders leave by truck, but {clue}")
        if alone and site["place"] < 0:
            full = b.names["bank"][bank]
            raise b.refuse(place, f"the cylinders {full} are never picked up; name their place in bank_at_hub")


def _same_count(b: Build, own: int, place: int) -> None:
    """The place at the hub has as many cylinders as the site, whatever the design."""
    names = b.names["bank"]
    one, two = (b.spec.units[names[k]].card for k in (own, place))
    if one.count != two.count or one.volume != two.volume:
        raise b.refuse(
            f"unit.{names[place]}", f"expected the count and volume of {names[own]}, with which it changes places"
        )
    gone = f"{names[place]}.count"
    b.places = [p for p in b.places if p[0] != gone]
    b.parameters.pop(gone, None)
    b.bind(f"{names[own]}.count", "bank", place, "count")


def _known(b: Build, place: str, name: str, *kinds: str) -> Any:
    """The unit of a name and kind. Raises PlantFileError."""
    unit = b.spec.units.get(name)
    if unit is None or unit.kind.name not in kinds:
        those = [u.name for u in top.of_kind(b.spec, *kinds)]
        raise b.refuse(
            place,
            f'expected a unit of kind {" or ".join(kinds)}, got "{name}"{nearest(name, those)}'
            + ("" if nearest(name, those) else f"; there are {', '.join(those) or 'none'}"),
        )
    return unit
