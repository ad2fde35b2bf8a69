"""The services of a session (Part 4): what is decoded, how much of it is allowed, who does it, where answers go."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from asyncua import ua
from asyncua.common.utils import Buffer

IDS = ua.ObjectIds
COUNT = struct.Struct("<i")


@dataclass(frozen=True)
class Service:
    """One service: `items` of its parameters are counted against the bound `most`; results go to `place`.

    `before` are the bytes of the parameters before the number of items; None where they are not always as many.
    """

    params: type
    response: type
    do: Callable[[Any, Any], Any]
    items: str
    most: str
    place: str = "Results"
    before: int | None = None

    def announced(self, body: Buffer) -> int:
        """How many operations a request says that it has, before it is decoded; 0 if that is not to be seen."""
        if self.before is None or len(body) < self.before + COUNT.size:
            return 0
        return int(COUNT.unpack_from(body._data, body.cur_pos + self.before)[0])

    def count(self, params: Any) -> int:
        """How many operations are asked for; `items` may be several fields, with spaces."""
        return sum(len(getattr(params, name) or ()) for name in self.items.split()) if self.items else 1

    def answer(self, results: Any) -> Any:
        """The response that holds the results."""
        response = self.response()
        *path, last = self.place.split(".")
        owner = response
        for name in path:
            owner = getattr(owner, name)
        setattr(owner, last, results)
        return response


IN, PARAMETERS = "Parameters.Results", "Parameters"

SERVICES: dict[int, Service] = {
    IDS.ReadRequest_Encoding_DefaultBinary: Service(
        ua.ReadParameters,
        ua.ReadResponse,
        lambda s, p: s.read(p),
        "NodesToRead",
        "reads",
        before=12,
    ),
    IDS.WriteRequest_Encoding_DefaultBinary: Service(
        ua.WriteParameters,
        ua.WriteResponse,
        lambda s, p: s.write(p),
        "NodesToWrite",
        "writes",
        before=0,
    ),
    IDS.CallRequest_Encoding_DefaultBinary: Service(
        ua.CallParameters,
        ua.CallResponse,
        lambda s, p: s.call(p.MethodsToCall),
        "MethodsToCall",
        "calls",
        before=0,
    ),
    IDS.BrowseRequest_Encoding_DefaultBinary: Service(
        ua.BrowseParameters, ua.BrowseResponse, lambda s, p: s.browse(p), "NodesToBrowse", "browses"
    ),
    IDS.BrowseNextRequest_Encoding_DefaultBinary: Service(
        ua.BrowseNextParameters,
        ua.BrowseNextResponse,
        lambda s, p: s.browse_next(p),
        "ContinuationPoints",
        "browses",
        IN,
        before=1,
    ),
    IDS.TranslateBrowsePathsToNodeIdsRequest_Encoding_DefaultBinary: Service(
        ua.TranslateBrowsePathsToNodeIdsParameters,
        ua.TranslateBrowsePathsToNodeIdsResponse,
        lambda s, p: s.translate_browsepaths_to_nodeids(p.BrowsePaths),
        "BrowsePaths",
        "paths",
        before=0,
    ),
    IDS.HistoryReadRequest_Encoding_DefaultBinary: Service(
        ua.HistoryReadParameters, ua.HistoryReadResponse, lambda s, p: s.history_read(p), "NodesToRead", "history_reads"
    ),
    IDS.HistoryUpdateRequest_Encoding_DefaultBinary: Service(
        ua.HistoryUpdateParameters,
        ua.HistoryUpdateResponse,
        lambda s, p: s.history_update(p),
        "HistoryUpdateDetails",
        "history_updates",
        before=0,
    ),
    IDS.ModifySubscriptionRequest_Encoding_DefaultBinary: Service(
        ua.ModifySubscriptionParameters,
        ua.ModifySubscriptionResponse,
        lambda s, p: s.modify_subscription(p),
        "",
        "numbers",
        PARAMETERS,
    ),
    IDS.DeleteSubscriptionsRequest_Encoding_DefaultBinary: Service(
        ua.DeleteSubscriptionsParameters,
        ua.DeleteSubscriptionsResponse,
        lambda s, p: s.delete_subscriptions(p.SubscriptionIds),
        "SubscriptionIds",
        "numbers",
        before=0,
    ),
    IDS.SetPublishingModeRequest_Encoding_DefaultBinary: Service(
        ua.SetPublishingModeParameters,
        ua.SetPublishingModeResponse,
        lambda s, p: s.set_publishing_mode(p),
        "SubscriptionIds",
        "numbers",
        IN,
        before=1,
    ),
    IDS.CreateMonitoredItemsRequest_Encoding_DefaultBinary: Service(
        ua.CreateMonitoredItemsParameters,
        ua.CreateMonitoredItemsResponse,
        lambda s, p: s.create_monitored_items(p),
        "ItemsToCreate",
        "items_per_call",
        before=8,
    ),
    IDS.ModifyMonitoredItemsRequest_Encoding_DefaultBinary: Service(
        ua.ModifyMonitoredItemsParameters,
        ua.ModifyMonitoredItemsResponse,
        lambda s, p: s.modify_monitored_items(p),
        "ItemsToModify",
        "items_per_call",
        before=8,
    ),
    IDS.SetMonitoringModeRequest_Encoding_DefaultBinary: Service(
        ua.SetMonitoringModeParameters,
        ua.SetMonitoringModeResponse,
        lambda s, p: s.set_monitoring_mode(p),
        "MonitoredItemIds",
        "items_per_call",
        IN,
        before=8,
    ),
    IDS.SetTriggeringRequest_Encoding_DefaultBinary: Service(
        ua.SetTriggeringParameters,
        ua.SetTriggeringResponse,
        lambda s, p: s.set_triggering(p),
        "LinksToAdd LinksToRemove",
        "items_per_call",
        PARAMETERS,
    ),
    IDS.DeleteMonitoredItemsRequest_Encoding_DefaultBinary: Service(
        ua.DeleteMonitoredItemsParameters,
        ua.DeleteMonitoredItemsResponse,
        lambda s, p: s.delete_monitored_items(p),
        "MonitoredItemIds",
        "items_per_call",
        before=4,
    ),
    IDS.RepublishRequest_Encoding_DefaultBinary: Service(
        ua.RepublishParameters,
        ua.RepublishResponse,
        lambda s, p: s.republish(p),
        "",
        "numbers",
        "NotificationMessage",
    ),
    IDS.RegisterNodesRequest_Encoding_DefaultBinary: Service(
        ua.RegisterNodesParameters,
        ua.RegisterNodesResponse,
        lambda s, p: p.NodesToRegister,
        "NodesToRegister",
        "numbers",
        "Parameters.RegisteredNodeIds",
        before=0,
    ),
    IDS.UnregisterNodesRequest_Encoding_DefaultBinary: Service(
        ua.UnregisterNodesParameters,
        ua.UnregisterNodesResponse,
        lambda s, p: ua.ResponseHeader(),
        "NodesToUnregister",
        "numbers",
        "ResponseHeader",
        before=0,
    ),
}
"""By the number of their encoding. Adding and deleting nodes is no service of this server."""
