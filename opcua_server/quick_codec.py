"""Read, Write and Publish as clients send them all day long, decoded and encoded in one go.

asyncua goes through a message field by field: 35 us for a request of one value, 20 us for its answer. Here the usual
shape is matched as a whole: a session token of ours, node ids that are numbers or texts, scalars, no index range.
Whatever looks otherwise is left to asyncua; what both can do gives the same (tests/opcua_server/test_quick_codec.py).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.ua_binary import nodeid_from_binary, struct_from_binary

from opcua_server.bounds import Bounds

IDS, KINDS = ua.ObjectIds, ua.VariantType
OPENING = struct.Struct("<BBHBHi32sqIIiI3s")
"""A four-byte type id; the header of a request: a token of 32 bytes, time, handle, diagnostics, no audit entry,
time limit, nothing additional (Part 4, 7.32)."""
READ, WRITE = struct.Struct("<dii"), struct.Struct("<i")
READ_REST, WRITE_REST = struct.Struct("<IiHi"), struct.Struct("<IiBB")
"""Behind a node id: attribute, range, and the encoding wanted, or which fields the value has and its type."""
ACKNOWLEDGED, MOST_ACKNOWLEDGED = struct.Struct("<II"), 1_000
NODE = struct.Struct("<BHi")
SIZES = {0: 2, 1: 4, 2: 7}
"""Of node ids that are numbers, by their form (Part 6, 5.2.2.9)."""
TEXT, LONGEST = 3, 200
TIME, STATUS = struct.Struct("<q"), struct.Struct("<I")
SCALARS = {
    kind.value: (kind, struct.Struct(f"<{form}"))
    for kind, form in (
        *((KINDS.Boolean, "?"), (KINDS.SByte, "b"), (KINDS.Byte, "B"), (KINDS.Int16, "h"), (KINDS.UInt16, "H")),
        *((KINDS.Int32, "i"), (KINDS.UInt32, "I"), (KINDS.Float, "f"), (KINDS.Double, "d")),
    )
}
HAS_VALUE, HAS_STATUS, HAS_SOURCE, HAS_SERVER = 1, 2, 4, 8
ANSWER = struct.Struct("<BBHqIIBiBBB")
"""A four-byte type id; the header of a response without diagnostics: time, handle, result, no texts."""
NO_ENCODING = ua.QualifiedName(None, 0)
new = object.__new__
"""Makes a structure without its constructor, which looks at every field and fills in defaults."""


# --- requests --------------------------------------------------------------------------------------------------------


def opening(body: Buffer) -> tuple[ua.NodeId, ua.RequestHeader]:
    """Type and header of a request, of which the body is left."""
    if len(body) >= OPENING.size:
        form, space, number, kind, index, size, token, at, handle, wanted, entry, hint, more = OPENING.unpack_from(
            body._data, body._cur_pos
        )
        if (form, space, kind, size, entry, more) == (1, 0, 5, 32, -1, b"\0\0\0"):
            body.skip(OPENING.size)
            header = new(ua.RequestHeader)
            header.AuthenticationToken, header.Timestamp = _token(token, index), ua.win_epoch_to_datetime(at)
            header.RequestHandle, header.ReturnDiagnostics, header.AuditEntryId = handle, wanted, None
            header.TimeoutHint, header.AdditionalHeader = hint, None
            return _type(number), header
    return nodeid_from_binary(body), struct_from_binary(ua.RequestHeader, body)


@lru_cache(maxsize=1024)
def _token(token: bytes, index: int) -> ua.NodeId:
    return ua.NodeId(token, index, ua.NodeIdType.ByteString)


@lru_cache(maxsize=1024)
def _type(number: int) -> ua.NodeId:
    return ua.NodeId(number, 0, ua.NodeIdType.FourByte)


def read_parameters(body: Buffer) -> ua.ReadParameters | None:
    """Of a Read of whole values; None leaves the body as it is."""
    data, at = body._data, body._cur_pos
    end = at + len(body)
    try:
        age, times, count = READ.unpack_from(data, at)
        at += READ.size
        if not 0 < count <= Bounds.reads:
            return None
        wanted = []
        for _ in range(count):
            node, at = _node(data, at)
            attribute, part, index, name = READ_REST.unpack_from(data, at)
            at += READ_REST.size
            if (part, index, name) != (-1, 0, -1):
                return None
            wanted.append(ua.ReadValueId(node, attribute, None, NO_ENCODING))
    except (struct.error, IndexError, LookupError):
        return None
    if at != end:
        return None
    body.skip(len(body))
    return ua.ReadParameters(age, ua.TimestampsToReturn(times), wanted)


def write_parameters(body: Buffer) -> ua.WriteParameters | None:
    """Of a Write of scalars; None leaves the body as it is."""
    data, at = body._data, body._cur_pos
    end = at + len(body)
    try:
        (count,) = WRITE.unpack_from(data, at)
        at += WRITE.size
        if not 0 < count <= Bounds.writes:
            return None
        values = []
        for _ in range(count):
            node, at = _node(data, at)
            attribute, part, has, kind = WRITE_REST.unpack_from(data, at)
            if part != -1 or not has & HAS_VALUE or has > 15:
                return None
            value, at = _value(data, at + WRITE_REST.size, has, kind)
            values.append(ua.WriteValue(node, attribute, None, value))
    except (struct.error, IndexError, LookupError):
        return None
    if at != end:
        return None
    body.skip(len(body))
    return ua.WriteParameters(values)


def publish_parameters(body: Buffer) -> ua.PublishParameters | None:
    """Of a Publish; None leaves the body as it is."""
    data, at, size = body._data, body._cur_pos, len(body)
    count = (size - WRITE.size) // ACKNOWLEDGED.size
    if not 0 <= count <= MOST_ACKNOWLEDGED or size != WRITE.size + count * ACKNOWLEDGED.size:
        return None
    if WRITE.unpack_from(data, at)[0] != count:
        return None
    numbers = ACKNOWLEDGED.iter_unpack(data[at + WRITE.size : at + size])
    body.skip(size)
    return ua.PublishParameters([ua.SubscriptionAcknowledgement(*pair) for pair in numbers])


def _value(data: bytes, at: int, has: int, kind: int) -> tuple[ua.DataValue, int]:
    """A scalar with what comes with it, and where it ends. Raises LookupError for another kind of value."""
    variant, form = SCALARS[kind]
    (number,) = form.unpack_from(data, at)
    at += form.size
    status, times = 0, [None, None]
    if has & HAS_STATUS:
        (status,) = STATUS.unpack_from(data, at)
        at += STATUS.size
    for k, bit in enumerate((HAS_SOURCE, HAS_SERVER)):
        if has & bit:
            times[k] = ua.win_epoch_to_datetime(TIME.unpack_from(data, at)[0])
            at += TIME.size
    return ua.DataValue(ua.Variant(number, variant, None, False), ua.StatusCode(status), *times), at


def _node(data: bytes, at: int) -> tuple[ua.NodeId, int]:
    """A node id and where it ends. Raises LookupError for one that is neither number nor text."""
    form = data[at]
    if form == TEXT:
        _, _, length = NODE.unpack_from(data, at)
        if not 0 <= length <= LONGEST:
            raise LookupError(length)
        end = at + NODE.size + length
    else:
        end = at + SIZES[form]
    if end > len(data):
        raise IndexError(end)
    return _node_of(data[at:end]), end


@lru_cache(maxsize=20_000)
def _node_of(content: bytes) -> ua.NodeId:
    try:
        if content[0] == TEXT:
            content[NODE.size :].decode()  # what is no UTF-8 is refused by the decoder of strangers' messages
        found: ua.NodeId = nodeid_from_binary(Buffer(content))
    except (ua.UaError, ValueError) as problem:
        raise LookupError(content) from problem
    return found


QUICK: dict[type, Callable[[Buffer], Any]] = {
    ua.ReadParameters: read_parameters,
    ua.WriteParameters: write_parameters,
    ua.PublishParameters: publish_parameters,
}
"""By the structure that is decoded."""


# --- responses -------------------------------------------------------------------------------------------------------

TYPES = {
    ua.ReadResponse: IDS.ReadResponse_Encoding_DefaultBinary,
    ua.WriteResponse: IDS.WriteResponse_Encoding_DefaultBinary,
}


def head(response: Any) -> bytes | None:
    """The beginning of a response to Read or Write, up to its results; None if it says more than usual."""
    number, header = TYPES.get(type(response)), response.ResponseHeader
    if number is None or header.StringTable or header.ServiceResult.value or response.DiagnosticInfos:
        return None
    made = ua.datetime_to_win_epoch(header.Timestamp)
    return ANSWER.pack(1, 0, number, made, header.RequestHandle, 0, 0, 0, 0, 0, 0)


def result(found: Any) -> bytes | None:
    """A scalar with status and times, or a status; None for what is more than that."""
    if type(found) is ua.StatusCode:
        return STATUS.pack(found.value)
    variant = found.Value
    form = SCALARS.get(variant.VariantType.value) if variant is not None else None
    if form is None or variant.is_array or found.SourcePicoseconds or found.ServerPicoseconds:
        return None
    if isinstance(variant.Value, list) or variant.Value is None:
        return None
    has, parts = HAS_VALUE, [form[1].pack(variant.Value)]
    if found.StatusCode is not None:
        has |= HAS_STATUS
        parts.append(STATUS.pack(found.StatusCode.value))
    for bit, moment in ((HAS_SOURCE, found.SourceTimestamp), (HAS_SERVER, found.ServerTimestamp)):
        if moment is not None:
            has |= bit
            parts.append(TIME.pack(ua.datetime_to_win_epoch(moment)))
    return b"".join((bytes((has, variant.VariantType.value)), *parts))
