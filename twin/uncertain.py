"""Numbers that are not known well: what a plant file may say instead of one number, and how to draw from it.

    boil_off = "12..18 mL/h"                                        # uniform; also { uniform = ["12 mL/h", "18 mL/h"] }
    boil_off = { normal = "15 mL/h", sd = "1.5 mL/h" }
    boil_off = { triangular = ["12 mL/h", "15 mL/h", "18 mL/h"] }   # least, most likely, greatest
    boil_off = { empirical = "magnets.csv", column = "boil_off", unit = "mL/h" }

The dynamic twin takes the nominal value: the mode of a normal or triangular distribution, the median of a uniform or
empirical one. A study draws from `ppf`, the inverse of the cumulative distribution.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, NotRequired, Required, Union

import numpy as np
from pydantic import Field, PlainValidator, TypeAdapter, ValidationInfo, WithJsonSchema

from twin.checked import table_type, within
from twin.columns import numbers, read_columns
from twin.quantities import convert, describe, format, parse, read_unit, unit_of

Limits = tuple[float, float] | None
MOST_CUT = 0.05
"""Share of a normal distribution that may lie outside the range of the parameter and be cut off."""


@dataclass(frozen=True)
class Distribution(ABC):
    """What is known of a number, in SI; `text` is what the plant file says."""

    text: str

    @property
    @abstractmethod
    def nominal(self) -> float:
        """The one number that stands for all."""

    @abstractmethod
    def ppf(self, u: np.ndarray) -> np.ndarray:
        """Values below which the shares `u` [1] of the distribution lie."""

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the greatest value; infinite for a normal distribution that nothing cuts."""
        low, high = self.ppf(np.array([0.0, 1.0]))
        return float(low), float(high)


@dataclass(frozen=True)
class Uniform(Distribution):
    """Anything between two values."""

    low: float
    high: float

    @property
    def nominal(self) -> float:
        return 0.5 * (self.low + self.high)

    def ppf(self, u: np.ndarray) -> np.ndarray:
        return self.low + (self.high - self.low) * u


@dataclass(frozen=True)
class Normal(Distribution):
    """A mean and a standard deviation, cut at the range of the parameter."""

    mean: float
    sd: float
    low: float
    high: float

    @property
    def nominal(self) -> float:
        return self.mean

    @property
    def kept(self) -> tuple[float, float]:
        """Shares of the whole bell below the lower and below the upper cut."""
        from scipy.special import ndtr

        return float(ndtr((self.low - self.mean) / self.sd)), float(ndtr((self.high - self.mean) / self.sd))

    def ppf(self, u: np.ndarray) -> np.ndarray:
        from scipy.special import ndtri

        below, above = self.kept
        values: np.ndarray = self.mean + self.sd * ndtri(below + (above - below) * np.asarray(u))
        return values.clip(self.low, self.high)


@dataclass(frozen=True)
class Triangular(Distribution):
    """Least, most likely and greatest value."""

    low: float
    mode: float
    high: float

    @property
    def nominal(self) -> float:
        return self.mode

    def ppf(self, u: np.ndarray) -> np.ndarray:
        u, width = np.asarray(u), self.high - self.low
        rising = self.low + np.sqrt(u * width * (self.mode - self.low))
        falling = self.high - np.sqrt((1.0 - u) * width * (self.high - self.mode))
        return np.where(u * width < self.mode - self.low, rising, falling)


@dataclass(frozen=True)
class Empirical(Distribution):
    """Measured values, in rising order; linear between them."""

    values: tuple[float, ...]
    file: Path = field(default=Path(), repr=False, compare=False)

    @property
    def nominal(self) -> float:
        return float(np.median(self.values))

    def ppf(self, u: np.ndarray) -> np.ndarray:
        return np.interp(u, np.linspace(0.0, 1.0, len(self.values)), self.values)


class Uncertain(float):
    """The nominal value of a distribution, which it carries until the tables are checked."""

    distribution: Distribution

    @classmethod
    def of(cls, distribution: Distribution) -> Uncertain:
        found = cls(distribution.nominal)
        found.distribution = distribution
        return found


def taken_apart(table: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Distribution]]:
    """A checked table with nominal values, and the distributions of those that are uncertain, by key."""
    uncertain = {key: value.distribution for key, value in table.items() if isinstance(value, Uncertain)}
    return table | {key: float(table[key]) for key in uncertain}, uncertain


# --- reading -----------------------------------------------------------------------------------------------------


def uncertain_type(unit: str, text: str, limits: Limits = None) -> Any:
    """A quantity or a distribution of it; becomes a float in SI, an `Uncertain` if it is a distribution.

    The folder against which files are found is the `folder` of the validation's context.
    """

    def read(value: Any, info: ValidationInfo) -> float:
        folder = (info.context or {}).get("folder", Path())
        found = read_distribution(value, unit, limits, folder)
        return within(parse(value, unit), unit, limits) if found is None else Uncertain.of(found)

    about = {"description": f"{text} [{unit}]", "examples": [describe(unit)[1]]}
    schema = {"anyOf": [{"type": ["number", "string"]}, {"$ref": f"{ELSEWHERE}#/$defs/distribution"}], **about}
    return Annotated[float, PlainValidator(read), WithJsonSchema(schema)]


ELSEWHERE = "https://hetwin.invalid/"
"""Before a reference, so that pydantic leaves it alone; `with_distributions` takes it away."""


def with_distributions(schema: dict[str, Any]) -> dict[str, Any]:
    """A JSON Schema whose quantities may be distributions, with the definition that they refer to."""
    quantity = float | str
    two, three = (Annotated[list[quantity], Field(min_length=n, max_length=n)] for n in (2, 3))
    tables = (
        table_type("uniform", {"uniform": Required[two]}),
        table_type("normal", {"normal": Required[quantity], "sd": Required[quantity]}),
        table_type("triangular", {"triangular": Required[three]}),
        table_type("empirical", {"empirical": Required[str], "column": Required[str], "unit": NotRequired[str]}),
    )
    any_of: Any = Union[tables]  # noqa: UP007
    definition = TypeAdapter(any_of).json_schema()
    definitions = definition.pop("$defs") | {"distribution": definition | {"title": "distribution"}}
    found: dict[str, Any] = json.loads(json.dumps(schema).replace(f"{ELSEWHERE}#", "#"))
    return found | {"$defs": found.get("$defs", {}) | definitions}


KEYS = {
    "uniform": ("uniform",),
    "normal": ("normal", "sd"),
    "triangular": ("triangular",),
    "empirical": ("empirical", "column", "unit"),
}


def read_distribution(value: Any, unit: str, limits: Limits, folder: Path) -> Distribution | None:
    """The distribution that `value` says, or None if it says none; ValueError is a clause for people."""
    if isinstance(value, str) and ".." in value:
        low, _, high = value.partition("..")
        return _uniform(value.strip(), [_with_unit_of(high, low), high], unit, limits)
    if not isinstance(value, dict):
        return None
    names = [name for name in KEYS if name in value]
    if len(names) != 1:
        raise ValueError(f"expected one of {', '.join(KEYS)} in the table, such as {_example(unit)}, got {value!r}")
    name = names[0]
    odd = [key for key in value if key not in KEYS[name]]
    if odd:
        raise ValueError(f'"{odd[0]}" is not a word of {name}; it knows {", ".join(KEYS[name])}')
    if name in ("uniform", "triangular"):
        found = _list(value[name], name, len(_SHAPES[name]))
        text = f"{name} {', '.join(map(str, found))}"
        return (_uniform if name == "uniform" else _triangular)(text, found, unit, limits)
    return _normal(value, unit, limits) if name == "normal" else _empirical(value, unit, limits, folder)


_SHAPES = {"uniform": ("least", "greatest"), "triangular": ("least", "most likely", "greatest")}


def _example(unit: str) -> str:
    example = describe(unit)[1]
    return f'{{ normal = "{example}", sd = "{example}" }}'


def _with_unit_of(high: str, low: str) -> str:
    """The lower end of "12..18 mL/h" with the unit that stands behind the upper one."""
    return low if unit_of(low) else f"{low} {unit_of(high)}"


def _list(values: Any, name: str, length: int) -> list[Any]:
    if isinstance(values, list) and len(values) == length:
        return values
    raise ValueError(f"{name}: expected a list of {length} ({', '.join(_SHAPES[name])}), got {values!r}")


def _uniform(text: str, values: list[Any], unit: str, limits: Limits) -> Distribution:
    low, high = (within(parse(value, unit), unit, limits) for value in values)
    if not low < high:
        raise ValueError(f"expected the lower end before the upper one, got {text}")
    return Uniform(text, low, high)


def _triangular(text: str, values: list[Any], unit: str, limits: Limits) -> Distribution:
    low, mode, high = (within(parse(value, unit), unit, limits) for value in values)
    if not low <= mode <= high or low == high:
        raise ValueError(f"expected the least, the most likely and the greatest value in this order, got {text}")
    return Triangular(text, low, mode, high)


def _normal(value: dict[str, Any], unit: str, limits: Limits) -> Distribution:
    if "sd" not in value:
        raise ValueError(f"sd: missing; expected a standard deviation, such as {_example(unit)}")
    mean, sd = within(parse(value["normal"], unit), unit, limits), _placed("sd", lambda: parse(value["sd"], unit))
    if isinstance(value["sd"], str) and read_unit(unit_of(value["sd"])).offset:
        raise ValueError(f'sd: expected a difference, such as "2 {unit}", got "{value["sd"]}"')
    if sd <= 0.0:
        raise ValueError(f"sd: expected more than zero, got {value['sd']}")
    low, high = limits or (-np.inf, np.inf)
    text = f"normal {value['normal']}, sd {value['sd']}"
    below, above = Normal(text, mean, sd, low, high).kept
    if below + 1.0 - above > MOST_CUT:
        share, span = 100.0 * (below + 1.0 - above), f"{format(low, unit)} to {format(high, unit)}"
        raise ValueError(f"{share:.0f} % of {text} lie outside {span}; give a smaller sd, or a triangular distribution")
    if below + 1.0 - above > 1e-9:
        text += f", cut at {format(low, unit)} and {format(high, unit)}"
    return Normal(text, mean, sd, low, high)


def _empirical(value: dict[str, Any], unit: str, limits: Limits, folder: Path) -> Distribution:
    file, column = value["empirical"], value.get("column")
    if not isinstance(file, str) or not isinstance(column, str):
        raise ValueError('expected { empirical = "file.csv", column = "name", unit = "…" }')
    scale = value.get("unit", unit)
    _placed("unit", lambda: parse(f"1 {scale}", unit))
    found = numbers(read_columns(folder / file, [column])[column], folder / file)
    values = np.sort([convert(each, scale, unit) for each in found[~np.isnan(found)]])
    if len(values) < 2 or values[0] == values[-1]:
        raise ValueError(f'expected at least two different values in column "{column}" of {file}')
    for end in (values[0], values[-1]):
        _placed(f'column "{column}" of {file}', lambda end=end: within(float(end), unit, limits))  # type: ignore[misc]
    text = f"{len(values)} values of {file}, column {column}"
    return Empirical(text, tuple(map(float, values)), folder / file)


def _placed(place: str, read: Callable[[], Any]) -> Any:
    """What `read` gives; a ValueError says where."""
    try:
        return read()
    except ValueError as wrong:
        raise ValueError(f"{place}: {wrong}") from None
