"""Segments: the values of one tag over the scans of a block, small.

A dead band holds the value that was kept last until the tag has moved by more than the band from it. What a reader sees
as points is each value that differs from the one before, the one before it, and both ends of a block: between two
points a line never leaves the values by more than the band, and a step stays a step.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator

import numpy as np

LEVEL = 6
"""Of zlib."""
_RAW_DEFLATE = -15


def hold(values: np.ndarray, bands: np.ndarray) -> np.ndarray:
    """Values (one row per scan, one column per tag) after the dead band of each tag; NaN is a value."""
    wide = np.flatnonzero(bands > 0.0)
    if not wide.size:
        return values
    held, last = values.copy(), values[0, wide]
    with np.errstate(invalid="ignore"):
        for row in range(1, len(values)):
            new, before = values[row, wide], values[row - 1, wide]
            moved = ~(np.abs(new - last) <= bands[wide]) & ~(np.isnan(new) & np.isnan(last))
            held[row - 1, wide[moved]] = before[moved]  # where the step began
            last = np.where(moved, new, last)
            held[row, wide] = last
    return held


def kept(values: np.ndarray) -> np.ndarray:
    """Which scans of one tag are points: where it changes, just before, and both ends."""
    bits = np.ascontiguousarray(values).view(np.uint32)
    mask = np.zeros(len(bits), dtype=bool)
    changed = bits[1:] != bits[:-1]
    mask[1:] = changed
    mask[:-1] |= changed
    mask[[0, -1]] = True
    return mask


def encode(values: np.ndarray, bands: np.ndarray) -> Iterator[bytes]:
    """The segments of a block (rows: scans, columns: tags), tag by tag; a value that never moves takes four bytes."""
    values = hold(np.ascontiguousarray(values, dtype="<f4"), bands)
    for bits in np.ascontiguousarray(values.view("<u4").T):
        yield bits[:1].tobytes() if (bits == bits[0]).all() else _pack(bits)


def _pack(bits: np.ndarray) -> bytes:
    """Differences of the bit patterns, sign last, byte by byte: those of one weight together, each as small as it gets.

    The upper bytes are mostly zero and shrink; the lowest are mostly noise and stay as they are.
    """
    steps = bits.copy()
    steps[1:] -= bits[:-1]
    signed = steps.view(np.int32)
    folded = ((signed << 1) ^ (signed >> 31)).astype("<i4")
    parts = []
    for plane in folded.view(np.uint8).reshape(-1, 4).T:
        raw = plane.tobytes()
        small = zlib.compress(raw, LEVEL, _RAW_DEFLATE)
        parts.append(small if len(small) < len(raw) else raw)
    return struct.pack("<3H", *map(len, parts[:3])) + b"".join(parts)


def decode(segment: bytes, scans: int) -> np.ndarray:
    """A value in single precision for every scan."""
    if len(segment) == 4:
        return np.full(scans, np.frombuffer(segment, "<f4")[0])
    lengths, at = struct.unpack_from("<3H", segment), 6
    planes = np.empty((scans, 4), np.uint8)
    for k, length in enumerate((*lengths, len(segment) - 6 - sum(lengths))):
        part = segment[at : at + length]
        planes[:, k] = np.frombuffer(part if length == scans else zlib.decompress(part, _RAW_DEFLATE), np.uint8)
        at += length
    folded = planes.view("<u4").ravel()
    steps = (folded >> 1) ^ (np.uint32(0) - (folded & 1))
    return np.cumsum(steps, dtype=np.uint32).view(np.float32)


def pack_times(times: np.ndarray) -> bytes:
    """Growing numbers (float64 or int64), exactly: their bit patterns as differences of differences."""
    bits = np.ascontiguousarray(times).view("<u8").copy()
    for _ in range(2):
        bits[1:] -= bits[:-1].copy()
    return zlib.compress(np.ascontiguousarray(bits.view(np.uint8).reshape(-1, 8).T).tobytes(), LEVEL)


def unpack_times(packed: bytes, kind: str) -> np.ndarray:
    """What `pack_times` packed; `kind` is "<f8" or "<i8"."""
    planes = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(8, -1)
    bits = np.ascontiguousarray(planes.T).view("<u8").ravel()
    for _ in range(2):
        bits = np.cumsum(bits, dtype=np.uint64)
    return bits.view(kind)


def stacked(blobs: Iterable[bytes], width: int) -> np.ndarray:
    """Scans as rows of single-precision values."""
    return np.frombuffer(b"".join(blobs), "<f4").reshape(-1, width)
