"""How well a server serves, as a number and a sentence: OPC UA's ServiceLevel (Part 4, 6.6.2.4.2).

0 maintenance, 1 no data, 2 to 199 degraded, 200 to 255 healthy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from twin.alarms.catalogue import OVERRUN
from twin.simulation import Simulation

PACED = ("realtime", "scaled", "asap")
"""Modes in which a scan comes by itself."""
STALE = 5.0
"""Without a scan for so long [s] something is stuck."""

MAINTENANCE, NO_DATA, STUCK, PAUSED, NOT_RECORDING, BEHIND, WARNING, HEALTHY = 0, 1, 50, 100, 150, 190, 200, 255


class Health(NamedTuple):
    """The service level, and why it is not higher."""

    level: int
    reason: str

    @property
    def good(self) -> bool:
        """Whether clients get what they came for: values that follow the plant."""
        return self.level > NO_DATA and self.level != STUCK


def health(simulation: Simulation, failing: Sequence[str] = (), stopping: bool = False, warning: str = "") -> Health:
    """The worst that can be said of a server now.

    `failing` is what cannot be written, such as the history; `warning` is of what will be wrong one day.
    """
    if stopping:
        return Health(MAINTENANCE, "The server is shutting down.")
    if simulation.failure is not None:
        return Health(NO_DATA, f"The simulation stopped: {simulation.failure}")
    if not simulation.running:
        return Health(NO_DATA, "The simulation does not run.")
    if simulation.mode in PACED and (age := simulation.scan_age) > max(STALE, 10.0 * simulation.period):
        return Health(STUCK, f"No scan for {age:.0f} s.")
    if simulation.mode == "paused":
        return Health(PAUSED, "The plant is paused.")
    if failing:
        return Health(NOT_RECORDING, f"The {' and the '.join(failing)} cannot be written.")
    if simulation.alarms.state(OVERRUN).active:
        return Health(BEHIND, "Scans came late in the last seconds.")
    if warning:
        return Health(WARNING, warning)
    return Health(HEALTHY, "")
