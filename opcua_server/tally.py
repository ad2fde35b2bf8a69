"""What the server counts of its clients, for its diagnostics: an addition for each event or request, never per scan."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from asyncua import ua

SECURITY = frozenset(
    {
        *(ua.StatusCodes.BadUserAccessDenied, ua.StatusCodes.BadSecurityChecksFailed),
        *(ua.StatusCodes.BadIdentityTokenRejected, ua.StatusCodes.BadIdentityTokenInvalid),
        *(ua.StatusCodes.BadSessionIdInvalid, ua.StatusCodes.BadSessionNotActivated),
        *(ua.StatusCodes.BadUserSignatureInvalid, ua.StatusCodes.BadApplicationSignatureInvalid),
    }
)
"""Statuses of requests that are refused for the sake of security."""
LONGEST = 200
"""Characters of a text that comes from a client."""


@dataclass
class Tally:
    """Of one server: events by name, requests refused, subscriptions ever made."""

    events: Counter[str] = field(default_factory=Counter)
    requests: Counter[str] = field(default_factory=Counter)

    def answered(self, session: Any, service: int, code: int) -> None:
        """A request of a service, by the number of its encoding, has got its status."""
        self.requests["all"] += 1
        if code:
            self.requests["rejected"] += 1
            self.requests["rejected for security"] += code in SECURITY
        if session is not None:
            session.tally.requests[service] += 1
            if code:
                session.tally.errors[service] += 1
                session.tally.unauthorized += code in SECURITY


@dataclass
class SessionTally:
    """Of one session: who it said it is, since when, and its requests by service."""

    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    name: str = ""
    client: ua.ApplicationDescription = field(default_factory=ua.ApplicationDescription)
    endpoint: str = ""
    most: int = 0
    """Bytes of an answer that the client takes."""
    users: list[str] = field(default_factory=list)
    requests: Counter[int] = field(default_factory=Counter)
    errors: Counter[int] = field(default_factory=Counter)
    unauthorized: int = 0

    def reset(self) -> None:
        """Count anew."""
        self.requests.clear()
        self.errors.clear()
        self.unauthorized = 0

    def introduce(self, params: ua.CreateSessionParameters) -> None:
        """Keep what the client says of itself, cut to a sensible length."""
        about = params.ClientDescription
        self.name, self.endpoint, self.most = (
            _cut(params.SessionName),
            _cut(params.EndpointUrl),
            params.MaxResponseMessageSize,
        )
        self.client = ua.ApplicationDescription(
            ApplicationUri=_cut(about.ApplicationUri),
            ProductUri=_cut(about.ProductUri),
            ApplicationName=ua.LocalizedText(_cut(about.ApplicationName.Text)),
            ApplicationType=about.ApplicationType,
        )


def _cut(text: Any) -> str:
    return str(text or "")[:LONGEST]
