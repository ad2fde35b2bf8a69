"""Which events a client wants: the where clause of its filter (OPC UA Part 4, 7.7.3).

asyncua's evaluator compares event types for equality, knows only the first name of a path, casts nothing and fails on
what an event does not say. Here every operator that an event filter may have is carried out; those of the Query
services (InView, RelatedTo) are refused when the item is made. Elements refer to later ones only, so they are
evaluated from the last to the first, each once: a filter of a few hundred bytes could ask for 2^n comparisons else.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from asyncua import ua
from asyncua.server.address_space import AddressSpace

Fields = dict[str, ua.Variant]
"""What an event says, by browse path: "Severity", "ActiveState/Id"; "NodeId" is the condition itself."""

OP, KIND = ua.FilterOperator, ua.VariantType
SUBTYPE = ua.NodeId(ua.ObjectIds.HasSubtype)

OPERANDS = {
    **dict.fromkeys((OP.IsNull, OP.Not, OP.OfType), (1, 1)),
    **dict.fromkeys((OP.Equals, OP.GreaterThan, OP.LessThan, OP.GreaterThanOrEqual, OP.LessThanOrEqual), (2, 2)),
    **dict.fromkeys((OP.Like, OP.And, OP.Or, OP.Cast, OP.BitwiseAnd, OP.BitwiseOr), (2, 2)),
    OP.Between: (3, 3),
    OP.InList: (2, 1000),
}
"""How many operands each operator has, at least and at most."""


def path_of(operand: ua.SimpleAttributeOperand) -> str:
    """The name under which a select or where clause finds a field; nothing for what no event says."""
    if operand.BrowsePath:
        wanted = operand.AttributeId == ua.AttributeIds.Value
        return "/".join(part.Name or "" for part in operand.BrowsePath) if wanted else ""
    return "NodeId" if operand.AttributeId == ua.AttributeIds.NodeId else ""


def is_subtype(space: AddressSpace, kind: ua.NodeId, of: ua.NodeId) -> bool:
    """Whether a type is another, or derived from it."""
    while kind != of:
        above = [r.NodeId for r in space[kind].references if r.ReferenceTypeId == SUBTYPE and not r.IsForward]
        if not above:
            return False
        kind = above[0]
    return True


class Where:
    """A where clause over the fields of an event."""

    def __init__(self, space: AddressSpace, clause: ua.ContentFilter) -> None:
        self._space = space
        self._elements = list(clause.Elements or ())

    def eval(self, event: Fields) -> bool:
        """Whether the event passes; without elements every one does, and what is null does not."""
        found: list[Any] = [None] * len(self._elements)
        for index in reversed(range(len(self._elements))):
            element = self._elements[index]
            given = [self._value(operand, event, found) for operand in element.FilterOperands]
            found[index] = self._result(element.FilterOperator, given, event)
        return not found or found[0] is True

    def _result(self, wanted: ua.FilterOperator, given: list[Any], event: Fields) -> Any:
        if wanted == OP.OfType:
            return is_subtype(self._space, event["EventType"].Value, given[0])
        return EVALUATE[wanted](*given)

    def _value(self, operand: Any, event: Fields, found: list[Any]) -> Any:
        if isinstance(operand, ua.ElementOperand):
            return found[operand.Index]
        if isinstance(operand, ua.LiteralOperand):
            return plain(operand.Value)
        return plain(event.get(path_of(operand)))


def plain(given: ua.Variant | None) -> Any:
    """A value that compares: texts without their language, names without their namespace, codes as numbers."""
    value = given.Value if given is not None else None
    if isinstance(value, ua.LocalizedText):
        return value.Text
    if isinstance(value, ua.QualifiedName):
        return value.Name
    if isinstance(value, ua.StatusCode):
        return value.value
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    return value


# --- operators -------------------------------------------------------------------------------------------------------


def _alike(one: Any, other: Any) -> tuple[Any, Any]:
    """Both after the implicit conversion of a text to what it is compared with; nulls where there is none."""
    if isinstance(one, str) and not isinstance(other, str):
        return _read(one, other), other
    if isinstance(other, str) and not isinstance(one, str):
        return one, _read(other, one)
    return one, other


def _read(text: str, like: Any) -> Any:
    """A text as a value of another's type; None if it is none."""
    try:
        if isinstance(like, bool):
            return {"true": True, "1": True, "false": False, "0": False}[text.lower()]
        if isinstance(like, (int, float)):
            return float(text)
        return ua.NodeId.from_string(text) if isinstance(like, ua.NodeId) else None
    except (KeyError, ValueError, ua.UaError):
        return None


def _equals(one: Any, other: Any) -> bool:
    one, other = _alike(one, other)
    return one is not None and bool(one == other)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """A comparison that is false for what has no order."""

    def compared(one: Any, other: Any) -> bool:
        one, other = _alike(one, other)
        for kinds in ((int, float), (str,), (datetime,)):
            if isinstance(one, kinds) and isinstance(other, kinds):
                return compare(one, other)
        return False

    return compared


def _truth(value: Any) -> bool | None:
    """Three-valued logic (Part 4, tables 121 to 123): what is no truth value is null."""
    return value if isinstance(value, bool) else None


def _and(one: Any, other: Any) -> bool | None:
    given = (_truth(one), _truth(other))
    return False if False in given else (None if None in given else True)


def _or(one: Any, other: Any) -> bool | None:
    given = (_truth(one), _truth(other))
    return True if True in given else (None if None in given else False)


def _not(one: Any) -> bool | None:
    known = _truth(one)
    return None if known is None else not known


def _bits(combine: Callable[[int, int], int]) -> Callable[[Any, Any], int | None]:
    def combined(one: Any, other: Any) -> int | None:
        whole = all(isinstance(value, int) and not isinstance(value, bool) for value in (one, other))
        return combine(one, other) if whole else None

    return combined


def _like(text: Any, pattern: Any) -> bool:
    return isinstance(text, str) and isinstance(pattern, str) and _regex(pattern).fullmatch(text) is not None


@lru_cache(maxsize=256)
def _regex(pattern: str) -> re.Pattern[str]:
    """Part 4, table 134: % any text, _ one sign, [] one of, [^] none of, \\ takes a sign as it is.

    What follows a % is looked for once, from the left, and never again (an atomic group, as in Python's fnmatch):
    "%a%a%a%a" would hold the server for minutes else.
    """
    pieces = [""]
    for sign in re.findall(r"\\.|\[\^?[^\]]+\]|.", pattern, re.DOTALL):
        if sign == "%":
            pieces.append("")
        elif sign[0] == "[" and len(sign) > 1:
            none = "^" if sign[1] == "^" else ""
            inside = re.sub(r"([\\\[^&~|])", r"\\\1", sign[1 + len(none) : -1])
            pieces[-1] += f"[{none}{inside}]"
        else:
            pieces[-1] += "." if sign == "_" else re.escape(sign[1:] if len(sign) > 1 else sign)
    first, *rest = pieces
    if not rest:
        return _compiled(first)
    *middle, last = rest
    return _compiled(first + "".join(f"(?>.*?{piece})" for piece in middle) + f".*{last}")


def _compiled(regex: str) -> re.Pattern[str]:
    try:
        return re.compile(regex, re.DOTALL)
    except re.error:  # a range such as [z-a]
        return re.compile("(?!)")


WHOLE = {
    KIND.SByte: (-(2**7), 2**7),
    KIND.Byte: (0, 2**8),
    KIND.Int16: (-(2**15), 2**15),
    KIND.UInt16: (0, 2**16),
    KIND.Int32: (-(2**31), 2**31),
    KIND.UInt32: (0, 2**32),
    KIND.Int64: (-(2**63), 2**63),
    KIND.UInt64: (0, 2**64),
}


def _cast(value: Any, kind: Any) -> Any:
    """An explicit conversion (Part 4, table 118); null where there is none."""
    number = kind.Identifier if isinstance(kind, ua.NodeId) and kind.NamespaceIndex == 0 else 0
    if number == KIND.String.value and isinstance(value, (int, float, str)):
        return str(value).lower() if isinstance(value, bool) else str(value)
    if isinstance(value, str):
        value = _read(value, like=False if number == KIND.Boolean.value else 0.0)
    if not isinstance(value, (int, float)):
        return None
    if number in (KIND.Float.value, KIND.Double.value):
        return float(value)
    if number == KIND.Boolean.value:
        return bool(value)
    low, high = next((bounds for kind, bounds in WHOLE.items() if kind.value == number), (0, 0))
    return round(value) if low <= value < high else None


EVALUATE: dict[ua.FilterOperator, Callable[..., Any]] = {
    OP.Equals: _equals,
    OP.IsNull: lambda value: value is None,
    OP.GreaterThan: _ordered(operator.gt),
    OP.LessThan: _ordered(operator.lt),
    OP.GreaterThanOrEqual: _ordered(operator.ge),
    OP.LessThanOrEqual: _ordered(operator.le),
    OP.Like: _like,
    OP.Not: _not,
    OP.Between: lambda value, low, high: _ordered(operator.ge)(value, low) and _ordered(operator.le)(value, high),
    OP.InList: lambda value, *listed: any(_equals(value, one) for one in listed),
    OP.And: _and,
    OP.Or: _or,
    OP.Cast: _cast,
    OP.BitwiseAnd: _bits(operator.and_),
    OP.BitwiseOr: _bits(operator.or_),
}
"""Every operator but OfType, which needs the types."""
