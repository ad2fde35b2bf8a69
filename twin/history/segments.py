"""Segments: the values of one tag over the scans of a block, small.

A dead band holds the value that was kept last until the tag has moved by more than the band from it. What a reader sees
as points is each value that differs from the one before, the one before it, and both ends of a block: between two
points a line never leaves the values by more than the band, and a step stays a step.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

LEVEL = 6
"""Of zlib."""
WORTH, WORTH_OF_TIMES = 0.9, 0.25
"""What deflating must leave at most of a plane of bytes: to inflate one takes longer than all else in reading it, and
the times of a block are there once for all its tags."""
MARK = 0x8000
"""In the first number of a segment: it begins with its first value, which those of format 3 do not."""
TIMES = 1
"""First byte of packed times; those of format 3 begin with zlib's 0x78."""
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


def kept(values: np.ndarray, flags: np.ndarray | None = None) -> np.ndarray:
    """Which scans are points, along the last axis: where value or quality changes, just before, and both ends."""
    bits = np.ascontiguousarray(values).view(np.uint32)
    changed = bits[..., 1:] != bits[..., :-1]
    if flags is not None:
        changed |= flags[..., 1:] != flags[..., :-1]
    mask = np.zeros(bits.shape, dtype=bool)
    mask[..., 1:] = changed
    mask[..., :-1] |= changed
    mask[..., [0, -1]] = True
    return mask


def encode(values: np.ndarray, bands: np.ndarray) -> Iterator[bytes]:
    """The segments of a block (rows: scans, columns: tags), tag by tag; a value that never moves takes four bytes."""
    values = hold(np.ascontiguousarray(values, dtype="<f4"), bands)
    for bits in np.ascontiguousarray(values.view("<u4").T):
        yield bits[:1].tobytes() if (bits == bits[0]).all() else _pack(bits)


def _pack(bits: np.ndarray) -> bytes:
    """The first bit pattern, and the differences from one to the next, byte by byte."""
    steps = np.zeros_like(bits)
    steps[1:] = bits[1:] - bits[:-1]
    lengths, body = _planes(steps, 32, WORTH)
    return struct.pack("<3HI", lengths[0] | MARK, *lengths[1:3], bits[0]) + body


def _planes(steps: np.ndarray, width: int, worth: float) -> tuple[list[int], bytes]:
    """Differences of `width` bits, sign last, as planes of bytes of one weight: the length of each, and all of them.

    The upper planes are zeros, which take nothing, or shrink; the lowest are mostly noise and stay as they are. A plane
    is deflated if that leaves less than `worth` of it.
    """
    signed = steps.view(f"<i{width // 8}")
    folded = (signed << 1) ^ (signed >> (width - 1))
    parts = [_deflated(plane, worth) for plane in folded.view(np.uint8).reshape(-1, width // 8).T]
    return [len(part) for part in parts], b"".join(parts)


def _deflated(plane: np.ndarray, worth: float) -> bytes:
    if not plane.any():
        return b""
    raw = plane.tobytes()
    small = zlib.compress(raw, LEVEL, _RAW_DEFLATE)
    return small if len(small) < worth * len(raw) else raw


def decode(segment: bytes, scans: int) -> np.ndarray:
    """A value in single precision for every scan."""
    return decode_all([segment], scans)[0]


def decode_all(found: Sequence[bytes], scans: int) -> np.ndarray:
    """Values of several segments of as many scans, a row for each: an array of them is quicker than one by one."""
    firsts = np.empty((len(found), 1), np.uint32)
    planes: list[list[bytes]] = []
    for row, segment in enumerate(found):
        firsts[row, 0], parts = _parts(segment)
        planes.append(parts)
    bits = _steps(planes, scans, np.uint32)
    np.cumsum(bits, axis=1, out=bits)
    bits += firsts
    return bits.view(np.float32)


def _parts(segment: bytes) -> tuple[int, list[bytes]]:
    """The first bit pattern of a segment (zero in those of format 3, where it is a difference too) and its planes."""
    if len(segment) == 4:
        return int.from_bytes(segment, "little"), []
    one, two, three = struct.unpack_from("<3H", segment)
    if not one & MARK:
        return 0, _cut(segment, 6, (one, two, three))
    return struct.unpack_from("<I", segment, 6)[0], _cut(segment, 10, (one ^ MARK, two, three))


def _cut(packed: bytes, at: int, lengths: Sequence[int]) -> list[bytes]:
    """The planes of such lengths from a place on; the last one takes what is left."""
    parts = []
    for length in lengths:
        parts.append(packed[at : at + length])
        at += length
    return [*parts, packed[at:]]


def _steps(planes: Sequence[Sequence[bytes]], scans: int, kind: type[np.unsignedinteger[Any]]) -> np.ndarray:
    """The differences again, a row for each list of planes."""
    folded = np.zeros((len(planes), scans), kind)
    for weight in range(folded.itemsize):
        column = [parts[weight] if parts else b"" for parts in planes]
        if any(column):
            raw = b"".join(_inflated(plane, scans) for plane in column)
            plane = np.frombuffer(raw, np.uint8).reshape(folded.shape).astype(kind)
            plane <<= kind(8 * weight)
            folded |= plane
    sign = folded & kind(1)  # in place from here on: large new arrays cost more than what is done with them
    np.subtract(kind(0), sign, out=sign)
    folded >>= kind(1)
    folded ^= sign
    return folded


def _inflated(plane: bytes, scans: int) -> bytes:
    if len(plane) == scans:
        return plane
    return zlib.decompress(plane, _RAW_DEFLATE, scans) if plane else bytes(scans)


def pack_times(times: np.ndarray) -> bytes:
    """Growing numbers (float64 or int64), exactly: their bit patterns as differences of differences."""
    bits = np.ascontiguousarray(times).view("<u8")
    steps = np.diff(bits, prepend=bits[:1])
    second = int(steps[1]) if len(steps) > 1 else 0
    turns = np.zeros_like(bits)
    turns[2:] = steps[2:] - steps[1:-1]
    lengths, body = _planes(turns, 64, WORTH_OF_TIMES)
    return struct.pack("<B2Q7H", TIMES, int(bits[0]), second, *lengths[:7]) + body


def unpack_times(packed: bytes, scans: int, kind: str) -> np.ndarray:
    """What `pack_times` packed; `kind` is "<f8" or "<i8"."""
    return unpack_all_times([packed], scans, kind)[0]


def unpack_all_times(found: Sequence[bytes], scans: int, kind: str) -> np.ndarray:
    """The times of several blocks of as many scans, a row for each."""
    if any(packed[0] != TIMES for packed in found):
        one_by_one = (_times_of_format_3(p) if p[0] != TIMES else unpack_times(p, scans, "<u8") for p in found)
        return np.stack(list(one_by_one)).view(kind)
    heads = [struct.unpack_from("<B2Q7H", packed) for packed in found]
    turns = _steps([_cut(packed, 31, head[3:]) for packed, head in zip(found, heads, strict=True)], scans, np.uint64)
    turns[:, 1:2] = np.array([head[2:3] for head in heads], np.uint64)
    turns[:, 0] = 0
    firsts = np.array([head[1:2] for head in heads], np.uint64)
    for _ in range(2):
        np.cumsum(turns, axis=1, out=turns)
    turns += firsts
    return turns.view(kind)


def _times_of_format_3(packed: bytes) -> np.ndarray:
    planes = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(8, -1)
    bits = np.ascontiguousarray(planes.T).view("<u8").ravel()
    for _ in range(2):
        bits = np.cumsum(bits, dtype=np.uint64)
    return bits


def stacked(blobs: Iterable[bytes], width: int) -> np.ndarray:
    """Scans as rows of single-precision values."""
    return np.frombuffer(b"".join(blobs), "<f4").reshape(-1, width)
