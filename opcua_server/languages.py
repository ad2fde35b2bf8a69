"""English and Japanese: display names and descriptions in the language that a session asks for.

A session says at its activation which languages it likes, best first (Part 4, 5.7.3.2). Nodes hold English; a session
that likes Japanese better is told the Japanese text of those that have one, by Read and by Browse.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from asyncua import ua
from asyncua.server.internal_session import InternalSession

LANGUAGES = ("en", "ja")
LOCALE_IDS = ua.NodeId(ua.ObjectIds.Server_ServerCapabilities_LocaleIdArray)

Texts = dict[ua.NodeId, tuple[str, str]]
"""Display name and description of nodes in another language."""


class LanguageSession(InternalSession):
    """asyncua's session, which knows the languages of its client; the server's `japanese` holds the texts."""

    locales: tuple[str, ...] = ()

    def activate_session(
        self, params: ua.ActivateSessionParameters, peer_certificate: bytes | None
    ) -> ua.ActivateSessionResult:
        self.locales = tuple(params.LocaleIds or ()) or self.locales
        return super().activate_session(params, peer_certificate)

    async def read(self, params: ua.ReadParameters) -> list[ua.DataValue]:
        values: list[ua.DataValue] = await super().read(params)
        if self.external and likes_japanese(self.locales):
            texts = self.iserver.japanese
            return [_read(texts, item, value) for item, value in zip(params.NodesToRead, values, strict=True)]
        return values

    async def browse(self, params: ua.BrowseParameters) -> list[ua.BrowseResult]:
        results: list[ua.BrowseResult] = await super().browse(params)
        if self.external and likes_japanese(self.locales):
            for result in results:
                result.References = [_told(self.iserver.japanese, found) for found in result.References]
        return results


def likes_japanese(locales: tuple[str, ...]) -> bool:
    """Whether Japanese comes before English among languages such as "ja-JP"."""
    known = [locale[:2].lower() for locale in locales if locale[:2].lower() in LANGUAGES]
    return known[:1] == ["ja"]


def _read(texts: Texts, item: ua.ReadValueId, value: ua.DataValue) -> ua.DataValue:
    which = {ua.AttributeIds.DisplayName: 0, ua.AttributeIds.Description: 1}.get(item.AttributeId)
    text = texts[item.NodeId][which] if which is not None and item.NodeId in texts else ""
    return replace(value, Value=ua.Variant(japanese(text), ua.VariantType.LocalizedText)) if text else value


def _told(texts: Texts, found: ua.ReferenceDescription) -> ua.ReferenceDescription:
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
