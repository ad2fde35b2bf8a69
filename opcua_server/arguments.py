"""Arguments of methods as clients read them (Part 4, 7.1), in both languages."""

from __future__ import annotations

from dataclasses import dataclass

from asyncua import ua


@dataclass(frozen=True)
class Argument:
    """An argument of a method, or one of its results."""

    name: str
    text: str
    ja: str = ""
    kind: ua.VariantType = ua.VariantType.Double
    array: bool = False

    def described(self, japanese: bool = False) -> ua.Argument:
        """What a client is told of it."""
        text, locale = (self.ja, "ja") if japanese and self.ja else (self.text, "en")
        return ua.Argument(
            Name=self.name,
            DataType=ua.NodeId(self.kind.value),
            ValueRank=1 if self.array else -1,
            ArrayDimensions=[0] if self.array else [],
            Description=ua.LocalizedText(text, locale),
        )
