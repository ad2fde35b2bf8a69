"""The last snapshot of a served plant: written twice a second in one move, so that a crash costs under a second."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from twin.alarms.engine import AlarmSnapshot
from twin.errors import SnapshotMismatch
from twin.history import Reader
from twin.history.alarms import brought_up
from twin.plant import Snapshot
from twin.scenario_snapshot import ScenarioSnapshot

if TYPE_CHECKING:
    from twin.alarms.engine import AlarmEngine
    from twin.plant import Plant
    from twin.simulation import Simulation

PERIOD = 0.4  # s of the wall clock between two snapshots

log = logging.getLogger("hetwin")


def go_on(plant: Plant, path: Path) -> bool:
    """Bring the plant to where its last snapshot stands; False if there is none that fits, which is then set aside."""
    if not path.is_file():
        return False
    try:
        plant.restore(Snapshot.from_bytes(path.read_bytes()))
    except SnapshotMismatch as problem:
        aside = path.with_name(f"{path.name}.other")
        path.replace(aside)
        log.warning("%s It is kept as %s; the plant starts anew.", problem, aside)
        return False
    return True


def alarms_beside(path: Path) -> Path:
    """Where the state of the alarms is kept that belongs to a snapshot."""
    return path.with_suffix(".alarms")


def restore_alarms(simulation: Simulation, path: Path, history: str | Path | None = None) -> None:
    """Bring back what was not acknowledged, shelved or out of service, if it was kept with the plant's snapshot.

    The last snapshot is a little older than what operators were told; with a history, its events since then count too.
    """
    kept = alarms_beside(path)
    if not kept.is_file():
        return
    try:
        found = AlarmSnapshot.from_bytes(kept.read_bytes())
        if history is not None:
            with Reader(history) as reader:
                found = brought_up(found, reader)
        simulation.alarms.restore(found, simulation.plant.time)
    except SnapshotMismatch as problem:
        log.warning("%s %s is left aside; alarms start anew.", problem, kept)


def scenario_beside(path: Path) -> Path:
    """Where the state of the scenario is kept that played at a snapshot."""
    return path.with_suffix(".scenario")


def go_on_with_scenario(simulation: Simulation, path: Path) -> None:
    """Let the rest of the scenario happen that played when the plant's snapshot was taken, if one did."""
    kept = scenario_beside(path)
    if not kept.is_file():
        return
    try:
        simulation.go_on(ScenarioSnapshot.from_bytes(kept.read_bytes()))
    except SnapshotMismatch as problem:
        log.warning("%s %s is left aside; no scenario plays.", problem, kept)


def write_scenario(scenario: ScenarioSnapshot | None, path: Path) -> None:
    """Keep the state of a scenario beside a snapshot; there is no file when none plays."""
    if scenario is None:
        scenario_beside(path).unlink(missing_ok=True)
    else:
        write_snapshot(scenario, scenario_beside(path))


def write_snapshot(snapshot: Snapshot | AlarmSnapshot | ScenarioSnapshot, path: Path) -> None:
    """Replace the file in one move: whoever reads it finds the old one or the new one, whole."""
    draft = path.with_name(f"{path.name}.new")
    with draft.open("wb") as file:
        file.write(snapshot.to_bytes())
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


class LastSnapshot:
    """Keeps the file up to date in a thread of its own; `take` runs in the simulation's, after each scan."""

    def __init__(
        self,
        plant: Plant,
        path: Path,
        alarms: AlarmEngine | None = None,
        scenario: Callable[[], ScenarioSnapshot | None] = lambda: None,
    ) -> None:
        self.path = path
        self.failing = False
        self._plant, self._alarms, self._scenario = plant, alarms, scenario
        self._taken: tuple[Snapshot, AlarmSnapshot | None, ScenarioSnapshot | None] | None = None
        self._fresh, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="snapshot", daemon=True)
        self._thread.start()

    def take(self, image: np.ndarray, time: float) -> None:
        """A copy of the plant's memory and its alarms, to be written when the disk is free; the latest one counts."""
        alarms = self._alarms.snapshot() if self._alarms else None
        self._taken = self._plant.snapshot(), alarms, self._scenario()
        self._fresh.set()

    def close(self) -> None:
        """Write what is left."""
        self._stop.set()
        self._fresh.set()
        self._thread.join()

    def __enter__(self) -> LastSnapshot:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._fresh.wait()
            self._fresh.clear()
            self._write()
            self._stop.wait(PERIOD)
        self._write()

    def _write(self) -> None:
        taken, self._taken = self._taken, None
        if taken is None:
            return
        try:
            plant, alarms, scenario = taken
            write_scenario(scenario, self.path)  # first: it fits a plant that is older than itself
            write_snapshot(plant, self.path)
            if alarms is not None:
                write_snapshot(alarms, alarms_beside(self.path))
        except OSError as problem:
            if not self.failing:  # said once, not twice a second for as long as the disk is full
                log.error("The snapshot %s could not be written: %s.", self.path, problem.strerror)
            self.failing = True
        else:
            self.failing = False
