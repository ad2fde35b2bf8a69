"""A liquefier's parts are found from its wires, and what crosses its bounds is what it gains."""

import dataclasses

import pytest

from twin.errors import TwinError
from twin.plant import Plant
from twin.plant_file import load_spec
from twin.studies.sizing.circuit import Bounds, Circuit, circuit, circuits


def test_the_network_has_an_old_and_a_new_liquefier():
    old, new = circuits(Plant.load("herenet"))
    assert old == Circuit("SEQ-1", "LC-1", "C-101", "PC", "JT", "D-1", "BUF-1", "BAG-H")
    assert new == Circuit("SEQ-2", "LC-2", "C-201", "PC-2", "JT-2", "D-2", "BUF-1", "BAG-H")


def test_bounds_are_stock_bag_and_what_is_fetched():
    plant = Plant.load("herenet")
    bounds = Bounds(plant, circuits(plant)[0])
    assert set(bounds.crossings) == {"BUF-1", "BAG-H", "TD-H"}
    assert {plant._compiled.node_names[i] for i in bounds.inside} >= {"LP-101", "HP-101", "H0", "L4", "TM", "D-1"}


def test_what_comes_in_is_what_the_circuit_and_its_dewar_gain():
    plant = Plant.load("herenet")
    bounds = Bounds(plant, circuits(plant)[0])
    before = bounds.read()
    plant.run(minutes=20)
    after = bounds.read()
    gained = after["dewar"] + after["circuit"] - before["dewar"] - before["circuit"]
    assert abs(gained) > 0.5
    assert sum(map(bounds.came_from, bounds.crossings)) == pytest.approx(gained, rel=1e-9)


def test_a_sequence_that_is_not_wired_to_its_parts_is_refused_with_the_wire():
    spec = load_spec("university-l70")
    unit = spec.units["SEQ-1"]
    spec.units["SEQ-1"] = dataclasses.replace(unit, card=dataclasses.replace(unit.card, ln2=""))
    with pytest.raises(TwinError, match=r"unit\.SEQ-1\.ln2"):
        circuit(Plant(spec), "SEQ-1")
