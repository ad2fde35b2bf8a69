"""References between nodes as Browse tells them (Part 4, 7.30): with what a client wants to know of the target."""

from __future__ import annotations

from asyncua import ua
from asyncua.server.address_space import NodeData

HAS_TYPE = ua.NodeId(ua.ObjectIds.HasTypeDefinition)


def definition_of(node: NodeData) -> ua.NodeId:
    """The type of an object or a variable; null if it has none."""
    return next((found.NodeId for found in node.references if found.ReferenceTypeId == HAS_TYPE), ua.NodeId())


def reference_to(reference: ua.NodeId, forward: bool, target: NodeData, kind: ua.NodeId) -> ua.ReferenceDescription:
    """One to `target`, of the type `reference`; `kind` is what defines the target, null for references back."""
    attributes = target.attributes
    return ua.ReferenceDescription(
        ReferenceTypeId=reference,
        IsForward=forward,
        NodeId=target.nodeid,
        BrowseName=attributes[ua.AttributeIds.BrowseName].value.Value.Value,
        DisplayName=attributes[ua.AttributeIds.DisplayName].value.Value.Value,
        NodeClass=attributes[ua.AttributeIds.NodeClass].value.Value.Value,
        TypeDefinition=kind,
    )
