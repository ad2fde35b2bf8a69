"""The whole address space as a conformance tool walks it: every node of ours against Parts 3, 5 and 8 and its own type.

Each rule yields a sentence for whatever breaks it; the tests below the rules say that they find what is made wrong.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from asyncua import Client, ua
from asyncua.server.address_space import AttributeValue
from asyncua.ua.uatypes import VariantTypeCustom

from opcua_server import TwinServer
from opcua_server.companion import find_nodesets
from opcua_server.history_nodes import HISTORY_READ
from tests.opcua_server.model_space import (
    HAS_COMPONENT,
    HAS_INTERFACE,
    HAS_PROPERTY,
    HAS_RULE,
    HAS_SUBTYPE,
    HAS_TYPE,
    ORGANIZES,
    ModelSpace,
    model_space,
)
from twin.history import History, Recorder
from twin.plant import Plant
from twin.simulation import Simulation

pytestmark = pytest.mark.skipif(find_nodesets() is None, reason="run `npm ci` first")

A, ID, CLASS = ua.AttributeIds, ua.ObjectIds, ua.NodeClass
OPTIONAL_RULES = (
    ID.ModellingRule_Optional,
    ID.ModellingRule_OptionalPlaceholder,
    ID.ModellingRule_MandatoryPlaceholder,
)
ONE_WAY = {HAS_TYPE, HAS_RULE, HAS_INTERFACE}
"""References whose targets need not know of them (Part 3, 5.3.2: servers may offer one direction)."""
HIERARCHICAL = {
    *(ORGANIZES, HAS_COMPONENT, HAS_PROPERTY, HAS_SUBTYPE),
    *(ID.HasNotifier, ID.HasEventSource, ID.HasHistoricalConfiguration),
}
STANDARD_PROPERTIES = {
    *("EURange", "EngineeringUnits", "EnumStrings", "TrueState", "FalseState", "EnumValues"),
    *("InputArguments", "OutputArguments", "InstrumentRange", "NamespaceUri", "Annotations"),
}
"""And the object that says how history is kept has its name from Part 11, 5.2.2."""
HISTORY = "HA Configuration"

REQUIRED = {
    CLASS.Object: (A.EventNotifier,),
    CLASS.Variable: (A.Value, A.DataType, A.ValueRank, A.AccessLevel, A.UserAccessLevel, A.Historizing),
    CLASS.Method: (A.Executable, A.UserExecutable),
    CLASS.ObjectType: (A.IsAbstract,),
}
"""Attributes beyond those of every node (Part 3, 5.5 to 5.7)."""

Gaps = Iterator[str]
ALARMS = Path(__file__).parent.parent / "plants" / "alarms.toml"


@pytest.fixture(scope="module")
def plant() -> ModelSpace:
    return asyncio.run(model_space("teaching", find_nodesets()))


# --- looking ---------------------------------------------------------------------------------------------------------


def get(node: Any, attribute: ua.AttributeIds) -> Any:
    """The value of an attribute, None without one."""
    found = node.attributes.get(attribute)
    if found is None:
        return None
    value = found.value if found.value_callback is None else found.value_callback(node.nodeid, attribute)
    return value.Value.Value if value is not None and value.Value is not None else None


def variant(node: Any) -> ua.Variant | None:
    found = node.attributes[A.Value]
    value = found.value if found.value_callback is None else found.value_callback(node.nodeid, A.Value)
    return value.Value if value is not None and value.Value is not None and value.Value.Value is not None else None


def bases(space: ModelSpace, nodeid: ua.NodeId) -> Iterator[ua.NodeId]:
    """A type and all that it is derived from."""
    found = [nodeid]
    while found:
        yield found[0]
        found = list(space.targets(found[0], HAS_SUBTYPE, forward=False))


def kinds_of(space: ModelSpace, nodeid: ua.NodeId) -> Iterator[ua.NodeId]:
    """Its type and interfaces, with all that they are derived from."""
    for declared in (*space.targets(nodeid, HAS_TYPE), *space.targets(nodeid, HAS_INTERFACE)):
        yield from bases(space, declared)


def declarations(space: ModelSpace, kind: ua.NodeId) -> Iterator[tuple[ua.NodeId, ua.NodeId]]:
    """What a type declares, and the rule for each."""
    for child in space.targets(kind, HAS_COMPONENT, HAS_PROPERTY):
        for rule in space.targets(child, HAS_RULE):
            yield child, rule


def key(name: ua.QualifiedName) -> tuple[int, str]:
    return name.NamespaceIndex, name.Name


def parts(space: ModelSpace, nodeid: ua.NodeId) -> dict[tuple[int, str], ua.NodeId]:
    below = space.targets(nodeid, ORGANIZES, HAS_COMPONENT, HAS_PROPERTY)
    return {key(space.browse_name(child)): child for child in below}


def exists(space: ModelSpace, nodeid: ua.NodeId) -> bool:
    return nodeid in space.core.aspace


# --- the rules -------------------------------------------------------------------------------------------------------


def attributes(space: ModelSpace, node: Any) -> Gaps:
    """Every node has what its class demands, and names that people can read."""
    kind = get(node, A.NodeClass)
    for attribute in (A.NodeId, A.NodeClass, A.BrowseName, A.DisplayName, *REQUIRED.get(kind, ())):
        if attribute not in node.attributes:
            yield f"no {attribute.name}"
    if not get(node, A.DisplayName).Text:
        yield "no display name"
    if get(node, A.NodeId) != node.nodeid:
        yield f"says that it is {get(node, A.NodeId)}"


def type_definition(space: ModelSpace, node: Any) -> Gaps:
    """Objects and variables have one type, which is of the right class and not abstract."""
    kind = get(node, A.NodeClass)
    found = list(space.targets(node.nodeid, HAS_TYPE))
    wanted = {CLASS.Object: CLASS.ObjectType, CLASS.Variable: CLASS.VariableType}.get(kind)
    if len(found) != (0 if wanted is None else 1):
        yield f"{len(found)} type definitions"
    for definition in found:
        if get(space[definition], A.NodeClass) != wanted:
            yield f"its type {definition} is a {get(space[definition], A.NodeClass)}"
        declared = any(True for _ in space.targets(node.nodeid, HAS_RULE))
        if get(space[definition], A.IsAbstract) and not declared:
            yield f"its type {definition} is abstract"


def references(space: ModelSpace, node: Any) -> Gaps:
    """Every target is there and knows of it, names it rightly, and no reference is said twice."""
    for found in node.references:
        if not exists(space, found.NodeId):
            yield f"refers to {found.NodeId}, which is not there"
            continue
        target = space[found.NodeId]
        shared = found.NodeId.NamespaceIndex == 0 and get(target, A.NodeClass) == CLASS.Method
        if found.ReferenceTypeId.Identifier not in ONE_WAY and not shared:
            back = (found.ReferenceTypeId, not found.IsForward, node.nodeid)
            if back not in {(r.ReferenceTypeId, r.IsForward, r.NodeId) for r in target.references}:
                yield f"{found.NodeId} does not know of its {found.ReferenceTypeId}"
        if found.BrowseName != get(target, A.BrowseName) or found.NodeClass != get(target, A.NodeClass):
            yield f"calls {found.NodeId} {found.BrowseName}"
        if found.DisplayName != get(target, A.DisplayName):
            yield f"shows {found.NodeId} as {found.DisplayName.Text}"
        if get(space[found.ReferenceTypeId], A.NodeClass) != CLASS.ReferenceType:
            yield f"{found.ReferenceTypeId} is no type of reference"
    said = Counter((r.ReferenceTypeId, r.IsForward, r.NodeId) for r in node.references)
    yield from (f"says {way} {count} times" for way, count in said.items() if count > 1)


def parents(space: ModelSpace, node: Any) -> Gaps:
    """Everything can be reached from above; a property hangs on one node only and has nothing below."""
    inverse = [r for r in node.references if not r.IsForward and r.ReferenceTypeId.Identifier in HIERARCHICAL]
    if not inverse:
        yield "hangs on nothing"
    is_property = ua.NodeId(ID.PropertyType) in space.targets(node.nodeid, HAS_TYPE)
    by_property = [r for r in inverse if r.ReferenceTypeId == ua.NodeId(HAS_PROPERTY)]
    if is_property != bool(by_property):
        yield "a PropertyType and HasProperty go together"
    if is_property and (len(inverse) != 1 or any(space.targets(node.nodeid, HAS_COMPONENT, HAS_PROPERTY))):
        yield "a property of several, or with parts"


def members(space: ModelSpace, node: Any) -> Gaps:
    """An instance has what its types and interfaces demand; what they declare has the class and type that they say."""
    there = parts(space, node.nodeid)
    for kind in dict.fromkeys(kinds_of(space, node.nodeid)):
        for child, rule in declarations(space, kind):
            name = key(space.browse_name(child))
            if name not in there:
                if rule == ua.NodeId(ID.ModellingRule_Mandatory):
                    yield f"has no {name}"
                stray = [one for one in there if one[1] == name[1] and one[0] not in (2, 3)]
                if stray and rule.Identifier in OPTIONAL_RULES:
                    yield f"calls {stray[0]} what its type calls {name}"
                continue
            yield from _as_declared(space, there[name], child)


def _as_declared(space: ModelSpace, part: ua.NodeId, declared: ua.NodeId) -> Gaps:
    mine, its = space[part], space[declared]
    if get(mine, A.NodeClass) != get(its, A.NodeClass):
        yield f"{part.Identifier} is a {get(mine, A.NodeClass).name}"
    for wanted in space.targets(declared, HAS_TYPE):
        if wanted not in kinds_of(space, part):
            yield f"{part.Identifier} is not of {wanted}"
    if get(its, A.DataType) is not None and get(its, A.DataType) not in bases(space, get(mine, A.DataType)):
        yield f"{part.Identifier} has the data type {get(mine, A.DataType)}, declared is {get(its, A.DataType)}"
    rank = get(its, A.ValueRank)
    if rank is not None and rank >= -1 and get(mine, A.ValueRank) != rank:
        yield f"{part.Identifier} has the rank {get(mine, A.ValueRank)}, declared is {rank}"


def values(space: ModelSpace, node: Any) -> Gaps:
    """A variable's value has its data type and rank; it can be read, and a user may do no more than everybody."""
    if get(node, A.NodeClass) != CLASS.Variable:
        return
    data_type, rank, level = get(node, A.DataType), get(node, A.ValueRank), get(node, A.AccessLevel)
    if not exists(space, data_type) or get(space[data_type], A.NodeClass) != CLASS.DataType:
        yield f"its data type {data_type} is none"
        return
    if (
        not level & (HISTORY_READ if get(node, A.BrowseName).Name == "Annotations" else 1)
        or get(node, A.UserAccessLevel) & ~level
    ):
        yield f"access level {level}, of the user {get(node, A.UserAccessLevel)}"
    interval = get(node, A.MinimumSamplingInterval)
    if interval is not None and not (interval == -1.0 or interval >= 0.0):
        yield f"a sampling interval of {interval}"
    held = variant(node)
    if held is None:
        return
    is_list = isinstance(held.Value, list)
    if rank >= -1 and is_list != (rank >= 0):
        yield f"rank {rank}, but its value is {held.Value!r}"
    for each in held.Value if is_list else [held.Value]:
        if not _is_a(space, data_type, held.VariantType, each):
            yield f"data type {data_type}, but its value is {held.VariantType} {each!r}"


def _is_a(space: ModelSpace, data_type: ua.NodeId, kind: ua.VariantType | VariantTypeCustom, value: Any) -> bool:
    above = [found.Identifier for found in bases(space, data_type)]
    if above[-1] != ID.BaseDataType:
        return False
    if kind == ua.VariantType.ExtensionObject:
        return ID.Structure in above and type(value).__name__ == space.browse_name(data_type).Name
    numbers = {ID.Number: (ua.VariantType.Double, ua.VariantType.Float), ID.UInteger: (ua.VariantType.UInt32,)}
    wide = [kinds for base, kinds in numbers.items() if base == above[0]]
    return (
        kind.value in above
        or (ID.Enumeration in above and kind == ua.VariantType.Int32)
        or above[0] == ID.BaseDataType
        or any(kind in kinds for kinds in wide)
    )


def names(space: ModelSpace, node: Any) -> Gaps:
    """Names are of known namespaces, those of standard properties of the standard; placeholders stay in types."""
    name = get(node, A.BrowseName)
    if not name.Name or not 0 <= name.NamespaceIndex < 10:
        yield f"named {name}"
    if name.Name.startswith("<"):
        yield "a placeholder"
    if name.Name in STANDARD_PROPERTIES and name.NamespaceIndex:
        yield f"{name} is a name of the standard"
    if name.NamespaceIndex == 0 and node.nodeid.NamespaceIndex == 2:
        above = list(space.targets(node.nodeid, HAS_COMPONENT, HAS_PROPERTY, ID.HasEventSource, forward=False))
        declared = {
            key(space.browse_name(child))
            for parent in above
            for kind in kinds_of(space, parent)
            for child in space.targets(kind, HAS_COMPONENT, HAS_PROPERTY)
        }
        known = STANDARD_PROPERTIES | {HISTORY}
        if key(name) not in declared and name.Name not in known and not _in_machine(space, above, name):
            yield f"{name.Name} is no name of the standard's there"


def _in_machine(space: ModelSpace, above: list[ua.NodeId], name: ua.QualifiedName) -> bool:
    """Parts of a state machine and of its states, which declarations of the types around them override."""
    return any(
        name.Name in {space.browse_name(child).Name for child in space.targets(declared, HAS_COMPONENT, HAS_PROPERTY)}
        for parent in above
        for grand in space.targets(parent, HAS_COMPONENT, forward=False)
        for kind in kinds_of(space, grand)
        for declared in space.targets(kind, HAS_COMPONENT, HAS_PROPERTY)
        if space.browse_name(declared) == space.browse_name(parent)
    )


def data_access(space: ModelSpace, node: Any) -> Gaps:
    """Analog values have a range and a unit, discrete ones labels for every number (Part 8, 5.3)."""
    if get(node, A.NodeClass) != CLASS.Variable:
        return
    kinds = [found.Identifier for found in kinds_of(space, node.nodeid) if found.NamespaceIndex == 0]
    there = {name: get(space[child], A.Value) for (_, name), child in parts(space, node.nodeid).items()}
    is_template = node.nodeid.NamespaceIndex == 3  # a type: the plant file says range and unit
    if ID.AnalogItemType in kinds or ID.BaseAnalogType in kinds:
        span, unit = there.get("EURange"), there.get("EngineeringUnits")
        if span is None or not (span.Low < span.High):
            yield f"range {span}"
        elif not is_template and not (abs(span.Low) < 1e300 and abs(span.High) < 1e300):
            yield f"an endless range {span}"
        if not is_template and (unit is None or not unit.DisplayName.Text or not unit.NamespaceUri):
            yield f"unit {unit}"
    if ID.TwoStateDiscreteType in kinds and not (there.get("TrueState") and there.get("FalseState")):
        yield "no words for its states"
    if ID.MultiStateDiscreteType in kinds and len(there.get("EnumStrings") or ()) < 3:
        yield "no labels"


def methods(space: ModelSpace, node: Any) -> Gaps:
    """Arguments have different names, known types and texts."""
    if get(node, A.NodeClass) != CLASS.Method:
        return
    for (_, name), child in parts(space, node.nodeid).items():
        if name not in ("InputArguments", "OutputArguments"):
            yield f"has a {name}"
            continue
        found = get(space[child], A.Value)
        if len({argument.Name for argument in found}) != len(found) or not found:
            yield f"{name}: names {[argument.Name for argument in found]}"
        for argument in found:
            if not exists(space, argument.DataType) or not argument.Description.Text:
                yield f"{name}: {argument}"
            if (argument.ValueRank == 1) != (len(argument.ArrayDimensions) == 1):
                yield f"{name}: rank and dimensions of {argument.Name}"


def notifiers(space: ModelSpace, node: Any) -> Gaps:
    """Who hands on events can be subscribed to (Part 3, 5.5.1), and every condition has a source that is one."""
    below = list(space.targets(node.nodeid, ID.HasNotifier, ID.HasEventSource))
    if below and not (get(node, A.EventNotifier) or 0) & 1:
        yield "hands on events, but is no notifier"
    if ua.NodeId(ID.ConditionType) in kinds_of(space, node.nodeid):
        sources = list(space.targets(node.nodeid, ID.HasCondition, forward=False))
        if len(sources) != 1 or not get(space[sources[0]], A.EventNotifier) & 1:
            yield f"sources {sources}"


Rule = Callable[[ModelSpace, Any], Gaps]
RULES: list[Rule] = [
    *(attributes, type_definition, references, parents, members, values, names, data_access, methods, notifiers),
]


def broken(space: ModelSpace, rule: Rule) -> list[str]:
    return [f"{node.nodeid.Identifier}: {gap}" for node in space.own() for gap in rule(space, node)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_no_node_breaks_a_rule(plant: ModelSpace, rule: Rule) -> None:
    assert len(plant.own()) > 5000
    assert broken(plant, rule) == []


async def test_no_node_of_a_running_server_with_history_breaks_a_rule(endpoint: str, tmp_path: Path) -> None:
    simulation = Simulation(Plant.load(ALARMS), mode="lockstep")
    history = History.create(tmp_path / "history.sqlite", simulation.plant, interval=0.0)
    with Recorder(history) as recorder:
        server = TwinServer(simulation, endpoint)
        server.record_into(recorder)
        async with server, Client(endpoint, timeout=60.0) as client:
            space = ServedSpace(server)
            assert len(space.own()) > 2000
            assert [gap for rule in RULES for gap in broken(space, rule)] == []
            assert await _unread(client, space) == []


async def _unread(client: Client, space: ModelSpace) -> list[str]:
    """What a client cannot read of the nodes, or not as the data type of the node says."""
    gaps = []
    for node in space.own():
        wanted = [attribute for attribute in node.attributes if attribute != A.Value or get(node, A.AccessLevel) & 1]
        read = ua.ReadParameters(NodesToRead=[ua.ReadValueId(node.nodeid, attribute) for attribute in wanted])
        found = await client.uaclient.read(read)
        for attribute, value in zip(wanted, found, strict=True):
            empty = attribute == A.Value and variant(node) is None
            if not value.StatusCode.is_good() and not empty:
                gaps.append(f"{node.nodeid.Identifier}: {attribute.name} is {value.StatusCode.name}")
            elif attribute == A.Value and not empty and value.Value.VariantType != variant(node).VariantType:
                gaps.append(f"{node.nodeid.Identifier}: read as {value.Value.VariantType}")
    return gaps


class ServedSpace(ModelSpace):
    """The address space of a server that runs."""

    def __init__(self, server: TwinServer) -> None:
        assert server._server is not None
        self.core = server._server.iserver
        self.core.aspace._nodes.make(None)


def test_the_rules_find_what_is_made_wrong(plant: ModelSpace) -> None:
    """Each breaks something in a node, and says which rule must notice."""
    tag, signal = plant[plant.find("TT-301", "value")], plant[plant.find("TT-301", "SignalSet", "TT-301")]
    method, unit = plant[plant.find("BAG-1", "swap")], plant[plant.nodes.units["BAG-1"]]
    sabotage: list[tuple[Rule, Any, Callable[[Any], None]]] = [
        (attributes, tag, lambda node: node.attributes.pop(A.Historizing)),
        (type_definition, signal, lambda node: _drop(node, HAS_TYPE)),
        (references, tag, lambda node: _drop(plant[plant.nodes.units["TT-301"]], HAS_COMPONENT)),
        (parents, tag, lambda node: _drop(node, HAS_COMPONENT)),
        (members, signal, lambda node: _drop(node, HAS_PROPERTY)),
        (values, tag, lambda node: _set(node, A.DataType, ua.NodeId(ID.String), ua.VariantType.NodeId)),
        (values, tag, lambda node: _set(node, A.UserAccessLevel, 3, ua.VariantType.Byte)),
        (values, tag, lambda node: _set(node, A.ValueRank, 1, ua.VariantType.Int32)),
        (names, tag, lambda node: _set(node, A.BrowseName, ua.QualifiedName("<Tag>", 2), ua.VariantType.QualifiedName)),
        (data_access, tag, lambda node: _drop(node, HAS_PROPERTY)),
        (methods, method, lambda node: _rename_argument(plant, node)),
        (notifiers, unit, lambda node: _set(node, A.EventNotifier, 0, ua.VariantType.Byte)),
    ]
    for rule, node, harm in sabotage:
        everybody = [node, plant[plant.nodes.units["TT-301"]]]
        kept = [(one, dict(one.attributes), one.references) for one in everybody]
        harm(node)
        found = list(rule(plant, node)) or broken(plant, rule)
        for one, its_attributes, its_references in kept:
            one.attributes, one.references = its_attributes, its_references
        assert found, rule.__name__
        assert list(rule(plant, node)) == []


def _drop(node: Any, kind: int) -> None:
    node.references = [found for found in node.references if found.ReferenceTypeId != ua.NodeId(kind)]


def _set(node: Any, attribute: ua.AttributeIds, value: Any, kind: ua.VariantType) -> None:
    node.attributes[attribute] = AttributeValue(ua.DataValue(ua.Variant(value, kind)))


def _rename_argument(space: ModelSpace, node: Any) -> None:
    """An argument that nobody explains."""
    node.references = [found for found in node.references if found.ReferenceTypeId != ua.NodeId(HAS_PROPERTY)]
    child = space[space.find("BAG-1", "content")]
    found = ua.ReferenceDescription(ua.NodeId(HAS_PROPERTY), True, child.nodeid, get(child, A.BrowseName))
    node.references.append(found)
