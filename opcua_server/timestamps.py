"""The time stamps that a client asks for (Part 4, 7.40): the source's belongs to values only."""

from __future__ import annotations

from datetime import UTC, datetime

from asyncua import ua

KINDS = tuple(ua.TimestampsToReturn)[:4]
"""Those that may be asked for."""
BOTH = ua.TimestampsToReturn.Both
SOURCE = (ua.TimestampsToReturn.Source, ua.TimestampsToReturn.Both)
SERVER = (ua.TimestampsToReturn.Server, ua.TimestampsToReturn.Both)

new = object.__new__
"""Makes an object of asyncua without its constructor, which looks at every field and fills in defaults: 3 us each."""


def stamped(found: ua.DataValue, value: bool, times: ua.TimestampsToReturn) -> ua.DataValue:
    """What is read, with the time stamps asked for; `value` says whether it is a node's value or another attribute."""
    if times is BOTH and value and found.ServerTimestamp is not None and found.SourceTimestamp is not None:
        return found
    made = new(ua.DataValue)
    made.Encoding, made.Value, made.StatusCode = 0, found.Value, found.StatusCode
    made.SourceTimestamp = found.SourceTimestamp if value and times in SOURCE else None
    made.ServerTimestamp = (found.ServerTimestamp or datetime.now(UTC)) if times in SERVER else None
    made.SourcePicoseconds = made.ServerPicoseconds = None
    return made
