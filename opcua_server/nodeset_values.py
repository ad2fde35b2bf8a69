"""Values as NodeSet2 files have them: the XML encoding of OPC UA Part 6, 5.3, for the types that properties use."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import datetime
from typing import Any

from asyncua import ua

TYPES = "http://opcfoundation.org/UA/2008/02/Types.xsd"
FileId = Callable[[ua.NodeId], str]

# structure: (number of its XML encoding, its fields)
STRUCTURES: dict[type, tuple[int, tuple[str, ...]]] = {
    ua.Range: (885, ("Low", "High")),
    ua.EUInformation: (888, ("NamespaceUri", "UnitId", "DisplayName", "Description")),
    ua.Argument: (297, ("Name", "DataType", "ValueRank", "ArrayDimensions", "Description")),
    ua.EnumValueType: (7616, ("Value", "DisplayName", "Description")),
}


def write_value(element: ET.Element, variant: ua.Variant, file_id: FileId) -> None:
    """The value of a variable as a child of its element."""
    value = ET.SubElement(element, "Value")
    name = variant.VariantType.name
    if isinstance(variant.Value, list):
        parent = ET.SubElement(value, f"ListOf{name}", xmlns=TYPES)
        for item in variant.Value:
            _write(parent, name, item, file_id)
    else:
        _write(value, name, variant.Value, file_id).set("xmlns", TYPES)


def _write(parent: ET.Element, name: str, value: Any, file_id: FileId) -> ET.Element:
    """One value under a name."""
    element = ET.SubElement(parent, name)
    if type(value) in STRUCTURES:
        number, fields = STRUCTURES[type(value)]
        ET.SubElement(ET.SubElement(element, "TypeId"), "Identifier").text = f"i={number}"
        body = ET.SubElement(ET.SubElement(element, "Body"), type(value).__name__)
        for field in fields:
            _write(body, field, getattr(value, field), file_id)
    elif isinstance(value, ua.LocalizedText):
        ET.SubElement(element, "Locale").text = value.Locale or "en"
        ET.SubElement(element, "Text").text = value.Text or ""
    elif isinstance(value, ua.NodeId):
        ET.SubElement(element, "Identifier").text = file_id(value)
    elif isinstance(value, ua.QualifiedName):
        ET.SubElement(element, "NamespaceIndex").text = str(max(value.NamespaceIndex - 1, 0))
        ET.SubElement(element, "Name").text = value.Name
    elif isinstance(value, datetime):
        element.text = value.strftime("%Y-%m-%dT%H:%M:%SZ")
    elif isinstance(value, bool):
        element.text = str(value).lower()
    elif value is not None and value != []:
        element.text = "INF" if value == float("inf") else "-INF" if value == float("-inf") else str(value)
    return element
