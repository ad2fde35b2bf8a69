"""Operator: writes inputs, by number or by label."""

import pytest

from twin.errors import BadWrite, TwinError
from twin.units.operator import EXAMPLE


def test_the_schedule_opens_and_closes_a_valve(plant_of):
    plant = plant_of(EXAMPLE)
    plant.run(seconds=90)
    assert plant["CV-1.opening"] == 1.0
    plant.run(seconds=90)
    assert plant["CV-1.opening"] == 0.0
    assert plant["OP-1.writes"] == 2.0


def test_what_nobody_may_write_the_operator_may_not_either(plant_of):
    plant = plant_of(EXAMPLE)
    with pytest.raises(BadWrite, match="only inputs"):
        plant.do("OP-1.write", tag="B-1.p", value=1e5)
    with pytest.raises(TwinError, match="expected one of no labels"):
        plant.do("OP-1.write", tag="CV-1.opening", value="open")
