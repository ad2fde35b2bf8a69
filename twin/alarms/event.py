"""What happens to an alarm, as a stream that others subscribe to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from twin.alarms.catalogue import Alarm
from twin.alarms.declare import Discrepancy, Levels, Limits, System
from twin.alarms.table import HIGH, HIGH_HIGH, LOW, LOW_LOW, ONE_SHOT, TIMED
from twin.errors import TwinError
from twin.quantities import format
from twin.words import in_japanese

Transition = Literal[
    "active",
    "changed",
    "returned",
    "acknowledged",
    "confirmed",
    "commented",
    "shelved",
    "unshelved",
    "suppressed",
    "unsuppressed",
    "out of service",
    "in service",
    "disabled",
    "enabled",
    "reset",
    "restored",
]

LEVELS = (
    (HIGH_HIGH, "high high", "上上限"),
    (LOW_LOW, "low low", "下下限"),
    (HIGH, "high", "上限"),
    (LOW, "low", "下限"),
)
"""Levels from the most urgent down, in English and Japanese."""

Reason = Literal[
    "unknown_alarm",
    "unknown_event",
    "acked",
    "not_acked",
    "confirmed",
    "shelved",
    "not_shelved",
    "duration",
    "state",
    "enabled",
    "disabled",
    "already_disabled",
]


class Remark(str):
    """What somebody said of an alarm, and in which language ("ja"); without a text it takes back what was said."""

    locale: str

    def __new__(cls, text: str, locale: str = "") -> Remark:
        made = super().__new__(cls, text)
        made.locale = locale
        return made


class AlarmRefused(TwinError):
    """An operator asked something of an alarm that it cannot do now."""

    def __init__(self, sentence: str, reason: Reason) -> None:
        super().__init__(sentence)
        self.reason = reason


@dataclass(frozen=True)
class AlarmState:
    """One alarm at one moment; `unshelve_at` [s] of simulated time."""

    levels: int
    acked: bool
    confirmed: bool
    latched: bool
    shelved: int
    unshelve_at: float
    by_design: bool
    suppressed: bool
    out_of_service: bool
    enabled: bool
    good: bool
    value: float
    severity: int
    severity_before: int

    @property
    def active(self) -> bool:
        return self.levels != 0

    @property
    def retain(self) -> bool:
        """Whether anybody still has to do with it."""
        return self.enabled and (self.active or not self.acked or not self.confirmed or self.latched)

    @property
    def silent(self) -> bool:
        """Shelved, suppressed or out of service: nobody is called."""
        return bool(self.shelved) or self.by_design or self.suppressed or self.out_of_service

    @property
    def name(self) -> str:
        """The state of ISA-18.2, figure 3."""
        if not self.enabled or self.out_of_service:
            return "out of service"
        if self.suppressed or self.by_design:
            return "suppressed"
        if self.shelved:
            return {TIMED: "shelved", ONE_SHOT: "shelved once"}[self.shelved]
        if self.active:
            return "acknowledged" if self.acked else "unacknowledged"
        if not self.acked:
            return "returned unacknowledged"
        return "latched" if self.latched else "normal"


@dataclass(frozen=True)
class AlarmEvent:
    """A transition: number, simulated time [s], time on the wall, alarm, value, who did it and what was said."""

    id: int
    time: float
    wall: datetime
    alarm: Alarm
    row: int
    transition: Transition
    state: AlarmState
    message: str
    message_ja: str
    user: str = ""
    comment: str = ""


def messages(alarm: Alarm, transition: Transition, levels: int, value: float) -> tuple[str, str]:
    """What people are told, in English and Japanese."""
    if transition == "returned":
        return f"{alarm.name}: {alarm.text}: back to normal", f"{alarm.name}: {alarm.text_ja}: 復帰"
    level, level_ja = level_words(alarm, levels)
    reading, reading_ja = _reading(alarm, value)
    english = " ".join(word for word in (alarm.text, level, reading) if word)
    japanese = " ".join(word for word in (alarm.text_ja, level_ja, reading_ja) if word)
    return f"{alarm.name}: {english}", f"{alarm.name}: {japanese}"


def level_words(alarm: Alarm, levels: int) -> tuple[str, str]:
    """The most urgent level in words; nothing for an alarm without limits."""
    if isinstance(alarm.declared, Limits):
        return next(((english, ja) for bit, english, ja in LEVELS if levels & bit), ("", ""))
    return "", ""


def _reading(alarm: Alarm, value: float) -> tuple[str, str]:
    """What the tag of an alarm says, as a label or a number."""
    tag = alarm.tag
    if tag is None or isinstance(alarm.declared, (System, Levels)) or value != value:
        return "", ""
    if not tag.labels:
        number = f"({format(value, tag.unit)})"
        return number, number
    if isinstance(alarm.declared, Discrepancy) or not 0 <= int(value) < len(tag.labels):
        return "", ""
    label = tag.labels[int(value)]
    return f"({label})", f"({in_japanese(label)})"
