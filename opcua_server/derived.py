"""Values that clients are shown beside the plant's tags, each derived from tags: health, mode word, discrepancy, stops.

They stand behind the plant's own values in the image of a scan, so they are read and subscribed to as tags are. What a
kind of equipment does not have is not derived: there is no invented value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from asyncua import ua

from twin.tags import Tag


@dataclass(frozen=True)
class Lookup:
    """By the label of one tag: `codes` are the values for its labels 0, 1, 2 …"""

    address: int
    codes: tuple[int, ...]


@dataclass(frozen=True)
class AnyOf:
    """1 while one of these tags is above a number."""

    addresses: tuple[int, ...]
    above: float = 0.0


@dataclass(frozen=True)
class Differs:
    """1 while two tags are further apart than `tolerance`."""

    first: int
    second: int
    tolerance: float


Rule = Lookup | AnyOf | Differs


@dataclass(frozen=True)
class DerivedTag(Tag):
    """A tag behind the image; `variant` is how it travels."""

    rule: Rule | None = None
    variant: ua.VariantType = ua.VariantType.Boolean


class DerivedValues:
    """All derived values of a plant whose image holds `size` values."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.tags: list[DerivedTag] = []
        self._ready: tuple[np.ndarray, ...] | None = None

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
        self._ready = None
        return tag

    def extend(self, image: np.ndarray) -> np.ndarray:
        """The image with the derived values behind it."""
        lookup, address, codes, differs, first, second, tolerance, any_of, members, above, starts = self._tables()
        out = np.empty(self.size + len(self.tags))
        out[: self.size] = image
        behind = out[self.size :]
        if len(lookup):
            label = np.nan_to_num(image[address]).astype(np.int64)
            behind[lookup] = codes[np.arange(len(codes)), np.clip(label, 0, codes.shape[1] - 1)]
        if len(differs):
            behind[differs] = np.abs(image[first] - image[second]) > tolerance
        if len(any_of):
            behind[any_of] = np.logical_or.reduceat(image[members] > above, starts)
        return out

    def _tables(self) -> tuple[np.ndarray, ...]:
        """The rules as arrays, one line a kind of rule."""
        if self._ready is None:
            rules = list(enumerate(tag.rule for tag in self.tags))
            lookups = [(i, rule) for i, rule in rules if isinstance(rule, Lookup)]
            differs = [(i, rule) for i, rule in rules if isinstance(rule, Differs)]
            any_ofs = [(i, rule) for i, rule in rules if isinstance(rule, AnyOf)]
            width = max((len(rule.codes) for _, rule in lookups), default=1)
            sizes = [len(rule.addresses) for _, rule in any_ofs]
            self._ready = (
                _whole(i for i, _ in lookups),
                _whole(rule.address for _, rule in lookups),
                np.array([(*rule.codes, *rule.codes[-1:] * (width - len(rule.codes))) for _, rule in lookups], float),
                _whole(i for i, _ in differs),
                _whole(rule.first for _, rule in differs),
                _whole(rule.second for _, rule in differs),
                np.array([rule.tolerance for _, rule in differs]),
                _whole(i for i, _ in any_ofs),
                _whole(address for _, rule in any_ofs for address in rule.addresses),
                np.array([rule.above for _, rule in any_ofs for _ in rule.addresses]),
                np.cumsum([0, *sizes[:-1]], dtype=np.int64),
            )
        return self._ready


def _whole(numbers: object) -> np.ndarray:
    return np.array(list(numbers), np.int64)  # type: ignore[call-overload]
