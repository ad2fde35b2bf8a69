"""An OPC UA client that sends any bytes it is told to, without security; for the fuzz campaign and for tests."""

from __future__ import annotations

import asyncio
import struct
from typing import Any, ClassVar

from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.ua_binary import nodeid_from_binary, struct_from_binary, struct_to_binary

FRAME = struct.Struct("<3scI")
MESSAGE = struct.Struct("<3scIIIII")
HELLO = struct.Struct("<IIIII")
NONE = b"http://opcfoundation.org/UA/SecurityPolicy#None"
ERROR = struct.Struct("<I")


class Closed(Exception):
    """The server hung up; `status` is what it said before, if anything."""

    def __init__(self, status: int = 0) -> None:
        super().__init__(ua.StatusCode(status).name if status else "closed without a word")
        self.status = status


def text(content: bytes) -> bytes:
    """A string or byte string."""
    return struct.pack("<i", len(content)) + content


def frame(kind: bytes, body: bytes, chunk: bytes = b"F", size: int | None = None) -> bytes:
    """A frame that may lie about its size."""
    return FRAME.pack(kind, chunk, FRAME.size + len(body) if size is None else size) + body


def hello(receive: int = 65535, send: int = 65535, url: bytes = b"opc.tcp://127.0.0.1") -> bytes:
    """A Hello."""
    return frame(b"HEL", HELLO.pack(0, receive, send, 0, 0) + text(url))


class Raw:
    """One connection."""

    opened: ClassVar[list[Raw]] = []

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened.append(self)
        self.reader, self.writer = reader, writer
        self.channel, self.token, self.sequence, self.request = 0, 0, 0, 0
        self.session = ua.NodeId()

    @classmethod
    async def connect(cls, port: int) -> Raw:
        """Only the socket."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    @classmethod
    async def channel_to(cls, port: int) -> Raw:
        """With a Hello and a channel."""
        raw = await cls.connect(port)
        await raw.send(hello())
        await raw.receive()
        await raw.send(raw.open_message())
        _, body = await raw.receive()
        raw.take_channel(body)
        return raw

    @classmethod
    async def session_to(cls, port: int) -> Raw:
        """With an anonymous session."""
        raw = await cls.channel_to(port)
        create = ua.CreateSessionRequest()
        create.Parameters.RequestedSessionTimeout = 60_000.0
        create.Parameters.ClientNonce = bytes(32)
        created = await raw.ask(create, ua.CreateSessionResponse)
        raw.session = created.Parameters.AuthenticationToken
        activate = ua.ActivateSessionRequest()
        activate.Parameters.UserIdentityToken = ua.AnonymousIdentityToken()
        await raw.ask(activate, ua.ActivateSessionResponse)
        return raw

    async def send(self, data: bytes) -> None:
        """As it is."""
        try:
            self.writer.write(data)
            await self.writer.drain()
        except (ConnectionError, OSError):
            raise Closed from None

    async def receive(self) -> tuple[bytes, bytes]:
        """Kind and content of the next frame. Raises Closed."""
        kind, _, body = await self._frame()
        return kind, body

    async def _chunk(self) -> tuple[bytes, bytes]:
        _, chunk, body = await self._frame()
        return chunk, body

    async def _frame(self) -> tuple[bytes, bytes, bytes]:
        try:
            kind, chunk, size = FRAME.unpack(await self.reader.readexactly(FRAME.size))
            body = await self.reader.readexactly(size - FRAME.size)
        except (asyncio.IncompleteReadError, ConnectionError, OSError):
            raise Closed from None
        if kind == b"ERR":
            raise Closed(ERROR.unpack_from(body)[0])
        return kind, chunk, body

    def open_message(self, renew: bool = False, lifetime: int = 3_600_000) -> bytes:
        """An OpenSecureChannel without security."""
        request = ua.OpenSecureChannelRequest()
        request.Parameters.RequestType = ua.SecurityTokenRequestType(int(renew))
        request.Parameters.SecurityMode = ua.MessageSecurityMode.None_
        request.Parameters.RequestedLifetime = lifetime
        request.Parameters.ClientNonce = b""
        self._count()
        security = text(NONE) + struct.pack("<ii", -1, -1)
        head = struct.pack("<I", self.channel) + security + struct.pack("<II", self.sequence, self.request)
        return frame(b"OPN", head + struct_to_binary(request))

    def take_channel(self, body: bytes) -> Any:
        """Use what an OpenSecureChannel was answered with."""
        header = Buffer(body[4:])
        struct_from_binary(ua.AsymmetricAlgorithmHeader, header)
        struct_from_binary(ua.SequenceHeader, header)
        answer = struct_from_binary(ua.OpenSecureChannelResponse, header)
        token = answer.Parameters.SecurityToken
        self.channel, self.token = token.ChannelId, token.TokenId
        return token

    def message(self, content: bytes, chunk: bytes = b"F", same: bool = False) -> bytes:
        """A message of one chunk with the next numbers; `same` continues the request before."""
        self._count(same)
        size = MESSAGE.size + len(content)
        head = (b"MSG", chunk, size, self.channel, self.token, self.sequence, self.request)
        return MESSAGE.pack(*head) + content

    def encoded(self, request: Any) -> bytes:
        """A request as it travels."""
        request.RequestHeader.AuthenticationToken = self.session
        return bytes(struct_to_binary(request))

    async def ask(self, request: Any, response: type) -> Any:
        """Send a request; the response. Raises UaStatusCodeError for a fault, Closed."""
        await self.send(self.message(self.encoded(request)))
        return self.decoded(await self.answer(), response)

    async def answer(self) -> bytes:
        """The next message, put together from its chunks."""
        whole = b""
        while True:
            chunk, body = await self._chunk()
            whole += body[16:]
            if chunk == b"F":
                return whole

    @staticmethod
    def decoded_fault(content: bytes) -> Any:
        """A fault, as it is."""
        return struct_from_binary(ua.ServiceFault, Buffer(content))

    @staticmethod
    def decoded(content: bytes, response: type) -> Any:
        """A response, or its fault raised."""
        typeid = nodeid_from_binary(Buffer(content))
        if typeid.Identifier == ua.ObjectIds.ServiceFault_Encoding_DefaultBinary:
            struct_from_binary(ua.ServiceFault, Buffer(content)).ResponseHeader.ServiceResult.check()
        return struct_from_binary(response, Buffer(content))

    def close(self) -> None:
        """Hang up."""
        self.writer.transport.abort()

    @classmethod
    def close_all(cls) -> None:
        """Hang up everywhere."""
        while cls.opened:
            cls.opened.pop().close()

    def _count(self, same: bool = False) -> None:
        self.sequence += 1
        self.request += not same
