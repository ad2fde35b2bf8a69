"""Pareto front and marginal values of a model in which both are known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.twin.studies.sizing.examples import Closed, choice, ensemble, line, uncertain
from twin.studies.sizing.trade_off import Search, next_sizes, nondominated, trade_off

BAG, LITRE = 3.0, 1.0  # JPY for each
CHOICES = ((0.0, 1.0, 2.0, 3.0), (0.0, 10.0, 20.0))


def a_network(luck: float = 0.3) -> Closed:
    """A bag costs three times a litre of dewar x 0.1, both save 1 kg: all litres come before the first bag."""
    parts = (choice("bags", *CHOICES[0]), choice("litres", *CHOICES[1]), uncertain("x", 0.0, 1.0))
    return line(
        *parts,
        cost=lambda bags, litres, x: 100.0 + BAG * bags + LITRE * litres / 10.0 + x,
        lost=lambda bags, litres, x: 10.0 - bags - litres / 10.0 + 2.0 * x,
        chance=luck,
    )


FRONT = ((0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (3, 2))


def test_the_front_of_all_designs_is_the_known_one() -> None:
    found = trade_off(ensemble(a_network(), 32), seed=1)
    assert found.complete and len(found.designs) == 12
    assert found.best == FRONT
    cost = found.objectives[list(found.front), 0]
    assert np.diff(cost) == pytest.approx([1.0, 1.0, 3.0, 3.0, 3.0]), "common random numbers leave no noise in steps"


def test_nsga_finds_the_same_front_and_computes_no_design_twice() -> None:
    years, rows = ensemble(a_network(), 32), []
    run = years.run
    years.run = lambda values, seeds: (rows.append(len(seeds)), run(values, seeds))[1]
    found = trade_off(years, seed=1, search=Search(population=8, generations=20, all_up_to=0))
    assert found.best == FRONT
    assert sum(rows) == 32 * len(found.designs) <= 32 * 12


def test_the_search_depends_on_its_seed_only() -> None:
    few = Search(population=6, generations=3, all_up_to=0)
    first, again = (trade_off(ensemble(a_network(), 8), seed=4, search=few) for _ in range(2))
    assert first.designs == again.designs
    assert first.objectives.tobytes() == again.objectives.tobytes()


def test_nothing_on_the_front_is_beaten_and_all_else_is() -> None:
    points = np.random.default_rng(7).random((200, 3))
    front = nondominated(points)
    for k in range(len(points)):
        beaten = any(np.all(points[j] <= points[k]) and np.any(points[j] < points[k]) for j in range(len(points)))
        assert beaten != (k in front)


def test_the_value_of_a_bag_and_of_a_litre_is_their_slope_without_error() -> None:
    found = {(n.parameter, n.step): n for n in next_sizes(ensemble(a_network(luck=5.0), 16), (1, 1))}
    assert set(found) == {("bags", -1), ("bags", 1), ("litres", -1), ("litres", 1)}
    for (name, _), step in found.items():
        worth = {"bags": (BAG, -1.0), "litres": (LITRE / 10.0, -0.1)}[name]
        assert (step.per_unit["cost"].mean, step.per_unit["lost"].mean) == pytest.approx(worth)
        assert step.per_unit["lost"].error == pytest.approx(0.0, abs=1e-12), "the same chance on both sides"


def test_at_the_end_of_the_choices_there_is_no_next_size() -> None:
    assert {(n.parameter, n.step) for n in next_sizes(ensemble(a_network(), 4), (3, 0))} == {
        ("bags", -1),
        ("litres", 1),
    }


def test_every_other_thing_is_beside_a_thing() -> None:
    machine = dataclasses.replace(choice("machine", 0.0, 1.0, 2.0), labels=("l140", "l70", "l280"))
    model = line(machine, cost=lambda k: 1.0 + k, lost=lambda k: 2.0 - k)
    found = next_sizes(ensemble(model, 16), (0,))
    assert [(n.label, n.step, n.changes["cost"].mean) for n in found] == [("l70", 0, 1.0), ("l280", 0, 2.0)]


def test_the_error_of_a_marginal_value_tells_how_far_off_it_is() -> None:
    """A bag saves x kg, x uniform in 0..1: mean 1/2; of independent years the error would be 1/sqrt(12 years)."""
    parts = (choice("bags", 0.0, 1.0), uncertain("x", 0.0, 1.0))
    model = line(*parts, cost=lambda bags, x: bags, lost=lambda bags, x: -bags * x)
    step = next_sizes(ensemble(model, 400), (0,))[0].changes["lost"]
    assert step.mean == pytest.approx(-0.5, abs=3.0 * step.error)
    assert 0.0 < step.error < 1.0 / np.sqrt(12.0 * 400.0), "Sobol points lie better than by chance"
