"""The nodes of conditions: one object per alarm under its unit, its fields as variables of the standard's types.

A condition has some fifty variables. They are made when somebody browses the condition or asks for one of them, so that
a thousand alarms cost a thousand nodes at the start and not fifty thousand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from asyncua import ua
from asyncua.server.address_space import AddressSpace, NodeData

from opcua_server.companion import DI
from opcua_server.condition_fields import CLASSES, TWO_STATES, Condition, condition_type, health_alarm_type
from opcua_server.event_filter import OWN
from opcua_server.nodes import COMPONENT, FOLDER, ORGANIZES, PROPERTY, PROPERTY_TYPE, PlantNodes
from opcua_server.where import Fields
from twin.alarms.catalogue import Alarm

IDS = ua.ObjectIds
SERVER = ua.NodeId(IDS.Server)
HAS_NOTIFIER, HAS_CONDITION = ua.NodeId(IDS.HasNotifier), ua.NodeId(IDS.HasCondition)
MARK = "/alarm"
"""How the node id of a condition ends: ns=2;s=BAG-1.filling/alarm; its fields follow after a slash."""

TYPES = {name: ua.NodeId(IDS.TwoStateVariableType) for name in TWO_STATES} | {
    "Quality": ua.NodeId(IDS.ConditionVariableType),
    "LastSeverity": ua.NodeId(IDS.ConditionVariableType),
    "Comment": ua.NodeId(IDS.ConditionVariableType),
    "CurrentState": ua.NodeId(IDS.FiniteStateVariableType),
}
DATA_TYPES = dict.fromkeys(("Time", "ReceiveTime", "SourceTimestamp"), IDS.UtcTime) | dict.fromkeys(
    ("MaxTimeShelved", "OnDelay", "OffDelay", "ExpectedTime", "UnshelveTime"), IDS.Duration
)
"""Of fields whose data type is narrower than how they travel."""
MACHINES = {
    "ShelvingState": ua.NodeId(IDS.ShelvedStateMachineType),
    "LimitState": ua.NodeId(IDS.ExclusiveLimitStateMachineType),
}
METHODS = tuple(
    ua.NodeId(number)
    for number in (
        *(IDS.ConditionType_Enable, IDS.ConditionType_Disable, IDS.ConditionType_AddComment),
        *(IDS.AcknowledgeableConditionType_Acknowledge, IDS.AcknowledgeableConditionType_Confirm),
        *(IDS.AlarmConditionType_Suppress, IDS.AlarmConditionType_Suppress2),
        *(IDS.AlarmConditionType_Unsuppress, IDS.AlarmConditionType_Unsuppress2),
        *(IDS.AlarmConditionType_RemoveFromService, IDS.AlarmConditionType_RemoveFromService2),
        *(IDS.AlarmConditionType_PlaceInService, IDS.AlarmConditionType_PlaceInService2),
        *(IDS.AlarmConditionType_Reset, IDS.AlarmConditionType_Reset2),
    )
)
SHELVE_METHODS = tuple(
    ua.NodeId(number)
    for number in (
        *(IDS.AlarmConditionType_ShelvingState_TimedShelve, IDS.AlarmConditionType_ShelvingState_TimedShelve2),
        *(IDS.AlarmConditionType_ShelvingState_OneShotShelve, IDS.AlarmConditionType_ShelvingState_OneShotShelve2),
        *(IDS.AlarmConditionType_ShelvingState_Unshelve, IDS.AlarmConditionType_ShelvingState_Unshelve2),
    )
)
"""Methods are those of the type, shared by all conditions."""

SHELVING_STATE = ua.NodeId(IDS.AlarmConditionType_ShelvingState)
MACHINE, ALARM = "ShelvedStateMachineType", "AlarmConditionType_ShelvingState"
SECOND_SHELVING = ("TimedShelve2", "OneShotShelve2", "Unshelve2")

Read = Callable[[Condition], Fields]


class ConditionNode(NodeData):
    """A condition whose references to its fields are made when they are first looked at."""

    def __init__(self, nodeid: ua.NodeId, unfold: Callable[[ConditionNode], None]) -> None:
        self._unfold: Callable[[ConditionNode], None] | None = None
        super().__init__(nodeid)
        self._unfold = unfold

    @property
    def references(self) -> list[ua.ReferenceDescription]:
        if self._unfold is not None:
            unfold, self._unfold = self._unfold, None
            unfold(self)
        return self._references

    @references.setter
    def references(self, references: list[ua.ReferenceDescription]) -> None:
        self._references = references


class ConditionNodes:
    """Adds conditions to the nodes of a plant; `read` gives the present fields of one."""

    def __init__(self, space: AddressSpace, nodes: PlantNodes, alarms: Sequence[Alarm], read: Read) -> None:
        self._space, self._writer, self._read = space, nodes.writer, read
        self._units = nodes.units
        self._folded: dict[str, ConditionNode] = {}
        self._complete_shelving()
        self.conditions = [self._condition(row, alarm, nodes) for row, alarm in enumerate(alarms)]
        self.by_node = {condition.node: condition for condition in self.conditions}
        self._connect_notifiers(nodes)
        for number, _, japanese in CLASSES.values():
            self._writer.japanese.names[ua.NodeId(number)] = (japanese, "")
        space._nodes.make = self._make

    def _complete_shelving(self) -> None:
        """Shelving with a comment, which asyncua's set of nodes has at the type of the state machine alone.

        Clients call the methods of the alarm's type too (Part 9, 5.8.17).
        """
        for name in SECOND_SHELVING:
            method, inputs = _shelving(ALARM, name), f"{name}_InputArguments"
            self._writer.again(_shelving(MACHINE, name), method, SHELVING_STATE, COMPONENT, None)
            inputs_again = _shelving(ALARM, inputs)
            self._writer.again(_shelving(MACHINE, inputs), inputs_again, method, PROPERTY, PROPERTY_TYPE)

    def find(self, node: ua.NodeId) -> Condition | None:
        """The condition that a node is, or whose part it is (its shelving state)."""
        return self.by_node.get(condition_of(node))

    def _condition(self, row: int, alarm: Alarm, nodes: PlantNodes) -> Condition:
        source = nodes.units[alarm.unit]
        index = source.NamespaceIndex
        node = ConditionNode(ua.NodeId(alarm.name + MARK, index), self._unfold)
        unfold, node._unfold = node._unfold, None  # not while it is being put in its place
        kind = health_alarm_type(alarm, nodes.ailing) or condition_type(alarm)
        self._writer.object(node, source, f"{alarm.name} alarm", alarm.text, kind)
        self._writer.japanese.names[node.nodeid] = (f"{alarm.name} 警報", alarm.text_ja)
        self._writer.refer(source, HAS_CONDITION, node.nodeid)
        if kind.NamespaceIndex == DI:
            folder = self._writer.component(source, "DeviceHealthAlarms", FOLDER, DI)
            self._writer.refer(folder, ORGANIZES, node.nodeid)
        node._unfold = unfold
        self._folded[node.nodeid.Identifier] = node
        area = ua.NodeId(f"{nodes.root.Identifier}/{alarm.area}", index)
        watched = ua.NodeId(alarm.tag.name, index) if alarm.tag else ua.NodeId()
        notifiers = frozenset({SERVER, nodes.root, source, *([area] if alarm.area else [])})
        return Condition(row, alarm, node.nodeid, source, watched, notifiers, kind)

    def _connect_notifiers(self, nodes: PlantNodes) -> None:
        """Server, plant, areas and units hand on each other's events (Part 3, 7.18)."""
        ways = {(SERVER, nodes.root)}
        for condition in self.conditions:
            area = next(iter(condition.notifiers - {SERVER, nodes.root, condition.source}), None)
            ways |= {(nodes.root, area), (area, condition.source)} if area else {(nodes.root, condition.source)}
        for above, below in sorted(ways, key=str):
            self._writer.refer(above, HAS_NOTIFIER, below)
            self._writer.notify(above)
            self._writer.notify(below)

    def _make(self, nodeid: ua.NodeId | None) -> None:
        """Unfold the condition that a node belongs to; None: all of them."""
        if nodeid is None:
            for node in list(self._folded.values()):
                _ = node.references
        elif isinstance(nodeid.Identifier, str) and MARK in nodeid.Identifier:
            name, mark, _ = nodeid.Identifier.partition(MARK)
            if name + mark in self._folded:
                _ = self._folded[name + mark].references

    def _unfold(self, node: ConditionNode) -> None:
        """Add the fields of a condition, and the methods of its type."""
        del self._folded[node.nodeid.Identifier]
        condition = self.by_node[node.nodeid]
        owners: dict[str, NodeData] = {"": node}
        for path, value in self._read(condition).items():
            if path != "NodeId":
                self._add_field(condition, owners, path, value.VariantType)
        for owner, methods in ((node, METHODS), (owners["ShelvingState"], SHELVE_METHODS)):
            for method in methods:
                if method in self._space:
                    self._writer.refer(owner.nodeid, COMPONENT, method, back=False)

    def _add_field(
        self, condition: Condition, owners: dict[str, NodeData], path: str, data_type: ua.VariantType
    ) -> None:
        above, _, name = path.rpartition("/")
        if above in MACHINES and above not in owners:
            owners[above] = self._writer.part(owners[""], above, MACHINES[above])
        if name == "CurrentState":
            data_type = ua.VariantType.LocalizedText
        narrow = ua.NodeId(DATA_TYPES.get(name, data_type.value))
        kind = TYPES.get(name, PROPERTY_TYPE)
        reference = PROPERTY if kind is PROPERTY_TYPE else COMPONENT
        node = owners[path] = self._writer.member(owners[above], name, kind, reference, narrow, name in OWN)

        def read(nodeid: ua.NodeId, attribute: ua.AttributeIds) -> ua.DataValue:
            return ua.DataValue(self._read(condition).get(path, ua.Variant()))

        node.attributes[ua.AttributeIds.Value].value_callback = read


def condition_of(node: ua.NodeId) -> ua.NodeId:
    """The condition that a node is or is a part of; any other node is itself."""
    name, mark, _ = str(node.Identifier).partition(MARK)
    return ua.NodeId(name + mark, node.NamespaceIndex) if mark else node


def _shelving(place: str, name: str) -> ua.NodeId:
    """A node of the standard that belongs to shelving."""
    return ua.NodeId(getattr(IDS, f"{place}_{name}"))
