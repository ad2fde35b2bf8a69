"""The cache of the standard's nodes holds what asyncua would have built."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from asyncua import Server, ua

from opcua_server.companion import find_nodesets
from opcua_server.standard_nodes import CachedServer


async def standard_nodes() -> dict[ua.NodeId, object]:
    server = Server(iserver=CachedServer())
    await server.init()
    return server.iserver.aspace._nodes


async def test_nodes_from_the_cache_equal_those_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HETWIN_CACHE_DIR", str(tmp_path))
    plain = Server()
    await plain.init()
    built = plain.iserver.aspace._nodes
    await standard_nodes()  # writes the cache
    cached = await standard_nodes()  # reads it
    assert len(cached) == len(built)
    for identifier in (84, 85, 86, 2253, 2256, 2368, 2376, 11, 887, 46):
        nodeid = ua.NodeId(identifier)
        assert str(cached[nodeid].references) == str(built[nodeid].references)
        assert cached[nodeid].attributes.keys() == built[nodeid].attributes.keys()
    assert ua.NodeId(999_999) not in cached
    assert cached.get(ua.NodeId("2253", 2)) is None


async def test_a_broken_cache_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HETWIN_CACHE_DIR", str(tmp_path))
    await standard_nodes()
    (file,) = (tmp_path / "hetwin").glob("opcua-nodes-*")
    size = file.stat().st_size
    file.write_bytes(file.read_bytes()[: size // 2])
    assert ua.NodeId(ua.ObjectIds.Server) in await standard_nodes()
    assert file.stat().st_size == size


async def test_the_standard_nodes_are_those_of_the_standard() -> None:
    """Data types, ranks and what is abstract, compared with the OPC Foundation's own file."""
    folder = find_nodesets()
    if folder is None or not (folder / "Opc.Ua.NodeSet2.xml").is_file():
        pytest.skip("run `npm ci` first")
    nodes = await standard_nodes()
    root = ET.parse(folder / "Opc.Ua.NodeSet2.xml").getroot()
    space = "{http://opcfoundation.org/UA/2011/03/UANodeSet.xsd}"
    aliases = {alias.get("Alias"): alias.text for alias in root.iter(f"{space}Alias")}
    compared = 0
    for element in root:
        kind = element.tag.removeprefix(f"{space}UA")
        if kind not in ("Variable", "VariableType", "ObjectType", "DataType", "ReferenceType"):
            continue
        attributes = nodes[ua.NodeId.from_string(element.get("NodeId"))].attributes
        told = {key.name: found.value.Value.Value for key, found in attributes.items() if found.value is not None}
        if kind.startswith("Variable"):
            data_type = element.get("DataType", "i=24")
            assert told["DataType"] == ua.NodeId.from_string(aliases.get(data_type, data_type)), element.attrib
            assert told["ValueRank"] == int(element.get("ValueRank", "-1")), element.attrib
        if kind.endswith("Type"):
            assert told["IsAbstract"] == (element.get("IsAbstract") == "true"), element.attrib
        compared += 1
    assert compared > 4000
