"""What happens by itself between steps: the `[[schedule]]` of a plant file."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twin.plant import Plant
    from twin.plant_file import PlantSpec

EARLY = 1e-6
"""An action is due this much before its time [s], so that round-off never delays it by a step."""


class Schedule:
    """The next time of every entry."""

    def __init__(self, spec: PlantSpec) -> None:
        self._events = spec.schedule
        self._due = [event.at for event in self._events]

    def fire(self, plant: Plant) -> None:
        """Do everything that is due."""
        for i, event in enumerate(self._events):
            while self._due[i] <= plant.time + EARLY:
                plant.do(event.do, **event.args)
                self._due[i] = self._due[i] + event.every if event.every else math.inf

    def time_left(self, time: float) -> float:
        """Time until the next entry [s]."""
        return max(min(self._due, default=math.inf) - time, 0.0) or math.inf

    def due(self) -> tuple[float, ...]:
        """Next time of every entry, for a snapshot."""
        return tuple(self._due)

    def set_due(self, due: tuple[float, ...]) -> None:
        """Take the times of a snapshot."""
        self._due = list(due)
