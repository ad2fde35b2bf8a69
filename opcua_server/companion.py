"""Companion specifications: where their NodeSet files are, and how their types come into the address space.

    DI               devices: name plate, health, DeviceSet            (OPC 10000-100)
    Dictionary/IRDI  meanings that PA-DIM refers to                    (OPC 10000-19, IEC 61987)
    IA               building blocks that Machinery refers to          (OPC 10000-200)
    PA-DIM           transmitters and positioners                      (OPC 30081)
    Machinery        name plate and monitoring of machines             (OPC 40001-1)
    ProcessValues    measured values of machines                       (OPC 40001-2)

The files are those of the npm package `node-opcua-nodesets`: in a wheel beside this module, in the repository under
`node_modules`. asyncua's own import stops at DI's functional groups without a parent; here its
parser reads the files, and the nodes go straight into the address space (docs/decisions/0040-information-model.md).
"""

from __future__ import annotations

import hashlib
import logging
import re
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from asyncua import ua
from asyncua.common.xmlimporter import XmlImporter
from asyncua.common.xmlparser import XMLParser
from asyncua.server.address_space import AddressSpace, AttributeValue, NodeData

HERE = Path(__file__).parent
FOLDERS = (HERE / "nodesets", HERE.parent / "node_modules" / "node-opcua-nodesets" / "nodesets")
FIRST_INDEX = 4
"""Namespace index of the first model; before it are the standard, the server, the plant and its kinds."""

HINT = (
    "The companion specifications DI, PA-DIM and Machinery are not installed, so devices are served without their "
    "types: run `npm ci` in the folder of hetwin, or install a wheel that holds them."
)


@dataclass(frozen=True)
class Model:
    """One companion specification: its namespace, its file and its index in the server."""

    uri: str
    file: str
    index: int


_FILES = {
    "http://opcfoundation.org/UA/DI/": "Opc.Ua.Di.NodeSet2.xml",
    "http://opcfoundation.org/UA/Dictionary/IRDI": "Opc.Ua.IRDI.NodeSet2.xml",
    "http://opcfoundation.org/UA/IA/": "Opc.Ua.IA.NodeSet2.xml",
    "http://opcfoundation.org/UA/PADIM/": "Opc.Ua.PADIM.NodeSet2.xml",
    "http://opcfoundation.org/UA/Machinery/": "Opc.Ua.Machinery.NodeSet2.xml",
    "http://opcfoundation.org/UA/Machinery/ProcessValues/": "Opc.Ua.Machinery.ProcessValues.NodeSet2.xml",
}
MODELS = [Model(uri, file, FIRST_INDEX + i) for i, (uri, file) in enumerate(_FILES.items())]
DI, IRDI, IA, PADIM, MACHINERY, PROCESS_VALUES = (model.index for model in MODELS)

ONE_WAY = {
    ua.NodeId(i)
    for i in (
        ua.ObjectIds.HasTypeDefinition,
        ua.ObjectIds.HasModellingRule,
        ua.ObjectIds.HasInterface,
        ua.ObjectIds.GeneratesEvent,
        ua.ObjectIds.AlwaysGeneratesEvent,
        ua.ObjectIds.HasDictionaryEntry,
    )
}
"""References that only their source keeps: their targets would gather hundreds."""


def find_nodesets() -> Path | None:
    """The folder that holds the files of all models, if there is one."""
    return next((folder for folder in FOLDERS if all((folder / model.file).is_file() for model in MODELS)), None)


def published(folder: Path) -> dict[str, tuple[str, str]]:
    """Version and date of publication of every model, from the head of its file."""
    found = {}
    for model in MODELS:
        head = (folder / model.file).read_text(encoding="utf-8").partition("<Model ")[2].partition(">")[0]
        facts = dict(re.findall(r'(\w+)="([^"]*)"', head))
        found[model.uri] = (facts["Version"], facts["PublicationDate"])
    return found


def digest(folder: Path) -> str:
    """Names the content of the files."""
    content = hashlib.sha256()
    for model in MODELS:
        content.update((folder / model.file).read_bytes())
    return content.hexdigest()[:12]


async def load(space: AddressSpace, folder: Path) -> int:
    """Add the nodes of all models to the standard address space; how many there are."""
    indices = {model.uri: model.index for model in MODELS}
    references, count = [], 0
    for model in MODELS:
        importer = _importer(folder / model.file, indices)
        for parsed in importer.make_objects(importer.parser.get_node_datas()):
            node = NodeData(parsed.nodeid)
            node.attributes = await _attributes(importer, parsed)
            space[parsed.nodeid] = node
            references += [(parsed.nodeid, ref.reftype, ref.forward, ref.target) for ref in parsed.refs]
            count += 1
    _connect(space, references)
    return count


def _importer(file: Path, indices: dict[str, int]) -> Any:
    """asyncua's importer with a file read and its namespaces mapped, for what it knows of values and definitions."""
    names = SimpleNamespace(HasEncoding=SimpleNamespace(nodeid=ua.NodeId(ua.ObjectIds.HasEncoding)))
    importer = XmlImporter(SimpleNamespace(nodes=names), auto_load_definitions=False)
    importer.parser = XMLParser()
    importer.parser.logger = logging.Logger("silent", logging.CRITICAL)  # it does not know matrices, nor need we
    importer.parser.parse_sync(file)
    used = [uri for uri in importer.parser.get_used_namespaces() if uri != "http://opcfoundation.org/UA/"]
    importer.namespaces = {i: indices[uri] for i, uri in enumerate(used, 1)}
    importer._unmigrated_aliases = importer.parser.get_aliases()
    importer.aliases = importer._map_aliases(importer._unmigrated_aliases)
    return importer


async def _attributes(importer: Any, parsed: Any) -> dict[ua.AttributeIds, AttributeValue]:
    """The attributes of a node of the file, by its class."""
    made = {
        ua.AttributeIds.NodeId: _value(parsed.nodeid, ua.VariantType.NodeId),
        ua.AttributeIds.NodeClass: _value(ua.NodeClass[parsed.nodetype[2:]], ua.VariantType.Int32),
        ua.AttributeIds.BrowseName: _value(parsed.browsename, ua.VariantType.QualifiedName),
        ua.AttributeIds.DisplayName: _value(_text(parsed.displayname), ua.VariantType.LocalizedText),
        ua.AttributeIds.Description: _value(_text(parsed.desc), ua.VariantType.LocalizedText),
        ua.AttributeIds.WriteMask: _value(0, ua.VariantType.UInt32),
        ua.AttributeIds.UserWriteMask: _value(0, ua.VariantType.UInt32),
    }
    match parsed.nodetype:
        case "UAObject":
            made[ua.AttributeIds.EventNotifier] = _value(parsed.eventnotifier, ua.VariantType.Byte)
        case "UAMethod":
            made[ua.AttributeIds.Executable] = _value(True, ua.VariantType.Boolean)
            made[ua.AttributeIds.UserExecutable] = _value(True, ua.VariantType.Boolean)
        case "UAVariable" | "UAVariableType":
            made |= await _variable(importer, parsed)
        case "UADataType" if parsed.definitions:
            made[ua.AttributeIds.DataTypeDefinition] = _value(
                _definition(importer, parsed), ua.VariantType.ExtensionObject
            )
        case "UAReferenceType":
            made[ua.AttributeIds.Symmetric] = _value(parsed.symmetric, ua.VariantType.Boolean)
            made[ua.AttributeIds.InverseName] = _value(_text(parsed.inversename), ua.VariantType.LocalizedText)
    if parsed.nodetype.endswith("Type"):
        made[ua.AttributeIds.IsAbstract] = _value(parsed.abstract, ua.VariantType.Boolean)
    return made


async def _variable(importer: Any, parsed: Any) -> dict[ua.AttributeIds, AttributeValue]:
    data_type = parsed.datatype or ua.NodeId(ua.ObjectIds.BaseDataType)
    made = {
        ua.AttributeIds.DataType: _value(data_type, ua.VariantType.NodeId),
        ua.AttributeIds.ValueRank: _value(parsed.rank, ua.VariantType.Int32),
        ua.AttributeIds.Value: AttributeValue(ua.DataValue(await _content(importer, parsed))),
    }
    if parsed.dimensions:
        made[ua.AttributeIds.ArrayDimensions] = _value(parsed.dimensions, ua.VariantType.UInt32)
    if parsed.nodetype == "UAVariable":
        made[ua.AttributeIds.AccessLevel] = _value(1, ua.VariantType.Byte)  # types are read, whatever the file says
        made[ua.AttributeIds.UserAccessLevel] = _value(1, ua.VariantType.Byte)
        made[ua.AttributeIds.MinimumSamplingInterval] = _value(0.0, ua.VariantType.Double)
        made[ua.AttributeIds.Historizing] = _value(False, ua.VariantType.Boolean)
    return made


async def _content(importer: Any, parsed: Any) -> ua.Variant:
    """The value of a variable; names and node ids in it get the namespaces of the server."""
    if parsed.value is None:
        return ua.Variant()
    variant = await importer._add_variable_value(parsed)
    if isinstance(variant.Value, ua.QualifiedName | ua.NodeId):
        return ua.Variant(importer._migrate_ns(variant.Value), variant.VariantType)
    return variant


def _definition(importer: Any, parsed: Any) -> Any:
    """An enumeration's fields have values, a structure's have data types."""
    parsed.desc = parsed.desc or ""
    is_structure = any(ref.reftype == ua.NodeId(ua.ObjectIds.HasEncoding) for ref in parsed.refs)
    return importer._get_sdef(parsed) if is_structure else importer._get_edef(parsed)


def _connect(space: AddressSpace, references: list[tuple[ua.NodeId, ua.NodeId, bool, ua.NodeId]]) -> None:
    """Both ends of every reference whose ends exist, once."""
    known: set[tuple[ua.NodeId, ua.NodeId, bool, ua.NodeId]] = set()
    for source, kind, forward, target in references:
        ways = [(source, kind, forward, target)]
        if kind not in ONE_WAY:
            ways.append((target, kind, not forward, source))
        for way in ways:
            if way not in known and way[0] in space and way[3] in space:
                known.add(way)
                space[way[0]].references.append(reference(space, *way[1:]))


def reference(space: AddressSpace, kind: ua.NodeId, forward: bool, target: ua.NodeId) -> ua.ReferenceDescription:
    """How a node tells of another one."""
    node = space[target]
    attributes = node.attributes
    has_type = ua.NodeId(ua.ObjectIds.HasTypeDefinition)
    definition = next((found.NodeId for found in node.references if found.ReferenceTypeId == has_type), ua.NodeId())
    return ua.ReferenceDescription(
        ReferenceTypeId=kind,
        IsForward=forward,
        NodeId=target,
        BrowseName=attributes[ua.AttributeIds.BrowseName].value.Value.Value,
        DisplayName=attributes[ua.AttributeIds.DisplayName].value.Value.Value,
        NodeClass=attributes[ua.AttributeIds.NodeClass].value.Value.Value,
        TypeDefinition=definition,
    )


def _text(text: str | None) -> ua.LocalizedText:
    return ua.LocalizedText(text or "", "en")


def _value(value: Any, kind: ua.VariantType) -> AttributeValue:
    return AttributeValue(ua.DataValue(ua.Variant(value, kind)))
