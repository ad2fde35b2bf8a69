"""What a client wants to be told of an event, and what is wrong with its wishes (OPC UA Part 4, 7.22.3).

A filter is looked at when the item is made: a clause that names no type, no attribute or a field that no event will
ever have is answered with a status of its own. Only fields that never come are no reason to refuse the item: a client
of a later version of the standard asks for fields that this server has not, and reads null.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from asyncua import ua
from asyncua.server.address_space import AddressSpace

from opcua_server.index_range import RANGE, part_of
from opcua_server.where import OP, OPERANDS, SUBTYPE, Fields, is_subtype, path_of

CODES = ua.StatusCodes
GOOD = int(CODES.Good)
BASE = ua.NodeId(ua.ObjectIds.BaseEventType)
HAS_TYPE = ua.NodeId(ua.ObjectIds.HasTypeDefinition)
OWN = ("Priority", "Cause", "Consequence", "Action")
"""Fields that are ours, not the standard's."""
MOST = 1000
"""Clauses and elements of one filter."""
DEEPEST = 8
"""Names of a path that may lead to a field."""


def selected(fields: Fields, clauses: list[ua.SimpleAttributeOperand]) -> list[ua.Variant]:
    """The fields that a client has selected, null for those that this event does not have."""
    return [_selected(fields, clause) for clause in clauses]


def _selected(fields: Fields, clause: ua.SimpleAttributeOperand) -> ua.Variant:
    found = fields.get(path_of(clause), ua.Variant())
    if not clause.IndexRange:
        return found
    return part_of(ua.DataValue(found), clause.IndexRange).Value or ua.Variant()


def filter_problems(space: AddressSpace, wanted: ua.EventFilter) -> tuple[int, ua.EventFilterResult | None]:
    """The status of a filter, and what is wrong with each clause, None if nothing is."""
    clauses, elements = wanted.SelectClauses or [], wanted.WhereClause.Elements or []
    if not 0 < len(clauses) <= MOST or len(elements) > MOST:
        return int(CODES.BadEventFilterInvalid), None
    chosen = [_operand_problem(space, clause) for clause in clauses]
    asked = [_element_problem(space, elements, index) for index in range(len(elements))]
    if not any(chosen) and not any(code for code, _ in asked):
        return GOOD, None
    result = ua.EventFilterResult([ua.StatusCode(code) for code in chosen])
    result.WhereClauseResult = ua.ContentFilterResult([_element_result(code, operands) for code, operands in asked])
    harmless = all(code in (GOOD, CODES.BadBrowseNameInvalid) for code in chosen) and not any(code for code, _ in asked)
    return (GOOD if harmless else int(CODES.BadEventFilterInvalid)), result


def _element_result(code: int, operands: list[int]) -> ua.ContentFilterElementResult:
    return ua.ContentFilterElementResult(ua.StatusCode(code), [ua.StatusCode(operand) for operand in operands])


def _element_problem(space: AddressSpace, elements: list[ua.ContentFilterElement], index: int) -> tuple[int, list[int]]:
    """What is wrong with an element of a where clause, and with each of its operands (Part 4, 7.7.2)."""
    wanted, operands = elements[index].FilterOperator, elements[index].FilterOperands or []
    if wanted not in tuple(OP):
        return int(CODES.BadFilterOperatorInvalid), []
    if wanted not in OPERANDS:  # InView and RelatedTo belong to queries
        return int(CODES.BadFilterOperatorUnsupported), []
    fewest, most = OPERANDS[wanted]
    if not fewest <= len(operands) <= most:
        return int(CODES.BadFilterOperandCountMismatch), []
    codes = [_given_problem(space, operand, index, len(elements)) for operand in operands]
    if wanted == OP.OfType and not any(codes):
        codes = [_type_problem(space, operands[0])]
    return int(CODES.BadFilterOperandInvalid) if any(codes) else GOOD, codes


def _given_problem(space: AddressSpace, operand: Any, index: int, count: int) -> int:
    """What is wrong with an operand; elements refer to later ones only, so that there are no circles."""
    if isinstance(operand, ua.ElementOperand):
        return GOOD if index < operand.Index < count else int(CODES.BadFilterElementInvalid)
    if isinstance(operand, ua.LiteralOperand):
        return GOOD if isinstance(operand.Value, ua.Variant) else int(CODES.BadFilterLiteralInvalid)
    if isinstance(operand, ua.SimpleAttributeOperand):
        return _operand_problem(space, operand)
    return int(CODES.BadFilterOperandInvalid)


def _type_problem(space: AddressSpace, operand: Any) -> int:
    """OfType names a type of events by a literal."""
    kind = operand.Value.Value if isinstance(operand, ua.LiteralOperand) else None
    return _kind_problem(space, kind) if isinstance(kind, ua.NodeId) else int(CODES.BadFilterOperandInvalid)


def _kind_problem(space: AddressSpace, kind: ua.NodeId) -> int:
    if kind not in space:
        return int(CODES.BadNodeIdUnknown)
    return GOOD if is_subtype(space, kind, BASE) else int(CODES.BadTypeDefinitionInvalid)


def _operand_problem(space: AddressSpace, operand: ua.SimpleAttributeOperand) -> int:
    """What is wrong with a field that a client names (Part 4, table 133 and 7.7.4.5); without a type it is any."""
    kind = operand.TypeDefinitionId
    kind = BASE if kind is None or kind.is_null() else kind
    if problem := _kind_problem(space, kind):
        return problem
    value = operand.AttributeId == ua.AttributeIds.Value
    if not 1 <= int(operand.AttributeId) <= max(ua.AttributeIds) or (value and not operand.BrowsePath):
        return int(CODES.BadAttributeIdInvalid)
    if operand.IndexRange:
        if not RANGE.fullmatch(operand.IndexRange):
            return int(CODES.BadIndexRangeInvalid)
        if not value:
            return int(CODES.BadTypeMismatch)
    names = [part.Name or "" for part in operand.BrowsePath or ()]
    return GOOD if _comes(space, kind, names) else int(CODES.BadBrowseNameInvalid)


# --- which fields events have ----------------------------------------------------------------------------------------

Children = dict[str, ua.NodeId]

_declared: WeakKeyDictionary[AddressSpace, dict[ua.NodeId, Children]] = WeakKeyDictionary()


def event_fields(space: AddressSpace) -> dict[ua.NodeId, Children]:
    """What each type of events declares, by name; looked up once, which takes 50 ms."""
    if space not in _declared:
        found: dict[ua.NodeId, Children] = {}
        waiting = [BASE]
        while waiting:
            kind = waiting.pop()
            found[kind] = _children(space, kind)
            waiting += [r.NodeId for r in space[kind].references if r.IsForward and r.ReferenceTypeId == SUBTYPE]
        _declared[space] = found
    return _declared[space]


def _children(space: AddressSpace, node: ua.NodeId) -> Children:
    forward = [r for r in space[node].references if r.IsForward and r.ReferenceTypeId != SUBTYPE]
    return {r.BrowseName.Name: r.NodeId for r in forward if r.BrowseName is not None}


def _comes(space: AddressSpace, kind: ua.NodeId, names: list[str]) -> bool:
    """Whether an event of this type, or of one derived from it, may have the field."""
    if not names or names[0] in OWN:
        return len(names) <= 1
    if len(names) > DEEPEST:
        return False
    related = [
        children[names[0]]
        for declaring, children in event_fields(space).items()
        if names[0] in children and (is_subtype(space, declaring, kind) or is_subtype(space, kind, declaring))
    ]
    return any(_has(space, node, names[1:]) for node in related)


def _has(space: AddressSpace, node: ua.NodeId, names: list[str]) -> bool:
    """Whether a declared component, or its type, has what the rest of a path names."""
    if not names:
        return True
    found = [_children(space, place).get(names[0]) for place in (node, *_types(space, node))]
    return any(child is not None and _has(space, child, names[1:]) for child in found)


def _types(space: AddressSpace, node: ua.NodeId) -> list[ua.NodeId]:
    """The type of a component and those that it is derived from."""
    found = [r.NodeId for r in space[node].references if r.IsForward and r.ReferenceTypeId == HAS_TYPE]
    while found and found[-1] in space:
        above = [r.NodeId for r in space[found[-1]].references if r.ReferenceTypeId == SUBTYPE and not r.IsForward]
        if not above:
            break
        found.append(above[0])
    return found
