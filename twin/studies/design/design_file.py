"""A liquefier's specification, from a TOML file or piece by piece; foreign units become SI here.

description = "…"
ln2 = true
arrangement = "collins"            # or "series", or a table with high, low and branches
number_of_turbines = 2
[machine]                          # see cards.Machine
flow = "42 g/s"
[exchangers]                       # what holds for all (cards.Exchanger)
effectiveness = 0.97
[exchanger.E1]                     # what holds for one
UA = "16 kW/K"
[turbines]                         # (cards.Turbine)
[turbine.T1]
[bath]                             # (cards.Bath)
[sources]                          # short keys of sources
[origin]                           # where each value comes from: a key of [sources], "calibrated: …" or "assumed: …"
"machine.flow" = "freia"
[published.with_ln2]               # an operating point that somebody published, see CONDITIONS and FIGURES
litres = "121 L/h"
"""

from __future__ import annotations

import dataclasses
import functools
import typing
from pathlib import Path
from typing import Annotated, Any, NotRequired, Required

from pydantic import Field, TypeAdapter

from twin.checked import Place, checked, quantity_type, refuse, table_type
from twin.errors import nearest
from twin.plant_file import read_toml
from twin.plant_schema import field_type
from twin.studies.design.arrangement import ARRANGEMENTS, Arrangement
from twin.studies.design.cards import Bath, Exchanger, Machine, Turbine
from twin.studies.design.steady import Design

MACHINES = Path(__file__).parent / "machines"
"""Published machines, one file each."""

MOST_TURBINES = 3
DEFAULT_EFFECTIVENESS = 0.97
SPLITS = {1: (0.8,), 2: (0.42, 0.40), 3: (0.28, 0.28, 0.26)}
"""Shares of the turbines of `collins` when none are given."""
SERIES_SPLIT = 0.6


def card_type(card: type) -> Any:
    """The type of a table that fills in this card."""
    hints = typing.get_type_hints(card)
    entries = {f.name: NotRequired[field_type(f, hints[f.name], f.metadata["unit"])] for f in dataclasses.fields(card)}
    return table_type(card.__name__, entries)


TABLES = {"machine": Machine, "exchangers": Exchanger, "turbines": Turbine, "bath": Bath}
NAMED = {"exchanger": Exchanger, "turbine": Turbine}
CONDITIONS = ("flow", "p_high", "p_low", "p_dewar", "impurity")
"""What a published operating point may say of the machine; and `ln2`."""
FIGURES = {
    "yield": ("1", "liquid gained over compressor flow"),
    "litres": ("m3/s", "liquid per time, at 1 atm"),
    "power": ("W", "power of the compressor"),
    "energy": ("J/m3", "work of the compressor per litre"),
    "ln2_flow": ("kg/s", "liquid nitrogen"),
}
"""What may be published of an operating point: unit and meaning."""
WORDS = ("description", "source", "note")


def published_type() -> Any:
    """The type of a published operating point: conditions, figures and where they are from."""
    hints, fields = typing.get_type_hints(Machine), {f.name: f for f in dataclasses.fields(Machine)}
    entries: dict[str, Any] = {"ln2": NotRequired[Annotated[bool, Field(strict=True)]]}
    entries |= {
        name: NotRequired[field_type(fields[name], hints[name], fields[name].metadata["unit"])] for name in CONDITIONS
    }
    entries |= {name: NotRequired[quantity_type(*about)] for name, about in FIGURES.items()}
    entries |= {name: NotRequired[quantity_type("1", text, (1e-4, 1.0))] for name, text in TOLERANCES.items()}
    entries |= {"source": Required[str], "note": NotRequired[str]}
    return table_type("published", entries)


TOLERANCES = {
    "tolerance": "allowed deviation over the published value [0.1]",
    "points": "allowed deviation of the yield",
}


@functools.cache
def file_type() -> TypeAdapter[Any]:
    """The type of a specification file."""
    entries: dict[str, Any] = dict.fromkeys(WORDS, NotRequired[str])
    entries["ln2"] = NotRequired[Annotated[bool, Field(strict=True)]]
    entries["arrangement"] = NotRequired[str | dict[str, Any]]
    entries["number_of_turbines"] = NotRequired[int]
    entries["sources"] = NotRequired[dict[str, str]]
    entries["origin"] = NotRequired[dict[str, str]]
    entries["published"] = NotRequired[dict[str, published_type()]]  # type: ignore[misc]
    entries |= {name: NotRequired[card_type(card)] for name, card in TABLES.items()}
    entries |= {name: NotRequired[dict[str, card_type(card)]] for name, card in NAMED.items()}  # type: ignore[misc]
    return TypeAdapter(table_type("design", entries))


def load_design(name_or_path: str | Path, **changes: Any) -> Design:
    """A design from a file or the name of a published machine; PlantFileError says all that is wrong."""
    path = find_design(name_or_path)
    table = read_table(path)
    return make_design(merged(table, changes), path)


def find_design(name_or_path: str | Path) -> Path:
    """The file of a design: a path, or the name of a published machine."""
    path = Path(name_or_path)
    if path.suffix == ".toml" or path.exists():
        return path
    known = sorted(p.stem for p in MACHINES.glob("*.toml"))
    if str(name_or_path) in known:
        return MACHINES / f"{name_or_path}.toml"
    from twin.errors import PlantFileError

    clause = nearest(str(name_or_path), known) or f"; known are {', '.join(known)}."
    raise PlantFileError(f'there is no machine or file "{name_or_path}"{clause}')


def read_table(path: Path) -> dict[str, Any]:
    """The checked tables of a file, in SI."""
    table, problems = checked(file_type(), read_toml(path), _known, lambda place: "expected a value")
    refuse(path, problems or origin_problems(table))
    return table


def origin_problems(table: dict[str, Any]) -> list[str]:
    """What is wrong with [origin] and with the sources of what is published, a clause each."""
    sources, origin, given = list(table.get("sources", {})), table.get("origin", {}), given_values(table)
    found = []
    for name, point in table.get("published", {}).items():
        if (source := point["source"]) not in sources:
            near = nearest(source, sources)
            found.append(f'published.{name}.source: expected a key of [sources], got "{source}"{near}')
    for name, text in origin.items():
        if name not in given:
            found.append(f"origin.{name}: this file gives no such value{nearest(name, given)}")
        elif text.partition(":")[0] not in (*sources, *ORIGINS):
            found.append(f'origin.{name}: expected "calibrated: …", "assumed: …" or a key of [sources], got "{text}"')
    missing = [name for name in given if origin and name not in origin]
    return found + [f"origin.{name}: missing; say where this value comes from" for name in missing]


ORIGINS = ("calibrated", "assumed")


def given_values(table: dict[str, Any]) -> list[str]:
    """Names of all values that a file gives the machine, such as "exchanger.E1.effectiveness"."""
    found = ["arrangement"] if "arrangement" in table else []
    found += [f"{name}.{key}" for name in TABLES for key in table.get(name, {})]
    rows = ((kind, name, row) for kind in NAMED for name, row in table.get(kind, {}).items())
    return found + [f"{kind}.{name}.{key}" for kind, name, row in rows for key in row]


def _known(place: Place) -> tuple[str, list[str]]:
    card = TABLES.get(place[0]) or NAMED.get(place[0])
    if card is not None and len(place) > 1:
        return f"[{place[0]}]", [f.name for f in dataclasses.fields(card)]
    if place[0] == "published" and len(place) > 1:
        return "a published point", ["ln2", *CONDITIONS, *FIGURES, *TOLERANCES, "source", "note"]
    return "a design", list(_ENTRIES)


_ENTRIES = (*WORDS, "ln2", "arrangement", "number_of_turbines", "sources", "origin", "published", *TABLES, *NAMED)


def merged(table: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """The tables with some entries replaced, table by table."""
    found = dict(table)
    for name, value in changes.items():
        both = isinstance(value, dict) and isinstance(found.get(name), dict)
        found[name] = merged(found[name], value) if both else value
    return found


def make_design(table: dict[str, Any], where: Any = "design") -> Design:
    """A design of checked tables in SI; what is not given takes its default."""
    arrangement = _arrangement(table, where)
    for kind, names in (("exchanger", arrangement.exchangers), ("turbine", arrangement.turbines)):
        odd = [name for name in table.get(kind, {}) if name not in names]
        problems = [f"{kind}.{name}: this arrangement has no such {kind}{nearest(name, names)}" for name in odd]
        refuse(where, problems)
    exchangers = {name: _exchanger(table, name, where) for name in arrangement.exchangers}
    shares = _default_shares(arrangement)
    turbines = {
        name: Turbine(
            **({"share": shares.get(name, 0.0)} | table.get("turbines", {}) | table.get("turbine", {}).get(name, {}))
        )
        for name in arrangement.turbines
    }
    bath = Bath(**table.get("bath", {})) if table.get("ln2", True) and arrangement.has_bath else None
    machine = Machine(**table.get("machine", {}))
    return Design(machine, arrangement, exchangers, turbines, bath, table.get("description", "").strip())


def _default_shares(arrangement: Arrangement) -> dict[str, float]:
    heads = arrangement.heads
    if any(len(arrangement.branch(head)) > 1 for head in heads):
        return dict.fromkeys(heads, SERIES_SPLIT / len(heads))
    return dict(zip(heads, SPLITS.get(len(heads), (0.8 / max(len(heads), 1),) * len(heads)), strict=True))


def _arrangement(table: dict[str, Any], where: Any) -> Arrangement:
    given, turbines = table.get("arrangement", "collins"), table.get("number_of_turbines", 2)
    if isinstance(given, str):
        if given not in ARRANGEMENTS:
            known = ", ".join(ARRANGEMENTS)
            refuse(where, [f'arrangement: expected {known} or a table, got "{given}"{nearest(given, ARRANGEMENTS)}'])
        if not 1 <= turbines <= MOST_TURBINES:
            refuse(where, [f"number_of_turbines: expected 1 to {MOST_TURBINES}, got {turbines}"])
        return ARRANGEMENTS[given](turbines)
    try:
        ways = {head: tuple(way) for head, way in given.get("branches", {}).items()}
        arrangement = Arrangement(tuple(given["high"]), tuple(given["low"]), ways)
        problems = [f"arrangement: {clause}" for clause in arrangement.problems()]
    except (KeyError, TypeError, AttributeError):
        problems = [
            'arrangement: expected lists of names, such as high = ["E1", "LN2", "E2", …] and low = ["E2", "E1"]'
        ]
    refuse(where, problems)
    return arrangement


def _exchanger(table: dict[str, Any], name: str, where: Any) -> Exchanger:
    """The card of one exchanger: what is given for it alone replaces the quality that is given for all."""
    qualities = ("effectiveness", "UA", "dT_warm", "dT_cold", "pinch")
    common, own = dict(table.get("exchangers", {})), table.get("exchanger", {}).get(name, {})
    if any(key in own for key in qualities):
        common = {key: value for key, value in common.items() if key not in qualities}
    card = Exchanger(**(common | own))
    if not card.given:
        card = dataclasses.replace(card, effectiveness=DEFAULT_EFFECTIVENESS)
    if len(card.given) > 1:
        refuse(where, [f"exchanger.{name}: {' and '.join(card.given)} say the same; give one of them"])
    return card
