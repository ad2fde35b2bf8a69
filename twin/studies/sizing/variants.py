"""Variants of a network: values that differ from the plant file, given by name."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from twin.errors import BadStudy, nearest
from twin.quantities import format, parse
from twin.studies.sizing.year_model import Parameter, YearModel

AS_IT_IS = "plant file"
"""Name of the design in which every parameter has the plant file's value."""


@dataclass(frozen=True)
class Variant:
    """Values of parameters [SI] that differ from the plant file."""

    name: str
    values: Mapping[str, float] = field(default_factory=dict)


def read_variant(model: YearModel, text: str) -> Variant:
    """A design such as "liquefier.new.machine=l140, BANK-H.count=40, D-2.volume=3000 L"."""
    values = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = (word.strip() for word in part.partition("="))
        if not equals or not value:
            raise BadStudy(f'design "{text}": expected NAME=VALUE with commas between, got "{part}".')
        values[name] = read_value(find(model, name), value)
    return Variant(text, values)


def find(model: YearModel, name: str) -> Parameter:
    """The parameter of this name; BadStudy offers the nearest."""
    for parameter in model.parameters:
        if parameter.name == name:
            return parameter
    names = [parameter.name for parameter in model.parameters]
    chosen = [parameter.name for parameter in model.parameters if parameter.choices]
    clause = nearest(name, names) or f"; what can be chosen is {', '.join(chosen) or 'nothing'}."
    raise BadStudy(f'{model.name}: there is no parameter "{name}"{clause}')


def read_value(parameter: Parameter, text: str) -> float:
    """A value in SI from a label, a quantity or a plain number."""
    if text in parameter.labels:
        return parameter.choices[parameter.labels.index(text)]
    if parameter.labels:
        clause = nearest(text, parameter.labels) or f"; there are {', '.join(parameter.labels)}."
        raise BadStudy(f'{parameter.name}: there is no "{text}"{clause}')
    try:
        number: float | str = float(text)
    except ValueError:
        number = text
    try:
        return parse(number, parameter.unit)
    except ValueError as wrong:
        raise BadStudy(f"{parameter.name}: {wrong}.") from None


def check(model: YearModel, designs: Sequence[Variant]) -> None:
    """Refuse unknown parameters, values outside what can be chosen, and two designs of one name."""
    names = [design.name for design in designs]
    for name in names:
        if names.count(name) > 1:
            raise BadStudy(f'two designs are called "{name}"; give each its own name.')
    for design in designs:
        for name, value in design.values.items():
            parameter = find(model, name)
            if not math.isfinite(value):
                raise BadStudy(f'design "{design.name}": {name}: expected a number, got {value}.')
            known = parameter.choices
            if known and not (value in known or (not parameter.labels and min(known) <= value <= max(known))):
                among = ", ".join(written(parameter, choice) for choice in known)
                got = format(value, parameter.unit)
                raise BadStudy(f'design "{design.name}": {name}: expected one of {among} or between, got {got}.')


def written(parameter: Parameter, value: float) -> str:
    """A value for people: its label, or the number with a unit."""
    if parameter.labels and value in parameter.choices:
        return parameter.labels[parameter.choices.index(value)]
    if parameter.unit == "1":
        return f"{value:g}"
    return format(value, parameter.unit)


def around(model: YearModel, base: Mapping[str, float] | None = None) -> list[Variant]:
    """The plant file's design (with `base`), and each design that differs from it in one choice."""
    designs = [Variant(AS_IT_IS, dict(base or {}))]
    for parameter in model.parameters:
        own = (base or {}).get(parameter.name, parameter.value)
        for choice in parameter.choices:
            if choice != own:
                name = f"{parameter.name}={written(parameter, choice)}"
                designs.append(Variant(name, {**(base or {}), parameter.name: choice}))
    return designs


def table(model: YearModel, designs: Sequence[Variant]) -> np.ndarray:
    """Values (designs, parameters), NaN where a design leaves a parameter as it is."""
    columns = {parameter.name: k for k, parameter in enumerate(model.parameters)}
    found = np.full((len(designs), len(columns)), np.nan)
    for row, design in zip(found, designs, strict=True):
        for name, value in design.values.items():
            row[columns[name]] = value
    return found


class Narrowed:
    """A year model in which some parameters have fewer choices, and one of them as their value."""

    def __init__(self, model: YearModel, parameters: tuple[Parameter, ...]) -> None:
        self._model, self.parameters = model, parameters
        self.name, self.digest, self.figures = model.name, model.digest, model.figures

    def run(self, values: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        return self._model.run(values, seeds)


def only(model: YearModel, *names: str) -> YearModel:
    """The model with the choices of these names only; all others are as the plant file has them."""
    kept = {find(model, name).name for name in names}
    known = (p if p.name in kept else dataclasses.replace(p, choices=(), labels=()) for p in model.parameters)
    return Narrowed(model, tuple(known))


def narrowed(model: YearModel, texts: Sequence[str]) -> YearModel:
    """The model with the choices that texts such as "liquefier.new.machine=l140,l280" leave."""
    parameters = {parameter.name: parameter for parameter in model.parameters}
    for text in texts:
        name, equals, given = (word.strip() for word in text.partition("="))
        values = [read_value(find(model, name), value.strip()) for value in given.split(",") if value.strip()]
        if not equals or not values:
            raise BadStudy(f'design "{text}": expected NAME=VALUE or NAME=VALUE,VALUE.')
        for value in values:
            check(model, [Variant(text, {name: value})])
        parameters[name] = _with_choices(parameters[name], tuple(dict.fromkeys(values)))
    return Narrowed(model, tuple(parameters.values())) if texts else model


def _with_choices(parameter: Parameter, values: tuple[float, ...]) -> Parameter:
    labels = tuple(parameter.labels[parameter.choices.index(value)] for value in values) if parameter.labels else ()
    own = parameter.value if parameter.value in values else values[0]
    return dataclasses.replace(parameter, choices=values, labels=labels, value=own, distribution=None)
