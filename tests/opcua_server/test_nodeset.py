"""The NodeSet2 file of a plant, read by itself and by another stack."""

from __future__ import annotations

import asyncio
import json
import shutil
import xml.etree.ElementTree as ET
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from opcua_server.companion import find_nodesets
from opcua_server.nodeset import export
from twin.compile import compile_plant
from twin.plant_file import load_spec

ROOT = Path(__file__).parent.parent.parent
SCRIPT = Path(__file__).parent / "import_nodeset.mjs"
PLANT = ROOT / "tests" / "plants" / "controlled.toml"
XML = {"ua": "http://opcfoundation.org/UA/2011/03/UANodeSet.xsd"}

pytestmark = pytest.mark.skipif(find_nodesets() is None, reason="run `npm ci` first")


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """The file of a small plant, and its tags."""
    spec = load_spec(PLANT)
    compiled = compile_plant(spec)
    file = tmp_path_factory.mktemp("nodeset") / "controlled.NodeSet2.xml"
    asyncio.run(export(spec, compiled.tags, len(compiled.data.image), file))
    return file, compiled.tags


def test_the_file_requires_its_companions_by_version(exported: tuple[Path, Any]) -> None:
    root = ET.parse(exported[0]).getroot()
    models = {model.get("ModelUri"): model for model in root.findall("ua:Models/ua:Model", XML)}
    assert models.keys() == {"urn:hetwin:plant", "urn:hetwin:kinds"}
    required = {r.get("ModelUri"): r.get("Version") for r in models["urn:hetwin:plant"]}
    assert {"urn:hetwin:kinds", "http://opcfoundation.org/UA/", "http://opcfoundation.org/UA/DI/"} < required.keys()
    assert required["http://opcfoundation.org/UA/PADIM/"] >= "1.02"


def test_every_node_has_texts_and_every_reference_leads_somewhere(exported: tuple[Path, Any]) -> None:
    root = ET.parse(exported[0]).getroot()
    nodes = {node.get("NodeId"): node for node in root if node.get("NodeId")}
    assert len(nodes) > 500
    for node in nodes.values():
        assert node.find("ua:DisplayName", XML) is not None, node.get("NodeId")
    targets = {r.text for node in nodes.values() for r in node.findall("ua:References/ua:Reference", XML)}
    assert {target for target in targets if str(target).startswith(("ns=1;", "ns=2;"))} <= nodes.keys()
    texts = [(text.get("Locale"), text.text) for text in nodes["ns=1;s=PT-2"].findall("ua:Description", XML)]
    assert texts == [("en", "measured value"), ("ja", "計測値")]


def test_the_file_is_valid_by_the_schema_of_the_opc_foundation(exported: tuple[Path, Any]) -> None:
    etree = pytest.importorskip("lxml.etree")
    schema = etree.XMLSchema(etree.parse(str(find_nodesets() / "UANodeSet.xsd")))
    document = etree.parse(str(exported[0]))
    assert schema.validate(document), schema.error_log
    document.getroot()[-1].set("BrowseNam", "1:wrong")
    assert not schema.validate(document)


def test_dates_and_lists_have_the_form_of_the_xml_encoding(exported: tuple[Path, Any]) -> None:
    """Part 6, 5.3.1; the schema of values is not in the package."""
    root = ET.parse(exported[0]).getroot()
    nodes = {node.get("NodeId"): node for node in root if node.get("NodeId")}
    date = nodes["ns=1;s=11715/urn:hetwin:plant/NamespacePublicationDate"].find("ua:Value", XML)[0]
    assert date.tag.endswith("}DateTime")
    assert datetime.fromisoformat(str(date.text)).tzinfo is not None
    assert date.text == root.find("ua:Models/ua:Model[@ModelUri='urn:hetwin:plant']", XML).get("PublicationDate")
    kinds = nodes["ns=1;s=11715/urn:hetwin:plant/StaticNodeIdTypes"].find("ua:Value", XML)[0]
    assert kinds.tag.endswith("}ListOfInt32")
    assert [item.text for item in kinds] == ["1"]


@pytest.fixture(scope="module")
def elsewhere(exported: tuple[Path, Any]) -> tuple[dict[str, Any], str]:
    """What another stack makes of the file, and what it says meanwhile."""
    if shutil.which("node") is None or not (ROOT / "node_modules" / "node-opcua-address-space").is_dir():
        pytest.skip("needs Node.js and `npm ci`")
    file, tags = exported
    return asyncio.run(imported(file, list(tags)))


def test_another_stack_imports_the_file_and_finds_every_tag(exported: tuple[Path, Any], elsewhere: Any) -> None:
    tags, (everything, log) = exported[1], elsewhere
    assert "urn:hetwin" not in log
    found = everything["tags"]
    for name, tag in tags.items():
        assert found[name] is not None, name
        assert found[name]["access"] == (3 if tag.writable or name in ("SIM.mode", "SIM.speed") else 1), name
        if not tag.discrete:
            assert found[name]["range"] == [tag.low, tag.high], name
        elif len(tag.labels) > 2:
            assert found[name]["labels"] == list(tag.labels)
    transmitter = found["PT-2"]
    assert transmitter["unit"] == "Pa"
    assert transmitter["name"].endswith(":value")
    assert (transmitter["of"].partition(":")[2], transmitter["ofType"].partition(":")[2]) == ("PT-2", "TransmitterType")
    assert transmitter["ofBase"].endswith(":PADIMType")
    assert "PT-2 計測値" in [text for _, text in transmitter["texts"]]


def test_another_stack_finds_alarms_methods_and_namespaces_in_the_file(elsewhere: tuple[Any, str]) -> None:
    found = elsewhere[0]
    alarms = {alarm["id"]: alarm for alarm in found["alarms"]}
    trip = alarms["IL-2.trip/alarm"]
    assert (trip["type"], trip["source"]) == ("TripAlarmType", "/controlled/hub/IL-2")
    assert {"ActiveState", "AckedState", "ShelvingState", "Priority", "Acknowledge"} <= set(trip["fields"])
    assert alarms["ZC-1.position/alarm"]["type"] == "DiscrepancyAlarmType"
    methods = {method["id"]: method for method in found["methods"]}
    assert methods["SIM.advance"]["takes"] == [
        ["seconds", "ns=0;i=11", "simulated time to advance [s], a whole number of steps"],
    ]
    assert [name for name, _, _ in methods["SIM.list_snapshots"]["gives"]] == ["names", "times", "made"]
    assert {"IL-2.reset_trip", "SIM.inject_fault", "SIM.start_scenario"} <= methods.keys()
    ours = {one["uri"]: one for one in found["namespaces"] if one["uri"] and one["uri"].startswith("urn:hetwin:")}
    assert ours.keys() == {"urn:hetwin:plant", "urn:hetwin:kinds"}
    assert all(one["version"] and one["date"] for one in ours.values())


async def imported(file: Path, tags: list[str]) -> tuple[dict[str, Any], str]:
    """What node-opcua makes of the file, and what it says meanwhile."""
    pipe = asyncio.subprocess.PIPE
    node = await asyncio.create_subprocess_exec(
        "node", str(SCRIPT), str(file), *tags, cwd=ROOT, stdout=pipe, stderr=pipe
    )
    out, err = await asyncio.wait_for(node.communicate(), 120.0)
    assert node.returncode == 0, err.decode()[-2000:]
    (answer,) = [line for line in out.decode().splitlines() if line.startswith("{")]
    return json.loads(answer), (out + err).decode().replace(answer, "")
