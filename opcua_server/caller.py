"""Who calls a method or reads, in which language they are answered, and of which moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from opcua_server.languages import likes_japanese

T = TypeVar("T")

_caller: ContextVar[Any] = ContextVar("caller", default=None)
_moment: ContextVar[list[Any] | None] = ContextVar("moment", default=None)


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


@contextmanager
def one_moment() -> Iterator[None]:
    """All that is read meanwhile belongs to one scan, though the loop is given to others in between."""
    before = _moment.set([])
    try:
        yield
    finally:
        _moment.reset(before)


def moment_of(scan: T) -> T:
    """The scan from which to read: the latest, `scan`, or that which the request began with."""
    begun = _moment.get()
    if begun is None:
        return scan
    if not begun:
        begun.append(scan)
    found: T = begun[0]
    return found


def user_name() -> str:
    """The name of the user who calls; empty without users."""
    return getattr(getattr(caller(), "user", None), "name", None) or ""


def speaks_japanese(session: Any) -> bool:
    """Whether Japanese comes before English among the languages of a session."""
    return likes_japanese(getattr(session, "locales", ()))
