"""The best splits and pressures."""

from __future__ import annotations

import dataclasses

import pytest

from tests.twin.studies.design.examples import a_design
from twin.studies.design.arrangement import series
from twin.studies.design.optimum import optimise
from twin.studies.design.result import solve_design


@pytest.mark.parametrize("ln2", [True, False])
def test_no_neighbour_of_the_best_split_is_better(ln2):
    best = optimise(a_design(ln2=ln2))
    for name in ("T1", "T2"):
        for step in (-0.005, 0.005):
            turbines = dict(best.design.turbines)
            turbines[name] = dataclasses.replace(turbines[name], share=turbines[name].share + step)
            assert solve_design(dataclasses.replace(best.design, turbines=turbines)).yield_ <= best.yield_ + 1e-7


def test_least_energy_is_at_a_lower_pressure_than_the_highest_yield():
    most = optimise(a_design(), ("split", "p_high"), "yield")
    least = optimise(a_design(), ("split", "p_high"), "energy")
    assert least.kWh_per_litre < most.kWh_per_litre
    assert least.design.machine.p_high < most.design.machine.p_high
    assert least.yield_ < most.yield_


def test_the_pressure_between_two_turbines_is_chosen():
    start = a_design(series(), split=(0.6,))
    best = optimise(start, ("split", "p_between"))
    assert best.yield_ > solve_design(start).yield_
    p = best.design.turbines["T1"].p_out
    assert p is not None
    assert 1.05e5 < p < 13e5


def test_what_cannot_be_chosen_is_said():
    with pytest.raises(ValueError, match='expected split, p_high, p_between, got "splits"; did you mean "split"'):
        optimise(a_design(), ("splits",))
    with pytest.raises(ValueError, match="nothing to choose of p_between"):
        optimise(a_design(), ("p_between",))
