"""A plant that runs by itself: its own thread, one clock, a queue for everything that others want from it.

    simulation = Simulation(Plant.load("teaching"))
    simulation.subscribe(lambda image, time: print(time))
    simulation.start()
    simulation.write("CV-101.opening", 0.8)          # takes effect at the next step
    simulation.do("BAG-1.swap").result()             # an action, between two steps
    simulation.call(lambda plant: plant.snapshot())  # anything else that needs the plant to stand still

Only this thread touches the plant. After each scan it copies the process image once and hands the read-only copy to
every subscriber, so nobody ever sees half a step and nobody needs a lock.
"""

from __future__ import annotations

import logging
import math
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime
from typing import Any

import numpy as np

from twin.alarms.catalogue import plant_alarms
from twin.alarms.engine import AlarmEngine, AlarmSnapshot
from twin.alarms.event import AlarmEvent
from twin.clock import Clock, WallClock
from twin.errors import BadWrite, NumericalFailure, TwinError
from twin.plant import Plant
from twin.records import MODES
from twin.scenario import Scenario, ScenarioPlayer
from twin.scenario_snapshot import ScenarioSnapshot
from twin.tags import Tag

CONTROLS = ("SIM.mode", "SIM.speed")
"""Tags of the simulation itself that may be written, though the plant computes with neither."""

CHUNK = 0.02  # s of wall time that the plant computes before the loop looks up again
LONGEST_ADVANCE = 31 * 86400.0  # s that may be asked for in one go

log = logging.getLogger(__name__)

Subscriber = Callable[[np.ndarray, float], None]


class SimulationError(TwinError):
    """The simulation cannot do this, or has stopped."""


class PlantStopped(SimulationError):
    """The plant could not be computed and stands at its last good state."""


class BadDuration(SimulationError):
    """The plant cannot be advanced by this time."""


class Interrupted(SimulationError):
    """Somebody changed the mode while the plant was being advanced."""


class WrongMode(SimulationError):
    """The simulation cannot do this in its present mode."""


def writable(tag: Tag) -> bool:
    """Whether a tag may be written while a simulation runs: inputs, and the controls of the simulation."""
    return tag.writable or tag.name in CONTROLS


class Simulation:
    """Runs a plant in a thread of its own, a scan every `period` [s] of wall time, in one of five modes.

    realtime: with the wall clock; scaled: `speed` times the wall clock; asap: as fast as it goes; lockstep: only on
    `advance`; paused: not at all. A scan that is not done before the next one is due is an overrun: it is counted in
    SIM.overruns, and the simulation counts its time anew from there instead of running after it.
    """

    def __init__(
        self,
        plant: Plant,
        mode: str = "realtime",
        speed: float = 1.0,
        period: float = 0.1,
        clock: Clock | None = None,
    ) -> None:
        self.plant = plant
        self.alarms = AlarmEngine(plant_alarms(plant.spec, plant.tags), plant.tags, len(plant.image))
        self.alarms.subscribe(self._tell_panel)
        self.period = period
        self.overruns = 0
        self.scan_began = 0.0  # clock time of the latest scan's begin [s]
        self.scan_time = 0.0  # that the latest scan took [s]
        self.failure: Exception | None = None
        self.applied = 0
        self.taken = datetime.now(UTC)  # when the latest scan was handed out
        self._clock = clock or WallClock()
        self._handed_out = self._clock.now()
        self._subscribers: list[Subscriber] = []
        self._queue: deque[tuple[Callable[[], Any], Future[Any] | None, bool]] = deque()
        self._halts = 0  # changes of mode that are queued: nobody waits for the end of a long advance
        self._lock = threading.Lock()
        self._tickets = 0
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._steps_per_chunk = 1
        self._player: ScenarioPlayer | None = None
        self._unpublished = True
        self._mode, self._speed = "paused", 1.0
        self._set_mode(mode)
        self._set_speed(speed)

    # What everybody may ask, from any thread

    @property
    def mode(self) -> str:
        return self._mode

    @property
    def speed(self) -> float:
        """Simulated seconds per second of the wall clock that are wanted; counts in mode scaled."""
        return self._speed

    @property
    def running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def subscribe(self, callback: Subscriber) -> Callable[[], None]:
        """Call `callback(image, time)` in the simulation's thread after each scan; returns how to end that."""
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback) if callback in self._subscribers else None

    def write(self, name: str, value: float) -> int:
        """Set an input, or SIM.mode or SIM.speed, before the next step; BadWrite or UnknownTag at once if it cannot be.

        Returns a ticket: the value is in the image once `applied` has reached it.
        """
        value = self._checked(name, value)
        if name == "SIM.mode":
            return self._put(lambda: self._set_mode(MODES[int(value)]), halts=True)
        if name == "SIM.speed":
            return self._put(lambda: self._set_speed(value))
        return self._put(lambda: self.plant.__setitem__(name, value))

    def do(self, action: str, **arguments: Any) -> Future[Any]:
        """Perform a discrete action between two steps."""
        return self.call(lambda plant: plant.do(action, **arguments))

    def call(self, function: Callable[[Plant], Any]) -> Future[Any]:
        """Run a function of the plant between two steps."""
        return self._ask(lambda: function(self.plant))

    def advance(self, seconds: float) -> Future[float]:
        """In mode lockstep: advance the plant; the result is the time reached [s], after the scan was published."""
        return self._ask(lambda: self._advance(seconds, ("lockstep",)))

    def step(self, seconds: float) -> Future[float]:
        """In mode paused or lockstep: advance the plant; the result is the time reached [s]."""
        return self._ask(lambda: self._advance(seconds, ("paused", "lockstep")))

    def play(self, scenario: Scenario) -> Future[None]:
        """Let a scenario happen from now on, whatever the mode; one that plays already gives way."""
        return self._ask(lambda: self._play(scenario))

    def end_scenario(self) -> Future[None]:
        """Let nothing more of the scenario happen; what happened stays."""
        return self._ask(lambda: self._play(None))

    @property
    def scenario(self) -> Scenario | None:
        """The scenario that plays."""
        player = self._player
        return player.scenario if player is not None else None

    def scenario_snapshot(self) -> ScenarioSnapshot | None:
        """Where the scenario stands that plays; to be asked in the simulation's thread, between two steps."""
        player = self._player
        return None if player is None else ScenarioSnapshot(player.scenario, player.start, tuple(player.ramps))

    def go_on(self, scenario: ScenarioSnapshot) -> Future[None]:
        """Let the rest of a scenario happen, from the plant's present time on."""
        return self._ask(lambda: self._play(scenario.scenario, scenario))

    def restore(
        self, snapshot: Any, alarms: AlarmSnapshot | None = None, scenario: ScenarioSnapshot | None = None
    ) -> Future[Any]:
        """Return to a snapshot, to that of the alarms, to where the scenario stood; a failure is forgiven."""
        return self._ask(lambda: self._restore(snapshot, alarms, scenario))

    def start(self) -> None:
        """Start the thread."""
        self._stopping.clear()
        self._rebase()
        self._thread = threading.Thread(target=self._run, name="simulation", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the chunk in hand and end the thread; what is still queued is refused."""
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        while self._queue:
            _, future, _ = self._queue.popleft()
            if future is not None:
                future.set_exception(SimulationError("The simulation has stopped."))

    def _ask(self, task: Callable[[], Any]) -> Future[Any]:
        future: Future[Any] = Future()
        self._put(task, future)
        return future

    def _put(self, task: Callable[[], Any], future: Future[Any] | None = None, halts: bool = False) -> int:
        with self._lock:
            self._tickets += 1
            self._halts += halts
            self._queue.append((task, future, halts))
            ticket = self._tickets
        self._wake.set()
        return ticket

    def _checked(self, name: str, value: float) -> float:
        tag = self.plant.tags[name]
        if not writable(tag):
            raise tag.refuse_write()
        value = tag.accept(value)
        if name == "SIM.speed" and value == 0.0:
            raise BadWrite("SIM.speed: expected a speed above 0; the mode paused stands still.", "out_of_range")
        return value

    # The thread

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._clock.wait(self._wake, self.turn())

    def turn(self) -> float | None:
        """One pass: serve the queue, scan if one is due. Returns the seconds until the next pass, None for no date."""
        self._wake.clear()
        self._serve_queue()
        if self._mode == "asap":
            self._scan_asap()
            return 0.0
        if self._mode in ("realtime", "scaled"):
            if self._clock.now() >= self._next_scan:
                self._scan_paced()
            return self._next_scan - self._clock.now()
        if self._unpublished:
            self._publish()
        return None

    def _serve_queue(self) -> None:
        """Do what is queued, in order; an exception goes to the one who asked."""
        while self._queue:
            task, future, halts = self._queue.popleft()
            with self._lock:
                self._halts -= halts
            self._unpublished = True
            self.applied += 1
            if future is not None and not future.set_running_or_notify_cancel():
                continue
            try:
                result = task()
            except Exception as problem:
                if future is None:
                    log.error("A queued write failed: %s", problem)
                else:
                    future.set_exception(problem)
            else:
                if future is not None:
                    future.set_result(result)

    def _scan_paced(self) -> None:
        """Bring the plant to where the wall clock says, or as far as one period allows, and publish."""
        now = self.scan_began = self._clock.now()
        wanted = self._origin_time + (now - self._origin_clock) * self._speed
        caught_up = self._run_until(wanted, deadline=now + self.period)
        self._publish()
        self.scan_time = self._clock.now() - now

        self._next_scan += self.period
        late = self._clock.now() - self._next_scan
        if late > 0.0 or not caught_up:
            self.overruns += 1
            self._rebase()

    def _scan_asap(self) -> None:
        self._run_until(math.inf, deadline=self._clock.now() + self.period)
        self._publish()

    def _run_until(self, wanted: float, deadline: float) -> bool:
        """Step towards the time; False if the deadline came first. A failure stops the simulation."""
        dt = self.plant.dt
        while not self._stopping.is_set():
            due = (wanted - self.plant.time) / dt + 1e-6
            if due < 1.0:
                return True
            try:
                self._run_chunk(int(min(due, self._steps_per_chunk)))
            except Exception as failure:
                self._fail(failure)
                return True
            if self._clock.now() >= deadline:
                return (wanted - self.plant.time) / dt + 1e-6 < 1.0
        return True

    def _run_chunk(self, steps: int) -> None:
        """Step, and learn how many steps fill a chunk."""
        start = self._clock.now()
        self._run_plant(steps * self.plant.dt)
        taken = self._clock.now() - start
        fitting = steps * CHUNK / taken if taken > 0.0 else 2.0 * steps
        self._steps_per_chunk = max(1, int(min(fitting, 2.0 * self._steps_per_chunk)))

    def _run_plant(self, seconds: float) -> None:
        """Run, and let the scenario happen on the way; one that cannot go on ends, the plant does not."""
        player = self._player
        if player is None:
            self.plant.run(seconds=seconds)
            return
        end = self.plant.time + seconds
        try:
            player.run(seconds)
        except NumericalFailure:
            raise
        except TwinError as problem:
            log.error("%s", problem)
            self._player = None
            self.plant.run(seconds=max(end - self.plant.time, 0.0))
            return
        if player.done:
            log.info("The scenario %s is over.", player.scenario.name)
            self._player = None

    def _play(self, scenario: Scenario | None, stood: ScenarioSnapshot | None = None) -> None:
        def tell(time: float, text: str) -> None:
            log.info("At %g s: %s", time, text)

        self._player = ScenarioPlayer(self.plant, scenario, tell) if scenario is not None else None
        if self._player is not None and stood is not None:
            self._player.resume(stood.start, stood.ramps)

    def _advance(self, seconds: float, modes: tuple[str, ...]) -> float:
        if self._mode not in modes:
            works = " and ".join(f'"{mode}"' for mode in modes)
            raise WrongMode(f"The simulation is in mode {self._mode}; this works in mode {works}.")
        if self.failure is not None:
            raise PlantStopped("The plant could not be computed; restore a snapshot first.")
        steps = seconds / self.plant.dt
        if not (math.isfinite(steps) and steps >= 0.5 and abs(steps - round(steps)) < 1e-6 * steps):
            raise BadDuration(f"Cannot advance {seconds:g} s: not a whole number of steps of {self.plant.dt:g} s.")
        if seconds > LONGEST_ADVANCE:
            raise BadDuration(f"Cannot advance {seconds:g} s in one go: at most {LONGEST_ADVANCE:g} s.")
        left = round(steps)
        try:
            while left and not self._stopping.is_set() and not self._halts:
                steps = min(left, self._steps_per_chunk)
                self._run_chunk(steps)
                left -= steps
        except Exception as failure:
            self._fail(failure)
            raise
        finally:
            self._publish()
        if left:
            raise Interrupted(f"The plant was stopped at {self.plant.time:g} s, before it had been advanced so far.")
        return self.plant.time

    def _restore(self, snapshot: Any, alarms: AlarmSnapshot | None, scenario: ScenarioSnapshot | None) -> None:
        self.plant.restore(snapshot)
        self._play(scenario.scenario if scenario is not None else None, scenario)
        if alarms is not None:
            self.alarms.restore(alarms, self.plant.time)
        self.failure = None
        self._rebase()

    def _tell_panel(self, event: AlarmEvent) -> None:
        """What is acknowledged here is acknowledged at the alarm's own tag too."""
        if event.transition == "acknowledged" and event.alarm.acknowledge is not None:
            self.write(event.alarm.acknowledge.name, 1.0)

    def _fail(self, failure: Exception) -> None:
        """The plant stands at its last good state; stop there and say so."""
        if isinstance(failure, NumericalFailure):
            log.error("%s", failure)
        else:
            log.error("The simulation stopped at %g s.", self.plant.time, exc_info=failure)
        self.failure = failure
        self._mode = "paused"

    def _set_mode(self, mode: str) -> None:
        if mode not in MODES:
            raise SimulationError(f'There is no mode "{mode}"; the modes are {", ".join(MODES)}.')
        if mode != "paused":
            self.failure = None
        if mode == "realtime":
            self._speed = 1.0
        self._mode = mode
        self._rebase()

    def _set_speed(self, speed: float) -> None:
        """A speed other than 1 turns realtime into scaled."""
        self._speed = speed
        if self._mode == "realtime" and speed != 1.0:
            self._mode = "scaled"
        self._rebase()

    def _rebase(self) -> None:
        """From here on, count simulated time and scans anew."""
        self._origin_time, self._origin_clock = self.plant.time, self._clock.now()
        self._next_scan = self._origin_clock + self.period

    @property
    def scan_age(self) -> float:
        """Since the latest scan was handed out [s], by a clock that nobody sets."""
        return self._clock.now() - self._handed_out

    def _publish(self) -> None:
        """Copy the image once and hand it to every subscriber; one that raises is dropped."""
        image = self.plant.image
        tags = self.plant.tags
        image[tags["SIM.speed"].address] = self._speed
        image[tags["SIM.mode"].address] = MODES.index(self._mode)
        image[tags["SIM.overruns"].address] = self.overruns
        self._unpublished = False
        self.taken, self._handed_out = datetime.now(UTC), self._clock.now()
        copy = image.copy()
        copy.flags.writeable = False
        self.alarms.scan(copy, self.plant.time, self.failure is not None)
        for callback in list(self._subscribers):
            try:
                callback(copy, self.plant.time)
            except Exception:
                log.exception("A subscriber failed and is dropped.")
                self._subscribers.remove(callback)
