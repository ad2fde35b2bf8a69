"""Chances from a counter: a number depends on seed, stream and count only, never on what was drawn before.

Weather, failures, quenches and power cuts have streams of their own, so that two designs with one seed meet the same.
The mixing is SplitMix64 (Steele, Lea, Flood 2014, doi 10.1145/2660193.2660195).
"""

from __future__ import annotations

import math

import numpy as np

from twin.studies.sizing.campaign.lean import lean

GOLDEN, FIRST, SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
S30, S27, S31, S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
WEATHER, POWER_CUT, FAILURE, QUENCH, DEMAND = 1, 1000, 2000, 3000, 4000
"""First numbers of the streams."""


@lean
def mixed(z):
    """SplitMix64's finaliser."""
    z = (z ^ (z >> S30)) * FIRST
    z = (z ^ (z >> S27)) * SECOND
    return z ^ (z >> S31)


@lean
def uniform(seed, stream, count):
    """A number in (0, 1) for a seed, a stream and a count."""
    key = mixed(np.uint64(seed) + GOLDEN * np.uint64(stream + 1))
    bits = mixed(key + GOLDEN * np.uint64(count + 1))
    return (float(bits >> S11) + 0.5) * (1.0 / 9007199254740992.0)


@lean
def normal(seed, stream, count):
    """A standard normal number (Box and Muller 1958); counts 2k and 2k + 1 share two uniform numbers."""
    k = count // 2
    radius = math.sqrt(-2.0 * math.log(uniform(seed, stream, 2 * k)))
    angle = 2.0 * math.pi * uniform(seed, stream, 2 * k + 1)
    return radius * (math.cos(angle) if count % 2 == 0 else math.sin(angle))


@lean
def waiting(seed, stream, count, rate):
    """Time to the next event of a rate [1/s]: exponential; endless if the rate is zero [s]."""
    return -math.log(uniform(seed, stream, count)) / rate if rate > 0.0 else 1e30
