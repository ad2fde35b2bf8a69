"""What the parts of a server ask before they do something for a client, and whom they tell afterwards."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from asyncua import ua
from asyncua.common.utils import ServiceError
from asyncua.crypto import uacrypto

from opcua_server.access import Access, Person
from opcua_server.audit import AuditLog
from opcua_server.audit_events import AuditEvents
from opcua_server.certificates import application_uri, common_name, problem_of, thumbprint
from opcua_server.decoding import Budget, Limited
from opcua_server.identity import Identities, Locked, Unknown
from opcua_server.lockout import Lockout
from opcua_server.security import Security
from opcua_server.session import Session
from opcua_server.tally import Tally
from opcua_server.trust import TrustList
from opcua_server.users import Users

CHANNEL_EVENTS = 20
"""On record in a second; a flood of connections must not fill the disk."""
LOCKED_PAUSE = 1.0
"""Who is locked waits for the answer too [s], or guesses would fill the log."""

log = logging.getLogger(__name__)


class Guard:
    """One for each server."""

    def __init__(self, security: Security, core: Any, access: Access) -> None:
        self.bounds = security.bounds
        self.access = access
        self.tally = Tally()
        self._core = core
        self._trust = TrustList(security.pki, self.bounds.rejected) if security.pki else None
        users = Users(security.pki / "users.json") if security.pki else None
        lockout = Lockout(self.bounds.free_failures, self.bounds.first_wait, self.bounds.longest_wait)
        self._identities = Identities(users, security.anonymous, lockout, core)
        self._log = AuditLog(security.audit) if security.audit else None
        self._events = AuditEvents(core)
        self.opened: Callable[[Session], None] = lambda session: None
        self.closed: Callable[[Session], None] = lambda session: None
        self._second, self._noted, self._passed_over = 0, 0, Counter[str]()

    def close(self) -> None:
        """Close the audit log."""
        if self._log is not None:
            self._log.close()
            self._log = None

    def sync(self) -> None:
        """Once a second: what was logged survives a power failure."""
        if self._log is not None:
            self._log.sync()

    def limited(self, body: bytes) -> Limited:
        """A message to decode, with the budget of one."""
        return Limited(body, budget=Budget(self.bounds.fields))

    def on_sessions(self, opened: Callable[[Session], None], closed: Callable[[Session], None]) -> None:
        """Call these when a session is activated for the first time, and when it ends."""
        self.opened, self.closed = opened, closed

    # --- sessions ----------------------------------------------------------------------------------------------------

    def sessions(self) -> list[Session]:
        """Those of clients."""
        return [found for found in self._core._external_sessions.values() if isinstance(found, Session)]

    def session(self, session_id: ua.NodeId) -> Session | None:
        """By its id."""
        return next((found for found in self.sessions() if found.session_id == session_id), None)

    def items(self) -> int:
        """Monitored items of all clients."""
        return sum(found.monitored_item_srv.count() for found in self._core.subscription_service.clients())

    def new_session(self, address: str, application: str) -> Session:
        """Raises BadTooManySessions."""
        present = self.sessions()
        from_there = sum(found.address == address for found in present)
        if len(present) >= self.bounds.sessions or from_there >= self.bounds.sessions_per_address:
            self.tally.events["session refused"] += 1
            raise ServiceError(ua.StatusCodes.BadTooManySessions)
        return Session(self, self._core, address, application)

    async def identify(self, session: Session, params: Any, channel: Any, address: str) -> Person:
        """Who wants the session. Raises ServiceError; either way it is on record."""
        try:
            person = await self._identities.of(session, params, channel, _is_local(address))
        except Unknown as problem:
            locked = {"locked": round(problem.seconds, 1)} if isinstance(problem, Locked) else {}
            self.told("login refused", session, user=problem.name, status=_name(problem.code), **locked)
            log.warning("Login of %r from %s refused%s.", problem.name, address, ", locked" if locked else "")
            await asyncio.sleep(LOCKED_PAUSE if locked else 0.0)
            raise
        except ServiceError as problem:
            self.told("login refused", session, status=_name(problem.code))
            raise
        self.told("login", session, user=person.name or "anonymous", role=person.rank.word)
        return person

    # --- certificates ------------------------------------------------------------------------------------------------

    def admit(self, content: bytes | None, address: str) -> None:
        """Let a client's certificate open a secured channel. Raises UaStatusCodeError.

        A client that is not trusted learns no more than that; why is in the log.
        """
        if self._trust is None or not content or len(content) > self.bounds.certificate:
            raise ua.UaStatusCodeError(ua.StatusCodes.BadCertificateInvalid)
        try:
            certificate = uacrypto.x509_from_der(content)
            problem = problem_of(certificate)
        except Exception:
            raise ua.UaStatusCodeError(ua.StatusCodes.BadCertificateInvalid) from None
        about = {"certificate": thumbprint(certificate), "name": common_name(certificate)}
        if not self._trust.trusts(certificate):
            self._stranger(certificate, address, about)
        if self._trust.is_revoked(certificate):
            problem = int(ua.StatusCodes.BadCertificateRevoked)
        if problem:
            self.channel("certificate refused", address, _name(problem), **about)
            raise ua.UaStatusCodeError(problem)
        self.channel("certificate accepted", address, "Good", **about)

    def _stranger(self, certificate: Any, address: str, about: dict[str, str]) -> None:
        assert self._trust is not None
        if self._trust.remember(certificate) is not None:
            log.warning(
                "%s (%s) at %s is not trusted; `hetwin trust accept %s` lets it in.",
                *(about["name"] or "A client", application_uri(certificate) or "no uri", address),
                about["certificate"][:12],
            )
        self.channel("certificate refused", address, "BadCertificateUntrusted", **about)
        raise ua.UaStatusCodeError(ua.StatusCodes.BadSecurityChecksFailed)

    def check_application(self, of_channel: bytes | None, of_session: bytes | None, described: Any) -> None:
        """The application of a session is the one that opened the channel. Raises ServiceError."""
        if uacrypto.der_from_x509(uacrypto.x509_from_der(of_session)) != of_channel:
            raise ServiceError(ua.StatusCodes.BadCertificateInvalid)
        if application_uri(uacrypto.x509_from_der(of_channel)) != described.ApplicationUri:
            raise ServiceError(ua.StatusCodes.BadCertificateUriInvalid)

    # --- record ------------------------------------------------------------------------------------------------------

    def told(self, event: str, session: Session, **fields: Any) -> None:
        """Something happened in a session."""
        self.tally.events[event] += 1
        who = {
            "session": session.session_id.Identifier,
            "user": session.user.name or "anonymous",
            "address": session.address,
        }
        self._record(event, session, who | {"application": session.application} | fields)

    def channel(self, event: str, address: str, status: str, **fields: Any) -> None:
        """Something happened before there was a session; of a flood only so many are on record."""
        self.tally.events[event] += 1
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._noted = second, 0
            for passed, count in self._passed_over.items():
                self._record(passed, None, {"passed over": count})
            self._passed_over.clear()
        if self._noted >= CHANNEL_EVENTS:
            self._passed_over[event] += 1
            return
        self._noted += 1
        self._record(event, None, {"address": address, "status": status} | fields)

    def written(self, session: Session, item: ua.WriteValue, status: ua.StatusCode) -> None:
        """A write, done or refused."""
        self.tally.events["write refused"] += not status.is_good()
        value = item.Value.Value.Value if item.Value is not None and item.Value.Value is not None else None
        self.told(
            "write",
            session,
            node=_text(item.NodeId),
            attribute=int(item.AttributeId),
            value=value,
            status=status.name,
        )

    def called(self, session: Session, method: ua.CallMethodRequest, result: ua.CallMethodResult) -> None:
        """A method call, done or refused."""
        self.tally.events["call refused"] += not result.StatusCode.is_good()
        arguments = [argument.Value for argument in method.InputArguments or []]
        self.told(
            "call", session, node=_text(method.MethodId), arguments=repr(arguments), status=result.StatusCode.name
        )

    def _record(self, event: str, session: Session | None, fields: dict[str, Any]) -> None:
        if self._log is not None:
            self._log.append(event, **fields)
        self._events.raise_event(event, session, fields)


def _is_local(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


def _name(code: int) -> str:
    return str(ua.StatusCode(code).name)


def _text(nodeid: ua.NodeId) -> str:
    own = nodeid.NamespaceIndex == 2 and isinstance(nodeid.Identifier, str)
    return str(nodeid.Identifier) if own else nodeid.to_string()
