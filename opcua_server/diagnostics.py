"""What the server says about itself: ServerStatus, ServiceLevel, ServerDiagnostics (Part 5, 6.3 and 12).

Every value is made when somebody reads it. Who subscribes is told once a second, if anything has changed.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from copy import copy
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

from asyncua import ua
from asyncua.ua.ua_binary import Primitives, nodeid_to_binary

from opcua_server.access import Role
from opcua_server.caller import caller
from opcua_server.guard import Guard
from opcua_server.health import Health
from opcua_server.session import Session
from opcua_server.subscriptions import TagSubscription, TagSubscriptions

IDS, KINDS = ua.ObjectIds, ua.VariantType
LOOK = 1.0
"""Between two looks at what subscribers have not been told [s]."""
SUMMARY = "Server_ServerDiagnostics_ServerDiagnosticsSummary"
SESSIONS = "Server_ServerDiagnostics_SessionsDiagnosticsSummary_Session"
SECRET = f"{SESSIONS}SecurityDiagnosticsArray"

SECURITY_ROW = ua.NodeId(IDS.SessionSecurityDiagnosticsDataType_Encoding_DefaultBinary)

SERVICES = {
    found.name: getattr(IDS, f"{found.name.removesuffix('Count')}Request_Encoding_DefaultBinary")
    for found in fields(ua.SessionDiagnosticsDataType)
    if "ServiceCounter" in str(found.type) and found.name != "TotalRequestCount"
}
"""Fields of a session's diagnostics that count a service, and the number of its request."""

Answer = Callable[[], Any]
log = logging.getLogger(__name__)


class Diagnostics:
    """Of one running server; `health` says how well it serves."""

    def __init__(self, core: Any, guard: Guard, subscriptions: TagSubscriptions, health: Callable[[], Health]) -> None:
        self.shutdown: datetime | None = None
        """When the server is going to stop."""
        self._core, self._guard, self._subscriptions, self._health = core, guard, subscriptions, health
        self._reason = ""
        self._back: datetime | None = None
        self._told: dict[str, Any] = {}
        self._started = datetime.now(UTC)
        self._build: Any = None
        self._answers = self._status() | self._diagnostics()

    def install(self) -> None:
        """After the server has started: answer from here."""
        status = self._attribute("Server_ServerStatus").value
        self._build = copy(status.Value.Value.BuildInfo) if status is not None else ua.BuildInfo()
        for name, (kind, answer) in self._answers.items():
            self._attribute(name).value_callback = _reading(kind, answer)

    def announce(self, seconds: float, reason: str, away: float | None) -> None:
        """Say that the server stops in so many seconds, and for how long it expects to be away [s]."""
        self.shutdown = datetime.now(UTC) + timedelta(seconds=seconds)
        self._reason = reason
        self._back = None if away is None else self.shutdown + timedelta(seconds=away)

    async def run(self) -> None:
        """Tell subscribers what has changed, until cancelled."""
        while True:
            await asyncio.sleep(LOOK)
            await self.tell()

    async def tell(self) -> None:
        """Tell them now."""
        for name, (kind, answer) in self._answers.items():
            callbacks = self._attribute(name).datachange_callbacks
            if not callbacks:
                self._told.pop(name, None)
                continue
            value = _reading(kind, answer)(None, None)
            if self._told.get(name) == value.Value:
                continue
            self._told[name] = value.Value
            for handle, callback in list(callbacks.items()):
                with suppress(KeyError):  # unsubscribed while another was told
                    await callback(handle, value)

    def _attribute(self, name: str) -> Any:
        return self._core.aspace[ua.NodeId(getattr(IDS, name))].attributes[ua.AttributeIds.Value]

    def load(self) -> dict[str, int]:
        """Sessions, subscriptions and monitored items now, notifications and requests since the start."""
        told = self._subscriptions.told
        return {
            "sessions": len(self._guard.sessions()),
            "subscriptions": len(self._subscriptions.clients()),
            "items": self._guard.items(),
            "notifications": told["changes"] + told["events"],
            "requests": self._guard.tally.requests["all"],
            "requests rejected": self._guard.tally.requests["rejected"],
        }

    def events(self) -> dict[str, int]:
        """What happened since the start: logins and writes, done and refused, and the like."""
        return dict(self._guard.tally.events)

    # --- status ------------------------------------------------------------------------------------------------------

    def _status(self) -> dict[str, tuple[Any, Answer]]:
        at = "Server_ServerStatus"
        return {
            at: (KINDS.ExtensionObject, self._server_status),
            f"{at}_State": (KINDS.Int32, lambda: int(self._state())),
            f"{at}_StartTime": (KINDS.DateTime, lambda: self._started),
            f"{at}_CurrentTime": (KINDS.DateTime, lambda: datetime.now(UTC)),
            f"{at}_SecondsTillShutdown": (KINDS.UInt32, self._seconds_left),
            f"{at}_ShutdownReason": (KINDS.LocalizedText, self._why),
            "Server_Auditing": (KINDS.Boolean, lambda: True),
            "Server_ServiceLevel": (KINDS.Byte, lambda: self._health().level),
            "Server_EstimatedReturnTime": (KINDS.DateTime, lambda: self._back or ua.win_epoch_to_datetime(0)),
            "Server_ServerRedundancy_RedundancySupport": (KINDS.Int32, lambda: int(ua.RedundancySupport.None_)),
            "Server_ServerDiagnostics_EnabledFlag": (KINDS.Boolean, lambda: True),
        }

    def _server_status(self) -> ua.ServerStatusDataType:
        return ua.ServerStatusDataType(
            self._started, datetime.now(UTC), self._state(), self._build, self._seconds_left(), self._why()
        )

    def _state(self) -> ua.ServerState:
        return ua.ServerState.Running if self.shutdown is None else ua.ServerState.Shutdown

    def _seconds_left(self) -> int:
        left = (self.shutdown - datetime.now(UTC)).total_seconds() if self.shutdown is not None else 0.0
        return max(round(left), 0)

    def _why(self) -> ua.LocalizedText:
        return ua.LocalizedText(self._reason, "en") if self._reason else ua.LocalizedText()

    # --- diagnostics -------------------------------------------------------------------------------------------------

    def _diagnostics(self) -> dict[str, tuple[Any, Answer]]:
        counters = {
            f"{SUMMARY}_{found.name}": (KINDS.UInt32, lambda name=found.name: getattr(self.summary(), name))
            for found in fields(ua.ServerDiagnosticsSummaryDataType)
        }
        return {
            SUMMARY: (KINDS.ExtensionObject, self.summary),
            **counters,
            f"{SESSIONS}DiagnosticsArray": (KINDS.ExtensionObject, self.sessions),
            SECRET: (KINDS.ExtensionObject, self._secrets),
            "Server_ServerDiagnostics_SubscriptionDiagnosticsArray": (KINDS.ExtensionObject, self.subscriptions),
        }

    def summary(self) -> ua.ServerDiagnosticsSummaryDataType:
        """Counts since the start (Part 5, 12.9)."""
        events, requests = self._guard.tally.events, self._guard.tally.requests
        clients = self._subscriptions.clients()
        insecure = events["login refused"] + events["certificate refused"]
        return ua.ServerDiagnosticsSummaryDataType(
            CurrentSessionCount=len(self._guard.sessions()),
            CumulatedSessionCount=events["session created"],
            SecurityRejectedSessionCount=insecure,
            RejectedSessionCount=insecure + events["session refused"],
            SessionTimeoutCount=events["session timed out"],
            SessionAbortCount=events["session aborted"],
            CurrentSubscriptionCount=len(clients),
            CumulatedSubscriptionCount=self._subscriptions.made,
            PublishingIntervalCount=len({found.interval for found in clients}),
            SecurityRejectedRequestsCount=requests["rejected for security"],
            RejectedRequestsCount=requests["rejected"],
        )

    def sessions(self) -> list[ua.SessionDiagnosticsDataType]:
        """A row for each session (Part 5, 12.11)."""
        return [self._session(found) for found in self._guard.sessions()]

    def _session(self, found: Session) -> ua.SessionDiagnosticsDataType:
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
            UnauthorizedRequestCount=tally.unauthorized,
            **counters,
        )

    def _secrets(self) -> Any:
        """Who is logged in how (Part 5, 12.12): for engineers and instructors only."""
        asking = caller()
        if asking is None or asking.user.rank < Role.ENGINEER:
            return ua.StatusCode(ua.StatusCodes.BadUserAccessDenied)
        return [_security(found) for found in self._guard.sessions()]

    def subscriptions(self) -> list[ua.SubscriptionDiagnosticsDataType]:
        """A row for each subscription (Part 5, 12.15)."""
        return [_subscription(found) for found in self._subscriptions.clients()]


def _subscription(found: TagSubscription) -> ua.SubscriptionDiagnosticsDataType:
    data, told = found.data, found.told
    return ua.SubscriptionDiagnosticsDataType(
        SessionId=found.session_id,
        SubscriptionId=data.SubscriptionId,
        PublishingInterval=data.RevisedPublishingInterval,
        MaxKeepAliveCount=data.RevisedMaxKeepAliveCount,
        MaxLifetimeCount=data.RevisedLifetimeCount,
        MaxNotificationsPerPublish=found.most,
        PublishingEnabled=found._publishing_enabled,
        ModifyCount=told["modified"],
        DataChangeNotificationsCount=told["changes"],
        EventNotificationsCount=told["events"],
        NotificationsCount=told["changes"] + told["events"],
        LatePublishRequestCount=told["late"],
        CurrentKeepAliveCount=found._keep_alive_count,
        CurrentLifetimeCount=found._publish_cycles_count,
        UnacknowledgedMessageCount=len(found._not_acknowledged_results),
        MonitoredItemCount=found.monitored_item_srv.count(),
        NextSequenceNumber=found._notification_seq,
    )


def _security(found: Session) -> ua.ExtensionObject:
    """Encoded here: asyncua's class takes the field Encoding for the mask of optional fields, and sends a byte."""
    channel = found.processor._connection if found.processor is not None else None
    policy = channel.security_policy if channel is not None else None
    text = Primitives.String.pack
    users = [text(user) for user in found.tally.users]
    body = [
        nodeid_to_binary(found.session_id),
        text(found.user.name or "anonymous"),
        *(Primitives.Int32.pack(len(users)), *users),
        text(found.user.by),
        text("UA Binary"),
        text("http://opcfoundation.org/UA-Profile/Transport/uatcp-uasc-uabinary"),
        Primitives.Int32.pack(int(policy.Mode) if policy is not None else 0),
        text(policy.URI if policy is not None else ""),
        Primitives.ByteString.pack(found.certificate),
    ]
    return ua.ExtensionObject(SECURITY_ROW, b"".join(body))


def _counter(total: int, errors: int) -> ua.ServiceCounterDataType:
    return ua.ServiceCounterDataType(total, errors)


def _reading(kind: Any, answer: Answer) -> Callable[[Any, Any], ua.DataValue]:
    """How asyncua asks for the value of a node."""

    def read(nodeid: Any, attribute: Any) -> ua.DataValue:
        value, now = answer(), datetime.now(UTC)
        if isinstance(value, ua.StatusCode):
            return ua.DataValue(StatusCode=value, ServerTimestamp=now)
        return ua.DataValue(ua.Variant(value, kind), SourceTimestamp=now, ServerTimestamp=now)

    return read
