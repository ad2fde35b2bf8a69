"""Noise without memory: a normal deviate from a time and a key, so that every replay has the same noise.

It hangs on the time, not on the number of steps: at half the step a reading has the same noise at the same time.
"""

import math

import numpy as np

from thermo.jit import inner

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_30, _27, _31, _11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_TWO = np.uint64(2)
_ONE = np.uint64(1)


@inner
def splitmix64(z):
    """Finaliser of SplitMix64: a 64-bit counter -> 64 well-mixed bits (Steele, Lea, Flood, OOPSLA 2014)."""
    z = (z ^ (z >> _30)) * _MIX_1
    z = (z ^ (z >> _27)) * _MIX_2
    return z ^ (z >> _31)


@inner
def uniform(counter, key):
    """A number in (0, 1] from two whole numbers."""
    stream = splitmix64(np.uint64(key) * _GAMMA + _GAMMA)
    bits = splitmix64(stream + np.uint64(counter) * _GAMMA)
    return (np.float64(bits >> _11) + 1.0) * (1.0 / 9007199254740992.0)


@inner
def tick(time):
    """The millisecond that a time [s] is in."""
    return int(1000.0 * time + 0.5)


@inner
def gauss(number, key):
    """Standard normal deviate of two whole numbers (Box and Muller 1958)."""
    counter = _TWO * np.uint64(number)
    u = uniform(counter, key)
    v = uniform(counter + _ONE, key)
    return math.sqrt(-2.0 * math.log(u)) * math.cos(2.0 * math.pi * v)
