"""The part of an array that a client asks for (Part 4, 7.27, NumericRange): "3", "0:9"; one dimension."""

from __future__ import annotations

import re

from asyncua import ua

RANGE = re.compile(r"(\d{1,9})(?::(\d{1,9}))?")


def problem_with(index_range: str) -> int:
    """BadIndexRangeInvalid if this is no range, else 0."""
    matched = [RANGE.fullmatch(dimension) for dimension in index_range.split(",")]
    good = all(m is not None and (m[2] is None or int(m[2]) > int(m[1])) for m in matched)
    return 0 if good else int(ua.StatusCodes.BadIndexRangeInvalid)


def part_of(found: ua.DataValue, index_range: str) -> ua.DataValue:
    """The value with only the elements of the range; a status where there are none."""
    if problem := problem_with(index_range):
        return _refused(problem)
    if "," in index_range:  # of arrays of arrays, of which there are none
        return _refused(ua.StatusCodes.BadIndexRangeNoData)
    begin, _, end = index_range.partition(":")
    first, last = int(begin), int(end or begin)
    variant = found.Value
    if variant is None or not isinstance(variant.Value, (list, str, bytes)) or first >= len(variant.Value):
        return _refused(ua.StatusCodes.BadIndexRangeNoData)
    part = ua.Variant(variant.Value[first : last + 1], variant.VariantType, is_array=variant.is_array)
    return ua.DataValue(part, found.StatusCode, found.SourceTimestamp, found.ServerTimestamp)


def _refused(code: int) -> ua.DataValue:
    return ua.DataValue(StatusCode=ua.StatusCode(code))
