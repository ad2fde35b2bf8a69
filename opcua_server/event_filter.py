"""Which events a client wants: the where clause of its filter (OPC UA Part 4, 7.7 and 7.22.3).

asyncua's evaluator compares event types for equality and knows only the first name of a path. Clients ask for
OfType(AlarmConditionType), which has to hold for every kind of alarm, and for ActiveState/Id.
"""

from __future__ import annotations

import re
from typing import Any

from asyncua import ua
from asyncua.server.address_space import AddressSpace
from asyncua.server.monitored_item_service import WhereClauseEvaluator

Fields = dict[str, ua.Variant]
"""What an event says, by browse path: "Severity", "ActiveState/Id"; "NodeId" is the condition itself."""

SUBTYPE = ua.NodeId(ua.ObjectIds.HasSubtype)


def path_of(operand: ua.SimpleAttributeOperand) -> str:
    """The name under which a select or where clause finds a field."""
    if operand.BrowsePath:
        return "/".join(part.Name for part in operand.BrowsePath)
    return "NodeId" if operand.AttributeId == ua.AttributeIds.NodeId else ""


def selected(fields: Fields, clauses: list[ua.SimpleAttributeOperand]) -> list[ua.Variant]:
    """The fields that a client has selected, null for those that this event does not have."""
    return [fields.get(path_of(clause), ua.Variant()) for clause in clauses]


class Where(WhereClauseEvaluator):
    """A where clause over the fields of an event."""

    def eval(self, event: Fields) -> bool:
        return super().eval(event)

    def _eval_el(self, index: int, event: Fields) -> Any:
        element = self.elements[index]
        if element.FilterOperator == ua.FilterOperator.OfType:
            wanted = self._eval_op(element.FilterOperands[0], event)
            return is_subtype(self._aspace, event["EventType"].Value, wanted)
        return super()._eval_el(index, event)

    def _eval_op(self, op: Any, event: Fields) -> Any:
        if isinstance(op, ua.SimpleAttributeOperand):
            found = event.get(path_of(op), ua.Variant()).Value
            return found.Text if isinstance(found, ua.LocalizedText) else found
        return super()._eval_op(op, event)

    def _like_operator(self, string: str, pattern: str) -> bool:
        """Part 4, table 134: % any text, _ one sign, [] one of, \\ takes a sign as it is."""
        parts = re.findall(r"\\.|\[[^\]]*\]|.", pattern)
        known = {"%": ".*", "_": "."}
        regex = "".join(
            p if p[0] == "[" and len(p) > 1 else known.get(p, re.escape(p.lstrip("\\") or p)) for p in parts
        )
        return re.fullmatch(regex, string or "", re.DOTALL) is not None


def is_subtype(space: AddressSpace, kind: ua.NodeId, of: ua.NodeId) -> bool:
    """Whether a type is another, or derived from it."""
    while kind != of:
        above = [r.NodeId for r in space[kind].references if r.ReferenceTypeId == SUBTYPE and not r.IsForward]
        if not above:
            return False
        kind = above[0]
    return True
