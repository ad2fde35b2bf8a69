"""Chances: distributions by their moments, independence of what was drawn before."""

import math

import numpy as np

from twin.studies.sizing.campaign.chance import normal, uniform, waiting

N = 20000
FOUR_SIGMA = 4.0 / math.sqrt(N)


def test_numbers_are_spread_evenly():
    found = np.array([uniform(3, 7, k) for k in range(N)])
    assert abs(found.mean() - 0.5) < FOUR_SIGMA / math.sqrt(12.0)
    assert abs(np.corrcoef(found[1:], found[:-1])[0, 1]) < FOUR_SIGMA
    assert 0.0 < found.min() < found.max() < 1.0


def test_streams_and_seeds_are_independent():
    a, b, c = (np.array([uniform(s, n, k) for k in range(N)]) for s, n in ((1, 1), (1, 2), (2, 1)))
    assert abs(np.corrcoef(a, b)[0, 1]) < FOUR_SIGMA
    assert abs(np.corrcoef(a, c)[0, 1]) < FOUR_SIGMA


def test_normal_numbers_have_their_moments():
    found = np.array([normal(5, 1, k) for k in range(N)])
    assert abs(found.mean()) < FOUR_SIGMA
    assert abs(found.var() - 1.0) < FOUR_SIGMA * math.sqrt(2.0)


def test_waiting_times_are_exponential():
    found = np.array([waiting(5, 2000, k, 0.5) for k in range(N)])
    assert abs(found.mean() - 2.0) < 2.0 * FOUR_SIGMA
    assert waiting(5, 2000, 0, 0.0) > 1e20
