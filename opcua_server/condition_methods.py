"""What operators do to alarms over OPC UA: the methods of Part 9's types, with the status codes that it asks for.

Each is one node of the type for all conditions; the object that a client names says which condition is meant.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from asyncua import ua
from asyncua.server.address_space import AddressSpace

from opcua_server.caller import user_name
from opcua_server.condition_fields import Condition
from twin.alarms.engine import AlarmEngine
from twin.alarms.event import AlarmRefused, Remark

IDS, CODES = ua.ObjectIds, ua.StatusCodes

REASONS = {
    "unknown_alarm": CODES.BadNodeIdUnknown,
    "unknown_event": CODES.BadEventIdUnknown,
    "acked": CODES.BadConditionBranchAlreadyAcked,
    "not_acked": CODES.BadInvalidState,
    "confirmed": CODES.BadConditionBranchAlreadyConfirmed,
    "shelved": CODES.BadConditionAlreadyShelved,
    "not_shelved": CODES.BadConditionNotShelved,
    "duration": CODES.BadShelvingTimeOutOfRange,
    "state": CODES.BadInvalidState,
    "enabled": CODES.BadConditionAlreadyEnabled,
    "disabled": CODES.BadConditionDisabled,
    "already_disabled": CODES.BadConditionAlreadyDisabled,
}

BYTES, TEXT, NUMBER, UINT = (
    ua.VariantType.ByteString,
    ua.VariantType.LocalizedText,
    ua.VariantType.Double,
    ua.VariantType.UInt32,
)

log = logging.getLogger(__name__)

Do = Callable[..., None]
Types = tuple[ua.VariantType, ...]
Find = Callable[[ua.NodeId], Condition | None]
Number = Callable[[Condition, bytes | None], int]
Settled = Callable[[], Awaitable[None]]


def bind_methods(
    space: AddressSpace, engine: AlarmEngine, find: Find, number: Number, settled: Settled
) -> dict[ua.NodeId, str]:
    """Give the methods of the types their behaviour; returns from which role on each may be called.

    `find` gives the condition of a node, `number` that of an event of a condition; `settled` waits until what was
    done is on record, before the caller hears that it was.
    """
    roles = {
        ua.NodeId(IDS.ConditionType_ConditionRefresh): "observer",
        ua.NodeId(IDS.ConditionType_ConditionRefresh2): "observer",
    }
    for do, types, numbers in _remarks(engine, number) + _switches(engine):
        for node in map(ua.NodeId, numbers):
            roles[node] = "operator"
            space.add_method_callback(node, _method(do, types, find, settled))
    return roles


def _remarks(engine: AlarmEngine, number: Number) -> list[tuple[Do, Types, tuple[int, ...]]]:
    """Methods that name an event and leave a comment."""

    def remark(do: Do) -> Do:
        return lambda c, event, text: do(c.alarm.name, user=user_name(), comment=_text(text), event=number(c, event))

    def comment(c: Condition, event: Any, text: Any) -> None:
        engine.comment(c.alarm.name, _text(text), user_name(), number(c, event))

    return [
        (remark(engine.acknowledge), (BYTES, TEXT), (IDS.AcknowledgeableConditionType_Acknowledge,)),
        (remark(engine.confirm), (BYTES, TEXT), (IDS.AcknowledgeableConditionType_Confirm,)),
        (comment, (BYTES, TEXT), (IDS.ConditionType_AddComment,)),
    ]


def _switches(engine: AlarmEngine) -> list[tuple[Do, Types, tuple[int, ...]]]:
    """Methods that switch a condition; most have a second form with a comment."""

    def switch(do: Do, *given: Any) -> Do:
        return lambda c, text=None: do(c.alarm.name, *given, user=user_name(), comment=_text(text))

    def shelve(c: Condition, milliseconds: float, text: Any = None) -> None:
        engine.shelve(c.alarm.name, milliseconds / 1e3, user_name(), _text(text))

    pairs: list[tuple[Do, Types, str]] = [
        (shelve, (NUMBER,), "TimedShelve"),
        (switch(engine.shelve, None), (), "OneShotShelve"),
        (switch(engine.unshelve), (), "Unshelve"),
        (switch(engine.suppress, True), (), "Suppress"),
        (switch(engine.suppress, False), (), "Unsuppress"),
        (switch(engine.take_out, True), (), "RemoveFromService"),
        (switch(engine.take_out, False), (), "PlaceInService"),
        (switch(engine.reset), (), "Reset"),
    ]
    rows: list[tuple[Do, Types, tuple[int, ...]]] = [
        (switch(engine.enable, True), (), (IDS.ConditionType_Enable,)),
        (switch(engine.enable, False), (), (IDS.ConditionType_Disable,)),
    ]
    for do, types, name in pairs:
        rows += [(do, types, _method_ids(name)), (do, (*types, TEXT), _method_ids(f"{name}2"))]
    return rows


def _method(do: Do, types: Types, find: Find, settled: Settled) -> Callable[..., Awaitable[Any]]:
    async def carry_out(parent: ua.NodeId, *arguments: Any) -> int:
        condition = find(parent)
        if condition is None:
            return int(CODES.BadNodeIdInvalid)
        try:
            do(condition, *arguments)
        except AlarmRefused as refused:
            log.info("%s", refused)
            return int(REASONS[refused.reason])
        await settled()
        return int(CODES.Good)

    return checked(carry_out, types)


def _method_ids(name: str) -> tuple[int, ...]:
    """The node ids of a method: of the alarm type, and of the state machine of shelving."""
    places = ("AlarmConditionType_", "AlarmConditionType_ShelvingState_", "ShelvedStateMachineType_")
    return tuple(getattr(IDS, place + name) for place in places if hasattr(IDS, place + name))


def checked(do: Callable[..., Awaitable[int]], types: Types) -> Callable[..., Awaitable[Any]]:
    """The method once its arguments are as many and of the types that they should be."""

    async def call(parent: ua.NodeId, *arguments: ua.Variant) -> ua.StatusCode | ua.CallMethodResult:
        refused = checked_arguments(arguments, types)
        return refused if refused is not None else ua.StatusCode(await do(parent, *(a.Value for a in arguments)))

    return call


def checked_arguments(arguments: Sequence[ua.Variant], types: Types) -> ua.StatusCode | ua.CallMethodResult | None:
    """What is wrong with the number or the types of arguments; None if nothing is."""
    if len(arguments) != len(types):
        few = len(arguments) < len(types)
        return ua.StatusCode(CODES.BadArgumentsMissing if few else CODES.BadTooManyArguments)
    wrong = [_misfit(given, wanted) for given, wanted in zip(arguments, types, strict=True)]
    if not any(wrong):
        return None
    codes = [ua.StatusCode(CODES.BadTypeMismatch if bad else CODES.Good) for bad in wrong]
    return ua.CallMethodResult(ua.StatusCode(CODES.BadInvalidArgument), codes, [], [])


def _misfit(given: ua.Variant, wanted: ua.VariantType) -> bool:
    if given.is_array:
        return True
    if given.VariantType == ua.VariantType.Null:
        return wanted not in (TEXT, BYTES)
    return bool(given.VariantType != wanted)


def _text(given: ua.LocalizedText | None) -> str:
    """A comment with its language; one that is null leaves the comment of before (Part 9, 5.5.6)."""
    if given is None or not (given.Text or given.Locale):
        return ""
    return Remark(given.Text or "", given.Locale or "")
