"""`hetwin run`: a plant without a server, as fast as it goes; CSV, a picture and the ledger come out."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hetwin.exits import BadInput
from hetwin.key_figures import clock
from hil import batches
from twin.errors import NumericalFailure
from twin.history import History, read_blocks, read_history, write_csv
from twin.scenario import Finding, ScenarioPlayer, load_scenario

if TYPE_CHECKING:
    from twin.plant import Plant
    from twin.scenario import Scenario

SCANS = 1000
"""Rows of the history, if no interval is given."""


@dataclass
class Outcome:
    """What a run gave."""

    seconds: float
    wall: float
    findings: list[Finding] = field(default_factory=list)
    files: dict[str, Path] = field(default_factory=dict)
    failure: NumericalFailure | None = None
    batches: dict[str, Any] | None = None


def run(
    plant: Plant, seconds: float, scenario: str | None, out: Path | None, interval: float | None, tags: list[str]
) -> Outcome:
    """Advance the plant by `seconds` with a progress bar; write files into `out`. Returns also after a bad number."""
    script = load_scenario(scenario, plant) if scenario else None
    seconds = seconds or (ScenarioPlayer(plant, script).duration if script else 0.0)
    if not seconds > 0.0:
        raise BadInput("How long? Give --hours or --days above zero, or a --scenario with an end.")
    interval = max(interval or seconds / SCANS, plant.dt)
    history = None
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        history = History.create(_fresh(out / "history.sqlite"), plant, tags or ["*"], interval)
    outcome = _advance(plant, seconds, interval, script, history)
    if history is not None and out is not None:
        history.close()
        outcome.files = _write_files(plant, history, out)
    return outcome


def _advance(
    plant: Plant, seconds: float, interval: float, script: Scenario | None, history: History | None
) -> Outcome:
    begin, end = plant.time, plant.time + seconds
    with _progress(plant, seconds) as bar:
        player = ScenarioPlayer(plant, script, bar.tell) if script else None
        outcome = Outcome(0.0, 0.0, player.findings if player else [])
        book = batches.BatchBook(plant)
        steps = max(1, round(interval / plant.dt))
        if history:
            history.record(plant.image, plant.time)
        try:
            while (left := end - plant.time) > 0.5 * plant.dt:
                stretch = min(steps, max(1, round(left / plant.dt))) * plant.dt
                started = time.perf_counter()
                _run_stretch(plant, stretch, player, book)
                outcome.wall += time.perf_counter() - started
                if history:
                    history.record(plant.image, plant.time)
                bar.move(plant.time - begin)
        except NumericalFailure as failure:
            outcome.failure = failure
    outcome.seconds = plant.time - begin
    outcome.batches = book.result()
    return outcome


def _run_stretch(plant: Plant, seconds: float, player: ScenarioPlayer | None, book: batches.BatchBook) -> None:
    """Advance; where there are batches, in pieces so short that none is overlooked."""
    end = plant.time + seconds
    while (left := end - plant.time) > 0.5 * plant.dt:
        piece = min(left, batches.LOOK) if book.units else left
        if player:
            player.run(piece)
        else:
            plant.run(seconds=piece)
        book.look()


class _progress:  # noqa: N801  (reads as a verb in its `with`)
    """A bar with the time left, on stderr, when that is a terminal; what happens is told above it."""

    def __init__(self, plant: Plant, seconds: float) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            TextColumn(f"{plant.name} {{task.fields[clock]}}"),
            BarColumn(),
            TextColumn("{task.percentage:.0f} %"),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=Console(stderr=True, highlight=False),
            refresh_per_second=4,
            transient=True,
        )
        self._bar.disable = not self._bar.console.is_terminal
        self._task = self._bar.add_task("run", total=seconds, clock=clock(0.0))

    def __enter__(self) -> _progress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def move(self, done: float) -> None:
        """The plant has advanced so many seconds."""
        self._bar.update(self._task, completed=done, clock=clock(done))

    def tell(self, at: float, text: str) -> None:
        """Something happened."""
        self._bar.console.print(f"{clock(at)}  {text}", soft_wrap=True)


def _fresh(path: Path) -> Path:
    """A run is a new history."""
    for old in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        old.unlink(missing_ok=True)
    return path


def _write_files(plant: Plant, history: History, out: Path) -> dict[str, Path]:
    from hetwin.picture import draw, drawn

    files = {"history": out / "history.sqlite", "csv": out / "history.csv", "picture": out / "history.png"}
    files["snapshot"] = out / f"{plant.name}.snapshot"
    write_csv(read_blocks(history.path), files["csv"])
    draw(plant, read_history(history.path, drawn(plant, history.names)), files["picture"])
    files["snapshot"].write_bytes(plant.snapshot().to_bytes())
    return files


def result(plant: Plant, outcome: Outcome) -> dict[str, Any]:
    """The documented result of `hetwin run --json` (docs/command-line.md)."""
    ledger = plant.ledger()
    return {
        "plant": plant.name,
        "hours": outcome.seconds / 3600.0,
        "step": plant.dt,
        "wall_seconds": outcome.wall,
        "real_time_factor": outcome.seconds / outcome.wall if outcome.wall > 0.0 else None,
        "ledger": {
            **{key: value for key, value in ledger.to_dict().items() if key not in ("kg_lost", "litres_liquefied")},
            "mass_closure": ledger.mass_closure,
            "energy_closure": ledger.energy_closure,
        },
        "litres_liquefied": ledger.litres_liquefied,
        "kg_lost": ledger.kg_lost,
        "expectations": [{**vars(finding), "met": finding.met} for finding in outcome.findings],
        "batches": outcome.batches,
        "failure": str(outcome.failure) if outcome.failure else None,
        "files": {name: str(path) for name, path in outcome.files.items()},
        "tags": {name: plant[name] for name in plant.tags},
    }


def sentences(found: dict[str, Any]) -> list[str]:
    """The result for people."""
    ledger = found["ledger"]
    lines = [
        f"{found['plant']}: {clock(3600.0 * found['hours'])} simulated in {found['wall_seconds']:.1f} s, "
        f"{found['real_time_factor'] or 0.0:,.0f} times real time at steps of {found['step']:g} s.",
        f"Liquefied: {found['litres_liquefied']:.2f} L.",
        f"Ledger closes to {ledger['mass_closure']:.1e} in mass and {ledger['energy_closure']:.1e} in energy.",
    ]
    lost = [f"{cause} {1000.0 * mass:.1f} g" for cause, mass in found["kg_lost"].items() if mass]
    lines.append(f"Helium lost: {', '.join(lost)}." if lost else "No helium was lost.")
    lines += batches.sentences(found["batches"])
    missed = [e for e in found["expectations"] if not e["met"]]
    if found["expectations"]:
        lines.append(f"Expectations met: {len(found['expectations']) - len(missed)} of {len(found['expectations'])}.")
    lines += [f"{name}: {path}" for name, path in found["files"].items()]
    return lines
