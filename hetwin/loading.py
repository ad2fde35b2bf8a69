"""Load a plant, with a line that says why it takes long when kernels have to be compiled."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from twin.plant import Plant

PATIENCE = 1.0  # s of compiling before anything is said
COMPILING = "Compiling for this machine, once for each version and set of equipment; later starts take seconds"


def load_plant(name: str, units: list[Path] | None = None, step: float | None = None) -> Plant:
    """The plant, compiled and ready to step."""
    with progress_line(), helper(name, units or []) as compiling, _heard(compiling):
        from twin.plant import Plant

        plant = Plant.load(name, units or (), step)
        compile_step(plant)
    return plant


def compile_step(plant: Plant) -> None:
    """Have the time loop compiled now, not in the first step of a running plant."""
    start = plant.snapshot()
    plant.advance(1)
    plant.restore(start)


@contextmanager
def helper(plant: str, units: list[Path]) -> Iterator[threading.Event]:
    """Once the event is set, a second process works ahead: compiles from the other end (twin/ahead.py), then builds the
    OPC UA nodes of the standard. It goes with the block, wherever it is; both leave only whole files in the cache.
    """
    ahead = [
        ["-m", "twin.ahead", plant, *map(str, units)],
        ["-c", "import opcua_server.standard_nodes as nodes; nodes.prepare()"],
    ]
    compiling, done = threading.Event(), threading.Event()

    def help_out() -> None:
        compiling.wait()
        if done.is_set():
            return
        silent = subprocess.DEVNULL
        for command in ahead:
            with subprocess.Popen([sys.executable, *command], stdin=silent, stdout=silent, stderr=silent) as process:
                while process.poll() is None and not done.wait(0.1):
                    pass
                process.terminate()
            if done.is_set():
                return

    second = threading.Thread(target=help_out, daemon=True)
    second.start()
    try:
        yield compiling
    finally:
        done.set()
        compiling.set()
        second.join()


@contextmanager
def progress_line() -> Iterator[None]:
    """On stderr, when kernels are compiled: that they are, why, and for how long."""
    done, compiling = threading.Event(), threading.Event()
    teller = threading.Thread(target=_tell, args=(done, compiling), daemon=True)
    teller.start()
    try:
        with _heard(compiling):
            yield
    finally:
        done.set()
        compiling.set()
        teller.join()


@contextmanager
def _heard(compiling: threading.Event) -> Iterator[None]:
    """Set the event once numba compiles instead of loading."""
    from numba.core import event

    class Listener(event.Listener):
        def on_start(self, event: Any) -> None:
            compiling.set()

        def on_end(self, event: Any) -> None:
            pass

    with event.install_listener("numba:compile", Listener()):
        yield


def _tell(done: threading.Event, compiling: threading.Event) -> None:
    compiling.wait()
    started = time.monotonic()
    if done.wait(PATIENCE):
        return
    if not sys.stderr.isatty():
        print(f"{COMPILING} ...", file=sys.stderr, flush=True)
        return
    while not done.wait(0.5):
        print(f"\r{COMPILING}: {time.monotonic() - started:.0f} s ", end="", file=sys.stderr, flush=True)
    print("\r\033[K", end="", file=sys.stderr, flush=True)
