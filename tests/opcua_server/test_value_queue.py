"""What waits of items that watch no tag: bounded in bytes, and sent in messages of a sensible size."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from asyncua import ua
from asyncua.ua.ua_binary import struct_to_binary

from opcua_server.bounds import Bounds
from opcua_server.subscription import MOST_OTHERS
from opcua_server.tag_items import OVERFLOW
from opcua_server.value_items import MESSAGE
from opcua_server.value_queue import LIGHT, NO_ROOM, PLAIN, Room, ValueQueue, noted, packed, weight_of

from .conformance import BOUNDS, SAMPLING, Asker, item, serving, standard, told

SESSIONS = standard("Server_ServerDiagnostics_SessionsDiagnosticsSummary_SessionDiagnosticsArray")
REQUESTS = standard("Server_ServerDiagnostics_ServerDiagnosticsSummary_CumulatedSubscriptionCount")
HEAVY = 10_000


def heavy(text: str) -> ua.DataValue:
    """A value of 10 kB and a little."""
    return ua.DataValue(ua.Variant(text + "x" * (HEAVY - 1)))


def light(number: int) -> ua.DataValue:
    return ua.DataValue(ua.Variant(number, ua.VariantType.Int32))


def room(size: int) -> Room:
    made = Room()
    made.size = size
    return made


def taken(queue: ValueQueue) -> list[tuple[Any, bool]]:
    """The begin of each value, and whether it says that others were lost."""
    found = queue.take(1000, 1 << 30)
    return [(each.Value.Value[0], bool(each.StatusCode.value & OVERFLOW)) for each in found]


# --- queues ----------------------------------------------------------------------------------------------------------


def test_a_queue_is_shorter_than_agreed_where_its_bytes_have_no_room_and_says_so() -> None:
    queue = ValueQueue(room(35_000))
    lost = [queue.put(heavy(text), 100, True) for text in "abcde"]
    assert lost == [0, 0, 0, 1, 1]
    assert taken(queue) == [("c", True), ("d", False), ("e", False)]


def test_a_queue_that_keeps_the_oldest_replaces_the_newest_where_bytes_have_no_room() -> None:
    queue = ValueQueue(room(35_000))
    for text in "abcde":
        queue.put(heavy(text), 100, False)
    assert taken(queue) == [("a", False), ("b", False), ("e", True)]


def test_one_that_takes_all_there_is_leaves_others_their_share() -> None:
    shared = room(40_000)
    greedy, modest = ValueQueue(shared), ValueQueue(shared)
    for text in "abcdefgh":
        greedy.put(heavy(text), 100, True)
    assert [modest.put(heavy(text), 100, True) for text in "xy"] == [0, 1]
    greedy.put(heavy("i"), 100, True)
    assert taken(greedy) == [("h", True), ("i", False)]
    assert taken(modest) == [("y", True)]


def test_however_much_is_put_in_no_more_waits_than_twice_the_room() -> None:
    shared = room(200_000)
    queues = [ValueQueue(shared) for _ in range(7)]
    most = 0
    for k in range(2000):
        queue = queues[k * k % 7]
        queue.put(queue.admitted(ua.DataValue(ua.Variant("x" * (k * 7919 % 150_000)))), 100, k % 3 > 0)
        most = max(most, shared.used)
    assert 200_000 < most <= 400_000


def test_a_value_that_finds_no_room_at_all_becomes_a_status() -> None:
    shared = room(30_000)
    others = [ValueQueue(shared) for _ in range(3)]
    for queue, text in zip(others, "abc", strict=True):
        queue.put(heavy(text), 1, True)
    found = ValueQueue(shared).admitted(heavy("d"))
    assert (found.Value.Value, found.StatusCode.value) == (None, NO_ROOM)


def test_a_light_value_always_finds_room() -> None:
    shared = room(1)
    queues = [ValueQueue(shared) for _ in range(100)]
    for queue in queues:
        assert queue.admitted(light(1)).Value is not None
        assert queue.put(light(1), 100, True) == 0
    assert weight_of(light(1)) < LIGHT


def test_what_is_taken_cut_or_left_gives_its_room_back() -> None:
    shared = room(1 << 20)
    queue, other = ValueQueue(shared), ValueQueue(shared)
    for text in "abcd":
        queue.put(heavy(text), 100, True)
        other.put(heavy(text), 100, True)
    queue.take(2, 1 << 20)
    queue.cut(1, True)
    assert shared.used == 5 * (weight_of(heavy("a")))
    queue.leave()
    other.leave()
    assert (shared.used, shared.queues) == (0, 0)


def test_what_is_taken_for_one_message_ends_where_its_bytes_do() -> None:
    queue = ValueQueue(room(1 << 20))
    for text in "abcde":
        queue.put(heavy(text), 100, True)
    assert len(queue.take(100, 25_000)) == 2
    assert len(queue.take(100, 1)) == 1
    assert len(queue.take(1, 1 << 20)) == 1


# --- structures ------------------------------------------------------------------------------------------------------

ROWS = [ua.ServiceCounterDataType(k, 0) for k in range(40)]


@pytest.mark.parametrize("value", [ROWS, ROWS[0], [], [None, ROWS[1]]])
def test_a_packed_value_travels_as_it_would_have(value: Any) -> None:
    kind, array = ua.VariantType.ExtensionObject, isinstance(value, list)
    found = ua.DataValue(ua.Variant(value, kind, is_array=array))
    assert struct_to_binary(packed(found)) == struct_to_binary(found)


def test_of_structures_a_digest_is_kept_that_tells_any_change() -> None:
    def of(rows: list[Any]) -> ua.DataValue:
        return noted(packed(ua.DataValue(ua.Variant(rows, ua.VariantType.ExtensionObject, is_array=True))))

    assert of(ROWS) == of(list(ROWS))
    assert of([*ROWS[:-1], ua.ServiceCounterDataType(39, 1)]) != of(ROWS) != of(ROWS[:-1])
    assert weight_of(of(ROWS)) < PLAIN + 200


# --- over real subscriptions -----------------------------------------------------------------------------------------


async def sampled(server: Any, times: int) -> None:
    """Let the server look at everything that is no tag, so many times."""
    for _ in range(times):
        server.diagnostics._subscriptions.hurry()


async def test_an_array_that_waits_is_cut_to_the_bytes_there_are_with_the_overflow_bit() -> None:
    async with serving(replace(BOUNDS, waiting_bytes=6_000)) as (server, port):
        client = await Asker.on(port)
        number = await client.subscribe()
        (watching,) = await client.watched(number, item(SESSIONS, queue=100, mode=SAMPLING))
        await client.advance()
        await sampled(server, 50)
        room = server.diagnostics._subscriptions.clients_by_number()[number].monitored_item_srv.values.room
        assert 0 < room.used <= 6_000
        await client.mode(number, ua.MonitoringMode.Reporting, watching)
        await client.advance()
        found = told(await client.publish())
        assert 2 <= len(found) < 20
        assert [bool(status & OVERFLOW) for _, _, status in found] == [True] + [False] * (len(found) - 1)
        assert all(isinstance(rows[0], ua.SessionDiagnosticsDataType) for _, rows, _ in found)


async def test_of_many_arrays_with_no_room_each_says_so_and_the_memory_stays_bounded() -> None:
    async with serving(replace(BOUNDS, waiting_bytes=4_000)) as (server, port):
        crowd = [await Asker.on(port) for _ in range(6)]
        client = crowd[0]
        number = await client.subscribe()
        for _ in range(3):
            await client.watched(number, *(item(SESSIONS, queue=100) for _ in range(20)))
        room = server.diagnostics._subscriptions.clients_by_number()[number].monitored_item_srv.values.room
        assert room.used <= 4_000 + 60 * LIGHT
        statuses = {status & ~OVERFLOW for _, _, status in await client.hear()}
        assert NO_ROOM in statuses


async def test_an_array_is_told_again_when_there_is_room() -> None:
    async with serving(replace(BOUNDS, waiting_bytes=100)) as (server, port):
        crowd = [await Asker.on(port) for _ in range(4)]
        client = crowd[0]
        number = await client.subscribe()
        await client.watched(number, item(SESSIONS, queue=2))
        assert [status for _, _, status in await client.hear()] == [NO_ROOM]
        await sampled(server, 3)
        subscription = server.diagnostics._subscriptions.clients_by_number()[number]
        assert not subscription.monitored_item_srv.values.ready()  # said once, as long as it is so
        server.diagnostics._subscriptions._bounds = Bounds()
        await client.advance()
        await sampled(server, 1)
        ((_, rows, status),) = await client.hear()
        assert (len(rows), status) == (4, 0)


async def test_values_that_are_no_tags_come_in_messages_of_a_bounded_number() -> None:
    many = 2 * MOST_OTHERS + 30
    async with serving(replace(BOUNDS, items_per_call=1000)) as (_, port):
        client = await Asker.on(port)
        number = await client.subscribe(enabled=False)
        await client.first_words(number)
        wishes = [item(REQUESTS, k, ua.AttributeIds.BrowseName) for k in range(many)]
        for k in range(0, many, 250):
            await client.watched(number, *wishes[k : k + 250])
        request = ua.SetPublishingModeRequest()
        request.Parameters.PublishingEnabled, request.Parameters.SubscriptionIds = True, [number]
        await client.ask(request, ua.SetPublishingModeResponse)
        await client.advance()
        messages = [await client.publish() for _ in range(3)]
    assert [len(told(message)) for message in messages] == [MOST_OTHERS, MOST_OTHERS, 30]
    assert [message.MoreNotifications for message in messages] == [True, True, False]
    assert sorted(handle for message in messages for handle, _, _ in told(message)) == list(range(many))


async def test_large_values_come_in_messages_of_bounded_bytes() -> None:
    async with serving(replace(BOUNDS, items_per_call=1000)) as (_, port):
        crowd = [await Asker.on(port) for _ in range(30)]
        client = crowd[0]
        number = await client.subscribe()
        await client.first_words(number)
        await client.watched(number, *(item(SESSIONS, k) for k in range(60)))
        messages = [await client.publish()]
        while messages[-1].MoreNotifications:
            messages.append(await client.publish())
    counts = [len(told(message)) for message in messages]
    assert sum(counts) == 60
    assert len(counts) > 1
    (one, *_) = told(messages[0])
    assert max(counts) * len(one[1]) * 250 < 2 * MESSAGE


async def test_messages_of_values_count_among_the_bytes_that_are_kept_to_be_sent_again() -> None:
    async with serving(replace(BOUNDS, unacknowledged=100, kept=3_000)) as (server, port):
        client = await Asker.on(port)
        number = await client.subscribe()
        await client.watched(number, item(SESSIONS))
        for _ in range(12):
            last = await client.publish()
            await sampled(server, 1)
        assert 1 <= len(last.AvailableSequenceNumbers) < 10
        request = ua.RepublishRequest()
        request.Parameters.SubscriptionId = number
        request.Parameters.RetransmitSequenceNumber = last.NotificationMessage.SequenceNumber
        again = await client.ask(request, ua.RepublishResponse)
        assert again.NotificationMessage.NotificationData == last.NotificationMessage.NotificationData
