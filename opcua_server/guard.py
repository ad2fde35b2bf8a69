"""What the parts of a server ask before they do something for a client, and whom they tell afterwards."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from collections.abc import Callable
from typing import Any

from asyncua import ua
from asyncua.common.utils import ServiceError
from asyncua.crypto import uacrypto

from opcua_server import lockout_file
from opcua_server.access import Access, Person
from opcua_server.audit import AuditLog
from opcua_server.certificates import application_uri, chain_of, common_name, problem_of, thumbprint
from opcua_server.decoding import Budget, Limited
from opcua_server.identity import Identities, Locked, Unknown
from opcua_server.lockout import Lockout
from opcua_server.lockout_file import LockoutFile
from opcua_server.record import Record
from opcua_server.security import Security
from opcua_server.session import Session
from opcua_server.trust import TrustList
from opcua_server.users import Users

LOCKED_PAUSE = 1.0
"""Who is locked waits for the answer too [s], or guesses would fill the log."""

log = logging.getLogger(__name__)


class Guard(Record):
    """One for each server."""

    def __init__(self, security: Security, core: Any, access: Access) -> None:
        super().__init__(AuditLog(security.audit, security.keep) if security.audit else None, core)
        self.bounds = security.bounds
        self.access = access
        self._core = core
        self._trust = TrustList(security.pki, self.bounds.rejected) if security.pki else None
        users = Users(security.pki / "users.json") if security.pki else None
        lockout = Lockout(self.bounds.free_failures, self.bounds.first_wait, self.bounds.longest_wait)
        kept = LockoutFile(security.pki / lockout_file.NAME) if security.pki else None
        self._identities = Identities(users, security.anonymous, lockout, core, self._locked_out, kept)
        self.opened: Callable[[Session], None] = lambda session: None
        self.closed: Callable[[Session], None] = lambda session: None

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

    async def new_session(self, address: str, application: str) -> Session:
        """Raises BadTooManySessions where there is no room and nobody makes any."""
        present = self.sessions()
        from_there = [found for found in present if found.address == address]
        crowd = from_there if len(from_there) >= self.bounds.sessions_per_address else present
        if crowd is from_there or len(present) >= self.bounds.sessions:
            idle = min((found for found in crowd if not found.in_use), key=lambda found: found.rank, default=None)
            if idle is None:
                self.tally.events["session refused"] += 1
                raise ServiceError(ua.StatusCodes.BadTooManySessions)
            await idle.close_session()
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

    def _locked_out(self, session: Session, name: str, seconds: float) -> None:
        self.told("locked out", session, user=name, seconds=round(seconds, 1), status="BadUserAccessDenied")

    @property
    def forgets_lockouts(self) -> bool:
        """Whether failed logins cannot be written down: a restart would forget them."""
        return self._identities.failing

    async def release(self) -> None:
        """Once a second: note whose lock-out has ended."""
        for key in await self._identities.ended():
            whose, _, name = key.partition(" ")
            self.ended("lock-out ended", **{whose: name})

    # --- certificates ------------------------------------------------------------------------------------------------

    def admit(self, content: bytes | None, address: str) -> None:
        """Let a client's certificate open a secured channel. Raises UaStatusCodeError.

        A client that is not trusted learns no more than that; why is in the log.
        """
        if self._trust is None or not content or len(content) > self.bounds.certificate:
            raise ua.UaStatusCodeError(ua.StatusCodes.BadCertificateInvalid)
        try:
            certificate, *sent = chain_of(content)
            problem = self._trust.problem(certificate, sent) or problem_of(certificate)
        except Exception:
            self.channel("certificate refused", address, "BadCertificateInvalid", content)
            raise ua.UaStatusCodeError(ua.StatusCodes.BadCertificateInvalid) from None
        about = {"certificate": thumbprint(certificate), "name": common_name(certificate)}
        if not problem:
            self.channel("certificate accepted", address, "Good", content, **about)
            return
        self.channel("certificate refused", address, _name(problem), content, **about)
        if problem == ua.StatusCodes.BadCertificateUntrusted:
            self._remember(certificate, address)
            problem = int(ua.StatusCodes.BadSecurityChecksFailed)
        raise ua.UaStatusCodeError(problem)

    def distrusts(self, content: bytes | None) -> bool:
        """Whether a certificate that opened a channel would not be admitted again."""
        if self._trust is None or not content:
            return False
        certificate, *sent = chain_of(content)
        return bool(self._trust.problem(certificate, sent))

    def _remember(self, certificate: Any, address: str) -> None:
        """Keep a stranger's certificate, and say how it is let in."""
        assert self._trust is not None
        if self._trust.remember(certificate) is not None:
            log.warning(
                "%s (%s) at %s is not trusted; `hetwin trust accept %s` lets it in.",
                *(common_name(certificate) or "A client", application_uri(certificate) or "no uri", address),
                thumbprint(certificate)[:12],
            )

    def check_application(self, of_channel: bytes | None, of_session: bytes | None, described: Any) -> None:
        """The application of a session is the one that opened the channel. Raises ServiceError."""
        if uacrypto.der_from_x509(uacrypto.x509_from_der(of_session)) != of_channel:
            raise ServiceError(ua.StatusCodes.BadCertificateInvalid)
        if application_uri(uacrypto.x509_from_der(of_channel)) != described.ApplicationUri:
            raise ServiceError(ua.StatusCodes.BadCertificateUriInvalid)


def _is_local(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


def _name(code: int) -> str:
    return str(ua.StatusCode(code).name)
