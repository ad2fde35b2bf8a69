"""Alarms as OPC UA conditions, seen by asyncua's client: events, filters, refresh, and what operators do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from asyncua import Client, ua

from opcua_server import TwinServer
from opcua_server.companion import DI, find_nodesets
from twin.history import History, Reader, Recorder
from twin.history.alarms import of_alarm
from twin.plant import Plant
from twin.simulation import Simulation

from .talking import PLANT
from .watching import AIR, IDS, PRESSURE, SERVER, Watcher, clause, condition, literal, lose_air, remark

LOST_AIR = ua.NodeId(15292, DI) if find_nodesets() else ua.NodeId(IDS.OffNormalAlarmType)
"""DI's FailureAlarmType, which is derived from OffNormalAlarmType."""


async def test_what_a_client_hears_of_an_alarm_is_on_record_already(
    endpoint: str, connect: Callable[[], Any], tmp_path: Path
) -> None:
    plant, path = Plant.load(PLANT.with_name("alarms.toml")), tmp_path / "history.sqlite"

    def recorded() -> list[str]:
        with Reader(path) as reader:
            return [event.detail["transition"] for event in reader.events(kinds=["alarm"]) if event.detail]

    with Recorder(History.create(path, plant)) as recorder:
        simulation = Simulation(plant, mode="lockstep")
        simulation.alarms.subscribe(lambda told: recorder.note(of_alarm(told)))
        server = TwinServer(simulation, endpoint)
        server.record_into(recorder)
        async with server, connect() as talk:
            watch = Watcher(talk.client)
            watch.talk = talk  # type: ignore[attr-defined]
            await watch.listen()
            for k in range(5):
                await lose_air(watch, lost=k % 2 == 0)
                await watch.until(k + 1)
                assert len(recorded()) == k + 1
            assert (
                await watch.ask(AIR, IDS.AcknowledgeableConditionType_Acknowledge, *remark(watch.told[-1]["EventId"]))
                == "Good"
            )
            assert recorded()[-1] == "acknowledged"


async def test_an_alarm_comes_as_an_event_with_the_fields_of_its_type(watch: Any) -> None:
    await watch.listen()
    await lose_air(watch)
    (event,) = await watch.until(1)
    assert event["EventType"] == LOST_AIR
    assert event["NodeId"] == condition(AIR)
    assert event["SourceName"] == "ZC-101"
    assert event["ConditionName"] == AIR
    assert event["InputNode"] == ua.NodeId(AIR, 2)
    assert event["ConditionClassId"] == ua.NodeId(IDS.ProcessConditionClassType)
    assert (event["Severity"], event["Retain"], event["BranchId"]) == (700, True, ua.NodeId())
    assert event["Message"].Text == "ZC-101.air: instrument air lost (lost)"
    assert event["ActiveState"].Text == "Active"
    assert [event[f"{name}State/Id"] for name in ("Active", "Acked", "Confirmed", "Suppressed", "Latched")] == [
        *(True, False, True, False, False)
    ]
    assert event["ShelvingState/CurrentState/Id"] == ua.NodeId(IDS.ShelvedStateMachineType_Unshelved)
    assert event["Quality"].is_good()
    assert event["Cause"].Text.startswith("air compressor")
    assert event["LimitState/CurrentState"] is None


async def test_it_is_acknowledged_with_a_comment_and_returns(watch: Any, plant: TwinServer) -> None:
    await watch.listen()
    await lose_air(watch)
    (event,) = await watch.until(1)
    assert (
        await watch.ask(AIR, IDS.AcknowledgeableConditionType_Acknowledge, *remark(event["EventId"], "I see")) == "Good"
    )
    acked = (await watch.until(2))[1]
    assert (acked["AckedState/Id"], acked["Comment"].Text, acked["Retain"]) == (True, "I see", True)
    again = await watch.ask(AIR, IDS.AcknowledgeableConditionType_Acknowledge, *remark(event["EventId"]))
    assert again == "BadConditionBranchAlreadyAcked"
    await lose_air(watch, False)
    returned = (await watch.until(3))[2]
    assert (returned["ActiveState/Id"], returned["Retain"]) == (False, False)
    assert plant.simulation.alarms.state(AIR).name == "normal"


async def test_a_limit_alarm_names_its_level_and_its_limits(watch: Any) -> None:
    await watch.listen()
    await watch.talk.write("ZC-101.command", 1.0)
    found: list[dict[str, Any]] = []
    async with asyncio.timeout(30.0):
        while len(found) < 2:
            await watch.talk.advance(0.2)
            await asyncio.sleep(0.06)
            found = [event for event in watch.told if event["ConditionName"] == PRESSURE]
    assert [event["LimitState/CurrentState"].Text for event in found] == ["High", "HighHigh"]
    assert [event["HighLimit"] for event in found] == [150_000.0, 150_000.0]
    assert found[1]["Severity"] > found[0]["Severity"]


async def test_the_message_comes_in_the_language_of_the_session(plant: TwinServer, connect: Any) -> None:
    async with connect() as talk:
        await activate(talk.client, "ja-JP")
        watcher = Watcher(talk.client)
        watcher.talk = talk  # type: ignore[attr-defined]
        await watcher.listen()
        await lose_air(watcher)
        (event,) = await watcher.until(1)
        assert event["Message"].Text == "ZC-101.air: 計装空気喪失 (喪失)"
        assert event["Message"].Locale == "ja"
        assert event["ActiveState"].Text == "発報"


async def activate(client: Client, locale: str) -> None:
    """Activate the session again, with a language."""
    send = client.uaclient.activate_session

    async def with_locale(params: ua.ActivateSessionParameters) -> Any:
        params.LocaleIds = [locale]
        return await send(params)

    client.uaclient.activate_session = with_locale  # type: ignore[method-assign]
    await client.activate_session()


async def test_a_refresh_repeats_what_still_concerns_anybody_between_two_marks(watch: Any) -> None:
    await lose_air(watch)
    await watch.listen()
    refreshed = await watch.ask(
        ua.NodeId(IDS.ConditionType),
        IDS.ConditionType_ConditionRefresh,
        ua.Variant(watch.number, ua.VariantType.UInt32),
    )
    assert refreshed == "Good"
    await lose_air(watch, False)
    told = await watch.until(4)
    start, event, end, returned = told[:4]
    assert start["EventType"] == ua.NodeId(IDS.RefreshStartEventType)
    assert (event["ConditionName"], event["ActiveState/Id"]) == (AIR, True)
    assert end["EventType"] == ua.NodeId(IDS.RefreshEndEventType)
    assert returned["ActiveState/Id"] is False

    # the id of a repeated event is that of the event
    done = await watch.ask(AIR, IDS.AcknowledgeableConditionType_Acknowledge, *remark(event["EventId"]))
    assert done == "Good"


async def test_a_refresh_is_for_own_subscriptions_and_one_item_if_asked(watch: Any, connect: Any) -> None:
    await lose_air(watch)
    await watch.listen()
    number, item = (ua.Variant(n, ua.VariantType.UInt32) for n in (watch.number, watch.item))
    unknown = ua.Variant(999_999, ua.VariantType.UInt32)
    kind = ua.NodeId(IDS.ConditionType)
    assert await watch.ask(kind, IDS.ConditionType_ConditionRefresh2, number, unknown) == "BadMonitoredItemIdInvalid"
    assert await watch.ask(kind, IDS.ConditionType_ConditionRefresh, unknown) == "BadSubscriptionIdInvalid"
    async with connect() as talk:
        other = Watcher(talk.client)
        assert await other.ask(kind, IDS.ConditionType_ConditionRefresh, number) == "BadSubscriptionIdInvalid"
    assert await watch.ask(kind, IDS.ConditionType_ConditionRefresh2, number, item) == "Good"
    assert len(await watch.until(3)) == 3


async def test_a_filter_lets_pass_what_it_asks_for(watch: Any) -> None:
    limit = ua.ContentFilterElement(
        ua.FilterOperator.OfType, [literal(ua.NodeId(IDS.LimitAlarmType), ua.VariantType.NodeId)]
    )
    await watch.listen(SERVER, limit)
    await lose_air(watch)
    await watch.talk.write(AIR, False, ua.VariantType.Boolean)
    await watch.talk.write("ZC-101.command", 1.0)
    await watch.talk.advance(4.0)
    told = await watch.until(1)
    assert {event["EventType"] for event in told} == {ua.NodeId(IDS.ExclusiveLimitAlarmType)}


async def test_filters_compare_fields_and_paths(watch: Any) -> None:
    both = [
        ua.ContentFilterElement(ua.FilterOperator.And, [ua.ElementOperand(1), ua.ElementOperand(2)]),
        ua.ContentFilterElement(
            ua.FilterOperator.Equals, [clause("ActiveState/Id"), literal(False, ua.VariantType.Boolean)]
        ),
        ua.ContentFilterElement(ua.FilterOperator.Like, [clause("SourceName"), literal("ZC-%", ua.VariantType.String)]),
    ]
    await watch.listen(SERVER, *both)
    await lose_air(watch)
    await lose_air(watch, False)
    (event,) = await watch.until(1)
    assert event["ActiveState/Id"] is False


async def test_an_area_tells_of_its_own_alarms_only(watch: Any) -> None:
    await watch.listen(ua.NodeId("/alarms/hall", 2))
    await lose_air(watch)
    assert (await watch.add(ua.NodeId("/alarms/hub/ZC-101", 2))).is_good()
    await lose_air(watch, False)
    (event,) = await watch.until(1)
    assert event["ActiveState/Id"] is False
    assert (await watch.add(ua.NodeId("BUF-1.p", 2))).name == "BadServiceUnsupported"
    assert (await watch.add(ua.NodeId("nowhere", 2))).name == "BadNodeIdUnknown"
    wrong = ua.DataChangeFilter(ua.DataChangeTrigger.StatusValue, 0, 0.0)
    assert (await watch.add(SERVER, filter=wrong)).name == "BadEventFilterInvalid"


async def test_operators_shelve_suppress_and_take_out_of_service(watch: Any, plant: TwinServer) -> None:
    engine, hour = plant.simulation.alarms, ua.Variant(3.6e6, ua.VariantType.Double)
    shelf = ua.NodeId(f"{AIR}/alarm/ShelvingState", 2)
    assert await watch.ask(shelf, IDS.AlarmConditionType_ShelvingState_TimedShelve, hour) == "Good"
    assert engine.state(AIR).name == "shelved"
    assert await watch.ask(AIR, IDS.ShelvedStateMachineType_OneShotShelve) == "BadConditionAlreadyShelved"
    assert await watch.ask(AIR, IDS.ShelvedStateMachineType_Unshelve) == "Good"
    assert await watch.ask(AIR, IDS.ShelvedStateMachineType_Unshelve) == "BadConditionNotShelved"
    week = ua.Variant(6e8, ua.VariantType.Double)
    assert await watch.ask(AIR, IDS.ShelvedStateMachineType_TimedShelve, week) == "BadShelvingTimeOutOfRange"
    assert await watch.ask(AIR, IDS.AlarmConditionType_Suppress) == "Good"
    assert engine.state(AIR).name == "suppressed"
    assert await watch.ask(AIR, IDS.AlarmConditionType_Unsuppress) == "Good"
    assert await watch.ask(AIR, IDS.AlarmConditionType_RemoveFromService) == "Good"
    assert engine.state(AIR).name == "out of service"
    why = ua.Variant(ua.LocalizedText("repaired"), ua.VariantType.LocalizedText)
    assert await watch.ask(AIR, IDS.AlarmConditionType_PlaceInService2, why) == "Good"
    assert engine.note(AIR)[0] == "repaired"
    assert await watch.ask(AIR, IDS.AlarmConditionType_Reset) == "BadInvalidState"
    assert await watch.ask(AIR, IDS.ConditionType_Enable) == "BadConditionAlreadyEnabled"
    assert await watch.ask(AIR, IDS.ConditionType_Disable) == "Good"
    assert await watch.ask(AIR, IDS.ConditionType_Disable) == "BadConditionAlreadyDisabled"
    assert await watch.ask(AIR, IDS.AlarmConditionType_Suppress) == "BadConditionDisabled"


async def test_every_method_has_a_form_with_a_comment(watch: Any, plant: TwinServer) -> None:
    engine = plant.simulation.alarms
    why, minute = ua.Variant(ua.LocalizedText("why"), ua.VariantType.LocalizedText), ua.Variant(6e4)
    calls = [
        ("AlarmConditionType_Suppress2", [why], "suppressed"),
        ("AlarmConditionType_Unsuppress2", [why], "normal"),
        ("AlarmConditionType_RemoveFromService2", [why], "out of service"),
        ("AlarmConditionType_PlaceInService2", [why], "normal"),
    ]
    for place in (
        "AlarmConditionType_ShelvingState",
        "ShelvedStateMachineType",
    ):  # clients call either (Part 9, 5.8.17)
        calls += [
            (f"{place}_TimedShelve2", [minute, why], "shelved"),
            (f"{place}_Unshelve2", [why], "normal"),
            (f"{place}_OneShotShelve2", [why], "shelved once"),
            (f"{place}_Unshelve2", [why], "normal"),
        ]
    for number, (name, arguments, state) in enumerate(calls):
        arguments[-1] = ua.Variant(ua.LocalizedText(f"because {number}"), ua.VariantType.LocalizedText)
        assert await watch.ask(AIR, getattr(IDS, name), *arguments) == "Good", name
        assert engine.state(AIR).name == state
        assert engine.note(AIR)[0] == f"because {number}"
    assert await watch.ask(AIR, IDS.AlarmConditionType_Reset2, why) == "BadInvalidState"
    assert await watch.ask(AIR, IDS.AlarmConditionType_ShelvingState_TimedShelve2, minute) == "BadArgumentsMissing"


async def test_the_methods_of_shelving_are_found_at_condition_and_type_with_their_arguments(watch: Any) -> None:
    wanted = {f"{name}{form}" for name in ("TimedShelve", "OneShotShelve", "Unshelve") for form in ("", "2")}
    for place in (ua.NodeId(f"{AIR}/alarm/ShelvingState", 2), ua.NodeId(IDS.AlarmConditionType_ShelvingState)):
        found = await watch.client.get_node(place).get_children(
            refs=IDS.HasComponent, nodeclassmask=ua.NodeClass.Method
        )
        assert wanted <= {(await node.read_browse_name()).Name for node in found}
    shelve = watch.client.get_node(ua.NodeId(IDS.AlarmConditionType_ShelvingState_TimedShelve2))
    arguments = await (await shelve.get_child("0:InputArguments")).read_value()
    assert [argument.Name for argument in arguments] == ["ShelvingTime", "Comment"]


async def test_wrong_events_objects_and_arguments_are_refused(watch: Any) -> None:
    await watch.listen()
    await lose_air(watch)
    (event,) = await watch.until(1)
    acknowledge, comment = IDS.AcknowledgeableConditionType_Acknowledge, IDS.ConditionType_AddComment
    assert await watch.ask(AIR, acknowledge, *remark(b"nonsense")) == "BadEventIdUnknown"
    assert await watch.ask(PRESSURE, acknowledge, *remark(event["EventId"])) == "BadEventIdUnknown"
    assert await watch.ask(AIR, acknowledge) == "BadArgumentsMissing"
    assert await watch.ask(AIR, acknowledge, *remark(b""), *remark(b"")) == "BadTooManyArguments"
    assert await watch.ask(AIR, acknowledge, *reversed(remark(b""))) == "BadInvalidArgument"
    assert await watch.ask(ua.NodeId("BUF-1.p", 2), acknowledge, *remark(event["EventId"])) == "BadNodeIdInvalid"
    assert await watch.ask(AIR, comment, *remark(event["EventId"], "noted")) == "Good"
    assert (await watch.until(2))[1]["Comment"].Text == "noted"


async def test_a_trip_asks_for_a_confirmation(watch: Any, plant: TwinServer) -> None:
    await watch.listen()
    await watch.talk.write("ZC-101.command", 1.0)
    await watch.talk.advance(30.0)
    while not any(event["ConditionName"] == "IL-102.trip" for event in watch.told):
        await asyncio.sleep(0.05)
    event = next(event for event in watch.told if event["ConditionName"] == "IL-102.trip")
    assert event["EventType"] == ua.NodeId(IDS.TripAlarmType)
    assert event["ConfirmedState/Id"] is False
    confirm = IDS.AcknowledgeableConditionType_Confirm
    assert await watch.ask("IL-102.trip", confirm, *remark(event["EventId"])) == "BadInvalidState"
    acknowledge = IDS.AcknowledgeableConditionType_Acknowledge
    assert await watch.ask("IL-102.trip", acknowledge, *remark(event["EventId"])) == "Good"
    assert await watch.ask("IL-102.trip", confirm, *remark(event["EventId"])) == "Good"
    assert await watch.ask("IL-102.trip", confirm, *remark(event["EventId"])) == "BadConditionBranchAlreadyConfirmed"


async def test_a_condition_is_a_node_whose_fields_can_be_browsed_and_read(watch: Any) -> None:
    await lose_air(watch)
    node = watch.client.get_node(condition(AIR))
    assert await node.read_type_definition() == LOST_AIR
    names = {(await child.read_browse_name()).Name for child in await node.get_children()}
    assert {"ActiveState", "AckedState", "Retain", "Severity", "Acknowledge", "ShelvingState", "Cause"} <= names
    assert (await watch.talk.value(f"{AIR}/alarm/ActiveState")).Text == "Active"
    assert await watch.talk.value(f"{AIR}/alarm/ActiveState/Id") is True
    assert await watch.talk.value(f"{PRESSURE}/alarm/HighHighLimit") == 200_000.0  # without browsing it before
    assert await watch.talk.value(f"{PRESSURE}/alarm/Retain") is False
    unit = watch.client.get_node(ua.NodeId("/alarms/hub/ZC-101", 2))
    found = await unit.get_referenced_nodes(refs=IDS.HasCondition)
    assert condition(AIR) in [node.nodeid for node in found]


async def test_a_subscription_through_asyncuas_own_way_works(watch: Any) -> None:
    seen: list[Any] = []

    class Handler:
        def event_notification(self, event: Any) -> None:
            seen.append(event)

    subscription = await watch.client.create_subscription(50, Handler())
    await subscription.subscribe_alarms_and_conditions()
    await lose_air(watch)
    async with asyncio.timeout(20.0):
        while not seen:
            await asyncio.sleep(0.01)
    assert seen[0].ConditionName == AIR
    assert seen[0].NodeId == condition(AIR)
