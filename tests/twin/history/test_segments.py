"""Segments: exact for what is kept, within the dead band for what is not, small where little happens."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.history.segments import decode, encode, hold, kept, pack_times, unpack_times

SINGLE = st.floats(width=32, allow_nan=True, allow_infinity=True)
NO_BAND = np.zeros(1, np.float32)


def column(values: list[float]) -> np.ndarray:
    return np.array(values, np.float32).reshape(-1, 1)


@given(st.lists(SINGLE, min_size=1, max_size=300))
def test_without_a_dead_band_every_bit_of_every_scan_comes_back(values: list[float]) -> None:
    given_ = column(values)
    (segment,) = encode(given_, NO_BAND)
    assert decode(segment, len(values)).tobytes() == given_.tobytes()


@given(st.lists(st.floats(-100.0, 100.0, width=32), min_size=1, max_size=200), st.floats(0.0625, 50.0, width=32))
def test_a_line_between_two_kept_values_never_leaves_the_dead_band(values: list[float], band: float) -> None:
    given_, bands = column(values), np.array([band], np.float32)
    (segment,) = encode(given_, bands)
    stored = decode(segment, len(values))
    assert np.max(np.abs(stored - given_[:, 0])) <= band
    assert stored.tobytes() == hold(given_, bands).tobytes()
    points = np.flatnonzero(kept(stored))
    between = np.interp(np.arange(len(values)), points, stored[points])
    assert np.max(np.abs(between - given_[:, 0])) <= band * (1.0 + 1e-6) + 1e-5


def points_of(values: np.ndarray, band: float) -> list[int]:
    return np.flatnonzero(kept(hold(values, np.array([band], np.float32))[:, 0])).tolist()


def test_a_dead_band_keeps_both_ends_of_a_step_and_of_the_block() -> None:
    values = column([1.0, 1.1, 0.9, 1.0, 5.0, 5.1, 5.0, 5.2, 5.1])
    assert points_of(values, 0.5) == [0, 3, 4, 8]


def test_nan_is_a_value_that_comes_and_goes() -> None:
    values = column([1.0, np.nan, np.nan, np.nan, 1.0, 1.0])
    for band in (0.0, 0.5):
        assert points_of(values, band) == [0, 1, 3, 4, 5]


def test_a_tag_that_never_moves_takes_four_bytes_and_keeps_its_two_ends() -> None:
    (segment,) = encode(np.full((1000, 1), 7.0, np.float32), NO_BAND)
    assert len(segment) == 4
    values = decode(segment, 1000)
    assert values.tolist() == [7.0] * 1000
    assert np.flatnonzero(kept(values)).tolist() == [0, 999]


@pytest.mark.parametrize("kind", ["<f8", "<i8"])
def test_times_come_back_exactly_and_regular_ones_are_small(kind: str) -> None:
    times = (1.7e15 + np.cumsum(np.full(1000, 100_000.0))).astype(kind)
    assert unpack_times(pack_times(times), kind).tolist() == times.tolist()
    assert len(pack_times(times)) < 100
    one = times[:1]
    assert unpack_times(pack_times(one), kind).tolist() == one.tolist()
