"""Filters of event items over a real client: what is wrong with them, clause by clause, and queues that overflow."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from asyncua import ua

from opcua_server.event_queue import LONGEST, Overflow, put, revised_size

from .watching import AIR, FIELDS, IDS, SERVER, clause, condition, literal, lose_air

OP, BASE = ua.FilterOperator, ua.NodeId(IDS.BaseEventType)


def operand(
    *names: str, kind: ua.NodeId = BASE, attribute: int = ua.AttributeIds.Value, part: str | None = None
) -> ua.SimpleAttributeOperand:
    return ua.SimpleAttributeOperand(kind, [ua.QualifiedName(name) for name in names], attribute, part)


async def create(
    watch: Any,
    select: list[Any],
    where: list[ua.ContentFilterElement] | None = None,
    queue: int = 1000,
    oldest: bool = True,
) -> Any:
    """The result of making an item with this filter."""
    chosen = ua.EventFilter(select, ua.ContentFilter(where or []))
    asked = ua.MonitoringParameters(7, 0.0, chosen, queue, oldest)
    item = ua.MonitoredItemCreateRequest(
        ua.ReadValueId(SERVER, ua.AttributeIds.EventNotifier), ua.MonitoringMode.Reporting, asked
    )
    request = ua.CreateMonitoredItemsParameters(watch.number, ua.TimestampsToReturn.Both, [item])
    (result,) = await watch.client.uaclient.create_monitored_items(request)
    return result


async def test_every_clause_that_is_wrong_has_its_own_status(watch: Any) -> None:
    await watch.listen()
    result = await create(
        watch,
        [
            operand("Severity"),
            operand("Severity", kind=ua.NodeId(999_999)),
            operand("Severity", kind=ua.NodeId(IDS.BaseObjectType)),
            operand("Severity", attribute=99),
            operand(),
            operand("Nonsense"),
            operand("ActiveState", "Id"),
            operand("ActiveState", "Nonsense"),
            operand("SourceName", part="x"),
            operand(kind=ua.NodeId(IDS.ConditionType), attribute=ua.AttributeIds.NodeId),
            operand("Cause"),
        ],
    )
    assert result.StatusCode.name == "BadEventFilterInvalid"
    assert [code.name for code in result.FilterResult.SelectClauseResults] == [
        "Good",
        "BadNodeIdUnknown",
        "BadTypeDefinitionInvalid",
        "BadAttributeIdInvalid",
        "BadAttributeIdInvalid",
        "BadBrowseNameInvalid",
        "Good",
        "BadBrowseNameInvalid",
        "BadIndexRangeInvalid",
        "Good",
        "Good",
    ]


async def test_a_field_that_never_comes_is_null_and_said_so(watch: Any) -> None:
    await watch.listen()
    result = await create(watch, [operand("Severity"), operand("OfALaterVersion")])
    assert result.StatusCode.is_good()
    assert [code.name for code in result.FilterResult.SelectClauseResults] == ["Good", "BadBrowseNameInvalid"]
    good = await create(watch, [operand("Severity")])
    assert not isinstance(good.FilterResult, ua.EventFilterResult)


@pytest.mark.parametrize(
    ("element", "status", "operands"),
    [
        ((OP.InView, [literal(BASE, ua.VariantType.NodeId)]), "BadFilterOperatorUnsupported", []),
        ((OP.RelatedTo, [literal(1, ua.VariantType.Int32)] * 6), "BadFilterOperatorUnsupported", []),
        ((OP.Equals, [operand("Severity")]), "BadFilterOperandCountMismatch", []),
        ((OP.Not, [ua.ElementOperand(5)]), "BadFilterOperandInvalid", ["BadFilterElementInvalid"]),
        ((OP.Not, [ua.ElementOperand(0)]), "BadFilterOperandInvalid", ["BadFilterElementInvalid"]),
        ((OP.IsNull, [operand("Nonsense")]), "BadFilterOperandInvalid", ["BadBrowseNameInvalid"]),
        ((OP.IsNull, [ua.AttributeOperand(BASE, "a")]), "BadFilterOperandInvalid", ["BadFilterOperandInvalid"]),
        (
            (OP.OfType, [literal(ua.NodeId(999_999), ua.VariantType.NodeId)]),
            "BadFilterOperandInvalid",
            ["BadNodeIdUnknown"],
        ),
        ((OP.OfType, [literal(5, ua.VariantType.Int32)]), "BadFilterOperandInvalid", ["BadFilterOperandInvalid"]),
    ],
)
async def test_every_operand_that_is_wrong_has_its_own_status(
    watch: Any,
    element: Any,
    status: str,
    operands: list[str],
) -> None:
    await watch.listen()
    result = await create(watch, [operand("Severity")], [ua.ContentFilterElement(*element)])
    assert result.StatusCode.name == "BadEventFilterInvalid"
    (found,) = result.FilterResult.WhereClauseResult.ElementResults
    assert found.StatusCode.name == status
    assert [code.name for code in found.OperandStatusCodes] == operands


async def test_a_filter_without_fields_is_refused(watch: Any) -> None:
    await watch.listen()
    assert (await create(watch, [])).StatusCode.name == "BadEventFilterInvalid"


async def test_part_of_a_field_can_be_selected(watch: Any) -> None:
    await watch.listen()
    await watch.client.uaclient.delete_monitored_items(ua.DeleteMonitoredItemsParameters(watch.number, [watch.item]))
    told: list[list[Any]] = []

    def take(result: ua.PublishResult) -> None:
        for data in result.NotificationMessage.NotificationData or ():
            told.extend([field.Value for field in event.EventFields] for event in getattr(data, "Events", ()))

    watch.client.uaclient._subscription_callbacks[watch.number] = take
    where = [
        ua.ContentFilterElement(OP.Equals, [operand("ConditionName"), literal(AIR, ua.VariantType.String)]),
    ]
    fields = [operand("ConditionName", part="0:1"), operand("ConditionName", part="90"), clause("NodeId")]
    assert (await create(watch, fields, where)).StatusCode.is_good()
    await lose_air(watch)
    async with asyncio.timeout(20.0):
        while not told:
            await asyncio.sleep(0.01)
    assert told[0] == ["ZC", None, condition(AIR)]


async def test_a_client_that_misses_events_is_told_so(watch: Any) -> None:
    await watch.listen()
    off = ua.SetPublishingModeParameters(False, [watch.number])
    await watch.client.uaclient.set_publishing_mode(off)
    where = [ua.ContentFilterElement(OP.Equals, [operand("ConditionName"), literal(AIR, ua.VariantType.String)])]
    result = await create(watch, [clause(path) for path in FIELDS], where, queue=2)
    assert result.RevisedQueueSize == 2
    for lost in (True, False, True, False):
        await lose_air(watch, lost)
    on = ua.SetPublishingModeParameters(True, [watch.number])
    await watch.client.uaclient.set_publishing_mode(on)
    await watch.until(6)
    told = [event["EventType"] for event in watch.told].index(ua.NodeId(IDS.EventQueueOverflowEventType))
    assert [event["ActiveState/Id"] for event in watch.told[told + 1 : told + 3]] == [True, False]
    number = ua.NodeId(IDS.Server_ServerDiagnostics_SubscriptionDiagnosticsArray)
    (shown,) = await watch.client.get_node(number).read_value()
    assert shown.EventQueueOverflowCount == 2


def test_an_overflow_is_told_once_at_the_end_where_events_were_lost() -> None:
    def event(number: int) -> ua.EventFieldList:
        return ua.EventFieldList(number, [])

    def fill(oldest: bool) -> list[Any]:
        queued: list[ua.EventFieldList] = []
        lost = [put(queued, event(n), 2, oldest, lambda: Overflow(99, [])) for n in range(5)]
        assert lost == [False, False, True, True, True]
        return [one.ClientHandle for one in queued]

    assert fill(oldest=True) == [99, 3, 4]
    assert fill(oldest=False) == [0, 1, 99]
    half_read = [Overflow(99, []), event(4)]
    assert not put(half_read, event(5), 2, True, lambda: Overflow(98, []))
    assert [one.ClientHandle for one in half_read] == [99, 4, 5]


def test_the_server_chooses_the_queue_of_a_client_that_names_none() -> None:
    assert [revised_size(asked) for asked in (0, 1, 2, 2**32 - 1)] == [LONGEST, LONGEST, 2, LONGEST]
