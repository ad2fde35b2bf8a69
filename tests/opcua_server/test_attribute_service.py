"""The attribute service set (Part 4, 5.11), as a conformance tester sees it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
from asyncua import ua

from opcua_server import TwinServer

from .conformance import VALUE, Asker, names, of, standard, tag

pytestmark = pytest.mark.asyncio(loop_scope="module")
A, BAD, T = ua.AttributeIds, ua.uaerrors, ua.TimestampsToReturn
TIME, OPENING, MODES = tag("SIM.time"), tag("CV-101.opening"), tag("SIM.mode/EnumStrings")
SERVER, STATUS = standard("Server"), standard("Server_ServerStatus")
UNKNOWN = tag("no such node")
DOUBLE = ua.VariantType.Double


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def asker(served: tuple[TwinServer, int]) -> Asker:
    return await Asker.on(served[1])


def wanted(node: ua.NodeId, attribute: int = VALUE, part: str | None = None, encoding: Any = None) -> ua.ReadValueId:
    return ua.ReadValueId(node, attribute, part, encoding or ua.QualifiedName())


# --- read ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "status"),
    [
        (wanted(UNKNOWN), "BadNodeIdUnknown"),
        (wanted(ua.NodeId()), "BadNodeIdUnknown"),
        (wanted(UNKNOWN, part="x"), "BadNodeIdUnknown"),
        (wanted(TIME, 0), "BadAttributeIdInvalid"),
        (wanted(TIME, 28), "BadAttributeIdInvalid"),
        (wanted(TIME, 0xFFFFFFFF), "BadAttributeIdInvalid"),
        (wanted(TIME, A.EventNotifier), "BadAttributeIdInvalid"),
        (wanted(SERVER, A.Value), "BadAttributeIdInvalid"),
        (wanted(SERVER, A.Executable), "BadAttributeIdInvalid"),
        (wanted(SERVER, A.EventNotifier), "Good"),
        (wanted(TIME, A.DisplayName, "0"), "BadIndexRangeNoData"),
        (wanted(TIME, A.NodeClass, "0:1"), "BadIndexRangeNoData"),
        (wanted(TIME, A.DisplayName, "1:0"), "BadIndexRangeInvalid"),
        (wanted(MODES, part="0"), "Good"),
        (wanted(MODES, part="0:0"), "BadIndexRangeInvalid"),
        (wanted(MODES, part="-1"), "BadIndexRangeInvalid"),
        (wanted(MODES, part="0, 1"), "BadIndexRangeInvalid"),
        (wanted(MODES, part="0,1"), "BadIndexRangeNoData"),
        (wanted(MODES, part="2:900"), "Good"),
        (wanted(TIME, encoding=ua.QualifiedName("Default Binary")), "BadDataEncodingInvalid"),
        (wanted(TIME, A.BrowseName, encoding=ua.QualifiedName("Default Binary")), "BadDataEncodingInvalid"),
        (wanted(TIME, encoding=ua.QualifiedName("anything", 7)), "BadDataEncodingInvalid"),
        (wanted(STATUS, encoding=ua.QualifiedName("Default Binary")), "Good"),
        (wanted(STATUS, encoding=ua.QualifiedName("Default XML")), "BadDataEncodingUnsupported"),
        (wanted(STATUS, encoding=ua.QualifiedName("Default Binary", 3)), "BadDataEncodingUnsupported"),
    ],
)
async def test_each_read_is_answered_for_itself(asker: Asker, item: ua.ReadValueId, status: str) -> None:
    before, found, after = await asker.read(wanted(TIME), item, wanted(TIME))
    assert found.StatusCode.name == status
    assert before.StatusCode.is_good() and after.StatusCode.is_good()


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"MaxAge": -1.0}, BAD.BadMaxAgeInvalid),
        ({"MaxAge": float("nan")}, BAD.BadMaxAgeInvalid),
        ({"TimestampsToReturn": T.Invalid}, BAD.BadTimestampsToReturnInvalid),
        ({"TimestampsToReturn": T(-1)}, BAD.BadTimestampsToReturnInvalid),
        ({"NodesToRead": []}, BAD.BadNothingToDo),
        ({"NodesToRead": [wanted(TIME)] * 61}, BAD.BadTooManyOperations),
    ],
)
async def test_a_read_as_a_whole_may_be_at_fault(asker: Asker, fields: dict[str, Any], fault: Any) -> None:
    with pytest.raises(fault):
        await asker.ask(of(ua.ReadRequest(), **{"NodesToRead": [wanted(TIME)]} | fields), ua.ReadResponse)


@pytest.mark.parametrize("age", [0.0, 1e300, float("inf")])
async def test_any_age_above_nothing_is_met(asker: Asker, age: float) -> None:
    (found,) = await asker.read(wanted(TIME), MaxAge=age)
    assert found.StatusCode.is_good()


@pytest.mark.parametrize(
    "node", [TIME, standard("Server_ServerStatus_BuildInfo_BuildNumber"), standard("Server_NamespaceArray")]
)
async def test_what_stands_still_is_known_to_be_so_whenever_it_is_read(asker: Asker, node: ua.NodeId) -> None:
    first = (await asker.read(wanted(node)))[0]
    await asyncio.sleep(0.05)
    then = (await asker.read(wanted(node)))[0]
    assert then.ServerTimestamp > first.ServerTimestamp
    assert then.SourceTimestamp == first.SourceTimestamp


@pytest.mark.parametrize("times", list(T)[:4])
async def test_the_time_stamps_asked_for_come_and_no_others(asker: Asker, times: ua.TimestampsToReturn) -> None:
    nodes = [wanted(TIME), wanted(STATUS), wanted(MODES), wanted(TIME, A.DisplayName), wanted(SERVER, A.NodeClass)]
    request = of(ua.ReadRequest(), NodesToRead=nodes, TimestampsToReturn=times)
    found = (await asker.ask(request, ua.ReadResponse)).Results
    assert [each.ServerTimestamp is not None for each in found] == [times in (T.Server, T.Both)] * 5
    assert [each.SourceTimestamp is not None for each in found[:2]] == [times in (T.Source, T.Both)] * 2
    assert [each.SourceTimestamp for each in found[3:]] == [None, None]  # a name has no source


async def test_one_node_may_be_read_many_times_in_a_request(asker: Asker) -> None:
    found = await asker.read(*[wanted(TIME)] * 50)
    assert len({each.Value.Value for each in found}) == 1


# --- write -----------------------------------------------------------------------------------------------------------

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HALF = ua.Variant(0.5, DOUBLE)


def writing(
    value: Any, node: ua.NodeId = OPENING, attribute: int = VALUE, part: str | None = None, **named: Any
) -> ua.WriteValue:
    return ua.WriteValue(node, attribute, part, ua.DataValue(value, **named))


@pytest.mark.parametrize(
    ("item", "status"),
    [
        (writing(HALF), "Good"),
        (writing(HALF, UNKNOWN), "BadNodeIdUnknown"),
        (writing(HALF, attribute=0), "BadAttributeIdInvalid"),
        (writing(HALF, attribute=A.EventNotifier), "BadAttributeIdInvalid"),
        (writing(HALF, SERVER), "BadAttributeIdInvalid"),
        (writing(HALF, TIME), "BadNotWritable"),
        (writing(ua.Variant("x"), attribute=A.BrowseName), "BadNotWritable"),
        (writing(ua.Variant(0.5, ua.VariantType.Float)), "BadTypeMismatch"),
        (writing(ua.Variant("0.5")), "BadTypeMismatch"),
        (writing(ua.Variant()), "BadTypeMismatch"),
        (writing(ua.Variant([0.5], DOUBLE)), "BadTypeMismatch"),
        (writing(ua.Variant(7.0, DOUBLE)), "BadOutOfRange"),
        (writing(HALF, part="0"), "BadWriteNotSupported"),
        (writing(HALF, part="a"), "BadIndexRangeInvalid"),
        (writing(HALF, StatusCode=ua.StatusCode(ua.StatusCodes.Bad)), "BadWriteNotSupported"),
        (writing(HALF, StatusCode=ua.StatusCode(ua.StatusCodes.Uncertain)), "BadWriteNotSupported"),
        (writing(HALF, ServerTimestamp=NOW), "BadWriteNotSupported"),
    ],
)
async def test_each_write_is_answered_for_itself(asker: Asker, item: ua.WriteValue, status: str) -> None:
    around = writing(ua.Variant(0.25, DOUBLE))
    request = of(ua.WriteRequest(), NodesToWrite=[around, item, around])
    assert names((await asker.ask(request, ua.WriteResponse)).Results) == ["Good", status, "Good"]
    assert await asker.value(OPENING) == 0.25


@pytest.mark.parametrize(
    ("nodes", "fault"),
    [([], BAD.BadNothingToDo), ([writing(HALF)] * 61, BAD.BadTooManyOperations)],
    ids=["none", "too many"],
)
async def test_a_write_as_a_whole_may_be_at_fault(asker: Asker, nodes: list[Any], fault: Any) -> None:
    with pytest.raises(fault):
        await asker.ask(of(ua.WriteRequest(), NodesToWrite=nodes), ua.WriteResponse)
