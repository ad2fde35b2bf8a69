"""The companion specifications in the address space, and a server without them."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asyncua import ua

from opcua_server import companion
from opcua_server.companion import DI, MACHINERY, MODELS, PADIM, find_nodesets
from opcua_server.standard_nodes import CachedServer

NODESETS = find_nodesets()
needed = pytest.mark.skipif(NODESETS is None, reason="run `npm ci` first")


@pytest.fixture(scope="module")
def space() -> Any:
    core = CachedServer(NODESETS)
    asyncio.run(core.init())
    return core.aspace


@needed
def test_every_node_of_the_files_is_there_by_its_namespace(space: Any) -> None:
    for model in MODELS:
        text = (NODESETS / model.file).read_text(encoding="utf-8")
        there = sum(nodeid.NamespaceIndex == model.index for nodeid in space._nodes)
        assert there == len(re.findall(r"<UA(?!NodeSet)\w+ [^>]*NodeId=", text)), model.uri


@needed
def test_functional_groups_without_a_parent_are_imported_too(space: Any) -> None:
    group = space[ua.NodeId(95, DI)]
    assert group.attributes[ua.AttributeIds.BrowseName].value.Value.Value == ua.QualifiedName("Identification", DI)


@needed
def test_types_are_derived_across_the_models_and_down_from_the_standard(space: Any) -> None:
    def bases(nodeid: ua.NodeId) -> list[ua.NodeId]:
        inverse = [r for r in space[nodeid].references if not r.IsForward]
        above = [r.NodeId for r in inverse if r.ReferenceTypeId == ua.NodeId(ua.ObjectIds.HasSubtype)]
        return [above[0], *bases(above[0])] if above else []

    base = ua.NodeId(ua.ObjectIds.BaseObjectType)
    assert bases(ua.NodeId(1009, PADIM)) == [ua.NodeId(15063, DI), ua.NodeId(1001, DI), base]
    below = [r.NodeId for r in space[base].references if r.IsForward]
    assert ua.NodeId(1001, DI) in below


@needed
def test_names_and_enumerations_in_values_have_the_namespaces_of_the_server(space: Any) -> None:
    name = space[ua.NodeId(6030, MACHINERY)].attributes[ua.AttributeIds.Value].value.Value.Value
    assert name == ua.QualifiedName("Identification", DI)
    health = space[ua.NodeId(6244, DI)].attributes[ua.AttributeIds.DataTypeDefinition].value.Value.Value
    assert [field.Name for field in health.Fields][:2] == ["NORMAL", "FAILURE"]


@needed
def test_versions_are_read_from_the_files() -> None:
    published = companion.published(NODESETS)
    assert published.keys() == {model.uri for model in MODELS}
    assert all(re.match(r"\d+\.\d+", version) and date.endswith("Z") for version, date in published.values())


async def test_a_server_without_them_says_so_in_one_sentence_and_serves_all_tags(
    serve: Callable[..., Any], connect: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(companion, "FOLDERS", (Path("nowhere"),))
    with caplog.at_level(logging.WARNING, "opcua_server"):
        await serve(mode="lockstep")
    assert [record.message for record in caplog.records if record.name.startswith("opcua_server")] == [companion.HINT]
    async with connect() as talk:
        assert await talk.write("CV-101.opening", 0.4) == "Good"
        assert await talk.value("/two-vessels/hub/CV-101/Order") == 0.4
        assert (await talk.read("/two-vessels/hub/CV-101/DeviceHealth")).StatusCode.name == "BadNodeIdUnknown"
        assert len(await talk.client.get_namespace_array()) == 4
