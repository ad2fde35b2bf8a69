"""Where clauses over the fields of an event, operator by operator."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from asyncua import ua
from asyncua.server.address_space import AddressSpace

from opcua_server.where import Where

OP, KIND = ua.FilterOperator, ua.VariantType
EVENT = {
    "EventType": ua.Variant(ua.NodeId(ua.ObjectIds.BaseEventType)),
    "Severity": ua.Variant(700, KIND.UInt16),
    "SourceName": ua.Variant("BAG-1"),
    "Message": ua.Variant(ua.LocalizedText("バッグ充満率", "ja")),
    "Retain": ua.Variant(True),
    "Time": ua.Variant(datetime(2026, 1, 1, tzinfo=UTC)),
}
NULL = "ActiveState"


def field(name: str) -> ua.SimpleAttributeOperand:
    return ua.SimpleAttributeOperand(ua.NodeId(2041), [ua.QualifiedName(name)], ua.AttributeIds.Value)


def literal(value: Any) -> ua.LiteralOperand:
    return ua.LiteralOperand(value if isinstance(value, ua.Variant) else ua.Variant(value))


def passes(*elements: tuple[Any, ...]) -> bool:
    """Whether the event passes; a text names a field, a number in a tuple an element, all else is a literal."""
    made = []
    for wanted, *operands in elements:
        given = [o if hasattr(o, "data_type") else literal(o) for o in operands]
        made.append(ua.ContentFilterElement(wanted, given))
    return Where(AddressSpace(), ua.ContentFilter(made)).eval(EVENT)


@pytest.mark.parametrize(
    ("element", "wanted"),
    [
        ((OP.Equals, field("Severity"), 700), True),
        ((OP.Equals, field("Severity"), "700"), True),  # a text is read as a number
        ((OP.Equals, field("Severity"), "much"), False),
        ((OP.Equals, field("Message"), "バッグ充満率"), True),
        ((OP.Equals, field("Retain"), "true"), True),
        ((OP.Equals, field(NULL), 1), False),
        ((OP.Equals, field(NULL), "BAG-1"), False),
        ((OP.IsNull, field(NULL)), True),
        ((OP.IsNull, field("Severity")), False),
        ((OP.GreaterThan, field("Severity"), 699.5), True),
        ((OP.GreaterThan, field(NULL), 0), False),  # what an event does not say is no reason to fail
        ((OP.GreaterThan, field("SourceName"), 1), False),
        ((OP.LessThan, field("Severity"), 700), False),
        ((OP.GreaterThanOrEqual, field("Severity"), 700), True),
        ((OP.LessThanOrEqual, field("Time"), datetime(2026, 1, 1)), True),
        ((OP.Between, field("Severity"), 334, 1000), True),
        ((OP.Between, field("Severity"), 701, 1000), False),
        ((OP.InList, field("SourceName"), "BAG-2", "BAG-1"), True),
        ((OP.InList, field("SourceName"), "BAG-2", "BAG-3"), False),
        ((OP.Not, field("Retain")), False),
        ((OP.Not, field(NULL)), False),  # unknown is not true
        ((OP.BitwiseAnd, field("Severity"), 1), False),  # a number is no truth value
    ],
)
def test_an_operator_compares_as_the_standard_says(element: tuple[Any, ...], wanted: bool) -> None:
    assert passes(element) is wanted


def test_results_of_elements_are_operands() -> None:
    two = ua.ElementOperand(1)
    assert passes((OP.Equals, two, 700 & 12), (OP.BitwiseAnd, field("Severity"), 12))
    assert passes((OP.Equals, two, 700 | 3), (OP.BitwiseOr, field("Severity"), 3))
    assert passes((OP.Equals, two, "700"), (OP.Cast, field("Severity"), ua.NodeId(KIND.String.value)))
    assert passes((OP.IsNull, two), (OP.Cast, field("Severity"), ua.NodeId(KIND.Byte.value)))  # 700 is no byte
    assert passes((OP.Equals, two, True), (OP.Cast, "true", ua.NodeId(KIND.Boolean.value)))
    assert passes((OP.IsNull, two), (OP.Cast, field("Time"), ua.NodeId(KIND.Double.value)))


def test_logic_has_three_values() -> None:
    for wanted, other, result in ((OP.Or, True, True), (OP.And, True, False), (OP.Or, False, False)):
        assert passes((wanted, field(NULL), other)) is result
    unknown_and_false = (OP.Not, ua.ElementOperand(1)), (OP.And, field(NULL), False)
    assert passes(*unknown_and_false)  # false whatever the unknown is


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ("BAG-%", True),
        ("%-1", True),
        ("B_G-1", True),
        ("B__G-1", False),
        ("BAG-[0-3]", True),
        ("BAG-[^0-3]", False),
        (r"BAG\-1", True),
        ("%A%-%", True),
        ("%", True),
        ("bag-1", False),
        ("BAG-[z-a]", False),
        (r"B[\]%", False),
    ],
)
def test_patterns_are_those_of_the_standard(pattern: str, wanted: bool) -> None:
    assert passes((OP.Like, field("SourceName"), pattern)) is wanted


def test_hostile_filters_end_soon() -> None:
    assert not passes((OP.Like, "a" * 5000, "%a" * 40 + "b"))
    doubled = [(OP.And, ua.ElementOperand(i + 1), ua.ElementOperand(i + 1)) for i in range(200)]
    assert passes(*doubled, (OP.Equals, 1, 1))
