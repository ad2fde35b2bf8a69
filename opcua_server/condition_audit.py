"""What an audit event says of a method of a condition: the type that Part 9, 5.10 has for it, and its fields."""

from __future__ import annotations

from typing import NamedTuple

from asyncua import ua

from opcua_server.condition_nodes import condition_of
from opcua_server.where import Fields

IDS, KINDS = ua.ObjectIds, ua.VariantType

METHODS = {
    IDS.AuditConditionEnableEventType: ("Enable", "Disable"),
    IDS.AuditConditionAcknowledgeEventType: ("Acknowledge",),
    IDS.AuditConditionConfirmEventType: ("Confirm",),
    IDS.AuditConditionCommentEventType: ("AddComment",),
    IDS.AuditConditionShelvingEventType: ("TimedShelve", "OneShotShelve", "Unshelve"),
    IDS.AuditConditionSuppressionEventType: ("Suppress", "Unsuppress"),
    IDS.AuditConditionOutOfServiceEventType: ("RemoveFromService", "PlaceInService"),
    IDS.AuditConditionResetEventType: ("Reset",),
}
"""By type of event; the forms with a comment raise the same (Part 9, 5.8.5 to 5.8.17). Nothing here is silenced or
answered."""
PLACES = (
    *("ConditionType", "AcknowledgeableConditionType", "AlarmConditionType"),
    *("AlarmConditionType_ShelvingState", "ShelvedStateMachineType"),
)
"""Types that declare them; a client may call the method of any."""
REMARK = (("ConditionEventId", KINDS.ByteString), ("Comment", KINDS.LocalizedText))
ARGUMENTS = dict.fromkeys(("Acknowledge", "Confirm", "AddComment"), REMARK) | dict.fromkeys(
    ("TimedShelve", "TimedShelve2"), (("ShelvingTime", KINDS.Double),)
)
"""Arguments that are fields of the event too, in the order of the method."""


class Meant(NamedTuple):
    """Type of the event, name of the method, the condition that was meant, and the fields of the type."""

    kind: int
    method: str
    condition: ua.NodeId
    fields: Fields


def _by_id() -> dict[ua.NodeId, tuple[int, str]]:
    names = [(kind, name + form) for kind, methods in METHODS.items() for name in methods for form in ("", "2")]
    ids = [(getattr(IDS, f"{place}_{name}", 0), kind, name) for place in PLACES for kind, name in names]
    return {ua.NodeId(number): (kind, name) for number, kind, name in ids if number}


BY_ID = _by_id()


def meant(call: ua.CallMethodRequest) -> Meant | None:
    """What a call would do to a condition; None for any other method.

    An argument that is missing or of the wrong type is null in the event, as the call was refused for it.
    """
    if call.MethodId not in BY_ID:
        return None
    kind, name = BY_ID[call.MethodId]
    given = zip(ARGUMENTS.get(name, ()), call.InputArguments or (), strict=False)
    fields = {field: value for (field, wanted), value in given if value.VariantType == wanted and not value.is_array}
    return Meant(kind, name, condition_of(call.ObjectId), fields)
