"""The alarm engine: states after ISA-18.2 for every alarm of a plant, moved by scans and by operators.

    engine = AlarmEngine(plant_alarms(plant.spec, plant.tags), plant.tags, len(plant.image))
    engine.subscribe(print)                       # every transition, as an AlarmEvent
    engine.scan(plant.image, plant.time)          # after each scan
    engine.acknowledge("BAG-1.filling", user="sato", comment="on my way")

Time is simulated time. Scans come from the simulation's thread, operators from any; both wait for each other, which
takes a fraction of a millisecond.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from twin.alarms.catalogue import CONTROLLER, FAILURE, OVERRUN, Alarm
from twin.alarms.event import AlarmEvent, AlarmRefused, AlarmState, Remark, Transition, messages
from twin.alarms.table import HIGH_HIGH, LOW_LOW, ONE_SHOT, STATE, TIMED, UNSHELVED, AlarmTable, limits_of
from twin.errors import SnapshotMismatch, nearest
from twin.tags import Tags
from twin.words import Word

LONGEST_SHELVING = 8 * 3600.0
"""A shift [s]: nobody may hide an alarm from the next one (ISA-18.2, 11.7)."""
OVERRUN_LASTS = 10.0
"""After the last late scan the alarm stays for so long [s]."""

BY_TAG = Word("by tag", "タグ操作")
"""Comment of the server itself on an acknowledgement that was written to the alarm's own tag."""

FORM = "hetwin-alarms 2 "
"""How a snapshot of alarms begins; the number of the next event follows."""

Subscriber = Callable[[AlarmEvent], None]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class AlarmSnapshot:
    """The state of all alarms at one moment; events with the number `next` and later came after it."""

    names: tuple[str, ...]
    state: np.ndarray
    next: int = 1

    def to_bytes(self) -> bytes:
        """A self-describing binary form."""
        return "\n".join([f"{FORM}{self.next}", *self.names, "", ""]).encode() + self.state.tobytes()

    @classmethod
    def from_bytes(cls, raw: bytes) -> AlarmSnapshot:
        """Read what `to_bytes` wrote. Raises SnapshotMismatch on anything else."""
        head, mark, body = raw.partition(b"\n\n")
        first, *names = head.decode(errors="replace").split("\n")
        number = first.removeprefix(FORM)
        if not mark or not number.isdecimal() or len(body) != len(names) * STATE.itemsize:
            raise SnapshotMismatch("This is not a snapshot of alarms; make one with AlarmEngine.snapshot().")
        return cls(tuple(names), np.frombuffer(body, STATE).copy(), int(number))


class AlarmEngine:
    """Alarms of one plant, their states, and the stream of what happens to them."""

    def __init__(self, alarms: Sequence[Alarm], tags: Tags, size: int) -> None:
        self.alarms = tuple(alarms)
        self.time = 0.0
        self._rows = {alarm.name: i for i, alarm in enumerate(self.alarms)}
        self._table = AlarmTable(alarms, tags, size)
        self._lock = threading.RLock()
        self._subscribers: list[Subscriber] = []
        self._next = 1
        self._notes: dict[int, tuple[str, str]] = {}
        self._opens = [(i, a.open.address) for i, a in enumerate(self.alarms) if a.open]
        self._was_open = np.zeros(len(self._opens), bool)
        self._overruns = tags["SIM.overruns"].address
        self._late: tuple[float, float] = (-1.0, -np.inf)

    # --- what everybody may ask ------------------------------------------------------------------------------------

    def subscribe(self, callback: Subscriber) -> Callable[[], None]:
        """Call `callback(event)` at every transition, in the thread where it happens; returns how to end that."""
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback) if callback in self._subscribers else None

    def row(self, name: str) -> int:
        """The number of an alarm. Raises AlarmRefused if there is none of this name."""
        if name not in self._rows:
            raise AlarmRefused(f'There is no alarm "{name}"{nearest(name, self._rows) or "."}', "unknown_alarm")
        return self._rows[name]

    def state(self, name: str) -> AlarmState:
        """The present state of an alarm."""
        with self._lock:
            return self._state(self.row(name))

    def note(self, name: str) -> tuple[str, str]:
        """The latest comment on an alarm and who made it."""
        return self._notes.get(self.row(name), ("", ""))

    def limits(self, name: str, image: np.ndarray) -> tuple[float, float, float, float]:
        """High high, high, low and low low as they are now; infinite where there is none."""
        alarm = self.alarms[self.row(name)]
        declared = limits_of(alarm)
        if not alarm.limits:
            return declared
        now = [
            float(image[tag.address]) if np.isfinite(d) else d for tag, d in zip(alarm.limits, declared, strict=True)
        ]
        return now[0], now[1], now[2], now[3]

    def open(self) -> list[tuple[Alarm, AlarmState]]:
        """Alarms that call somebody: active or not acknowledged, and not silenced; the most severe first."""
        with self._lock:
            states = [(alarm, self._state(i)) for i, alarm in enumerate(self.alarms) if self._stands(i)]
        standing = [(alarm, state) for alarm, state in states if state.retain and not state.silent]
        return sorted(standing, key=lambda pair: (pair[1].acked, -pair[1].severity))

    def events_now(self) -> list[AlarmEvent]:
        """The present state of every alarm that still concerns anybody, as events that do not count (a refresh)."""
        with self._lock:
            rows = [i for i in range(len(self.alarms)) if self._stands(i) and self._state(i).retain]
            return [self._event(i, "restored", number=int(self._table.state["last"][i])) for i in rows]

    # --- scans -----------------------------------------------------------------------------------------------------

    def scan(self, image: np.ndarray, time: float, failed: bool = False) -> None:
        """Look at the image of a scan; `failed`: the plant could not be computed."""
        with self._lock:
            if time < self.time:  # the plant went back: nothing has waited yet
                self._table.state["due"] = np.nan
            self.time = time
            self._signal(FAILURE, failed)
            self._signal(OVERRUN, self._came_late(float(image[self._overruns]), time))
            rows, levels, turned = self._table.scan(image, time)
            for row in turned:
                self._rule(int(row))
            for row, level in zip(rows.tolist(), levels.tolist(), strict=True):
                self._move(row, level)
            self._end_shelves(time)
            self._follow_panels(image)

    def signal(self, name: str, on: bool) -> None:
        """Raise or clear a system alarm; it shows with the next scan."""
        with self._lock:
            self._signal(name, on)

    def controller_silent(self, silent: bool) -> None:
        """A controller that had promised to write is silent, or back."""
        self.signal(CONTROLLER, silent)

    def _signal(self, name: str, on: bool) -> None:
        if name in self._rows:
            self._table.signals[self._rows[name]] = float(on)

    def _came_late(self, overruns: float, time: float) -> bool:
        before, until = self._late
        if before >= 0.0 and overruns > before:
            until = time + OVERRUN_LASTS
        self._late = (overruns, until if until <= time + OVERRUN_LASTS else -np.inf)
        return time < self._late[1]

    def _move(self, row: int, levels: int) -> None:
        """New levels: worse wakes the operator again, better does not."""
        s, alarm = self._table.state[row], self.alarms[row]
        before = int(s["levels"])
        s["levels"] = levels
        s["severity_before"] = s["severity"]
        if levels & ~before:
            s["acked"], s["confirmed"] = False, not alarm.declared.confirm
            s["latched"] = alarm.declared.latched
            s["raised"] = self._next
        if levels:
            s["severity"] = alarm.severity(bool(levels & (HIGH_HIGH | LOW_LOW)))
        self._tell(row, "active" if not before else ("changed" if levels else "returned"))
        if not levels and s["shelved"] == ONE_SHOT:
            s["shelved"] = UNSHELVED
            self._tell(row, "unshelved")

    def _rule(self, row: int) -> None:
        """Suppression by design came or went: told where the alarm was on."""
        if self._stands(row):
            self._tell(row, "suppressed" if self._table.state["by_design"][row] else "unsuppressed")

    def _end_shelves(self, time: float) -> None:
        s = self._table.state
        for row in np.flatnonzero((s["shelved"] == TIMED) & (time >= s["shelf_end"])).tolist():
            s["shelved"][row] = UNSHELVED
            self._tell(row, "unshelved")

    def _follow_panels(self, image: np.ndarray) -> None:
        """An alarm that was acknowledged at its own tag is acknowledged here too."""
        for k, (row, address) in enumerate(self._opens):
            now = image[address] > 0.5
            if self._was_open[k] and not now and not self._table.state["acked"][row]:
                self._table.state["acked"][row] = True
                self._tell(row, "acknowledged", comment=BY_TAG)
            self._was_open[k] = now

    # --- operators -------------------------------------------------------------------------------------------------

    def acknowledge(self, name: str, user: str = "", comment: str = "", event: int | None = None) -> None:
        """Somebody has seen it. `event` is the number of the event that is meant; None means the latest."""
        with self._lock:
            row = self._known(name, event)
            if self._table.state["acked"][row]:
                raise AlarmRefused(f"{name} is acknowledged already.", "acked")
            self._table.state["acked"][row] = True
            self._tell(row, "acknowledged", user, comment)

    def confirm(self, name: str, user: str = "", comment: str = "", event: int | None = None) -> None:
        """Somebody has done something about it; asked for after the acknowledgement."""
        with self._lock:
            row = self._known(name, event)
            if self._table.state["confirmed"][row]:
                raise AlarmRefused(f"{name} is confirmed already.", "confirmed")
            if not self._table.state["acked"][row]:
                raise AlarmRefused(f"{name} has to be acknowledged before it is confirmed.", "not_acked")
            self._table.state["confirmed"][row] = True
            self._tell(row, "confirmed", user, comment)

    def comment(self, name: str, text: str, user: str = "", event: int | None = None) -> None:
        """A remark that is kept with the alarm."""
        with self._lock:
            self._tell(self._known(name, event), "commented", user, text)

    def shelve(self, name: str, seconds: float | None = None, user: str = "", comment: str = "") -> None:
        """Be silent for a time of simulated seconds, or (None) until it has returned once."""
        with self._lock:
            row = self._enabled(name)
            if self._table.state["shelved"][row]:
                raise AlarmRefused(f"{name} is shelved already; unshelve it first.", "shelved")
            if seconds is not None and not 0.0 < seconds <= LONGEST_SHELVING:
                raise AlarmRefused(f"{name} can be shelved for {LONGEST_SHELVING:g} s at most.", "duration")
            self._table.state["shelved"][row] = ONE_SHOT if seconds is None else TIMED
            self._table.state["shelf_end"][row] = np.inf if seconds is None else self.time + seconds
            self._tell(row, "shelved", user, comment)

    def unshelve(self, name: str, user: str = "", comment: str = "") -> None:
        """Call people again."""
        with self._lock:
            row = self._enabled(name)
            if not self._table.state["shelved"][row]:
                raise AlarmRefused(f"{name} is not shelved.", "not_shelved")
            self._table.state["shelved"][row] = UNSHELVED
            self._tell(row, "unshelved", user, comment)

    def suppress(self, name: str, on: bool = True, user: str = "", comment: str = "") -> None:
        """Suppress by hand, or (`on` False) end that."""
        self._switch(name, "suppressed", on, "suppressed" if on else "unsuppressed", user, comment)

    def take_out(self, name: str, out: bool = True, user: str = "", comment: str = "") -> None:
        """Take out of service for repair, or (`out` False) place it back."""
        self._switch(name, "out", out, "out of service" if out else "in service", user, comment)

    def enable(self, name: str, on: bool = True, user: str = "", comment: str = "") -> None:
        """Enable or disable; a disabled alarm still follows the plant, silently."""
        with self._lock:
            row = self.row(name)
            if bool(self._table.state["enabled"][row]) == on:
                word = "enabled" if on else "disabled"
                raise AlarmRefused(f"{name} is {word} already.", "enabled" if on else "already_disabled")
            self._table.state["enabled"][row] = on
            self._tell(row, "enabled" if on else "disabled", user, comment)

    def reset(self, name: str, user: str = "", comment: str = "") -> None:
        """Release a latched alarm whose cause has gone."""
        with self._lock:
            row = self._enabled(name)
            s = self._table.state[row]
            if not s["latched"] or s["levels"] or not s["acked"] or not s["confirmed"]:
                wanted = "latched, back to normal, acknowledged and confirmed"
                raise AlarmRefused(f"{name} is {self._state(row).name}; it can be reset when it is {wanted}.", "state")
            s["latched"] = False
            self._tell(row, "reset", user, comment)

    def _switch(self, name: str, field: str, on: bool, transition: Transition, user: str, comment: str) -> None:
        with self._lock:
            row = self._enabled(name)
            if bool(self._table.state[field][row]) == on:
                raise AlarmRefused(
                    f"{name} is {'' if on else 'not '}{field.replace('out', 'out of service')}.", "state"
                )
            self._table.state[field][row] = on
            self._tell(row, transition, user, comment)

    def _enabled(self, name: str) -> int:
        row = self.row(name)
        if not self._table.state["enabled"][row]:
            raise AlarmRefused(f"{name} is disabled.", "disabled")
        return row

    def _known(self, name: str, event: int | None) -> int:
        """The row of an enabled alarm, whose present occurrence `event` belongs to."""
        row = self._enabled(name)
        s = self._table.state[row]
        if event is not None and not max(int(s["raised"]), 1) <= event <= int(s["last"]):
            raise AlarmRefused(f"{name}: event {event} does not belong to its present occurrence.", "unknown_event")
        return row

    # --- remembering -----------------------------------------------------------------------------------------------

    def snapshot(self) -> AlarmSnapshot:
        """The state of all alarms now."""
        with self._lock:
            return AlarmSnapshot(tuple(self._rows), self._table.state.copy(), self._next)

    def number_from(self, number: int) -> None:
        """Number events from here at the least: no two in one history have the same."""
        self._next = max(self._next, number)

    def restore(self, snapshot: AlarmSnapshot, time: float) -> None:
        """Go back; alarms that are another way than before tell so. Raises SnapshotMismatch."""
        if snapshot.names != tuple(self._rows):
            raise SnapshotMismatch("The snapshot of alarms was made by another plant file or version.")
        with self._lock:
            before = self._table.state.copy()
            self._table.state[:] = snapshot.state
            self.number_from(snapshot.next)
            self.time = time
            self._late = (-1.0, -np.inf)
            self._was_open[:] = False
            seen = ["levels", "acked", "confirmed", "latched", "shelved", "suppressed", "out", "enabled"]
            for row in np.flatnonzero(before[seen] != self._table.state[seen]).tolist():
                self._tell(row, "restored")

    # --- telling ---------------------------------------------------------------------------------------------------

    def _stands(self, row: int) -> bool:
        s = self._table.state[row]
        return bool(s["levels"] or not s["acked"] or not s["confirmed"] or s["latched"])

    def _state(self, row: int) -> AlarmState:
        s = self._table.state[row]
        return AlarmState(
            levels=int(s["levels"]),
            acked=bool(s["acked"]),
            confirmed=bool(s["confirmed"]),
            latched=bool(s["latched"]),
            shelved=int(s["shelved"]),
            unshelve_at=float(s["shelf_end"]),
            by_design=bool(s["by_design"]),
            suppressed=bool(s["suppressed"]),
            out_of_service=bool(s["out"]),
            enabled=bool(s["enabled"]),
            good=bool(s["good"]),
            value=float(s["value"]),
            severity=int(s["severity"]) or self.alarms[row].severity(),
            severity_before=int(s["severity_before"]),
        )

    def _event(
        self, row: int, transition: Transition, user: str = "", comment: str = "", number: int = 0
    ) -> AlarmEvent:
        alarm, state = self.alarms[row], self._state(row)
        english, japanese = messages(alarm, transition, state.levels, state.value)
        return AlarmEvent(
            number, self.time, datetime.now(UTC), alarm, row, transition, state, english, japanese, user, comment
        )

    def _tell(self, row: int, transition: Transition, user: str = "", comment: str = "") -> None:
        """Number the transition and hand it to every subscriber; one that raises is dropped."""
        number, self._next = self._next, self._next + 1
        self._table.state["last"][row] = number
        if comment or isinstance(comment, Remark):
            self._notes[row] = (comment, user)
        event = self._event(row, transition, user, comment, number)
        for callback in list(self._subscribers):
            try:
                callback(event)
            except Exception:
                log.exception("A subscriber of alarms failed and is dropped.")
                self._subscribers.remove(callback)
