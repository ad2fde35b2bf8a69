"""The watch over controllers: whose writes count, and what happens when a session goes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from opcua_server import watch as module
from opcua_server.watch import Watch
from twin.errors import BadWrite


class Clock:
    """The wall clock, set by hand."""

    now = 0.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    monkeypatch.setattr(module.time, "monotonic", lambda: Clock.now)
    Clock.now = 0.0
    return Clock()


def session(application: str = "plc", user: str = "") -> Any:
    return SimpleNamespace(application=application, user=SimpleNamespace(name=user), closed=False)


def watch() -> Watch:
    return Watch(None, list)  # type: ignore[arg-type]


def test_only_the_session_that_promised_is_heard(clock: Clock) -> None:
    watched, plc, other = watch(), session(), session("station")
    watched.begin(plc, 1.0)
    Clock.now = 0.9
    watched.hear(other)
    Clock.now = 1.1
    assert watched.silent()
    watched.hear(plc)
    assert not watched.silent()


def test_each_controller_keeps_its_own_promise(clock: Clock) -> None:
    watched, fast, slow = watch(), session("fast"), session("slow")
    watched.begin(fast, 1.0)
    watched.begin(slow, 10.0)
    Clock.now = 2.0
    watched.hear(slow)
    assert watched.silent()
    watched.begin(fast, 0.0)
    assert not watched.silent()


def test_a_session_that_closed_is_silent_until_its_controller_is_back(clock: Clock) -> None:
    watched, plc = watch(), session()
    watched.begin(plc, 1.0)
    plc.closed = True
    Clock.now = 2.0
    assert watched.silent()
    watched.begin(session("other"), 5.0)
    assert watched.silent()
    watched.begin(session(), 1.0)
    assert not watched.silent()


def test_anybody_can_end_the_watch_over_what_has_gone(clock: Clock) -> None:
    watched, plc, living = watch(), session(), session("living")
    watched.begin(plc, 1.0)
    watched.begin(living, 1.0)
    plc.closed = True
    Clock.now = 2.0
    watched.hear(living)
    watched.begin(session("operator"), 0.0)
    assert not watched.silent()
    Clock.now = 4.0
    assert watched.silent()  # the living one has not been let off
    with pytest.raises(BadWrite, match="0 to 86400"):
        watched.begin(living, -1.0)
