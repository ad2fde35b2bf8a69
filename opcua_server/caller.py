"""Who calls a method, and in which language they are answered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from opcua_server.languages import likes_japanese

_caller: ContextVar[Any] = ContextVar("caller", default=None)


def caller() -> Any:
    """The session whose method call is being carried out; None when the server itself is at work."""
    return _caller.get()


@contextmanager
def calling(session: Any) -> Iterator[None]:
    """While a method call of this session is carried out."""
    before = _caller.set(session)
    try:
        yield
    finally:
        _caller.reset(before)


def user_name() -> str:
    """The name of the user who calls; empty without users."""
    return getattr(getattr(caller(), "user", None), "name", None) or ""


def speaks_japanese(session: Any) -> bool:
    """Whether Japanese comes before English among the languages of a session."""
    return likes_japanese(getattr(session, "locales", ()))
