"""Which changes of a value a client wants to hear of (Part 4, 7.22.2, DataChangeFilter)."""

from __future__ import annotations

from typing import Any

from asyncua import ua
from asyncua.common.utils import ServiceError
from asyncua.ua.uaprotocol_auto import DataChangeFilter  # what is decoded; ua.DataChangeFilter is a subclass

from opcua_server.tag_items import BY_TIME, BY_VALUE

CODES, KINDS = ua.StatusCodes, ua.VariantType
NUMERIC = frozenset(
    {
        *(KINDS.SByte, KINDS.Byte, KINDS.Int16, KINDS.UInt16, KINDS.Int32, KINDS.UInt32),
        *(KINDS.Int64, KINDS.UInt64, KINDS.Float, KINDS.Double),
    }
)
"""Types that have dead bands."""


def is_null(wanted: Any) -> bool:
    return wanted is None or (isinstance(wanted, ua.ExtensionObject) and wanted.TypeId == ua.NodeId())


def trigger_and_band(wanted: Any, number: bool, span: float) -> tuple[int, float]:
    """Trigger, and dead band in the unit of a value of range `span` (0: it has none). Raises ServiceError."""
    if is_null(wanted):
        return BY_VALUE, 0.0
    if isinstance(wanted, ua.EventFilter):
        raise ServiceError(CODES.BadFilterNotAllowed)
    if not isinstance(wanted, DataChangeFilter):
        raise ServiceError(CODES.BadMonitoredItemFilterUnsupported)
    if wanted.Trigger not in tuple(ua.DataChangeTrigger)[:3]:
        raise ServiceError(CODES.BadMonitoredItemFilterInvalid)
    trigger, band = int(wanted.Trigger), wanted.DeadbandValue
    if wanted.DeadbandType == ua.DeadbandType.None_:
        return trigger, 0.0
    if not number:
        raise ServiceError(CODES.BadFilterNotAllowed)
    percent = wanted.DeadbandType == ua.DeadbandType.Percent
    known = percent or wanted.DeadbandType == ua.DeadbandType.Absolute
    if not known or not 0.0 <= band < float("inf") or (percent and not (band <= 100.0 and 0.0 < span < float("inf"))):
        raise ServiceError(CODES.BadDeadbandFilterInvalid)
    return (BY_VALUE if trigger == BY_TIME else trigger), band / 100.0 * span if percent else band
