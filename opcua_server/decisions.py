"""What is decided on disk while sessions are open counts for them too: users that go or change, certificates that are
trusted no longer, a new certificate of the server's own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asyncua import ua

from opcua_server.errors import ServerError
from opcua_server.session import Session
from opcua_server.trust import TrustList
from opcua_server.users import Users

if TYPE_CHECKING:
    from opcua_server.guard import Guard

log = logging.getLogger(__name__)


class Decisions:
    """Looks at the files once a second; `connections` are the open ones, `renew` takes a new certificate."""

    def __init__(
        self, pki: Path, guard: Guard, connections: Callable[[], Iterable[Any]], renew: Callable[[], None]
    ) -> None:
        self._users, self._trust = Users(pki / "users.json"), TrustList(pki)
        self._own = pki / "own" / "certificate.der"
        self._guard, self._connections, self._renew = guard, connections, renew
        self._seen = self._stamps()

    async def look(self) -> None:
        """Carry out what is new. What cannot be read is said, and is tried again when it changes."""
        try:
            users, trust, own = now = self._stamps()
            (before_users, before_trust, before_own), self._seen = self._seen, now
            if users != before_users:
                await self._follow_users()
            if trust != before_trust:
                await self._follow_trust()
            if own != before_own:
                self._renew()
        except (OSError, ValueError, ServerError) as problem:
            log.error("A decision on disk cannot be followed: %s", problem)

    def _stamps(self) -> tuple[Any, Any, Any]:
        own = self._own.stat().st_mtime_ns if self._own.exists() else None
        return self._users.stamp(), self._trust.stamp(), own

    async def _follow_users(self) -> None:
        accounts = self._users.all()
        for session in self._guard.sessions():
            person = session.user
            account = accounts.get(person.name or "")
            if not person.name:
                continue
            if account is None:
                await _end(session, "user removed")
            elif person.proof not in (account.hash, account.thumbprint):
                await _end(session, "user has another password or certificate")
            elif person.rank != account.role:
                session.user = replace(person, rank=account.role)
                self._guard.told("role changed", session, role=account.role.word)

    async def _follow_trust(self) -> None:
        for wire in list(self._connections()):
            if self._guard.distrusts(wire.processor.sent):
                if wire.processor.session is not None:
                    await _end(wire.processor.session, "certificate trusted no longer")
                wire.refuse(ua.StatusCodes.BadSecurityChecksFailed, "the certificate is trusted no longer")
        for session in self._guard.sessions():
            if session.processor is None and self._guard.distrusts(session.sent):
                await _end(session, "certificate trusted no longer")


async def _end(session: Session, reason: str) -> None:
    processor, session.ending = session.processor, reason
    log.warning("The session of %s at %s is ended: %s.", session.user.name or "anonymous", session.address, reason)
    if processor is not None:
        processor.forget_session()
    await session.close_session(True)
