"""The steady cycle: closure, an independent solver, ratings, refusals."""

from __future__ import annotations

import contextlib
import dataclasses

import numpy as np
import pytest

from benchmarks.steady_design import Plain, example
from tests.twin.studies.design.examples import a_design
from thermo.helium import h_pT, h_vap
from twin.errors import Infeasible
from twin.studies.design.arrangement import Arrangement, collins, series
from twin.studies.design.cards import Bath, Exchanger, Turbine
from twin.studies.design.result import Result, solve_design

ARRANGEMENTS = [collins(1), collins(2), collins(3), series(2), series(3)]
SPLITS = {1: (0.7,), 2: (0.42, 0.40), 3: (0.28, 0.28, 0.26)}


def split_of(arrangement: Arrangement) -> tuple[float, ...]:
    return SPLITS[len(arrangement.heads)] if arrangement.branches == {} else (0.6,)


@pytest.mark.parametrize("ln2", [True, False])
@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
def test_mass_energy_and_exergy_close(arrangement, ln2):
    """Energy to 1e-8, exergy (from the entropy made in each component) to 1e-6 of the compressor's work."""
    found = solve_design(a_design(arrangement, ln2=ln2, split=split_of(arrangement), Q_dewar=2.0, impurity=0.01))
    assert abs(found.closure["mass"]) < 1e-12
    assert abs(found.closure["energy"]) < 1e-8
    assert abs(found.closure["exergy"]) < 1e-6
    whole = found.exergy["product"] + sum(found.exergy["destroyed"].values()) - found.exergy["ln2"]
    assert whole == pytest.approx(found.power, rel=1e-6)
    assert all(value > -1e-6 * found.power for value in found.exergy["destroyed"].values())  # the second law


@pytest.mark.parametrize("ln2", [True, False])
def test_a_plain_solve_with_coolprop_gives_the_same_yield(ln2):
    """CoolProp's full equation and scipy's root finder; our table is good to 1e-6 in temperature."""
    found = solve_design(example(ln2))
    plain = Plain(ln2)
    assert plain.solve(plain.start(found)) == pytest.approx(found.yield_, rel=1e-6)


def test_the_yield_satisfies_the_first_law_from_the_points_alone():
    found = solve_design(a_design(ln2=False))
    m = found.design.machine
    h = {point.name: point.h for point in found.points}
    taken = sum(t.power for t in found.turbines)
    liquid = found.point("D.liquid").m_flow
    left = m.flow * h["H0"] - (m.flow - liquid) * h["L0"] - liquid * h["D.liquid"]
    assert left == pytest.approx(taken, rel=1e-9)


@pytest.mark.parametrize("quality", ["UA", "pinch"])
@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
def test_rating_gives_back_what_was_designed(arrangement, quality):
    designed = solve_design(a_design(arrangement, split=split_of(arrangement)))
    cards = {row.name: Exchanger(**{quality: getattr(row, quality)}) for row in designed.exchangers}
    rated = solve_design(dataclasses.replace(designed.design, exchangers=cards))
    assert rated.yield_ == pytest.approx(designed.yield_, rel=1e-8)


def test_a_terminal_difference_is_met():
    design = a_design()
    cards = design.exchangers | {"E1": Exchanger(dT_warm=5.0), "E5": Exchanger(dT_cold=0.4)}
    found = {row.name: row for row in solve_design(dataclasses.replace(design, exchangers=cards)).exchangers}
    assert found["E1"].dT_warm == pytest.approx(5.0, abs=1e-6)
    assert found["E5"].dT_cold == pytest.approx(0.4, abs=1e-6)


def test_conductance_of_a_balanced_exchanger_of_constant_specific_heat_is_its_closed_form():
    """Warm end without LN2 far from yield: NTU = effectiveness / (1 - effectiveness) if both capacities are equal."""
    found = solve_design(a_design(ln2=False, split=(0.1, 0.06), effectiveness=0.96))
    e1 = found.exchangers[0]
    ratio = e1.m_cold / e1.m_hot
    ntu = np.log((1.0 - e1.effectiveness * ratio) / (1.0 - e1.effectiveness)) / (1.0 - ratio)
    assert pytest.approx(ntu, rel=0.02) == e1.NTU  # 1.05 and 13 bar differ by 0.3 % in specific heat


def test_a_turbine_loses_efficiency_off_its_best_speed():
    design = a_design()
    first = solve_design(design)
    head = first.turbines[0].power / first.turbines[0].m_flow / 0.72
    best = 0.65 * (2.0 * head) ** 0.5 / (np.pi * 0.02)
    for speed, factor in ((best, 1.0), (0.8 * best, 0.96)):
        t1 = Turbine(share=0.42, efficiency=0.72, diameter=0.02, speed=speed)
        found = solve_design(dataclasses.replace(design, turbines=design.turbines | {"T1": t1}))
        assert found.turbines[0].efficiency == pytest.approx(0.72 * factor, rel=0.01)


def test_displaced_vapour_lowers_what_is_taken_in_but_not_what_is_made():
    """A rigid dewar at 1.2 bar pushes out one volume of vapour per volume of liquid: 16 % of the mass."""
    drawn, filling = (solve_design(a_design(dewar_fills=fills)) for fills in (False, True))
    share = 1.0 - filling.make_up / filling.point("D.liquid").m_flow
    assert share == pytest.approx(0.16, abs=0.01)
    assert filling.yield_ < drawn.yield_


def test_air_in_the_feed_costs_liquid():
    yields = [solve_design(a_design(ln2=False, impurity=x)).yield_ for x in (0.0, 0.01, 0.03)]
    assert yields[0] > yields[1] > yields[2]


def test_nitrogen_vents_warmer_when_its_cold_is_used():
    design = a_design()
    cold = solve_design(design)
    warm = solve_design(dataclasses.replace(design, bath=Bath(temp_vent=100.0)))
    assert warm.ln2 < cold.ln2
    assert warm.yield_ == cold.yield_


def test_a_jt_inlet_too_warm_is_refused_with_both_temperatures():
    with pytest.raises(Infeasible, match=r"JT valve: the gas reaches it at .* K; from 13 bar it must be colder than"):
        solve_design(a_design(ln2=False, effectiveness=0.8, efficiency=0.4))


def test_crossing_temperatures_are_refused_with_the_exchanger():
    """Above the critical pressure the specific heat peaks, so the pinch of E5 lies inside."""
    design = a_design(ln2=False, split=(0.1, 0.03), effectiveness=0.985)
    sharp = {name: Exchanger(effectiveness=0.9995) for name in ("E5", "E6")}
    with pytest.raises(Infeasible, match=r"E5: the temperatures cross: where \d+ % of its duty"):
        solve_design(dataclasses.replace(design, exchangers=design.exchangers | sharp))


def test_too_much_for_the_turbines_is_refused():
    with pytest.raises(Infeasible, match="split: the turbines take 105 % of the flow"):
        solve_design(a_design(split=(0.6, 0.45)))


def test_a_dewar_below_the_return_is_refused():
    with pytest.raises(Infeasible, match="dewar: at 1 bar it cannot give vapour to the return at 1.05 bar"):
        solve_design(a_design(p_dewar=1e5))


def test_no_success_has_a_negative_flow_or_a_crossing():
    """Whatever is asked for: an answer with positive flows and pinches, or a sentence."""
    rng = np.random.default_rng(7)
    answers = 0
    for _ in range(300):
        arrangement = ARRANGEMENTS[rng.integers(len(ARRANGEMENTS))]
        heads = len(arrangement.heads)
        split = tuple(rng.dirichlet(np.ones(heads + 1))[:heads])
        design = a_design(
            arrangement,
            ln2=bool(rng.integers(2)),
            effectiveness=rng.uniform(0.7, 0.999),
            efficiency=rng.uniform(0.3, 0.9),
            split=split,
            p_high=rng.uniform(5e5, 40e5),
        )
        with contextlib.suppress(Infeasible):
            check(solve_design(design))
            answers += 1
    assert answers > 60


def check(found: Result) -> None:
    """Positive flows and temperature differences, closed."""
    assert 0.0 < found.yield_ < 1.0
    assert all(point.m_flow > 0.0 for point in found.points)
    assert all(row.pinch > 0.0 and row.Q_flow > 0.0 for row in found.exchangers)
    assert abs(found.closure["energy"]) < 1e-8


def test_the_jt_valve_is_isenthalpic_and_the_dewar_saturated():
    found = solve_design(a_design())
    assert found.point("JT.out").h == found.point("H7").h
    assert found.point("D.vapour").h == pytest.approx(h_vap(1.2e5))
    assert found.point("H2").h == pytest.approx(h_pT(13e5, 80.0))
