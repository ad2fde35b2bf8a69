"""What a subscription's table queues and sends: against asyncua's own encoding, and the standard's rules of queues."""

from __future__ import annotations

import struct
from datetime import UTC, datetime

import numpy as np
import pytest
from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.ua_binary import struct_from_binary, struct_to_binary

from opcua_server.publisher import NO_READING, data_value
from opcua_server.tag_items import (
    BY_STATUS,
    BY_TIME,
    DISABLED,
    OVERFLOW,
    REPORTING,
    SAMPLING,
    SCANS,
    Sample,
    TagTable,
    Watch,
)

NOW = datetime(2026, 3, 1, 12, 30, 0, 123456, tzinfo=UTC)
DOUBLE = ua.VariantType.Double


def scan(*values: float, status: int = 0, clock: float = 0.0) -> Sample:
    image = np.array(values, float)
    return Sample(
        image, np.full(len(image), status, np.uint32), ua.datetime_to_win_epoch(NOW) + int(1e7 * clock), clock
    )


def told(table: TagTable, most: int = 0) -> list[tuple[int, float, int]]:
    """Client handle, value and status of each notification."""
    body = table.take(most)
    found = struct_from_binary(ua.DataChangeNotification, Buffer(body))
    return [(item.ClientHandle, item.Value.Value.Value, item.Value.StatusCode.value) for item in found.MonitoredItems]


def watching(**wishes) -> TagTable:
    table = TagTable()
    table.add(Watch(address=0, handle=7, kind=DOUBLE, **wishes))
    return table


def after(table: TagTable, *values: float, step: float = 1.0) -> list[float]:
    for k, value in enumerate(values):
        table.sample(scan(value, clock=k * step))
    return [value for _, value, _ in told(table)]


def test_notifications_are_what_asyncua_would_have_sent() -> None:
    table = TagTable()
    items = [(1, 1.0 / 3.0, DOUBLE), (2, float("-inf"), DOUBLE), (3, True, ua.VariantType.Boolean)]
    items.append((4, 4, ua.VariantType.UInt32))
    plain = ua.DataChangeNotification()
    for address, (handle, value, kind) in enumerate(items):
        table.add(Watch(address=address, handle=handle, kind=kind))
        plain.MonitoredItems.append(ua.MonitoredItemNotification(handle, data_value(value, kind, NO_READING, NOW, NOW)))
    table.sample(scan(*(float(value) for _, value, _ in items), status=NO_READING.value))
    body = table.take()
    no_diagnostics, empty = struct.pack("<i", -1), struct.pack("<i", 0)
    assert body.removesuffix(no_diagnostics) == struct_to_binary(plain).removesuffix(empty)
    assert not table.ready()


@pytest.mark.parametrize("times", list(ua.TimestampsToReturn)[:4])
def test_the_times_asked_for_are_sent_and_no_others(times: ua.TimestampsToReturn) -> None:
    table = watching(times=times)
    table.sample(scan(1.0))
    value = struct_from_binary(ua.DataChangeNotification, Buffer(table.take())).MonitoredItems[0].Value
    both, T = ua.TimestampsToReturn.Both, ua.TimestampsToReturn
    assert (value.SourceTimestamp is not None) == (times in (both, T.Source))
    assert (value.ServerTimestamp is not None) == (times in (both, T.Server))


def test_a_value_that_stays_is_told_once() -> None:
    table = watching(queue=10)
    assert after(table, 1.0, 1.0, 1.0) == [1.0]
    assert after(table, 1.0) == []
    assert not table.ready()


def test_a_queue_of_one_holds_the_newest_without_a_word_of_overflow() -> None:
    table = watching(queue=1)
    for value in (1.0, 2.0, 3.0):
        table.sample(scan(value))
    assert told(table) == [(7, 3.0, 0)]


def test_a_full_queue_drops_the_oldest_and_marks_what_is_now_the_oldest() -> None:
    table = watching(queue=3)
    for value in (1.0, 2.0, 3.0, 4.0, 5.0):
        table.sample(scan(value))
    assert told(table) == [(7, 3.0, OVERFLOW), (7, 4.0, 0), (7, 5.0, 0)]


def test_a_full_queue_that_keeps_the_oldest_replaces_its_last_and_marks_that() -> None:
    table = watching(queue=3, keep_newest=False)
    for value in (1.0, 2.0, 3.0, 4.0, 5.0):
        table.sample(scan(value))
    assert told(table) == [(7, 1.0, 0), (7, 2.0, 0), (7, 5.0, OVERFLOW)]


def test_a_client_that_never_asks_fills_queues_to_their_size_and_no_further() -> None:
    table = watching(queue=5)
    for k in range(2000):
        table.sample(scan(float(k)))
    assert sum(len(batch) for batch in table._waiting) < 300
    assert [value for _, value, _ in told(table)] == [1995.0, 1996.0, 1997.0, 1998.0, 1999.0]


def test_where_there_is_little_room_queues_are_shorter_and_say_that_values_are_lost() -> None:
    table = watching(queue=100)
    table.add(Watch(address=0, handle=8, kind=DOUBLE, queue=100))
    table.room = 6
    for k in range(50):
        table.sample(scan(float(k)))
        assert sum(map(len, table._waiting)) <= 6 + 2 * (SCANS + 1)
    found = told(table)
    assert [value for handle, value, _ in found if handle == 7] == [47.0, 48.0, 49.0]
    assert [status for handle, _, status in found if handle == 8] == [OVERFLOW, 0, 0]


def test_items_that_go_take_along_what_waits_and_leave_that_of_others() -> None:
    table = watching(queue=10)
    rows = [table.add(Watch(address=0, handle=100 + k, kind=DOUBLE)) for k in range(1000)]
    table.sample(scan(1.0))
    for row in rows:
        table.remove(row)
    new = table.add(Watch(address=0, handle=5, kind=DOUBLE))
    assert new in rows
    assert told(table) == [(7, 1.0, 0)]
    table.sample(scan(2.0))
    assert sorted(told(table)) == [(5, 2.0, 0), (7, 2.0, 0)]


def test_a_table_that_was_cleared_is_as_a_new_one() -> None:
    table = watching(queue=10)
    for _ in range(100):
        table.add(Watch(address=0, handle=8, kind=DOUBLE))
    table.sample(scan(1.0))
    table.clear()
    assert len(table) == 0
    assert not table.ready()
    table.add(Watch(address=0, handle=9, kind=DOUBLE))
    table.sample(scan(1.0))
    assert told(table) == [(9, 1.0, 0)]


def test_a_dead_band_counts_from_the_value_last_told() -> None:
    assert after(watching(band=1.0, queue=10), 0.0, 0.9, 1.0, 1.5, 2.4, 2.6) == [0.0, 1.5, 2.6]


def test_a_dead_band_does_not_hide_a_lost_reading() -> None:
    found = after(watching(band=1.0, queue=10), 0.0, float("nan"), float("nan"), 0.1)
    assert found[0] == 0.0
    assert np.isnan(found[1])
    assert found[-1] == 0.1


def test_slow_sampling_sees_only_the_scans_it_looks_at() -> None:
    assert after(watching(interval=2.0, queue=10), 0.0, 1.0, 2.0, 3.0, 4.0) == [0.0, 2.0, 4.0]


def test_triggers() -> None:
    assert after(watching(trigger=BY_STATUS, queue=9), 0.0, 1.0, 2.0) == [0.0]
    assert after(watching(trigger=BY_TIME, queue=9), 0.0, 0.0, 0.0) == [0.0, 0.0, 0.0]


def test_sampling_waits_until_reporting_and_disabled_forgets() -> None:
    table = watching(mode=SAMPLING, queue=5)
    table.sample(scan(1.0))
    table.sample(scan(2.0))
    assert not table.ready()
    table.modify(0, Watch(address=0, handle=7, kind=DOUBLE, mode=REPORTING, queue=5))
    assert [value for _, value, _ in told(table)] == [1.0, 2.0]
    table.modify(0, Watch(address=0, handle=7, kind=DOUBLE, mode=DISABLED, queue=5))
    table.sample(scan(3.0))
    assert not table.ready()
    table.modify(0, Watch(address=0, handle=7, kind=DOUBLE, mode=REPORTING, queue=5))
    table.sample(scan(3.0))
    assert [value for _, value, _ in told(table)] == [3.0]


def test_a_removed_item_is_silent_and_its_row_serves_the_next() -> None:
    table = TagTable()
    rows = [table.add(Watch(address=k, handle=k, kind=DOUBLE)) for k in range(20)]
    table.sample(scan(*range(20)))
    table.remove(rows[3])
    assert 3 not in {handle for handle, _, _ in told(table)}
    assert table.add(Watch(address=0, handle=99, kind=DOUBLE)) == rows[3]
    table.sample(scan(*range(20)))
    assert told(table) == [(99, 0.0, 0)]
    assert len(table) == 20


def test_no_more_than_asked_for_in_one_message_and_in_order() -> None:
    table = TagTable()
    for k in range(5):
        table.add(Watch(address=k, handle=k, kind=DOUBLE))
    table.sample(scan(*range(5)))
    body = table.take(2)
    assert table.ready()
    assert struct.unpack_from("<i", body) == (2,)
    assert [handle for handle, _, _ in told(table)] == [2, 3, 4]
