"""Who may read which history, and who may annotate it."""

from __future__ import annotations

from typing import Any

from asyncua import ua
from asyncua.server.address_space import AddressSpace

from opcua_server.access import HISTORY_READ, HISTORY_WRITE, Access, Role

CODES = ua.StatusCodes


class HistoryRights:
    """Answers for a session; the server itself, which is no session, may do all."""

    def __init__(self, space: AddressSpace, access: Access) -> None:
        self._space = space
        self._access = access

    def reading(self, session: Any, nodeid: ua.NodeId) -> int:
        """Good, or the status that refuses to read the history of a node."""
        return self._status(session, nodeid, HISTORY_READ)

    def annotating(self, session: Any, nodeid: ua.NodeId) -> int:
        """Good, or the status that refuses to change the annotations that this node holds."""
        return self._status(session, nodeid, HISTORY_WRITE)

    def audits(self, session: Any) -> bool:
        """Whether a session may read of what people did, as it may hear of it (`audit_events.py`)."""
        return session is None or session.user.rank >= Role.ENGINEER

    def _status(self, session: Any, nodeid: ua.NodeId, bit: int) -> int:
        node = self._space.get(nodeid)
        if node is None:
            return int(CODES.BadNodeIdUnknown)
        for attribute in (ua.AttributeIds.AccessLevel, ua.AttributeIds.EventNotifier):
            if attribute in node.attributes and node.attributes[attribute].value.Value.Value & bit:
                break
        else:
            return int(CODES.BadHistoryOperationUnsupported)
        withheld = session is not None and self._access.withheld_history(session) & bit
        return int(CODES.BadUserAccessDenied if withheld else CODES.Good)
