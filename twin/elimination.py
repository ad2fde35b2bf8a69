"""Order of elimination of a sparse symmetric pattern, found once at compile time.

Minimum degree on the graph of the volumes: recovery networks are chains with a few loops, so there is little fill.
The result is a flat program that kernels follow without a search (twin/solve.py, twin/species.py).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Program(NamedTuple):
    """Elimination, pivot by pivot.

    `row[k]` is the row of pivot k; its neighbours still to come are `neighbour[first[k]:first[k+1]]`, with their blocks
    `below` (neighbour, row) and `right` (row, neighbour); `pair[pair_first[k]:]` are the blocks (neighbour, neighbour).
    """

    row: np.ndarray
    first: np.ndarray
    pair_first: np.ndarray
    neighbour: np.ndarray
    below: np.ndarray
    right: np.ndarray
    pair: np.ndarray


class Pattern:
    """Which blocks the matrix has. Row n is the waste row of fixed volumes, with one waste block."""

    def __init__(self, n: int) -> None:
        self.n = n
        self._pairs: set[tuple[int, int]] = set()

    def couple(self, rows: list[int]) -> None:
        """All rows of the list see each other."""
        free = [r for r in rows if r < self.n]
        self._pairs |= {(r, c) for r in free for c in free if r != c}

    def finish(self) -> None:
        """Find the order and number the blocks, fill included."""
        order, reach = _minimum_degree(self.n, self._pairs)
        self._number = {(r, r): r for r in range(self.n)}
        for k, row in enumerate(order):
            for other in reach[k]:
                for pair in ((row, other), (other, row)):
                    self._number.setdefault(pair, len(self._number))
            for a in reach[k]:
                for b in reach[k]:
                    self._number.setdefault((a, b), len(self._number))
        self.waste = len(self._number)
        self._order, self._reach = order, reach

    def block(self, row: int, column: int) -> int:
        """Number of a block; the waste block where a fixed volume takes part."""
        if row >= self.n or column >= self.n:
            return self.waste
        return self._number[row, column]

    def program(self) -> Program:
        """The elimination as flat arrays."""
        first, pair_first = [0], [0]
        neighbour: list[int] = []
        below: list[int] = []
        right: list[int] = []
        pair: list[int] = []
        for row, reach in zip(self._order, self._reach, strict=True):
            neighbour += reach
            below += [self._number[r, row] for r in reach]
            right += [self._number[row, r] for r in reach]
            pair += [self._number[a, b] for a in reach for b in reach]
            first.append(len(neighbour))
            pair_first.append(len(pair))
        arrays = (self._order, first, pair_first, neighbour, below, right, pair)
        return Program(*(np.array(a, dtype=np.int64) for a in arrays))


def _minimum_degree(n: int, pairs: set[tuple[int, int]]) -> tuple[list[int], list[list[int]]]:
    """Order of the rows, and for each the rows that it still touches when its turn comes."""
    graph: list[set[int]] = [set() for _ in range(n)]
    for r, c in pairs:
        graph[r].add(c)
    left = set(range(n))
    order, reach = [], []
    while left:
        row = min(left, key=lambda r: (len(graph[r]), r))
        touched = sorted(graph[row])
        for a in touched:
            graph[a] |= set(touched) - {a}
            graph[a].discard(row)
        left.discard(row)
        order.append(row)
        reach.append(touched)
    return order, reach
