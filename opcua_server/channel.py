"""Secure channels (Part 6, 6.7) that only open as offered, to whom we trust, for as long as was agreed."""

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from asyncua import ua
from asyncua.common.connection import MessageChunk, SecureConnection, TransportLimits
from asyncua.common.utils import Buffer
from asyncua.crypto.security_policies import SecurityPolicyNone
from asyncua.crypto.uacrypto import InvalidSignature

from opcua_server.bounds import Bounds

NONE = SecurityPolicyNone.URI
FRAME, TOKEN, NUMBERS = struct.Struct("<4sIII"), struct.Struct("<I"), struct.Struct("<II")
"""What a chunk begins with: type, size, channel and token in clear; number and request (Part 6, 6.7.2)."""
LAST_NUMBER = 0xFFFFFFFF
GRACE = 1.25
"""Part 4, 5.5.2.1: a token is accepted a quarter of its lifetime longer."""


class Channel(SecureConnection):
    """asyncua's channel, with the checks that it leaves out."""

    _sequence_number: int

    def __init__(self, limits: TransportLimits, bounds: Bounds, admit: Callable[[bytes | None], None]) -> None:
        super().__init__(SecurityPolicyNone(), limits)
        self._bounds = bounds
        self._admit = admit
        self._nonces: set[bytes] = set()
        self._sent: bytes | None = None

    def admit_nobody(self) -> None:
        """It is over; with nothing that leads back to its processor, both go at once, not with the garbage."""
        self._admit = _nobody

    @property
    def secured(self) -> bool:
        """Whether messages are signed at least."""
        return bool(self.security_policy.Mode != ua.MessageSecurityMode.None_)

    @property
    def encrypted(self) -> bool:
        return bool(self.security_policy.Mode == ua.MessageSecurityMode.SignAndEncrypt)

    @property
    def offered(self) -> bool:
        """Whether this policy may be used for sessions; discovery goes without any."""
        policy = self.security_policy
        return any(factory.matches(policy.URI, policy.Mode) for factory in self._policies)

    @property
    def unfinished(self) -> bool:
        """Whether chunks wait for the rest of their message."""
        return bool(self._incoming_parts)

    def select_policy(
        self, uri: str, peer_certificate: bytes | None, mode: ua.MessageSecurityMode | None = None
    ) -> None:
        """Called twice: to decrypt the request, then with the mode that was found in it."""
        if uri == NONE:
            if mode not in (None, ua.MessageSecurityMode.None_):
                raise ua.UaStatusCodeError(ua.StatusCodes.BadSecurityModeRejected)
            self.security_policy = SecurityPolicyNone()
            return
        found = [factory for factory in self._policies if factory.matches(uri, mode)]
        if not found:
            known = any(factory.matches(uri) for factory in self._policies)
            code = ua.StatusCodes.BadSecurityModeRejected if known else ua.StatusCodes.BadSecurityPolicyRejected
            raise ua.UaStatusCodeError(code)
        if mode is None:
            self._admit(peer_certificate)
            self._sent = peer_certificate
        self.security_policy = found[0].create(peer_certificate)

    def open(self, params: Any, server: Any) -> ua.OpenSecureChannelResult:
        """Issue or renew a token with a lifetime within bounds."""
        renew = params.RequestType == ua.SecurityTokenRequestType.Renew
        if renew != self._open:
            raise ua.UaStatusCodeError(ua.StatusCodes.BadRequestTypeInvalid)
        if renew and self.secured:
            self._admit(self._sent)  # what was trusted at first may be so no longer
        self._check_nonce(params.ClientNonce or b"")
        if renew and self.next_security_token.TokenId:
            self.revolve_tokens()  # or asyncua gives two tokens in a row one number, if the first was not used
        low, high = self._bounds.token_time
        wanted = params.RequestedLifetime / 1e3 or high
        params.RequestedLifetime = int(1e3 * min(max(wanted, low), high))
        return super().open(params, server)

    def _check_nonce(self, nonce: bytes) -> None:
        if not self.secured:
            return
        if len(nonce) != self.security_policy.secure_channel_nonce_length or nonce in self._nonces:
            raise ua.UaStatusCodeError(ua.StatusCodes.BadNonceInvalid)
        self._nonces = {nonce}

    def _check_sym_header(self, security_hdr: ua.SymmetricAlgorithmHeader) -> None:
        if not self._open:
            raise ua.UaStatusCodeError(ua.StatusCodes.BadTcpSecureChannelUnknown)
        if security_hdr.TokenId == 0:  # asyncua takes it for the token that is not there yet
            raise ua.UaStatusCodeError(ua.StatusCodes.BadSecureChannelTokenUnknown)
        super()._check_sym_header(security_hdr)
        token = self.security_token
        age = (datetime.now(UTC) - token.CreatedAt).total_seconds()
        if security_hdr.TokenId == token.TokenId and age > GRACE * token.RevisedLifetime / 1e3:
            raise ua.UaStatusCodeError(ua.StatusCodes.BadSecureChannelTokenUnknown)

    # --- messages of one chunk, in one go: asyncua goes through their headers field by field --------------------------

    def message_to_binary(
        self, message: bytes, message_type: Any = ua.MessageType.SecureMessage, request_id: int = 0
    ) -> bytes:
        crypto, token = self.security_policy.symmetric_cryptography, self.security_token
        room = MessageChunk.max_body_size(crypto, self._limits.max_send_buffer)
        if message_type != ua.MessageType.SecureMessage or len(message) > room:
            return bytes(super().message_to_binary(message, message_type, request_id))
        self._sequence_number = self._sequence_number % LAST_NUMBER + 1
        body = NUMBERS.pack(self._sequence_number, request_id) + message
        body += crypto.padding(len(body))
        blocks = (len(body) + crypto.signature_size()) // crypto.plain_block_size()
        head = FRAME.pack(b"MSGF", FRAME.size + blocks * crypto.encrypted_block_size(), token.ChannelId, token.TokenId)
        return head + bytes(crypto.encrypt(body + crypto.signature(head + body)))

    def receive_from_header_and_body(self, header: Any, body: Buffer) -> Any:
        size, at = header.body_size, body.cur_pos
        if header.MessageType != ua.MessageType.SecureMessage or not TOKEN.size + NUMBERS.size <= size <= len(body):
            return super().receive_from_header_and_body(header, body)
        (token,) = TOKEN.unpack_from(body._data, at)
        self._check_sym_header(ua.SymmetricAlgorithmHeader(token))
        try:
            plain = self._opened(body._data, at, size)
        except InvalidSignature:  # or it was made with the keys of before
            return super().receive_from_header_and_body(header, body)
        body.skip(size)
        chunk = object.__new__(MessageChunk)
        chunk.MessageHeader, chunk.SecurityHeader = header, ua.SymmetricAlgorithmHeader(token)
        chunk.SequenceHeader = ua.SequenceHeader(*NUMBERS.unpack_from(plain))
        chunk.Body = plain[NUMBERS.size :]
        return self._receive(chunk)

    def _opened(self, data: bytes, at: int, size: int) -> bytes:
        """Decrypted and verified. Raises InvalidSignature."""
        crypto = self.security_policy.symmetric_cryptography
        crypto.use_prev_key = False
        plain: bytes = crypto.decrypt(data[at + TOKEN.size : at + size])
        if signed := crypto.vsignature_size():
            plain, signature = plain[:-signed], plain[-signed:]
            crypto.verify(data[at + TOKEN.size - FRAME.size : at + TOKEN.size] + plain, signature)
        return bytes(crypto.remove_padding(plain))


def _nobody(content: bytes | None) -> None:
    raise ua.UaStatusCodeError(ua.StatusCodes.BadSecureChannelClosed)
