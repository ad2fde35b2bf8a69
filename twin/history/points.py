"""What was kept of one tag, as arrays, and how sequences of it become one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Points:
    """What was kept of one tag: `wall` [us since 1970], value, quality (0 is good), in the order of the wall clock."""

    wall: np.ndarray
    value: np.ndarray
    quality: np.ndarray

    def __len__(self) -> int:
        return len(self.wall)

    def __getitem__(self, part: slice | np.ndarray) -> Points:
        return Points(self.wall[part], self.value[part], self.quality[part])

    @classmethod
    def joined(cls, parts: Sequence[Points]) -> Points:
        """In the order given."""
        if not parts:
            return cls(np.empty(0, np.int64), np.empty(0), np.empty(0, np.uint8))
        return cls(*(np.concatenate([getattr(part, f) for part in parts]) for f in ("wall", "value", "quality")))


def merged(sequences: Sequence[Iterator[Points]], backward: bool = False) -> Iterator[Points]:
    """Sequences that each come piece by piece in the order of the clock (backward: against it), as one such sequence.

    Of points of one moment those of the earlier sequence come first.
    """
    turn = -1 if backward else 1
    started = [(next(rest, None), rest) for rest in sequences]
    heads = [(head, rest) for head, rest in started if head is not None]
    while len(heads) > 1:
        edge = min(turn * int(head.wall[-1]) for head, _ in heads)
        taken, left = [], []
        for head, rest in heads:
            number = int(np.searchsorted(turn * head.wall, edge, "right"))
            taken.append(head[:number])
            more = head[number:] if number < len(head) else next(rest, None)
            if more is not None:
                left.append((more, rest))
        heads, whole = left, Points.joined(taken)
        yield whole[np.argsort(turn * whole.wall, kind="stable")]
    for head, rest in heads:
        yield head
        yield from rest
