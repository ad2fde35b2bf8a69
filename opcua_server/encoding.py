"""Responses as they travel; long ones are encoded in bites, since a result takes as long to encode as to find."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from asyncua import ua
from asyncua.common.utils import ServiceError
from asyncua.ua.ua_binary import Primitives, struct_to_binary

from opcua_server import quick_codec
from opcua_server.turns import in_bites

LAST = ("Results", "DiagnosticInfos")
"""How the parameters of most responses end."""
NOTHING = bytes(4)
"""An array without elements."""


async def encoded(response: Any, most: int) -> bytes:
    """A response in at most so many bytes. Raises ServiceError BadResponseTooLarge."""
    owner = getattr(response, "Parameters", response)
    results = getattr(owner, "Results", None)
    if results and (begin := quick_codec.head(response)) is not None:
        return await _joined(begin, results, most)
    if not results or len(results) < 2 or _ends(owner) != LAST or owner.DiagnosticInfos:
        return _within(struct_to_binary(response), most)
    owner.Results = []
    frame = struct_to_binary(response)
    owner.Results = results
    return await _joined(frame[: -2 * len(NOTHING)], results, most)


async def _joined(head: bytes, results: list[Any], most: int) -> bytes:
    """A response that begins so, with its results and without diagnostics."""
    left = most - len(head) - 2 * len(NOTHING)
    quick = type(results[0]) in (ua.DataValue, ua.StatusCode)

    def encode(result: Any) -> bytes:
        nonlocal left
        found = quick_codec.result(result) if quick else None
        if found is None:
            found = struct_to_binary(result)
        left -= len(found)
        return _within(found, len(found) + left)

    parts = await in_bites(encode, results)
    return b"".join([head, Primitives.Int32.pack(len(parts)), *parts, NOTHING])


def _ends(owner: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(owner)[-2:])


def _within(found: bytes, most: int) -> bytes:
    if len(found) > most:
        raise ServiceError(ua.StatusCodes.BadResponseTooLarge)
    return found
