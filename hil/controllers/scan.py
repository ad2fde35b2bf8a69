"""What every controller needs: its scan period, and wires that may lead nowhere."""

import dataclasses
from typing import Any

from thermo.jit import inner


@inner
def scan_steps(clock, scan):
    """Steps of the plant in one scan period [s]; never less than one."""
    return max(int(scan / clock.dt + 0.5), 1)


@inner
def due(clock, scan):
    """Whether this step ends a scan."""
    return int(clock.step) % scan_steps(clock, scan) == 0


@inner
def period(clock, scan):
    """Time from scan to scan [s]: the scan period to the nearest step."""
    return scan_steps(clock, scan) * clock.dt


@inner
def put(image, address, wired, value):
    """Write a tag, if the wire leads to one."""
    if wired > 0.0:
        image[address] = value


@inner
def ask(image, address, wired, mode, forced):
    """Ask a controller for a mode; what the operator has forced, from the mode `forced` on, no program takes back."""
    if wired > 0.0 and image[address] < forced:
        image[address] = mode


@inner
def clamp(x, low, high):
    """The nearest value between two limits."""
    return min(max(x, low), high)


@inner
def approach(x, target, step):
    """One step of a ramp towards a target."""
    return target if abs(target - x) <= step else (x + step if target > x else x - step)


def wired(card: Any) -> dict[str, float]:
    """For each wire of a card `has_<wire>`: 1 if it leads to a tag, 0 if it is empty."""
    return {
        f"has_{f.name}": float(bool(getattr(card, f.name))) for f in dataclasses.fields(card) if "wire" in f.metadata
    }
