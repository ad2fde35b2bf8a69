"""A node for each session, with what Part 5, 6.3.5 (SessionDiagnosticsObjectType) wants of it; its id is the session's.

The nodes are those that the type declares. A session lives shorter than the rest of the address space: what it brings
with it, it takes away. Since there may be hundreds, each node has but its id and its references for itself; attributes
are common to all sessions, and values are asked for by node id.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from asyncua import ua
from asyncua.server.address_space import AttributeValue, NodeData

from opcua_server.languages import Japanese
from opcua_server.nodes import COMPONENT, Attributes, Writer
from opcua_server.references import HAS_TYPE, reference_to

IDS, A = ua.ObjectIds, ua.AttributeIds
TYPE = ua.NodeId(IDS.SessionDiagnosticsObjectType)
SUMMARY = ua.NodeId(IDS.Server_ServerDiagnostics_SessionsDiagnosticsSummary)

Show = Callable[[Any, str, str], Any]
"""Of a session, what a part of its nodes shows: a structure, or one of its fields; a status if it is not for all."""


@dataclass(frozen=True)
class Declared:
    """A variable of every session: its name, what all of them have in common, and the variables below it."""

    name: str
    attributes: Attributes
    reference: ua.ReferenceDescription
    definition: ua.ReferenceDescription
    below: tuple[Declared, ...]


class SessionNodes:
    """Adds and removes them."""

    def __init__(self, space: Any, show: Show) -> None:
        self._space, self._show = space, show
        self._writer = Writer(space, 1, Japanese())
        self._sessions: dict[int, Any] = {}
        self._declared: tuple[Declared, ...] = ()

    def add(self, session: Any) -> None:
        """The object of a session, and what is below it."""
        number = session.session_id.Identifier
        if number in self._sessions:
            return
        self._declared = self._declared or self._below(TYPE, "")
        self._sessions[number] = session
        name = f"{session.tally.name or 'session'} {number}"
        made = self._writer.object(NodeData(session.session_id), SUMMARY, name, "", TYPE)
        self._copy(made, f"session/{number}", self._declared)

    def _copy(self, owner: NodeData, path: str, declared: tuple[Declared, ...]) -> None:
        back = reference_to(COMPONENT, False, owner, ua.NodeId())
        for each in declared:
            node = NodeData(ua.NodeId(f"{path}/{each.name}", 1))
            node.attributes = each.attributes
            there = copy(each.reference)
            there.NodeId = node.nodeid
            node.references = [back, each.definition]
            owner.references.append(there)
            self._space[node.nodeid] = node
            if each.below:
                self._copy(node, f"{path}/{each.name}", each.below)

    def remove(self, session: Any) -> None:
        """As if it had never been."""
        if self._sessions.pop(session.session_id.Identifier, None) is None:
            return
        self._delete(session.session_id)
        above = self._space[SUMMARY]
        above.references[:] = [found for found in above.references if found.NodeId != session.session_id]

    def _delete(self, nodeid: ua.NodeId) -> None:
        for found in self._components(nodeid):
            self._delete(found.NodeId)
        del self._space[nodeid]

    # --- what they have in common ------------------------------------------------------------------------------------

    def _components(self, nodeid: ua.NodeId) -> list[ua.ReferenceDescription]:
        return [r for r in self._space[nodeid].references if r.IsForward and r.ReferenceTypeId == COMPONENT]

    def _below(self, declared: ua.NodeId, part: str) -> tuple[Declared, ...]:
        return tuple(self._declare(found, part) for found in self._components(declared))

    def _declare(self, found: ua.ReferenceDescription, part: str) -> Declared:
        """A variable as the type declares it, with values that are asked for."""
        source, name = self._space[found.NodeId], found.BrowseName.Name
        (definition,) = [r for r in source.references if r.ReferenceTypeId == HAS_TYPE]
        value, own = AttributeValue(ua.DataValue()), AttributeValue(ua.DataValue())
        kind, (part, field) = _variant_type(source), (part, name) if part else (name, "")
        value.value_callback = lambda nodeid, attribute: answered(self._show(self._of(nodeid), part, field), kind)
        own.value_callback = lambda nodeid, attribute: ua.DataValue(ua.Variant(nodeid, ua.VariantType.NodeId))
        attributes = dict(source.attributes) | {A.Value: value, A.NodeId: own}
        return Declared(name, attributes, found, definition, self._below(found.NodeId, name))

    def _of(self, nodeid: ua.NodeId) -> Any:
        """The session that a node belongs to."""
        return self._sessions[int(nodeid.Identifier.split("/")[1])]


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
