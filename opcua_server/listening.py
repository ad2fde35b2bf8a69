"""asyncua's server with our listener, our sessions and our bounds in it."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from asyncua import Server, ua
from asyncua.common.connection import TransportLimits
from cryptography.hazmat.primitives import serialization

from opcua_server.access import Access
from opcua_server.bounds import Bounds
from opcua_server.browsing import Views
from opcua_server.certificates import application_uri, expiry_warning, host_names, own_certificate, thumbprint
from opcua_server.decisions import Decisions
from opcua_server.guard import Guard
from opcua_server.monitored_items import QUEUE
from opcua_server.processor import Processor
from opcua_server.security import Security, note_audit
from opcua_server.wire import Listener, Wire

LOOK = 1.0
"""Between two looks at what was decided on disk [s]."""
EVERYWHERE = ("0.0.0.0", "::")
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
    f"{ABLE}MaxHistoryContinuationPoints": "history_points",
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
NO_LIMIT = 0
"""In a property of ServerCapabilities (Part 5, 6.3.2)."""
PRODUCT = "https://pypi.org/project/hetwin"


log = logging.getLogger(__name__)


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
        self._name, self._host = name, host
        uri = "urn:hetwin:server"
        if self.security.pki is not None:
            self.iserver.certificate, self.iserver.private_key = own_certificate(self.security.pki / "own", name, host)
            uri = application_uri(self.iserver.certificate)
            if self.security.audit is not None:
                note_audit(self.security.pki, self.security.audit)
            if host not in (*host_names(self.iserver.certificate), *EVERYWHERE):
                log.warning(
                    "The server's certificate does not name %s, and clients that check will not connect; "
                    "`hetwin trust renew --host %s` adds it.",
                    *(host, host),
                )
        await self.set_application_uri(uri)

    def publish_abilities(self, period: float) -> None:
        """Fill in ServerCapabilities; `period` [s] is that of the scans."""
        publish_abilities(self.iserver.aspace, self.security.bounds, period)

    async def start(self) -> None:
        """Listen on the network."""
        await self._setup_server_nodes()
        self._forget_when_it_started()
        await self.iserver.start()
        host, port = self._get_bind_socket_info()
        self.bserver = Listener(
            *(self.iserver, host, port, self.limits),
            bounds=self.security.bounds,
            make=self._processor,
            told=self.guard.channel,
        )
        self.bserver.set_policies(self._policies)
        try:
            await self.bserver.start()
        except OSError:
            await self.iserver.stop()
            self.guard.close_log()
            raise
        self.guard.server("server started", endpoint=self.endpoint.geturl(), secured=self.security.secured)
        self._watch = asyncio.create_task(self._look(), name="guard")

    def _forget_when_it_started(self) -> None:
        """What the server says of itself is known to be so whenever it is read, not when it was written."""
        for node in self.iserver.aspace._nodes.made():
            stored = node.attributes.get(ua.AttributeIds.Value)
            if stored is not None and stored.value is not None:
                stored.value.ServerTimestamp = None

    async def stop(self) -> None:
        self._watch.cancel()
        with suppress(asyncio.CancelledError):
            await self._watch
        await super().stop()
        self.guard.server("server stopped")
        self.guard.close_log()

    async def _look(self) -> None:
        """Once a second: follow what was decided on disk, and bring the audit log to the disk."""
        pki = self.security.pki
        decisions = Decisions(pki, self.guard, lambda: self.bserver.clients, self._take_certificate) if pki else None
        warned = ""
        while True:
            if (warning := self.certificate_warning()) != warned:
                warned = warning
                log.warning("%s", warning or "The server's certificate is renewed.")
            await asyncio.sleep(LOOK)
            if decisions is not None:
                await decisions.look()
            await self.guard.release()
            await asyncio.to_thread(self.guard.tend_log)

    def certificate_warning(self) -> str:
        """A sentence when the server's certificate is about to expire; else empty."""
        certificate = self.iserver.certificate
        return "" if certificate is None else expiry_warning(certificate)

    def _take_certificate(self) -> None:
        """Show a certificate that was renewed to whoever connects from now on."""
        assert self.security.pki is not None
        core, folder = self.iserver, self.security.pki / "own"
        core.certificate, core.private_key = own_certificate(folder, self._name, self._host)
        for factory in self.bserver._policies:
            factory.certificate, factory.private_key = core.certificate, core.private_key
        for endpoint in core.endpoints:
            endpoint.ServerCertificate = core.certificate.public_bytes(serialization.Encoding.DER)
        self.guard.server("certificate taken", certificate=thumbprint(core.certificate))
        log.info("The certificate was renewed; who connects from now on sees %s.", thumbprint(core.certificate))

    def _processor(self, wire: Wire) -> Processor:
        return Processor(wire, self.guard, self.limits)


def publish_abilities(space: Any, bounds: Bounds, period: float) -> None:
    """Write the bounds, and what else the server is able to do, where clients look for it."""
    small = ua.VariantType.UInt16
    for name, bound in PUBLISHED.items():
        kind = small if name.endswith("ContinuationPoints") else ua.VariantType.UInt32
        _set(space, name, ua.Variant(getattr(bounds, bound), kind))
    _set(space, f"{ABLE}MaxMonitoredItemsQueueSize", ua.Variant(QUEUE, ua.VariantType.UInt32))
    for clauses in ("MaxSelectClauseParameters", "MaxWhereClauseParameters"):
        _set(space, f"{ABLE}{clauses}", ua.Variant(NO_LIMIT, ua.VariantType.UInt32))
    _set(space, f"{ABLE}MaxQueryContinuationPoints", ua.Variant(0, small))
    _set(space, f"{ABLE}MinSupportedSampleRate", ua.Variant(1e3 * period, ua.VariantType.Double))
    _set(space, f"{ABLE}ServerProfileArray", ua.Variant(PROFILES, ua.VariantType.String))
    _set(space, f"{ABLE}ConformanceUnits", ua.Variant([], ua.VariantType.QualifiedName, is_array=True))
    since = int((datetime.now(UTC) - datetime(2000, 1, 1, tzinfo=UTC)).total_seconds())
    _set(space, "Server_UrisVersion", ua.Variant(since, ua.VariantType.UInt32))  # VersionTime (Part 4, 7.44)


def _set(space: Any, name: str, value: ua.Variant) -> None:
    found = ua.DataValue(value, SourceTimestamp=datetime.now(UTC))
    space[ua.NodeId(getattr(IDS, name))].attributes[ua.AttributeIds.Value].value = found
