"""Kills at random moments: a secured plant of 1 000 tags is killed again and again, and what it kept is looked at.

    hetwin bench durability                  200 kills
    python -m benchmarks.durability 30       so many

An operator with certificate and password reads the plant's time, moves valves and limits of alarms, hears alarms and
acknowledges them until the moment of the kill. Then the files are opened as the next start would, and held against
what the operator was told: the history and the snapshot may lack a second; events, acknowledgements and the audit log
may lack nothing. The plant runs in real time: a second of the plant is a second of the clock.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.clients.operator import Operator, Told, admit, live_and_die
from benchmarks.servers.chain import chain
from benchmarks.servers.served import HETWIN, serving

NAME = "durability"
KILLS = 200
LIFE = (0.1, 1.2)  # s from the first answer to the kill
VESSELS, ALARMS = 60, 10
"""1 000 tags, and so many alarms that the operator brings about."""
STATES = ("ActiveState/Id", "AckedState/Id", "ConfirmedState/Id", "LatchedState/Id", "shelved", "levels")
QUIET = (False, True, True, False, 0, 0)
"""STATES of an alarm that nobody has to do with."""


@dataclass(frozen=True)
class Found:
    """What one kill left: simulated times [s], and how much of what the operator was told is missing."""

    told: Told
    history_time: float
    snapshot_time: float
    history_is_whole: bool
    events_lost: int
    acknowledgements_lost: int
    alarms_otherwise: int
    audit_lost: int
    audit_problem: str
    starting: float

    @property
    def lost_of_history(self) -> float:
        return self.told.last - self.history_time

    @property
    def lost_of_snapshot(self) -> float:
        return self.told.last - self.snapshot_time

    def __str__(self) -> str:
        told = self.told
        return (
            f"{self.starting:.1f} s to start; {len(told.events)} events, {len(told.acknowledged)} acknowledgements, "
            f"{len(told.writes)} writes; lost {self.lost_of_history:.2f} s of the history, "
            f"{self.lost_of_snapshot:.2f} s of the plant, {self.events_lost} events, {self.acknowledgements_lost} "
            f"acknowledgements, {self.audit_lost} lines; {self.alarms_otherwise} alarms came back otherwise"
            f"{'; ' * bool(self.audit_problem)}{self.audit_problem}"
            f"{'' if self.history_is_whole else '; the history is not whole'}"
        )


def run(kills: int = KILLS) -> list[dict[str, Any]]:
    """Kill so many times."""
    with tempfile.TemporaryDirectory() as folder:
        found = list(kill_and_look(kills, Path(folder), random.Random(20)))
        agreed = audit_agrees(Path(folder))
    return rows(found, agreed)


def rows(found: list[Found], agreed: bool) -> list[dict[str, Any]]:
    """The figures of a campaign."""
    told = [each.told for each in found]
    return [
        _count("kills at random moments", len(found)),
        _count("events of alarms that the operator saw", sum(len(each.events) for each in told)),
        _count("acknowledgements answered with Good", sum(len(each.acknowledged) for each in told)),
        _count("writes answered with Good", sum(len(each.writes) for each in told)),
        _row("histories that were not whole", sum(not each.history_is_whole for each in found)),
        _row("starts that did not go on from the snapshot", _restarts(found)),
        _row("lost of the history, at most", max(each.lost_of_history for each in found), 1.0, "s"),
        _row("lost of plant time, at most", max(each.lost_of_snapshot for each in found), 1.0, "s"),
        _row("events lost that the operator saw", sum(each.events_lost for each in found)),
        _row("acknowledgements lost", sum(each.acknowledgements_lost for each in found)),
        _row("alarms that came back otherwise than the events say", sum(each.alarms_otherwise for each in found)),
        _row("audit logs whose chain is broken", sum(bool(each.audit_problem) for each in found) + (not agreed)),
        _row("writes and acknowledgements that the audit log lacks", sum(each.audit_lost for each in found)),
    ]


def _restarts(found: list[Found]) -> int:
    return sum(later.told.first < before.snapshot_time for before, later in pairwise(found))


def _count(point: str, figure: int) -> dict[str, Any]:
    return {"point": point, "figure": figure, "target": "", "verdict": "", "unit": "1"}


def _row(point: str, figure: float, most: float = 0.0, unit: str = "1") -> dict[str, Any]:
    verdict = "pass" if figure <= most else "fail"
    return {
        "point": point,
        "figure": figure,
        "target": f"< {most:g}" if most else "0",
        "verdict": verdict,
        "unit": unit,
    }


def kill_and_look(kills: int, folder: Path, chance: random.Random) -> Iterator[Found]:
    """Start, work, kill, look, so many times, always over the same files."""
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)  # connections that die are what this is about
    plant = folder / "chain.toml"
    plant.write_text(chain(VESSELS, ALARMS))
    admit(folder / "pki", folder / "operator")
    look = Look(folder, plant)
    for _ in range(kills):
        operator = Operator(folder / "operator", ALARMS, chance)
        with serving(plant, "--secure", "--out", folder) as server:
            starting = asyncio.run(live_and_die(server, operator, chance.uniform(*LIFE)))
        yield look.at(operator.told, starting)


def audit_agrees(folder: Path) -> bool:
    """Whether `hetwin audit verify` finds the chain whole."""
    done = subprocess.run([HETWIN, "audit", "verify", folder / "audit.jsonl"], capture_output=True, check=False)
    return done.returncode == 0


class Look:
    """Opens what was kept, as the next start would; remembers how far it had looked."""

    def __init__(self, folder: Path, plant_file: Path) -> None:
        from twin.plant import Plant

        self._folder = folder
        self._plant = Plant.load(plant_file)
        self._events = self._lines = 0
        self._left: dict[str, tuple[Any, ...]] = {}

    def at(self, told: Told, starting: float) -> Found:
        """Everything, right after a kill."""
        whole, history_time = self._history()
        events_lost, acknowledgements_lost, otherwise = self._alarms(told)
        audit_lost, problem = self._audit(told)
        return Found(
            *(told, history_time, self._snapshot(), whole, events_lost, acknowledgements_lost, otherwise),
            *(audit_lost, problem, starting),
        )

    def _history(self) -> tuple[bool, float]:
        """Whether it is whole, and its last time [s]."""
        from twin.history import read_history

        path = self._folder / "history.sqlite"
        history = read_history(path, ["SIM.time", "V-1.p"])
        with sqlite3.connect(path) as file:
            (verdict,) = file.execute("PRAGMA integrity_check").fetchone()
        file.close()
        whole = verdict == "ok" and len(history.time) > 0 and bool((history.values[:, 1] > 0.0).all())
        return whole and bool((history.time[1:] > history.time[:-1]).all()), float(history.time[-1])

    def _snapshot(self) -> float:
        """The time [s] from which the next start goes on. Raises SnapshotMismatch if it cannot."""
        from twin.plant import Snapshot

        self._plant.restore(Snapshot.from_bytes((self._folder / "chain.snapshot").read_bytes()))
        return float(self._plant.time)

    def _alarms(self, told: Told) -> tuple[int, int, int]:
        """Events and acknowledgements that are missing, alarms that came back otherwise than they were left."""
        from twin.history import Reader

        with Reader(self._folder / "history.sqlite") as reader:
            events = reader.events(kinds=["alarm"], page=(self._events, 2**31))
        self._events += len(events)
        details = [(event.wall, event.detail or {}) for event in events]
        kept = {(d["ConditionName"], wall, d["ActiveState/Id"], d["AckedState/Id"]) for wall, d in details}
        done = {(d["ConditionName"], d["Comment"]) for _, d in details if d["transition"] == "acknowledged"}

        restored = {d["ConditionName"]: _state(d) for _, d in details if d["transition"] == "restored"}
        names = self._left.keys() | restored.keys()
        otherwise = sum(self._left.get(name, QUIET) != restored.get(name, QUIET) for name in names)
        self._left |= {d["ConditionName"]: _state(d) for _, d in details}
        return (
            sum(seen not in kept for seen in told.events),
            sum(each not in done for each in told.acknowledged),
            otherwise,
        )

    def _audit(self, told: Told) -> tuple[int, str]:
        """How much of what was answered with Good the log lacks, and what is wrong with its chain."""
        from opcua_server.audit import verify
        from opcua_server.errors import AuditBroken

        path, problem = self._folder / "audit.jsonl", ""
        try:
            verify(path)
        except AuditBroken as broken:
            problem = str(broken)
        whole = [line for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
        found = [json.loads(line) for line in whole[self._lines :]]
        self._lines = len(whole)
        lines = [line for each in found for line in each.get("writes", ())]
        written = {(line["node"], line["value"]) for line in lines if line["status"] == "Good"}
        calls = [each for each in found if each["event"] == "call" and each["status"] == "Good"]
        called = {(each["object"].removesuffix("/alarm"), each["arguments"][-1]) for each in calls}
        missing = sum(each not in written for each in told.writes)
        return missing + sum(each not in called for each in told.acknowledged), problem


def _state(detail: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(detail[name] for name in STATES)


def main() -> None:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else KILLS
    with tempfile.TemporaryDirectory() as where:
        found = []
        for one in kill_and_look(number, Path(where), random.Random(20)):
            print(one, flush=True)
            found.append(one)
        for row in rows(found, audit_agrees(Path(where))):
            print(f"{row['point']:60} {row['figure']:8.4g} {row['unit']:2} {row['target']:4} {row['verdict']}")


if __name__ == "__main__":
    main()
