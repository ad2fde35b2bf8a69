"""Dryer: catches water until it is loaded; regeneration carries it out and loses purge gas."""

import pytest

LINE = """
[unit.BANK-1]
kind = "cylinder_bank"
count = 20
p_start = "100 bar"
h2o_start = {wet}
[unit.B-2]
kind = "buffer"
volume = "20 m3"
p_start = "1.5 bar"
UA = "500 W/K"
[unit.DR-1]
kind = "dryer"
inlet = "BANK-1"
outlet = "B-2"
flow_area = "0.5 mm2"
capacity = "{capacity} g"
purge_flow = "0.1 g/s"
"""


def test_dry_gas_leaves_while_there_is_room(plant_of):
    plant = plant_of(LINE.format(wet=1e-3, capacity=1000), step=10.0)
    plant.run(minutes=30)
    passed = 1.0 - plant["BANK-1.mass"] / plant_of(LINE.format(wet=1e-3, capacity=1000))["BANK-1.mass"]
    assert passed > 0.1
    assert plant["B-2.w_h2o"] < 1e-9
    assert plant["DR-1.h2o"] == pytest.approx(1e-3 * (plant["B-2.mass"] - 4.78), rel=0.05)
    assert plant.ledger().impurity_closure < 1e-12


def test_it_breaks_through_when_it_holds_its_capacity(plant_of):
    plant = plant_of(LINE.format(wet=1e-2, capacity=10), step=10.0)
    plant.run(minutes=60)
    assert plant["DR-1.loading"] == pytest.approx(1.1, abs=0.12)
    assert plant["DR-1.slip"] > 0.9
    assert plant["B-2.w_h2o"] > 1e-4


def test_regeneration_takes_the_water_out_and_costs_helium(plant_of):
    plant = plant_of(LINE.format(wet=1e-2, capacity=50), step=10.0)
    plant.run(minutes=20)
    loaded = plant["DR-1.h2o"]
    plant["DR-1.mode"] = 2
    plant.run(hours=8)
    assert plant["DR-1.h2o"] < 0.05 * loaded
    assert plant.ledger().kg_lost["purge"] == pytest.approx(1e-4 * 8 * 3600, rel=0.1)
    assert plant["DR-1.m_flow"] == 0.0
