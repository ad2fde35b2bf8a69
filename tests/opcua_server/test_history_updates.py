"""Annotations by HistoryUpdate, and who may read and annotate, over a secured server and both databases."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asyncua import ua
from cryptography.hazmat.primitives.asymmetric import rsa

from opcua_server import TwinServer
from opcua_server.access import Role
from opcua_server.aggregate_functions import ANNOTATION_COUNT
from tests.opcua_server.conftest import PLANT, Talker
from tests.opcua_server.secured import PASSWORD, Site, certificate
from tests.twin.history.conftest import postgres, postgres_server
from twin.alarms.catalogue import RECORD
from twin.history import Event, History, HistoryError, Recorder
from twin.plant import Plant
from twin.simulation import Simulation

__all__ = ["postgres", "postgres_server"]

TAG = "CV-101.opening"
BEGIN = datetime(2024, 5, 1, tzinfo=UTC)
ACT = ua.PerformUpdateType
PEOPLE = {"ono": "observer", "ota": "operator", "abe": "operator", "eda": "engineer"}


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


class Desk:
    """A secured server over a history, and clients of people who are known to it."""

    def __init__(self, site: Site, recorder: Recorder, key: rsa.RSAPrivateKey) -> None:
        self.site, self.recorder = site, recorder
        self._certificate = certificate(key)
        site.trust.add(site.client_file(self._certificate))
        for name, role in PEOPLE.items():
            site.users.add(name, role, PASSWORD)

    @asynccontextmanager
    async def serving(self, **changes: Any) -> AsyncIterator[TwinServer]:
        simulation = Simulation(Plant.load(PLANT), mode="lockstep")
        server = TwinServer(simulation, self.site.endpoint, replace(self.site.security, **changes))
        server.record_into(self.recorder)
        async with server:
            yield server

    def client(self, user: str) -> Any:
        return self.site.client(self._certificate, user=user)


BOTH = pytest.mark.parametrize("desk", ["sqlite", "postgres"], indirect=True)
"""For tests of what is stored; the others run over SQLite."""


@pytest.fixture
def desk(request: pytest.FixtureRequest, site: Site, key: rsa.RSAPrivateKey, tmp_path: Path) -> Any:
    where = str(tmp_path / "history.sqlite")
    if getattr(request, "param", "sqlite") == "postgres":
        where = str(request.getfixturevalue("postgres"))
    history = History.create(where, Plant.load(PLANT), interval=0.0)
    image = Plant.load(PLANT).image
    for k in range(10):
        history.record(image, float(k), round(1e6 * at(k).timestamp()))
    history.note(Event(round(1e6 * at(1).timestamp()), 1.0, "write", TAG, "0 to 1", 100, "ota"))
    history.note(Event(round(1e6 * at(2).timestamp()), 2.0, "alarm", TAG, "high", 100))
    history.commit()
    with Recorder(history) as recorder:
        yield Desk(site, recorder, key)


def note(text: str, about: float, user: str = "", written: float = 100.0) -> ua.DataValue:
    told = ua.Annotation(text, user, at(written))
    return ua.DataValue(ua.Variant(told, ua.VariantType.ExtensionObject), SourceTimestamp=at(about))


async def update(talk: Talker, details: Any) -> ua.HistoryUpdateResult:
    params = ua.HistoryUpdateParameters([details])
    return (await talk.client.uaclient.history_update(params))[0]


async def annotate(talk: Talker, act: ua.PerformUpdateType, *values: ua.DataValue, tag: str = TAG) -> list[str]:
    """The status of each value, or of the whole."""
    details = ua.UpdateStructureDataDetails(ua.NodeId(f"{tag}/Annotations", 2), act, list(values))
    result = await update(talk, details)
    return [code.name for code in result.OperationResults or [result.StatusCode]]


async def read(talk: Talker, details: Any, nodeid: ua.NodeId) -> ua.HistoryReadResult:
    params = ua.HistoryReadParameters()
    params.HistoryReadDetails, params.ReleaseContinuationPoints = details, False
    params.TimestampsToReturn = ua.TimestampsToReturn.Both
    params.NodesToRead = [ua.HistoryReadValueId(nodeid, "", ua.QualifiedName(), None)]
    return (await talk.client.uaclient.history_read(params))[0]


async def until(server: TwinServer, true: Callable[[], bool]) -> None:
    """Alarms show with the next scan after it was seen."""
    async with asyncio.timeout(20.0):
        while not true():
            await asyncio.wrap_future(server.simulation.advance(1.0))
            await asyncio.sleep(0.05)


async def notes(talk: Talker, tag: str = TAG) -> list[tuple[datetime, str, str]]:
    raw = ua.ReadRawModifiedDetails(False, at(0), at(1000), 0, False)
    found = await read(talk, raw, ua.NodeId(f"{tag}/Annotations", 2))
    values = found.HistoryData.DataValues if found.StatusCode.value == 0 else []
    return [(v.SourceTimestamp.replace(tzinfo=UTC), v.Value.Value.Message, v.Value.Value.UserName) for v in values]


OWN = (at(1), "0 to 1", "ota")
"""What the history itself says of the tag."""


@BOTH
async def test_an_operator_inserts_replaces_and_removes_annotations(desk: Desk) -> None:
    async with desk.serving(), desk.client("ota") as talk:
        both = (note("ice", 5), note("still ice", 6))
        assert await annotate(talk, ACT.Insert, *both) == ["GoodEntryInserted", "GoodEntryInserted"]
        assert await annotate(talk, ACT.Insert, both[0]) == ["BadEntryExists"]
        assert await notes(talk) == [OWN, (at(5), "ice", "ota"), (at(6), "still ice", "ota")]
        assert await annotate(talk, ACT.Replace, note("water", 5), note("?", 7)) == [
            "GoodEntryReplaced",
            "BadNoEntryExists",
        ]
        assert await annotate(talk, ACT.Update, note("air", 5), note("new", 8)) == [
            "GoodEntryReplaced",
            "GoodEntryInserted",
        ]
        assert await annotate(talk, ACT.Remove, note("", 6), note("", 6)) == ["Good", "BadNoEntryExists"]
        assert await notes(talk) == [OWN, (at(5), "air", "ota"), (at(8), "new", "ota")]
        count = ua.ReadProcessedDetails(
            at(0), at(10), 5000.0, [ua.NodeId(ANNOTATION_COUNT)], ua.AggregateConfiguration()
        )
        found = await read(talk, count, ua.NodeId(TAG, 2))
        assert [v.Value.Value for v in found.HistoryData.DataValues] == [1, 2]


async def test_annotations_are_signed_by_who_made_them_and_only_an_engineer_changes_those_of_others(desk: Desk) -> None:
    async with desk.serving():
        async with desk.client("ota") as talk:
            assert await annotate(talk, ACT.Insert, note("mine", 5)) == ["GoodEntryInserted"]
            assert await annotate(talk, ACT.Insert, note("forged", 5, "eda")) == ["BadUserAccessDenied"]
        async with desk.client("abe") as talk:
            assert await annotate(talk, ACT.Remove, note("", 5, "ota")) == ["BadUserAccessDenied"]
            assert await annotate(talk, ACT.Remove, note("", 5)) == ["BadNoEntryExists"]
        async with desk.client("eda") as talk:
            assert await annotate(talk, ACT.Insert, note("forged", 5, "ota")) == ["BadUserAccessDenied"]
            assert await annotate(talk, ACT.Remove, note("", 5, "ota")) == ["Good"]
            assert await annotate(talk, ACT.Remove, note("0 to 1", 1, "ota", written=1.0)) == ["BadNoEntryExists"]
            assert await notes(talk) == [OWN]


async def test_an_observer_reads_annotations_and_makes_none(desk: Desk) -> None:
    async with desk.serving(), desk.client("ono") as talk:
        assert await annotate(talk, ACT.Insert, note("mine", 5)) == ["BadUserAccessDenied"]
        assert await notes(talk) == [OWN]
        level = (await talk.read(f"{TAG}/Annotations", ua.AttributeIds.UserAccessLevel)).Value.Value
        assert level == ua.AccessLevel.HistoryRead.mask
        async with desk.client("ota") as other:
            level = (await other.read(f"{TAG}/Annotations", ua.AttributeIds.UserAccessLevel)).Value.Value
            assert level == ua.AccessLevel.HistoryRead.mask | ua.AccessLevel.HistoryWrite.mask


async def test_who_may_not_read_history_is_told_so_and_sees_it_beforehand(desk: Desk) -> None:
    raw = ua.ReadRawModifiedDetails(False, at(0), at(10), 0, False)
    chosen = ua.SimpleAttributeOperand(ua.NodeId(ua.ObjectIds.BaseEventType), [ua.QualifiedName("Message")], 13)
    events = ua.ReadEventDetails(0, at(0), at(10), ua.EventFilter([chosen], ua.ContentFilter()))
    async with desk.serving(history=Role.OPERATOR):
        async with desk.client("ono") as talk:
            for name in (TAG, f"{TAG}/Annotations"):
                assert (await read(talk, raw, ua.NodeId(name, 2))).StatusCode.name == "BadUserAccessDenied"
                level = (await talk.read(name, ua.AttributeIds.UserAccessLevel)).Value.Value
                assert not level & ua.AccessLevel.HistoryRead.mask
            found = await read(talk, events, ua.NodeId(ua.ObjectIds.Server))
            assert found.StatusCode.name == "BadUserAccessDenied"
            assert (await read(talk, raw, ua.NodeId("NO-1.p", 2))).StatusCode.name == "BadNodeIdUnknown"
        async with desk.client("ota") as talk:
            found = await read(talk, raw, ua.NodeId(TAG, 2))
            assert found.HistoryData.DataValues[0].SourceTimestamp == at(0)


@BOTH
async def test_what_people_did_is_among_the_events_of_engineers_only(desk: Desk) -> None:
    chosen = ua.SimpleAttributeOperand(ua.NodeId(ua.ObjectIds.BaseEventType), [ua.QualifiedName("Message")], 13)
    events = ua.ReadEventDetails(0, at(0), datetime.now(UTC) + timedelta(1), ua.EventFilter([chosen]))
    seen = {}
    async with desk.serving():
        async with desk.client("ota") as talk:
            await annotate(talk, ACT.Insert, note("ice", 5))
        for user in ("ota", "eda"):
            async with desk.client(user) as talk:
                found = await read(talk, events, ua.NodeId(ua.ObjectIds.Server))
                seen[user] = [row.EventFields[0].Value.Text for row in found.HistoryData.Events]
    assert seen["ota"] == ["high"]
    assert seen["eda"] == ["0 to 1", "high", f"{TAG}: annotation inserted: ice"]


async def test_the_record_of_the_plant_is_not_edited(desk: Desk) -> None:
    tag, value = ua.NodeId(TAG, 2), ua.DataValue(ua.Variant(0.5), SourceTimestamp=at(5))
    forbidden = [
        ua.UpdateDataDetails(tag, ACT.Insert, [value]),
        ua.UpdateDataDetails(tag, ACT.Replace, [value]),
        ua.UpdateStructureDataDetails(tag, ACT.Insert, [note("?", 5)]),
        ua.DeleteRawModifiedDetails(tag, False, at(0), at(10)),
        ua.DeleteAtTimeDetails(tag, [at(5)]),
        ua.DeleteEventDetails(ua.NodeId(ua.ObjectIds.Server), [b"1"]),
        ua.UpdateEventDetails(ua.NodeId(ua.ObjectIds.Server), ACT.Insert, ua.EventFilter(), []),
        ua.DeleteRawModifiedDetails(ua.NodeId(f"{TAG}/Annotations", 2), False, at(0), at(10)),
    ]
    async with desk.serving(), desk.client("eda") as talk:
        results = await talk.client.uaclient.history_update(ua.HistoryUpdateParameters(forbidden))
        assert {result.StatusCode.name for result in results} == {"BadHistoryOperationUnsupported"}
        unknown = ua.UpdateDataDetails(ua.NodeId("NO-1.p", 2), ACT.Insert, [value])
        assert (await update(talk, unknown)).StatusCode.name == "BadNodeIdUnknown"
        assert await notes(talk) == [OWN]
    lines = [json.loads(line) for line in desk.site.audit.read_text().splitlines()]
    refused = [line for line in lines if line["event"] == "history update"]
    assert len(refused) == len(forbidden) + 1
    assert refused[0]["user"] == "eda"
    assert refused[0]["node"] == TAG
    assert refused[0]["kind"] == "UpdateDataDetails"


async def test_annotations_that_make_no_sense_are_refused_one_by_one(desk: Desk) -> None:
    number = ua.DataValue(ua.Variant(1.0), SourceTimestamp=at(5))
    undated = note("when?", 5)
    undated.SourceTimestamp = None
    async with desk.serving(), desk.client("ota") as talk:
        told = await annotate(talk, ACT.Insert, number, undated, note("x" * 5000, 5), note("氷", 5), ua.DataValue())
        assert told == [
            "BadTypeMismatch",
            "BadInvalidTimestamp",
            "BadOutOfRange",
            "GoodEntryInserted",
            "BadTypeMismatch",
        ]
        assert await annotate(talk, ACT.Insert) == ["BadNothingToDo"]
        assert (await notes(talk))[1][1] == "氷"
        with pytest.raises(ua.uaerrors.BadNothingToDo):
            await talk.client.uaclient.history_update(ua.HistoryUpdateParameters([]))
        many = [ua.DeleteAtTimeDetails(ua.NodeId(TAG, 2), [at(5)])] * 101
        with pytest.raises(ua.uaerrors.BadTooManyOperations):
            await talk.client.uaclient.history_update(ua.HistoryUpdateParameters(many))


async def test_while_the_history_cannot_be_written_clients_are_told_and_an_alarm_stands(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Recorder, "PATIENCE", 0.05)

    def full() -> None:
        raise HistoryError("database or disk is full")

    async with desk.serving() as server, desk.client("eda") as talk:
        alarms = server.simulation.alarms
        with monkeypatch.context() as broken:
            broken.setattr(desk.recorder.history, "reopen", full)
            broken.setattr(desk.recorder.history, "commit", full)
            for _ in range(2):
                assert await annotate(talk, ACT.Insert, note("ice", 5)) == ["BadResourceUnavailable"]
            await until(server, lambda: alarms.state(RECORD).active)
            assert server.health().reason == "The history cannot be written."
        await until(server, lambda: not desk.recorder.failing)
        await until(server, lambda: not alarms.state(RECORD).active)
        assert await annotate(talk, ACT.Insert, note("ice", 5)) == ["GoodEntryInserted"]
    assert desk.recorder.lost == 0
