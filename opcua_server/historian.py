"""HistoryRead over the store of `twin.history` (Part 11), in place of asyncua's history.

Requests are read and encoded in a thread; the event loop only sends what comes out. What is answered in one response is
bounded; the rest waits behind a continuation point, which is no more than the place to go on from.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from asyncua import ua
from asyncua.server.address_space import AddressSpace

from opcua_server import history_queries as queries
from opcua_server.aggregates import AGGREGATES, Intervals
from opcua_server.caller import caller
from opcua_server.continuation import ContinuationPoints, NoPoint
from opcua_server.event_filter import Where, selected
from opcua_server.history_codec import TIMES, history_data
from opcua_server.history_events import ACTIONS, annotation_data, event_data, fields_of
from opcua_server.history_nodes import MOST_EVENTS, MOST_NODES, MOST_VALUES, historize
from opcua_server.nodes import PlantNodes, variant_type
from twin.errors import TwinError
from twin.history import Reader
from twin.history.reader import EVER
from twin.tags import Tag

LOOK = 5_000
"""Events that are looked through for one response."""
MOST_IN_ALL = 50_000
"""Values of one response, over all its nodes."""
CODES = ua.StatusCodes

log = logging.getLogger(__name__)


Points = ContinuationPoints[tuple[ua.NodeId, type, Any]]


class Refused(Exception):
    """A node's part of a request cannot be answered; the status says why."""

    def __init__(self, code: int) -> None:
        super().__init__(ua.StatusCode(code).name)
        self.code = code


@dataclass(frozen=True)
class Job:
    """One node of a request: what is asked of it, how much may be answered, where a former answer ended; `points` of
    the session that asks."""

    nodeid: ua.NodeId
    details: Any
    position: int
    times: int
    most: int
    state: Any
    points: Points


class Historian:
    """Answers HistoryRead for the tags of a plant, and for the events of the server."""

    def __init__(self, space: AddressSpace, index: int, nodes: PlantNodes, where: str | Path) -> None:
        self._space = space
        self._where = where
        self._tags = nodes.tags
        self._by_name = {tag.name: nodeid for nodeid, tag in nodes.tags.items()}
        self._notes = historize(space, index, nodes)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="history-reader")
        self._answers: dict[type, Callable[[Reader, Job], tuple[ua.ExtensionObject | None, Any]]] = {
            ua.ReadRawModifiedDetails: self._raw,
            ua.ReadProcessedDetails: self._processed,
            ua.ReadAtTimeDetails: self._at_time,
            ua.ReadEventDetails: self._events,
        }

    async def stop(self) -> None:
        """With the server."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def read_history(self, params: ua.HistoryReadParameters) -> list[ua.HistoryReadResult]:
        """The service; every node is answered by itself."""
        asked, details = params.NodesToRead, params.HistoryReadDetails
        if not asked:
            raise ua.uaerrors.BadNothingToDo
        if len(asked) > MOST_NODES:
            raise ua.uaerrors.BadTooManyOperations
        if params.ReleaseContinuationPoints:
            return [_result(_release(_points(), node)) for node in asked]
        if type(details) not in self._answers:
            return [_result(CODES.BadHistoryOperationUnsupported)] * len(asked)
        if params.TimestampsToReturn not in TIMES and not isinstance(details, ua.ReadEventDetails):
            raise ua.uaerrors.BadTimestampsToReturnInvalid
        if isinstance(details, ua.ReadProcessedDetails) and len(details.AggregateType or ()) != len(asked):
            raise ua.uaerrors.BadAggregateListMismatch
        jobs = [self._job(params, position) for position in range(len(asked))]
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._read_all, jobs)

    def update_history(self, params: ua.HistoryUpdateParameters) -> list[ua.HistoryUpdateResult]:
        """History is not rewritten."""
        refused = ua.HistoryUpdateResult()
        refused.StatusCode = ua.StatusCode(CODES.BadHistoryOperationUnsupported)
        return [refused for _ in params.HistoryUpdateDetails]

    def _job(self, params: ua.HistoryReadParameters, position: int) -> Job | int:
        """What to read of a node, or the status that refuses it. In the event loop, where the points are kept."""
        node, details, state = params.NodesToRead[position], params.HistoryReadDetails, None
        points = _points()
        if node.ContinuationPoint:
            nodeid, kind, state = points.take(node.ContinuationPoint) or (None, None, None)
            if nodeid != node.NodeId or kind is not type(details):
                return int(CODES.BadContinuationPointInvalid)
        if node.IndexRange:
            return int(CODES.BadIndexRangeInvalid)
        if node.NodeId not in self._space:
            return int(CODES.BadNodeIdUnknown)
        times = TIMES.get(params.TimestampsToReturn, 0)
        most = max(1, min(MOST_VALUES, MOST_IN_ALL // len(params.NodesToRead)))
        return Job(node.NodeId, details, position, times, most, state, points)

    # In the reading thread

    def _read_all(self, jobs: list[Job | int]) -> list[ua.HistoryReadResult]:
        try:
            with Reader(self._where) as reader:
                return [_result(job) if isinstance(job, int) else self._read(reader, job) for job in jobs]
        except TwinError as problem:
            log.error("%s", problem)
            return [_result(CODES.BadResourceUnavailable) for _ in jobs]

    def _read(self, reader: Reader, job: Job) -> ua.HistoryReadResult:
        try:
            data, state = self._answers[type(job.details)](reader, job)
            point = None if state is None else job.points.keep((job.nodeid, type(job.details), state))
        except Refused as refused:
            return _result(refused.code)
        except NoPoint:
            return _result(CODES.BadNoContinuationPoints)
        except Exception:
            log.exception("The history of %s could not be read.", job.nodeid)
            return _result(CODES.BadUnexpectedError)
        result = _result(CODES.Good if data is not None else CODES.GoodNoData)
        result.HistoryData = data if data is not None else ua.HistoryData()
        result.ContinuationPoint = point
        return result

    def _tag(self, reader: Reader, job: Job) -> tuple[Tag, Any]:
        tag = self._tags.get(job.nodeid)
        if tag is None:
            raise Refused(CODES.BadHistoryOperationUnsupported)
        kept = reader.tags().get(tag.name)
        if kept is None:
            raise Refused(CODES.BadNoData)
        return tag, kept

    def _raw(self, reader: Reader, job: Job) -> tuple[ua.ExtensionObject | None, Any]:
        details = job.details
        if details.IsReadModified:  # nothing is ever modified here
            raise Refused(CODES.BadHistoryOperationUnsupported)
        start, end, number = _wall(details.StartTime), _wall(details.EndTime), details.NumValuesPerNode
        noted = job.nodeid in self._notes
        ask, passed = job.state if noted and job.state else (job.state, 0)
        ask = ask or queries.Raw.asked(start, end, number, details.ReturnBounds)
        if ask is None:
            raise Refused(CODES.BadHistoryOperationInvalid)
        if noted:
            return self._annotations(reader, job, ask, passed)
        tag, kept = self._tag(reader, job)
        answer, state = queries.raw(reader, kept, ask, min(job.most, number or job.most))
        return _data(answer, variant_type(tag), job), state

    def _annotations(
        self, reader: Reader, job: Job, ask: queries.Raw, passed: int
    ) -> tuple[ua.ExtensionObject | None, Any]:
        """What people did to a tag, as the values of its Annotations property."""
        if ask.bounds:
            raise Refused(CODES.BadBoundNotSupported)
        ends = sorted((ask.first, ask.last if ask.last is not None else EVER[0 if ask.backward else 1]))
        source = self._tags[self._notes[job.nodeid]].name
        most = min(MOST_EVENTS, job.details.NumValuesPerNode or MOST_EVENTS)
        found = reader.events(ends[0], ends[1], source, ACTIONS, (passed, most + 1), ask.backward)
        rest = (ask, passed + most) if len(found) > most else None
        return (annotation_data(found[:most]) if found else None), rest

    def _at_time(self, reader: Reader, job: Job) -> tuple[ua.ExtensionObject | None, Any]:
        tag, kept = self._tag(reader, job)
        times = np.array([_wall(time) or 0 for time in job.details.ReqTimes], np.int64)
        begin = job.state or 0
        part = times[begin : begin + job.most]
        answer = queries.at_time(reader, kept, tag.discrete, part)
        rest = begin + len(answer)
        return _data(answer, variant_type(tag), job), rest if rest < len(times) else None

    def _processed(self, reader: Reader, job: Job) -> tuple[ua.ExtensionObject | None, Any]:
        tag, kept = self._tag(reader, job)
        details = job.details
        aggregate = details.AggregateType[job.position]
        if aggregate.NamespaceIndex != 0 or aggregate.Identifier not in AGGREGATES:
            raise Refused(CODES.BadAggregateNotSupported)
        wanted = details.AggregateConfiguration
        given = (wanted.PercentDataBad, wanted.PercentDataGood, wanted.UseSlopedExtrapolation)
        if not wanted.UseServerCapabilitiesDefaults and given != (100, 100, False):
            raise Refused(CODES.BadAggregateConfigurationRejected)
        start, end = _wall(details.StartTime), _wall(details.EndTime)
        if start is None or end is None or start == end or not details.ProcessingInterval >= 0.0:
            raise Refused(CODES.BadInvalidArgument)
        step = round(details.ProcessingInterval * 1000.0) or abs(end - start)
        begin = job.state or start
        span = Intervals.of(begin, end, step, job.most)
        answer = queries.processed(reader, kept, tag.discrete, aggregate.Identifier, span)
        reached = begin + (len(answer) * span.step) * (-1 if span.backward else 1)
        rest = reached if abs(reached - start) < abs(end - start) else None
        return _data(answer, _kind(aggregate.Identifier, tag), job), rest

    def _events(self, reader: Reader, job: Job) -> tuple[ua.ExtensionObject | None, Any]:
        """Events of the Server object: all of them, through the filter."""
        details = job.details
        if job.nodeid != ua.NodeId(ua.ObjectIds.Server):
            raise Refused(CODES.BadHistoryOperationUnsupported)
        start, end = _wall(details.StartTime), _wall(details.EndTime)
        if start is None and end is None:
            raise Refused(CODES.BadHistoryOperationInvalid)
        backward = start is None or (end is not None and end < start)
        ends = [start if start is not None else EVER[0], end if end is not None else EVER[1]]
        matches = Where(log, self._space, details.Filter.WhereClause).eval
        passed, most = job.state or 0, min(MOST_EVENTS, details.NumValuesPerNode or MOST_EVENTS)
        rows: list[list[ua.Variant]] = []
        looked = reader.events(min(ends), max(ends), page=(passed, LOOK), backward=backward)
        for event in looked:
            passed += 1
            fields = fields_of(event, self._source(event.source))
            if matches(fields):
                rows.append(selected(fields, details.Filter.SelectClauses))
            if len(rows) == most:
                break
        more = len(looked) == LOOK or passed < len(looked) + (job.state or 0)
        return (event_data(rows) if rows else None), passed if more else None

    def _source(self, name: str) -> ua.NodeId:
        return self._by_name.get(name, ua.NodeId(ua.ObjectIds.Server))


def _data(answer: queries.Answer, kind: ua.VariantType, job: Job) -> ua.ExtensionObject | None:
    return history_data(answer, kind, job.times) if len(answer) else None


def _kind(aggregate: int, tag: Tag) -> ua.VariantType:
    """Data type of a result (Part 13, 5.4.2.3)."""
    if aggregate == ua.ObjectIds.AggregateFunction_Count:
        return ua.VariantType.Int32
    means = (ua.ObjectIds.AggregateFunction_Average, ua.ObjectIds.AggregateFunction_TimeAverage)
    return ua.VariantType.Double if aggregate in means else variant_type(tag)


def _wall(time: datetime | None) -> int | None:
    """Microseconds since 1970; None for a time that is not given, which is the first of 1601."""
    if time is None or time.year <= 1601:
        return None
    since = (time if time.tzinfo else time.replace(tzinfo=UTC)) - datetime(1970, 1, 1, tzinfo=UTC)
    return since // timedelta(microseconds=1)


def _points() -> Points:
    """Those of the session that asks; the server itself goes on from nowhere."""
    session = caller()
    return ContinuationPoints(1) if session is None else session.history_points


def _release(points: Points, node: ua.HistoryReadValueId) -> int:
    known = points.take(node.ContinuationPoint or b"") is not None
    return int(CODES.Good if known else CODES.BadContinuationPointInvalid)


def _result(code: int) -> ua.HistoryReadResult:
    result = ua.HistoryReadResult()
    result.StatusCode = ua.StatusCode(code)
    return result
