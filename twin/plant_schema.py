"""What a plant file may say, as pydantic types made from the cards of the kinds; also exported as JSON Schema."""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from pathlib import Path
from typing import Annotated, Any, Literal, NotRequired, Required, Union

from pydantic import Field, PlainValidator, TypeAdapter, WithJsonSchema

from twin.checked import Place, checked, labelled, quantities_type, quantity_type, table_type
from twin.quantities import describe
from twin.uncertain import uncertain_type, with_distributions
from twin.unit import KINDS, Kind, Quantity

COMMON = {
    "kind": "kind of equipment",
    "site": "site or section of the plant, for people",
    "source": 'where the numbers come from: text, a key of [sources], or a table {field = "text"}',
    "note": "a remark",
    "text": "description for people",
    "text_ja": "description in Japanese",
    "start": "starting values of inputs, states and latches",
}
"""Keys that every unit table understands, whatever its kind."""


def unit_type(kind: Kind, words: dict[str, str] | None = None) -> Any:
    """The type of a unit table of this kind; `words` are the text parameters that name units of others."""
    clash = COMMON.keys() & {f.name for f in dataclasses.fields(kind.card)}
    if clash:
        raise TypeError(f"kind {kind.name}: {sorted(clash)} mean something else in plant files; rename the parameters.")
    entries: dict[str, Any] = {"kind": Required[Literal[kind.name]]}
    for key in ("site", "note", "text", "text_ja"):
        entries[key] = NotRequired[Annotated[str, Field(description=COMMON[key])]]
    entries["source"] = NotRequired[SOURCE]
    hints = typing.get_type_hints(kind.card)
    for name, field in [*kind.params.items(), *kind.ports.items(), *kind.wires.items()]:
        unit = _resolved(field.metadata.get("unit", "text"), kind, words or {})
        value = field_type(field, hints[name], unit, uncertain=True)
        entries[name] = Required[value] if is_required(field) else NotRequired[value]
    entries["start"] = NotRequired[_start_type(kind, words or {})]
    return table_type(kind.name, entries)


def _read_source(value: Any) -> Any:
    if isinstance(value, str) or (isinstance(value, dict) and all(isinstance(text, str) for text in value.values())):
        return value
    sentence = f'expected a text or a table such as {{flow_area = "assumed"}}, got {value!r}'
    raise ValueError(sentence)


SOURCE = Annotated[
    str | dict[str, str],
    PlainValidator(_read_source),
    WithJsonSchema({"type": ["string", "object"], "description": COMMON["source"]}),
]


def is_required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def field_type(field: dataclasses.Field[Any], hint: Any, unit: str, uncertain: bool = False) -> Any:
    """The type of a field of a card; with `uncertain` a number may be a distribution (twin/uncertain.py)."""
    text = field.metadata["text"]
    if "param" not in field.metadata:
        return Annotated[str, Field(description=text)]
    limits = field.metadata["range"]
    inner = [a for a in typing.get_args(hint) if a is not type(None)]
    if typing.get_origin(hint) in (types.UnionType, Union) and len(inner) == 1:
        hint = inner[0]  # "float | None": absent in the file means None
    if unit == "text" or hint is str:
        return Annotated[str, Field(description=text)]
    if hint is float:
        return (uncertain_type if uncertain else quantity_type)(unit, text, limits)
    if typing.get_origin(hint) is tuple and typing.get_args(hint)[0] is float:
        return quantities_type(unit, text, limits)
    return Annotated[hint, Field(description=text, strict=True)]


def _start_type(kind: Kind, words: dict[str, str]) -> Any:
    entries = {
        name: NotRequired[_start_value(quantity, _resolved(quantity.unit, kind, words))]
        for name, quantity in kind.quantities.items()
        if quantity.role in ("input", "state", "latch")
    }
    return table_type(f"{kind.name}_start", entries)


def _start_value(quantity: Quantity, unit: str) -> Any:
    schema = {"type": ["number", "string", "boolean"], "description": f"{quantity.text} [{unit}]"}
    read = PlainValidator(lambda value: labelled(value, quantity.labels, unit, quantity.range))
    return Annotated[float, read, WithJsonSchema(schema)]


def _resolved(unit: str, kind: Kind, words: dict[str, str]) -> str:
    """The unit; "@measures" is the unit that the text parameter `measures` names."""
    if not unit.startswith("@"):
        return unit
    default = kind.params[unit[1:]].default
    return words.get(unit[1:], "" if default is dataclasses.MISSING else default)


EVENT: Any = table_type(
    "event",
    {
        "every": NotRequired[quantity_type("s", "repeat after", (1e-3, 1e12))],
        "at": NotRequired[quantity_type("s", "first time, after the start or in each period", (0.0, 1e12))],
        "do": Required[Annotated[str, Field(description='action of a unit, "BAG-1.swap"')]],
        "with": NotRequired[Annotated[dict[str, Any], Field(description="arguments of the action")]],
        "note": NotRequired[str],
    },
)
"""An entry of [[schedule]]: logistics without people."""


def _file_entries(units: Any, campaign: Any) -> dict[str, Any]:
    return {
        "description": Required[Annotated[str, Field(description="what the plant is, in a sentence or two")]],
        "step": NotRequired[quantity_type("s", "step of the model", (1e-4, 3600.0))],
        "sources": NotRequired[Annotated[dict[str, str], Field(description="short keys of sources")]],
        "unit": Required[dict[str, units]],
        "schedule": NotRequired[list[EVENT]],
        "campaign": NotRequired[campaign],
    }


FILE = TypeAdapter(table_type("plant", _file_entries(dict[str, Any], dict[str, Any])))
"""The file as a whole; its unit tables are checked kind by kind."""


@functools.cache
def _unit_adapter(card: type, words: tuple[tuple[str, str], ...]) -> TypeAdapter[Any]:
    kind = next(kind for kind in KINDS.values() if kind.card is card)
    return TypeAdapter(unit_type(kind, dict(words)))


def read_file_table(raw: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The checked file with units still raw, and what is wrong: clauses such as `step: expected a time …`."""
    return checked(FILE, raw, _file_fields, lambda place: _MISSING[place[-1]])


_MISSING = {
    "description": "say in a sentence what the plant is",
    "unit": 'a plant needs units, such as [unit.BAG-1] with kind = "gas_bag"',
    "do": 'expected an action such as "BAG-1.swap"',
}


def _file_fields(place: Place) -> tuple[str, list[str]]:
    if place[0] == "schedule":
        return "an entry of [[schedule]]", list(EVENT.__annotations__)
    return "a plant file", list(_file_entries(dict, dict))


def read_unit_table(kind: Kind, raw: dict[str, Any], folder: Path | None = None) -> tuple[dict[str, Any], list[str]]:
    """The checked unit table in SI, and what is wrong; files of measured values are found from `folder`."""
    words = {name: raw[name] for name in kind.params if isinstance(raw.get(name), str)}
    units = tuple((name, word) for name, word in words.items() if f"@{name}" in _units(kind))
    known, wanted = functools.partial(_fields, kind), functools.partial(_wanted, kind=kind)
    return checked(_unit_adapter(kind.card, units), raw, known, wanted, folder)


def _units(kind: Kind) -> set[str]:
    return {f.metadata["unit"] for f in kind.params.values()} | {q.unit for q in kind.quantities.values()}


def _fields(kind: Kind, place: Place) -> tuple[str, list[str]]:
    if place[0] == "start":
        return f"the start of a {kind.name}", [name for name, q in kind.quantities.items() if q.role != "output"]
    return f"a {kind.name}", [*(f.name for f in dataclasses.fields(kind.card)), *COMMON]


def _wanted(place: Place, kind: Kind) -> str:
    declared = {**kind.params, **kind.ports, **kind.wires}[place[-1]]
    text, unit = declared.metadata["text"], declared.metadata.get("unit", "")
    if unit in ("", "text"):
        return f"expected {text}"
    return f'expected {text}, {describe(unit)[0]} such as "{describe(unit)[1]}"'


def plant_schema() -> dict[str, Any]:
    """JSON Schema of a plant file, for all kinds registered now."""
    tables = [unit_type(KINDS[name]) for name in sorted(KINDS)]
    units = Annotated[Union[tuple(tables)], Field(discriminator="kind")] if len(tables) > 1 else tables[0]  # noqa: UP007
    from twin.studies.sizing.campaign.tables import campaign_type  # its cards need this module

    schema = TypeAdapter(table_type("plant", _file_entries(units, campaign_type()))).json_schema()
    about = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "hetwin plant file"}
    return with_distributions(schema) | about
