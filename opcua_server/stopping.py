"""A stop that a client asks for (Part 5, 9.4, RequestServerStateChange): announced, counted down, or withdrawn."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from asyncua import ua

from opcua_server.access import Access, Role
from opcua_server.caller import user_name
from opcua_server.condition_methods import TEXT, UINT, checked_arguments
from opcua_server.diagnostics import Diagnostics

CODES = ua.StatusCodes
METHOD = ua.NodeId(ua.ObjectIds.Server_RequestServerStateChange)
ARGUMENTS = (ua.VariantType.Int32, ua.VariantType.DateTime, UINT, TEXT, ua.VariantType.Boolean)
LONGEST = 86_400
"""Announced ahead [s]."""
LONGEST_REASON = 500
UNKNOWN = datetime(1601, 1, 1, tzinfo=UTC)
"""A date that says nothing (Part 6, 5.2.2.5)."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stop:
    """What is to be called when the server is to stop, and the shortest warning that clients get [s]."""

    now: Callable[[], None]
    least: float


class Stopping:
    """Answers the method; `told` hears what was asked, with its arguments, for the record."""

    def __init__(
        self, space: Any, access: Access, diagnostics: Diagnostics, stop: Stop, told: Callable[[str, list[Any]], None]
    ) -> None:
        self._diagnostics, self._stop, self._told = diagnostics, stop, told
        self._timer: asyncio.TimerHandle | None = None
        space.add_method_callback(METHOD, self._call)
        access.allow(METHOD, Role.ENGINEER)

    def end(self) -> None:
        """The server stops by itself: what was asked for is void."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _call(self, parent: ua.NodeId, *arguments: ua.Variant) -> Any:
        if (refused := checked_arguments(arguments, ARGUMENTS)) is not None:
            return refused
        state, back, seconds, reason, restart = (given.Value for given in arguments)
        if restart:
            log.warning("%s asks for a restart, which is refused: whoever starts the server restarts it.", _who())
            return ua.StatusCode(CODES.BadInvalidState)
        if state == ua.ServerState.Running and self._timer is not None:
            return self._withdraw()
        if state != ua.ServerState.Shutdown or (self._diagnostics.shutdown is not None and self._timer is None):
            return ua.StatusCode(CODES.BadInvalidState)
        if seconds > LONGEST:
            codes = [ua.StatusCode(CODES.BadOutOfRange if k == 2 else CODES.Good) for k in range(len(ARGUMENTS))]
            return ua.CallMethodResult(ua.StatusCode(CODES.BadInvalidArgument), codes, [], [])
        return self._announce(max(float(seconds), self._stop.least), _short(reason), back)

    def _announce(self, seconds: float, reason: ua.LocalizedText, back: datetime | None) -> ua.StatusCode:
        self.end()
        known = None if back is None or back <= UNKNOWN else back
        self._diagnostics.announce_stop(seconds, (reason, reason), known)
        self._timer = asyncio.get_running_loop().call_later(seconds, self._stop.now)
        log.warning("%s asks the server to stop in %g s: %s", _who(), seconds, reason.Text or "")
        self._told("Server.RequestServerStateChange", ["Shutdown", seconds, reason.Text or ""])
        return ua.StatusCode()

    def _withdraw(self) -> ua.StatusCode:
        self.end()
        self._diagnostics.go_on()
        log.warning("%s withdraws the stop of the server.", _who())
        self._told("Server.RequestServerStateChange", ["Running"])
        return ua.StatusCode()


def _who() -> str:
    return user_name() or "A client"


def _short(reason: ua.LocalizedText | None) -> ua.LocalizedText:
    """What everybody reads who reads the status, cut to a sensible length."""
    if reason is None:
        return ua.LocalizedText()
    return ua.LocalizedText((reason.Text or "")[:LONGEST_REASON], (reason.Locale or "")[:20] or None)
