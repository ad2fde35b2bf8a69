"""English and Japanese: names, descriptions, labels and units in the language that a session asks for.

A session says at its activation which languages it likes, best first (Part 4, 5.7.3.2). Nodes hold English; a session
that likes Japanese better is told the Japanese text of those that have one, by Read and by Browse. Labels of discrete
values, texts of engineering units and of arguments are values of properties: those are told in Japanese too.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from asyncua import ua

LANGUAGES = ("en", "ja")
LOCALE_IDS = ua.NodeId(ua.ObjectIds.Server_ServerCapabilities_LocaleIdArray)


@dataclass
class Japanese:
    """Display name and description of nodes, and values of properties, in Japanese."""

    names: dict[ua.NodeId, tuple[str, str]] = field(default_factory=dict)
    values: dict[ua.NodeId, ua.Variant] = field(default_factory=dict)


def likes_japanese(locales: tuple[str, ...]) -> bool:
    """Whether Japanese comes before English among languages such as "ja-JP"."""
    known = [locale[:2].lower() for locale in locales if locale[:2].lower() in LANGUAGES]
    return known[:1] == ["ja"]


def read_in_japanese(texts: Japanese, item: ua.ReadValueId, value: ua.DataValue) -> ua.DataValue:
    """What a session that likes Japanese reads."""
    if item.AttributeId == ua.AttributeIds.Value:
        return replace(value, Value=texts.values[item.NodeId]) if item.NodeId in texts.values else value
    which = {ua.AttributeIds.DisplayName: 0, ua.AttributeIds.Description: 1}.get(item.AttributeId)
    text = texts.names[item.NodeId][which] if which is not None and item.NodeId in texts.names else ""
    return replace(value, Value=ua.Variant(japanese(text), ua.VariantType.LocalizedText)) if text else value


def browsed_in_japanese(texts: Japanese, found: ua.ReferenceDescription) -> ua.ReferenceDescription:
    """What a session that likes Japanese finds by browsing."""
    name = texts.names.get(found.NodeId, ("", ""))[0]
    return replace(found, DisplayName=japanese(name)) if name else found


def japanese(text: str) -> ua.LocalizedText:
    """A text in Japanese."""
    return ua.LocalizedText(text, "ja")


def announce(space: Any) -> None:
    """Say in the server's capabilities which languages there are (Part 5, 6.3.2)."""
    node = space[LOCALE_IDS]
    value = ua.Variant(list(LANGUAGES), ua.VariantType.String)
    node.attributes[ua.AttributeIds.Value].value = ua.DataValue(value)
