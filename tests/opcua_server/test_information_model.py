"""What units are to a client: typed objects, devices of DI and PA-DIM, machines, in two views; checked by the types."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from asyncua import ua

from opcua_server.companion import DI, MACHINERY, PADIM, PROCESS_VALUES, find_nodesets
from opcua_server.condition_nodes import MARK
from opcua_server.devices import HEALTH
from opcua_server.kind_types import PARTS
from tests.opcua_server.model_space import (
    HAS_COMPONENT,
    HAS_INTERFACE,
    HAS_PROPERTY,
    HAS_RULE,
    HAS_TYPE,
    ORGANIZES,
    ModelSpace,
    model_space,
)
from twin.plant_file import shipped_plants

pytestmark = pytest.mark.skipif(find_nodesets() is None, reason="run `npm ci` first")
MANDATORY = ua.NodeId(ua.ObjectIds.ModellingRule_Mandatory)
MOST = 55  # "some fifty" children of an object
MOST_OF_A_CONDITION = 60  # fields and methods that Part 9 gives an alarm, and our four
CONTROLLED = Path(__file__).parent.parent / "plants" / "controlled.toml"


@pytest.fixture(scope="module", params=["teaching", pytest.param("herenet", marks=pytest.mark.slow)])
def plant(request: pytest.FixtureRequest) -> ModelSpace:
    return asyncio.run(model_space(request.param, find_nodesets()))


@pytest.fixture(scope="module")
def teaching() -> ModelSpace:
    return asyncio.run(model_space("teaching", find_nodesets()))


def missing(space: ModelSpace, instance: ua.NodeId, declared: ua.NodeId) -> Iterator[str]:
    """What a declaration (a type, or a part of one) demands and the instance has not."""
    there = {
        (name.NamespaceIndex, name.Name): child
        for child in below(space, instance)
        for name in [space.browse_name(child)]
    }
    for child in space.targets(declared, HAS_COMPONENT, HAS_PROPERTY):
        name = space.browse_name(child)
        if MANDATORY not in space.targets(child, HAS_RULE):
            continue
        if (name.NamespaceIndex, name.Name) not in there:
            yield f"{instance.Identifier} has no {name.NamespaceIndex}:{name.Name}"
        else:
            yield from missing(space, there[name.NamespaceIndex, name.Name], child)


def below(space: ModelSpace, nodeid: ua.NodeId) -> Iterator[ua.NodeId]:
    return space.targets(nodeid, ORGANIZES, HAS_COMPONENT, HAS_PROPERTY)


def test_every_instance_has_all_that_its_types_demand(plant: ModelSpace) -> None:
    instances = [node.nodeid for node in plant.own() if node.nodeid.NamespaceIndex == 2]
    assert len(instances) > 1000
    gaps = [gap for one in instances for kind in plant.types_of(one) for gap in missing(plant, one, kind)]
    assert gaps == []


def test_every_type_demands_something_of_what_is_checked_above(teaching: ModelSpace) -> None:
    """The check above can fail: without its SignalTag a signal is incomplete."""
    signal = teaching.find("TT-301", "SignalSet", "TT-301")
    references = teaching[signal].references
    kept, teaching[signal].references = references, [r for r in references if r.BrowseName.Name != "SignalTag"]
    gaps = [gap for kind in teaching.types_of(signal) for gap in missing(teaching, signal, kind)]
    teaching[signal].references = kept
    assert gaps == [f"{signal.Identifier} has no {PADIM}:SignalTag"]


def test_no_placeholder_of_a_type_becomes_a_node(plant: ModelSpace) -> None:
    assert [node.nodeid for node in plant.own() if plant.browse_name(node.nodeid).Name.startswith("<")] == []


def test_references_between_our_nodes_go_both_ways(plant: ModelSpace) -> None:
    ways = {(n.nodeid, r.ReferenceTypeId, r.IsForward, r.NodeId) for n in plant.own() for r in n.references}
    ours = {node.nodeid for node in plant.own()}
    one_way = {ua.NodeId(kind) for kind in (HAS_TYPE, HAS_RULE, HAS_INTERFACE)}
    for source, kind, forward, target in ways:
        if kind not in one_way and target in ours:
            assert (target, kind, not forward, source) in ways


def test_browse_names_of_siblings_differ(plant: ModelSpace) -> None:
    for node in plant.own():
        names = [(n.NamespaceIndex, n.Name) for n in (plant.browse_name(c) for c in below(plant, node.nodeid))]
        assert len(names) == len(set(names)), node.nodeid


@pytest.mark.parametrize("name", shipped_plants())
def test_no_object_has_more_than_some_fifty_children(name: str) -> None:
    space = asyncio.run(model_space(name, find_nodesets()))
    sizes = {node.nodeid.Identifier: len([*below(space, node.nodeid)]) for node in space.own()}
    crowded = {
        path: size for path, size in sizes.items() if size > (MOST_OF_A_CONDITION if str(path).endswith(MARK) else MOST)
    }
    assert crowded == {}


def test_both_views_show_the_same_objects(plant: ModelSpace) -> None:
    device_set = ua.NodeId(5001, DI)
    by_kind = {unit for shelf in below(plant, device_set) for unit in below(plant, shelf)}
    assert by_kind == {plant.nodes.units[name] for name in plant.spec.units if name in plant.nodes.units}
    for unit in by_kind:
        homes = list(plant.targets(unit, ORGANIZES, forward=False))
        assert len(homes) >= 2, unit


def test_a_unit_is_an_instance_of_the_type_of_its_kind_with_all_its_tags(plant: ModelSpace) -> None:
    for name, node in plant.nodes.units.items():
        if name not in plant.spec.units:
            continue
        kind = plant.spec.units[name].kind
        names = plant.children(node)
        for part in PARTS.keys() & names.keys():
            names |= plant.children(names[part])
        assert plant.browse_name(plant.type_of(node)).Name.lower() == kind.name.replace("_", "") + "type"
        assert kind.quantities.keys() <= names.keys()


def test_a_transmitter_is_a_pa_dim_device_with_its_isa_tag(teaching: ModelSpace) -> None:
    assert ua.NodeId(1009, PADIM) in teaching.types_of(teaching.nodes.units["TT-301"])
    signal = ("SignalSet", "TT-301")
    assert teaching.type_of(teaching.find("TT-301", *signal)) == ua.NodeId(1022, PADIM)
    assert teaching.value("TT-301", *signal, "SignalTag") == "TT-301"
    assert teaching.value("TT-301", *signal, "AnalogSignal", "EngineeringUnits").DisplayName.Text == "K"
    span = teaching.value("TT-301", *signal, "AnalogSignal", "EURange")
    assert (span.Low, span.High) == (teaching.tags["TT-301"].low, teaching.tags["TT-301"].high)
    shown = {node.nodeid: tag.name for node, tag in teaching.model.looks}
    assert shown[teaching.find("TT-301", *signal, "AnalogSignal")] == "TT-301"
    assert shown[teaching.find("TT-301", *signal, "AnalogSignal", "ActualValue")] == "TT-301.sensed"


def test_a_valve_is_a_pa_dim_device_whose_set_point_is_its_opening(teaching: ModelSpace) -> None:
    valve = next(name for name, unit in teaching.spec.units.items() if unit.kind.name == "control_valve")
    shown = {node.nodeid: tag.name for node, tag in teaching.model.looks}
    path = (valve, "SignalSet", valve, "ControlSignal")
    assert shown[teaching.find(*path)] == f"{valve}.position"
    assert shown[teaching.find(*path, "Setpoint")] == f"{valve}.opening"
    assert teaching.value(*path, "ActuatorType", "EnumValues")[0].DisplayName.Text == "sliding-stem linear"


def test_every_unit_says_who_made_it_and_which_one_it_is(plant: ModelSpace) -> None:
    numbers = {plant.value(name, "SerialNumber") for name in plant.spec.units if name in plant.nodes.units}
    assert len(numbers) == len([name for name in plant.spec.units if name in plant.nodes.units])
    for name, unit in plant.spec.units.items():
        if name in plant.nodes.units:
            assert plant.value(name, "Manufacturer").Text == "hetwin"
            assert plant.value(name, "Model").Text == unit.kind.name.replace("_", " ")
            assert plant.value(name, "AssetId") == name


def test_compressors_purifier_and_cold_box_are_machines_with_process_values(teaching: ModelSpace) -> None:
    machines = {teaching.browse_name(node).Name: node for node in below(teaching, ua.NodeId(1001, MACHINERY))}
    compressors = {n for n, u in teaching.spec.units.items() if u.kind.symbol in ("compressor", "purifier")}
    assert compressors | {"cold box"} == machines.keys()
    for node in machines.values():
        identification = teaching.children(node)["Identification"]
        assert teaching.type_of(identification) == ua.NodeId(1012, MACHINERY)
        process = teaching.children(teaching.children(node)["Monitoring"])["Process"]
        values = teaching.children(process)
        assert values
        assert {teaching.type_of(value) for value in values.values()} == {ua.NodeId(1003, PROCESS_VALUES)}
    cold_box = teaching.children(teaching.children(teaching.children(machines["cold box"])["Monitoring"])["Process"])
    assert "TT-301" in cold_box


def test_a_cold_box_without_transmitters_makes_known_what_its_turbines_do() -> None:
    space = asyncio.run(model_space("cold-box", find_nodesets()))
    (machine,) = below(space, ua.NodeId(1001, MACHINERY))
    values = space.children(space.children(space.children(machine)["Monitoring"])["Process"])
    turbines = [name for name, unit in space.spec.units.items() if unit.kind.name == "turbine"]
    assert {name.partition(".")[0] for name in values} == set(turbines)
    tag = space[space.children(values[f"{turbines[0]}.power"])["SignalTag"]]
    assert tag.attributes[ua.AttributeIds.Value].value.Value.Value == f"{turbines[0]}.power"


def health(space: ModelSpace, unit: str, **tags: float) -> str:
    """What a unit says of its health when its tags have these values, and all else is as the kind starts it."""
    image = space.image.copy()
    for field, value in tags.items():
        image[space.tags[f"{unit}.{field}"].address] = value
    tag = next(tag for tag in space.model.derived.tags if tag.name == f"{unit}.DeviceHealth")
    return HEALTH[int(space.model.derived.extend(image)[tag.address])]


def test_health_is_normal_for_good_and_tells_failures_from_values_out_of_range(teaching: ModelSpace) -> None:
    labels = teaching.tags["TT-301.status"].labels
    assert {label: health(teaching, "TT-301", status=i) for i, label in enumerate(labels)} == {
        "good": "NORMAL",
        "under range": "OFF_SPEC",
        "over range": "OFF_SPEC",
        "frozen": "FAILURE",
        "failed": "FAILURE",
    }


def test_alarms_of_a_device_that_is_ailing_are_of_di_and_hang_on_it() -> None:
    space = asyncio.run(model_space(CONTROLLED, find_nodesets()))
    for unit, alarm, kind in (("ZC-1", "ZC-1.air alarm", 15292), ("PT-2", "PT-2.status alarm", 15292)):
        assert space.type_of(space.find(unit, "DeviceHealthAlarms", alarm)) == ua.NodeId(kind, DI)
        assert ua.NodeId(ua.ObjectIds.OffNormalAlarmType) in space.types_of(space.find(unit, alarm))
    assert space.type_of(space.find("ZC-1", "ZC-1.position alarm")) == ua.NodeId(ua.ObjectIds.DiscrepancyAlarmType)


def test_health_is_the_worst_of_what_the_kind_declares() -> None:
    space = asyncio.run(model_space(CONTROLLED, find_nodesets()))
    assert health(space, "ZC-1") == "NORMAL"
    assert health(space, "ZC-1", stiction_now=0.5) == "MAINTENANCE_REQUIRED"
    assert health(space, "ZC-1", stiction_now=0.5, place=1) == "CHECK_FUNCTION"
    assert health(space, "ZC-1", stiction_now=0.5, place=1, air=1) == "FAILURE"
    assert health(space, "IL-2", bypass=1) == "CHECK_FUNCTION"


async def test_without_the_companion_specifications_objects_keep_their_tags_and_types() -> None:
    bare = await model_space("teaching", None)
    full = await model_space("teaching", find_nodesets())
    assert bare.nodes.values.keys() == full.nodes.values.keys()
    unit = bare.nodes.units["TT-301"]
    assert [bare.browse_name(kind).Name for kind in bare.types_of(unit)] == ["TransmitterType", "BaseObjectType"]
    assert {node.nodeid for node in bare.own()} < {node.nodeid for node in full.own()} | {
        node.nodeid for node in bare.own() if "DeviceSet" in str(node.nodeid.Identifier)
    }
