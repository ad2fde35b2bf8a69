"""Load a plant, with a line that says why it takes long when kernels have to be compiled."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twin.plant import Plant

PATIENCE = 1.5  # s before anything is said


def load_plant(name: str, units: list[Path] | None = None, step: float | None = None) -> Plant:
    """The plant, compiled and ready to step."""
    with progress_line():
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
def progress_line() -> Iterator[None]:
    """On stderr, once it takes longer than a moment: what is going on, why, and for how long."""
    done = threading.Event()
    teller = threading.Thread(target=_tell, args=(done,), daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()


def _tell(done: threading.Event) -> None:
    started = time.monotonic()
    if done.wait(PATIENCE):
        return
    reason = _reason()
    if not sys.stderr.isatty():
        print(f"{reason} ...", file=sys.stderr, flush=True)
        return
    while not done.wait(0.5):
        print(f"\r{reason}: {time.monotonic() - started:.0f} s ", end="", file=sys.stderr, flush=True)
    print("\r\033[K", end="", file=sys.stderr, flush=True)


def _reason() -> str:
    from thermo.jit import kernel_cache

    if any(kernel_cache().rglob("hetwin_chain_*.nbc")):
        return "Loading the compiled model"
    return "Compiling for this machine, once for each version and set of equipment; later starts take seconds"
