"""What waits of one monitored item that watches no tag: so many values, and so many bytes with those of others.

A value may be an array of structures, such as the diagnostics of all sessions: 0.7 MB as objects, times a queue of a
hundred, times as many items as a client likes. Structures therefore wait as they travel, in a seventh of that, and all
queues of a subscription share a room. Every item may always have its share of it, and what others leave free. Who
needs more has a shorter queue than was agreed, and is told by the Overflow bit as of any other loss (Part 4, 5.13.1.5).
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from asyncua import ua
from asyncua.ua.ua_binary import struct_to_binary, variant_to_binary

from opcua_server.bounds import Bounds
from opcua_server.tag_items import OVERFLOW

PLAIN, STRUCTURE, ELEMENT = 350, 150, 40
"""Bytes in memory of a value, and on top of it of a structure without its content, and of an element of an array."""
LIGHT = 1024
"""Bytes of a value that is taken in any case when nothing else waits of its item."""
NO_ROOM = ua.StatusCodes.BadOutOfMemory
STRUCTURES = ua.VariantType.ExtensionObject


class Room:
    """Of one subscription: bytes that may wait, and that do."""

    def __init__(self) -> None:
        self.size = Bounds.waiting_bytes
        self.used = 0
        self.queues = 0

    @property
    def share(self) -> int:
        """What nobody takes from an item."""
        return max(self.size // max(self.queues, 1), LIGHT)


class ValueQueue:
    """The oldest first."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._waiting: list[tuple[ua.DataValue, int]] = []
        self._held = 0
        room.queues += 1

    def __len__(self) -> int:
        return len(self._waiting)

    def admitted(self, found: ua.DataValue) -> ua.DataValue:
        """A value if there could be room for it; else one without content that says there is none."""
        weight, room = weight_of(found), self._room
        if weight <= room.share or room.used - self._held + weight <= room.size:
            return found
        return replace(found, Value=None, StatusCode=ua.StatusCode(NO_ROOM))

    def put(self, found: ua.DataValue, size: int, keep_newest: bool) -> int:
        """One more value; returns how many were lost for it."""
        weight, lost = weight_of(found), 0
        while self._waiting and (len(self._waiting) >= size or self._lacks(weight)):
            self._drop(0 if keep_newest else -1)
            lost += 1
        self._append(found, weight)
        if lost and size > 1:
            self._mark(0 if keep_newest else -1)
        return lost

    def take(self, most: int, weight: int) -> list[ua.DataValue]:
        """The oldest, at most so many and of so many bytes together, but one in any case if `most` allows it."""
        taken: list[ua.DataValue] = []
        while self._waiting and len(taken) < most and (not taken or self._waiting[0][1] <= weight):
            weight -= self._waiting[0][1]
            taken.append(self._drop(0))
        return taken

    def cut(self, size: int, keep_newest: bool) -> None:
        """No more than so many."""
        while len(self._waiting) > size:
            self._drop(0 if keep_newest else -1)

    def leave(self) -> None:
        """Give back what it had of the room."""
        self.cut(0, True)
        self._room.queues -= 1

    def _lacks(self, weight: int) -> bool:
        room = self._room
        return room.used + weight > room.size and self._held + weight > room.share

    def _append(self, found: ua.DataValue, weight: int) -> None:
        self._waiting.append((found, weight))
        self._held += weight
        self._room.used += weight

    def _drop(self, at: int) -> ua.DataValue:
        found, weight = self._waiting.pop(at)
        self._held -= weight
        self._room.used -= weight
        return found

    def _mark(self, at: int) -> None:
        found, weight = self._waiting[at]
        code = found.StatusCode.value if found.StatusCode is not None else 0
        self._waiting[at] = replace(found, StatusCode=ua.StatusCode(code | OVERFLOW)), weight


def packed(found: ua.DataValue) -> ua.DataValue:
    """A value whose structures are encoded already."""
    variant = found.Value
    if variant is None or variant.VariantType is not STRUCTURES:
        return found
    inner = [_encoded(each) for each in variant.Value] if isinstance(variant.Value, list) else _encoded(variant.Value)
    return replace(found, Value=replace(variant, Value=inner))


def _encoded(structure: Any) -> Any:
    kind = ua.typeid_by_extension_objects.get(type(structure))
    return structure if kind is None else ua.ExtensionObject(kind, struct_to_binary(structure))


def noted(found: ua.DataValue) -> ua.DataValue:
    """What is kept of a packed value to compare the next one with: of structures a digest."""
    variant = found.Value
    if variant is None or variant.VariantType is not STRUCTURES:
        return found
    digest = hashlib.blake2b(variant_to_binary(variant)).digest()
    return replace(found, Value=ua.Variant(digest, ua.VariantType.ByteString))


def weight_of(found: ua.DataValue) -> int:
    """About how many bytes of memory a packed value takes."""
    value = found.Value.Value if found.Value is not None else None
    if isinstance(value, list):
        return PLAIN + sum(map(_weight, value))
    return PLAIN + _weight(value)


def _weight(value: Any) -> int:
    if isinstance(value, ua.ExtensionObject):
        return STRUCTURE + len(value.Body or b"")
    if isinstance(value, (str, bytes)):
        return ELEMENT + len(value)
    return ELEMENT
