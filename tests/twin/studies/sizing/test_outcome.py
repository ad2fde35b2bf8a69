"""The whole study on the example network: what it hands to a report, and that it depends on its seed only."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.twin.studies.sizing.example_network import QUICK, an_outcome, network
from tests.twin.studies.sizing.examples import years
from twin.studies.sizing.costed import Costed
from twin.studies.sizing.outcome import Budget, headlines, work_out
from twin.studies.sizing.report import write
from twin.studies.sizing.targets import Targets


@pytest.fixture(scope="module")
def outcome():
    return an_outcome(128)


def test_the_recommended_design_meets_its_targets_over_all_years(outcome) -> None:
    assert outcome.decision.feasible and outcome.chosen.feasible(0.9)
    assert outcome.years == 128 and outcome.chosen.design == outcome.decision.chosen.design
    assert set(outcome.chosen.met) == {"recovery", "unmet_share"}


def test_changes_from_the_present_design_are_paired(outcome) -> None:
    for name in headlines(outcome.model):
        change = outcome.chosen.figures[name].mean - outcome.present.figures[name].mean
        assert outcome.changes[name].mean == pytest.approx(change, rel=1e-9, abs=1e-9), name
    unpaired = np.hypot(outcome.chosen.figures["cost"].error, outcome.present.figures["cost"].error)
    assert outcome.changes["cost"].error < unpaired


def test_the_years_are_those_of_the_recommended_design(outcome) -> None:
    chosen = outcome.space.values(outcome.chosen.design)
    for k, parameter in enumerate(outcome.model.parameters):
        if parameter.name in chosen:
            assert set(outcome.values[:, k]) == {chosen[parameter.name]}
    again = outcome.model.run(outcome.values, outcome.seeds)
    assert again.tobytes() == outcome.figures.tobytes()


def test_phases_move_what_they_say(outcome) -> None:
    first, third = outcome.phases
    assert first.figures["delivered"].mean < third.figures["delivered"].mean
    assert (first.scenario.name, third.scenario.name) == ("phase-1", "phase-3")


def test_the_same_seed_gives_the_same_bytes_however_the_years_are_split() -> None:
    model = network()
    values, seeds = years(model, 48, 3)

    def in_chunks(rows: np.ndarray, chances: np.ndarray) -> np.ndarray:
        return np.vstack([model.model.run(rows[k : k + 7], chances[k : k + 7]) for k in range(0, len(rows), 7)])

    targets = Targets(recovery=0.8, unmet=0.05)
    one, two = (work_out(model, values, seeds, seed=3, targets=targets, budget=QUICK, run=r) for r in (None, in_chunks))
    assert one.figures.tobytes() == two.figures.tobytes()
    assert one.trade_off.objectives.tobytes() == two.trade_off.objectives.tobytes()
    assert one.decision.information == two.decision.information
    assert one.indices is not None and two.indices is not None
    assert one.indices.measures["total"].tobytes() == two.indices.measures["total"].tobytes()


def test_a_plant_without_choices_and_with_nothing_uncertain_is_reported_all_the_same(tmp_path) -> None:
    whole = network()
    known = tuple(dataclasses.replace(p, choices=(), labels=(), distribution=None) for p in whole.parameters)
    model = Costed(dataclasses.replace(whole.model, parameters=known))
    found = work_out(model, *years(model, 32, 1), seed=1, budget=QUICK)
    assert found.indices is None and found.chosen.design == () and not found.next_sizes
    assert {path.name for path in write(found, tmp_path)} >= {"report.html", "result.json", "figures.csv"}


@pytest.mark.parametrize("count", [1, 100, 2000, 100_000])
def test_the_parts_of_a_study_ask_for_whole_randomisations(count: int) -> None:
    how = Budget.of(count)
    assert all(n % 16 == 0 and n > 0 for n in (how.search_years, how.rival_years, how.phase_years))
    assert how.base_sample & (how.base_sample - 1) == 0


def test_targets_that_no_design_reaches_are_said_so() -> None:
    found = an_outcome(32, targets=Targets(recovery=0.9999))
    assert not found.decision.feasible
