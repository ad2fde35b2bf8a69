"""Values that clients are shown beside the plant's tags, each derived from tags: health, mode word, discrepancy, stops.

They stand behind the plant's own values in the image of a scan, so they are read and subscribed to as tags are. What a
kind of equipment does not have is not derived: there is no invented value.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from asyncua import ua

from twin.records import CLOCK
from twin.tags import Tag

TIME = (CLOCK.names or ()).index("time")
"""Address of the simulated time."""


@dataclass(frozen=True)
class Lookup:
    """By the label of one tag: `codes` are the values for its labels 0, 1, 2 …; `instead` while `unless` is on."""

    address: int
    codes: tuple[int, ...]
    unless: int = -1
    instead: int = 0


@dataclass(frozen=True)
class AnyOf:
    """1 while one of these tags is above a number."""

    addresses: tuple[int, ...]
    above: float = 0.0


@dataclass(frozen=True)
class Differs:
    """1 while two tags have been further apart than `tolerance` for `delay` [s of simulated time].

    `when` is a tag and the range in which this means anything.
    """

    first: int
    second: int
    tolerance: float
    delay: float = 0.0
    when: tuple[int, float, float] = (0, -math.inf, math.inf)


@dataclass(frozen=True)
class Worst:
    """The code of the worst sign that is met; a sign is a tag, its least and greatest value, and a rank from 1 on.

    `codes` are the values for the ranks 0, none is met, 1, 2 …
    """

    signs: tuple[tuple[int, float, float, int], ...]
    codes: tuple[int, ...]


Rule = Lookup | AnyOf | Differs | Worst
R = TypeVar("R", Lookup, AnyOf, Differs, Worst)


@dataclass(frozen=True)
class ShownTag(Tag):
    """A tag as one of its variables shows it; `variant` is how it travels there."""

    variant: ua.VariantType = ua.VariantType.Boolean


@dataclass(frozen=True)
class DerivedTag(ShownTag):
    """A tag behind the image."""

    rule: Rule | None = None


class DerivedValues:
    """All derived values of a plant whose image holds `size` values."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.tags: list[DerivedTag] = []
        self._tables: list[_Lookups | _AnyOfs | _Pairs | _Ranks] | None = None

    def add(
        self, name: str, rule: Rule, labels: Sequence[str], owner: Tag, variant: ua.VariantType, text: str, ja: str
    ) -> DerivedTag:
        """A new derived value of the unit that `owner` belongs to."""
        tag = DerivedTag(
            name=name,
            address=self.size + len(self.tags),
            unit="1",
            text=text,
            role="output",
            low=0.0,
            high=float(len(labels) - 1),
            labels=tuple(labels),
            equipment=owner.equipment,
            kind=owner.kind,
            area=owner.area,
            text_ja=ja,
            rule=rule,
            variant=variant,
        )
        self.tags.append(tag)
        self._tables = None
        return tag

    def extend(self, image: np.ndarray) -> np.ndarray:
        """The image with the derived values behind it."""
        if self._tables is None:
            rules = [tag.rule for tag in self.tags]
            self._tables = [_Lookups(rules), _AnyOfs(rules), _Pairs(rules), _Ranks(rules)]
        out = np.empty(self.size + len(self.tags))
        out[: self.size] = image
        behind = out[self.size :]
        for table in self._tables:
            if len(table.rows):
                behind[table.rows] = table.values(image)
        return out


class _Lookups:
    """All rules of this sort as arrays, as are the tables below; `rows` are their places behind the image."""

    def __init__(self, rules: Sequence[Rule | None]) -> None:
        self.rows, found = _of(rules, Lookup)
        width = max((len(rule.codes) for rule in found), default=1)
        self._codes = np.array([(*rule.codes, *rule.codes[-1:] * (width - len(rule.codes))) for rule in found], float)
        self._address = _whole(rule.address for rule in found)
        self._guarded = np.flatnonzero([rule.unless >= 0 for rule in found])
        self._unless = _whole(rule.unless for rule in found if rule.unless >= 0)
        self._instead = _whole(rule.instead for rule in found if rule.unless >= 0)

    def values(self, image: np.ndarray) -> np.ndarray:
        label = np.nan_to_num(image[self._address]).astype(np.int64)
        codes: np.ndarray = self._codes[np.arange(len(label)), np.clip(label, 0, self._codes.shape[1] - 1)]
        codes[self._guarded] = np.where(image[self._unless] > 0.5, self._instead, codes[self._guarded])
        return codes


class _AnyOfs:
    def __init__(self, rules: Sequence[Rule | None]) -> None:
        self.rows, found = _of(rules, AnyOf)
        self._members = _whole(address for rule in found for address in rule.addresses)
        self._above = np.array([rule.above for rule in found for _ in rule.addresses])
        self._starts = _starts(len(rule.addresses) for rule in found)

    def values(self, image: np.ndarray) -> np.ndarray:
        return np.logical_or.reduceat(image[self._members] > self._above, self._starts)


class _Pairs:
    """Remembers since when two tags are apart; a plant that goes back in time begins anew."""

    def __init__(self, rules: Sequence[Rule | None]) -> None:
        self.rows, found = _of(rules, Differs)
        self._first = _whole(rule.first for rule in found)
        self._second = _whole(rule.second for rule in found)
        self._tolerance = np.array([rule.tolerance for rule in found])
        self._delay = np.array([rule.delay for rule in found])
        self._when = _whole(rule.when[0] for rule in found)
        self._low, self._high = (np.array([rule.when[k] for rule in found]) for k in (1, 2))
        self._since = np.full(len(found), np.inf)

    def values(self, image: np.ndarray) -> np.ndarray:
        gate, time = image[self._when], image[TIME]
        apart = np.abs(image[self._first] - image[self._second]) > self._tolerance
        apart &= (gate >= self._low) & (gate <= self._high)
        self._since = np.where(apart, np.minimum(self._since, time), np.inf)
        lasted: np.ndarray = apart & (time - self._since >= self._delay)
        return lasted


class _Ranks:
    def __init__(self, rules: Sequence[Rule | None]) -> None:
        self.rows, found = _of(rules, Worst)
        signs = [sign for rule in found for sign in rule.signs]
        self._address = _whole(sign[0] for sign in signs)
        self._low, self._high, self._rank = (np.array([sign[k] for sign in signs]) for k in (1, 2, 3))
        self._starts = _starts(len(rule.signs) for rule in found)
        self._codes = np.array([rule.codes for rule in found])

    def values(self, image: np.ndarray) -> np.ndarray:
        x = image[self._address]
        met = np.where((x >= self._low) & (x <= self._high), self._rank, 0)
        codes: np.ndarray = self._codes[np.arange(len(self._codes)), np.maximum.reduceat(met, self._starts)]
        return codes


def _of(rules: Sequence[Rule | None], kind: type[R]) -> tuple[np.ndarray, list[R]]:
    """Places and rules of one sort."""
    found = [(i, rule) for i, rule in enumerate(rules) if isinstance(rule, kind)]
    return _whole(i for i, _ in found), [rule for _, rule in found]


def _whole(numbers: Iterable[int]) -> np.ndarray:
    return np.array(list(numbers), np.int64)


def _starts(sizes: Iterable[int]) -> np.ndarray:
    """Where each group begins among the members of all."""
    return np.cumsum([0, *list(sizes)[:-1]], dtype=np.int64)
