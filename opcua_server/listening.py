"""asyncua's server with our listener, our sessions and our bounds in it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from asyncua import Server, ua
from asyncua.common.connection import TransportLimits
from asyncua.server.address_space import AttributeService

from opcua_server.access import Access
from opcua_server.bounds import Bounds
from opcua_server.browsing import Views
from opcua_server.certificates import application_uri, own_certificate
from opcua_server.guard import Guard
from opcua_server.processor import Processor
from opcua_server.security import Security
from opcua_server.wire import Listener, Wire

IDS = ua.ObjectIds
LIMITS = "Server_ServerCapabilities_OperationLimits_"
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
    "Server_ServerCapabilities_MaxBrowseContinuationPoints": "continuation_points",
    "Server_ServerCapabilities_MaxHistoryContinuationPoints": "history_points",
    "Server_ServerCapabilities_MaxSessions": "sessions",
    "Server_ServerCapabilities_MaxSubscriptions": "subscriptions",
    "Server_ServerCapabilities_MaxMonitoredItems": "items",
    "Server_ServerCapabilities_MaxSubscriptionsPerSession": "subscriptions_per_session",
}
"""Where clients read the bounds (Part 5, 6.3.2 and 6.3.11)."""


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

    async def publish_bounds(self) -> None:
        """Fill in ServerCapabilities."""
        await publish_bounds(self.iserver.aspace, self.security.bounds)

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


async def publish_bounds(space: Any, bounds: Bounds) -> None:
    """Write the bounds where clients look for them."""
    service = AttributeService(space)
    for name, bound in PUBLISHED.items():
        nodeid = ua.NodeId(getattr(IDS, name))
        stored = service.read(ua.ReadParameters(NodesToRead=[ua.ReadValueId(nodeid, ua.AttributeIds.Value)]))[0]
        kind = stored.Value.VariantType if stored.Value is not None else ua.VariantType.Null
        if kind == ua.VariantType.Null:
            kind = ua.VariantType.UInt16 if "ContinuationPoints" in name else ua.VariantType.UInt32
        value = ua.DataValue(ua.Variant(getattr(bounds, bound), kind), SourceTimestamp=datetime.now(UTC))
        await space.write_attribute_value(nodeid, ua.AttributeIds.Value, value)
