"""Messages without security travel as asyncua's channel would send and take them."""

from __future__ import annotations

from typing import Any

import pytest
from asyncua import ua
from asyncua.common.connection import SecureConnection, TransportLimits
from asyncua.crypto.security_policies import SecurityPolicyNone
from asyncua.ua.ua_binary import header_from_binary
from hypothesis import given
from hypothesis import strategies as some

from opcua_server.bounds import Bounds
from opcua_server.channel import FRAME, Channel
from opcua_server.decoding import Limited

TOKEN = ua.ChannelSecurityToken(ChannelId=5, TokenId=13, RevisedLifetime=3_600_000)
SMALLEST = 8192


def opened(kind: Any = None) -> Any:
    """A channel that is open, ours or asyncua's."""
    limits = TransportLimits(SMALLEST, SMALLEST)
    if kind is SecureConnection:
        made: Any = SecureConnection(SecurityPolicyNone(), limits)
    else:
        made = Channel(limits, Bounds(), lambda certificate: None)
    made.security_token, made._open = TOKEN, True
    return made


def taken(channel: Any, sent: bytes) -> Any:
    body = Limited(sent)
    return channel.receive_from_header_and_body(header_from_binary(body), body)


@given(some.lists(some.binary(min_size=1, max_size=3 * SMALLEST), min_size=1, max_size=3), some.integers(0, 2**32 - 1))
def test_what_is_sent_is_byte_for_byte_what_asyncua_sends(messages: list[bytes], request: int) -> None:
    ours, theirs = opened(), opened(SecureConnection)
    for message in messages:
        assert ours.message_to_binary(message, request_id=request) == theirs.message_to_binary(
            message, request_id=request
        )


@pytest.mark.parametrize("size", range(SMALLEST - 26, SMALLEST - 20))
def test_the_longest_that_fits_into_one_chunk_is_that_of_asyncua(size: int) -> None:
    assert opened().message_to_binary(bytes(size)) == opened(SecureConnection).message_to_binary(bytes(size))


def test_numbers_of_messages_begin_anew_behind_the_last() -> None:
    ours, theirs = opened(), opened(SecureConnection)
    ours._sequence_number = theirs._sequence_number = 2**32 - 2
    assert [ours.message_to_binary(b"x") for _ in range(3)] == [theirs.message_to_binary(b"x") for _ in range(3)]


@given(some.binary(min_size=1, max_size=100), some.integers(0, 99), some.integers(0, 255))
def test_what_comes_is_taken_or_refused_as_by_asyncua(message: bytes, place: int, other: int) -> None:
    sent = bytearray(opened(SecureConnection).message_to_binary(message, request_id=3))
    sent[8 + place % (len(sent) - 8)] = other  # any byte behind type and size
    results = []
    for kind in (Channel, SecureConnection):
        try:
            found = taken(opened(kind), bytes(sent))
            results.append((found.body()._data, found.SequenceHeader(), found.SecurityHeader()))
        except ua.UaError as problem:
            results.append(type(problem))
    token_0 = sent[12:16] == bytes(4)  # which asyncua takes for the token that is not there yet
    assert results[0] == results[1] or token_0


def test_of_what_is_too_short_nothing_is_taken() -> None:
    sent = opened(SecureConnection).message_to_binary(b"x")
    for end in range(12, FRAME.size):
        short = sent[:4] + end.to_bytes(4, "little") + sent[8:end]
        with pytest.raises((ua.UaError, ValueError, ua.utils.NotEnoughData)):
            taken(opened(), short)


def test_a_number_that_does_not_follow_is_refused() -> None:
    channel, sender = opened(), opened(SecureConnection)
    first, second, third = (sender.message_to_binary(b"x") for _ in range(3))
    taken(channel, first)
    with pytest.raises(ua.UaError):
        taken(channel, third)
    assert taken(channel, second).body()._data == b"x"
