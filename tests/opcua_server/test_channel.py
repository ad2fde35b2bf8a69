"""Messages travel as asyncua's channel would send and take them, whatever the security."""

from __future__ import annotations

from typing import Any

import pytest
from asyncua import ua
from asyncua.common.connection import SecureConnection, TransportLimits
from asyncua.crypto import security_policies as policies
from asyncua.crypto.uacrypto import InvalidSignature
from asyncua.ua.ua_binary import header_from_binary
from hypothesis import given
from hypothesis import strategies as some

from opcua_server.bounds import Bounds
from opcua_server.channel import Channel
from opcua_server.decoding import UNDECODABLE, Limited

NUMBERS = some.integers(0, 2**32 - 1)
TOKEN = ua.ChannelSecurityToken(ChannelId=5, TokenId=13, RevisedLifetime=3_600_000)
SMALLEST = 8192
NONE, SIGN, ENCRYPT = ua.MessageSecurityMode.None_, ua.MessageSecurityMode.Sign, ua.MessageSecurityMode.SignAndEncrypt
KINDS = [
    (policies.SecurityPolicyNone, NONE),
    *((policies.SecurityPolicyBasic256Sha256, mode) for mode in (SIGN, ENCRYPT)),
    *((policies.SecurityPolicyAes128Sha256RsaOaep, mode) for mode in (SIGN, ENCRYPT)),
    *((policies.SecurityPolicyAes256Sha256RsaPss, mode) for mode in (SIGN, ENCRYPT)),
]
OPEN = KINDS[0]
OURS, THEIRS = b"o" * 32, b"t" * 32
"""Nonces that keys are made of."""
secured = pytest.mark.parametrize("policy", KINDS, ids=lambda kind: f"{kind[0].__name__[14:]}-{kind[1].name}")


def opened(kind: Any = Channel, policy: Any = OPEN, ours: bytes = OURS, theirs: bytes = THEIRS) -> Any:
    """A channel that is open, ours or asyncua's."""
    limits = TransportLimits(SMALLEST, SMALLEST)
    form, mode = policy
    made: Any = Channel(limits, Bounds(), lambda certificate: None)
    if kind is SecureConnection:
        made = SecureConnection(policies.SecurityPolicyNone(), limits)
    if mode != NONE:
        made.security_policy = found = form.__new__(form)  # without certificates, which messages have no use for
        found.Mode, found.symmetric_cryptography = mode, policies.Cryptography(mode)
        found.make_local_symmetric_key(theirs, ours)
        found.make_remote_symmetric_key(ours, theirs, TOKEN.RevisedLifetime)
    made.security_token, made._open = TOKEN, True
    return made


def other_end(policy: Any) -> Any:
    """Of such a channel, as asyncua has it."""
    return opened(SecureConnection, policy, THEIRS, OURS)


def taken(channel: Any, sent: bytes) -> Any:
    body = Limited(sent)
    return channel.receive_from_header_and_body(header_from_binary(body), body)


@secured
@given(messages=some.lists(some.binary(min_size=1, max_size=3 * SMALLEST), min_size=1, max_size=3), request=NUMBERS)
def test_what_is_sent_is_byte_for_byte_what_asyncua_sends(policy: Any, messages: list[bytes], request: int) -> None:
    ours, theirs = opened(Channel, policy), opened(SecureConnection, policy)
    for message in messages:
        assert ours.message_to_binary(message, request_id=request) == theirs.message_to_binary(
            message, request_id=request
        )


@secured
def test_the_longest_that_fits_into_one_chunk_is_that_of_asyncua(policy: Any) -> None:
    for size in range(SMALLEST - 90, SMALLEST - 20):
        ours, theirs = opened(Channel, policy), opened(SecureConnection, policy)
        assert ours.message_to_binary(bytes(size)) == theirs.message_to_binary(bytes(size)), size


def test_numbers_of_messages_begin_anew_behind_the_last() -> None:
    ours, theirs = opened(), opened(SecureConnection)
    ours._sequence_number = theirs._sequence_number = 2**32 - 2
    assert [ours.message_to_binary(b"x") for _ in range(3)] == [theirs.message_to_binary(b"x") for _ in range(3)]


@secured
@given(message=some.binary(min_size=1, max_size=100), place=some.integers(0, 299), other=some.integers(0, 255))
def test_what_comes_is_taken_or_refused_as_by_asyncua(policy: Any, message: bytes, place: int, other: int) -> None:
    sent = bytearray(other_end(policy).message_to_binary(message, request_id=3))
    sent[8 + place % (len(sent) - 8)] = other  # any byte behind type and size
    results: list[Any] = []
    for kind in (Channel, SecureConnection):
        try:
            found = taken(opened(kind, policy), bytes(sent))
            results.append((found.body()._data, found.SequenceHeader(), found.SecurityHeader()))
        except (*UNDECODABLE, InvalidSignature) as problem:
            results.append(type(problem))
    token_0 = sent[12:16] == bytes(4)  # which asyncua takes for the token that is not there yet
    assert results[0] == results[1] or token_0


@secured
def test_of_what_is_too_short_nothing_is_taken(policy: Any) -> None:
    sent = other_end(policy).message_to_binary(b"x")
    for end in range(12, min(len(sent), 24)):
        short = sent[:4] + end.to_bytes(4, "little") + sent[8:end]
        with pytest.raises((*UNDECODABLE, InvalidSignature)):
            taken(opened(Channel, policy), short)


@secured
def test_messages_with_the_keys_of_before_are_taken_for_a_while(policy: Any) -> None:
    channel, sender = opened(Channel, policy), other_end(policy)
    channel._allow_prev_token = True
    first, late = (sender.message_to_binary(b"x", request_id=k) for k in (1, 2))
    assert taken(channel, first).body()._data == b"x"
    channel.remote_nonce, channel.local_nonce = b"n" * 32, b"m" * 32
    channel.next_security_token = ua.ChannelSecurityToken(ChannelId=5, TokenId=14, RevisedLifetime=3_600_000)
    if policy is not OPEN:
        channel.revolve_tokens()
    assert taken(channel, late).body()._data == b"x"


def test_a_number_that_does_not_follow_is_refused() -> None:
    channel, sender = opened(), opened(SecureConnection)
    first, second, third = (sender.message_to_binary(b"x") for _ in range(3))
    taken(channel, first)
    with pytest.raises(ua.UaError):
        taken(channel, third)
    assert taken(channel, second).body()._data == b"x"
