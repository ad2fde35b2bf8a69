"""Aggregates through HistoryRead: closed forms, dates and types, what a request may say of bad data."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest
from asyncua import ua

from opcua_server import historian as module
from opcua_server.aggregate_functions import OFFERED
from tests.opcua_server.conftest import Talker
from tests.opcua_server.test_historian import ask, at, postgres, postgres_server, processed, recorder, talk, where

__all__ = ["postgres", "postgres_server", "recorder", "talk", "where"]  # every test runs over both databases


async def configured(talk: Talker, aggregate: int, span: tuple[float, float, float], *settings: Any) -> Any:
    """The result of an aggregate with TreatUncertainAsBad, PercentDataBad, PercentDataGood, UseSlopedExtrapolation."""
    details = processed(aggregate, *span)
    details.AggregateConfiguration = ua.AggregateConfiguration(False, *settings)
    return await ask(talk, details)


async def test_a_request_says_from_which_share_of_bad_readings_on_a_result_is_good_or_bad(talk: Talker) -> None:
    """One scan of ten between 65 and 75 s is bad."""
    doubt = ua.StatusCodes.UncertainDataSubNormal
    for bad, good, expected in ((100, 100, doubt), (100, 90, 0), (10, 100, ua.StatusCodes.Bad), (11, 91, doubt)):
        found = await configured(talk, ua.ObjectIds.AggregateFunction_Average, (65, 75, 10), True, bad, good, False)
        (value,) = found.HistoryData.DataValues
        assert value.StatusCode.value & 0xFFFF0000 == expected, (bad, good)
        mean = None if expected == ua.StatusCodes.Bad else pytest.approx((sum(range(65, 75)) - 70) / 9 + 1000)
        assert (value.Value.Value if value.Value else None) == mean


async def test_a_request_says_how_to_go_on_after_the_data(talk: Talker) -> None:
    """The ramp of 1 a second ends at 119 s."""
    for sloped, expected in ((True, [1129.0, 1139.0]), (False, [1119.0, 1119.0])):
        for span in ((129, 149, 10), (149, 129, 10)):
            found = await configured(talk, ua.ObjectIds.AggregateFunction_Interpolative, span, True, 100, 100, sloped)
            values = [v.Value.Value for v in found.HistoryData.DataValues]
            assert values == (expected if span[0] == 129 else [v + 10 * sloped for v in reversed(expected)])
    found = await configured(talk, ua.ObjectIds.AggregateFunction_TimeAverage, (129, 139, 10), True, 100, 100, True)
    assert [v.Value.Value for v in found.HistoryData.DataValues] == [1134.0]


async def test_percentages_that_contradict_each_other_are_refused(talk: Talker) -> None:
    for bad, good in ((101, 100), (100, 101), (30, 60)):
        found = await configured(talk, ua.ObjectIds.AggregateFunction_Average, (0, 10, 1), True, bad, good, False)
        assert found.StatusCode.name == "BadAggregateInvalidInputs"


def test_every_aggregate_of_the_standard_is_offered() -> None:
    standard = {number for name, number in vars(ua.ObjectIds).items() if name.startswith("AggregateFunction_")}
    assert set(OFFERED) == standard
    assert len(standard) == 37


async def test_what_the_defaults_of_a_request_are_can_be_read(talk: Talker) -> None:
    (own,) = await talk.node("BUF-1.p").get_referenced_nodes(ua.ObjectIds.HasHistoricalConfiguration)
    server = [ua.NodeId(ua.ObjectIds.HAConfiguration), ua.NodeId(ua.ObjectIds.DefaultHAConfiguration)]
    for configuration in (own, *map(talk.client.get_node, server)):
        told = {}
        for name in ("TreatUncertainAsBad", "PercentDataBad", "PercentDataGood", "UseSlopedExtrapolation"):
            node = await configuration.get_child(["0:AggregateConfiguration", f"0:{name}"])
            told[name] = (await node.read_data_value()).Value
        assert [value.Value for value in told.values()] == [True, 100, 100, False]
        kinds = ua.VariantType
        assert [v.VariantType for v in told.values()] == [kinds.Boolean, kinds.Byte, kinds.Byte, kinds.Boolean]


async def test_aggregates_of_a_ramp_have_their_closed_forms(talk: Talker) -> None:
    ids = ua.ObjectIds
    expected = {
        ids.AggregateFunction_Average: [1009.5, 1029.5, 1049.5],
        ids.AggregateFunction_TimeAverage: [1010.0, 1030.0, 1050.0],
        ids.AggregateFunction_Minimum: [1000.0, 1020.0, 1040.0],
        ids.AggregateFunction_Maximum: [1019.0, 1039.0, 1059.0],
        ids.AggregateFunction_Count: [20, 20, 20],
        ids.AggregateFunction_Interpolative: [1000.0, 1020.0, 1040.0],
        ids.AggregateFunction_TimeAverage2: [1010.0, 1030.0, 1050.0],
        ids.AggregateFunction_Total: [20_200.0, 20_600.0, 21_000.0],
        ids.AggregateFunction_Range: [19.0, 19.0, 19.0],
        ids.AggregateFunction_Minimum2: [1000.0, 1020.0, 1040.0],
        ids.AggregateFunction_Maximum2: [1020.0, 1040.0, 1060.0],
        ids.AggregateFunction_Range2: [20.0, 20.0, 20.0],
        ids.AggregateFunction_Delta: [19.0, 19.0, 19.0],
        ids.AggregateFunction_StartBound: [1000.0, 1020.0, 1040.0],
        ids.AggregateFunction_EndBound: [1020.0, 1040.0, 1060.0],
        ids.AggregateFunction_DeltaBounds: [20.0, 20.0, 20.0],
        ids.AggregateFunction_DurationGood: [20_000.0, 20_000.0, 20_000.0],
        ids.AggregateFunction_PercentGood: [100.0, 100.0, 100.0],
        ids.AggregateFunction_PercentBad: [0.0, 0.0, 0.0],
        ids.AggregateFunction_NumberOfTransitions: [19, 20, 20],
        ids.AggregateFunction_VarianceSample: [35.0, 35.0, 35.0],  # (n^2 + n)/12
        ids.AggregateFunction_AnnotationCount: [0, 0, 0],
    }
    for aggregate, values in expected.items():
        found = await ask(talk, processed(aggregate, 0, 60, 20))
        assert [v.Value.Value for v in found.HistoryData.DataValues] == values, aggregate
        assert [v.SourceTimestamp.replace(tzinfo=UTC) for v in found.HistoryData.DataValues] == [at(0), at(20), at(40)]


async def test_aggregates_have_the_dates_and_types_of_the_standard(talk: Talker) -> None:
    ids, kinds = ua.ObjectIds, ua.VariantType
    expected = {
        ids.AggregateFunction_MaximumActualTime: ([1019.0, 1039.0, 1059.0], [19, 39, 59], kinds.Double),
        ids.AggregateFunction_MinimumActualTime: ([1000.0, 1020.0, 1040.0], [0, 20, 40], kinds.Double),
        ids.AggregateFunction_Start: ([1000.0, 1020.0, 1040.0], [0, 20, 40], kinds.Double),
        ids.AggregateFunction_End: ([1019.0, 1039.0, 1059.0], [19, 39, 59], kinds.Double),
        ids.AggregateFunction_Count: ([20, 20, 20], [0, 20, 40], kinds.Int32),
    }
    for aggregate, (values, seconds, kind) in expected.items():
        found = (await ask(talk, processed(aggregate, 0, 60, 20))).HistoryData.DataValues
        assert [v.Value.Value for v in found] == values, aggregate
        assert [v.SourceTimestamp.replace(tzinfo=UTC) for v in found] == [at(s) for s in seconds]
        assert {v.Value.VariantType for v in found} == {kind}
    (worst,) = (await ask(talk, processed(ids.AggregateFunction_WorstQuality, 60, 80, 20))).HistoryData.DataValues
    assert worst.Value.VariantType == kinds.StatusCode
    assert worst.Value.Value.name == "BadOutOfService"
    held = await ask(talk, processed(ids.AggregateFunction_DurationInStateNonZero, 0, 60, 20), "SIM.mode")
    assert [v.Value.Value for v in held.HistoryData.DataValues] == [10_000.0] * 3


async def test_every_aggregate_that_is_offered_answers(talk: Talker) -> None:
    for aggregate in OFFERED:
        for name in ("BUF-1.p", "SIM.mode", "SIM.time"):
            found = await ask(talk, processed(aggregate, 0, 60, 20), name)
            assert found.StatusCode.is_good(), (aggregate, name)
            assert len(found.HistoryData.DataValues) == 3


async def test_intervals_beyond_one_response_come_with_the_next(talk: Talker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_VALUES", 7)
    details, told, point = processed(ua.ObjectIds.AggregateFunction_Count, 0, 60, 4), [], None
    while True:
        found = await ask(talk, details, point=point)
        told += [v.Value.Value for v in found.HistoryData.DataValues]
        point = found.ContinuationPoint
        if not point:
            break
    assert told == [4] * 15
