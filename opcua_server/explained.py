"""What a client is told beside a bad status, if it asks for that: its name and its meaning (Part 4, 7.8 and 7.33)."""

from __future__ import annotations

from typing import Any

from asyncua import ua

SERVICE_NAME, SERVICE_TEXT, OPERATION_NAME, OPERATION_TEXT = 0x01, 0x02, 0x20, 0x40
"""Bits of ReturnDiagnostics that are heeded; there is nothing inside a status to go further into."""


def explain(response: Any, wanted: int) -> None:
    """Fill in the diagnostic information of a response, by numbers into a table of texts in its header."""
    header = response.ResponseHeader
    table: dict[str, int] = {}
    header.ServiceDiagnostics = _info(
        header.ServiceResult, bool(wanted & SERVICE_NAME), bool(wanted & SERVICE_TEXT), table
    )
    place: Any = response if hasattr(response, "Results") else getattr(response, "Parameters", None)
    if wanted & (OPERATION_NAME | OPERATION_TEXT) and hasattr(place, "DiagnosticInfos"):
        statuses = [getattr(found, "StatusCode", found) for found in place.Results or ()]
        name, text = bool(wanted & OPERATION_NAME), bool(wanted & OPERATION_TEXT)
        if any(not status.is_good() for status in statuses):
            place.DiagnosticInfos = [_info(status, name, text, table) for status in statuses]
    header.StringTable = list(table)


def _info(status: ua.StatusCode, name: bool, text: bool, table: dict[str, int]) -> ua.DiagnosticInfo:
    made = ua.DiagnosticInfo()
    if status.is_good():
        return made
    if name:
        made.SymbolicId = table.setdefault(status.name, len(table))
    if text:  # both at once: asyncua takes the bit of one for that of the other
        made.Locale = table.setdefault("en", len(table))
        made.LocalizedText = table.setdefault(status.doc, len(table))
    return made
