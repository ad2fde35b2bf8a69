"""Nodes and references that history adds to the address space, straight as `nodes.py` does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asyncua import ua
from asyncua.server.address_space import AddressSpace, AttributeValue, NodeData

from opcua_server.aggregate_functions import OFFERED
from opcua_server.aggregate_treatment import Treatment
from opcua_server.history_events import moment
from twin.history import History
from twin.history.store import BLOCK, MINUTE, RAW

_IDS = ua.ObjectIds
AGGREGATE_CONFIGURATION = {
    "TreatUncertainAsBad": Treatment.uncertain_is_bad,
    "PercentDataBad": Treatment.percent_bad,
    "PercentDataGood": Treatment.percent_good,
    "UseSlopedExtrapolation": Treatment.sloped,
}
"""How aggregates treat bad data unless a request says otherwise; the same for all tags (Part 13, 4.2.1.2)."""


def attribute(value: Any, kind: ua.VariantType) -> AttributeValue:
    """An attribute that holds a value."""
    return AttributeValue(ua.DataValue(ua.Variant(value, kind)))


def kind_of_setting(value: bool | int) -> ua.VariantType:
    """How a value of AGGREGATE_CONFIGURATION travels."""
    return ua.VariantType.Boolean if isinstance(value, bool) else _BYTE


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

    def configuration(self, stepped: bool, band: float, interval: float, history: History) -> ua.NodeId:
        """A HistoricalDataConfiguration (OPC 10000-11, 5.2.2), shared by all tags that are recorded alike.

        `band` is the dead band in percent of the range, `interval` the least time between two values [s].
        """
        path = f"HA Configuration/{'stepped' if stepped else 'sloped'}/{band:g}"
        top = self._object(path, "HA Configuration", _IDS.HistoricalDataConfigurationType)
        for name, value, kind, data_type in (
            ("Stepped", stepped, ua.VariantType.Boolean, _IDS.Boolean),
            ("Definition", _definition(band), ua.VariantType.String, _IDS.String),
            ("MinTimeInterval", 1e3 * interval, ua.VariantType.Double, _IDS.Duration),
            ("MaxTimeInterval", 1e3 * interval * BLOCK[RAW], ua.VariantType.Double, _IDS.Duration),
            ("ExceptionDeviation", band, ua.VariantType.Double, _IDS.Double),
            ("ExceptionDeviationFormat", _OF_EU_RANGE, ua.VariantType.Int32, _IDS.ExceptionDeviationFormat),
            ("ServerTimestampSupported", True, ua.VariantType.Boolean, _IDS.Boolean),
        ):
            self._property(top, name, value, kind, data_type)
        for name, tiers in (("StartOfArchive", (RAW, MINUTE)), ("StartOfOnlineArchive", (RAW,))):
            node = self._property(top, name, None, ua.VariantType.Null, _IDS.UtcTime)
            node.attributes[ua.AttributeIds.Value].value_callback = _begin_of(history, tiers)
        aggregates = self._object(f"{path}/Aggregates", "AggregateConfiguration", _IDS.AggregateConfigurationType)
        self.refer(top, aggregates.nodeid, _IDS.HasComponent)
        for name, value in AGGREGATE_CONFIGURATION.items():
            kind = kind_of_setting(value)
            self._property(aggregates, name, value, kind, kind.value)
        functions = self._object(f"{path}/Functions", "AggregateFunctions", _IDS.FolderType)
        self.refer(top, functions.nodeid, _IDS.HasComponent)
        for function in OFFERED:
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

    def _property(self, owner: NodeData, name: str, value: Any, kind: ua.VariantType, data_type: int) -> NodeData:
        node = NodeData(ua.NodeId(f"{owner.nodeid.Identifier}/{name}", self._index))
        node.attributes = self._variable(name, value, kind, ua.NodeId(data_type), 1)
        node.attributes[ua.AttributeIds.NodeId] = _id(node.nodeid)
        self._add(node, _IDS.PropertyType)
        self.refer(owner, node.nodeid, _IDS.HasProperty)
        return node

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
_OF_EU_RANGE = 3
"""Of ExceptionDeviationFormat: percent of the engineering range."""


def _definition(band: float) -> str:
    """How values are kept, for people."""
    kept = f"those that leave a band of {band:g} % of the range" if band else "those that differ from the one before"
    return f"Of every scan, in single precision: {kept}, with the one before the move."


def _begin_of(history: History, tiers: tuple[int, ...]) -> Callable[[ua.NodeId, ua.AttributeIds], ua.DataValue]:
    """Where the history begins, as it is when somebody asks."""

    def read(nodeid: ua.NodeId, attribute_id: ua.AttributeIds) -> ua.DataValue:
        found = [wall for tier, wall in history.begins.items() if tier in tiers]
        if not found:
            return ua.DataValue(StatusCode=ua.StatusCode(ua.StatusCodes.BadNoData))
        return ua.DataValue(ua.Variant(moment(min(found)), ua.VariantType.DateTime))

    return read


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
