"""Named snapshots of a plant, its alarms and the scenario that plays, in memory, and in a folder if there is one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from twin.alarms.engine import AlarmSnapshot
from twin.errors import SnapshotMismatch, nearest
from twin.plant import Snapshot
from twin.scenario_snapshot import ScenarioSnapshot

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
MOST = 100
"""Snapshots that are kept; nobody fills the memory with them."""


class BadName(SnapshotMismatch):
    """A snapshot cannot be called so."""


@dataclass(frozen=True)
class Kept:
    """A snapshot of plant and alarms, the simulated time that it holds [s], when it was made, the scenario if any."""

    plant: Snapshot
    alarms: AlarmSnapshot
    time: float
    made: datetime
    scenario: ScenarioSnapshot | None = None


class Snapshots:
    """Keeps snapshots by name; those of the folder are read when it is opened."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._kept: dict[str, Kept] = {}
        for path in sorted(folder.glob("*.alarms")) if folder and folder.is_dir() else ():
            self._kept[path.stem] = _read(path)

    def save(
        self,
        name: str,
        plant: Snapshot,
        alarms: AlarmSnapshot,
        time: float,
        scenario: ScenarioSnapshot | None = None,
    ) -> None:
        """Keep a snapshot, in place of one of the same name. Raises BadName, SnapshotMismatch."""
        if not NAME.fullmatch(name):
            raise BadName(f'"{name}" is no name for a snapshot; expected letters, digits, "-" and "_".')
        if len(self._kept) >= MOST and name not in self._kept:
            raise SnapshotMismatch(f"{MOST} snapshots are kept already; use the name of one of them.")
        self._kept[name] = kept = Kept(plant, alarms, time, datetime.now(UTC), scenario)
        if self._folder is not None:
            _write(self._folder, name, kept)

    def find(self, name: str) -> Kept:
        """The snapshot of this name. Raises SnapshotMismatch."""
        if name not in self._kept:
            raise SnapshotMismatch(f'There is no snapshot "{name}"{nearest(name, self._kept) or "."}')
        return self._kept[name]

    def all(self) -> dict[str, Kept]:
        """Every snapshot by name."""
        return dict(self._kept)


def _write(folder: Path, name: str, kept: Kept) -> None:
    """Files beside each other; that of the alarms is last and in one move: without it the snapshot does not count."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.snapshot").write_bytes(kept.plant.to_bytes())
    scenario = folder / f"{name}.scenario"
    if kept.scenario is None:
        scenario.unlink(missing_ok=True)
    else:
        scenario.write_bytes(kept.scenario.to_bytes())
    draft = folder / f"{name}.draft"
    draft.write_bytes(f"{kept.time!r} {kept.made.isoformat()}\n".encode() + kept.alarms.to_bytes())
    draft.replace(folder / f"{name}.alarms")


def _read(path: Path) -> Kept:
    head, _, alarms = path.read_bytes().partition(b"\n")
    time, made = head.decode().split(" ", 1)
    plant = Snapshot.from_bytes(path.with_suffix(".snapshot").read_bytes())
    played = path.with_suffix(".scenario")
    scenario = ScenarioSnapshot.from_bytes(played.read_bytes()) if played.is_file() else None
    return Kept(plant, AlarmSnapshot.from_bytes(alarms), float(time), datetime.fromisoformat(made), scenario)
