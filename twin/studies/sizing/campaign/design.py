"""Choices of a design and scenarios, from `[campaign.choices]` and `[campaign.scenario.NAME]`."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from twin.errors import nearest
from twin.studies.sizing.campaign.build import Build
from twin.studies.sizing.campaign.tables import parsed
from twin.studies.sizing.year_model import Parameter


@dataclass(frozen=True)
class Scenario:
    """A state of the network: values of parameters, in SI."""

    name: str
    text: str
    text_ja: str
    values: dict[str, float]


def set_choices(b: Build) -> None:
    """Give parameters their choices; a star makes one parameter of all that match it."""
    for name, given in b.campaign.choices.items():
        place = f"campaign.choices.{name}"
        if not isinstance(given, list) or not given:
            raise b.refuse(place, f"expected a list of values, got {given!r}")
        found = names_of(b, name, place)
        first = b.parameters[found[0]]
        labels = machines_of(b, name, given) if name.endswith(".machine") else ()
        if labels:
            values = tuple(float(k) for k in range(len(labels)))
        else:
            values = with_own(first, [value_of(b, first, value, place) for value in given])
        if any(b.parameters[each].value != first.value for each in found):
            raise b.refuse(place, f"{', '.join(found)} have different values in the file; name them one by one")
        if any(b.parameters[each].distribution is not None for each in found):
            raise b.refuse(
                place, f"{found[0]} is chosen here and uncertain elsewhere in the file; it can be one of both"
            )
        if found != [name]:
            merge(b, name, found)
        b.parameters[name] = dataclasses.replace(b.parameters[name], choices=values, labels=labels)


def with_own(parameter: Parameter, given: list[float]) -> tuple[float, ...]:
    """The values of a choice in rising order; the one that the file has is always among them."""
    near = [value for value in given if math.isclose(value, parameter.value, rel_tol=1e-9)]
    return tuple(sorted({*given, *([] if near else [parameter.value])}))


def machines_of(b: Build, name: str, given: list[Any]) -> tuple[str, ...]:
    """The machines of a choice in the order of the year's table: the one of the file, then the others."""
    card = b.campaign.many("liquefier")[name.split(".")[1]]
    return tuple(dict.fromkeys([card.machine, *map(str, given)]))


def names_of(b: Build, name: str, place: str) -> list[str]:
    """Parameters that a name or pattern means."""
    found = [known for known in b.parameters if known == name] or [
        known for known in b.parameters if fnmatchcase(known, name)
    ]
    if not found:
        raise b.refuse(place, f'there is no parameter "{name}"{nearest(name, b.parameters)}')
    return found


def merge(b: Build, name: str, found: list[str]) -> None:
    """One parameter in place of several."""
    b.parameters[name] = dataclasses.replace(b.parameters[found[0]], name=name)
    b.places = [(name if place[0] in found else place[0], *place[1:]) for place in b.places]
    for each in found:
        del b.parameters[each]


def value_of(b: Build, parameter: Parameter, value: Any, place: str) -> float:
    """A value of a choice or scenario in SI."""
    if isinstance(value, str) and value in parameter.labels:
        return float(parameter.labels.index(value))
    if isinstance(value, str) and parameter.labels:
        raise b.refuse(place, f'expected one of {", ".join(parameter.labels)}, got "{value}"')
    try:
        return parsed(value, parameter.unit)
    except ValueError as wrong:
        raise b.refuse(place, str(wrong)) from None


def scenarios_of(b: Build) -> dict[str, Scenario]:
    """The scenarios of the file."""
    found = {}
    for name, raw in b.campaign.scenarios.items():
        values: dict[str, float] = {}
        if not isinstance(raw, dict):
            raise b.refuse(f"campaign.scenario.{name}", f"expected a table, got {raw!r}")
        for key, value in raw.items():
            if key in ("text", "text_ja"):
                continue
            place = f"campaign.scenario.{name}.{key}"
            for each in names_of(b, key, place):
                values[each] = value_of(b, b.parameters[each], value, place)
        found[name] = Scenario(name, str(raw.get("text", "")), str(raw.get("text_ja", "")), values)
    return found
