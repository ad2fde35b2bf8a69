"""`hetwin size`: a year of the network, many times: which design loses and costs least, and how sure that is."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hetwin.exits import BadInput
from hetwin.loading import progress_line
from hetwin.size_told import told

if TYPE_CHECKING:
    from twin.studies.sizing.costed import Costed
    from twin.studies.sizing.outcome import Origin, Outcome
    from twin.studies.sizing.sampling import Convergence
    from twin.studies.sizing.years import Account, Years

Check = Callable[[str, Mapping[str, str]], None]
"""Looks at the digest of the model and at those of the files that were read."""
LANGUAGES = ("en", "ja")
METHODS = ("sobol", "lhs")
FOLDER = "years"
"""Where in the folder of the study the finished years are kept."""


@dataclass(frozen=True)
class Request:
    """What was asked for."""

    plant: str
    years: int
    seed: int
    out: Path
    lang: str = "en"
    units: tuple[Path, ...] = ()
    scenario: str | None = None
    designs: tuple[str, ...] = ()
    method: str = "sobol"
    workers: int | None = None
    scheduler: str = ""

    def check(self) -> None:
        """Refuse what cannot be, before anything is loaded."""
        if not self.plant:
            raise BadInput(
                "hetwin size needs a plant, such as `hetwin size herenet`, or --replay with a manifest.json."
            )
        if self.lang not in LANGUAGES:
            raise BadInput(f'--lang: expected {" or ".join(LANGUAGES)}, got "{self.lang}".')
        if self.years < 1:
            raise BadInput(f"--years: expected at least 1, got {self.years}.")
        if self.seed < 0:
            raise BadInput(f"--seed: expected a number from 0 up, got {self.seed}.")
        if self.method not in METHODS:
            raise BadInput(f'--sampling: expected {" or ".join(METHODS)}, got "{self.method}".')
        if self.workers is not None and self.workers < 1:
            raise BadInput(f"--workers: expected at least 1, got {self.workers}.")
        if self.workers is not None and self.scheduler:
            raise BadInput("--workers: a scheduler has workers of its own; give one of --workers and --scheduler.")


@dataclass(frozen=True)
class Found:
    """What came out."""

    outcome: Outcome
    convergence: Convergence
    account: Account
    pace: float
    closure: float
    """Largest relative error of the helium ledger of all years that were computed."""
    files: list[Path]


def run(request: Request, check: Check | None = None) -> Found:
    """The whole study, its report written; `check` looks at what it is made from before a year is computed."""
    from twin.studies.sizing.report import write
    from twin.studies.sizing.sampling import convergence
    from twin.studies.sizing.study import crew_of, source_of

    request.check()
    crew = crew_of(request.scheduler)
    source = source_of(request.plant, request.units)
    with progress_line():
        years = _years(source, request, crew)
        asked = _asked(years.model, request)
        if check is not None:
            check(asked.model.digest, asked.origin.inputs)
        years.pace()  # compiles what is not compiled yet
    with years, told(years):
        outcome = _work_out(years, asked, request)
        pace, closure = years.pace(), years.largest("closure")
    files = write(outcome, request.out, request.lang)
    return Found(outcome, convergence(outcome.figures), years.account, pace, closure, files)


def _years(source: Any, request: Request, crew: Any) -> Years:
    """The model, loaded, and who computes it."""
    from twin.studies.sizing.years import Years

    return Years(source, request.out / FOLDER, request.workers, crew)


@dataclass(frozen=True)
class Asked:
    """A request with its plant read."""

    model: Costed
    targets: Any
    base: dict[str, float]
    origin: Origin


def _asked(campaign: Any, request: Request) -> Asked:
    from twin.studies.sizing.costed import Costed
    from twin.studies.sizing.variants import narrowed

    tables = campaign.tables
    model = Costed(narrowed(campaign, request.designs), tables.one("economics"), tables.sources("economics"))
    return Asked(model, tables.one("targets"), _base(campaign, request.scenario), _origin(campaign, request))


def _work_out(years: Years, asked: Asked, request: Request) -> Outcome:
    from twin.studies.sizing.campaign.built import built
    from twin.studies.sizing.law import check_law, equipment_of
    from twin.studies.sizing.outcome import work_out
    from twin.studies.sizing.study import assumptions

    campaign: Any = years.model
    values, sample = assumptions(asked.model, request.years, request.seed, request.method, asked.base)
    found = work_out(
        asked.model,
        values,
        sample.seeds,
        seed=request.seed,
        targets=asked.targets,
        scenarios=() if request.scenario else tuple(campaign.scenarios.values()),
        origin=asked.origin,
        run=years.run,
    )
    law = check_law(equipment_of(built(campaign, found.space.values(found.chosen.design))))
    return dataclasses.replace(found, law=tuple(law))


def _origin(campaign: Any, request: Request) -> Origin:
    """Command, files that were read with their digests, remarks on measured series."""
    from twin.studies.sizing.outcome import Origin
    from twin.studies.sizing.series import series_of
    from twin.uncertain import Empirical

    series = series_of(campaign.spec).values()
    drawn = [p.distribution.file for p in campaign.parameters if isinstance(p.distribution, Empirical)]
    files = [campaign.spec.path, *drawn, *(one.file for one in series)]
    inputs = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in dict.fromkeys(files)}
    notes = tuple((one.sentence(), one.sentence(ja=True)) for one in series)
    return Origin(command(request), inputs, campaign.spec.description, notes)


def _base(campaign: Any, scenario: str | None) -> dict[str, float]:
    """Values of the scenario that was asked for."""
    if scenario is None:
        return {}
    if scenario not in campaign.scenarios:
        from twin.errors import nearest

        known = ", ".join(campaign.scenarios) or "none"
        clause = nearest(scenario, campaign.scenarios) or f"; the plant file has {known}."
        raise BadInput(f'--scenario: there is no scenario "{scenario}"{clause}')
    return dict(campaign.scenarios[scenario].values)


def command(request: Request) -> tuple[str, ...]:
    """The command that gives the same bytes; who computes it does not matter."""
    words = ["hetwin", "size", request.plant, "--years", str(request.years), "--seed", str(request.seed)]
    words += ["--sampling", request.method, "--lang", request.lang]
    for name, values in (("--scenario", [request.scenario]), ("--design", request.designs), ("--units", request.units)):
        words += [word for value in values if value for word in (name, str(value))]
    return tuple(words)
