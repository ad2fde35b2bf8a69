"""The information model of a plant as a NodeSet2 file, which engineering tools import without a connection.

The file holds the types of the plant's kinds and the plant itself, with alarms and methods, units, ranges, labels and
texts in English and Japanese; the companion specifications are required by version, not repeated. Values of tags are
left out: they are the business of a running server. Schema: UANodeSet.xsd of OPC UA Part 6, annex F.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from asyncua import ua
from asyncua.server.address_space import NodeData

from opcua_server import companion
from opcua_server.devices import release
from opcua_server.information_model import KINDS_INDEX, namespaces
from opcua_server.languages import Japanese
from opcua_server.namespace_metadata import published
from opcua_server.nodes import PROPERTY_TYPE
from opcua_server.nodeset_values import write_value
from opcua_server.on_paper import put_on_paper
from opcua_server.standard_nodes import PLANT_INDEX
from twin.plant_file import PlantSpec
from twin.tags import Tags

SCHEMA = "http://opcfoundation.org/UA/2011/03/UANodeSet.xsd"
BASE = "http://opcfoundation.org/UA/"
REFERENCE_NAMES = {
    ua.ObjectIds.Organizes: "Organizes",
    ua.ObjectIds.HasComponent: "HasComponent",
    ua.ObjectIds.HasProperty: "HasProperty",
    ua.ObjectIds.HasTypeDefinition: "HasTypeDefinition",
    ua.ObjectIds.HasSubtype: "HasSubtype",
    ua.ObjectIds.HasModellingRule: "HasModellingRule",
    ua.ObjectIds.HasInterface: "HasInterface",
}
PLAIN_ATTRIBUTES = {
    ua.AttributeIds.IsAbstract: ("IsAbstract", False),
    ua.AttributeIds.ValueRank: ("ValueRank", -1),
    ua.AttributeIds.AccessLevel: ("AccessLevel", 1),
    ua.AttributeIds.UserAccessLevel: ("UserAccessLevel", 1),
    ua.AttributeIds.MinimumSamplingInterval: ("MinimumSamplingInterval", 0.0),
    ua.AttributeIds.EventNotifier: ("EventNotifier", 0),
}
"""Attributes that are written as they are, unless they have the default of the schema."""


async def export(spec: PlantSpec, tags: Tags, size: int, file: Path) -> int:
    """Write the model of a plant, whose image holds `size` values; how many nodes the file has."""
    nodesets = companion.find_nodesets()
    paper = await put_on_paper(spec, tags, size, nodesets)
    everything = paper.core.aspace._nodes
    everything.make(None)  # conditions unfold their fields
    nodes = [node for node in everything.made() if node.nodeid.NamespaceIndex in (PLANT_INDEX, KINDS_INDEX)]
    root = _document(nodesets, published(spec.units, spec.path))
    for node in nodes:
        _write_node(root, node, paper.model.japanese)
    ET.indent(root)
    file.parent.mkdir(parents=True, exist_ok=True)
    ET.ElementTree(root).write(file, encoding="utf-8", xml_declaration=True)
    return len(nodes)


def _document(nodesets: Path | None, dates: tuple[datetime, datetime]) -> ET.Element:
    """The head of the file: namespaces, models and what they require, aliases."""
    root = ET.Element("UANodeSet", xmlns=SCHEMA)
    uris = ET.SubElement(root, "NamespaceUris")
    own = namespaces(nodesets is not None)
    for uri in own:
        ET.SubElement(uris, "Uri").text = uri
    models = ET.SubElement(root, "Models")
    needed = {BASE: ("1.05.04", "2025-01-08T00:00:00Z"), **(companion.published(nodesets) if nodesets else {})}
    for uri, changed in zip(reversed(own[:2]), dates, strict=True):  # the kinds before the plant
        published_on = changed.strftime("%Y-%m-%dT%H:%M:%SZ")
        model = ET.SubElement(models, "Model", ModelUri=uri, Version=release(), PublicationDate=published_on)
        for required, (version, date) in needed.items():
            ET.SubElement(model, "RequiredModel", ModelUri=required, Version=version, PublicationDate=date)
        needed |= {uri: (release(), published_on)}
    aliases = ET.SubElement(root, "Aliases")
    for identifier, name in REFERENCE_NAMES.items():
        ET.SubElement(aliases, "Alias", Alias=name).text = f"i={identifier}"
    return root


def _write_node(root: ET.Element, node: NodeData, japanese: Japanese) -> None:
    present = {key: found.value.Value for key, found in node.attributes.items() if found.value is not None}
    attributes = {key: variant.Value for key, variant in present.items() if variant is not None}
    kind = ua.NodeClass(attributes[ua.AttributeIds.NodeClass]).name
    head = {"NodeId": file_id(node.nodeid), "BrowseName": _qualified(attributes[ua.AttributeIds.BrowseName])}
    for key, (name, default) in PLAIN_ATTRIBUTES.items():
        if key in attributes and attributes[key] != default:
            head[name] = _plain(attributes[key])
    if ua.AttributeIds.DataType in attributes:
        head["DataType"] = file_id(attributes[ua.AttributeIds.DataType])
    element = ET.SubElement(root, f"UA{kind}", head)
    texts = japanese.names.get(node.nodeid, ("", ""))
    for key, name, ja in zip((ua.AttributeIds.DisplayName, ua.AttributeIds.Description), NAMES, texts, strict=True):
        _write_text(element, name, attributes[key], ja)
    references = ET.SubElement(element, "References")
    for kind_of, forward, target in _references(node):
        found = ET.SubElement(references, "Reference", ReferenceType=kind_of)
        found.text = target
        if not forward:
            found.set("IsForward", "false")
    if _is_constant(node):
        write_value(element, node.attributes[ua.AttributeIds.Value].value.Value, file_id)


NAMES = ("DisplayName", "Description")


def _write_text(element: ET.Element, name: str, text: ua.LocalizedText, ja: str) -> None:
    if text.Text:
        ET.SubElement(element, name, Locale="en").text = text.Text
    if ja:
        ET.SubElement(element, name, Locale="ja").text = ja


def _references(node: NodeData) -> Iterator[tuple[str, bool, str]]:
    for found in node.references:
        number = found.ReferenceTypeId.Identifier
        standard = found.ReferenceTypeId.NamespaceIndex == 0 and number in REFERENCE_NAMES
        kind = REFERENCE_NAMES[number] if standard else file_id(found.ReferenceTypeId)
        yield kind, found.IsForward, file_id(found.NodeId)


def _is_constant(node: NodeData) -> bool:
    """Properties have values in the file; what a tag shows has them in a server."""
    value = node.attributes.get(ua.AttributeIds.Value)
    if value is None or value.value is None or value.value.Value is None or value.value.Value.Value is None:
        return False
    return any(found.NodeId == PROPERTY_TYPE for found in node.references)


def file_id(nodeid: ua.NodeId) -> str:
    """A node id as the file has it: its namespaces begin with that of the plant, a server's with its own."""
    index = nodeid.NamespaceIndex
    kind = "s" if isinstance(nodeid.Identifier, str) else "i"
    return f"ns={index - 1};{kind}={nodeid.Identifier}" if index else f"{kind}={nodeid.Identifier}"


def _qualified(name: ua.QualifiedName) -> str:
    return f"{name.NamespaceIndex - 1}:{name.Name}" if name.NamespaceIndex else str(name.Name)


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else re.sub(r"\.0$", "", str(value))
