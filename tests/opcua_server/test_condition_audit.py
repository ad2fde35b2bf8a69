"""What somebody did to an alarm is an audit event of the type that Part 9, 5.10 has for it, and one line of the log."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asyncua import Client, ua
from cryptography.hazmat.primitives.asymmetric import rsa

from opcua_server import condition_methods
from opcua_server.audit import verify
from opcua_server.condition_audit import BY_ID, meant
from opcua_server.condition_nodes import METHODS, SHELVE_METHODS
from opcua_server.server import TwinServer

from .secured import PASSWORD, Site, certificate
from .talking import PLANT
from .test_server import eventually
from .watching import AIR, IDS, Watcher, condition, lose_air, remark

ALWAYS_GENERATES = ua.NodeId(IDS.AlwaysGeneratesEvent)
WHY = ua.Variant(ua.LocalizedText("why", "en"), ua.VariantType.LocalizedText)
MINUTE = ua.Variant(6e4, ua.VariantType.Double)
SHELF = "AlarmConditionType_ShelvingState_"


class Ears:
    """What was heard of a type of audit events and of those derived from it."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def event_notification(self, event: Any) -> None:
        self.heard.append(event)

    @classmethod
    async def of(cls, client: Client, *kinds: str) -> Ears:
        ears = cls()
        subscription = await client.create_subscription(50, ears)
        await subscription.subscribe_events(evtypes=[getattr(IDS, f"AuditCondition{kind}EventType") for kind in kinds])
        return ears


def test_every_method_of_a_condition_raises_what_the_standard_says_of_it(plant: TwinServer) -> None:
    """The types in the standard's set of nodes name the event that each method always generates."""
    space = plant._server.iserver.aspace
    for method in (*METHODS, *SHELVE_METHODS):
        said = [r.NodeId for r in space[method].references if r.ReferenceTypeId == ALWAYS_GENERATES]
        kind, _ = BY_ID[method]
        assert said in ([ua.NodeId(kind)], []), method  # where asyncua's set has no reference (shelving with a comment)


CALLS = [
    ("Suppression", "AlarmConditionType_Suppress", [], "Suppress"),
    ("Suppression", "AlarmConditionType_Unsuppress2", [WHY], "Unsuppress2"),
    ("OutOfService", "AlarmConditionType_RemoveFromService", [], "RemoveFromService"),
    ("OutOfService", "AlarmConditionType_PlaceInService2", [WHY], "PlaceInService2"),
    ("Shelving", f"{SHELF}OneShotShelve", [], "OneShotShelve"),
    ("Shelving", "ShelvedStateMachineType_Unshelve", [], "Unshelve"),
    ("Shelving", f"{SHELF}TimedShelve2", [MINUTE, WHY], "TimedShelve2"),
    ("Enable", "ConditionType_Disable", [], "Disable"),
    ("Enable", "ConditionType_Enable", [], "Enable"),
]


async def test_each_switch_of_an_alarm_is_an_audit_event_of_its_own_type(watch: Watcher) -> None:
    ears = await Ears.of(watch.client, "")
    for _, method, arguments, _ in CALLS:
        assert await watch.ask(AIR, getattr(IDS, method), *arguments) == "Good", method
    await eventually(lambda: len(ears.heard) >= len(CALLS))
    for event, (kind, method, arguments, name) in zip(ears.heard, CALLS, strict=True):
        assert event.EventType == ua.NodeId(getattr(IDS, f"AuditCondition{kind}EventType"))
        assert (event.SourceNode, event.SourceName) == (condition(AIR), f"Method/{name}")  # Part 9, 5.10.2
        assert event.MethodId == ua.NodeId(getattr(IDS, method))
        assert [each.Value for each in event.InputArguments] == [each.Value for each in arguments]
        assert (event.Status, event.StatusCodeId.name, event.ClientUserId) == (True, "Good", "anonymous")


async def test_the_time_on_the_shelf_is_in_the_event_where_there_is_one(watch: Watcher) -> None:
    ears = await Ears.of(watch.client, "Shelving")
    shelf = ua.NodeId(f"{AIR}/alarm/ShelvingState", 2)
    await watch.ask(shelf, IDS.AlarmConditionType_ShelvingState_TimedShelve, MINUTE)
    await watch.ask(shelf, IDS.AlarmConditionType_ShelvingState_Unshelve)
    await eventually(lambda: len(ears.heard) == 2)
    assert [event.ShelvingTime for event in ears.heard] == [6e4, None]
    assert [event.SourceNode for event in ears.heard] == [condition(AIR)] * 2  # the condition, not its shelf


async def test_a_remark_is_an_event_with_its_text_and_the_event_that_was_meant(watch: Watcher) -> None:
    ears = await Ears.of(watch.client, "Comment", "Acknowledge", "Confirm")
    await watch.listen()
    await lose_air(watch)
    (event,) = await watch.until(1)
    for method in ("ConditionType_AddComment", *(f"AcknowledgeableConditionType_{name}" for name in ACKS)):
        await watch.ask(AIR, getattr(IDS, method), *remark(event["EventId"], method))
    await eventually(lambda: len(ears.heard) == 3)
    kinds = ("AuditConditionCommentEventType", *(f"AuditCondition{name}EventType" for name in ACKS))
    assert [heard.EventType for heard in ears.heard] == [ua.NodeId(getattr(IDS, kind)) for kind in kinds]
    assert [heard.ConditionEventId for heard in ears.heard] == [event["EventId"]] * 3
    assert ears.heard[1].Comment.Text == "AcknowledgeableConditionType_Acknowledge"
    assert [heard.StatusCodeId.name for heard in ears.heard] == ["Good", "Good", CONFIRMED]


ACKS = ("Acknowledge", "Confirm")
CONFIRMED = "BadConditionBranchAlreadyConfirmed"
"""Lost air asks for no confirmation."""


async def test_a_refused_call_is_an_event_whose_wrong_arguments_are_null(watch: Watcher) -> None:
    ears = await Ears.of(watch.client, "Acknowledge", "Shelving")
    acknowledge = IDS.AcknowledgeableConditionType_Acknowledge
    assert await watch.ask(AIR, acknowledge, *reversed(remark(b"7", "no"))) == "BadInvalidArgument"
    assert await watch.ask(AIR, acknowledge) == "BadArgumentsMissing"
    await watch.ask(AIR, IDS.AlarmConditionType_ShelvingState_TimedShelve, ua.Variant([6e4]))
    await eventually(lambda: len(ears.heard) == 3)
    assert [(each.Status, each.Severity) for each in ears.heard] == [(False, 600)] * 3
    assert [each.ConditionEventId for each in ears.heard[:2]] == [None, None]
    assert ears.heard[2].ShelvingTime is None


def test_the_generic_type_is_for_all_other_methods() -> None:
    assert meant(ua.CallMethodRequest(ua.NodeId("SIM", 2), ua.NodeId("SIM.advance", 2), [])) is None
    assert meant(ua.CallMethodRequest(condition(AIR), ua.NodeId(IDS.ConditionType_ConditionRefresh), [])) is None


def test_whoever_adds_a_method_of_conditions_says_what_its_audit_is(monkeypatch: pytest.MonkeyPatch) -> None:
    bound: list[ua.NodeId] = []

    class Space:
        def add_method_callback(self, node: ua.NodeId, _: Callable[..., Any]) -> None:
            bound.append(node)

    class Engine:
        def __getattr__(self, name: str) -> Callable[..., None]:
            return lambda *_, **__: None

    condition_methods.bind_methods(Space(), Engine(), lambda _: None, lambda *_: 0, lambda: None)  # type: ignore[arg-type]
    assert set(bound) == set(BY_ID)


async def test_engineers_hear_of_it_operators_do_not_and_it_is_one_line_of_the_log(
    site: Site, key: rsa.RSAPrivateKey
) -> None:
    mine = certificate(key)
    site.trust.add(site.client_file(mine))
    for name, role in (("ono", "operator"), ("saito", "engineer")):
        site.users.add(name, role, PASSWORD)
    async with (
        site.serving(PLANT.with_name("alarms.toml")),
        site.client(mine, user="ono") as operator,
        site.client(mine, user="saito") as engineer,
    ):
        ears = [await Ears.of(talk.client, "") for talk in (operator, engineer)]
        assert await Watcher(operator.client).ask(AIR, IDS.AlarmConditionType_Suppress) == "Good"
        await eventually(lambda: bool(ears[1].heard))
        assert [(event.ClientUserId, event.SourceName) for event in ears[1].heard] == [("ono", "Method/Suppress")]
        assert ears[0].heard == []
    assert calls(site.audit) == [(f"{AIR}/alarm", "ono", "Good")]
    assert verify(site.audit) > 0


def calls(file: Path) -> list[tuple[str, str, str]]:
    """Object, user and status of every call on record."""
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    return [(line["object"], line["user"], line["status"]) for line in lines if line["event"] == "call"]
