"""Read a column of numbers from a CSV or Parquet file; what is wrong is one sentence with file and row."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.errors import nearest

if TYPE_CHECKING:
    import pandas as pd

FORMATS = (".csv", ".parquet")


def read_columns(path: Path, names: list[str]) -> pd.DataFrame:
    """These columns of the file, as they stand there; ValueError says what was expected."""
    import pandas as pd

    if path.suffix not in FORMATS:
        raise ValueError(f'expected a file {" or ".join(FORMATS)}, got "{path.name}"')
    if not path.is_file():
        raise ValueError(f"there is no file {path}")
    try:
        if path.suffix == ".csv":
            table = pd.read_csv(path, comment="#", skipinitialspace=True, encoding="utf-8-sig", low_memory=False)
        else:
            table = pd.read_parquet(path)
    except (ValueError, OSError) as problem:
        reason = (" ".join(str(problem).split()) or "nothing is in it").rstrip(".")
        raise ValueError(f"{path} cannot be read: {reason}") from None
    for name in names:
        if name not in table.columns:
            known = [str(column) for column in table.columns]
            clause = nearest(name, known) or f"; it has {', '.join(known)}"
            raise ValueError(f'{path} has no column "{name}"{clause}')
    return table[names]


def numbers(values: pd.Series, path: Path) -> Any:
    """The column as floats; what is left empty becomes NaN, and what is no number is refused."""
    import numpy as np
    import pandas as pd

    found = pd.to_numeric(values, errors="coerce").to_numpy(float)
    wrong = np.isinf(found) | (np.isnan(found) & values.notna().to_numpy())
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ValueError(
            f'{path}, row {row + 1}: expected a number in column "{values.name}", got "{values.iloc[row]}"'
        )
    return found
