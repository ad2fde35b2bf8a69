"""What a plant file may say, as pydantic types made from the cards of the kinds; also exported as JSON Schema."""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from typing import Annotated, Any, Literal, NotRequired, Required, Union

from pydantic import ConfigDict, Field, PlainValidator, TypeAdapter, ValidationError, WithJsonSchema
from typing_extensions import TypedDict

from twin.errors import nearest
from twin.quantities import describe, format, parse
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


def unit_type(kind: Kind) -> Any:
    """The type of a unit table of this kind."""
    clash = COMMON.keys() & {f.name for f in dataclasses.fields(kind.card)}
    if clash:
        raise TypeError(f"kind {kind.name}: {sorted(clash)} mean something else in plant files; rename the parameters.")
    entries: dict[str, Any] = {"kind": Required[Literal[kind.name]]}
    for key in ("site", "note", "text", "text_ja"):
        entries[key] = NotRequired[Annotated[str, Field(description=COMMON[key])]]
    entries["source"] = NotRequired[_SOURCE]
    hints = typing.get_type_hints(kind.card)
    for name, field in [*kind.params.items(), *kind.ports.items(), *kind.wires.items()]:
        value = _field_type(field, hints[name])
        entries[name] = Required[value] if _is_required(field) else NotRequired[value]
    entries["start"] = NotRequired[_start_type(kind)]
    return _table(kind.name, entries)


def _read_source(value: Any) -> Any:
    if isinstance(value, str) or (isinstance(value, dict) and all(isinstance(text, str) for text in value.values())):
        return value
    sentence = f'expected a text or a table such as {{flow_area = "assumed"}}, got {value!r}'
    raise ValueError(sentence)


_SOURCE = Annotated[
    str | dict[str, str],
    PlainValidator(_read_source),
    WithJsonSchema({"type": ["string", "object"], "description": COMMON["source"]}),
]


def _table(name: str, entries: dict[str, Any]) -> Any:
    make: Any = TypedDict  # for mypy: the entries are known only now
    table = make(name, entries)
    table.__pydantic_config__ = ConfigDict(extra="forbid")
    return table


def _is_required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _field_type(field: dataclasses.Field[Any], hint: Any) -> Any:
    text = field.metadata["text"]
    if "param" not in field.metadata:
        return Annotated[str, Field(description=text)]
    unit, limits = field.metadata["unit"], field.metadata["range"]
    inner = [a for a in typing.get_args(hint) if a is not type(None)]
    if typing.get_origin(hint) in (types.UnionType, Union) and len(inner) == 1:
        hint = inner[0]  # "float | None": absent in the file means None
    if unit == "text" or hint is str:
        return Annotated[str, Field(description=text)]
    if hint is float:
        return _quantity(unit, text, limits)
    if typing.get_origin(hint) is tuple and typing.get_args(hint)[0] is float:
        return _quantities(unit, text, limits)
    return Annotated[hint, Field(description=text, strict=True)]


def _quantity(unit: str, text: str, limits: tuple[float, float] | None) -> Any:
    schema = {"type": ["number", "string"], "description": f"{text} [{unit}]", "examples": [describe(unit)[1]]}
    return Annotated[
        float, PlainValidator(lambda value: within(parse(value, unit), unit, limits)), WithJsonSchema(schema)
    ]


def _quantities(unit: str, text: str, limits: tuple[float, float] | None) -> Any:
    schema = {"type": "array", "items": {"type": ["number", "string"]}, "description": f"{text} [{unit}]"}

    def read(values: Any) -> tuple[float, ...]:
        if not isinstance(values, list):
            name, example = describe(unit)
            sentence = f'expected a list, each {name} such as "{example}", got {values!r}'
            raise ValueError(sentence)  # noqa: TRY004  (pydantic turns a ValueError into a finding)
        return tuple(within(parse(value, unit), unit, limits) for value in values)

    return Annotated[tuple[float, ...], PlainValidator(read), WithJsonSchema(schema)]


def _start_type(kind: Kind) -> Any:
    entries = {
        name: NotRequired[_start_value(quantity)]
        for name, quantity in kind.quantities.items()
        if quantity.role in ("input", "state", "latch")
    }
    return _table(f"{kind.name}_start", entries)


def _start_value(quantity: Quantity) -> Any:
    def read(value: Any) -> float:
        if quantity.labels and isinstance(value, str):
            if value not in quantity.labels:
                raise ValueError(f'expected one of {", ".join(quantity.labels)}, got "{value}"')
            return float(quantity.labels.index(value))
        if isinstance(value, bool):
            value = int(value)
        return within(parse(value, quantity.unit), quantity.unit, quantity.range)

    schema = {"type": ["number", "string", "boolean"], "description": f"{quantity.text} [{quantity.unit}]"}
    return Annotated[float, PlainValidator(read), WithJsonSchema(schema)]


def within(value: float, unit: str, limits: tuple[float, float] | None) -> float:
    """The value, if it lies in the limits."""
    if limits is not None and not limits[0] <= value <= limits[1]:
        low, high = (format(limit, unit) for limit in limits)
        raise ValueError(f"expected between {low} and {high}, got {format(value, unit)}")
    return value


EVENT: Any = _table(
    "event",
    {
        "every": NotRequired[_quantity("s", "repeat after", (1e-3, 1e12))],
        "at": NotRequired[_quantity("s", "first time, after the start or in each period", (0.0, 1e12))],
        "do": Required[Annotated[str, Field(description='action of a unit, "BAG-1.swap"')]],
        "with": NotRequired[Annotated[dict[str, Any], Field(description="arguments of the action")]],
        "note": NotRequired[str],
    },
)
"""An entry of [[schedule]]: logistics without people."""


def _file_entries(units: Any) -> dict[str, Any]:
    return {
        "description": Required[Annotated[str, Field(description="what the plant is, in a sentence or two")]],
        "step": NotRequired[_quantity("s", "step of the model", (1e-4, 3600.0))],
        "sources": NotRequired[Annotated[dict[str, str], Field(description="short keys of sources")]],
        "unit": Required[dict[str, units]],
        "schedule": NotRequired[list[EVENT]],
    }


FILE = TypeAdapter(_table("plant", _file_entries(dict[str, Any])))
"""The file as a whole; its unit tables are checked kind by kind."""


@functools.cache
def _unit_adapter(card: type) -> TypeAdapter[Any]:
    return TypeAdapter(unit_type(next(kind for kind in KINDS.values() if kind.card is card)))


def read_file_table(raw: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The checked file with units still raw, and what is wrong: clauses such as `step: expected a time …`."""
    return _checked(FILE, raw, ["description", "step", "sources", "unit", "schedule"])


def read_unit_table(kind: Kind, raw: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The checked unit table in SI, and what is wrong."""
    fields = [f.name for f in dataclasses.fields(kind.card)]
    return _checked(_unit_adapter(kind.card), raw, [*fields, *COMMON], kind)


def _checked(
    adapter: TypeAdapter[Any], raw: dict[str, Any], known: list[str], kind: Kind | None = None
) -> tuple[dict[str, Any], list[str]]:
    try:
        return adapter.validate_python(raw), []
    except ValidationError as wrong:
        return {}, [_clause(error, known, kind) for error in wrong.errors()]


def _clause(error: Any, known: list[str], kind: Kind | None) -> str:
    where = ".".join(str(part) for part in error["loc"] if part not in ("str", "dict[str,str]"))
    field = str(error["loc"][-1])
    if error["type"] == "extra_forbidden":
        if kind is not None and error["loc"][0] == "start":
            known = [name for name, q in kind.quantities.items() if q.role != "output"]
        owner = f"a {kind.name}" if kind else "an entry of [[schedule]]"
        if kind is None and error["loc"][0] == "schedule":
            known = ["every", "at", "do", "with", "note"]
        elif kind is None:
            owner = "a plant file"
        return f"{where}: not a field of {owner}{nearest(field, known) or '; it knows ' + ', '.join(known)}"
    if error["type"] == "missing":
        return f"{where}: missing; {_wanted(field, kind)}"
    if error["type"] == "value_error":
        return f"{where}: {error['ctx']['error']}"
    return f"{where}: {_plain(error['msg'])}, got {error['input']!r}"


_MISSING = {
    "description": "say in a sentence what the plant is",
    "unit": 'a plant needs units, such as [unit.BAG-1] with kind = "gas_bag"',
    "do": 'expected an action such as "BAG-1.swap"',
}


def _wanted(field: str, kind: Kind | None) -> str:
    if kind is None:
        return _MISSING[field]
    declared = {**kind.params, **kind.ports, **kind.wires}[field]
    text, unit = declared.metadata["text"], declared.metadata.get("unit", "")
    if unit in ("", "text"):
        return f"expected {text}"
    return f'expected {text}, {describe(unit)[0]} such as "{describe(unit)[1]}"'


def _plain(message: str) -> str:
    """Pydantic's message in the words of the other sentences."""
    return message.replace("Input should be", "expected").replace("a valid ", "a ").replace("a integer", "an integer")


def plant_schema() -> dict[str, Any]:
    """JSON Schema of a plant file, for all kinds registered now."""
    tables = [unit_type(KINDS[name]) for name in sorted(KINDS)]
    units = Annotated[Union[tuple(tables)], Field(discriminator="kind")] if len(tables) > 1 else tables[0]  # noqa: UP007
    schema = TypeAdapter(_table("plant", _file_entries(units))).json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "hetwin plant file", **schema}
