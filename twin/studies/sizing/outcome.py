"""The sizing study from end to end: from a year model and a sample to everything that a report tells.

The order of the work: which designs are worth comparing (trade-off over a few years each), which of them to take
(decision over more years), what the next size is worth, the recommended design and the present one over all years,
which assumptions move the result, and the phases of the network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from twin.studies.sizing.costed import Costed
from twin.studies.sizing.decision import Candidate, Decision, candidate, choose, decide, nearness, walk
from twin.studies.sizing.designs import Design, DesignSpace, Ensemble, Estimate, Run, with_values
from twin.studies.sizing.law import Finding
from twin.studies.sizing.sensitivity import Sensitivity, indices, screen, uncertain
from twin.studies.sizing.targets import Target, Targets, given_targets
from twin.studies.sizing.trade_off import NextSize, Search, TradeOff, evaluated, next_sizes, trade_off

HEADLINES = (
    *("cost", "lost", "recovery", "unmet_share", "bought", "delivered", "liquid_made", "energy", "power_peak", "ln2"),
    *("trips", "staff_time", "run_time", "cost_per_litre"),
)
"""Figures that a report shows first, as far as the model has them."""
EXPLAINED = ("cost", "lost", "unmet_share")
"""Figures whose sensitivity is found."""


MENDED = 3
"""Cheaper designs that miss the targets, which a walk tries to mend by one more change."""


@dataclass(frozen=True)
class Budget:
    """How many years each part of the study may take; numbers of years are multiples of 16, the base a power of 2."""

    search: Search = field(default_factory=Search)
    search_years: int = 32
    rivals: int = 12
    rival_years: int = 256
    trajectories: int = 6
    base_sample: int = 128
    inputs_apart: int = 8
    phase_years: int = 512

    @classmethod
    def of(cls, years: int) -> Budget:
        """All parts together take about ten times the years of the recommended design."""

        def share(part: int, least: int, most: int) -> int:
            return 16 * max(1, min(max(years // part, least), most) // 16)

        base = 2 ** int(np.log2(share(8, 32, 512)))
        return cls(
            search=Search(generations=6),
            search_years=share(60, 16, 64),
            rival_years=share(12, 32, 256),
            base_sample=base,
            phase_years=share(4, 64, 1024),
        )


@dataclass(frozen=True)
class Scenario:
    """A phase of the network: values of parameters, and what it is."""

    name: str
    values: Mapping[str, float]
    text: str = ""
    text_ja: str = ""


@dataclass(frozen=True)
class Phase:
    """A scenario under the recommended design."""

    scenario: Scenario
    figures: dict[str, Estimate]
    met: dict[str, Estimate]


@dataclass(frozen=True)
class Origin:
    """Where an outcome comes from: enough to make it again."""

    command: tuple[str, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)
    """Files that were read, and their SHA-256."""
    description: str = ""
    notes: tuple[tuple[str, str], ...] = ()
    """Remarks on the input, in English and Japanese: gaps of a time series, what a series replaces."""


@dataclass(frozen=True)
class Outcome:
    """All results of a sizing study."""

    model: Costed
    origin: Origin
    seed: int
    space: DesignSpace
    values: np.ndarray
    """Assumptions and recommended design, a row for each year."""
    seeds: np.ndarray
    figures: np.ndarray
    """Figures of the recommended design, a row for each year."""
    chosen: Candidate
    present: Candidate
    changes: dict[str, Estimate]
    """Recommended less present design, by paired differences."""
    decision: Decision
    trade_off: TradeOff
    next_sizes: tuple[NextSize, ...]
    screening: Sensitivity | None
    indices: Sensitivity | None
    phases: tuple[Phase, ...]
    law: tuple[Finding, ...] = ()

    @property
    def years(self) -> int:
        """Years of the recommended design."""
        return len(self.seeds)

    def column(self, name: str) -> np.ndarray:
        """A figure of the recommended design, year by year."""
        return self.figures[:, [figure.name for figure in self.model.figures].index(name)]


def headlines(model: Costed) -> list[str]:
    """The first figures that this model has."""
    known = {figure.name for figure in model.figures}
    return [name for name in HEADLINES if name in known]


def work_out(
    model: Costed,
    values: np.ndarray,
    seeds: np.ndarray,
    *,
    seed: int,
    targets: Targets | None = None,
    scenarios: Sequence[Scenario] = (),
    law: Sequence[Finding] = (),
    origin: Origin | None = None,
    budget: Budget | None = None,
    run: Run | None = None,
) -> Outcome:
    """The whole study on a sample of assumptions (years, parameters) and seeds (years,).

    `run` computes figures of the model without costs; a study gives its own, which spreads the years over workers.
    """
    how, goals = budget or Budget.of(len(seeds)), targets or Targets()
    go = model.around(run) if run is not None else model.run
    space, names = DesignSpace.of(model), headlines(model)
    limits = tuple(target for target in given_targets(goals) if target.name in {f.name for f in model.figures})

    few = Ensemble(model, space, values[: how.search_years], seeds[: how.search_years], go)
    front = trade_off(few, seed, how.search)
    more = Ensemble(model, space, values[: how.rival_years], seeds[: how.rival_years], go)
    compared = contest(more, rivals(few, front, limits, goals, how.rivals), limits, goals)
    decision = decide(more, compared, limits, goals.confidence, seed, names)
    best = decision.chosen.design
    steps = next_sizes(more, best, ["cost", "lost"])
    few.prepare(c.design for c in decision.candidates)
    front = evaluated(few, list(few.kept))

    whole = Ensemble(model, space, values, seeds, go)
    whole.prepare([best, space.present])
    sure, present = (candidate(whole, design, limits, names) for design in (best, space.present))
    differences = whole.figures(best) - whole.figures(space.present)
    changes = {name: Estimate.of(differences[:, whole.place(name)]) for name in names}

    chosen_values = with_values(model, values, space.values(best))
    found = explain(model, chosen_values, seed, how, go)
    phases = tuple(_phase(whole, chosen_values, s, limits, names, how.phase_years) for s in scenarios)
    return Outcome(
        model,
        origin or Origin(),
        seed,
        space,
        chosen_values,
        seeds,
        whole.figures(best),
        sure,
        present,
        changes,
        decision,
        front,
        tuple(steps),
        *found,
        phases,
        tuple(law),
    )


def rivals(few: Ensemble, front: TradeOff, limits: Sequence[Target], goals: Targets, count: int) -> list[Design]:
    """Designs to compare over more years: the best that a walk over few finds, the present one, neighbours, front."""
    known = [candidate(few, design, limits, ["cost", "lost"]) for design in front.designs]
    first = walk(few, choose(few, known, goals.confidence).design, limits, goals.confidence, MENDED)
    near = [c.design for c in sorted(known, key=nearness, reverse=True)[: count // 4]]
    around = [design for _, _, design in few.space.neighbours(first)]
    every = max(1, len(front.best) // max(1, count // 4))
    listed = [first, few.space.present, *near, *front.best[::every], *around]
    return list(dict.fromkeys(listed))[: max(count, 2)]


def contest(more: Ensemble, first: Sequence[Design], limits: Sequence[Target], goals: Targets) -> list[Design]:
    """These designs over more years, and all that a walk from the best of them meets."""
    more.prepare(first)
    best = choose(more, [candidate(more, design, limits, ["cost", "lost"]) for design in first], goals.confidence)
    walk(more, best.design, limits, goals.confidence)
    return list(more.kept)


def explain(
    model: Costed, values: np.ndarray, seed: int, how: Budget, run: Run
) -> tuple[Sensitivity | None, Sensitivity | None]:
    """Screening of all assumptions, then indices of those that move most; none where all is known."""
    if not uncertain(model):
        return None, None
    figures = [name for name in EXPLAINED if name in {figure.name for figure in model.figures}]
    first = screen(model, values[0], figures, seed, how.trajectories, run)
    apart = first.most(how.inputs_apart)
    return first, indices(model, values[0], figures, seed, how.base_sample, run, apart)


def _phase(
    whole: Ensemble, values: np.ndarray, scenario: Scenario, limits: Sequence[Target], names: Sequence[str], years: int
) -> Phase:
    rows = with_values(whole.model, values[:years], scenario.values)
    figures = whole.run(rows, whole.seeds[:years])
    columns = {name: figures[:, whole.place(name)] for name in {*names, *(target.name for target in limits)}}
    met = {target.name: Estimate.share(target.met(columns)) for target in limits}
    return Phase(scenario, {name: Estimate.of(columns[name]) for name in names}, met)
