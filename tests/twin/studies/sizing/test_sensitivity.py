"""Screening and indices against closed forms: a line, whose indices are shares of variance, and Ishigami's function."""

from __future__ import annotations

import numpy as np
import pytest

from tests.twin.studies.sizing.examples import Closed, choice, line, uncertain
from twin.studies.sizing.sensitivity import CHANCE, OTHERS, indices, screen
from twin.studies.sizing.year_model import Figure

SIZE = 1024
"""Base sample; the standard error of an index is about 1/sqrt(SIZE) = 3 %."""


def a_line(chance: float = 0.0) -> Closed:
    """lost = x + 2 y + 3 z: variances 1/12, 4/12, 9/12, that is 1/14, 4/14 and 9/14 of all."""
    parts = (choice("bags", 1.0, 2.0), uncertain("x", 0.0, 1.0), uncertain("y", 0.0, 1.0), uncertain("z", 0.0, 1.0))
    return line(*parts, cost=lambda b, x, y, z: 7.0 * b, lost=lambda b, x, y, z: x + 2.0 * y + 3.0 * z, chance=chance)


def base(model: Closed) -> np.ndarray:
    return np.array([p.value for p in model.parameters])


def test_indices_of_a_line_are_its_shares_of_variance() -> None:
    model = a_line()
    found = indices(model, base(model), ["lost", "cost"], seed=3, size=SIZE)
    for name, share in {"x": 1.0 / 14.0, "y": 4.0 / 14.0, "z": 9.0 / 14.0, CHANCE: 0.0}.items():
        for measure in ("first", "total"):
            width = max(found.of("lost", f"{measure}_conf")[name], 0.01)
            assert found.of("lost", measure)[name] == pytest.approx(share, abs=2.0 * width)
    assert set(found.of("cost", "total").values()) == {0.0}, "no assumption moves the cost"


def test_chance_has_an_index_of_its_own() -> None:
    """Chance of standard deviation s beside the line's variance 14/12."""
    model = a_line(chance=1.0)
    found = indices(model, base(model), ["lost"], seed=3, size=SIZE)
    assert found.of("lost", "total")[CHANCE] == pytest.approx(1.0 / (1.0 + 14.0 / 12.0), abs=0.05)


def test_inputs_that_are_not_apart_vary_together() -> None:
    model = a_line()
    found = indices(model, base(model), ["lost"], seed=3, size=SIZE, apart=["z"])
    assert found.inputs == (OTHERS, "z", CHANCE)
    assert found.of("lost", "total")[OTHERS] == pytest.approx(5.0 / 14.0, abs=0.05)
    assert found.of("lost", "total")["z"] == pytest.approx(9.0 / 14.0, abs=0.05)


def test_indices_of_ishigami_are_the_published_ones() -> None:
    """Ishigami and Homma (1990), a = 7, b = 0.1: S 0.3139, 0.4424, 0; total 0.5576, 0.4424, 0.2437."""
    inputs = tuple(uncertain(name, -np.pi, np.pi) for name in ("x1", "x2", "x3"))

    def law(values: np.ndarray, luck: np.ndarray) -> np.ndarray:
        x1, x2, x3 = values.T
        return (np.sin(x1) + 7.0 * np.sin(x2) ** 2 + 0.1 * x3**4 * np.sin(x1))[:, None]

    model = Closed("ishigami", inputs, (Figure("f", "1", "f"),), law)
    found = indices(model, base(model), ["f"], seed=5, size=2048)
    assert list(found.of("f", "first").values())[:3] == pytest.approx([0.3139, 0.4424, 0.0], abs=0.03)
    assert list(found.of("f", "total").values())[:3] == pytest.approx([0.5576, 0.4424, 0.2437], abs=0.03)
    inside = [
        abs(found.of("f", "total")[name] - exact) <= 2.0 * found.of("f", "total_conf")[name]
        for name, exact in {"x1": 0.5576, "x2": 0.4424, "x3": 0.2437}.items()
    ]
    assert all(inside), "the confidence interval tells how far off an index is"


def test_screening_of_a_line_finds_its_slopes() -> None:
    """Over the 99 % of each distribution that the grid spans, an effect is 0.99 of the slope, always the same."""
    model = a_line(chance=2.0)
    found = screen(model, base(model), ["lost", "cost"], seed=2)
    assert found.of("lost", "mu_star") == pytest.approx({"x": 0.99, "y": 1.98, "z": 2.97}, rel=1e-9)
    assert max(found.of("lost", "sigma").values()) == pytest.approx(0.0, abs=1e-9), "a line has no interactions"
    assert set(found.of("cost", "mu_star").values()) == {0.0}
    assert found.most(2) == ("z", "y")


def test_the_same_seed_gives_the_same_bytes() -> None:
    model = a_line(chance=1.0)
    first, again = (indices(model, base(model), ["lost"], seed=0, size=64) for _ in range(2))
    assert all(first.measures[key].tobytes() == again.measures[key].tobytes() for key in first.measures)
    one, two = (screen(model, base(model), ["lost"], seed=0) for _ in range(2))
    assert all(one.measures[key].tobytes() == two.measures[key].tobytes() for key in one.measures)


def test_a_study_may_run_the_years_in_its_own_way() -> None:
    model, asked = a_line(), []

    def run(values: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        asked.append(len(seeds))
        return model.run(values, seeds)

    found = indices(model, base(model), ["lost"], seed=1, size=16, run=run)
    assert asked == [16 * (4 + 2)] and found.years == asked[0]
