"""Who calls a method."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

_caller: ContextVar[Any] = ContextVar("caller", default=None)


def caller() -> Any:
    """The session whose method call is being carried out; None when the server itself is at work."""
    return _caller.get()
