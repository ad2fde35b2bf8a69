"""A plant of any size: a chain of vessels that empty into each other for hours, so that every value changes."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

PERIOD = 0.1
"""Step of the plant and time between scans [s]."""
MOVING = ("p", "temp", "mass", "h", "rho", "Q_flow")
"""Tags of a vessel that are another at every scan."""


def chain(vessels: int, alarms: int = 0) -> str:
    """The plant file; so many vessels have an alarm `PA-k` on their pressure, with limits that can be written."""
    lines = ['description = "A chain of vessels"', f'step = "{PERIOD} s"', "[unit.AIR]", 'kind = "ambient"']
    for k in range(vessels):
        p = 20.0 - 18.0 * k / vessels
        lines += [
            f'[unit.V-{k}]\nkind = "buffer"\nvolume = "1 m3"\np_start = "{p:.2f} bar"\nUA = "5 W/K"',
            'p_max = "30 bar"\nsource = "assumed"',
        ]
    for k in range(vessels - 1):
        lines += [
            f'[unit.CV-{k}]\nkind = "control_valve"\ninlet = "V-{k}"\noutlet = "V-{k + 1}"\nflow_area = "2 mm2"',
            f'source = "assumed"\n[unit.CV-{k}.start]\nopening = 1.0',
        ]
    for k in range(alarms):
        lines += [
            f'[unit.PA-{k}]\nkind = "alarm"\ntag = "V-{k}.p"\nunit = "Pa"\nhigh = "25 bar"\nhigh_high = "29 bar"',
            f'dead_band = "0.01 bar"\nscan = "{PERIOD} s"\nsource = "assumed"',
        ]
    return "\n".join(lines)


def load_chain(vessels: int) -> Any:
    """The plant."""
    from twin.plant import Plant

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chain.toml"
        path.write_text(chain(vessels))
        return Plant.load(path)


def moving(count: int) -> list[str]:
    """Names of so many tags that change at every scan, of vessels in order."""
    return [f"V-{k // len(MOVING)}.{MOVING[k % len(MOVING)]}" for k in range(count)]
