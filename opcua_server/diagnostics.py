"""What the server says about itself: ServerStatus, ServiceLevel, ServerDiagnostics (Part 5, 6.3 and 12).

Every value is made when somebody reads it. Who subscribes to one has it sampled once a second. Of sessions and
subscriptions a client sees its own; engineers and instructors see all of them, and who is logged in.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from copy import copy
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

from asyncua import ua

from opcua_server.access import Role
from opcua_server.caller import caller, speaks_japanese
from opcua_server.diagnostic_rows import WRAP, security_row, session_row, subscription_row
from opcua_server.guard import Guard
from opcua_server.health import Health
from opcua_server.session import Session
from opcua_server.session_nodes import SessionNodes, answered
from opcua_server.subscriptions import TagSubscriptions

IDS, KINDS = ua.ObjectIds, ua.VariantType
SUMMARY = "Server_ServerDiagnostics_ServerDiagnosticsSummary"
SESSIONS = "Server_ServerDiagnostics_SessionsDiagnosticsSummary_Session"
SECRET = f"{SESSIONS}SecurityDiagnosticsArray"
FLAG = ua.NodeId(IDS.Server_ServerDiagnostics_EnabledFlag)
DENIED, OFF = (ua.StatusCode(code) for code in (ua.StatusCodes.BadUserAccessDenied, ua.StatusCodes.BadNotReadable))

Answer = Callable[[], Any]


class Diagnostics:
    """Of one running server; `health` says how well it serves."""

    def __init__(self, core: Any, guard: Guard, subscriptions: TagSubscriptions, health: Callable[[], Health]) -> None:
        self.shutdown: datetime | None = None
        """When the server is going to stop."""
        self.enabled = True
        self._core, self._guard, self._subscriptions, self._health = core, guard, subscriptions, health
        self._reasons = (ua.LocalizedText(), ua.LocalizedText())
        self._back: datetime | None = None
        self._started = datetime.now(UTC)
        self._build: Any = None
        self._before = ua.ServerDiagnosticsSummaryDataType()
        self._answers = self._status() | {n: (k, self._if_enabled(a)) for n, (k, a) in self._diagnostics().items()}
        self._nodes = SessionNodes(core.aspace, self._of_session)
        guard.on_sessions(self._opened, self._nodes.remove)

    def install(self) -> None:
        """After the server has started: answer from here."""
        status = self._attribute("Server_ServerStatus").value
        self._build = copy(status.Value.Value.BuildInfo) if status is not None else ua.BuildInfo()
        for name, (kind, answer) in self._answers.items():
            self._attribute(name).value_callback = _reading(kind, answer)

    def announce(self, seconds: float, reasons: tuple[str, str], away: float | None) -> None:
        """Say that the server stops in so many seconds, why in English and Japanese, and how long it is away [s]."""
        back = None if away is None else datetime.now(UTC) + timedelta(seconds=seconds + away)
        english, japanese = reasons
        self.announce_stop(seconds, (ua.LocalizedText(english, "en"), ua.LocalizedText(japanese, "ja")), back)

    def announce_stop(
        self, seconds: float, reasons: tuple[ua.LocalizedText, ua.LocalizedText], back: datetime | None
    ) -> None:
        """Say that the server stops in so many seconds, why to whom speaks English or Japanese, and when it is back."""
        self.shutdown = datetime.now(UTC) + timedelta(seconds=seconds)
        self._reasons, self._back = reasons, back
        self._subscriptions.hurry()

    def go_on(self) -> None:
        """The server does not stop after all."""
        self.shutdown = self._back = None
        self._subscriptions.hurry()

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
            "Server_ServiceLevel": (KINDS.Byte, lambda: self._health().level),
            "Server_Auditing": (KINDS.Boolean, lambda: True),
            "Server_LocalTime": (KINDS.ExtensionObject, _time_zone),
            "Server_EstimatedReturnTime": (KINDS.DateTime, lambda: self._back or ua.win_epoch_to_datetime(0)),
            "Server_ServerRedundancy_RedundancySupport": (KINDS.Int32, lambda: int(ua.RedundancySupport.None_)),
            "Server_ServerDiagnostics_EnabledFlag": (KINDS.Boolean, lambda: self.enabled),
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
        """In the language of who asks."""
        if self.shutdown is None:
            return ua.LocalizedText()
        return self._reasons[speaks_japanese(caller())]

    # --- diagnostics -------------------------------------------------------------------------------------------------

    def enable(self, on: bool) -> None:
        """Begin to count anew, or stop to show what was counted (Part 5, 6.3.3)."""
        if on:
            self._before = self._counted()
            for session in self._guard.sessions():
                session.tally.reset()
            for found in self._subscriptions.clients():
                found.told.clear()
        self.enabled = on
        for session in self._guard.sessions():
            self._nodes.remove(session)
            if session.is_activated():
                self._opened(session)

    def _opened(self, session: Session) -> None:
        if self.enabled:
            self._nodes.add(session)

    def _if_enabled(self, answer: Answer) -> Answer:
        return lambda: answer() if self.enabled else OFF

    def _diagnostics(self) -> dict[str, tuple[Any, Answer]]:
        counters = {
            f"{SUMMARY}_{found.name}": (KINDS.UInt32, lambda name=found.name: getattr(self.summary(), name))
            for found in fields(ua.ServerDiagnosticsSummaryDataType)
        }
        structures = KINDS.ExtensionObject
        return {
            SUMMARY: (structures, self.summary),
            **counters,
            f"{SESSIONS}DiagnosticsArray": (structures, self.sessions),
            SECRET: (structures, self._secrets),
            "Server_ServerDiagnostics_SubscriptionDiagnosticsArray": (structures, self.subscriptions),
            "Server_ServerDiagnostics_SamplingIntervalDiagnosticsArray": (structures, list),
        }

    def summary(self) -> ua.ServerDiagnosticsSummaryDataType:
        """Counts since the start, or since diagnostics were enabled (Part 5, 12.9)."""
        now = self._counted()
        for found in fields(now):
            if not found.name.startswith("Current") and found.name != "PublishingIntervalCount":
                setattr(now, found.name, (getattr(now, found.name) - getattr(self._before, found.name)) & WRAP)
        return now

    def _counted(self) -> ua.ServerDiagnosticsSummaryDataType:
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
        """A row for each session that the caller may see (Part 5, 12.11)."""
        return [session_row(found) for found in self._guard.sessions() if _sees(found.session_id)]

    def subscriptions(self) -> list[ua.SubscriptionDiagnosticsDataType]:
        """A row for each subscription that the caller may see (Part 5, 12.15)."""
        return [subscription_row(found) for found in self._subscriptions.clients() if _sees(found.session_id)]

    def _secrets(self) -> Any:
        """Who is logged in how (Part 5, 12.12): for engineers and instructors only."""
        return [security_row(found).encoded() for found in self._guard.sessions()] if _is_engineer() else DENIED

    def _of_session(self, session: Session, part: str, field: str) -> Any:
        """What the nodes of a session show: a part of them, or one of its fields."""
        if part == "SessionSecurityDiagnostics":
            if not _is_engineer():
                return DENIED
            found: Any = security_row(session)
            return getattr(found, field) if field else found.encoded()
        if not _sees(session.session_id):
            return DENIED
        if part == "SubscriptionDiagnosticsArray":
            return [subscription_row(found) for found in session.subscriptions()]
        found = session_row(session)
        return getattr(found, field) if field else found


def _is_engineer() -> bool:
    """Whether who asks is one, or more."""
    asking = caller()
    return asking is not None and asking.user.rank >= Role.ENGINEER


def _sees(session: ua.NodeId) -> bool:
    """Whether what belongs to a session is shown to who asks; the server itself sees all."""
    asking = caller()
    return asking is None or asking.session_id == session or asking.user.rank >= Role.ENGINEER


def _time_zone() -> ua.TimeZoneDataType:
    """Of the machine (Part 3, 8.29)."""
    now = time.localtime()
    return ua.TimeZoneDataType(now.tm_gmtoff // 60, now.tm_isdst > 0)


def _reading(kind: Any, answer: Answer) -> Callable[[Any, Any], ua.DataValue]:
    """How asyncua asks for the value of a node."""

    def read(nodeid: Any, attribute: Any) -> ua.DataValue:
        return answered(answer(), kind)

    return read
