"""Read and check `[campaign]`: the registry of its tables, and what each of them may say."""

from __future__ import annotations

import dataclasses
import functools
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, NotRequired, Required

from pydantic import Field, TypeAdapter

from twin.checked import Place, checked, refuse, table_type
from twin.errors import nearest
from twin.plant_schema import SOURCE, field_type, is_required
from twin.quantities import describe, parse
from twin.studies.sizing.campaign import cards
from twin.studies.sizing.economics import Economics
from twin.studies.sizing.series import ENTRY
from twin.studies.sizing.targets import Targets
from twin.uncertain import taken_apart

ONE: dict[str, type] = {
    "calendar": cards.Calendar,
    "weather": cards.Weather,
    "truck": cards.Truck,
    "power": cards.Power,
    "economics": Economics,
    "targets": Targets,
}
"""Tables that stand alone, `[campaign.truck]`."""
MANY: dict[str, type] = {
    "site": cards.Site,
    "magnet": cards.Magnet,
    "purifier": cards.Purifier,
    "liquefier": cards.Liquefier,
    "users": cards.Users,
    "purchase": cards.Purchase,
}
"""Tables with a name of their own, `[campaign.site.yonago]`."""
WORDS = {"text": "what it is, for people", "text_ja": "the same in Japanese"}


@dataclass(frozen=True)
class Table:
    """A table as read: its card in SI, sources by field, distributions by field."""

    card: Any
    given: frozenset[str] = frozenset()
    sources: dict[str, str] = field(default_factory=dict)
    uncertain: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class CampaignSpec:
    """`[campaign]`, checked and in SI: tables by path ("truck", "site.yonago"), choices and scenarios as written."""

    tables: dict[str, Table]
    choices: dict[str, list[Any]] = field(default_factory=dict)
    scenarios: dict[str, dict[str, Any]] = field(default_factory=dict)

    def one(self, name: str) -> Any:
        """The card of a table that stands alone; its defaults if the file has none."""
        return self.tables[name].card if name in self.tables else ONE[name]()

    def sources(self, name: str) -> dict[str, str]:
        """Where the numbers that a table gives come from, by field."""
        table = self.tables.get(name, Table(None))
        return {key: table.sources.get(key, table.sources.get("", "")) for key in sorted(table.given)}

    def many(self, name: str) -> dict[str, Any]:
        """Cards of the named tables of a sort."""
        head = f"{name}."
        return {path.removeprefix(head): table.card for path, table in self.tables.items() if path.startswith(head)}


def read_campaign(raw: Any, path: Path, sources: dict[str, str] | None = None) -> CampaignSpec:
    """The checked tables. Raises PlantFileError with a sentence for everything wrong."""
    if raw == {}:
        refuse(path, ["campaign: missing; a year needs at least [campaign.calendar], see docs/campaign.md"])
    if not isinstance(raw, dict):
        refuse(path, [f"campaign: expected tables such as [campaign.truck], got {raw!r}"])
    tables: dict[str, Table] = {}
    problems: list[str] = []
    known = [*ONE, *MANY, "choices", "scenario", "series"]
    for name, value in raw.items():
        if name in ("choices", "scenario", "series"):
            continue
        if name not in known:
            problems.append(
                f"campaign.{name}: there is no such table{nearest(name, known) or '; it knows ' + ', '.join(known)}"
            )
        elif not isinstance(value, dict):
            problems.append(f"campaign.{name}: expected a table, got {value!r}")
        elif name in ONE:
            problems += _read(name, name, ONE[name], value, sources or {}, tables, path.parent)
        else:
            for key, row in value.items():
                problems += _read(name, f"{name}.{key}", MANY[name], row, sources or {}, tables, path.parent)
    refuse(path, problems)
    return CampaignSpec(tables, dict(raw.get("choices", {})), dict(raw.get("scenario", {})))


def _read(
    name: str, place: str, card: type, raw: Any, sources: dict[str, str], tables: dict[str, Table], folder: Path
) -> list[str]:
    if not isinstance(raw, dict):
        return [f"campaign.{place}: expected a table, got {raw!r}"]
    fields = {f.name: f for f in dataclasses.fields(card)}
    owner = f"campaign.{name}"

    def known(where: Place) -> tuple[str, list[str]]:
        return owner, [*fields, "source", *WORDS]

    def wanted(where: Place) -> str:
        text, unit = fields[str(where[-1])].metadata["text"], fields[str(where[-1])].metadata["unit"]
        return f"expected {text}" + ("" if unit == "text" else f', {describe(unit)[0]} such as "{describe(unit)[1]}"')

    found, problems = checked(adapter(card), raw, known, wanted, folder)
    if problems:
        return [f"campaign.{place}.{problem}" for problem in problems]
    said = found.pop("source", {})
    said = {"": said} if isinstance(said, str) else said
    odd = [key for key in said if key and key not in fields]
    if odd:
        return [f'campaign.{place}.source.{odd[0]}: there is no field "{odd[0]}"{nearest(odd[0], fields)}']
    values, uncertain = taken_apart({key: value for key, value in found.items() if key in fields})
    said = {key: sources.get(text, text) for key, text in said.items()}
    tables[place] = Table(card(**values), frozenset(values), said, uncertain)
    return []


@functools.cache
def adapter(card: type) -> TypeAdapter[Any]:
    """The type of a table."""
    return TypeAdapter(card_type(card))


def card_type(card: type) -> Any:
    """The type of a table, from its card."""
    hints = typing.get_type_hints(card)
    entries: dict[str, Any] = {"source": NotRequired[SOURCE]}
    for key, text in WORDS.items():
        entries[key] = NotRequired[Annotated[str, Field(description=text)]]
    for f in dataclasses.fields(card):
        value = field_type(f, hints[f.name], f.metadata["unit"], uncertain=True)
        entries[f.name] = Required[value] if is_required(f) else NotRequired[value]
    return table_type(card.__name__, entries)


def campaign_type() -> Any:
    """The type of `[campaign]` as a whole, for the JSON Schema."""
    entries: dict[str, Any] = {name: NotRequired[card_type(card)] for name, card in ONE.items()}
    entries |= {name: NotRequired[dict[str, card_type(card)]] for name, card in MANY.items()}  # type: ignore[misc]
    entries["series"] = NotRequired[dict[str, ENTRY]]
    entries["choices"] = NotRequired[dict[str, list[Any]]]
    entries["scenario"] = NotRequired[dict[str, dict[str, Any]]]
    return table_type("campaign", entries)


def parsed(value: Any, unit: str) -> float:
    """A number in SI of a choice or scenario."""
    return float(value) if isinstance(value, bool) else parse(value, unit)
