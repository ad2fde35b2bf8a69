"""The words of a report, in English and Japanese: `words.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "ja")

_TABLES: dict[str, dict[str, tuple[str, str]]] = tomllib.loads(
    Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
)
WORDS, CAUSES = _TABLES["words"], _TABLES["causes"]


@dataclass(frozen=True)
class Language:
    """Looks up words and texts in one language."""

    name: str

    @property
    def ja(self) -> bool:
        return self.name == "ja"

    def __call__(self, key: str, **parts: Any) -> str:
        """A word or sentence, with its parts filled in."""
        text = WORDS[key][int(self.ja)]
        return text.format(**parts) if parts else text

    def fill(self, key: str, *parts: Any) -> str:
        """A sentence with its parts in order."""
        return WORDS[key][int(self.ja)].format(*parts)

    def text(self, about: Any) -> str:
        """The text of a parameter, figure, target or scenario; its name if it has none."""
        found = (about.text_ja if self.ja else "") or about.text
        return str(found or about.name)

    def cause(self, name: str) -> str:
        """A cause of loss."""
        return CAUSES[name][int(self.ja)] if name in CAUSES else name
