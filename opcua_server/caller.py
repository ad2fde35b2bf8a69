"""Who calls a method, and whether they may."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from asyncua import ua
from asyncua.server.internal_session import InternalSession

_caller: ContextVar[Any] = ContextVar("caller", default=None)


def caller() -> Any:
    """The session whose method call is being carried out; None when the server itself is at work."""
    return _caller.get()


def user_name() -> str:
    """The name of the user who calls; empty without users."""
    return getattr(getattr(caller(), "user", None), "name", None) or ""


def may(session: Any, node: ua.NodeId) -> bool:
    """Whether a session may call this method. Without users everybody on this machine may."""
    return True


class CallingSession(InternalSession):
    """asyncua's session that says who it is while its method calls are carried out, and keeps its languages."""

    locales: tuple[str, ...] = ()

    def activate_session(
        self, params: ua.ActivateSessionParameters, peer_certificate: bytes | None
    ) -> ua.ActivateSessionResult:
        self.locales = tuple(params.LocaleIds or ()) or self.locales
        return super().activate_session(params, peer_certificate)

    async def call(self, params: list[ua.CallMethodRequest]) -> list[ua.CallMethodResult]:
        before = _caller.set(self)
        try:
            return [await self._call(method) for method in params]
        finally:
            _caller.reset(before)

    async def _call(self, method: ua.CallMethodRequest) -> ua.CallMethodResult:
        if not may(self, method.MethodId):
            return ua.CallMethodResult(StatusCode=ua.StatusCode(ua.StatusCodes.BadUserAccessDenied))
        return (await self.iserver.method_service.call([method]))[0]


def speaks_japanese(session: Any) -> bool:
    """Whether Japanese comes before English among the languages of a session."""
    for locale in getattr(session, "locales", ()):
        if locale.lower().startswith(("ja", "en")):
            return bool(locale.lower().startswith("ja"))
    return False
