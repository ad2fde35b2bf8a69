"""Check the tables of a TOML file against a type, and say what is wrong in a sentence each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, PlainValidator, TypeAdapter, ValidationError, WithJsonSchema
from typing_extensions import TypedDict

from twin.errors import PlantFileError, nearest
from twin.quantities import describe, format, parse

Place = tuple[Any, ...]
"""Where in the file something stands: ("start", "opening") or ("event", 3, "at")."""

MOST_PROBLEMS = 12


def table_type(name: str, entries: dict[str, Any]) -> Any:
    """A TOML table with these keys and no others."""
    make: Any = TypedDict  # for mypy: the entries are known only now
    table = make(name, entries)
    table.__pydantic_config__ = ConfigDict(extra="forbid")
    return table


def quantity_type(unit: str, text: str, limits: tuple[float, float] | None = None) -> Any:
    """A number in SI or a text with a unit; becomes a float in SI."""
    schema = {"type": ["number", "string"], "description": f"{text} [{unit}]", "examples": [describe(unit)[1]]}
    return Annotated[
        float, PlainValidator(lambda value: within(parse(value, unit), unit, limits)), WithJsonSchema(schema)
    ]


def quantities_type(unit: str, text: str, limits: tuple[float, float] | None = None) -> Any:
    """A list of quantities; becomes a tuple of floats in SI."""
    schema = {"type": "array", "items": {"type": ["number", "string"]}, "description": f"{text} [{unit}]"}

    def read(values: Any) -> tuple[float, ...]:
        if isinstance(values, list):
            return tuple(within(parse(value, unit), unit, limits) for value in values)
        name, example = describe(unit)
        raise ValueError(f'expected a list, each {name} such as "{example}", got {values!r}')

    return Annotated[tuple[float, ...], PlainValidator(read), WithJsonSchema(schema)]


def within(value: float, unit: str, limits: tuple[float, float] | None) -> float:
    """The value, if it lies in the limits."""
    if limits is not None and not limits[0] <= value <= limits[1]:
        low, high = (format(limit, unit) for limit in limits)
        raise ValueError(f"expected between {low} and {high}, got {format(value, unit)}")
    return value


def labelled(value: Any, labels: tuple[str, ...], unit: str, limits: tuple[float, float] | None) -> float:
    """The value of a tag: one of its labels, true or false, or a quantity."""
    if labels:
        limits = (0.0, len(labels) - 1.0)
        if isinstance(value, str):
            if value not in labels:
                raise ValueError(f'expected one of {", ".join(labels)}, got "{value}"')
            return float(labels.index(value))
    if isinstance(value, bool):
        value = int(value)
    return within(parse(value, unit), unit, limits)


def checked(
    adapter: TypeAdapter[Any],
    raw: dict[str, Any],
    known: Callable[[Place], tuple[str, list[str]]],
    wanted: Callable[[Place], str],
    folder: Path | None = None,
) -> tuple[dict[str, Any], list[str]]:
    """The table in SI, and what is wrong with it: clauses such as `step: expected a time such as "10 min", got "x"`.

    `known` names the owner of an unknown field and the fields that it has; `wanted` says what a missing field is; files
    that the table names are found from `folder`.
    """
    try:
        return adapter.validate_python(raw, context={"folder": folder or Path()}), []
    except ValidationError as wrong:
        return {}, [_clause(error, known, wanted) for error in wrong.errors()]


def _clause(error: Any, known: Callable[[Place], tuple[str, list[str]]], wanted: Callable[[Place], str]) -> str:
    place = error["loc"]
    where = ".".join(str(part) for part in place)
    if error["type"] == "extra_forbidden":
        owner, names = known(place)
        return f"{where}: not a field of {owner}{nearest(str(place[-1]), names) or '; it knows ' + ', '.join(names)}"
    if error["type"] == "missing":
        return f"{where}: missing; {wanted(place)}"
    if error["type"] == "value_error":
        return f"{where}: {error['ctx']['error']}"
    return f"{where}: {_plain(error['msg'])}, got {error['input']!r}"


def _plain(message: str) -> str:
    """Pydantic's message in the words of the other sentences."""
    words = {"Input should be": "expected", "a valid ": "a ", "a integer": "an integer", "dictionary": "table"}
    for theirs, ours in words.items():
        message = message.replace(theirs, ours)
    return message


def refuse(file: Any, problems: list[str]) -> None:
    """Raise PlantFileError if there are problems: one sentence each, a line each."""
    if not problems:
        return
    shown = [f"{file}: {problem}" + ("" if problem[-1] in ".?" else ".") for problem in problems[:MOST_PROBLEMS]]
    if len(problems) > MOST_PROBLEMS:
        shown.append(f"{file}: … and {len(problems) - MOST_PROBLEMS} more.")
    raise PlantFileError("\n".join(shown))
