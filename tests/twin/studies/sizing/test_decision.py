"""Decision and value of information in models whose answers are integrals that can be done by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.twin.studies.sizing.examples import Closed, choice, ensemble, line, uncertain
from twin.studies.sizing.decision import decide, walk
from twin.studies.sizing.designs import Estimate
from twin.studies.sizing.information import partly_perfect, perfect, regret
from twin.studies.sizing.targets import Target, Targets, given_targets

YEARS = 2000


def a_bet() -> Closed:
    """Taking the machine (1) costs x, which may be anything in -1..1; leaving it (0) costs nothing; y costs always."""
    parts = (choice("machine", 0.0, 1.0), uncertain("x", -1.0, 1.0), uncertain("y", 0.0, 5.0))
    return line(*parts, cost=lambda k, x, y: k * x + y, lost=lambda k, x, y: 2.0 - k)


def limit(name: str, value: float) -> Target:
    return Target(name, "kg", value, False, name, name)


def test_knowing_what_decides_is_worth_its_integral_and_what_does_not_nothing() -> None:
    """E[min(x, 0)] = -1/4 for x uniform in -1..1, so that knowing x is worth 1/4, as knowing everything is."""
    years = ensemble(a_bet(), YEARS)
    losses = np.column_stack([years.column((k,), "cost") for k in (0, 1)])
    found = {
        value.name: value for value in partly_perfect(losses, {"x": years.values[:, 1], "y": years.values[:, 2]}, 1)
    }
    assert perfect(losses) == pytest.approx(0.25, abs=0.01)
    assert found["x"].value == pytest.approx(0.25, abs=3.0 * found["x"].error)
    assert found["x"].matters and not found["y"].matters
    assert found["y"].value == pytest.approx(0.0, abs=0.01)


def test_information_that_is_partly_chance_is_worth_less_than_all() -> None:
    """Loss x + z, both uniform in -1..1: E[min(x + E z, 0)] = -1/4, E[min(x + z, 0)] = -1/3 (triangular sum)."""
    x, z = np.random.default_rng(2).uniform(-1.0, 1.0, (2, 40_000))
    losses = np.column_stack([np.zeros_like(x), x + z])
    assert perfect(losses) == pytest.approx(1.0 / 3.0, abs=0.01)
    assert partly_perfect(losses, {"x": x}, 3)[0].value == pytest.approx(0.25, abs=0.01)


def test_regret_is_what_hindsight_would_have_saved() -> None:
    x = np.linspace(-1.0, 1.0, 2001)
    found = regret(np.column_stack([np.zeros_like(x), x]), 0)
    assert found.mean == pytest.approx(0.25, abs=1e-3)  # -min(x, 0)
    assert found.best_share == pytest.approx(0.5, abs=1e-3)
    assert found.quantile_90 == pytest.approx(0.8, abs=2e-3)


def stairs() -> Closed:
    """Each bag costs 1 and saves 1 kg of 3 + x, x uniform in 0..1."""
    parts = (choice("bags", 0.0, 1.0, 2.0, 3.0), uncertain("x", 0.0, 1.0))
    return line(*parts, cost=lambda bags, x: bags + x, lost=lambda bags, x: 3.0 + x - bags)


def test_the_recommended_design_is_the_cheapest_that_meets_the_target() -> None:
    years = ensemble(stairs(), YEARS)
    found = decide(years, list(years.space.all), [limit("lost", 2.95)], 0.9, seed=1)
    assert found.feasible and found.chosen.design == (1,)
    share = found.chosen.met["lost"]
    assert share.mean == pytest.approx(0.95, abs=3.0 * share.error)
    assert 0.0 < share.error < np.sqrt(0.95 * 0.05 / YEARS), "less than that of independent years"


def test_a_higher_confidence_asks_for_one_bag_more() -> None:
    years = ensemble(stairs(), YEARS)
    assert decide(years, list(years.space.all), [limit("lost", 2.95)], 0.99, seed=1).chosen.design == (2,)


def test_if_no_design_meets_the_targets_the_nearest_is_taken_and_said_so() -> None:
    years = ensemble(stairs(), YEARS)
    found = decide(years, list(years.space.all), [limit("lost", 0.5)], 0.9, seed=1)
    assert not found.feasible and found.chosen.design == (3,)
    assert found.chosen.met["lost"].mean == pytest.approx(0.5, abs=0.02)


def test_of_equal_costs_the_lesser_loss_is_taken() -> None:
    parts = (choice("bags", 0.0, 1.0), uncertain("x", 0.0, 1.0))
    model = line(*parts, cost=lambda bags, x: x, lost=lambda bags, x: 3.0 - bags)
    years = ensemble(model, 50)
    assert decide(years, list(years.space.all), [], 0.9, seed=1).chosen.design == (1,)


def test_a_probability_of_one_still_has_an_error() -> None:
    sure = Estimate.share(np.ones(100, bool))
    assert sure.mean == 1.0 and 0.005 < sure.error < 0.02


def test_targets_that_say_nothing_do_not_bind() -> None:
    names = {target.name: target for target in given_targets(Targets(lost=5.0))}
    assert set(names) == {"recovery", "unmet_share", "lost"}
    assert names["recovery"].met({"recovery": np.array([0.89, 0.9])}).tolist() == [False, True]
    assert names["lost"].met({"lost": np.array([5.0, 5.1])}).tolist() == [True, False]
    assert given_targets(Targets(recovery=0.0, unmet=float("inf"))) == ()


def test_a_walk_goes_to_cheaper_designs_that_meet_the_target_and_swaps_where_one_change_is_not_enough() -> None:
    """A larger stock (3) and a larger dewar (2) each meet the target alone; from one to the other takes two changes."""
    parts = (choice("stock", 0.0, 1.0), choice("dewar", 0.0, 1.0), uncertain("x", 0.0, 1.0))
    model = line(*parts, cost=lambda s, d, x: 3 * s + 2 * d + x, lost=lambda s, d, x: 4.0 + x - 4 * s - 4 * d)
    years, goal = ensemble(model, 64), [limit("lost", 1.5)]
    assert walk(years, (1, 1), goal, 0.9) == (0, 1)
    assert walk(years, (0, 0), goal, 0.9) == (0, 1), "of those that meet it the cheaper"
    assert walk(years, (1, 0), goal, 0.9) == (1, 0)
    assert walk(years, (1, 0), goal, 0.9, mended=1) == (0, 1)
