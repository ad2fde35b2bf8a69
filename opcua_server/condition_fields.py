"""What an alarm says as an OPC UA condition (Part 9, 5.5 to 5.8): every field of its type, in the client's language."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asyncua import ua

from opcua_server.companion import DI
from opcua_server.where import Fields
from twin.alarms.catalogue import Alarm
from twin.alarms.declare import Discrepancy, Levels, Limits, OffNormal, System
from twin.alarms.engine import LONGEST_SHELVING
from twin.alarms.event import AlarmState, level_words
from twin.alarms.table import HIGH, HIGH_HIGH, LOW, LOW_LOW, ONE_SHOT, TIMED, UNSHELVED
from twin.health import CHECK_FUNCTION, FAILURE, MAINTENANCE_REQUIRED, OFF_SPEC
from twin.words import Word

IDS, KIND = ua.ObjectIds, ua.VariantType

TWO_STATES = {
    "EnabledState": (("Enabled", "有効"), ("Disabled", "無効")),
    "AckedState": (("Acknowledged", "確認済"), ("Unacknowledged", "未確認")),
    "ConfirmedState": (("Confirmed", "処置済"), ("Unconfirmed", "未処置")),
    "ActiveState": (("Active", "発報"), ("Inactive", "正常")),
    "SuppressedState": (("Suppressed", "抑制中"), ("Unsuppressed", "抑制なし")),
    "OutOfServiceState": (("Out of Service", "除外中"), ("In Service", "監視中")),
    "LatchedState": (("Latched", "保持中"), ("Unlatched", "保持なし")),
    "HighHighState": (("HighHigh active", "上上限"), ("HighHigh inactive", "正常")),
    "HighState": (("High active", "上限"), ("High inactive", "正常")),
    "LowState": (("Low active", "下限"), ("Low inactive", "正常")),
    "LowLowState": (("LowLow active", "下下限"), ("LowLow inactive", "正常")),
}
"""Words of each state when it is true and when it is false."""

SHELVING = {
    UNSHELVED: (IDS.ShelvedStateMachineType_Unshelved, "Unshelved", "棚上げなし"),
    TIMED: (IDS.ShelvedStateMachineType_TimedShelved, "Timed Shelved", "時限棚上げ"),
    ONE_SHOT: (IDS.ShelvedStateMachineType_OneShotShelved, "One Shot Shelved", "一回棚上げ"),
}
LIMIT_STATES = {
    HIGH_HIGH: (IDS.ExclusiveLimitStateMachineType_HighHigh, "HighHigh"),
    LOW_LOW: (IDS.ExclusiveLimitStateMachineType_LowLow, "LowLow"),
    HIGH: (IDS.ExclusiveLimitStateMachineType_High, "High"),
    LOW: (IDS.ExclusiveLimitStateMachineType_Low, "Low"),
}
CLASSES = {
    "process": (IDS.ProcessConditionClassType, "ProcessConditionClassType", "プロセス"),
    "safety": (IDS.SafetyConditionClassType, "SafetyConditionClassType", "安全"),
    "system": (IDS.SystemConditionClassType, "SystemConditionClassType", "システム"),
}
"""Condition classes (Part 9, 5.9) and the display names of their types."""
HEALTH_ALARMS = {FAILURE: 15292, CHECK_FUNCTION: 15441, OFF_SPEC: 15590, MAINTENANCE_REQUIRED: 15739}
"""Of DI, by the state of health that they tell of."""
PRIORITIES = {"low": "低", "medium": "中", "high": "高", "critical": "緊急"}


@dataclass(frozen=True)
class Condition:
    """One alarm as a condition: its node, the object it belongs to, the variable that it watches, its type."""

    row: int
    alarm: Alarm
    node: ua.NodeId
    source: ua.NodeId
    watched: ua.NodeId
    notifiers: frozenset[ua.NodeId]
    kind: ua.NodeId


@dataclass(frozen=True)
class Moment:
    """What an event, or a reader, is told about a condition: state, text, who, when."""

    state: AlarmState
    event_id: bytes
    message: tuple[str, str]
    comment: str
    user: str
    at: datetime
    now: float
    limits: tuple[float, float, float, float]


def condition_type(alarm: Alarm) -> ua.NodeId:
    """The type of Part 9 that an alarm is of."""
    declared = alarm.declared
    if isinstance(declared, Limits):
        exclusive = declared.exclusive or isinstance(declared, Levels)
        return ua.NodeId(IDS.ExclusiveLimitAlarmType if exclusive else IDS.NonExclusiveLimitAlarmType)
    if isinstance(declared, Discrepancy):
        return ua.NodeId(IDS.DiscrepancyAlarmType)
    if isinstance(declared, System):
        return ua.NodeId(IDS.SystemOffNormalAlarmType)
    trip = isinstance(declared, OffNormal) and declared.trip
    return ua.NodeId(IDS.TripAlarmType if trip else IDS.OffNormalAlarmType)


def health_alarm_type(alarm: Alarm, ailing: dict[str, int]) -> ua.NodeId | None:
    """DI's type for an alarm on a tag that says a device is ailing, and how (OPC 10000-100, 4.12)."""
    plain = isinstance(alarm.declared, OffNormal) and not alarm.declared.trip
    state = ailing.get(alarm.tag.name) if plain and alarm.tag else None
    return None if state is None else ua.NodeId(HEALTH_ALARMS[state], DI)


def condition_fields(condition: Condition, moment: Moment, japanese: bool) -> Fields:
    """Every field by its browse path."""
    say = _Say(japanese)
    alarm, state = condition.alarm, moment.state
    fields = _event(condition, moment, say) | _condition(condition, moment, say) | _alarm(condition, moment, say)
    fields["EventType"] = ua.Variant(condition.kind, KIND.NodeId)
    if isinstance(alarm.declared, Limits):
        fields |= _limits(alarm, state, moment.limits, say)
    elif isinstance(alarm.declared, Discrepancy):
        fields |= {
            "TargetValueNode": ua.Variant(
                ua.NodeId(alarm.order.name if alarm.order else "", condition.node.NamespaceIndex), KIND.NodeId
            ),
            "Tolerance": ua.Variant(alarm.declared.tolerance, KIND.Double),
            "ExpectedTime": ua.Variant(1e3 * alarm.declared.on_delay, KIND.Double),
        }
    else:
        fields["NormalState"] = ua.Variant(ua.NodeId(), KIND.NodeId)
    return fields


@dataclass(frozen=True)
class _Say:
    japanese: bool

    def __call__(self, english: str, japanese: str) -> ua.Variant:
        """A text in the language of the client."""
        if self.japanese and japanese:
            return ua.Variant(ua.LocalizedText(japanese, "ja"), KIND.LocalizedText)
        return ua.Variant(ua.LocalizedText(english, "en"), KIND.LocalizedText)

    def remark(self, text: str) -> ua.Variant:
        """What a person said, in the language of that person; what the server says of itself, in the client's."""
        if isinstance(text, Word):
            return self(text, text.ja)
        return ua.Variant(ua.LocalizedText(text, getattr(text, "locale", None)), KIND.LocalizedText)

    def state(self, name: str, on: bool) -> Fields:
        """A two-state variable: its word and its Id."""
        return {name: self(*TWO_STATES[name][0 if on else 1]), f"{name}/Id": ua.Variant(on, KIND.Boolean)}


def _event(condition: Condition, moment: Moment, say: _Say) -> Fields:
    """BaseEventType (Part 5, 6.4.2)."""
    at = ua.Variant(moment.at, KIND.DateTime)
    return {
        "EventId": ua.Variant(moment.event_id, KIND.ByteString),
        "SourceNode": ua.Variant(condition.source, KIND.NodeId),
        "SourceName": ua.Variant(condition.alarm.unit, KIND.String),
        "Time": at,
        "ReceiveTime": at,
        "Message": say(*moment.message),
        "Severity": ua.Variant(moment.state.severity, KIND.UInt16),
    }


def _condition(condition: Condition, moment: Moment, say: _Say) -> Fields:
    """ConditionType and AcknowledgeableConditionType (Part 9, 5.5.2 and 5.7.2)."""
    alarm, state, at = condition.alarm, moment.state, ua.Variant(moment.at, KIND.DateTime)
    trip = isinstance(alarm.declared, OffNormal) and alarm.declared.trip
    number, *class_names = CLASSES[
        "system" if isinstance(alarm.declared, System) else ("safety" if trip else "process")
    ]
    quality = ua.StatusCodes.Good if state.good else ua.StatusCodes.BadSensorFailure
    return {
        "NodeId": ua.Variant(condition.node, KIND.NodeId),
        "ConditionClassId": ua.Variant(ua.NodeId(number), KIND.NodeId),
        "ConditionClassName": say(*class_names),
        "ConditionName": ua.Variant(alarm.name, KIND.String),
        "BranchId": ua.Variant(ua.NodeId(), KIND.NodeId),
        "Retain": ua.Variant(state.retain, KIND.Boolean),
        "Quality": ua.Variant(ua.StatusCode(quality), KIND.StatusCode),
        "Quality/SourceTimestamp": at,
        "LastSeverity": ua.Variant(state.severity_before, KIND.UInt16),
        "LastSeverity/SourceTimestamp": at,
        "Comment": say.remark(moment.comment),
        "Comment/SourceTimestamp": at,
        "ClientUserId": ua.Variant(moment.user, KIND.String),
        **say.state("EnabledState", state.enabled),
        **say.state("AckedState", state.acked),
        **say.state("ConfirmedState", state.confirmed),
    }


def _alarm(condition: Condition, moment: Moment, say: _Say) -> Fields:
    """AlarmConditionType (Part 9, 5.8.2), and what ISA-18.2 asks an alarm to say."""
    alarm, declared, state = condition.alarm, condition.alarm.declared, moment.state
    number, english, japanese = SHELVING[state.shelved]
    left = max(state.unshelve_at - moment.now, 0.0) if state.shelved == TIMED else 0.0
    return {
        **say.state("ActiveState", state.active),
        "ActiveState/EffectiveDisplayName": say(*_effective(alarm, state)),
        **say.state("SuppressedState", state.suppressed or state.by_design),
        **say.state("OutOfServiceState", state.out_of_service),
        **say.state("LatchedState", state.latched),
        "InputNode": ua.Variant(condition.watched, KIND.NodeId),
        "SuppressedOrShelved": ua.Variant(state.silent, KIND.Boolean),
        "MaxTimeShelved": ua.Variant(1e3 * LONGEST_SHELVING, KIND.Double),
        "ShelvingState/CurrentState": say(english, japanese),
        "ShelvingState/CurrentState/Id": ua.Variant(ua.NodeId(number), KIND.NodeId),
        "ShelvingState/UnshelveTime": ua.Variant(1e3 * left, KIND.Double),
        "OnDelay": ua.Variant(1e3 * declared.on_delay, KIND.Double),
        "OffDelay": ua.Variant(1e3 * declared.off_delay, KIND.Double),
        "Priority": say(declared.priority, PRIORITIES[declared.priority]),
        "Cause": say(*declared.cause),
        "Consequence": say(*declared.consequence),
        "Action": say(*declared.action),
    }


def _effective(alarm: Alarm, state: AlarmState) -> tuple[str, str]:
    if not state.active:
        return TWO_STATES["ActiveState"][1]
    english, japanese = level_words(alarm, state.levels)
    return english or "Active", japanese or "発報"


def _limits(alarm: Alarm, state: AlarmState, limits: tuple[float, ...], say: _Say) -> Fields:
    """LimitAlarmType and its exclusive or non-exclusive states (Part 9, 5.8.18 to 5.8.20)."""
    names = ("HighHighLimit", "HighLimit", "LowLimit", "LowLowLimit")
    fields: Fields = {
        name: ua.Variant(limit, KIND.Double) for name, limit in zip(names, limits, strict=True) if math.isfinite(limit)
    }
    if condition_type(alarm) == ua.NodeId(IDS.NonExclusiveLimitAlarmType):
        for bit, (_, name) in LIMIT_STATES.items():
            if f"{name}Limit" in fields:
                fields |= say.state(f"{name}State", bool(state.levels & bit))
        return fields
    number, name = next((row for bit, row in LIMIT_STATES.items() if state.levels & bit), (0, ""))
    word: Any = say(name, level_words(alarm, state.levels)[1]) if name else ua.Variant()
    fields["LimitState/CurrentState"] = word
    fields["LimitState/CurrentState/Id"] = ua.Variant(ua.NodeId(number), KIND.NodeId)
    return fields
