"""The order of elimination, against NumPy."""

import numpy as np
import pytest

from twin.elimination import Pattern
from twin.solve import factor, substitute


@pytest.mark.parametrize("seed", range(5))
def test_block_elimination_solves_what_numpy_solves(seed):
    random = np.random.default_rng(seed)
    n = 9
    pattern = Pattern(n)
    for _ in range(14):
        pattern.couple(list(map(int, random.integers(0, n + 1, 2))))
    pattern.finish()
    program = pattern.program()

    # fill the pattern, the waste row left out, and make it diagonally dominant
    blocks = np.zeros((pattern.waste + 1, 4))
    dense = np.zeros((2 * n, 2 * n))
    for r, c in {(r, c) for r in range(n) for c in range(n)}:
        try:
            number = pattern.block(r, c)
        except KeyError:
            continue
        blocks[number] = random.normal(size=4) + (10.0 * np.array([1, 0, 0, 1]) if r == c else 0.0)
        dense[2 * r : 2 * r + 2, 2 * c : 2 * c + 2] = blocks[number].reshape(2, 2)
    rhs = np.zeros((n + 1, 2))
    rhs[:n] = random.normal(size=(n, 2))
    expected = np.linalg.solve(dense, rhs[:n].ravel()).reshape(n, 2)

    inverse, delta = np.zeros((n, 4)), np.zeros((n + 1, 2))
    factor(program, blocks, inverse)
    substitute(program, blocks, inverse, rhs, delta)
    np.testing.assert_allclose(delta[:n], expected, rtol=1e-12, atol=1e-13)
    assert (delta[n] == 0.0).all()


def test_a_chain_has_no_fill():
    pattern = Pattern(20)
    for r in range(19):
        pattern.couple([r, r + 1])
    pattern.finish()
    assert pattern.waste == 20 + 2 * 19
