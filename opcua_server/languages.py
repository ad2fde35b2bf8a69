"""English and Japanese: display names and descriptions in the language that a session asks for.

A session says at its activation which languages it likes, best first (Part 4, 5.7.3.2). Nodes hold English; a session
that likes Japanese better is told the Japanese text of those that have one, by Read and by Browse.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from asyncua import ua

LANGUAGES = ("en", "ja")
LOCALE_IDS = ua.NodeId(ua.ObjectIds.Server_ServerCapabilities_LocaleIdArray)

Texts = dict[ua.NodeId, tuple[str, str]]
"""Display name and description of nodes in another language."""


def likes_japanese(locales: tuple[str, ...]) -> bool:
    """Whether Japanese comes before English among languages such as "ja-JP"."""
    known = [locale[:2].lower() for locale in locales if locale[:2].lower() in LANGUAGES]
    return known[:1] == ["ja"]


def read_in_japanese(texts: Texts, item: ua.ReadValueId, value: ua.DataValue) -> ua.DataValue:
    """What a session that likes Japanese reads."""
    which = {ua.AttributeIds.DisplayName: 0, ua.AttributeIds.Description: 1}.get(item.AttributeId)
    text = texts[item.NodeId][which] if which is not None and item.NodeId in texts else ""
    return replace(value, Value=ua.Variant(japanese(text), ua.VariantType.LocalizedText)) if text else value


def browsed_in_japanese(texts: Texts, found: ua.ReferenceDescription) -> ua.ReferenceDescription:
    """What a session that likes Japanese finds by browsing."""
    if found.NodeId not in texts:
        return found
    return replace(found, DisplayName=japanese(texts[found.NodeId][0]))


def japanese(text: str) -> ua.LocalizedText:
    """A text in Japanese."""
    return ua.LocalizedText(text, "ja")


def announce(space: Any) -> None:
    """Say in the server's capabilities which languages there are (Part 5, 6.3.2)."""
    node = space[LOCALE_IDS]
    value = ua.Variant(list(LANGUAGES), ua.VariantType.String)
    node.attributes[ua.AttributeIds.Value].value = ua.DataValue(value)
