"""How the cards of a study declare a number: a parameter with a Japanese text and where its default comes from."""

from __future__ import annotations

import dataclasses
from typing import Any

from twin.quantities import parse


def Number(
    unit: str, default: float | str, text: str, ja: str, source: str, range: tuple[float, float] | None = None
) -> Any:
    """A parameter of a study's card: as `twin.unit.Param`, with `text_ja` and `source`; a default may carry a unit."""
    value = default if isinstance(default, float) else parse(default, unit)
    about = {"param": True, "unit": unit, "text": text, "text_ja": ja, "source": source, "range": range}
    return dataclasses.field(default=value, metadata=about)
