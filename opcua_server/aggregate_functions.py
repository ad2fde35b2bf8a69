"""The aggregates of this server by the number of their node, with the type of their results (OPC 10000-13, 5.4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from asyncua import ua

from opcua_server import aggregates as common
from opcua_server import aggregates_of_readings as of_readings
from opcua_server import aggregates_of_time as of_time
from opcua_server import aggregates_with_bounds as with_bounds
from opcua_server.aggregates import Answer, Data, Intervals

Compute = Callable[[Data, Intervals], Answer]


@dataclass(frozen=True)
class Aggregate:
    """How to compute one; `kind` None means that of the tag. `reduce` is how minutes answer for it, if they can."""

    compute: Compute
    kind: ua.VariantType | None = ua.VariantType.Double
    reduce: str = ""


_IDS, _WHOLE, _OWN = ua.ObjectIds, ua.VariantType.Int32, None

AGGREGATES = {
    _IDS.AggregateFunction_Interpolative: Aggregate(common.interpolative, _OWN),
    _IDS.AggregateFunction_Average: Aggregate(common.average, reduce="mean"),
    _IDS.AggregateFunction_TimeAverage: Aggregate(common.time_average, reduce="mean"),
    _IDS.AggregateFunction_TimeAverage2: Aggregate(of_time.time_average_2, reduce="mean"),
    _IDS.AggregateFunction_Total: Aggregate(of_time.total),
    _IDS.AggregateFunction_Total2: Aggregate(of_time.total_2),
    _IDS.AggregateFunction_Minimum: Aggregate(common.minimum, _OWN, "min"),
    _IDS.AggregateFunction_Maximum: Aggregate(common.maximum, _OWN, "max"),
    _IDS.AggregateFunction_MinimumActualTime: Aggregate(of_readings.minimum_actual_time, _OWN),
    _IDS.AggregateFunction_MaximumActualTime: Aggregate(of_readings.maximum_actual_time, _OWN),
    _IDS.AggregateFunction_Range: Aggregate(of_readings.extent, reduce="range"),
    _IDS.AggregateFunction_Minimum2: Aggregate(with_bounds.minimum_2, _OWN, "min"),
    _IDS.AggregateFunction_Maximum2: Aggregate(with_bounds.maximum_2, _OWN, "max"),
    _IDS.AggregateFunction_MinimumActualTime2: Aggregate(with_bounds.minimum_actual_time_2, _OWN),
    _IDS.AggregateFunction_MaximumActualTime2: Aggregate(with_bounds.maximum_actual_time_2, _OWN),
    _IDS.AggregateFunction_Range2: Aggregate(with_bounds.range_2, reduce="range"),
    _IDS.AggregateFunction_Count: Aggregate(common.count, _WHOLE, "count"),
    _IDS.AggregateFunction_NumberOfTransitions: Aggregate(of_readings.transitions, _WHOLE),
    _IDS.AggregateFunction_Start: Aggregate(of_readings.start, _OWN),
    _IDS.AggregateFunction_End: Aggregate(of_readings.end, _OWN),
    _IDS.AggregateFunction_Delta: Aggregate(of_readings.delta),
    _IDS.AggregateFunction_StartBound: Aggregate(of_time.start_bound, _OWN),
    _IDS.AggregateFunction_EndBound: Aggregate(of_time.end_bound, _OWN),
    _IDS.AggregateFunction_DeltaBounds: Aggregate(of_time.delta_bounds),
    _IDS.AggregateFunction_DurationGood: Aggregate(of_time.duration_good),
    _IDS.AggregateFunction_DurationBad: Aggregate(of_time.duration_bad),
    _IDS.AggregateFunction_PercentGood: Aggregate(of_time.percent_good),
    _IDS.AggregateFunction_PercentBad: Aggregate(of_time.percent_bad),
    _IDS.AggregateFunction_DurationInStateZero: Aggregate(of_time.duration_in_zero),
    _IDS.AggregateFunction_DurationInStateNonZero: Aggregate(of_time.duration_in_nonzero),
    _IDS.AggregateFunction_WorstQuality: Aggregate(of_readings.worst_quality, ua.VariantType.StatusCode),
    _IDS.AggregateFunction_WorstQuality2: Aggregate(with_bounds.worst_quality_2, ua.VariantType.StatusCode),
    _IDS.AggregateFunction_StandardDeviationSample: Aggregate(of_readings.deviation_sample),
    _IDS.AggregateFunction_StandardDeviationPopulation: Aggregate(of_readings.deviation_population),
    _IDS.AggregateFunction_VarianceSample: Aggregate(of_readings.variance_sample),
    _IDS.AggregateFunction_VariancePopulation: Aggregate(of_readings.variance_population),
}
ANNOTATION_COUNT = _IDS.AggregateFunction_AnnotationCount
"""The one aggregate that is not made of readings."""
OFFERED = (*AGGREGATES, ANNOTATION_COUNT)
