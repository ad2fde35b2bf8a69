"""One client's connection: frames from bytes, one after the other, and an end to whoever floods, stalls or babbles."""

from __future__ import annotations

import asyncio
import logging
import struct
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

from asyncua import ua
from asyncua.common.utils import ServiceError
from asyncua.crypto.uacrypto import InvalidSignature
from asyncua.server.binary_server_asyncio import BinaryServer, OPCUAProtocol
from asyncua.ua.ua_binary import header_from_binary, uatcp_to_binary

from opcua_server.bounds import Bounds
from opcua_server.decoding import UNDECODABLE, Budget, Limited
from opcua_server.processor import Processor
from opcua_server.turns import Turn, Turns, take_turns

HEAD = struct.Struct("<3scI")
KINDS = (b"HEL", b"OPN", b"MSG", b"CLO")
CHUNKS = (b"F", b"C", b"A")
WATCH = 1.0  # s between two looks at who is late
LINGER = 2.0  # s for a client to fetch why it is disconnected

log = logging.getLogger(__name__)


class Mute:
    """In place of the transport of a client that has been told why it is disconnected: nothing follows that."""

    def write(self, data: bytes) -> None:
        """Messages of its subscriptions are kept to be sent again."""


class Wire(OPCUAProtocol):
    """asyncua's protocol, with a bound on everything that a client can make it keep."""

    _task: asyncio.Task[Any] | None

    processor: Processor | None

    def __init__(self, listener: Listener, make: Callable[[Wire], Processor], **named: Any) -> None:
        super().__init__(**named)
        self.address = ""
        self._listener = listener
        self._bounds = listener.bounds
        self._make = make
        self._bytes = bytearray()
        self._inbox: deque[bytes] = deque()
        self._waiting = 0
        self._arrived = asyncio.Event()
        self._fetched = asyncio.Event()
        self._fetched.set()
        self._stuck: float | None = None
        self._turn = Turn(listener.turns)
        self._begun: float | None = None
        self._since = time.monotonic()
        self._counted = self._refused = False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.peer_name = transport.get_extra_info("peername")
        self.address = self.peer_name[0]
        if not self._listener.has_room(self.address):
            self.refuse(ua.StatusCodes.BadTcpNotEnoughResources, "too many connections", wait=False)
            return
        transport.set_write_buffer_limits(high=self._bounds.outbox)
        self.processor = self._make(self)
        self.processor.set_policies(self.policies)
        self.iserver.asyncio_transports.append(transport)
        self._counted = True
        self._listener.addresses[self.address] += 1
        self.clients.append(self)
        self._task = asyncio.create_task(self._process_received_message_loop())

    def connection_lost(self, ex: BaseException | None) -> None:
        if not self._counted:
            return
        self._counted = False
        self._listener.forget(self.address)
        self.iserver.asyncio_transports.remove(self.transport)
        self.clients.remove(self)
        self._inbox.clear()
        if self._task is not None:
            self._task.cancel()
            self._task = None  # it remembers where it was cancelled, and that was here
        vars(self.transport)["_read_ready_cb"] = None  # asyncio's transport holds itself by what it calls to read
        if self.processor is not None:
            self.closing_tasks.append(asyncio.create_task(self.processor.close()))

    def pause_writing(self) -> None:
        """Answers wait to be fetched: until they are, no more requests are looked at."""
        self._fetched.clear()
        self._stuck = time.monotonic()

    def resume_writing(self) -> None:
        """They are fetched."""
        self._fetched.set()
        self._stuck = None

    def _drop(self) -> None:
        """The client does not fetch its answers."""
        log.warning("%s reads too slowly and is disconnected.", self.address)
        self._listener.told("connection dropped", self.address, "reads too slowly")
        if self.transport is not None:
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._refused:
            self._waiting += len(data)
            if self._waiting > self._bounds.inbox and self.transport is not None:
                self.transport.abort()
            return
        self._bytes += data
        while len(self._bytes) >= HEAD.size:
            kind, chunk, size = HEAD.unpack_from(self._bytes)
            if problem := self._malformed(kind, chunk, size):
                self.refuse(problem, "malformed frame")
                return
            if len(self._bytes) < size:
                break
            self._inbox.append(bytes(self._bytes[:size]))
            del self._bytes[:size]
            self._waiting += size
            self._begun = None
        if self._bytes and self._begun is None:
            self._begun = time.monotonic()
        if self._waiting > self._bounds.inbox and self.transport is not None:
            self.transport.pause_reading()
        self._arrived.set()

    def _malformed(self, kind: bytes, chunk: bytes, size: int) -> int:
        if kind not in KINDS or chunk not in CHUNKS or (kind != b"MSG" and chunk != b"F"):
            return int(ua.StatusCodes.BadTcpMessageTypeInvalid)
        if not HEAD.size < size <= self._bounds.chunk:
            return int(ua.StatusCodes.BadTcpMessageTooLarge)
        return 0

    async def _process_received_message_loop(self) -> None:
        """One message after the other; between two of them it is somebody else's turn."""
        take_turns(self._turn)
        while not self._refused:
            await self._fetched.wait()
            if not self._inbox:
                self._arrived.clear()
                await self._arrived.wait()
                continue
            frame = self._inbox.popleft()
            self._waiting -= len(frame)
            if self._waiting <= self._bounds.inbox and self.transport is not None:
                self.transport.resume_reading()
            await self._turn.begin(len(frame))
            if not await self._take(frame):
                break
            if self._inbox:
                await asyncio.sleep(0)

    async def _take(self, frame: bytes) -> bool:
        """Process a frame; False when this was the last one."""
        assert self.processor is not None
        body = Limited(frame, budget=Budget(self._bounds.fields))
        try:
            alive = await self.processor.process(header_from_binary(body), body)
        except (ServiceError, ua.UaStatusCodeError) as problem:
            self.refuse(problem.code, str(problem))
            return False
        except InvalidSignature:
            self.refuse(ua.StatusCodes.BadSecurityChecksFailed, "wrong signature")
            return False
        except UNDECODABLE as problem:
            log.info("%s sent what is no message: %s", self.address, problem)
            self.refuse(ua.StatusCodes.BadTcpInternalError, "this is no message")
            return False
        if not alive and self.transport is not None:
            self.transport.close()
        return bool(alive)

    @property
    def active(self) -> bool:
        """Whether somebody is logged in here."""
        return self.processor is not None and self.processor.active

    def refuse(self, code: int, reason: str, wait: bool = True) -> None:
        """Say why, and hang up.

        What a client is still sending is received for a while: closed at once, a socket with unread bytes is reset, and
        the client would not learn why. Where room is short there is no such wait.
        """
        if self._refused or self.transport is None:
            return
        self._refused = True
        name = ua.StatusCode(code).name
        log.info("%s is disconnected: %s, %s", self.address, name, reason)
        self._listener.told("connection refused", self.address, name)
        if not self.transport.is_closing():
            self.transport.write(uatcp_to_binary(ua.MessageType.Error, ua.ErrorMessage(ua.StatusCode(code), reason)))
            self._inbox.clear()
            self._waiting = 0
            if self.processor is not None:
                self.processor._transport = Mute()
            if wait:
                self.transport.write_eof()
                self.transport.resume_reading()
            else:
                self.transport.close()
            asyncio.get_running_loop().call_later(LINGER, self.transport.abort)

    def check(self, now: float) -> None:
        """Hang up on whoever is late."""
        assert self.processor is not None and self.transport is not None
        unsent = self.transport.get_write_buffer_size()
        if now - (self._stuck or now) > self._bounds.fetch_time or unsent > self._bounds.unsent:
            self._drop()
            return
        unfinished = self.processor.unfinished_since
        begun = min(self._begun or now, unfinished or now)
        if self.processor.active:
            self._since = now
        if now - begun > self._bounds.message_time:
            self.refuse(ua.StatusCodes.BadTimeout, "the rest of a message did not come")
        elif not self.processor.greeted and now - self._since > self._bounds.hello_time:
            self.refuse(ua.StatusCodes.BadTimeout, "no Hello came")
        elif now - self._since > self._bounds.activation_time:
            self.refuse(ua.StatusCodes.BadTimeout, "no session was activated")


class Listener(BinaryServer):
    """Accepts connections, as many as there is room for."""

    def __init__(
        self,
        *args: Any,
        bounds: Bounds,
        make: Callable[[Wire], Processor],
        told: Callable[[str, str, str], None],
    ) -> None:
        super().__init__(*args)
        self.bounds = bounds
        self.addresses: Counter[str] = Counter()
        self.turns = Turns()
        self.told = told
        self._make = make
        self._watch: asyncio.Task[None] | None = None

    def _make_protocol(self) -> OPCUAProtocol:
        return Wire(
            self,
            self._make,
            iserver=self.iserver,
            policies=self._policies,
            clients=self.clients,
            closing_tasks=self.closing_tasks,
            limits=self.limits,
        )

    def has_room(self, address: str) -> bool:
        """Whether there is room for one more connection from there.

        Where there is none, the oldest that has no active session makes room (Part 4, 5.5.1).
        """
        from_there = self.addresses[address] >= self.bounds.connections_per_address
        if not from_there and len(self.clients) < self.bounds.connections:
            return True
        for wire in self.clients:
            if not wire.active and (wire.address == address or not from_there):
                wire.refuse(ua.StatusCodes.BadTcpNotEnoughResources, "others need the room", wait=False)
                wire.connection_lost(None)
                return True
        return False

    def forget(self, address: str) -> None:
        """A connection from there has ended."""
        self.addresses[address] -= 1
        if not self.addresses[address]:
            del self.addresses[address]

    async def start(self) -> None:
        await super().start()
        self._watch = asyncio.create_task(self._look_for_late())

    async def stop(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
        await super().stop()

    async def _look_for_late(self) -> None:
        while True:
            await asyncio.sleep(WATCH)
            for wire in list(self.clients):
                wire.check(time.monotonic())
