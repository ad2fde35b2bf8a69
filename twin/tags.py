"""Tags: names of addresses in the process image, with unit, range and text. Derived, never listed by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from twin.errors import BadWrite, UnknownTag, nearest


@dataclass(frozen=True)
class Tag:
    """One value of the process image.

    `role` is "input" (writable), "state", "latch" or "output"; `unit` is SI ("1" without dimension); `low` and `high`
    are the range an instrument would have; `labels` name the values 0, 1, 2 … of a discrete tag and are empty for an
    analog one. `equipment` is the unit it belongs to, `kind` that unit's kind, `area` its site or section. `by` is
    who may write it where there are users: operator, engineer or instructor.
    """

    name: str
    address: int
    unit: str
    text: str
    role: str
    low: float
    high: float
    labels: tuple[str, ...]
    equipment: str
    kind: str
    area: str
    text_ja: str = ""
    by: str = "operator"

    @property
    def writable(self) -> bool:
        return self.role == "input"

    @property
    def discrete(self) -> bool:
        return bool(self.labels)

    def accept(self, value: object) -> float:
        """The value as a number, if this tag may hold it. Raises BadWrite with the reason in a sentence."""
        if not isinstance(value, (int, float, np.number)):
            raise BadWrite(f"{self.name}: expected one number in {self.unit}, got {value!r}.", "type_mismatch")
        number = float(value)
        if not self.low <= number <= self.high:  # not for NaN either
            raise BadWrite(
                f"{self.name}: expected {self.low:g} to {self.high:g} {self.unit}, got {number:g}.", "out_of_range"
            )
        if self.discrete and number != int(number):
            raise BadWrite(
                f"{self.name}: expected one of {', '.join(self.labels)} by number, got {number:g}.", "type_mismatch"
            )
        return number

    def refuse_write(self) -> BadWrite:
        """What to raise when somebody writes what the plant computes."""
        return BadWrite(f"{self.name} is computed by the plant; only inputs can be written.", "not_writable")


class Tags(Mapping[str, Tag]):
    """All tags of a plant, by name, in image order."""

    def __init__(self, tags: list[Tag]) -> None:
        self._tags = {tag.name: tag for tag in tags}

    def __getitem__(self, name: str) -> Tag:
        try:
            return self._tags[name]
        except KeyError:
            raise UnknownTag(f'There is no tag "{name}"{nearest(name, self._tags)}') from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._tags)

    def __len__(self) -> int:
        return len(self._tags)

    def __contains__(self, name: object) -> bool:
        return name in self._tags
