"""The nodes of a plant: folders by site and equipment, one variable per tag, its unit, range and labels as properties.

    Objects / <plant> / <area> / <unit> / <tag>                TT-301, CV-101.opening
    Objects / <plant> / <area> / <unit> / <part> / <tag>       C-1.stage1.p, E1.wall.0
    Objects / <plant> / SIM / SIM.time ...

Variables have the tag's name as their node id (`ns=2;s=TT-301`), so they are the same after every restart and in every
grouping; folders and properties have paths with a slash, which no tag contains. SIM is the simulation itself. What
units are beyond their tags, devices, machines, controllers, is the business of `information_model.py`.

Nodes go straight into asyncua's address space. Its `add_nodes` compares each new sibling with all others and takes
0.3 ms a node here (1.2 s for 1 500 tags); written straight they take 0.03 ms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from asyncua import ua
from asyncua.server.address_space import AddressSpace, AttributeValue, NodeData

from opcua_server.arguments import Argument
from opcua_server.derived import DerivedValues, ShownTag
from opcua_server.languages import Japanese
from opcua_server.references import HAS_TYPE, definition_of, reference_to
from opcua_server.units import engineering_unit
from twin.tags import Tag, Tags

if TYPE_CHECKING:
    from opcua_server.node_writer import ModelWriter

NAMESPACE = "urn:hetwin:plant"

ORGANIZES, COMPONENT, PROPERTY = (
    ua.NodeId(i) for i in (ua.ObjectIds.Organizes, ua.ObjectIds.HasComponent, ua.ObjectIds.HasProperty)
)
FOLDER, OBJECT = ua.NodeId(ua.ObjectIds.FolderType), ua.NodeId(ua.ObjectIds.BaseObjectType)
ANALOG, TWO_STATE, MULTI_STATE, PLAIN, PROPERTY_TYPE = (
    ua.NodeId(i)
    for i in (
        ua.ObjectIds.AnalogItemType,
        ua.ObjectIds.TwoStateDiscreteType,
        ua.ObjectIds.MultiStateDiscreteType,
        ua.ObjectIds.BaseDataVariableType,
        ua.ObjectIds.PropertyType,
    )
)
ARGUMENT = ua.NodeId(ua.ObjectIds.Argument)
READ, READ_WRITE = 1, 3  # bits of AccessLevel

Attributes = dict[ua.AttributeIds, AttributeValue]


@cache
def variant_type(tag: Tag) -> ua.VariantType:
    """How a tag's value travels: Double, or Boolean for two labels, UInt32 for more."""
    if isinstance(tag, ShownTag):
        return tag.variant
    if not tag.discrete:
        return ua.VariantType.Double
    return ua.VariantType.Boolean if len(tag.labels) == 2 else ua.VariantType.UInt32


class Model(Protocol):
    """Where tags belong and what they are called there; adds to the tags what else there is to say of a unit."""

    derived: DerivedValues
    looks: list[tuple[NodeData, Tag]]
    ailing: dict[str, int]

    @property
    def writer(self) -> ModelWriter:
        """Writes its nodes."""

    def place(self, root: ua.NodeId, tag: Tag) -> tuple[ua.NodeId, ua.NodeId]:
        """The object that holds a tag, and that of its unit."""

    def variable(self, parent: ua.NodeId, tag: Tag) -> NodeData:
        """The variable of a tag."""

    def furnish(self, root: ua.NodeId, units: dict[str, ua.NodeId]) -> None:
        """All else; `looks` are then further variables that show a tag or a derived value."""


@dataclass(frozen=True)
class PlantNodes:
    """What the server needs to find again: the value of each tag by address, tags by node id.

    `root` is the plant's object, `units` those of its units; `writer` adds more. `looks` are further variables that
    show a tag or a derived value. `ailing` are tags that say a device is not well, and the state of health at worst.
    """

    values: dict[int, AttributeValue]
    tags: dict[ua.NodeId, Tag]
    failure: AttributeValue
    root: ua.NodeId
    units: dict[str, ua.NodeId]
    writer: ModelWriter
    derived: DerivedValues
    looks: dict[ua.NodeId, tuple[AttributeValue, Tag]]
    ailing: dict[str, int]

    @property
    def shown(self) -> list[tuple[AttributeValue, Tag]]:
        """Every variable that shows a tag or a derived value."""
        own = {tag.address: tag for tag in self.tags.values()}
        return [*((value, own[address]) for address, value in self.values.items()), *self.looks.values()]

    @property
    def by_id(self) -> dict[ua.NodeId, Tag]:
        """What every such variable shows: its own tag, or one that it is a further look at."""
        return self.tags | {nodeid: tag for nodeid, (_, tag) in self.looks.items()}


def build_nodes(space: AddressSpace, name: str, description: str, tags: Tags, model: Model) -> PlantNodes:
    """Add the nodes of all tags under Objects, as the model places them."""
    writer = model.writer
    root = writer.group(ua.NodeId(ua.ObjectIds.ObjectsFolder), f"/{name}", name, OBJECT, description)
    values, by_id, units = {}, {}, {}
    for tag in tags.values():
        parent, units[tag.equipment] = model.place(root, tag)
        node = model.variable(parent, tag)
        values[tag.address] = node.attributes[ua.AttributeIds.Value]
        by_id[node.nodeid] = tag
    sim = writer.group(root, "SIM", "SIM", OBJECT)
    failure = writer.variable(sim, "SIM.failure", PLAIN, "", ua.VariantType.String, "why the simulation stopped")
    model.furnish(root, units)
    looks = {node.nodeid: (node.attributes[ua.AttributeIds.Value], tag) for node, tag in model.looks}
    stopped = failure.attributes[ua.AttributeIds.Value]
    return PlantNodes(values, by_id, stopped, root, units, writer, model.derived, looks, model.ailing)


def _text(text: str) -> ua.LocalizedText:
    return ua.LocalizedText(text, "en")


def _value(value: Any, kind: ua.VariantType) -> AttributeValue:
    return AttributeValue(ua.DataValue(ua.Variant(value, kind)))


_PROTECTED = {
    ua.AttributeIds.WriteMask: _value(0, ua.VariantType.UInt32),
    ua.AttributeIds.UserWriteMask: _value(0, ua.VariantType.UInt32),
}
_OBJECT = _PROTECTED | {
    ua.AttributeIds.NodeClass: _value(ua.NodeClass.Object, ua.VariantType.Int32),
    ua.AttributeIds.EventNotifier: _value(0, ua.VariantType.Byte),
}
_METHOD = _PROTECTED | {
    ua.AttributeIds.NodeClass: _value(ua.NodeClass.Method, ua.VariantType.Int32),
    ua.AttributeIds.Executable: _value(True, ua.VariantType.Boolean),
    ua.AttributeIds.UserExecutable: _value(True, ua.VariantType.Boolean),
}
"""Attributes that never change are shared by all nodes."""


@cache
def _variable(data_type: ua.NodeId, rank: int, interval: float) -> Attributes:
    return _PROTECTED | {
        ua.AttributeIds.NodeClass: _value(ua.NodeClass.Variable, ua.VariantType.Int32),
        ua.AttributeIds.DataType: _value(data_type, ua.VariantType.NodeId),
        ua.AttributeIds.ValueRank: _value(rank, ua.VariantType.Int32),
        ua.AttributeIds.MinimumSamplingInterval: _value(interval, ua.VariantType.Double),
    }


@cache
def _engineering_unit(unit: str, japanese: bool = False) -> ua.EUInformation:
    return engineering_unit(unit, japanese)


class Writer:
    """Writes nodes of one namespace with their references in both directions."""

    def __init__(self, space: AddressSpace, index: int, japanese: Japanese) -> None:
        self._space = space
        self._index = index
        self.japanese = japanese
        self._types: dict[ua.NodeId, ua.ReferenceDescription] = {}
        self._properties: dict[str, Attributes] = {}

    def group(self, parent: ua.NodeId, path: str, name: str, kind: ua.NodeId, text: str = "") -> ua.NodeId:
        """The folder or object of this path, made when it is first asked for."""
        nodeid = ua.NodeId(path, self._index)
        if nodeid not in self._space:
            attributes = self._names(name, text) | _OBJECT
            self._add(nodeid, attributes, parent, ORGANIZES, kind)
        return nodeid

    def variable(
        self,
        parent: ua.NodeId,
        name: str,
        kind: ua.NodeId,
        value: Any,
        variant: ua.VariantType,
        text: str,
        access: int = READ,
        interval: float = 0.0,
    ) -> NodeData:
        """A variable of a built-in data type; `interval` [ms] is how often it can change."""
        attributes = self._names(name, text) | _variable(ua.NodeId(variant.value), -1, interval)
        attributes[ua.AttributeIds.Value] = _value(value, variant)
        attributes[ua.AttributeIds.AccessLevel] = _value(access, ua.VariantType.Byte)
        attributes[ua.AttributeIds.UserAccessLevel] = _value(access, ua.VariantType.Byte)
        attributes[ua.AttributeIds.Historizing] = _value(False, ua.VariantType.Boolean)
        return self._add(ua.NodeId(name, self._index), attributes, parent, COMPONENT, kind)

    def method(
        self, parent: ua.NodeId, name: str, text: str, ja: str, inputs: Sequence[Argument], outputs: Sequence[Argument]
    ) -> ua.NodeId:
        """A method of an object; its node id is `SIM.advance` for the method `advance` of SIM."""
        short = name.split(".")[-1]
        node = self._add(ua.NodeId(name, self._index), self._names(short, text) | _METHOD, parent, COMPONENT, None)
        self.japanese.names[node.nodeid] = ("", ja)
        for title, arguments in (("InputArguments", inputs), ("OutputArguments", outputs)):
            if arguments:
                told = self._property(node, title, [argument.described() for argument in arguments], ARGUMENT)
                in_japanese = [argument.described(japanese=True) for argument in arguments]
                self.japanese.values[told] = ua.Variant(in_japanese, ua.VariantType.ExtensionObject)
        return node.nodeid

    def member(
        self, owner: NodeData, name: str, kind: ua.NodeId, reference: ua.NodeId, data_type: ua.NodeId, own: bool
    ) -> NodeData:
        """A variable of a condition; its name is the standard's unless it is our `own`. Its value is read elsewhere."""
        attributes = self._names(name, "") | _variable(data_type, -1, 0.0)
        if not own:
            attributes[ua.AttributeIds.BrowseName] = _value(ua.QualifiedName(name, 0), ua.VariantType.QualifiedName)
        for attribute in (ua.AttributeIds.AccessLevel, ua.AttributeIds.UserAccessLevel):
            attributes[attribute] = _value(READ, ua.VariantType.Byte)
        attributes[ua.AttributeIds.Historizing] = _value(False, ua.VariantType.Boolean)
        attributes[ua.AttributeIds.Value] = AttributeValue(ua.DataValue())
        nodeid = ua.NodeId(f"{owner.nodeid.Identifier}/{name}", self._index)
        return self._add(nodeid, attributes, owner.nodeid, reference, kind)

    def part(self, owner: NodeData, name: str, kind: ua.NodeId) -> NodeData:
        """An object of the standard's that is a component of another."""
        attributes = self._names(name, "") | _OBJECT
        attributes[ua.AttributeIds.BrowseName] = _value(ua.QualifiedName(name, 0), ua.VariantType.QualifiedName)
        nodeid = ua.NodeId(f"{owner.nodeid.Identifier}/{name}", self._index)
        return self._add(nodeid, attributes, owner.nodeid, COMPONENT, kind)

    def object(self, node: NodeData, parent: ua.NodeId, name: str, text: str, kind: ua.NodeId) -> NodeData:
        """An object that brings its own node."""
        return self._put(node, self._names(name, text) | _OBJECT, parent, COMPONENT, kind)

    def refer(self, source: ua.NodeId, reference: ua.NodeId, target: ua.NodeId, back: bool = True) -> None:
        """One more reference; what many refer to (types, their methods) need not know who does (`back`)."""
        here, there = self._space[source], self._space[target]
        here.references.append(reference_to(reference, True, there, definition_of(there)))
        if back:
            there.references.append(reference_to(reference, False, here, definition_of(here)))

    def again(
        self, source: ua.NodeId, nodeid: ua.NodeId, parent: ua.NodeId, reference: ua.NodeId, kind: ua.NodeId | None
    ) -> None:
        """A node like another one, under another parent."""
        self._put(NodeData(nodeid), dict(self._space[source].attributes), parent, reference, kind)

    def notify(self, node: ua.NodeId) -> None:
        """Let clients subscribe to the events of an object."""
        self._space[node].attributes[ua.AttributeIds.EventNotifier] = _value(
            ua.EventNotifier.SubscribeToEvents.mask, ua.VariantType.Byte
        )

    def _property(self, owner: NodeData, name: str, value: Any, data_type: ua.NodeId) -> ua.NodeId:
        """A property of a variable: only its node id and value are its own, the rest is shared by all of its name."""
        if name not in self._properties:
            constant = {
                ua.AttributeIds.BrowseName: _value(ua.QualifiedName(name, 0), ua.VariantType.QualifiedName),
                ua.AttributeIds.AccessLevel: _value(READ, ua.VariantType.Byte),
                ua.AttributeIds.UserAccessLevel: _value(READ, ua.VariantType.Byte),
                ua.AttributeIds.Historizing: _value(False, ua.VariantType.Boolean),
            }
            rank = 1 if isinstance(value, list) else -1
            self._properties[name] = self._names(name, "") | _variable(data_type, rank, 0.0) | constant
        attributes = self._properties[name] | {ua.AttributeIds.Value: _value(value, ua.VariantType.ExtensionObject)}
        nodeid = ua.NodeId(f"{owner.nodeid.Identifier}/{name}", self._index)
        return self._add(nodeid, attributes, owner.nodeid, PROPERTY, PROPERTY_TYPE).nodeid

    def _names(self, name: str, text: str) -> Attributes:
        return {
            ua.AttributeIds.BrowseName: _value(ua.QualifiedName(name, self._index), ua.VariantType.QualifiedName),
            ua.AttributeIds.DisplayName: _value(_text(name), ua.VariantType.LocalizedText),
            ua.AttributeIds.Description: _value(_text(text), ua.VariantType.LocalizedText),
        }

    def _add(
        self, nodeid: ua.NodeId, attributes: Attributes, parent: ua.NodeId, reference: ua.NodeId, kind: ua.NodeId | None
    ) -> NodeData:
        """Put a node into the address space, with references from and to its parent and to its type."""
        return self._put(NodeData(nodeid), attributes, parent, reference, kind)

    def _put(
        self,
        node: NodeData,
        attributes: Attributes,
        parent: ua.NodeId,
        reference: ua.NodeId,
        kind: ua.NodeId | None,
    ) -> NodeData:
        nodeid = node.nodeid
        node.attributes = attributes
        attributes[ua.AttributeIds.NodeId] = _value(nodeid, ua.VariantType.NodeId)
        self._space[nodeid] = node
        owner = self._space[parent]
        owner.references.append(reference_to(reference, True, node, kind or ua.NodeId()))
        node.references = [reference_to(reference, False, owner, ua.NodeId())]
        if kind is not None:
            node.references.append(self._type(kind))
        return node

    def _type(self, kind: ua.NodeId) -> ua.ReferenceDescription:
        if kind not in self._types:
            self._types[kind] = reference_to(HAS_TYPE, True, self._space[kind], ua.NodeId())
        return self._types[kind]
