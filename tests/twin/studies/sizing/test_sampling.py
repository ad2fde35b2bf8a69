"""Samples: right distributions, honest errors, common chances."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from twin.errors import BadStudy
from twin.studies.sizing.sampling import METHODS, convergence, draw, mean, quantile
from twin.uncertain import Normal, Triangular, Uniform

ASSUMED = [Uniform("", 12.0, 18.0), Normal("", 3.0, 0.5, -np.inf, np.inf), Triangular("", 0.0, 1.0, 4.0)]


@pytest.mark.parametrize("method", METHODS)
def test_each_column_has_its_distribution(method: str) -> None:
    values = draw(ASSUMED, 4096, 1, method).values
    for column, reference in zip(
        values.T, (stats.uniform(12.0, 6.0), stats.norm(3.0, 0.5), stats.triang(0.25, 0.0, 4.0)), strict=True
    ):
        assert stats.kstest(column, reference.cdf).statistic < 0.01  # 0.021 would be the 5 % limit of plain chance


@pytest.mark.parametrize("method", METHODS)
def test_the_standard_error_is_the_scatter_of_repeated_studies(method: str) -> None:
    means, errors = [], []
    for seed in range(200):
        sample = draw(ASSUMED, 256, seed, method)
        a, b, c = sample.values.T
        chance = np.array([np.random.default_rng(each).normal() for each in sample.seeds])
        value, error = mean(a * b + c**2 + chance)
        means.append(value)
        errors.append(error)
    truth = 15.0 * 3.0 + (25.0 / 9.0 + 13.0 / 18.0)  # c: mean 5/3, variance 13/18
    scatter = np.sqrt(np.mean((np.array(means) - truth) ** 2))
    assert scatter == pytest.approx(np.sqrt(np.mean(np.square(errors))), rel=0.15)  # 200 studies: 3 x 5 %


def test_the_error_is_far_below_that_of_plain_chance_where_nothing_is_by_chance() -> None:
    sample = draw(ASSUMED, 2048, 3)
    figure = sample.values.sum(axis=1)
    assert mean(figure)[1] < 0.1 * figure.std() / np.sqrt(len(sample))


def test_a_larger_study_goes_on_where_a_smaller_one_ended() -> None:
    small, large = draw(ASSUMED, 256, 5), draw(ASSUMED, 1024, 5)
    assert np.array_equal(small.values, large.values[:256])
    assert np.array_equal(small.seeds, large.seeds[:256])


def test_another_seed_is_another_sample_and_the_same_seed_the_same() -> None:
    assert np.array_equal(draw(ASSUMED, 64, 1).values, draw(ASSUMED, 64, 1).values)
    assert not np.array_equal(draw(ASSUMED, 64, 1).values, draw(ASSUMED, 64, 2).values)
    seeds = draw(ASSUMED, 4096, 1).seeds
    assert len(np.unique(seeds)) == len(seeds)


def test_members_are_rounded_up_to_whole_points() -> None:
    assert len(draw(ASSUMED, 2000, 1)) == 2000
    assert len(draw(ASSUMED, 17, 1)) == 32


def test_without_assumptions_there_are_seeds_alone() -> None:
    sample = draw([], 40, 1)
    assert sample.values.shape == (48, 0)


def test_doubling_the_sample_moves_the_mean_within_its_error() -> None:
    figures = draw(ASSUMED, 2048, 7).values ** 2
    found = convergence(figures)
    assert found.members.tolist() == [256, 512, 1024, 2048]
    assert np.all(found.error[-1] < found.error[0])
    assert np.all(found.moved < 2.0)


def test_what_does_not_vary_has_no_error() -> None:
    found = convergence(np.ones((64, 2)))
    assert np.all(found.error == 0.0) and np.all(found.moved == 0.0)


def test_what_only_the_second_half_met_moved_by_more_than_any_error() -> None:
    figures = np.zeros((64, 1))
    figures[40] = 1.0
    assert convergence(figures).moved == [np.inf]


@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
def test_the_error_of_a_quantile_is_the_scatter_of_repeated_studies(share: float) -> None:
    def study(seed: int) -> tuple[float, float]:
        sample = draw(ASSUMED, 512, seed)
        chance = np.array([np.random.default_rng(each).normal() for each in sample.seeds])
        return quantile(sample.values[:, 1] + chance, share)

    found = np.array([study(seed) for seed in range(200)])
    truth = stats.norm(3.0, np.hypot(0.5, 1.0)).ppf(share)
    scatter = np.sqrt(np.mean((found[:, 0] - truth) ** 2))
    assert scatter == pytest.approx(np.sqrt(np.mean(found[:, 1] ** 2)), rel=0.2)  # 200 studies: 3 x 5 %, and the slope


@pytest.mark.parametrize(("members", "method", "clause"), [(0, "sobol", "at least one year"), (9, "sobl", '"sobol"')])
def test_what_cannot_be_drawn_is_said(members: int, method: str, clause: str) -> None:
    with pytest.raises(BadStudy, match=clause):
        draw(ASSUMED, members, 1, method)
