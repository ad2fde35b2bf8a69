"""Segments: exact for what is kept, within the dead band for what is not, small where little happens."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.history.segments import (
    decode,
    decode_all,
    encode,
    hold,
    kept,
    pack_times,
    unpack_all_times,
    unpack_times,
)

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
    assert unpack_times(pack_times(times), len(times), kind).tolist() == times.tolist()
    assert len(pack_times(times)) < 100
    one = times[:1]
    assert unpack_times(pack_times(one), 1, kind).tolist() == one.tolist()


def test_a_change_of_quality_is_a_point_though_the_value_stands() -> None:
    flags = np.array([0, 0, 0, 1, 1, 1, 0, 0], np.uint8)
    assert np.flatnonzero(kept(np.full(8, 7.0, np.float32), flags)).tolist() == [0, 2, 3, 5, 6, 7]


def packed_by_format_3(values: np.ndarray) -> bytes:
    """As earlier versions wrote a segment: the first value is a difference too, and no plane is left out."""
    bits = values.view("<u4").copy()
    bits[1:] -= bits[:-1].copy()
    signed = bits.view(np.int32)
    parts = []
    for plane in ((signed << 1) ^ (signed >> 31)).astype("<i4").view(np.uint8).reshape(-1, 4).T:
        small = zlib.compress(plane.tobytes(), 6, -15)
        parts.append(small if len(small) < plane.size else plane.tobytes())
    return struct.pack("<3H", *map(len, parts[:3])) + b"".join(parts)


def times_packed_by_format_3(times: np.ndarray) -> bytes:
    bits = times.view("<u8").copy()
    for _ in range(2):
        bits[1:] -= bits[:-1].copy()
    return zlib.compress(np.ascontiguousarray(bits.view(np.uint8).reshape(-1, 8).T).tobytes(), 6)


def test_segments_of_format_3_are_read_beside_those_of_today() -> None:
    walk = np.cumsum(np.random.default_rng(2).normal(size=(500, 3)), axis=0).astype(np.float32)
    walk[:, 2] = 4.0
    today = list(encode(walk, np.zeros(3, np.float32)))
    mixed = [packed_by_format_3(np.ascontiguousarray(walk[:, 0])), *today[1:]]
    assert decode_all(mixed, 500).tobytes() == np.ascontiguousarray(walk.T).tobytes()
    times = 1_700_000_000_000_000 + np.cumsum(np.random.default_rng(2).integers(90_000, 110_000, (2, 500)), axis=1)
    both = [times_packed_by_format_3(times[0]), pack_times(times[1])]
    assert unpack_all_times(both, 500, "<i8").tolist() == times.tolist()
