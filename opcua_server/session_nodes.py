"""A node for each session, with what Part 5, 6.3.5 (SessionDiagnosticsObjectType) wants of it; its id is the session's.

The nodes are those that the type declares, under ids of their own. A session lives shorter than the rest of the
address space: what it brings with it, it takes away.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from asyncua import ua
from asyncua.server.address_space import AttributeValue, NodeData

from opcua_server.nodes import COMPONENT, Writer

IDS, A = ua.ObjectIds, ua.AttributeIds
TYPE, SUMMARY = (
    ua.NodeId(IDS.SessionDiagnosticsObjectType),
    ua.NodeId(IDS.Server_ServerDiagnostics_SessionsDiagnosticsSummary),
)
DEFINITION = ua.NodeId(IDS.HasTypeDefinition)

Show = Callable[[Any, str, str], Any]
"""Of a session, what a part of its nodes shows: a structure, or one of its fields; a status if it is not for all."""


class SessionNodes:
    """Adds and removes them."""

    def __init__(self, space: Any, show: Show) -> None:
        self._space, self._show = space, show
        self._writer = Writer(space, 1)
        self._present: dict[ua.NodeId, list[ua.NodeId]] = {}

    def add(self, session: Any) -> None:
        """The object of a session, and what is below it."""
        nodeid = session.session_id
        if nodeid in self._present:
            return
        name = f"{session.tally.name or 'session'} {nodeid.Identifier}"
        self._writer.object(NodeData(nodeid), SUMMARY, name, "", TYPE)
        self._present[nodeid] = [nodeid]
        for part in self._components(TYPE):
            made = self._copy(session, nodeid, part, part.BrowseName.Name, "")
            for field in self._components(part.NodeId):
                self._copy(session, made, field, part.BrowseName.Name, field.BrowseName.Name)

    def remove(self, session: Any) -> None:
        """As if it had never been."""
        mine = self._present.pop(session.session_id, [])
        for nodeid in mine:
            del self._space[nodeid]
        if mine:
            above = self._space[SUMMARY]
            above.references[:] = [found for found in above.references if found.NodeId != mine[0]]

    def _components(self, declared: ua.NodeId) -> list[ua.ReferenceDescription]:
        return [r for r in self._space[declared].references if r.IsForward and r.ReferenceTypeId == COMPONENT]

    def _copy(
        self, session: Any, owner: ua.NodeId, declared: ua.ReferenceDescription, part: str, field: str
    ) -> ua.NodeId:
        """A variable as the type declares it, with a value of its own."""
        source = self._space[declared.NodeId]
        kinds = [found.NodeId for found in source.references if found.ReferenceTypeId == DEFINITION]
        value = AttributeValue(ua.DataValue())
        value.value_callback = partial(self._read, session, part, field, _variant_type(source))
        path = f"session/{session.session_id.Identifier}/{part}" + (f"/{field}" if field else "")
        nodeid = ua.NodeId(path, 1)
        self._writer._add(nodeid, dict(source.attributes) | {A.Value: value}, owner, COMPONENT, kinds[0])
        self._present[session.session_id].append(nodeid)
        return nodeid

    def _read(self, session: Any, part: str, field: str, kind: Any, nodeid: Any, attribute: Any) -> ua.DataValue:
        return answered(self._show(session, part, field), kind)


def answered(value: Any, kind: Any) -> ua.DataValue:
    """A value of now; a status stands for itself."""
    now = datetime.now(UTC)
    if isinstance(value, ua.StatusCode):
        return ua.DataValue(StatusCode=value, ServerTimestamp=now)
    return ua.DataValue(
        ua.Variant(value, kind, is_array=isinstance(value, list)), SourceTimestamp=now, ServerTimestamp=now
    )


def _variant_type(node: NodeData) -> ua.VariantType:
    """How values of a variable of the standard travel."""
    data_type = node.attributes[A.DataType].value.Value.Value
    known = {IDS.Duration: "Double", IDS.UtcTime: "DateTime", IDS.LocaleId: "String", IDS.MessageSecurityMode: "Int32"}
    number = data_type.Identifier
    if number in known:
        return ua.VariantType[known[number]]
    return ua.VariantType(number) if number <= ua.VariantType.DiagnosticInfo.value else ua.VariantType.ExtensionObject
