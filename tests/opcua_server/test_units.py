"""Engineering units carry the codes that OPC UA clients look up."""

from __future__ import annotations

import pytest

from opcua_server.units import CODES, UNECE, engineering_unit
from twin.quantities import read_unit
from twin.records import NODE_TAGS
from twin.unit import KINDS


@pytest.mark.parametrize(
    ("unit", "unit_id", "symbol"),
    [  # verified: OPC Foundation, UA-Nodeset, Schema/UNECE_to_OPCUA.csv
        ("1", 4404786, "1"),
        ("K", 4932940, "K"),
        ("Pa", 5259596, "Pa"),
        ("kg", 4933453, "kg"),
        ("kg/s", 4933459, "kg/s"),
        ("kg/m3", 4934993, "kg/m³"),
        ("J/kg", 18994, "J/kg"),
        ("J/(kg K)", 4337969, "J/(kg·K)"),
        ("W", 5723220, "W"),
        ("W/K", 4470066, "W/K"),
        ("m3", 5067857, "m³"),
        ("m3/Pa", 5060401, "m³/Pa"),
        ("s", 5457219, "s"),
        ("Hz", 4740186, "Hz"),
        ("1/s", 4405559, "s⁻¹"),
        ("rad/s", 12865, "rad/s"),
        ("kg/kg", 5059129, "kg/kg"),
        ("H", 14385, "H"),
        ("L", 5002322, "l"),
        ("L/d", 19524, "l/d"),
        ("h", 4740434, "h"),
    ],
)
def test_unit_ids_are_the_published_ones(unit: str, unit_id: int, symbol: str) -> None:
    info = engineering_unit(unit)
    assert (info.NamespaceUri, info.UnitId, info.DisplayName.Text) == (UNECE, unit_id, symbol)


def test_every_unit_of_the_table_is_one_that_plant_files_know() -> None:
    for unit in CODES:
        read_unit(unit)  # raises otherwise


def test_every_unit_that_a_kind_of_equipment_declares_has_a_code() -> None:
    declared = {q.unit for kind in KINDS.values() for q in kind.quantities.values()}
    declared |= {unit for unit, *_ in NODE_TAGS.values()}
    fixed = {unit for unit in declared if not unit.startswith("@")}  # "@unit" is given in the plant file
    assert fixed - CODES.keys() == {"Pa m3"}  # gas in a vacuum; Recommendation 20 has none for it


def test_codes_are_used_once() -> None:
    codes = [code for code, *_ in CODES.values()]
    assert len(codes) == len(set(codes))


def test_a_unit_without_a_code_is_sent_as_text() -> None:
    info = engineering_unit("kg/(s Pa2)")
    assert (info.UnitId, info.DisplayName.Text) == (-1, "kg/(s Pa2)")
