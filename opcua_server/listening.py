"""asyncua's server with our listener, our sessions and our bounds in it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from asyncua import Server, ua
from asyncua.common.connection import TransportLimits

from opcua_server.access import Access
from opcua_server.bounds import Bounds
from opcua_server.browsing import Views
from opcua_server.certificates import application_uri, own_certificate
from opcua_server.guard import Guard
from opcua_server.monitored_items import QUEUE
from opcua_server.processor import Processor
from opcua_server.security import Security
from opcua_server.wire import Listener, Wire

IDS = ua.ObjectIds
ABLE = "Server_ServerCapabilities_"
LIMITS = f"{ABLE}OperationLimits_"
PUBLISHED = {
    f"{LIMITS}MaxNodesPerRead": "reads",
    f"{LIMITS}MaxNodesPerWrite": "writes",
    f"{LIMITS}MaxNodesPerMethodCall": "calls",
    f"{LIMITS}MaxNodesPerBrowse": "browses",
    f"{LIMITS}MaxNodesPerRegisterNodes": "numbers",
    f"{LIMITS}MaxNodesPerTranslateBrowsePathsToNodeIds": "paths",
    f"{LIMITS}MaxMonitoredItemsPerCall": "items_per_call",
    f"{LIMITS}MaxNodesPerHistoryReadData": "history_reads",
    f"{LIMITS}MaxNodesPerHistoryReadEvents": "history_reads",
    f"{ABLE}MaxBrowseContinuationPoints": "continuation_points",
    f"{ABLE}MaxSessions": "sessions",
    f"{ABLE}MaxSubscriptions": "subscriptions",
    f"{ABLE}MaxMonitoredItems": "items",
    f"{ABLE}MaxSubscriptionsPerSession": "subscriptions_per_session",
    f"{ABLE}MaxMonitoredItemsPerSubscription": "items_per_session",
    f"{ABLE}MaxArrayLength": "fields",
    f"{ABLE}MaxStringLength": "message",
    f"{ABLE}MaxByteStringLength": "message",
}
"""Where clients read the bounds (Part 5, 6.3.2 and 6.3.11)."""
PROFILES = [
    f"http://opcfoundation.org/UA-Profile/Server/{name}"
    for name in ("StandardUA2017", "DataAccess", "Methods", "StandardEventSubscription", "HistoricalRawData")
]
PRODUCT = "https://pypi.org/project/hetwin"


class GuardedServer(Server):
    """Serves as its guard allows."""

    def __init__(self, core: Any, security: Security, access: Access) -> None:
        super().__init__(iserver=core)
        self.security = security
        self.guard = Guard(security, core, access)
        bounds = security.bounds
        self.limits = TransportLimits(bounds.chunk, bounds.chunk, bounds.chunks, bounds.message)
        core.max_subscriptions = bounds.subscriptions
        core.max_unacked_messages_per_subscription = bounds.unacknowledged
        core.max_monitored_item_queue_size = bounds.event_queue
        core.view_service = Views(core.aspace)
        core.allow_remote_admin = False
        self.product_uri = PRODUCT
        self.application_type = ua.ApplicationType.Server
        core.disabled_clock = True  # Diagnostics tells the time when it is asked
        self.set_security_policy(security.policies)
        self.set_identity_tokens(security.tokens)

    async def identify(self, name: str, host: str) -> None:
        """Say who the server is: the name in its certificate, if it has one."""
        uri = "urn:hetwin:server"
        if self.security.pki is not None:
            self.iserver.certificate, self.iserver.private_key = own_certificate(self.security.pki / "own", name, host)
            uri = application_uri(self.iserver.certificate)
        await self.set_application_uri(uri)

    def publish_abilities(self, period: float) -> None:
        """Fill in ServerCapabilities; `period` [s] is that of the scans."""
        publish_abilities(self.iserver.aspace, self.security.bounds, period)

    async def start(self) -> None:
        """Listen on the network."""
        await self._setup_server_nodes()
        await self.iserver.start()
        host, port = self._get_bind_socket_info()
        self.bserver = Listener(
            *(self.iserver, host, port, self.limits),
            bounds=self.security.bounds,
            make=self._processor,
            told=self.guard.channel,
            every_second=self.guard.sync,
        )
        self.bserver.set_policies(self._policies)
        try:
            await self.bserver.start()
        except OSError:
            await self.iserver.stop()
            self.guard.close()
            raise

    async def stop(self) -> None:
        await super().stop()
        self.guard.close()

    def _processor(self, wire: Wire) -> Processor:
        return Processor(wire, self.guard, self.limits)


def publish_abilities(space: Any, bounds: Bounds, period: float) -> None:
    """Write the bounds, and what else the server is able to do, where clients look for it."""
    small = ua.VariantType.UInt16
    for name, bound in PUBLISHED.items():
        kind = small if name.endswith("ContinuationPoints") else ua.VariantType.UInt32
        _set(space, name, ua.Variant(getattr(bounds, bound), kind))
    _set(space, f"{ABLE}MaxMonitoredItemsQueueSize", ua.Variant(QUEUE, ua.VariantType.UInt32))
    _set(space, f"{ABLE}MaxQueryContinuationPoints", ua.Variant(0, small))
    _set(space, f"{ABLE}MinSupportedSampleRate", ua.Variant(1e3 * period, ua.VariantType.Double))
    _set(space, f"{ABLE}ServerProfileArray", ua.Variant(PROFILES, ua.VariantType.String))


def _set(space: Any, name: str, value: ua.Variant) -> None:
    found = ua.DataValue(value, SourceTimestamp=datetime.now(UTC))
    space[ua.NodeId(getattr(IDS, name))].attributes[ua.AttributeIds.Value].value = found
