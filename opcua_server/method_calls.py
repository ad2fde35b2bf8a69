"""Whether a method can be called on an object (Part 4, 5.12.2)."""

from __future__ import annotations

from typing import Any

from asyncua import ua

CODES = ua.StatusCodes
COMPONENT = ua.NodeId(ua.ObjectIds.HasComponent)


def problem_of(space: Any, method: ua.CallMethodRequest) -> int:
    """The status with which a call is refused before anybody looks at its arguments; 0 if it is not."""
    owner, node = space.get(method.ObjectId), space.get(method.MethodId)
    if owner is None:
        return int(CODES.BadNodeIdUnknown)
    if node is None or _class_of(node) != ua.NodeClass.Method:
        return int(CODES.BadMethodInvalid)
    has_it = any(found.NodeId == method.MethodId and found.IsForward for found in owner.references)
    if not has_it and not _of_a_type(space, node):
        return int(CODES.BadMethodInvalid)
    return 0 if node.call is not None else int(CODES.BadNotExecutable)


def _of_a_type(space: Any, node: Any) -> bool:
    """Whether it is declared by a type, whose instances share it: what they are, it finds out itself."""
    above = [found.NodeId for found in node.references if found.ReferenceTypeId == COMPONENT and not found.IsForward]
    owners = [space[nodeid] for nodeid in above if nodeid in space]
    return any(_class_of(owner) == ua.NodeClass.ObjectType or _of_a_type(space, owner) for owner in owners)


def _class_of(node: Any) -> ua.NodeClass:
    return ua.NodeClass(node.attributes[ua.AttributeIds.NodeClass].value.Value.Value)
