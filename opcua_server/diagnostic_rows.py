"""Rows of the server's diagnostics: a session, who is logged in, a subscription (Part 5, 12.11 to 12.15)."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta

from asyncua import ua
from asyncua.ua.ua_binary import Primitives, nodeid_to_binary

from opcua_server.session import Session
from opcua_server.subscription import TagSubscription

IDS = ua.ObjectIds
WRAP = 0xFFFFFFFF
"""Counters travel as 32 bits: after months they begin again at zero."""
SECURITY_ROW = ua.NodeId(IDS.SessionSecurityDiagnosticsDataType_Encoding_DefaultBinary)

SERVICES = {
    found.name: getattr(IDS, f"{found.name.removesuffix('Count')}Request_Encoding_DefaultBinary")
    for found in fields(ua.SessionDiagnosticsDataType)
    if "ServiceCounter" in str(found.type) and found.name != "TotalRequestCount"
}
"""Fields of a session's diagnostics that count a service, and the number of its request."""


def session_row(found: Session) -> ua.SessionDiagnosticsDataType:
    """Of one session (Part 5, 12.11)."""
    tally, mine = found.tally, found.subscriptions()
    waiting = found.processor._publish_requests if found.processor is not None else ()
    counters = {name: _counter(tally.requests[n], tally.errors[n]) for name, n in SERVICES.items()}
    idle = timedelta(seconds=time.monotonic() - found._last_activity)
    return ua.SessionDiagnosticsDataType(
        SessionId=found.session_id,
        SessionName=tally.name,
        ClientDescription=tally.client,
        EndpointUrl=tally.endpoint,
        LocaleIds=list(found.locales),
        ActualSessionTimeout=1e3 * (found.session_timeout or 0.0),
        MaxResponseMessageSize=tally.most,
        ClientConnectionTime=tally.since,
        ClientLastContactTime=datetime.now(UTC) - idle,
        CurrentSubscriptionsCount=len(mine),
        CurrentMonitoredItemsCount=sum(each.monitored_item_srv.count() for each in mine),
        CurrentPublishRequestsInQueue=len(waiting),
        TotalRequestCount=_counter(tally.requests.total(), tally.errors.total()),
        UnauthorizedRequestCount=tally.unauthorized & WRAP,
        **counters,
    )


def _counter(total: int, errors: int) -> ua.ServiceCounterDataType:
    return ua.ServiceCounterDataType(total & WRAP, errors & WRAP)


def subscription_row(found: TagSubscription) -> ua.SubscriptionDiagnosticsDataType:
    """Of one subscription (Part 5, 12.15)."""
    data, items = found.data, found.monitored_item_srv
    told = Counter({name: number & WRAP for name, number in found.told.items()})
    return ua.SubscriptionDiagnosticsDataType(
        SessionId=found.session_id,
        SubscriptionId=data.SubscriptionId,
        PublishingInterval=data.RevisedPublishingInterval,
        MaxKeepAliveCount=data.RevisedMaxKeepAliveCount,
        MaxLifetimeCount=data.RevisedLifetimeCount,
        Priority=found.priority,
        MaxNotificationsPerPublish=found.most,
        PublishingEnabled=found._publishing_enabled,
        ModifyCount=told["modified"],
        EnableCount=told["enabled"],
        DisableCount=told["disabled"],
        RepublishRequestCount=told["asked again"],
        RepublishMessageRequestCount=told["asked again"],
        RepublishMessageCount=told["sent again"],
        TransferRequestCount=told["transferred"],
        TransferredToSameClientCount=told["transferred"],  # to nobody else
        PublishRequestCount=told["requests"],
        DataChangeNotificationsCount=told["changes"],
        EventNotificationsCount=told["events"],
        NotificationsCount=(told["changes"] + told["events"]) & WRAP,
        LatePublishRequestCount=told["late"],
        CurrentKeepAliveCount=found._keep_alive_count,
        CurrentLifetimeCount=found._publish_cycles_count,
        UnacknowledgedMessageCount=len(found.kept),
        DiscardedMessageCount=told["discarded"],
        MonitoredItemCount=items.count(),
        DisabledMonitoredItemCount=items.disabled(),
        MonitoringQueueOverflowCount=items.overflows & WRAP,
        EventQueueOverflowCount=told["overflows"],
        NextSequenceNumber=found._notification_seq,
    )


@dataclass(frozen=True)
class SecurityRow:
    """Who is logged in how (Part 5, 12.12); `ua.SessionSecurityDiagnosticsDataType` as asyncua should have it."""

    SessionId: ua.NodeId
    ClientUserIdOfSession: str
    ClientUserIdHistory: list[str]
    AuthenticationMechanism: str
    Encoding: str
    TransportProtocol: str
    SecurityMode: int
    SecurityPolicyUri: str
    ClientCertificate: bytes | None

    def encoded(self) -> ua.ExtensionObject:
        """Encoded here: asyncua's class takes the field Encoding for the mask of optional fields, and sends a byte."""
        text = Primitives.String.pack
        users = [text(user) for user in self.ClientUserIdHistory]
        body = [
            nodeid_to_binary(self.SessionId),
            text(self.ClientUserIdOfSession),
            *(Primitives.Int32.pack(len(users)), *users),
            *(text(self.AuthenticationMechanism), text(self.Encoding), text(self.TransportProtocol)),
            *(Primitives.Int32.pack(self.SecurityMode), text(self.SecurityPolicyUri)),
            Primitives.ByteString.pack(self.ClientCertificate),
        ]
        return ua.ExtensionObject(SECURITY_ROW, b"".join(body))


def security_row(found: Session) -> SecurityRow:
    """Of one session."""
    channel = found.processor._connection if found.processor is not None else None
    policy = channel.security_policy if channel is not None else None
    return SecurityRow(
        SessionId=found.session_id,
        ClientUserIdOfSession=found.user.name or "anonymous",
        ClientUserIdHistory=list(found.tally.users),
        AuthenticationMechanism=found.user.by,
        Encoding="UA Binary",
        TransportProtocol="http://opcfoundation.org/UA-Profile/Transport/uatcp-uasc-uabinary",
        SecurityMode=int(policy.Mode) if policy is not None else 0,
        SecurityPolicyUri=policy.URI if policy is not None else "",
        ClientCertificate=found.certificate,
    )
