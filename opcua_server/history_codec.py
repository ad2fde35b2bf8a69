"""History on the wire: many values encoded as one array of records, in the thread that read them."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta

import numpy as np
from asyncua import ua

from opcua_server.aggregates import BAD, NO_DATA, Answer

VALUE, STATUS, SOURCE_TIME, SERVER_TIME = 1, 2, 4, 8
"""Parts of a DataValue (Part 6, 5.2.2.17)."""
TIMES = {
    ua.TimestampsToReturn.Source: SOURCE_TIME,
    ua.TimestampsToReturn.Server: SERVER_TIME,
    ua.TimestampsToReturn.Both: SOURCE_TIME | SERVER_TIME,
}
NUMBERS = {
    ua.VariantType.Double: "<f8",
    ua.VariantType.Boolean: "u1",
    ua.VariantType.UInt32: "<u4",
    ua.VariantType.Int32: "<i4",
    ua.VariantType.StatusCode: "<u4",
}
NO_BOUND = ua.StatusCodes.BadBoundNotFound
NO_VALUE = np.array([NO_DATA, NO_BOUND, BAD], np.uint32)
"""Status codes that come without a value."""
_EPOCH = 11_644_473_600_000_000
"""From 1601 to 1970 [us]."""


def microseconds(time: datetime | None) -> int | None:
    """Since 1970; None for a time that is not given, which is the first of 1601."""
    if time is None or time.year <= 1601:
        return None
    since = (time if time.tzinfo else time.replace(tzinfo=UTC)) - datetime(1970, 1, 1, tzinfo=UTC)
    return since // timedelta(microseconds=1)


def date_time(wall: np.ndarray) -> np.ndarray:
    """As OPC UA counts: 100 ns since 1601."""
    return (wall.astype(np.int64) + _EPOCH) * 10


def history_data(answer: Answer, kind: ua.VariantType, times: int) -> ua.ExtensionObject:
    """A HistoryData with the values of `kind`, ready to be sent."""
    bare = np.isin(answer.status, NO_VALUE)
    full = _records(answer, kind, times, with_value=True)
    if not bare.any():
        body = full.tobytes()
    else:
        empty = _records(answer, kind, times, with_value=False)
        body = b"".join((empty if bare[i] else full)[i].tobytes() for i in range(len(answer)))
    return packed(ua.ObjectIds.HistoryData_Encoding_DefaultBinary, len(answer), body)


def packed(encoding: int, count: int, body: bytes) -> ua.ExtensionObject:
    """A structure whose one field is an array of `count` encoded elements."""
    return ua.ExtensionObject(TypeId=ua.NodeId(encoding), Body=struct.pack("<i", count) + body)


def _records(answer: Answer, kind: ua.VariantType, times: int, with_value: bool) -> np.ndarray:
    fields = [("parts", "u1")]
    if with_value:
        fields += [("kind", "u1"), ("value", NUMBERS[kind])]
    fields += [("status", "<u4")]
    fields += [(name, "<i8") for name, bit in (("source", SOURCE_TIME), ("server", SERVER_TIME)) if times & bit]
    records = np.empty(len(answer), np.dtype(fields))
    records["parts"] = (VALUE if with_value else 0) | STATUS | times
    records["status"] = answer.status
    if with_value:
        records["kind"] = kind.value
        whole = kind is not ua.VariantType.Double
        records["value"] = np.nan_to_num(answer.value) if whole else answer.value
    for name in (records.dtype.names or ())[-1 if times in (SOURCE_TIME, SERVER_TIME) else -2 :]:
        records[name] = date_time(answer.wall)
    return records
