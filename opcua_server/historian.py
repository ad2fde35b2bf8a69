"""HistoryRead over the store of `twin.history` (Part 11), in place of asyncua's history.

Requests are read and encoded in a thread; the event loop only sends what comes out. What is answered in one response is
bounded; the rest waits behind a continuation point, which is no more than the place to go on from.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from asyncua import ua
from asyncua.server.address_space import AddressSpace

from opcua_server import history_queries as queries
from opcua_server.access import Access
from opcua_server.aggregate_functions import AGGREGATES, ANNOTATION_COUNT
from opcua_server.aggregate_treatment import Treatment
from opcua_server.aggregates import Intervals
from opcua_server.caller import caller
from opcua_server.continuation import ContinuationPoints, NoPoint
from opcua_server.event_filter import filter_problems, selected
from opcua_server.history_codec import TIMES, history_data, microseconds
from opcua_server.history_events import ACTIONS, ALARMS, annotation_data, event_data, fields_of
from opcua_server.history_nodes import MOST_EVENTS, MOST_NODES, MOST_VALUES, historize
from opcua_server.history_rights import HistoryRights
from opcua_server.history_updates import HistoryUpdates
from opcua_server.index_range import RANGE
from opcua_server.nodes import PlantNodes, variant_type
from opcua_server.where import Where
from twin.errors import TwinError
from twin.history import Reader, Recorder
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
    kinds: tuple[str, ...]
    """Of events that may be told."""


class Historian:
    """Answers HistoryRead for the tags of a plant, and for the events of the server."""

    def __init__(
        self, space: AddressSpace, index: int, nodes: PlantNodes, recorder: Recorder, access: Access, period: float
    ) -> None:
        self._space = space
        self._where = recorder.history.path
        self._tags = nodes.tags
        self._by_name = {tag.name: nodeid for nodeid, tag in nodes.tags.items()}
        self._notes = historize(space, index, nodes, recorder.history, period)
        self._rights = HistoryRights(space, access)
        self._updates = HistoryUpdates(recorder, self._rights, self._notes)
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
        read = partial(copy_context().run, self._read_all, jobs)  # in the language of the caller
        return await asyncio.get_running_loop().run_in_executor(self._pool, read)

    async def update_history(self, params: ua.HistoryUpdateParameters) -> list[ua.HistoryUpdateResult]:
        """The service; every node is answered by itself, one after the other."""
        return [await self._updates.update(caller(), details) for details in params.HistoryUpdateDetails]

    def _job(self, params: ua.HistoryReadParameters, position: int) -> Job | int:
        """What to read of a node, or the status that refuses it. In the event loop, where the points are kept."""
        node, details, state = params.NodesToRead[position], params.HistoryReadDetails, None
        points = _points()
        if node.ContinuationPoint:
            nodeid, kind, state = points.take(node.ContinuationPoint) or (None, None, None)
            if nodeid != node.NodeId or kind is not type(details):
                return int(CODES.BadContinuationPointInvalid)
        if status := self._rights.reading(caller(), node.NodeId):
            return status
        if node.IndexRange:  # all that is kept is scalar
            return int(CODES.BadIndexRangeNoData if RANGE.fullmatch(node.IndexRange) else CODES.BadIndexRangeInvalid)
        if node.DataEncoding is not None and node.DataEncoding.Name not in (None, "", "Default Binary"):
            return int(CODES.BadDataEncodingUnsupported)
        kinds = ALARMS + (ACTIONS if self._rights.audits(caller()) else ())
        times = TIMES.get(params.TimestampsToReturn, 0)
        most = max(1, min(MOST_VALUES, MOST_IN_ALL // len(params.NodesToRead)))
        return Job(node.NodeId, details, position, times, most, state, points, kinds)

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
            code = CODES.Good if data is not None else CODES.GoodNoData
            if isinstance(state, queries.Raw) and state.left == 0:  # as many as were asked for, and there are more
                code, state = CODES.GoodMoreData, None
            point = None if state is None else job.points.keep((job.nodeid, type(job.details), state))
        except Refused as refused:
            return _result(refused.code)
        except NoPoint:
            return _result(CODES.BadNoContinuationPoints)
        except Exception:
            log.exception("The history of %s could not be read.", job.nodeid)
            return _result(CODES.BadUnexpectedError)
        result = _result(code)
        result.HistoryData = data if data is not None else _nothing(job.details)
        result.ContinuationPoint = point
        return result

    def _tag(self, reader: Reader, job: Job) -> tuple[Tag, Any]:
        tag = self._tags.get(job.nodeid)
        if tag is None:
            raise Refused(CODES.BadHistoryOperationUnsupported)
        kept = reader.tag(tag.name)
        if kept is None:
            raise Refused(CODES.BadNoData)
        return tag, kept

    def _raw(self, reader: Reader, job: Job) -> tuple[ua.ExtensionObject | None, Any]:
        details = job.details
        if details.IsReadModified:  # nothing is ever modified here
            raise Refused(CODES.BadHistoryOperationUnsupported)
        start, end, number = microseconds(details.StartTime), microseconds(details.EndTime), details.NumValuesPerNode
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
        most = min(MOST_EVENTS, job.details.NumValuesPerNode or MOST_EVENTS)
        found = reader.notes(self._notes[job.nodeid], ends[0], ends[1], (passed, most + 1), ask.backward)
        rest = (ask, passed + most) if len(found) > most else None
        return (annotation_data(found[:most], job.times) if found else None), rest

    def _at_time(self, reader: Reader, job: Job) -> tuple[ua.ExtensionObject | None, Any]:
        tag, kept = self._tag(reader, job)
        times = np.array([microseconds(time) or 0 for time in job.details.ReqTimes or ()], np.int64)
        if not len(times):
            raise Refused(CODES.BadNothingToDo)
        begin = job.state or 0
        part = times[begin : begin + job.most]
        answer = queries.at_time(reader, kept, tag.discrete, part, job.details.UseSimpleBounds)
        rest = begin + len(answer)
        return _data(answer, variant_type(tag), job), rest if rest < len(times) else None

    def _processed(self, reader: Reader, job: Job) -> tuple[ua.ExtensionObject | None, Any]:
        tag, kept = self._tag(reader, job)
        details = job.details
        aggregate = details.AggregateType[job.position]
        number = aggregate.Identifier if aggregate.NamespaceIndex == 0 else None
        if number not in AGGREGATES and number != ANNOTATION_COUNT:
            raise Refused(CODES.BadAggregateNotSupported)
        treat = Treatment.asked(details.AggregateConfiguration)
        if treat is None:
            raise Refused(CODES.BadAggregateInvalidInputs)
        start, end = microseconds(details.StartTime), microseconds(details.EndTime)
        if start is None or end is None or start == end or not details.ProcessingInterval >= 0.0:
            raise Refused(CODES.BadInvalidArgument)
        step = round(details.ProcessingInterval * 1000.0) or abs(end - start)
        begin = job.state or start
        span = Intervals.of(begin, end, step, job.most)
        kind = ua.VariantType.Int32
        if number == ANNOTATION_COUNT:
            answer = queries.annotation_count(reader, tag.name, span)
        else:
            answer = queries.processed(reader, kept, tag.discrete, AGGREGATES[number], span, treat)
            kind = AGGREGATES[number].kind or variant_type(tag)
        reached = begin + (len(answer) * span.step) * (-1 if span.backward else 1)
        rest = reached if abs(reached - start) < abs(end - start) else None
        return _data(answer, kind, job), rest

    def _events(self, reader: Reader, job: Job) -> tuple[ua.ExtensionObject | None, Any]:
        """Events of the Server object: all of them, through the filter."""
        details = job.details
        if job.nodeid != ua.NodeId(ua.ObjectIds.Server):
            raise Refused(CODES.BadHistoryOperationUnsupported)
        start, end = microseconds(details.StartTime), microseconds(details.EndTime)
        if start is None and end is None:
            raise Refused(CODES.BadHistoryOperationInvalid)
        backward = start is None or (end is not None and end < start)
        ends = [start if start is not None else EVER[0], end if end is not None else EVER[1]]
        if problem := filter_problems(self._space, details.Filter)[0]:
            raise Refused(problem)
        matches = Where(self._space, details.Filter.WhereClause).eval
        passed, most = job.state or 0, min(MOST_EVENTS, details.NumValuesPerNode or MOST_EVENTS)
        rows: list[list[ua.Variant]] = []
        looked = reader.events(min(ends), max(ends), None, job.kinds, (passed, LOOK), backward)
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


def _nothing(details: Any) -> ua.HistoryData | ua.HistoryEvent:
    """What an answer without values holds: the structure that goes with the question (Part 11, 6.5.2)."""
    return ua.HistoryEvent() if isinstance(details, ua.ReadEventDetails) else ua.HistoryData()


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
