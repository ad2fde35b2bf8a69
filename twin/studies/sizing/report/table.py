"""A table of a report: one content for CSV, Excel and the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from twin.studies.sizing.designs import Estimate
from twin.studies.sizing.report.numbers import plain, with_error

KINDS = ("text", "number", "estimate", "share", "status")


@dataclass(frozen=True)
class Column:
    """A column: its machine name (CSV), its title for people, and what its cells are (one of KINDS)."""

    name: str
    title: str
    kind: str = "text"


@dataclass(frozen=True)
class Table:
    """Rows of raw cells: text, float, or Estimate."""

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    note: str = ""

    def frame(self, titles: bool = False) -> pd.DataFrame:
        """As data; an estimate becomes two columns, its mean and its standard error."""
        data: dict[str, list[Any]] = {}
        for k, column in enumerate(self.columns):
            head, cells = (column.title if titles else column.name), [row[k] for row in self.rows]
            if column.kind in ("estimate", "share"):
                data[head] = [cell.mean if isinstance(cell, Estimate) else cell for cell in cells]
                if any(isinstance(cell, Estimate) for cell in cells):
                    data[f"{head} ±" if titles else f"{column.name}_se"] = [_error(cell) for cell in cells]
            else:
                data[head] = cells
        return pd.DataFrame(data)

    def cells(self) -> list[list[str]]:
        """As text for people."""
        return [[cell_text(cell, c.kind) for cell, c in zip(row, self.columns, strict=True)] for row in self.rows]


def _error(cell: Any) -> float:
    return cell.error if isinstance(cell, Estimate) else np.nan


def cell_text(cell: Any, kind: str) -> str:
    """One cell for people."""
    if cell is None:
        return "–"
    if kind == "share" and isinstance(cell, Estimate):
        return f"{with_error(100.0 * cell.mean, 100.0 * cell.error)} %"
    if kind == "share":
        return f"{plain(100.0 * cell)} %"
    if isinstance(cell, Estimate):
        return with_error(cell.mean, cell.error)
    return plain(float(cell)) if kind in ("number", "estimate") and not isinstance(cell, str) else str(cell)
