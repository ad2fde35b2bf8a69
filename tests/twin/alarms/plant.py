"""Alarms on a handful of tags, without a plant behind them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from twin.alarms.catalogue import Alarm, system_alarms
from twin.alarms.declare import Declared
from twin.alarms.engine import AlarmEngine
from twin.alarms.event import AlarmEvent
from twin.tags import Tag, Tags
from twin.words import STOP_RUN, words

LABELS = {"trip": words("no なし", "hot 熱", "cold 冷"), "run": STOP_RUN}
NAMES = ("SIM.overruns", "V-1.p", "V-1.order", "V-1.trip", "V-1.run")


def tags() -> Tags:
    def tag(i: int, name: str) -> Tag:
        labels = LABELS.get(name.split(".")[1], ())
        return Tag(name, i, "1", "", "output", 0.0, 1e9, labels, name.split(".")[0], "", "")

    return Tags([tag(i, name) for i, name in enumerate(NAMES)])


class Panel:
    """An engine over an image of five values, its events, and time that passes a second a scan."""

    def __init__(self, *declared: Declared) -> None:
        self.tags = tags()
        self.image = np.zeros(len(NAMES))
        self.engine = AlarmEngine([*map(self._alarm, declared), *system_alarms()], self.tags, len(NAMES))
        self.events: list[AlarmEvent] = []
        self.engine.subscribe(self.events.append)
        self.time = 0.0

    def _alarm(self, declared: Declared) -> Alarm:
        name = f"V-1.{declared.name or declared.tag}"
        alarm = Alarm(name, "V-1", "", declared.text, declared.ja, declared, self.tags[f"V-1.{declared.tag}"])
        order = getattr(declared, "order", None)
        if order:
            alarm = replace(alarm, order=self.tags[f"V-1.{order}"])
        return replace(alarm, condition=self.tags[f"V-1.{declared.when[0]}"]) if declared.when else alarm

    def see(self, scans: int = 1, **values: float) -> list[str]:
        """Scan with these values; what happened, in words."""
        for name, value in values.items():
            self.image[NAMES.index(f"V-1.{name}" if name != "overruns" else "SIM.overruns")] = value
        before = len(self.events)
        for _ in range(scans):
            self.time += 1.0
            self.engine.scan(self.image, self.time)
        return [event.transition for event in self.events[before:]]

    def state(self, name: str = "V-1.p") -> Any:
        return self.engine.state(name)
