"""What a hostile client does on purpose, each with the answers that the standard has for it.

    for attack in ATTACKS:
        seen = await attack.on(port)
        assert seen in attack.expected

An attack is given a connection with a session, unless it makes its own, and returns how it was answered: the name of a
status, or why the server hung up. The plant is that of `benchmarks.opcua_fuzz`.
"""

from __future__ import annotations

import asyncio
import math
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from asyncua import ua

from benchmarks.clients.raw_opcua import Closed, Raw, frame, hello
from benchmarks.clients.requests import (
    ITEMS,
    PRESSURE,
    SERVER,
    SESSIONS,
    TYPES,
    VALVE,
    browses,
    calls,
    first,
    histories,
    in_chunks,
    items,
    of,
    reads,
    subscription,
    written,
)

LONG = datetime(2020, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)
PATIENCE = 60.0  # s for an answer

Do = Callable[[Raw], Awaitable[str]]


@dataclass(frozen=True)
class Attack:
    """One of them: `expected` are the answers that are right; `do` makes it over a connection of the stage `begin`."""

    name: str
    expected: frozenset[str]
    begin: Callable[[int], Awaitable[Raw]]
    do: Do

    async def on(self, port: int) -> str:
        """Make it; how it was answered."""
        raw = await self.begin(port)
        try:
            return await asyncio.wait_for(self.do(raw), PATIENCE)
        except Closed as closed:
            return str(closed)
        except ua.UaStatusCodeError as refused:
            return str(ua.StatusCode(refused.code).name)
        finally:
            raw.close()
            Raw.opened.remove(raw)


ATTACKS: list[Attack] = []


def attack(name: str, *expected: str, begin: Callable[[int], Awaitable[Raw]] = Raw.session_to) -> Callable[[Do], Do]:
    """Add a function to the table."""

    def add(do: Do) -> Do:
        ATTACKS.append(Attack(name, frozenset(expected), begin, do))
        return do

    return add


# --- values ----------------------------------------------------------------------------------------------------------


@attack("array into a scalar", "BadTypeMismatch")
async def _(raw: Raw) -> str:
    return await written(raw, [0.1, 0.2])


@attack("array of 100 000 into a scalar", "BadTypeMismatch")
async def _(raw: Raw) -> str:
    return await _array(raw, 100_000)


@attack("array of 900 000 into a scalar", "BadEncodingLimitsExceeded")
async def _(raw: Raw) -> str:
    return await _array(raw, 900_000)


async def _array(raw: Raw, count: int) -> str:
    value = ua.DataValue(ua.Variant([True] * count, ua.VariantType.Boolean))
    request = of(ua.WriteRequest(), NodesToWrite=[ua.WriteValue(VALVE, ua.AttributeIds.Value, None, value)])
    return str((await in_chunks(raw, request, ua.WriteResponse)).Results[0].name)


@attack("IndexRange over a value", "BadWriteNotSupported")
async def _(raw: Raw) -> str:
    return await written(raw, 0.5, part="0")


@attack("not a number", "BadOutOfRange")
async def _(raw: Raw) -> str:
    return await written(raw, math.nan)


@attack("infinity", "BadOutOfRange")
async def _(raw: Raw) -> str:
    return await written(raw, -math.inf)


@attack("value outside EURange", "BadOutOfRange")
async def _(raw: Raw) -> str:
    return await written(raw, 1.5)


@attack("write of what nobody may", "BadNotWritable")
async def _(raw: Raw) -> str:
    item = ua.WriteValue(PRESSURE, ua.AttributeIds.Value, None, ua.DataValue(ua.Variant(0.0)))
    return str((await first(raw, of(ua.WriteRequest(), NodesToWrite=[item]), ua.WriteResponse)).name)


@attack("matrix of nothing", "BadDecodingError")
async def _(raw: Raw) -> str:
    write = of(ua.WriteRequest(), NodesToWrite=[ua.WriteValue(VALVE, ua.AttributeIds.Value)])
    matrix = bytes([1, 0xC0 | 11]) + struct.pack("<iiii", 0, 2, 60_000, 60_000)
    await raw.send(raw.message(raw.encoded(write)[:-6] + matrix))  # in the place of an empty DataValue
    raw.decoded(await raw.answer(), ua.WriteResponse)
    return "Good"


@attack("text that is no UTF-8", "BadDecodingError")
async def _(raw: Raw) -> str:
    named = raw.encoded(reads(ua.NodeId("abcdefgh", 2), 1)).replace(b"abcdefgh", b"\xff\xfe\xc0\x80\xed\xa0\x80x")
    await raw.send(raw.message(named))
    return str(raw.decoded(await raw.answer(), ua.ReadResponse).Results[0].StatusCode.name)


# --- frames ----------------------------------------------------------------------------------------------------------


async def hung_up(raw: Raw) -> str:
    """How the server ends it."""
    while True:
        await raw.receive()


@attack("declared frame of 1 GiB", "BadTcpMessageTooLarge", begin=Raw.connect)
async def _(raw: Raw) -> str:
    await raw.send(frame(b"HEL", b"", size=1 << 30))
    return await hung_up(raw)


@attack("declared frame of 1 GiB in a session", "BadTcpMessageTooLarge")
async def _(raw: Raw) -> str:
    await raw.send(frame(b"MSG", bytes(1000), size=1 << 30))
    return await hung_up(raw)


@attack("chunks without end", "BadRequestTooLarge")
async def _(raw: Raw) -> str:
    for k in range(1000):
        await raw.send(raw.message(b"x" * 100, b"C", same=k > 0))
    return await hung_up(raw)


@attack("a megabyte of chunks that nobody finishes", "BadTimeout", "left")
async def _(raw: Raw) -> str:
    for k in range(15):
        await raw.send(raw.message(bytes(65_000), b"C", same=k > 0))
    await asyncio.sleep(2.0)
    return "left"


@attack("half a message", "left")
async def _(raw: Raw) -> str:
    await raw.send(raw.message(bytes(60_000))[:50_000])
    await asyncio.sleep(1.0)
    return "left"


@attack("a Hello and nothing more", "left", "BadTcpNotEnoughResources", begin=Raw.connect)
async def _(raw: Raw) -> str:
    await raw.send(hello())
    await asyncio.sleep(1.0)
    return "left"


@attack("forty connections at once", "left")
async def _(raw: Raw) -> str:
    port = raw.writer.get_extra_info("peername")[1]
    more = [await Raw.connect(port) for _ in range(40)]
    for each in more:
        each.close()
        Raw.opened.remove(each)
    return "left"


# --- many ------------------------------------------------------------------------------------------------------------


@attack("Call array beyond the bound", "BadTooManyOperations")
async def _(raw: Raw) -> str:
    return str((await first(raw, calls("SIM.list_faults", 1000), ua.CallResponse)).StatusCode.name)


@attack("Call array of the longest kind", "Good")
async def _(raw: Raw) -> str:
    return str((await first(raw, calls("SIM.list_scenarios", 100), ua.CallResponse)).StatusCode.name)


@attack("calls with no number", "BadOutOfRange", "BadInvalidArgument", "BadInvalidState")
async def _(raw: Raw) -> str:
    return str((await first(raw, calls("SIM.advance", 100, math.nan), ua.CallResponse)).StatusCode.name)


@attack("2500 reads", "Good")
async def _(raw: Raw) -> str:
    return str((await first(raw, reads(PRESSURE, 2500), ua.ReadResponse)).StatusCode.name)


@attack("2500 reads of everybody's diagnostics", "BadResponseTooLarge", "Good")
async def _(raw: Raw) -> str:
    found = await first(raw, reads(SESSIONS, 2500), ua.ReadResponse)
    return str(found.StatusCode.name)


@attack("1000 writes", "Good")
async def _(raw: Raw) -> str:
    item = ua.WriteValue(VALVE, ua.AttributeIds.Value, None, ua.DataValue(ua.Variant(0.5)))
    return str((await first(raw, of(ua.WriteRequest(), NodesToWrite=[item] * 1000), ua.WriteResponse)).name)


@attack("browse beyond the bound", "BadTooManyOperations")
async def _(raw: Raw) -> str:
    return str((await first(raw, browses(SERVER, 1001), ua.BrowseResponse)).StatusCode.name)


@attack("browse of all that it takes", "BadNoContinuationPoints")
async def _(raw: Raw) -> str:
    answer = await raw.ask(browses(TYPES, 1000), ua.BrowseResponse)
    return str(answer.Results[-1].StatusCode.name)


@attack("histories of twenty years", "Good", "GoodNoData")
async def _(raw: Raw) -> str:
    return await histories(raw, 100, ua.ReadRawModifiedDetails(False, LONG[0], LONG[1], 0, False))


@attack("averages over twenty years, by the millisecond", "Good", "GoodNoData")
async def _(raw: Raw) -> str:
    kinds = [ua.NodeId(ua.ObjectIds.AggregateFunction_Average)] * 20
    return await histories(raw, 20, ua.ReadProcessedDetails(LONG[0], LONG[1], 1.0, kinds))


# --- of others -------------------------------------------------------------------------------------------------------


async def with_another(raw: Raw, do: Callable[[Raw, Raw], Awaitable[str]]) -> str:
    """Do something that concerns the session of somebody else."""
    other = await Raw.session_to(raw.writer.get_extra_info("peername")[1])
    try:
        return await do(raw, other)
    finally:
        other.close()
        Raw.opened.remove(other)


@attack("delete another session's subscription", "BadSubscriptionIdInvalid")
async def _(raw: Raw) -> str:
    async def steal(mine: Raw, theirs: Raw) -> str:
        number = (await subscription(theirs)).SubscriptionId
        request = of(ua.DeleteSubscriptionsRequest(), SubscriptionIds=[number] * 1000)
        return str((await first(mine, request, ua.DeleteSubscriptionsResponse)).name)

    return await with_another(raw, steal)


@attack("go on where another session browses", "BadContinuationPointInvalid")
async def _(raw: Raw) -> str:
    async def steal(mine: Raw, theirs: Raw) -> str:
        request = of(browses(SERVER, 1), RequestedMaxReferencesPerNode=1)
        point = (await first(theirs, request, ua.BrowseResponse)).ContinuationPoint
        taken = of(ua.BrowseNextRequest(), ContinuationPoints=[point] * 1000, ReleaseContinuationPoints=False)
        return str((await first(mine, taken, ua.BrowseNextResponse)).StatusCode.name)

    return await with_another(raw, steal)


@attack("another session's secret, guessed", "BadSessionIdInvalid")
async def _(raw: Raw) -> str:
    raw.session = ua.NodeId(bytes(32), 0, ua.NodeIdType.ByteString)
    return str((await first(raw, reads(PRESSURE, 1), ua.ReadResponse)).StatusCode.name)


# --- subscriptions ---------------------------------------------------------------------------------------------------


@attack("publishing interval of nothing", "revised")
async def _(raw: Raw) -> str:
    found = [(await subscription(raw, asked)).RevisedPublishingInterval for asked in (0.0, -1.0, math.nan, 1e-300)]
    return "revised" if min(found) >= 100.0 else f"{min(found)} ms"


@attack("sampling interval of nothing", "revised")
async def _(raw: Raw) -> str:
    number = (await subscription(raw)).SubscriptionId
    found = [await first(raw, items(number, PRESSURE, 10, asked), ITEMS) for asked in (0.0, math.nan, 1e-300)]
    lowest = min(each.RevisedSamplingInterval for each in found)
    return "revised" if lowest >= 100.0 else f"{lowest} ms"


@attack("items that nobody fetches, left behind", "Good")
async def _(raw: Raw) -> str:
    number = (await subscription(raw)).SubscriptionId
    for _ in range(3):
        found = await first(raw, items(number, PRESSURE, 1000, queue=100), ITEMS)
    return str(found.StatusCode.name)


@attack("thousands of items that end with their session", "Good")
async def _(raw: Raw) -> str:
    number = (await subscription(raw)).SubscriptionId
    for node, attribute in ((PRESSURE, ua.AttributeIds.Value), (PRESSURE, ua.AttributeIds.DisplayName)) * 3:
        await raw.ask(items(number, node, 1000, attribute=attribute), ITEMS)
    answer = await raw.ask(ua.CloseSessionRequest(), ua.CloseSessionResponse)
    return str(answer.ResponseHeader.ServiceResult.name)


@attack("messages that nobody acknowledges", "Good")
async def _(raw: Raw) -> str:
    number = (await subscription(raw)).SubscriptionId
    await raw.ask(items(number, PRESSURE, 1000), ITEMS)
    for _ in range(20):
        answer = await raw.ask(ua.PublishRequest(), ua.PublishResponse)
    return str(answer.ResponseHeader.ServiceResult.name)


@attack("subscriptions beyond the bound", "BadTooManySubscriptions")
async def _(raw: Raw) -> str:
    for _ in range(51):
        await subscription(raw)
    return "Good"


@attack("publish requests beyond the bound", "BadTooManyPublishRequests")
async def _(raw: Raw) -> str:
    await subscription(raw, 1e6)
    for _ in range(100):
        await raw.send(raw.message(raw.encoded(ua.PublishRequest())))
    while True:
        raw.decoded(await raw.answer(), ua.PublishResponse)


# --- load ------------------------------------------------------------------------------------------------------------


@attack("slow reader", "closed without a word")
async def _(raw: Raw) -> str:
    transport: Any = raw.writer.transport
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    transport.pause_reading()
    message = raw.encoded(reads(ua.NodeId(ua.ObjectIds.Server_NamespaceArray), 200))
    while True:
        await raw.send(raw.message(message))


@attack("requests without a pause", "Good")
async def _(raw: Raw) -> str:
    message = raw.encoded(reads(PRESSURE, 100))
    raw.writer.write(b"".join(raw.message(message) for _ in range(200)))
    for _ in range(200):
        found = raw.decoded(await raw.answer(), ua.ReadResponse)
    return str(found.Results[0].StatusCode.name)
