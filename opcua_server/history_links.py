"""Nodes and references that history adds to the address space, straight as `nodes.py` does it."""

from __future__ import annotations

from typing import Any

from asyncua import ua
from asyncua.server.address_space import AddressSpace, AttributeValue, NodeData

from opcua_server.aggregates import AGGREGATES

_IDS = ua.ObjectIds
_CONFIGURATION = {
    "TreatUncertainAsBad": True,
    "PercentDataBad": 100,
    "PercentDataGood": 100,
    "UseSlopedExtrapolation": False,
}
"""How aggregates treat bad data; the same for all tags (Part 13, 4.2.1.2)."""


def attribute(value: Any, kind: ua.VariantType) -> AttributeValue:
    """An attribute that holds a value."""
    return AttributeValue(ua.DataValue(ua.Variant(value, kind)))


class Links:
    """Adds nodes in the namespace of the plant."""

    def __init__(self, space: AddressSpace, index: int) -> None:
        self._space = space
        self._index = index
        self._shared: dict[str, dict[ua.AttributeIds, AttributeValue]] = {}

    def refer(self, source: NodeData, target: ua.NodeId, kind: int) -> None:
        """A reference in both directions."""
        for node, other, forward in ((source, self._space[target], True), (self._space[target], source, False)):
            get = other.attributes.__getitem__
            node.references.append(
                ua.ReferenceDescription(
                    ReferenceTypeId=ua.NodeId(kind),
                    IsForward=forward,
                    NodeId=other.nodeid,
                    BrowseName=get(ua.AttributeIds.BrowseName).value.Value.Value,
                    DisplayName=get(ua.AttributeIds.DisplayName).value.Value.Value,
                    NodeClass=get(ua.AttributeIds.NodeClass).value.Value.Value,
                    TypeDefinition=_type_of(other),
                )
            )

    def set_value(self, number: int, value: Any, kind: ua.VariantType) -> None:
        """The value of a standard variable."""
        node = self._space[ua.NodeId(number)]
        node.attributes[ua.AttributeIds.Value] = attribute(value, kind)

    def configuration(self, stepped: bool) -> ua.NodeId:
        """A HistoricalDataConfiguration, shared by all tags that are read in steps or along lines."""
        path = f"HA Configuration/{'stepped' if stepped else 'sloped'}"
        top = self._object(path, "HA Configuration", _IDS.HistoricalDataConfigurationType)
        self._property(top, "Stepped", stepped, ua.VariantType.Boolean)
        aggregates = self._object(f"{path}/Aggregates", "AggregateConfiguration", _IDS.AggregateConfigurationType)
        self.refer(top, aggregates.nodeid, _IDS.HasComponent)
        for name, value in _CONFIGURATION.items():
            self._property(aggregates, name, value, ua.VariantType.Boolean if isinstance(value, bool) else _BYTE)
        functions = self._object(f"{path}/Functions", "AggregateFunctions", _IDS.FolderType)
        self.refer(top, functions.nodeid, _IDS.HasComponent)
        for function in AGGREGATES:
            self.refer(functions, ua.NodeId(function), _IDS.Organizes)
        return top.nodeid

    def annotations(self, owner: NodeData, access: int) -> ua.NodeId:
        """The Annotations property of a tag: it has a history and no value."""
        if not self._shared:
            made = self._variable("Annotations", None, ua.VariantType.Null, ua.NodeId(_IDS.Annotation), access)
            made[ua.AttributeIds.Historizing] = attribute(True, ua.VariantType.Boolean)
            self._shared["Annotations"] = made
        node = NodeData(ua.NodeId(f"{owner.nodeid.Identifier}/Annotations", self._index))
        node.attributes = self._shared["Annotations"] | {ua.AttributeIds.NodeId: _id(node.nodeid)}
        self._add(node, _IDS.PropertyType)
        self.refer(owner, node.nodeid, _IDS.HasProperty)
        return node.nodeid

    def _property(self, owner: NodeData, name: str, value: Any, kind: ua.VariantType) -> None:
        node = NodeData(ua.NodeId(f"{owner.nodeid.Identifier}/{name}", self._index))
        node.attributes = self._variable(name, value, kind, ua.NodeId(kind.value), 1)
        node.attributes[ua.AttributeIds.NodeId] = _id(node.nodeid)
        self._add(node, _IDS.PropertyType)
        self.refer(owner, node.nodeid, _IDS.HasProperty)

    def _variable(
        self, name: str, value: Any, kind: ua.VariantType, data_type: ua.NodeId, access: int
    ) -> dict[ua.AttributeIds, AttributeValue]:
        return _names(name, ua.NodeClass.Variable) | {
            ua.AttributeIds.Value: attribute(value, kind),
            ua.AttributeIds.DataType: _id(data_type),
            ua.AttributeIds.ValueRank: attribute(-1, ua.VariantType.Int32),
            ua.AttributeIds.AccessLevel: attribute(access, _BYTE),
            ua.AttributeIds.UserAccessLevel: attribute(access, _BYTE),
            ua.AttributeIds.Historizing: attribute(False, ua.VariantType.Boolean),
            ua.AttributeIds.MinimumSamplingInterval: attribute(0.0, ua.VariantType.Double),
        }

    def _object(self, path: str, name: str, kind: int) -> NodeData:
        node = NodeData(ua.NodeId(path, self._index))
        node.attributes = _names(name, ua.NodeClass.Object) | {
            ua.AttributeIds.NodeId: _id(node.nodeid),
            ua.AttributeIds.EventNotifier: attribute(0, _BYTE),
        }
        self._add(node, kind)
        return node

    def _add(self, node: NodeData, kind: int) -> None:
        self._space[node.nodeid] = node
        definition = self._space[ua.NodeId(kind)]
        get = definition.attributes.__getitem__
        node.references.append(
            ua.ReferenceDescription(
                ReferenceTypeId=ua.NodeId(_IDS.HasTypeDefinition),
                IsForward=True,
                NodeId=definition.nodeid,
                BrowseName=get(ua.AttributeIds.BrowseName).value.Value.Value,
                DisplayName=get(ua.AttributeIds.DisplayName).value.Value.Value,
                NodeClass=get(ua.AttributeIds.NodeClass).value.Value.Value,
            )
        )


_BYTE = ua.VariantType.Byte


def _id(nodeid: ua.NodeId) -> AttributeValue:
    return attribute(nodeid, ua.VariantType.NodeId)


def _type_of(node: NodeData) -> ua.NodeId:
    """What a node's type is, for those who browse to it."""
    found = (
        r.NodeId for r in node.references if r.IsForward and r.ReferenceTypeId.Identifier == _IDS.HasTypeDefinition
    )
    return next(found, ua.NodeId())


def _names(name: str, node_class: ua.NodeClass) -> dict[ua.AttributeIds, AttributeValue]:
    text = ua.VariantType.LocalizedText
    return {
        ua.AttributeIds.BrowseName: attribute(ua.QualifiedName(name, 0), ua.VariantType.QualifiedName),
        ua.AttributeIds.DisplayName: attribute(ua.LocalizedText(name, "en"), text),
        ua.AttributeIds.Description: attribute(ua.LocalizedText("", "en"), text),
        ua.AttributeIds.NodeClass: attribute(node_class, ua.VariantType.Int32),
        ua.AttributeIds.WriteMask: attribute(0, ua.VariantType.UInt32),
        ua.AttributeIds.UserWriteMask: attribute(0, ua.VariantType.UInt32),
    }
