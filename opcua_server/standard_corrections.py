"""What asyncua 2.1.0 has wrong in the standard's own nodes, put right; compared with Opc.Ua.NodeSet2.xml by a test.

Its generator leaves attributes out that have their default, and its classes have other defaults than the schema: all
types of variables and references came out abstract, and whatever takes any data type came out as String.
"""

from __future__ import annotations

from asyncua import ua
from asyncua.server.address_space import AddressSpace, AttributeValue

ABSTRACT_TYPES = frozenset(
    {
        *(62, 2137, 2372, 12021, 17714, 18772, 18779, 18786, 32431),  # of variables
        *(31, 32, 33, 34, 44),  # of references
    }
)
ANY_DATA_TYPE = (
    *(62, 63, 68, 2102, 2103, 2129, 2137, 2365, 2372, 2379, 2387, 2388, 2756, 2763, 2777, 2778, 3720, 3724),
    *(3746, 3750, 3754, 9002, 11487, 11562, 12021, 12029, 12047, 12057, 12068, 12502, 14418, 14595, 15014),
    *(15038, 15040, 15392, 15393, 15490, 16309, 17503, 17576, 17579, 17582, 17632, 17706, 17710, 18077, 19306),
    *(19821, 19823, 21097, 23844, 23999, 24019, 25684, 32433),
)
"""Variables and their types whose data type is BaseDataType."""


def correct(space: AddressSpace) -> None:
    """Put the nodes of the standard right."""
    for nodeid, node in space._nodes.items():
        kind = node.attributes[ua.AttributeIds.NodeClass].value.Value.Value
        if nodeid.NamespaceIndex == 0 and kind in (ua.NodeClass.VariableType, ua.NodeClass.ReferenceType):
            is_abstract = ua.Variant(nodeid.Identifier in ABSTRACT_TYPES, ua.VariantType.Boolean)
            node.attributes[ua.AttributeIds.IsAbstract] = AttributeValue(ua.DataValue(is_abstract))
    any_type = ua.Variant(ua.NodeId(ua.ObjectIds.BaseDataType), ua.VariantType.NodeId)
    for number in ANY_DATA_TYPE:
        space._nodes[ua.NodeId(number)].attributes[ua.AttributeIds.DataType] = AttributeValue(ua.DataValue(any_type))
