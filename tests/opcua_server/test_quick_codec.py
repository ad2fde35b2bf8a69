"""What is decoded and encoded in one go is what asyncua makes of it, field by field."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from asyncua import ua
from asyncua.ua.ua_binary import nodeid_from_binary, struct_from_binary, struct_to_binary
from hypothesis import given
from hypothesis import strategies as some

from opcua_server import quick_codec
from opcua_server.decoding import UNDECODABLE, Limited
from opcua_server.encoding import encoded

KINDS = ua.VariantType
NODES = some.one_of(
    some.builds(ua.NodeId, some.integers(0, 2**32 - 1), some.integers(0, 5)),
    some.builds(ua.NodeId, some.text(max_size=8), some.integers(0, 5)),
    some.builds(ua.NodeId, some.binary(max_size=8), some.just(1), some.just(ua.NodeIdType.ByteString)),
)
TEXTS = some.one_of(some.none(), some.text(max_size=5))
TIMES = some.one_of(
    some.none(),
    some.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=some.just(UTC)),
)
VARIANTS = some.one_of(
    some.floats(allow_nan=False).map(lambda value: ua.Variant(value, KINDS.Double)),
    some.booleans().map(lambda value: ua.Variant(value, KINDS.Boolean)),
    some.integers(-(2**31), 2**31 - 1).map(lambda value: ua.Variant(value, KINDS.Int32)),
    some.integers(0, 65535).map(lambda value: ua.Variant(value, KINDS.UInt16)),
    some.text(max_size=5).map(lambda value: ua.Variant(value, KINDS.String)),
    some.lists(some.floats(allow_nan=False), max_size=3).map(
        lambda value: ua.Variant(value, KINDS.Double, is_array=True)
    ),
)
STATUS = some.sampled_from([0, ua.StatusCodes.BadSensorFailure, ua.StatusCodes.UncertainLastUsableValue])
VALUES = some.builds(
    ua.DataValue,
    Value=some.one_of(some.none(), VARIANTS),
    StatusCode=STATUS.map(ua.StatusCode),
    SourceTimestamp=TIMES,
    ServerTimestamp=TIMES,
)
READS = some.builds(
    ua.ReadValueId,
    NodeId=NODES,
    AttributeId=some.integers(0, 30),
    IndexRange=TEXTS,
    DataEncoding=some.builds(ua.QualifiedName, Name=TEXTS, NamespaceIndex=some.integers(0, 2)),
)
PLAIN_READS = some.builds(
    ua.ReadValueId,
    NodeId=NODES,
    AttributeId=some.just(13),
    DataEncoding=some.just(ua.QualifiedName(Name=None, NamespaceIndex=0)),
)
WRITES = some.builds(
    ua.WriteValue, NodeId=NODES, AttributeId=some.integers(0, 30), IndexRange=some.none(), Value=VALUES
)


def binary(structure: Any) -> bytes:
    return bytes(struct_to_binary(structure))


def checked(kind: Any, content: bytes) -> bool:
    """Whether it was decoded in one go; then it is what asyncua makes of it, and otherwise the body is untouched."""
    body = Limited(content)
    found = quick_codec.QUICK[kind](body)
    if found is None:
        assert len(body) == len(content)
        return False
    assert len(body) == 0
    assert found == struct_from_binary(kind, Limited(content))
    return True


@given(some.lists(PLAIN_READS, max_size=4), some.sampled_from(list(ua.TimestampsToReturn)[:4]))
def test_usual_reads_are_decoded_as_by_asyncua(wanted: list[Any], times: Any) -> None:
    quick = checked(ua.ReadParameters, binary(ua.ReadParameters(1.0, times, wanted)))
    texts = all(item.NodeId.NodeIdType != ua.NodeIdType.ByteString for item in wanted)
    assert quick == (bool(wanted) and texts)


@given(some.lists(READS, max_size=4))
def test_unusual_reads_are_left_to_asyncua(wanted: list[Any]) -> None:
    checked(ua.ReadParameters, binary(ua.ReadParameters(0.0, ua.TimestampsToReturn.Both, wanted)))


@given(some.lists(WRITES, max_size=4))
def test_writes_are_decoded_as_by_asyncua(wanted: list[Any]) -> None:
    checked(ua.WriteParameters, binary(ua.WriteParameters(wanted)))


@given(some.lists(WRITES, min_size=1, max_size=3), some.data())
def test_what_is_cut_or_changed_is_decoded_alike_or_not_at_all(wanted: list[Any], data: Any) -> None:
    content = bytearray(binary(ua.WriteParameters(wanted)))
    content[data.draw(some.integers(0, len(content) - 1))] = data.draw(some.integers(0, 255))
    changed = bytes(content[: data.draw(some.integers(1, len(content)))])
    try:
        expected = struct_from_binary(ua.WriteParameters, Limited(changed))
    except UNDECODABLE:
        assert quick_codec.write_parameters(Limited(changed)) is None
        return
    found = quick_codec.write_parameters(Limited(changed))
    assert found is None or repr(found) == repr(expected)  # not a number is not equal to itself


@given(some.binary(min_size=32, max_size=32), some.integers(0, 2**32 - 1), TEXTS)
def test_headers_are_decoded_as_by_asyncua(token: bytes, handle: int, entry: str | None) -> None:
    request = ua.ReadRequest()
    header = request.RequestHeader
    header.AuthenticationToken = ua.NodeId(token, 0, ua.NodeIdType.ByteString)
    header.RequestHandle, header.AuditEntryId = handle, entry
    content = binary(request)
    body, other = Limited(content), Limited(content)
    number, found = quick_codec.opening(body)
    assert number == nodeid_from_binary(other)
    expected = struct_from_binary(ua.RequestHeader, other)
    assert len(body) == len(other)
    for name in (
        "AuthenticationToken",
        "Timestamp",
        "RequestHandle",
        "ReturnDiagnostics",
        "AuditEntryId",
        "TimeoutHint",
    ):
        assert getattr(found, name) == getattr(expected, name)


@given(some.lists(VALUES, min_size=1, max_size=4))
def test_what_was_read_is_encoded_so_that_asyncua_reads_it(values: list[Any]) -> None:
    response = ua.ReadResponse(Results=values)
    response.ResponseHeader.RequestHandle = 7
    content = Limited(asyncio.run(encoded(response, 100_000)))
    assert nodeid_from_binary(content) == response.TypeId
    found = struct_from_binary(ua.ReadResponse, Limited(asyncio.run(encoded(response, 100_000))))
    assert found.ResponseHeader.RequestHandle == 7
    expected = struct_from_binary(ua.ReadResponse, Limited(binary(response)))
    assert found.Results == expected.Results


def test_an_answer_to_writes_and_one_that_failed() -> None:
    codes = [ua.StatusCode(), ua.StatusCode(ua.StatusCodes.BadOutOfRange)]
    content = asyncio.run(encoded(ua.WriteResponse(Results=codes), 1000))
    assert struct_from_binary(ua.WriteResponse, Limited(content)).Results == codes
    failed = ua.ReadResponse(Results=[ua.DataValue()])
    failed.ResponseHeader.ServiceResult = ua.StatusCode(ua.StatusCodes.BadTimeout)
    assert quick_codec.head(failed) is None


@pytest.mark.parametrize("kind", [ua.ReadParameters, ua.WriteParameters])
def test_no_operation_and_too_many_are_left_to_asyncua(kind: Any) -> None:
    empty = binary(kind())
    assert quick_codec.QUICK[kind](Limited(empty)) is None
    assert quick_codec.QUICK[kind](Limited(empty[:-4] + (10_000).to_bytes(4, "little"))) is None


def test_a_node_id_that_is_no_text_is_left_to_the_decoder_that_refuses_it() -> None:
    content = binary(ua.ReadParameters(0.0, ua.TimestampsToReturn.Both, [ua.ReadValueId(ua.NodeId("V-1", 2), 13)]))
    assert quick_codec.read_parameters(Limited(content.replace(b"V-1", b"V\xff1"))) is None


@given(some.lists(some.tuples(some.integers(0, 2**32 - 1), some.integers(0, 2**32 - 1)), max_size=4), some.binary())
def test_publish_is_decoded_as_by_asyncua(pairs: list[Any], more: bytes) -> None:
    acknowledged = [ua.SubscriptionAcknowledgement(*pair) for pair in pairs]
    content = binary(ua.PublishParameters(acknowledged))
    assert checked(ua.PublishParameters, content)
    assert not more or quick_codec.publish_parameters(Limited(content + more)) is None
    assert quick_codec.publish_parameters(Limited(content[:-1])) is None
