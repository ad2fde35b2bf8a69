"""Writes what is more than a tag: types, interfaces, several looks at one value, texts in two languages."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from asyncua import ua
from asyncua.server.address_space import AddressSpace, AttributeValue, NodeData

from opcua_server.languages import Japanese, japanese
from opcua_server.nodes import (
    _OBJECT,
    ANALOG,
    COMPONENT,
    MULTI_STATE,
    ORGANIZES,
    PLAIN,
    PROPERTY,
    PROPERTY_TYPE,
    READ,
    READ_WRITE,
    TWO_STATE,
    Attributes,
    Writer,
    _engineering_unit,
    _value,
    _variable,
    variant_type,
)
from twin.simulation import writable
from twin.tags import Tag
from twin.words import in_japanese

SUBTYPE, HAS_INTERFACE, MODELLING_RULE = (
    ua.NodeId(i) for i in (ua.ObjectIds.HasSubtype, ua.ObjectIds.HasInterface, ua.ObjectIds.HasModellingRule)
)
MANDATORY = ua.NodeId(ua.ObjectIds.ModellingRule_Mandatory)
OPTIONAL = ua.NodeId(ua.ObjectIds.ModellingRule_Optional)

STRUCTURES: dict[type, int] = {ua.Range: ua.ObjectIds.Range, ua.EUInformation: ua.ObjectIds.EUInformation}

_OBJECT_TYPE = {
    ua.AttributeIds.NodeClass: _value(ua.NodeClass.ObjectType, ua.VariantType.Int32),
    ua.AttributeIds.IsAbstract: _value(False, ua.VariantType.Boolean),
    ua.AttributeIds.WriteMask: _value(0, ua.VariantType.UInt32),
    ua.AttributeIds.UserWriteMask: _value(0, ua.VariantType.UInt32),
}
_PROPERTY = {
    ua.AttributeIds.AccessLevel: _value(READ, ua.VariantType.Byte),
    ua.AttributeIds.UserAccessLevel: _value(READ, ua.VariantType.Byte),
    ua.AttributeIds.Historizing: _value(False, ua.VariantType.Boolean),
}


class ModelWriter(Writer):
    """Writes nodes of one namespace; `japanese` keeps the texts for clients that ask for them."""

    def __init__(self, space: AddressSpace, index: int, texts: Japanese) -> None:
        super().__init__(space, index, texts)
        self.index = index
        self._shared: dict[tuple[Any, ...], Attributes] = {}

    def id(self, path: str) -> ua.NodeId:
        """The node id of a path."""
        return ua.NodeId(path, self.index)

    def has(self, nodeid: ua.NodeId) -> bool:
        """Whether there is such a node."""
        return nodeid in self._space

    def node(self, nodeid: ua.NodeId) -> NodeData:
        """A node that is there."""
        return self._space[nodeid]

    def name(self, nodeid: ua.NodeId, browse: ua.QualifiedName) -> None:
        """Give a node that was just written, and is its parent's youngest, another browse name."""
        node = self._space[nodeid]
        node.attributes[ua.AttributeIds.BrowseName] = _value(browse, ua.VariantType.QualifiedName)
        self._space[node.references[0].NodeId].references[-1].BrowseName = browse

    def component(
        self,
        owner: ua.NodeId,
        name: str,
        kind: ua.NodeId,
        index: int,
        reference: ua.NodeId = COMPONENT,
        text: str = "",
        path: str = "",
    ) -> ua.NodeId:
        """An object that belongs to another one and has its name from the namespace of its type."""
        nodeid = self.id(path or f"{owner.Identifier}/{name}")
        if nodeid not in self._space:
            attributes = self._names(name, text) | _OBJECT
            attributes[ua.AttributeIds.BrowseName] = _value(ua.QualifiedName(name, index), ua.VariantType.QualifiedName)
            self._add(nodeid, attributes, owner, reference, kind)
        return nodeid

    def object_type(self, base: ua.NodeId, name: str, text: str) -> ua.NodeId:
        """A type of objects, made when it is first asked for."""
        nodeid = self.id(name)
        if nodeid not in self._space:
            self._add(nodeid, self._names(name, text) | _OBJECT_TYPE, base, SUBTYPE, None)
        return nodeid

    def look(
        self,
        parent: ua.NodeId,
        tag: Tag,
        interval: float,
        path: str,
        browse: ua.QualifiedName,
        kind: ua.NodeId | None = None,
        data_type: ua.NodeId | None = None,
        title: str = "",
    ) -> NodeData:
        """A variable that shows a tag, with the properties of its type; several may show the same."""
        variant, discrete = variant_type(tag), len(tag.labels)
        usual = PLAIN if data_type else ANALOG if not discrete else TWO_STATE if discrete == 2 else MULTI_STATE
        start = {ua.VariantType.Double: 0.0, ua.VariantType.Float: 0.0, ua.VariantType.Boolean: False}.get(variant, 0)
        access = READ_WRITE if writable(tag) else READ
        node = self.variable(parent, path, kind or usual, start, variant, tag.text, access, interval)
        self.name(node.nodeid, browse)
        self._entitle(node, title or browse.Name)
        if data_type is not None:
            node.attributes[ua.AttributeIds.DataType] = _value(data_type, ua.VariantType.NodeId)
        if tag.text_ja:
            owner = tag.name.rpartition(".")[0] or tag.name
            self.japanese.names[node.nodeid] = (f"{owner} {tag.text_ja}", tag.text_ja)
        self._describe(node, tag, usual)
        return node

    def _entitle(self, node: NodeData, title: str) -> None:
        text = ua.LocalizedText(title, "en")
        node.attributes[ua.AttributeIds.DisplayName] = _value(text, ua.VariantType.LocalizedText)
        self._space[node.references[0].NodeId].references[-1].DisplayName = text

    def _describe(self, node: NodeData, tag: Tag, usual: ua.NodeId) -> None:
        """Range and unit of an analog value, labels of a discrete one."""
        if usual is ANALOG:
            self.fact(node.nodeid, "EURange", ua.Range(tag.low, tag.high))
            if tag.unit:
                unit = self.fact(node.nodeid, "EngineeringUnits", _engineering_unit(tag.unit))
                self.japanese.values[unit.nodeid] = _unit_in_japanese(tag.unit)
        elif usual is TWO_STATE:
            for name, label in zip(("FalseState", "TrueState"), tag.labels, strict=True):
                state = self.fact(node.nodeid, name, english(label))
                self.japanese.values[state.nodeid] = _in_japanese(in_japanese(label))
        elif usual is MULTI_STATE:
            strings = self.fact(node.nodeid, "EnumStrings", [english(label) for label in tag.labels])
            self.japanese.values[strings.nodeid] = _in_japanese(*map(in_japanese, tag.labels))

    def fact(self, owner: ua.NodeId, name: str, value: Any, index: int = 0, data_type: int = 0) -> NodeData:
        """A property with a constant value; `data_type` where it is narrower than the type of the value."""
        variant, usual = _variant_of(value)
        rank = 1 if isinstance(value, list) or (isinstance(value, ua.Variant) and value.is_array) else -1
        key = (name, index, variant, data_type, rank)
        if key not in self._shared:
            constant = _variable(ua.NodeId(data_type or usual), rank, 0.0)
            browse = {ua.AttributeIds.BrowseName: _value(ua.QualifiedName(name, index), ua.VariantType.QualifiedName)}
            self._shared[key] = self._names(name, "") | constant | _PROPERTY | browse
        content = value if isinstance(value, ua.Variant) else ua.Variant(value, variant)
        attributes = self._shared[key] | {ua.AttributeIds.Value: AttributeValue(ua.DataValue(content))}
        return self._add(self.id(f"{owner.Identifier}/{name}"), attributes, owner, PROPERTY, PROPERTY_TYPE)

    def copy_properties(self, declared: ua.NodeId, owner: ua.NodeId) -> None:
        """The properties of a type's variable, for a variable of an instance."""
        for found in self._space[declared].references:
            if found.IsForward and found.ReferenceTypeId == PROPERTY:
                name = found.BrowseName.Name
                attributes = dict(self._space[found.NodeId].attributes)
                self._add(self.id(f"{owner.Identifier}/{name}"), attributes, owner, PROPERTY, PROPERTY_TYPE)

    def rule(self, nodeid: ua.NodeId, rule: ua.NodeId) -> None:
        """Say of a node of a type whether instances must have it, and of its properties."""
        self.refer(nodeid, MODELLING_RULE, rule, back=False)
        for found in list(self._space[nodeid].references):
            if found.IsForward and found.ReferenceTypeId == PROPERTY:
                self.refer(found.NodeId, MODELLING_RULE, MANDATORY, back=False)

    def organize(self, folder: ua.NodeId, target: ua.NodeId) -> None:
        """Show an object in one more folder."""
        self.refer(folder, ORGANIZES, target)


def english(text: str) -> ua.LocalizedText:
    """A text in English."""
    return ua.LocalizedText(text, "en")


@cache
def _in_japanese(*texts: str) -> ua.Variant:
    """One text, or several."""
    told = [japanese(text) for text in texts]
    return ua.Variant(told if len(told) > 1 else told[0], ua.VariantType.LocalizedText)


@cache
def _unit_in_japanese(unit: str) -> ua.Variant:
    return ua.Variant(_engineering_unit(unit, japanese=True), ua.VariantType.ExtensionObject)


def _variant_of(value: Any) -> tuple[ua.VariantType, int]:
    """How a value travels, and its data type."""
    if isinstance(value, ua.Variant):
        return value.VariantType, value.VariantType.value
    if isinstance(value, list):
        return _variant_of(value[0])
    if type(value) in STRUCTURES:
        return ua.VariantType.ExtensionObject, STRUCTURES[type(value)]
    kinds = {str: "String", float: "Double", bool: "Boolean", int: "Int32", ua.LocalizedText: "LocalizedText"}
    kinds[datetime] = "DateTime"
    variant = ua.VariantType[kinds[type(value)]]
    return variant, variant.value
