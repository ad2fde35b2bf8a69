"""Decoding what strangers send.

asyncua's buffer goes backwards when a length is negative, and an array of two thousand million nulls takes no byte on
the wire: either makes a decoder run until the memory is gone. Here every field is paid for from a budget, and texts are
UTF-8.
"""

from __future__ import annotations

import struct
from typing import Any, TypeVar, cast

from asyncua import ua
from asyncua.common.utils import Buffer, NotEnoughData
from asyncua.ua import ua_binary
from asyncua.ua.ua_binary import struct_from_binary

from opcua_server.bounds import Bounds
from opcua_server.quick_codec import QUICK

T = TypeVar("T")

UNDECODABLE = (
    *(ua.UaError, NotEnoughData, struct.error, ValueError, TypeError, KeyError, IndexError),
    *(OverflowError, RecursionError, AttributeError),
)
"""What asyncua's decoder raises when the bytes make no sense."""


LONG, FIELDS_OF_LONG = 64, 8
"""So many bytes in one piece cost as much as so many fields: a byte of an array becomes sixteen in memory."""


class TooMuch(NotEnoughData):
    """A message has more fields than may be read."""


class Budget:
    """How many fields may still be read."""

    __slots__ = ("left",)

    def __init__(self, left: int) -> None:
        self.left = left


class Limited(Buffer):
    """A buffer that goes forwards only, and as often as its budget allows."""

    def __init__(self, data: bytes, start_pos: int = 0, size: int = -1, budget: Budget | None = None) -> None:
        super().__init__(data, start_pos, size)
        self._budget = budget or Budget(Bounds.fields)

    def read(self, size: int) -> bytes:
        if not 0 <= size <= len(self):
            raise NotEnoughData(f"a length of {size}")
        self._budget.left = max(self._budget.left - 1 - (size // LONG) * FIELDS_OF_LONG, -1)
        if self._budget.left < 0:
            raise TooMuch("too many fields in one message")
        return super().read(size)

    def skip(self, size: int) -> None:
        if size < 0:
            raise NotEnoughData(f"a length of {size}")
        super().skip(size)

    def copy(self, size: int = -1) -> Limited:
        if size < -1:
            raise NotEnoughData(f"a length of {size}")
        size = self._size if size == -1 or size > self._size else size
        return Limited(self._data, self._cur_pos, size, self._budget)


def decode(kind: type[T], body: Buffer) -> T:
    """The parameters of a request. Raises BadDecodingError, BadEncodingLimitsExceeded."""
    quick = QUICK.get(kind)
    try:
        if quick is not None and (usual := quick(body)) is not None:
            return cast(T, usual)
        found: T = struct_from_binary(kind, body)
    except TooMuch as problem:
        raise ua.UaStatusCodeError(ua.StatusCodes.BadEncodingLimitsExceeded) from problem
    except UNDECODABLE as problem:
        raise ua.UaStatusCodeError(ua.StatusCodes.BadDecodingError) from problem
    return found


class _Null:
    """A null, for which the buffer is asked, so that it counts."""

    @staticmethod
    def pack(value: Any) -> bytes:
        return b""

    @staticmethod
    def unpack(data: Any) -> None:
        data.read(0)


class _Text:
    """A text, which has to be one: what is no UTF-8 could not be written into the history or the log."""

    pack = staticmethod(ua_binary.Primitives.String.pack)

    @staticmethod
    def unpack(data: Any) -> str | None:
        content = ua_binary.Primitives.Bytes.unpack(data)
        if content is None:
            return None
        return str(content.decode("utf-8", "strict" if isinstance(data, Limited) else "surrogateescape"))


ua_binary.Primitives.Null = _Null
ua_binary.Primitives.String = ua_binary.Primitives.CharArray = _Text
ua_binary.MAX_RESHAPE_ELEMENTS = Bounds.fields


def _unknown(kind: Any, value: Any) -> Any:
    """A number that an enumeration does not have: whoever knows the right status for it looks at it."""
    if not isinstance(value, int):
        return None
    member = int.__new__(kind, value)
    member._name_, member._value_ = f"Unknown{value}", value
    return member


for _enumeration in (ua.TimestampsToReturn, ua.MonitoringMode, ua.DataChangeTrigger, ua.BrowseDirection):
    _enumeration._missing_ = classmethod(_unknown)
