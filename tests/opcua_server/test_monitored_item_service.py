"""The monitored item service set (Part 4, 5.13), as a conformance tester sees it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import pytest_asyncio
from asyncua import ua

from opcua_server import TwinServer
from opcua_server import subscriptions as module
from opcua_server.monitored_items import QUEUE
from opcua_server.tag_items import OVERFLOW

from .conformance import (
    DISABLED,
    REPORTING,
    SAMPLING,
    Asker,
    band,
    item,
    names,
    of,
    standard,
    tag,
    told,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")
A, BAD = ua.AttributeIds, ua.uaerrors
TIME, OPENING, MODE = tag("SIM.time"), tag("CV-101.opening"), tag("SIM.mode")
MODES = tag("SIM.mode/EnumStrings")
PRODUCT = standard("Server_ServerStatus_BuildInfo_ProductName")
STATUS = standard("Server_ServerStatus")
SERVER = standard("Server")
UNKNOWN = tag("no such node")
LEVEL = standard("Server_ServiceLevel")


@pytest_asyncio.fixture(loop_scope="module")
async def number(asker: Asker) -> int:
    """A subscription that publishes with every scan."""
    return await asker.subscribe()


async def set_value(server: TwinServer, node: ua.NodeId, value: Any) -> None:
    """As the server itself, of a node that is no tag."""
    await server._server.get_node(node).write_value(value)


# --- create ----------------------------------------------------------------------------------------------------------


async def test_the_first_value_comes_at_once_for_every_attribute(asker: Asker, number: int) -> None:
    attributes = (A.NodeId, A.NodeClass, A.BrowseName, A.DisplayName, A.Value, A.DataType, A.AccessLevel, A.Historizing)
    await asker.watched(number, *(item(TIME, k, attribute=each) for k, each in enumerate(attributes)))
    heard = await asker.hear()
    assert sorted(handle for handle, _, _ in heard) == list(range(len(attributes)))
    assert {status for _, _, status in heard} == {0}


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        (item(UNKNOWN), "BadNodeIdUnknown"),
        (item(TIME, attribute=0), "BadAttributeIdInvalid"),
        (item(TIME, attribute=99), "BadAttributeIdInvalid"),
        (item(TIME, attribute=A.Executable), "BadAttributeIdInvalid"),
        (item(SERVER), "BadAttributeIdInvalid"),
        (item(TIME, mode=ua.MonitoringMode(7)), "BadMonitoringModeInvalid"),
        (item(TIME, part="a"), "BadIndexRangeInvalid"),
        (item(TIME, part="2:1"), "BadIndexRangeInvalid"),
        (item(TIME, part="0"), "BadIndexRangeNoData"),
        (item(MODES, part="x"), "BadIndexRangeInvalid"),
        (item(TIME, encoding="Default Binary"), "BadDataEncodingInvalid"),
        (item(TIME, attribute=A.DisplayName, encoding="Default Binary"), "BadDataEncodingInvalid"),
        (item(STATUS, encoding="Default XML"), "BadDataEncodingUnsupported"),
        (item(TIME, filter=ua.EventFilter()), "BadFilterNotAllowed"),
        (item(TIME, attribute=A.DisplayName, filter=band(1.0)), "BadFilterNotAllowed"),
        (item(TIME, filter=ua.AggregateFilter()), "BadMonitoredItemFilterUnsupported"),
        (item(PRODUCT, filter=band(1.0)), "BadFilterNotAllowed"),
        (item(MODE, filter=band(1.0)), "BadFilterNotAllowed"),
        (item(OPENING, filter=band(-1.0)), "BadDeadbandFilterInvalid"),
        (item(OPENING, filter=band(float("nan"))), "BadDeadbandFilterInvalid"),
        (item(OPENING, filter=band(100.1, ua.DeadbandType.Percent)), "BadDeadbandFilterInvalid"),
        (item(LEVEL, filter=band(1.0, ua.DeadbandType.Percent)), "BadDeadbandFilterInvalid"),
        (item(OPENING, filter=band(1.0, 5)), "BadDeadbandFilterInvalid"),
        (item(OPENING, filter=band(1.0, trigger=ua.DataChangeTrigger(9))), "BadMonitoredItemFilterInvalid"),
        (item(SERVER, attribute=A.EventNotifier), "BadEventFilterInvalid"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_wish_that_makes_no_sense_is_refused_and_leaves_nothing(
    served: tuple[TwinServer, int], asker: Asker, number: int, wish: Any, status: str
) -> None:
    assert await asker.refused(number, wish) == status
    assert served[0].diagnostics.load()["items"] == 0


async def test_a_range_of_an_array_that_has_no_such_part_is_watched_until_it_has(asker: Asker, number: int) -> None:
    await asker.watched(number, item(MODES, 1, part="1:2"), item(MODES, 2, part="90"))
    heard = {handle: (value, status) for handle, value, status in await asker.hear()}
    assert [text.Text for text in heard[1][0]] == ["scaled", "asap"]
    assert ua.StatusCode(heard[2][1]).name == "BadIndexRangeNoData"


@pytest.mark.parametrize("times", [ua.TimestampsToReturn.Invalid, ua.TimestampsToReturn(17)])
async def test_time_stamps_that_do_not_exist_are_refused(asker: Asker, number: int, times: Any) -> None:
    with pytest.raises(BAD.BadTimestampsToReturnInvalid):
        await asker.watch(number, item(TIME), times=times)
    modify = of(ua.ModifyMonitoredItemsRequest(), SubscriptionId=number, TimestampsToReturn=times)
    modify.Parameters.ItemsToModify = [ua.MonitoredItemModifyRequest(1)]
    with pytest.raises(BAD.BadTimestampsToReturnInvalid):
        await asker.ask(modify, ua.ModifyMonitoredItemsResponse)


@pytest.mark.parametrize("times", list(ua.TimestampsToReturn)[:4])
async def test_the_time_stamps_asked_for_come_and_no_others(asker: Asker, number: int, times: Any) -> None:
    await asker.watch(number, item(TIME, 1), item(PRODUCT, 2), item(TIME, 3, attribute=A.DisplayName), times=times)
    found = {
        each.ClientHandle: each.Value
        for data in (await asker.publish()).NotificationMessage.NotificationData
        for each in data.MonitoredItems
    }
    server, source = times.name in ("Server", "Both"), times.name in ("Source", "Both")
    assert [found[k].ServerTimestamp is not None for k in (1, 2, 3)] == [server] * 3
    assert found[1].SourceTimestamp is not None if source else found[1].SourceTimestamp is None
    assert found[3].SourceTimestamp is None  # a name has no source


@pytest.mark.parametrize(
    ("asked", "revised"),
    [(0.0, 100.0), (1.0, 100.0), (-1.0, 300.0), (float("nan"), 300.0), (700.0, 700.0), (1e9, 3.6e6)],
)
async def test_sampling_intervals_are_revised(asker: Asker, asked: float, revised: float) -> None:
    number = await asker.subscribe(300.0)
    for wish in (item(OPENING, sampling=asked), item(OPENING, attribute=A.DisplayName, sampling=asked)):
        (made,) = await asker.watch(number, wish)
        assert made.RevisedSamplingInterval == revised


@pytest.mark.parametrize(("asked", "revised"), [(0, 1), (1, 1), (7, 7), (0xFFFFFFFF, QUEUE)])
async def test_queue_sizes_are_revised(asker: Asker, number: int, asked: int, revised: int) -> None:
    for wish in (item(OPENING, queue=asked), item(OPENING, attribute=A.DisplayName, queue=asked)):
        (made,) = await asker.watch(number, wish)
        assert made.RevisedQueueSize == revised


@pytest.mark.parametrize(
    ("request_", "response", "field"),
    [
        (ua.CreateMonitoredItemsRequest(), ua.CreateMonitoredItemsResponse, "ItemsToCreate"),
        (ua.ModifyMonitoredItemsRequest(), ua.ModifyMonitoredItemsResponse, "ItemsToModify"),
        (ua.DeleteMonitoredItemsRequest(), ua.DeleteMonitoredItemsResponse, "MonitoredItemIds"),
        (ua.SetMonitoringModeRequest(), ua.SetMonitoringModeResponse, "MonitoredItemIds"),
        (ua.SetTriggeringRequest(), ua.SetTriggeringResponse, "LinksToAdd"),
    ],
)
async def test_no_item_is_nothing_to_do_and_there_is_a_most(
    asker: Asker, number: int, request_: Any, response: type, field: str
) -> None:
    request_.Parameters.SubscriptionId = number
    with pytest.raises(BAD.BadNothingToDo):
        await asker.ask(request_, response)
    one = {"ItemsToCreate": item(TIME), "ItemsToModify": ua.MonitoredItemModifyRequest()}.get(field, 1)
    setattr(request_.Parameters, field, [one] * 21)
    with pytest.raises(BAD.BadTooManyOperations):
        await asker.ask(request_, response)
    setattr(request_.Parameters, field, [])


# --- queues ----------------------------------------------------------------------------------------------------------


async def test_a_full_queue_of_a_tag_loses_the_oldest_or_replaces_the_newest(asker: Asker, number: int) -> None:
    await asker.watched(number, item(TIME, 1, queue=3), item(TIME, 2, queue=3, oldest=False), item(TIME, 3))
    await asker.hear()
    await silence(asker, number, asker.advance(5))
    heard = await asker.hear()
    times = [round(value - heard[0][1], 1) for _, value, _ in heard]
    of_item = {k: [(t, s) for t, (handle, _, s) in zip(times, heard, strict=True) if handle == k] for k in (1, 2, 3)}
    last = of_item[3][0][0]
    assert [t for t, _ in of_item[1]] == pytest.approx([last - 0.2, last - 0.1, last])
    assert [s for _, s in of_item[1]] == [OVERFLOW, 0, 0]
    assert [t for t, _ in of_item[2]] == pytest.approx([last - 0.4, last - 0.3, last])
    assert [s for _, s in of_item[2]] == [0, 0, OVERFLOW]
    assert of_item[3] == [(last, 0)]  # a queue of one holds the newest and says nothing


async def silence(asker: Asker, number: int, meanwhile: Any) -> None:
    """Let something happen while nothing is published."""
    await publishing(asker, number, False)
    await meanwhile
    await publishing(asker, number, True)


async def publishing(asker: Asker, number: int, enabled: bool) -> None:
    mode = of(ua.SetPublishingModeRequest(), SubscriptionIds=[number], PublishingEnabled=enabled)
    await asker.ask(mode, ua.SetPublishingModeResponse)


async def test_a_full_queue_of_another_value_does_the_same(
    served: tuple[TwinServer, int], asker: Asker, number: int
) -> None:
    await asker.watched(number, item(PRODUCT, 1, queue=3), item(PRODUCT, 2, queue=3, oldest=False), item(PRODUCT, 3))
    before = (await asker.hear())[0][1]

    async def change() -> None:
        for k in range(5):
            await set_value(served[0], PRODUCT, f"{k}")

    await silence(asker, number, change())
    heard = await asker.hear()
    await set_value(served[0], PRODUCT, before)
    assert [(value, status) for handle, value, status in heard if handle == 1] == [("2", OVERFLOW), ("3", 0), ("4", 0)]
    assert [(value, status) for handle, value, status in heard if handle == 2] == [("0", 0), ("1", 0), ("4", OVERFLOW)]
    assert [(value, status) for handle, value, status in heard if handle == 3] == [("4", 0)]


# --- filters ---------------------------------------------------------------------------------------------------------


async def test_a_dead_band_holds_back_small_moves(asker: Asker, served: tuple[TwinServer, int], number: int) -> None:
    wishes = (band(0.25), band(25.0, ua.DeadbandType.Percent), None)
    await asker.watched(number, *(item(OPENING, k, queue=9, filter=wish) for k, wish in enumerate(wishes)))
    start = (await asker.hear())[0][1]
    server = served[0]
    tags = server.simulation.plant.tags

    async def move() -> None:
        for value in (0.1, 0.2, 0.3, 0.4, 0.6):
            await server._write(tags["CV-101.opening"], value)
            await asyncio.sleep(0.02)

    await silence(asker, number, move())
    heard = await asker.hear()
    await server._write(tags["CV-101.opening"], start)
    assert [value for handle, value, _ in heard if handle == 0] == [0.3, 0.6]
    assert [value for handle, value, _ in heard if handle == 1] == [0.3, 0.6]  # the range is 0 to 1
    assert [value for handle, value, _ in heard if handle == 2] == [0.1, 0.2, 0.3, 0.4, 0.6]


async def test_a_trigger_may_ask_for_time_stamps_or_for_statuses_only(asker: Asker, number: int) -> None:
    by_time = ua.DataChangeFilter(Trigger=ua.DataChangeTrigger.StatusValueTimestamp)
    by_status = ua.DataChangeFilter(Trigger=ua.DataChangeTrigger.Status)
    wishes = [item(OPENING, 1, queue=5, filter=by_time), item(TIME, 2, queue=5, filter=by_status)]
    wishes.append(item(OPENING, 3, queue=5, filter=band(0.0, trigger=ua.DataChangeTrigger.StatusValueTimestamp)))
    await asker.watched(number, *wishes)
    assert sorted(handle for handle, _, _ in await asker.hear()) == [1, 2, 3]
    await silence(asker, number, asker.advance(3))
    assert [handle for handle, _, _ in await asker.hear()] == [1, 1, 1]


async def test_a_value_is_not_sampled_more_often_than_asked(
    served: tuple[TwinServer, int], asker: Asker, number: int
) -> None:
    await asker.watched(number, item(TIME, 1, sampling=3.6e6), item(PRODUCT, 2, sampling=3.6e6), item(TIME, 3))
    before = {handle: value for handle, value, _ in await asker.hear()}
    await set_value(served[0], PRODUCT, "another")
    await asker.advance()
    assert [handle for handle, _, _ in await asker.hear()] == [3]
    await set_value(served[0], PRODUCT, before[2])


async def test_who_asks_for_too_much_gets_it_in_turns(
    served: tuple[TwinServer, int], asker: Asker, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if each sample took longer than there is time for in one go."""
    subscriptions = served[0]._server.iserver.subscription_service
    await asker.watched(number, *(item(standard("Server_ServerStatus_CurrentTime"), k) for k in range(4)))
    monkeypatch.setattr(module, "BITE", -1.0)
    items = list(subscriptions.polled)
    for each in items:
        each.due = 0.0
    for turn in range(1, 5):
        subscriptions.look()
        assert sum(each.due > 0.0 for each in items) >= turn
    assert len({each.number for each in items}) == 4


# --- modes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wish", [item(TIME, 1, queue=5), item(PRODUCT, 1, queue=5)], ids=["of a tag", "of another value"]
)
async def test_what_samples_is_told_when_it_reports_and_what_is_disabled_never(
    served: tuple[TwinServer, int], asker: Asker, number: int, wish: Any
) -> None:
    wish.MonitoringMode = SAMPLING
    (watched,) = await asker.watched(number, wish)
    await asker.first_words(number)
    before = await asker.value(PRODUCT)

    async def change(k: int) -> None:
        await set_value(served[0], PRODUCT, f"{before}{k}")
        await asker.advance()

    await change(1)
    await asker.send_publish()  # is not answered while nothing reports
    assert await asker_mode(served[1], asker, number, REPORTING, watched) == ["Good"]
    assert len(told(await asker.published())) == 2
    await asker.mode(number, DISABLED, watched)
    await change(2)
    await asker.mode(number, REPORTING, watched)
    assert len(await asker.hear()) == 1  # enabled again it begins with its value
    await set_value(served[0], PRODUCT, before)


async def asker_mode(port: int, asker: Asker, number: int, mode: Any, *items: int) -> list[str]:
    """Set the mode while a publish request waits, whose answer may come first or last."""
    fields = {"SubscriptionId": number, "MonitoringMode": mode, "MonitoredItemIds": list(items)}
    request = asker.raw.encoded(of(ua.SetMonitoringModeRequest(), **fields))
    await asker.raw.send(asker.raw.message(request))
    answered = asker.raw.decoded(await asyncio.wait_for(asker.raw.answer(), 30.0), ua.SetMonitoringModeResponse)
    return names(answered.Parameters.Results)


async def test_modes_and_deletions_answer_each_number_for_itself(asker: Asker, number: int) -> None:
    (watched,) = await asker.watched(number, item(TIME))
    assert await asker.mode(number, SAMPLING, watched, 0, watched) == ["Good", "BadMonitoredItemIdInvalid", "Good"]
    with pytest.raises(BAD.BadMonitoringModeInvalid):
        await asker.mode(number, ua.MonitoringMode(3), watched)
    gone = of(ua.DeleteMonitoredItemsRequest(), SubscriptionId=number, MonitoredItemIds=[watched, 0, watched])
    deleted = await asker.ask(gone, ua.DeleteMonitoredItemsResponse)
    assert names(deleted.Results) == ["Good", "BadMonitoredItemIdInvalid", "BadMonitoredItemIdInvalid"]


# --- modify ----------------------------------------------------------------------------------------------------------


async def modify(asker: Asker, number: int, watched: int, times: Any = ua.TimestampsToReturn.Both, **wish: Any) -> Any:
    asked = item(TIME, **wish).RequestedParameters
    request = of(ua.ModifyMonitoredItemsRequest(), SubscriptionId=number, TimestampsToReturn=times)
    request.Parameters.ItemsToModify = [ua.MonitoredItemModifyRequest(watched, asked)]
    return (await asker.ask(request, ua.ModifyMonitoredItemsResponse)).Results[0]


@pytest.mark.parametrize(
    "wish", [item(TIME, 1), item(PRODUCT, 1), item(TIME, 1, attribute=A.DisplayName)], ids=["tag", "value", "name"]
)
async def test_an_item_is_modified_in_handle_time_stamps_interval_and_queue(
    asker: Asker, number: int, wish: Any
) -> None:
    (watched,) = await asker.watched(number, wish)
    await asker.hear()
    revised = await modify(asker, number, watched, ua.TimestampsToReturn.Neither, handle=77, queue=9, sampling=400.0)
    assert (revised.StatusCode.name, revised.RevisedQueueSize, revised.RevisedSamplingInterval) == ("Good", 9, 400.0)
    await asker.call(standard("Server"), standard("Server_ResendData"), ua.Variant(number, ua.VariantType.UInt32))
    (data,) = (await asker.publish()).NotificationMessage.NotificationData
    assert data.MonitoredItems[0].ClientHandle == 77
    value = data.MonitoredItems[0].Value
    assert (value.ServerTimestamp, value.SourceTimestamp) == (None, None)


async def test_a_modification_that_makes_no_sense_is_refused(asker: Asker, number: int) -> None:
    of_tag, of_text = await asker.watched(number, item(OPENING), item(PRODUCT))
    for watched, status in ((of_tag, "BadDeadbandFilterInvalid"), (of_text, "BadFilterNotAllowed")):
        assert (await modify(asker, number, watched, filter=band(-1.0))).StatusCode.name == status
    assert (await modify(asker, number, 4_000_000)).StatusCode.name == "BadMonitoredItemIdInvalid"


# --- triggering ------------------------------------------------------------------------------------------------------


def links(number: int, trigger: int, add: tuple[int, ...] = (), remove: tuple[int, ...] = ()) -> Any:
    fields = {"SubscriptionId": number, "TriggeringItemId": trigger}
    return of(ua.SetTriggeringRequest(), LinksToAdd=list(add), LinksToRemove=list(remove), **fields)


async def test_links_answer_each_for_itself(asker: Asker, number: int) -> None:
    trigger, linked = await asker.watched(number, item(OPENING), item(TIME, mode=SAMPLING))
    with pytest.raises(BAD.BadMonitoredItemIdInvalid):
        await asker.ask(links(number, 0, (linked,)), ua.SetTriggeringResponse)
    made = (
        await asker.ask(links(number, trigger, (linked, 0, linked), (linked,)), ua.SetTriggeringResponse)
    ).Parameters
    assert names(made.AddResults) == ["Good", "BadMonitoredItemIdInvalid", "Good"]
    assert names(made.RemoveResults) == ["BadMonitoredItemIdInvalid"]
    undone = (await asker.ask(links(number, trigger, (), (linked, linked)), ua.SetTriggeringResponse)).Parameters
    assert names(undone.RemoveResults) == ["Good", "BadMonitoredItemIdInvalid"]


@pytest.mark.parametrize("of_trigger", [REPORTING, SAMPLING], ids=["reporting", "sampling"])
async def test_a_trigger_reports_what_its_links_have_sampled(
    served: tuple[TwinServer, int], asker: Asker, number: int, of_trigger: Any
) -> None:
    wishes = [
        item(OPENING, 1, mode=of_trigger),
        item(TIME, 2, mode=SAMPLING, queue=5),
        item(PRODUCT, 3, mode=SAMPLING, queue=5),
        item(TIME, 4, mode=DISABLED),
    ]
    trigger, *linked = await asker.watched(number, *wishes)
    first = await asker.publish()
    assert [handle for handle, _, _ in told(first)] == ([1] if of_trigger == REPORTING else [])
    await asker.ask(links(number, trigger, tuple(linked)), ua.SetTriggeringResponse)
    await asker.advance(2)  # sampled, and not reported
    await asker.send_publish()
    server = served[0]
    opening = server.simulation.plant.tags["CV-101.opening"]
    await server._write(opening, 0.5)
    heard = sorted(handle for handle, _, _ in told(await asker.published()))
    assert heard == [1] * (of_trigger == REPORTING) + [2, 2, 2, 3]
    await asker.advance()  # once reported, the next trigger has to come first
    await server._write(opening, 0.0)
    assert sorted(handle for handle, _, _ in await asker.hear()) == [1] * (of_trigger == REPORTING) + [2]
    assert await server_has_no_links_to(server, number, linked[0], asker)


async def server_has_no_links_to(server: TwinServer, number: int, linked: int, asker: Asker) -> bool:
    """Whether a deleted item is triggered by nothing any more."""
    gone = of(ua.DeleteMonitoredItemsRequest(), SubscriptionId=number, MonitoredItemIds=[linked])
    await asker.ask(gone, ua.DeleteMonitoredItemsResponse)
    items = server._server.iserver.subscription_service.subscriptions[number].monitored_item_srv
    return all(linked not in each for each in items._links.values())


async def test_an_event_reports_the_values_that_belong_to_it(asker: Asker, number: int) -> None:
    clause = ua.SimpleAttributeOperand(ua.NodeId(ua.ObjectIds.BaseEventType), [ua.QualifiedName("Message")], A.Value)
    events = item(SERVER, 1, attribute=A.EventNotifier, filter=ua.EventFilter(SelectClauses=[clause]), queue=10)
    trigger, linked = await asker.watched(number, events, item(TIME, 2, mode=SAMPLING))
    await asker.first_words(number)
    await asker.ask(links(number, trigger, (linked,)), ua.SetTriggeringResponse)
    refresh = standard("ConditionType_ConditionRefresh")
    await asker.call(standard("ConditionType"), refresh, ua.Variant(number, ua.VariantType.UInt32))
    message = await asker.publish()
    assert [handle for handle, _, _ in told(message)] == [2]
    assert any(isinstance(data, ua.EventNotificationList) for data in message.NotificationMessage.NotificationData)
