"""Which design to take: least expected cost among those that meet every target with the wanted probability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twin.studies.sizing.designs import Design, Ensemble, Estimate
from twin.studies.sizing.information import Regret, Value, partly_perfect, perfect, regret
from twin.studies.sizing.targets import Target

EQUAL = 1.0
"""Standard errors of the paired difference within which two costs are equal; then the lesser loss decides."""


@dataclass(frozen=True)
class Candidate:
    """A design over the years of the study: its figures, and the probability that it meets each target."""

    design: Design
    figures: dict[str, Estimate]
    met: dict[str, Estimate]

    def feasible(self, confidence: float) -> bool:
        """Whether it meets every target with this probability."""
        return self.shortfall(confidence) == 0.0

    def shortfall(self, confidence: float) -> float:
        """By how much the probabilities of all targets together fall short."""
        return sum(max(confidence - share.mean, 0.0) for share in self.met.values())


@dataclass(frozen=True)
class Decision:
    """The recommended design and how sure it is."""

    chosen: Candidate
    candidates: tuple[Candidate, ...]
    feasible: bool
    """Whether the chosen design meets every target; if none does, it is the one that comes nearest."""
    confidence: float
    targets: tuple[Target, ...]
    regret: Regret
    perfect: float
    information: tuple[Value, ...]
    years: int
    """Years over which the candidates were compared."""
    rivals: tuple[Design, ...]
    """The designs among which the value of information was found: all that meet the targets, or all if none does."""


def decide(
    ensemble: Ensemble,
    designs: Sequence[Design],
    targets: Sequence[Target],
    confidence: float,
    seed: int,
    figures: Sequence[str] = ("cost", "lost"),
) -> Decision:
    """Choose among designs; the ensemble computes those it does not know yet."""
    ensemble.prepare(designs)
    candidates = tuple(candidate(ensemble, design, targets, figures) for design in designs)
    able = [c for c in candidates if c.feasible(confidence)]
    chosen = choose(ensemble, candidates, confidence)
    rivals = tuple(c.design for c in able or candidates)
    losses = np.column_stack([ensemble.column(design, "cost") for design in rivals])
    return Decision(
        chosen,
        candidates,
        bool(able),
        confidence,
        tuple(targets),
        regret(losses, rivals.index(chosen.design)),
        perfect(losses),
        tuple(partly_perfect(losses, assumptions(ensemble), seed)),
        ensemble.years,
        rivals,
    )


def candidate(ensemble: Ensemble, design: Design, targets: Sequence[Target], figures: Sequence[str]) -> Candidate:
    """A design's figures and probabilities."""
    ensemble.prepare([design])
    names = [*dict.fromkeys([*figures, *(target.name for target in targets)])]
    years = {name: ensemble.column(design, name) for name in names}
    met = {target.name: Estimate.share(target.met(years)) for target in targets}
    return Candidate(design, {name: Estimate.of(column) for name, column in years.items()}, met)


def choose(ensemble: Ensemble, candidates: Sequence[Candidate], confidence: float) -> Candidate:
    """The least cost among those that meet all targets; if none does, the one that comes nearest."""
    able = [c for c in candidates if c.feasible(confidence)]
    return _least(ensemble, able) if able else max(candidates, key=nearness)


def _least(ensemble: Ensemble, able: Sequence[Candidate]) -> Candidate:
    """The least cost; among those whose cost is equal to it within the error, the least loss."""
    cheapest = min(able, key=lambda c: c.figures["cost"].mean)
    costs = ensemble.column(cheapest.design, "cost")
    equal = []
    for rival in able:
        over = Estimate.of(ensemble.column(rival.design, "cost") - costs)
        if rival is cheapest or over.mean <= EQUAL * over.error:
            equal.append(rival)
    return min(equal, key=lambda c: (c.figures["lost"].mean, c.figures["cost"].mean))


def walk(ensemble: Ensemble, start: Design, targets: Sequence[Target], confidence: float, mended: int = 0) -> Design:
    """From a design to the best of its neighbours, as long as one is better: nearer to the targets, then cheaper.

    Where none is, the `mended` cheapest neighbours that miss the targets are tried with one more change each: a
    smaller stock beside a larger dewar.
    """

    def found(designs: Sequence[Design]) -> list[Candidate]:
        ensemble.prepare(designs)
        return [candidate(ensemble, design, targets, ["cost"]) for design in designs]

    def beside(c: Candidate) -> list[Design]:
        return [design for _, _, design in ensemble.space.neighbours(c.design)]

    def key(c: Candidate) -> tuple[float, float]:
        return c.shortfall(confidence), c.figures["cost"].mean

    [here] = found([start])
    while True:
        around = sorted(found(beside(here)), key=lambda c: c.figures["cost"].mean)
        best = min(around, key=key, default=here)
        if key(best) >= key(here):
            cheaper = [c for c in around if c.figures["cost"].mean < here.figures["cost"].mean][:mended]
            best = min(found([design for c in cheaper for design in beside(c)]), key=key, default=here)
        if key(best) >= key(here):
            return here.design
        here = best


def nearness(c: Candidate) -> tuple[float, float]:
    """How near a design comes to meeting all targets: its least probability, then its cost."""
    return min((share.mean for share in c.met.values()), default=1.0), -c.figures["cost"].mean


def assumptions(ensemble: Ensemble) -> dict[str, np.ndarray]:
    """Values of each uncertain parameter in the years of the study."""
    found = {p.name: ensemble.values[:, k] for k, p in enumerate(ensemble.model.parameters)}
    return {p.name: found[p.name] for p in ensemble.model.parameters if p.distribution is not None}
