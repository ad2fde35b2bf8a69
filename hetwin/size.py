"""`hetwin size`: a year of the network, many times: which design loses and costs least, and how sure that is."""

from __future__ import annotations

import dataclasses
import hashlib
import math
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hetwin.exits import BadInput
from hetwin.loading import progress_line

if TYPE_CHECKING:
    from twin.studies.sizing.outcome import Origin, Outcome
    from twin.studies.sizing.sampling import Convergence
    from twin.studies.sizing.years import Account, Years

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


def run(request: Request) -> Found:
    """The whole study, its report written."""
    from twin.studies.sizing.report import write
    from twin.studies.sizing.sampling import convergence
    from twin.studies.sizing.study import crew_of, source_of

    request.check()
    crew = crew_of(request.scheduler)
    source = source_of(request.plant, request.units)
    with progress_line():
        years = _years(source, request, crew)
    with years, told(years):
        outcome = _work_out(years, request)
        pace, closure = years.pace(), years.largest("closure")
    files = write(outcome, request.out, request.lang)
    return Found(outcome, convergence(outcome.figures), years.account, pace, closure, files)


def _years(source: Any, request: Request, crew: Any) -> Years:
    """The model, loaded and compiled, and who computes it."""
    from twin.studies.sizing.years import Years

    years = Years(source, request.out / FOLDER, request.workers, crew)
    years.pace()
    return years


def _work_out(years: Years, request: Request) -> Outcome:
    from twin.studies.sizing.campaign.built import built
    from twin.studies.sizing.campaign.tables import read_campaign
    from twin.studies.sizing.costed import Costed
    from twin.studies.sizing.law import check_law, equipment_of
    from twin.studies.sizing.outcome import work_out
    from twin.studies.sizing.study import assumptions
    from twin.studies.sizing.variants import narrowed

    campaign: Any = years.model
    tables = read_campaign(campaign.spec.campaign, campaign.spec.path, campaign.spec.sources)
    model = narrowed(campaign, request.designs)
    values, sample = assumptions(model, request.years, request.seed, request.method, _base(campaign, request.scenario))
    found = work_out(
        Costed(model, tables.one("economics"), tables.sources("economics")),
        values,
        sample.seeds,
        seed=request.seed,
        targets=tables.one("targets"),
        scenarios=() if request.scenario else tuple(campaign.scenarios.values()),
        origin=_origin(campaign, request),
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


# --- telling ---------------------------------------------------------------------------------------------------------


@contextmanager
def told(years: Years) -> Iterator[None]:
    """A line on a terminal that says how far the study is, and how long it still takes."""
    if not sys.stderr.isatty():
        yield
        return
    last = 0.0

    def tell(account: Account) -> None:
        nonlocal last
        if time.monotonic() - last > 0.2:
            last = time.monotonic()
            print(f"\r\033[K{progress(account)}", end="", file=sys.stderr, flush=True)

    years.tell(tell)
    try:
        yield
    finally:
        print("\r\033[K", end="", file=sys.stderr, flush=True)


def progress(account: Account) -> str:
    """How far a study is."""
    speed = account.computed / account.elapsed if account.elapsed > 0.0 else math.nan
    part = f"part {account.calls}: {account.ready} of {account.asked} years"
    return part if math.isnan(speed) else f"{part}, {speed:.0f} a second, this part takes {_time(account.left)} more"


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def as_dict(found: Found) -> dict[str, Any]:
    """For `--json`: the report's result, and how it was computed."""
    from twin.studies.sizing.report.files import plain_data, result

    account, rows = found.account, converged(found)
    told: dict[str, Any] = plain_data(result(found.outcome))
    told |= {
        "plant_years": account.computed,
        "plant_years_found": account.found,
        "plant_years_per_second_per_core": found.pace,
        "workers": account.workers,
        "seconds": account.elapsed,
        "ledger": {"worst_closure": found.closure},
        "convergence": rows,
        "files": [str(path) for path in found.files],
    }
    return told


def converged(found: Found) -> list[dict[str, Any]]:
    """Mean and standard error of each headline figure as the sample doubles, and how far the last doubling moved it."""
    from twin.studies.sizing.outcome import headlines

    figures = {figure.name: (k, figure) for k, figure in enumerate(found.outcome.model.figures)}
    table, rows = found.convergence, []
    for name in headlines(found.outcome.model):
        k, figure = figures[name]
        row = {"figure": name, "unit": figure.unit, "members": table.members.tolist()}
        row |= {"mean": table.mean[:, k].tolist(), "standard_error": table.error[:, k].tolist()}
        rows.append(row | {"moved_by_doubling": float(table.moved[k])})
    return rows


WORDS = {
    "recommended": ("recommended design", "推奨設計"),
    "figure": ("figure of a year", "年間の値"),
    "mean": ("mean", "平均"),
    "error": ("standard error", "標準誤差"),
    "moved": ("moved by the last doubling", "標本倍増による変化"),
    "target": ("target", "目標"),
    "probability": ("probability", "達成確率"),
    "errors": ("{:.2f} errors", "誤差の{:.2f}倍"),
    "none": (
        "No design meets every target with a probability of {:.0%}; this is the one that comes nearest.",
        "すべての目標を確率{:.0%}で満たす設計はない。最も近い設計を示す。",
    ),
    "done": (
        "{} plant-years computed, {} found from before; {:.0f} per second and core.",
        "計算{}年、既存{}年、毎秒1コアあたり{:.0f}年。",
    ),
}


def show(found: Found, lang: str = "en") -> None:
    """Design, headline figures with their errors, targets, and where the report is."""
    from hetwin.show import print_table

    outcome, k = found.outcome, LANGUAGES.index(lang)
    w = {name: texts[k] for name, texts in WORDS.items()}
    print_table((w["recommended"], ""), _design_rows(outcome))
    if not outcome.decision.feasible:
        print(w["none"].format(outcome.decision.confidence))
    print()
    print_table((w["figure"], w["mean"], w["error"], w["moved"]), _figure_rows(found, k))
    print()
    met = outcome.chosen.met
    targets = [(t.text_ja if k else t.text, f"{met[t.name].mean:.3f}") for t in outcome.decision.targets]
    print_table((w["target"], w["probability"]), targets)
    print()
    print(w["done"].format(found.account.computed, found.account.found, found.pace))
    print(*found.files, sep="\n")


def _design_rows(outcome: Outcome) -> Iterator[tuple[str, str]]:
    from twin.studies.sizing.variants import written

    values = outcome.space.values(outcome.chosen.design)
    for parameter in outcome.space.parameters:
        yield parameter.name, written(parameter, values[parameter.name])


def _figure_rows(found: Found, k: int) -> Iterator[tuple[str, ...]]:
    from twin.quantities import format

    figures = {figure.name: figure for figure in found.outcome.model.figures}
    for row in converged(found):
        figure, unit = figures[row["figure"]], row["unit"]
        mean, error = format(row["mean"][-1], unit), format(row["standard_error"][-1], unit)
        moved = WORDS["errors"][k].format(row["moved_by_doubling"])
        yield (figure.text_ja or figure.text) if k else figure.text, mean, error, moved
