"""Japanese texts of the parameters of a year: `japanese.toml`."""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path


def japanese(group: str, field: str) -> str:
    """The text of a field of a `[campaign]` table or of a kind of equipment; empty for kinds of a user's own."""
    return _texts().get(group, {}).get(field, "")


@functools.cache
def _texts() -> dict[str, dict[str, str]]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
