"""How the interpreter works while a server runs: threads give way quickly, and garbage is looked for among the new."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SWITCH = 0.0005
"""For which a thread keeps the interpreter [s]: the event loop lets go of it at each message that it receives or sends,
and would wait ten times as long behind a thread that reads the history."""
COLLECT = (5_000, 10, 10)
"""Objects made, and times, before garbage is looked for: most of those of a request have gone by then."""


def attend() -> Callable[[], None]:
    """Set it up for a server; what is returned sets it back, and lets what the server was made of be collected."""
    before, thresholds = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(SWITCH)
    gc.set_threshold(*COLLECT)

    def leave() -> None:
        sys.setswitchinterval(before)
        gc.set_threshold(*thresholds)
        gc.unfreeze()

    return leave


@contextmanager
def without_collecting() -> Iterator[None]:
    """Many small objects that stay: looking for garbage among them takes longer than making them.

    They are kept out of later collections too, each of which would hold the event loop for 0.2 s.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()
