"""What the address space says of history: which nodes have one, how it is kept, which aggregates there are."""

from __future__ import annotations

from asyncua import ua
from asyncua.server.address_space import AddressSpace

from opcua_server.access import HISTORY_READ, HISTORY_WRITE
from opcua_server.aggregate_functions import OFFERED
from opcua_server.bounds import Bounds
from opcua_server.history_links import AGGREGATE_CONFIGURATION, Links, attribute, kind_of_setting
from opcua_server.nodes import PlantNodes
from twin.history import History

MOST_VALUES, MOST_EVENTS, MOST_NODES = 10_000, 1_000, 100
"""Values and events of a node in one response, nodes of a request."""

_IDS = ua.ObjectIds


def historize(
    space: AddressSpace, index: int, nodes: PlantNodes, history: History, period: float
) -> dict[ua.NodeId, str]:
    """Mark every tag as historized and describe how; returns the Annotations property of each tag, with its name.

    `period` is the time between two scans of the plant [s].
    """
    links = Links(space, index)
    configured: dict[tuple[bool, float], ua.NodeId] = {}
    notes = {}
    for nodeid, tag in nodes.tags.items():
        node = space[nodeid]
        for level in (ua.AttributeIds.AccessLevel, ua.AttributeIds.UserAccessLevel):
            old = node.attributes[level].value.Value.Value
            node.attributes[level] = attribute(old | HISTORY_READ, ua.VariantType.Byte)
        node.attributes[ua.AttributeIds.Historizing] = attribute(True, ua.VariantType.Boolean)
        band = round(100.0 * history.bands.get(tag.name, 0.0) / (tag.high - tag.low or 1.0), 9)
        like = tag.discrete, band
        if like not in configured:
            configured[like] = links.configuration(tag.discrete, band, max(history.interval, period), history)
        links.refer(node, configured[like], _IDS.HasHistoricalConfiguration)
        notes[links.annotations(node, HISTORY_READ | HISTORY_WRITE)] = tag.name
    _describe_server(space, links)
    return notes


def _describe_server(space: AddressSpace, links: Links) -> None:
    """Fill in HistoryServerCapabilities, the limits, and the folders of aggregates."""
    able = {"AccessHistoryData": True, "AccessHistoryEvents": True, "ServerTimestampSupported": True}
    able["InsertAnnotation"] = True
    for name in ("InsertData", "ReplaceData", "UpdateData", "DeleteRaw", "DeleteAtTime"):
        able[name] = False
    for name in ("InsertEvent", "ReplaceEvent", "UpdateEvent", "DeleteEvent"):
        able[name] = False
    for name, value in able.items():
        suffix = "" if name.endswith("Supported") else "Capability"
        links.set_value(getattr(_IDS, f"HistoryServerCapabilities_{name}{suffix}"), value, ua.VariantType.Boolean)
    numbers = {
        _IDS.HistoryServerCapabilities_MaxReturnDataValues: MOST_VALUES,
        _IDS.HistoryServerCapabilities_MaxReturnEventValues: MOST_EVENTS,
        _IDS.Server_ServerCapabilities_OperationLimits_MaxNodesPerHistoryReadData: MOST_NODES,
        _IDS.Server_ServerCapabilities_OperationLimits_MaxNodesPerHistoryReadEvents: MOST_NODES,
        _IDS.Server_ServerCapabilities_OperationLimits_MaxNodesPerHistoryUpdateData: Bounds.history_updates,
        _IDS.Server_ServerCapabilities_OperationLimits_MaxNodesPerHistoryUpdateEvents: Bounds.history_updates,
    }
    for number, limit in numbers.items():
        links.set_value(number, limit, ua.VariantType.UInt32)
    for owner in ("HAConfiguration", "DefaultHAConfiguration"):  # what UseServerCapabilitiesDefaults means
        for name, setting in AGGREGATE_CONFIGURATION.items():
            number = getattr(_IDS, f"{owner}_AggregateConfiguration_{name}")
            links.set_value(number, setting, kind_of_setting(setting))
    for folder in (
        _IDS.HistoryServerCapabilities_AggregateFunctions,
        _IDS.Server_ServerCapabilities_AggregateFunctions,
    ):
        for function in OFFERED:
            links.refer(space[ua.NodeId(folder)], ua.NodeId(function), _IDS.Organizes)
    server = space[ua.NodeId(_IDS.Server)]
    notifier = server.attributes[ua.AttributeIds.EventNotifier].value.Value.Value
    server.attributes[ua.AttributeIds.EventNotifier] = attribute(notifier | HISTORY_READ, ua.VariantType.Byte)
