"""Whatever bytes come, decoding ends soon: in the parameters of a request, or in the status that says why not."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from asyncua import ua
from asyncua.common.utils import NotEnoughData
from asyncua.ua.ua_binary import Primitives, struct_to_binary
from hypothesis import given, settings
from hypothesis import strategies as st

from opcua_server.decoding import UNDECODABLE, Budget, Limited, decode
from opcua_server.services import SERVICES

KINDS = sorted({service.params for service in SERVICES.values()}, key=lambda kind: kind.__name__)
FIELDS = 500

node_ids = st.one_of(
    st.builds(ua.NodeId, st.integers(0, 2**32 - 1), st.integers(256, 2**16 - 1)),
    st.builds(ua.NodeId, st.text(max_size=20), st.integers(0, 2**16 - 1)),
    st.builds(
        lambda content, index: ua.NodeId(content, index, ua.NodeIdType.ByteString),
        st.binary(min_size=1, max_size=20),
        st.integers(0, 2**16 - 1),
    ),
)
numbers = st.floats(allow_nan=False)
variants = st.one_of(
    numbers.map(lambda value: ua.Variant(value, ua.VariantType.Double)),
    st.text(max_size=20).map(lambda value: ua.Variant(value, ua.VariantType.String)),
    st.lists(numbers, min_size=1, max_size=5).map(lambda value: ua.Variant(value, ua.VariantType.Double)),
    st.lists(st.text(max_size=9), min_size=1, max_size=5).map(lambda value: ua.Variant(value, ua.VariantType.String)),
)
writes = st.builds(
    lambda node, part, value: ua.WriteValue(node, ua.AttributeIds.Value, part, ua.DataValue(value)),
    node_ids,
    st.none() | st.text(max_size=9),
    variants,
)


def limited(content: bytes) -> Limited:
    return Limited(content, budget=Budget(FIELDS))


def decoded(kind: type, content: bytes) -> Any:
    """The parameters, or nothing if they cannot be decoded, or are too much; anything else is a failure."""
    body = limited(content)
    try:
        return decode(kind, body)
    except (ua.uaerrors.BadDecodingError, ua.uaerrors.BadEncodingLimitsExceeded):
        return None
    finally:
        assert body._budget.left >= -1  # not one field more was looked at


@settings(deadline=None)
@given(st.sampled_from(KINDS), st.binary(max_size=300))
def test_any_bytes_are_parameters_or_a_decoding_error(kind: type, content: bytes) -> None:
    decoded(kind, content)


@settings(deadline=None)
@given(st.lists(writes, min_size=1, max_size=5), st.data())
def test_a_changed_request_is_one_or_a_decoding_error(items: list[ua.WriteValue], data: Any) -> None:
    content = bytearray(struct_to_binary(ua.WriteParameters(NodesToWrite=items)))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.sampled_from((0, 1, 127, 128, 255)))
    decoded(ua.WriteParameters, bytes(content[: data.draw(st.integers(0, len(content)))]))
    decoded(ua.WriteParameters, bytes(content))


@settings(deadline=None)
@given(st.lists(writes, min_size=1, max_size=5))
def test_a_sound_request_is_decoded_as_it_was_meant(items: list[ua.WriteValue]) -> None:
    params = ua.WriteParameters(NodesToWrite=items)
    found = decoded(ua.WriteParameters, struct_to_binary(params))
    assert struct_to_binary(found) == struct_to_binary(params)
    assert [item.NodeId for item in found.NodesToWrite] == [item.NodeId for item in items]


def test_a_long_piece_costs_as_much_as_many_fields() -> None:
    most = FIELDS // 8 * 64
    assert len(limited(bytes(10 * most)).read(most - 64)) == most - 64
    with pytest.raises(NotEnoughData):
        limited(bytes(10 * most)).read(most + 64)


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_a_text_is_utf8_or_refused(content: bytes) -> None:
    body = limited(struct.pack("<i", len(content)) + content)
    try:
        expected = content.decode()
    except UnicodeDecodeError:
        with pytest.raises(UNDECODABLE):
            Primitives.String.unpack(body)
    else:
        assert Primitives.String.unpack(body) == expected


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=40), st.lists(st.integers(-(2**31), 2**31 - 1), max_size=30))
def test_a_buffer_goes_forward_only_and_ends_with_its_budget(content: bytes, steps: list[int]) -> None:
    body, seen = limited(content), b""
    for size in steps:
        try:
            seen += body.read(size)
        except NotEnoughData:
            assert size < 0 or size > len(content) - len(seen)
    assert content.startswith(seen)
    while body._budget.left > 0:
        body.read(0)
    with pytest.raises(NotEnoughData):
        body.read(0)
