"""The subscription service set (Part 4, 5.14), as a conformance tester sees it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
from asyncua import ua

from opcua_server import TwinServer

from .conformance import DISABLED, REPORTING, Asker, item, names, of, standard, status_of, tag, told

pytestmark = pytest.mark.asyncio(loop_scope="module")
TIME = tag("SIM.time")
BAD = ua.uaerrors


@pytest_asyncio.fixture(loop_scope="module")
async def other(served: tuple[TwinServer, int]) -> AsyncIterator[Asker]:
    found = await Asker.on(served[1])
    yield found
    found.raw.close()


# --- create, modify, delete ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("life", "alive", "least"), [(1, 1, 3), (10, 100, 300), (0, 0, 3), (0xFFFFFFFF, 0xFFFFFFFF, 3)]
)
async def test_a_lifetime_is_three_keep_alives_at_the_least(asker: Asker, life: int, alive: int, least: int) -> None:
    fields = {"RequestedPublishingInterval": 500.0, "RequestedLifetimeCount": life}
    request = of(ua.CreateSubscriptionRequest(), RequestedMaxKeepAliveCount=alive, **fields)
    made = (await asker.ask(request, ua.CreateSubscriptionResponse)).Parameters
    assert made.RevisedPublishingInterval == 500.0
    assert made.RevisedMaxKeepAliveCount >= 1
    assert made.RevisedLifetimeCount >= max(least, 3 * made.RevisedMaxKeepAliveCount)


async def test_a_subscription_is_modified_and_says_what_came_of_it(asker: Asker) -> None:
    number = await asker.subscribe(1000.0)
    fields = {"RequestedPublishingInterval": 0.0, "RequestedLifetimeCount": 30, "RequestedMaxKeepAliveCount": 5}
    request = of(ua.ModifySubscriptionRequest(), SubscriptionId=number, **fields)
    revised = (await asker.ask(request, ua.ModifySubscriptionResponse)).Parameters
    assert (revised.RevisedPublishingInterval, revised.RevisedMaxKeepAliveCount) == (100.0, 5)
    assert revised.RevisedLifetimeCount == 30


@pytest.mark.parametrize(
    ("request_", "response"),
    [
        (ua.ModifySubscriptionRequest(), ua.ModifySubscriptionResponse),
        (ua.RepublishRequest(), ua.RepublishResponse),
        (of(ua.SetTriggeringRequest(), LinksToAdd=[1]), ua.SetTriggeringResponse),
    ],
)
async def test_a_subscription_that_is_not_there_cannot_be_used(asker: Asker, request_: Any, response: type) -> None:
    with pytest.raises(BAD.BadSubscriptionIdInvalid):
        await asker.ask(of(request_, SubscriptionId=4_000_000), response)


async def test_deleting_and_silencing_answer_each_number_for_itself(asker: Asker) -> None:
    number = await asker.subscribe()
    silence = of(ua.SetPublishingModeRequest(), SubscriptionIds=[number, 0, number], PublishingEnabled=False)
    silenced = await asker.ask(silence, ua.SetPublishingModeResponse)
    assert names(silenced.Parameters.Results) == ["Good", "BadSubscriptionIdInvalid", "Good"]
    assert await asker.delete(number, 0, number) == ["Good", "BadSubscriptionIdInvalid", "BadSubscriptionIdInvalid"]


@pytest.mark.parametrize(
    ("request_", "response"),
    [
        (ua.DeleteSubscriptionsRequest(), ua.DeleteSubscriptionsResponse),
        (ua.SetPublishingModeRequest(), ua.SetPublishingModeResponse),
        (ua.TransferSubscriptionsRequest(), ua.TransferSubscriptionsResponse),
    ],
)
async def test_no_number_is_nothing_to_do(asker: Asker, request_: Any, response: type) -> None:
    with pytest.raises(BAD.BadNothingToDo):
        await asker.ask(request_, response)


# --- publish ---------------------------------------------------------------------------------------------------------


async def test_the_first_message_is_a_sign_of_life_or_the_first_values(asker: Asker) -> None:
    number = await asker.subscribe()
    first = await asker.publish()
    assert (first.SubscriptionId, first.NotificationMessage.SequenceNumber) == (number, 1)
    assert (first.NotificationMessage.NotificationData, first.AvailableSequenceNumbers) == ([], [])
    await asker.watched(number, item(TIME))
    second = await asker.publish()
    assert len(told(second)) == 1
    assert second.NotificationMessage.SequenceNumber == 1  # a sign of life uses no number up
    assert second.AvailableSequenceNumbers == [1]
    assert second.MoreNotifications is False


async def test_signs_of_life_come_when_there_is_nothing_to_say_and_when_silenced(asker: Asker) -> None:
    number = await asker.subscribe(alive=2, enabled=False)
    await asker.watched(number, item(TIME))
    for _ in range(3):
        assert (await asker.publish()).NotificationMessage.NotificationData == []
    speak = of(ua.SetPublishingModeRequest(), SubscriptionIds=[number], PublishingEnabled=True)
    await asker.ask(speak, ua.SetPublishingModeResponse)
    assert len(await asker.hear()) == 1


async def test_no_message_holds_more_than_the_client_takes_and_it_says_that_more_come(asker: Asker) -> None:
    number = await asker.subscribe(most=3)
    name = ua.AttributeIds.DisplayName
    wishes = [item(TIME, k) for k in range(4)] + [item(TIME, 4 + k, attribute=name) for k in range(4)]
    await asker.watched(number, *wishes)
    messages = [await asker.publish() for _ in range(3)]
    assert [len(told(each)) for each in messages] == [3, 3, 2]
    assert [each.MoreNotifications for each in messages] == [True, True, False]
    assert sorted(handle for each in messages for handle, _, _ in told(each)) == list(range(8))


async def test_messages_are_kept_until_they_are_acknowledged_and_sent_again_unchanged(asker: Asker) -> None:
    number = await asker.subscribe()
    await asker.watched(number, item(TIME))
    first = await asker.publish()
    again = of(ua.RepublishRequest(), SubscriptionId=number, RetransmitSequenceNumber=1)
    for _ in range(2):
        repeated = (await asker.ask(again, ua.RepublishResponse)).NotificationMessage
        assert repeated.SequenceNumber == 1
        assert repeated.PublishTime == first.NotificationMessage.PublishTime
        assert repeated.NotificationData == first.NotificationMessage.NotificationData
    await asker.advance()
    second = await asker.publish((number, 1), (number, 7), (0, 1))
    assert names(second.Results) == ["Good", "BadSequenceNumberUnknown", "BadSubscriptionIdInvalid"]
    assert second.AvailableSequenceNumbers == [2]
    with pytest.raises(BAD.BadMessageNotAvailable):
        await asker.ask(again, ua.RepublishResponse)


async def test_who_never_acknowledges_can_have_the_last_messages_again(asker: Asker) -> None:
    number = await asker.subscribe()
    await asker.watched(number, item(TIME))
    for _ in range(6):
        last = await asker.publish()
        await asker.advance()
    assert last.AvailableSequenceNumbers == [3, 4, 5, 6]  # as many as the bounds of this server allow


async def test_a_waiting_request_is_answered_when_the_last_subscription_goes(asker: Asker) -> None:
    number = await asker.subscribe()
    await asker.first_words(number)
    await asker.send_publish()
    await asker.raw.send(
        asker.raw.message(asker.raw.encoded(of(ua.DeleteSubscriptionsRequest(), SubscriptionIds=[number])))
    )
    with pytest.raises(BAD.BadNoSubscription):
        await asker.published()
    asker.raw.decoded(await asker.raw.answer(), ua.DeleteSubscriptionsResponse)


async def test_a_request_that_waited_longer_than_its_hint_is_not_used(asker: Asker) -> None:
    number = await asker.subscribe(alive=4)
    await asker.first_words(number)
    await asker.send_publish(hint=1)
    await asker.send_publish()
    with pytest.raises(BAD.BadTimeout):
        await asker.published()
    assert (await asker.published()).SubscriptionId == number


async def test_of_two_that_wait_the_one_of_higher_priority_speaks_first(
    served: tuple[TwinServer, int], asker: Asker
) -> None:
    low, high = await asker.subscribe(priority=1), await asker.subscribe(priority=200)
    await asker.watched(low, item(TIME))
    await asker.watched(high, item(TIME))
    await both_late(served[0], low, high)
    assert (await asker.publish()).SubscriptionId == high
    assert (await asker.publish()).SubscriptionId == low


async def both_late(server: TwinServer, *numbers: int) -> None:
    """Until the server has found nobody to tell."""
    rows = {}
    while not all(rows.get(number) for number in numbers):
        await asyncio.sleep(0.02)
        rows = {row.SubscriptionId: row.LatePublishRequestCount for row in server.diagnostics.subscriptions()}


async def test_a_subscription_whose_client_never_asks_ends_and_says_so_to_who_asks_late(
    served: tuple[TwinServer, int], asker: Asker
) -> None:
    number = await asker.subscribe(life=3, alive=1)
    await asker.watched(number, item(TIME), item(TIME, attribute=ua.AttributeIds.DisplayName))
    while served[0].diagnostics.load()["subscriptions"]:
        await asyncio.sleep(0.05)
    assert served[0].diagnostics.load()["items"] == 0
    gone = await asker.publish()
    assert (gone.SubscriptionId, status_of(gone)) == (number, "BadTimeout")
    with pytest.raises(BAD.BadNoSubscription):
        await asker.publish()


# --- transfer --------------------------------------------------------------------------------------------------------


def transfer(*numbers: int, initial: bool = False) -> Any:
    return of(ua.TransferSubscriptionsRequest(), SubscriptionIds=list(numbers), SendInitialValues=initial)


async def test_a_subscription_moves_to_another_session_and_the_first_one_hears_of_it(
    asker: Asker, other: Asker
) -> None:
    number = await asker.subscribe()
    await asker.watched(number, item(TIME, 5))
    assert len(await asker.hear()) == 1
    await asker.send_publish()
    moved = await other.ask(transfer(number, 0, initial=True), ua.TransferSubscriptionsResponse)
    assert names([each.StatusCode for each in moved.Parameters.Results]) == ["Good", "BadSubscriptionIdInvalid"]
    assert moved.Parameters.Results[0].AvailableSequenceNumbers == [1]
    gone = await asker.published()
    assert (gone.SubscriptionId, status_of(gone)) == (number, "GoodSubscriptionTransferred")
    (again,) = await other.hear()  # the value once more, though it has not changed
    assert again[0] == 5
    assert await asker.delete(number) == ["BadSubscriptionIdInvalid"]
    assert await other.delete(number) == ["Good"]


async def test_without_initial_values_only_what_changes_is_told(asker: Asker, other: Asker) -> None:
    number = await asker.subscribe(alive=3)
    await asker.watched(number, item(TIME, 5))
    await asker.hear()
    await other.ask(transfer(number), ua.TransferSubscriptionsResponse)
    assert (await other.publish()).NotificationMessage.NotificationData == []
    assert status_of(await asker.publish()) == "GoodSubscriptionTransferred"


async def test_a_subscription_outlives_its_session_if_that_is_wished_and_goes_on_in_the_next(
    served: tuple[TwinServer, int], other: Asker
) -> None:
    first = await Asker.on(served[1])
    number = await first.subscribe()
    await first.watched(number, item(TIME))
    await first.ask(ua.CloseSessionRequest(DeleteSubscriptions=False), ua.CloseSessionResponse)
    moved = await other.ask(transfer(number), ua.TransferSubscriptionsResponse)
    assert names([each.StatusCode for each in moved.Parameters.Results]) == ["Good"]
    assert len(await other.hear()) == 1  # nobody has had it yet
    assert await other.delete(number) == ["Good"]


async def test_a_subscription_that_nobody_takes_ends_when_a_silent_session_would(
    served: tuple[TwinServer, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, port = served
    first = await Asker.on(port)
    await first.subscribe()
    bounds = replace(server.security.bounds, session_time=(0.0, 0.1))
    for session in server._server.guard.sessions():
        monkeypatch.setattr(session, "_bounds", bounds)
    before = server.diagnostics.load()["subscriptions"]
    await first.ask(ua.CloseSessionRequest(DeleteSubscriptions=False), ua.CloseSessionResponse)
    while server.diagnostics.load()["subscriptions"] == before:
        await asyncio.sleep(0.05)


async def test_no_session_takes_over_more_than_it_may_have(asker: Asker, other: Asker) -> None:
    number = await asker.subscribe()
    for _ in range(3):
        await other.subscribe()
    moved = await other.ask(transfer(number), ua.TransferSubscriptionsResponse)
    assert names([each.StatusCode for each in moved.Parameters.Results]) == ["BadTooManySubscriptions"]


# --- methods of the Server object ------------------------------------------------------------------------------------


async def ask_server(asker: Asker, name: str, number: int) -> ua.CallMethodResult:
    return await asker.call(standard("Server"), standard(f"Server_{name}"), ua.Variant(number, ua.VariantType.UInt32))


async def test_values_are_sent_once_more_when_asked_for(asker: Asker, other: Asker) -> None:
    number = await asker.subscribe()
    wishes = [item(TIME, 1), item(TIME, 2, attribute=ua.AttributeIds.DisplayName), item(TIME, 3, mode=DISABLED)]
    await asker.watched(number, *wishes)
    assert [handle for handle, _, _ in await asker.hear()] == [1, 2]
    assert (await ask_server(asker, "ResendData", number)).StatusCode.name == "Good"
    assert [handle for handle, _, _ in await asker.hear()] == [1, 2]
    assert (await ask_server(other, "ResendData", number)).StatusCode.name == "BadUserAccessDenied"
    assert (await ask_server(other, "ResendData", 0)).StatusCode.name == "BadSubscriptionIdInvalid"


async def test_a_client_that_lost_its_notes_learns_what_it_watches(asker: Asker, other: Asker) -> None:
    number = await asker.subscribe()
    mine = await asker.watched(number, item(TIME, 7), item(TIME, 8, attribute=ua.AttributeIds.DisplayName))
    found = await ask_server(asker, "GetMonitoredItems", number)
    assert [output.Value for output in found.OutputArguments] == [mine, [7, 8]]
    assert (await ask_server(other, "GetMonitoredItems", number)).StatusCode.name == "BadUserAccessDenied"
    assert (await ask_server(other, "GetMonitoredItems", 0)).StatusCode.name == "BadSubscriptionIdInvalid"


# --- diagnostics -----------------------------------------------------------------------------------------------------


async def test_every_counter_of_a_subscription_counts(asker: Asker, other: Asker) -> None:
    number = await asker.subscribe(priority=9)
    (watched, _) = await asker.watched(number, item(TIME, queue=2), item(TIME, mode=DISABLED))
    await asker.hear()
    await asker.advance(4)
    for enabled in (False, True):
        mode = of(ua.SetPublishingModeRequest(), SubscriptionIds=[number], PublishingEnabled=enabled)
        await asker.ask(mode, ua.SetPublishingModeResponse)
    for wanted in (1, 99):
        request = of(ua.RepublishRequest(), SubscriptionId=number, RetransmitSequenceNumber=wanted)
        if wanted == 1:
            await asker.ask(request, ua.RepublishResponse)
        else:
            with pytest.raises(BAD.BadMessageNotAvailable):
                await asker.ask(request, ua.RepublishResponse)
    await asker.hear()
    await other.ask(transfer(number), ua.TransferSubscriptionsResponse)
    rows = await other.value(standard("Server_ServerDiagnostics_SubscriptionDiagnosticsArray"))
    (row,) = [each for each in rows if each.SubscriptionId == number]
    assert (row.Priority, row.MonitoredItemCount, row.DisabledMonitoredItemCount) == (9, 2, 1)
    assert (row.EnableCount, row.DisableCount) == (1, 1)
    assert (row.RepublishRequestCount, row.RepublishMessageRequestCount, row.RepublishMessageCount) == (2, 2, 1)
    assert (row.TransferRequestCount, row.TransferredToSameClientCount, row.TransferredToAltClientCount) == (1, 1, 0)
    assert row.PublishRequestCount == 2
    assert row.MonitoringQueueOverflowCount >= 1
    assert row.UnacknowledgedMessageCount == 2
    assert row.NextSequenceNumber == 3
    assert await other.mode(number, REPORTING, watched) == ["Good"]
