"""HistoryRead through asyncua's client: raw, modified, processed, at time, events, annotations, what the nodes say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asyncua import ua

from opcua_server import TwinServer
from opcua_server import historian as module
from opcua_server.aggregate_functions import OFFERED
from opcua_server.bounds import Bounds
from opcua_server.security import Security
from tests.opcua_server.conftest import PLANT, Talker
from tests.twin.history.conftest import postgres, postgres_server, where
from twin.history import Event, History, Recorder
from twin.plant import Plant
from twin.simulation import Simulation

__all__ = ["postgres", "postgres_server", "where"]  # every test runs over both databases

BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
SCANS = 120


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def wall(seconds: float) -> int:
    return round(1e6 * at(seconds).timestamp())


@pytest.fixture
async def recorder(where: str) -> AsyncIterator[Recorder]:
    """A recorder over a history that holds two minutes of 2020: a ramp of one tag, a switch of another."""
    plant = Plant.load(PLANT)
    history = History.create(where, plant, interval=0.0)
    image = plant.image.copy()
    for k in range(SCANS):
        image[plant.tags["BUF-1.p"].address] = 1000.0 + k
        image[plant.tags["SIM.mode"].address] = float(k // 10 % 2)
        history.record(image, float(k), wall(k), quality=int(k == 70))
    history.note(Event(wall(5), 5.0, "alarm", "BUF-1.p", "High pressure", 700, "", {"active": True}))
    history.commit()
    with Recorder(history) as made:
        yield made


@pytest.fixture
async def talk(recorder: Recorder, endpoint: str, connect: Callable[[], Any]) -> AsyncIterator[Talker]:
    server = TwinServer(Simulation(Plant.load(PLANT), mode="lockstep"), endpoint)
    server.record_into(recorder)
    async with server, connect() as talker:
        yield talker


async def ask(talk: Talker, details: Any, name: str = "BUF-1.p", point: bytes | None = None, **more: Any) -> Any:
    """One node's HistoryReadResult."""
    params = ua.HistoryReadParameters()
    params.HistoryReadDetails = details
    params.TimestampsToReturn = more.get("times", ua.TimestampsToReturn.Both)
    params.ReleaseContinuationPoints = more.get("release", False)
    nodeid = more.get("nodeid", ua.NodeId(name, 2))
    encoding = ua.QualifiedName(more.get("encoding"), 0)
    params.NodesToRead = [ua.HistoryReadValueId(nodeid, more.get("part", ""), encoding, point)]
    return (await talk.client.uaclient.history_read(params))[0]


def raw(start: float | None, end: float | None, number: int = 0, bounds: bool = False) -> ua.ReadRawModifiedDetails:
    nothing = ua.get_win_epoch()
    times = (nothing if start is None else at(start), nothing if end is None else at(end))
    return ua.ReadRawModifiedDetails(False, *times, number, bounds)


def processed(aggregate: int, start: float, end: float, step: float) -> ua.ReadProcessedDetails:
    return ua.ReadProcessedDetails(
        at(start), at(end), 1000.0 * step, [ua.NodeId(aggregate)], ua.AggregateConfiguration()
    )


async def test_asyncuas_client_reads_raw_history_with_the_times_of_the_scans(talk: Talker) -> None:
    values = await talk.node("BUF-1.p").read_raw_history(at(10), at(20), return_bounds=False)
    assert [v.Value.Value for v in values] == [1010.0 + k for k in range(10)]
    assert [v.SourceTimestamp.replace(tzinfo=UTC) for v in values] == [at(10 + k) for k in range(10)]
    back = await talk.node("BUF-1.p").read_raw_history(at(20), at(10), return_bounds=False)
    assert [v.Value.Value for v in back] == [1020.0 - k for k in range(10)]
    latest = await talk.node("BUF-1.p").read_raw_history(None, at(1000), numvalues=2, return_bounds=False)
    assert [v.Value.Value for v in latest] == [1119.0, 1118.0]


async def test_bad_scans_have_the_status_they_had_and_a_bound_that_is_missing_says_so(talk: Talker) -> None:
    found = await ask(talk, raw(69, 72))
    codes = [v.StatusCode.value for v in found.HistoryData.DataValues]
    assert codes == [0, ua.StatusCodes.BadOutOfService, 0]
    first, *_ = (await ask(talk, raw(-5, 3, bounds=True))).HistoryData.DataValues
    assert first.StatusCode.value == ua.StatusCodes.BadBoundNotFound
    assert first.Value is None or first.Value.Value is None
    assert first.SourceTimestamp.replace(tzinfo=UTC) == at(-5)


async def test_discrete_tags_travel_in_their_own_type(talk: Talker) -> None:
    found = await ask(talk, raw(9, 11), "SIM.mode")
    assert [v.Value.Value for v in found.HistoryData.DataValues] == [0, 1]
    assert {v.Value.VariantType for v in found.HistoryData.DataValues} == {ua.VariantType.UInt32}


async def test_continuation_points_go_on_once_and_can_be_released(talk: Talker) -> None:
    told, point = [], None
    for _ in range(5):
        found = await ask(talk, raw(0, 50, 20), point=point)
        told += [v.Value.Value for v in found.HistoryData.DataValues]
        used, point = point, found.ContinuationPoint
        if not point:
            break
    assert told == [1000.0 + k for k in range(50)]
    again = await ask(talk, raw(0, 50, 20), point=used)
    assert again.StatusCode.value == ua.StatusCodes.BadContinuationPointInvalid

    point = (await ask(talk, raw(0, 50, 20))).ContinuationPoint
    assert (await ask(talk, raw(0, 50, 20), point=point, release=True)).StatusCode.is_good()
    released = await ask(talk, raw(0, 50, 20), point=point)
    assert released.StatusCode.value == ua.StatusCodes.BadContinuationPointInvalid
    other = (await ask(talk, raw(0, 50, 20))).ContinuationPoint
    elsewhere = await ask(talk, raw(0, 50, 20), "BUF-2.p", point=other)
    assert elsewhere.StatusCode.value == ua.StatusCodes.BadContinuationPointInvalid


async def test_a_continuation_point_is_of_its_session_and_ends_with_it(
    talk: Talker, connect: Callable[[], Any]
) -> None:
    point = (await ask(talk, raw(0, 50, 20))).ContinuationPoint
    async with connect() as other:
        stolen = await ask(other, raw(0, 50, 20), point=point)
        released = await ask(other, raw(0, 50, 20), point=point, release=True)
        left = (await ask(other, raw(0, 50, 20))).ContinuationPoint
    for refused in (stolen, released, await ask(talk, raw(0, 50, 20), point=left)):
        assert refused.StatusCode.value == ua.StatusCodes.BadContinuationPointInvalid
    assert (await ask(talk, raw(0, 50, 20), point=point)).StatusCode.is_good()


async def test_a_request_takes_the_continuation_points_of_those_before_it_but_not_its_own(
    recorder: Recorder, endpoint: str, connect: Callable[[], Any]
) -> None:
    few = Security(bounds=Bounds(history_points=2))
    server = TwinServer(Simulation(Plant.load(PLANT), mode="lockstep"), endpoint, few)
    server.record_into(recorder)
    async with server, connect() as talk:
        old = [(await ask(talk, raw(0, 50, 20))).ContinuationPoint for _ in range(2)]
        params = ua.HistoryReadParameters(raw(0, 50, 20), ua.TimestampsToReturn.Both, False)
        params.NodesToRead = [ua.HistoryReadValueId(ua.NodeId("BUF-1.p", 2))] * 3
        found = await talk.client.uaclient.history_read(params)
        assert [each.StatusCode.name for each in found] == ["Good", "Good", "BadNoContinuationPoints"]
        gone = [(await ask(talk, raw(0, 50, 20), point=point)).StatusCode.name for point in old]
        assert gone == ["BadContinuationPointInvalid"] * 2
        assert (await ask(talk, raw(0, 50, 20), point=found[1].ContinuationPoint)).StatusCode.is_good()
        capability = ua.NodeId(ua.ObjectIds.Server_ServerCapabilities_MaxHistoryContinuationPoints)
        assert await talk.client.get_node(capability).read_value() == 2


async def test_a_response_is_bounded_though_all_is_asked_for(talk: Talker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_VALUES", 50)
    found = await ask(talk, raw(0, 1000))
    assert len(found.HistoryData.DataValues) == 50
    assert found.ContinuationPoint
    whole = await talk.node("BUF-1.p").read_raw_history(at(0), at(1000), return_bounds=False)
    assert [v.Value.Value for v in whole] == [1000.0 + k for k in range(SCANS)]


async def test_what_cannot_be_asked_is_refused_with_its_code(talk: Talker) -> None:
    refused = {
        "BadHistoryOperationInvalid": await ask(talk, raw(None, None)),
        "BadNodeIdUnknown": await ask(talk, raw(0, 1), "CV-999.opening"),
        "BadHistoryOperationUnsupported": await ask(talk, raw(0, 1), "CV-101.opening/EURange"),
        "BadAggregateNotSupported": await ask(talk, processed(ua.ObjectIds.AggregateFunctionType, 0, 10, 1)),
        "BadInvalidArgument": await ask(talk, processed(ua.ObjectIds.AggregateFunction_Count, 5, 5, 1)),
        "GoodNoData": await ask(talk, raw(-50, -10)),
    }
    assert {name: result.StatusCode.name for name, result in refused.items()} == {name: name for name in refused}
    modified = raw(0, 1)
    modified.IsReadModified = True
    assert (await ask(talk, modified)).StatusCode.value == ua.StatusCodes.BadHistoryOperationUnsupported
    with pytest.raises(ua.uaerrors.BadTimestampsToReturnInvalid):
        await ask(talk, raw(0, 1), times=ua.TimestampsToReturn.Neither)


async def test_of_more_values_than_asked_for_an_open_request_says_that_there_are_more(talk: Talker) -> None:
    for start, end, expected in ((0, None, [1000.0, 1001.0, 1002.0]), (None, 50, [1050.0, 1049.0, 1048.0])):
        found = await ask(talk, raw(start, end, 3))
        assert [v.Value.Value for v in found.HistoryData.DataValues] == expected
        assert found.StatusCode.value == ua.StatusCodes.GoodMoreData
        assert not found.ContinuationPoint
    last = await ask(talk, raw(None, 2, 3))
    assert [v.Value.Value for v in last.HistoryData.DataValues] == [1002.0, 1001.0, 1000.0]
    assert last.StatusCode.value == 0


async def test_after_a_clock_was_set_back_all_values_come_in_the_order_of_their_dates(
    recorder: Recorder, talk: Talker
) -> None:
    """Ten seconds of a second round, the values of which are 100 higher, over 2020's two minutes."""
    plant = Plant.load(PLANT)
    image = plant.image.copy()
    for k in range(10):
        scan = image.copy()
        scan[plant.tags["BUF-1.p"].address] = 1110.0 + k
        recorder.record(scan, 1e6 + k, wall(10 + k))
    recorder.settled().result(20.0)
    found = (await ask(talk, raw(8, 22))).HistoryData.DataValues
    both = [value for k in range(10, 20) for value in (1000.0 + k, 1100.0 + k)]
    assert [v.Value.Value for v in found] == [1008.0, 1009.0, *both, 1020.0, 1021.0]
    (mean,) = (await ask(talk, processed(ua.ObjectIds.AggregateFunction_Average, 10, 20, 10))).HistoryData.DataValues
    assert mean.Value.Value == 1064.5


async def test_timestamps_come_as_asked_for(talk: Talker) -> None:
    both = ua.TimestampsToReturn
    for wanted, source, server in ((both.Source, True, False), (both.Server, False, True), (both.Both, True, True)):
        (value, *_) = (await ask(talk, raw(3, 5), times=wanted)).HistoryData.DataValues
        assert (value.SourceTimestamp is not None, value.ServerTimestamp is not None) == (source, server)


async def test_parts_and_encodings_that_a_scalar_does_not_have_are_refused(talk: Talker) -> None:
    for index_range, name in (("0:1", "BadIndexRangeNoData"), ("2:1x", "BadIndexRangeInvalid")):
        assert (await ask(talk, raw(0, 5), part=index_range)).StatusCode.name == name
    assert (await ask(talk, raw(0, 5), encoding="Default XML")).StatusCode.name == "BadDataEncodingUnsupported"
    assert (await ask(talk, raw(0, 5), encoding="Default Binary")).StatusCode.is_good()
    assert (await ask(talk, ua.ReadAtTimeDetails([], False))).StatusCode.name == "BadNothingToDo"


async def test_values_at_times_with_simple_bounds_do_not_look_past_bad_readings(talk: Talker) -> None:
    """The scan at 70 s has failed: interpolated bounds join its neighbours, simple ones do not."""
    times = [at(69.5), at(70.5), at(71.5)]
    found = (await ask(talk, ua.ReadAtTimeDetails(times, False))).HistoryData.DataValues
    assert [v.Value.Value for v in found] == [1069.5, 1070.5, 1071.5]
    doubt = ua.StatusCodes.UncertainDataSubNormal
    assert [v.StatusCode.value & 0xFFFF0000 for v in found] == [doubt, doubt, 0]
    simple = (await ask(talk, ua.ReadAtTimeDetails(times, True))).HistoryData.DataValues
    assert [v.Value.Value if v.Value else None for v in simple] == [1069.0, None, 1071.5]
    assert [v.StatusCode.value & 0xFFFF0000 for v in simple] == [doubt, ua.StatusCodes.BadNoData, 0]


async def test_values_at_times_are_exact_or_interpolated_and_discrete_ones_held(talk: Talker) -> None:
    details = ua.ReadAtTimeDetails([at(10.5), at(11.0)], False)
    values = (await ask(talk, details)).HistoryData.DataValues
    assert [v.Value.Value for v in values] == [1010.5, 1011.0]
    assert [v.StatusCode.value for v in values] == [0x402, 0]
    held = (await ask(talk, ua.ReadAtTimeDetails([at(10.5)], False), "SIM.mode")).HistoryData.DataValues
    assert held[0].Value.Value == 1


async def test_what_people_do_is_an_annotation_and_an_event(talk: Talker) -> None:
    before = datetime.now(UTC) - timedelta(seconds=5)
    old = await talk.value("CV-101.opening")
    assert await talk.write("CV-101.opening", 0.75) == "Good"
    await talk.advance(1.0)
    notes, node = [], ua.NodeId("CV-101.opening/Annotations", 2)
    for _ in range(50):
        details = ua.ReadRawModifiedDetails(False, before, datetime.now(UTC) + timedelta(seconds=5), 0, False)
        found = await ask(talk, details, nodeid=node)
        if found.StatusCode.value == 0:
            notes = [v.Value.Value for v in found.HistoryData.DataValues]
            break
        await asyncio.sleep(0.1)
    assert [note.Message for note in notes] == [f"CV-101.opening: {old:g} to 0.75"]

    server = talk.client.get_node(ua.NodeId(ua.ObjectIds.Server))
    acts = await server.read_event_history(before, None, evtypes=ua.ObjectIds.AuditWriteUpdateEventType)
    assert [(act.SourceName, act.OldValue, act.NewValue) for act in acts] == [("CV-101.opening", old, 0.75)]
    calls = await server.read_event_history(before, None, evtypes=ua.ObjectIds.AuditUpdateMethodEventType)
    assert [(call.SourceName, call.Message.Text) for call in calls] == [("SIM.advance", "SIM.advance(1)")]
    alarms = await server.read_event_history(at(0), at(60))
    assert [(a.SourceName, a.Message.Text, a.Severity) for a in alarms] == [("BUF-1.p", "High pressure", 700)]


async def test_a_time_without_events_is_an_empty_list_of_events(talk: Talker) -> None:
    chosen = ua.SimpleAttributeOperand(ua.NodeId(ua.ObjectIds.BaseEventType), [ua.QualifiedName("Message")], 13)
    details = ua.ReadEventDetails(0, at(-50), at(-10), ua.EventFilter([chosen], ua.ContentFilter()))
    found = await ask(talk, details, nodeid=ua.NodeId(ua.ObjectIds.Server))
    assert (found.StatusCode.name, found.HistoryData) == ("GoodNoData", ua.HistoryEvent())


async def test_events_and_annotations_go_on_behind_a_continuation_point(
    recorder: Recorder, talk: Talker, monkeypatch: pytest.MonkeyPatch
) -> None:
    for k in range(25):
        kind = "write" if k % 5 else "alarm"
        recorder.note(Event(wall(10 + k), 0.0, kind, "CV-101.opening", f"{k}", 100, "anna", {"old": 0.0, "new": k}))
    await asyncio.sleep(1.0)
    monkeypatch.setattr(module, "LOOK", 7)
    chosen = ua.SimpleAttributeOperand(ua.NodeId(ua.ObjectIds.BaseEventType), [ua.QualifiedName("Message")], 13)
    details = ua.ReadEventDetails(3, at(0), at(100), ua.EventFilter([chosen], ua.ContentFilter()))
    server = ua.NodeId(ua.ObjectIds.Server)
    texts: list[str] = []
    point, asked = None, 0
    while asked == 0 or point:
        found = await ask(talk, details, nodeid=server, point=point)
        texts += [row.EventFields[0].Value.Text for row in found.HistoryData.Events]
        point, asked = found.ContinuationPoint, asked + 1
    assert texts == ["High pressure", *map(str, range(25))]
    assert asked >= 9

    notes, point, asked = [], None, 0
    while asked == 0 or point:
        found = await ask(talk, raw(100, 0, 6), nodeid=ua.NodeId("CV-101.opening/Annotations", 2), point=point)
        notes += [v.Value.Value.Message for v in found.HistoryData.DataValues]
        point, asked = found.ContinuationPoint, asked + 1
    assert notes == [str(k) for k in range(24, -1, -1) if k % 5]
    assert asked == 4


async def test_a_scan_can_be_read_within_a_second(talk: Talker) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    await talk.advance(1.0)
    now = await talk.read("BUF-1.p")
    for _ in range(50):
        values = await talk.node("BUF-1.p").read_raw_history(before, None, numvalues=10, return_bounds=False)
        if values and values[-1].SourceTimestamp == now.SourceTimestamp:
            break
        await asyncio.sleep(0.1)
    assert values[-1].SourceTimestamp == now.SourceTimestamp
    assert values[-1].Value.Value == pytest.approx(now.Value.Value, rel=1e-7)


async def test_the_address_space_says_what_is_kept_and_how(talk: Talker) -> None:
    node = talk.node("BUF-1.p")
    assert (await talk.read("BUF-1.p", ua.AttributeIds.Historizing)).Value.Value is True
    assert ua.AccessLevel.HistoryRead in await node.get_access_level()
    for name, stepped in (("BUF-1.p", False), ("SIM.mode", True)):
        (configured,) = await talk.node(name).get_referenced_nodes(ua.ObjectIds.HasHistoricalConfiguration)
        assert await (await configured.get_child("0:Stepped")).read_value() is stepped
        told = {
            child: await (await configured.get_child(f"0:{child}")).read_value()
            for child in ("MinTimeInterval", "MaxTimeInterval", "ExceptionDeviation", "ExceptionDeviationFormat")
        }
        assert told == {
            "MinTimeInterval": 100.0,
            "MaxTimeInterval": 204_800.0,
            "ExceptionDeviation": 0.0,
            "ExceptionDeviationFormat": 3,
        }
        assert "single precision" in await (await configured.get_child("0:Definition")).read_value()
        for child in ("StartOfArchive", "StartOfOnlineArchive"):
            assert (await (await configured.get_child(f"0:{child}")).read_value()).replace(tzinfo=UTC) == BEGIN
        functions = await (await configured.get_child("0:AggregateFunctions")).get_children()
        assert {function.nodeid.Identifier for function in functions} == set(OFFERED)
        assert await (await configured.get_child(["0:AggregateConfiguration", "0:PercentDataGood"])).read_value() == 100
    server = talk.client.get_node(ua.NodeId(ua.ObjectIds.Server))
    path = ["0:ServerCapabilities", "0:HistoryServerCapabilities"]
    assert await (await server.get_child([*path, "0:AccessHistoryDataCapability"])).read_value() is True
    assert await (await server.get_child([*path, "0:MaxReturnDataValues"])).read_value() == 10_000
    assert await (await server.get_child([*path, "0:InsertAnnotationCapability"])).read_value() is True
    for change in (
        "InsertData",
        "ReplaceData",
        "UpdateData",
        "DeleteRaw",
        "DeleteAtTime",
        "InsertEvent",
        "DeleteEvent",
    ):
        assert await (await server.get_child([*path, f"0:{change}Capability"])).read_value() is False
    for folder in ([*path, "0:AggregateFunctions"], [path[0], "0:AggregateFunctions"]):
        listed = await (await server.get_child(folder)).get_children()
        assert {function.nodeid.Identifier for function in listed} == set(OFFERED)
    assert ua.EventNotifier.HistoryRead in await server.read_event_notifier()
