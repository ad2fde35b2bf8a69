"""What every model of a helium liquefier must show, on the machines of the catalogue and on Collins' arrangement."""

from __future__ import annotations

import dataclasses
import itertools
from math import log

import pytest

from thermo.eos import GAS_CONSTANT
from thermo.helium import T_ph, h_liq, h_pT, h_vap, s_liq, s_pT
from thermo.nitrogen import refrigeration_n2
from twin.errors import Infeasible
from twin.quantities import LIQUID_LITRE
from twin.studies.design.design_file import load_design, make_design
from twin.studies.design.result import IDEAL_WORK, Result, solve_design
from twin.studies.design.steady import Design

ATMOSPHERE = 101325.0
CP = 5.193e3  # J/(kg K), helium gas: 5/2 R
MACHINES = ("l70", "l140", "tcf20", "aachen")


def shared(design: Design, share: float) -> Design:
    """The same share of the flow to every branch with turbines."""
    turbines = {name: dataclasses.replace(card, share=share) for name, card in design.turbines.items()}
    return dataclasses.replace(design, turbines=turbines)


def exchanging(design: Design, effectiveness: float, names: tuple[str, ...] = ()) -> Design:
    """The design with exchangers of this effectiveness, all of them or those named."""
    changed = {name: dataclasses.replace(design.exchangers[name], effectiveness=effectiveness) for name in names}
    if not names:
        changed = {name: dataclasses.replace(c, effectiveness=effectiveness) for name, c in design.exchangers.items()}
    return dataclasses.replace(design, exchangers=design.exchangers | changed)


def yield_or_none(design: Design) -> float:
    try:
        return solve_design(design).yield_
    except Infeasible:
        return 0.0


@pytest.mark.parametrize("ln2", [True, False])
@pytest.mark.parametrize("arrangement", ["collins", "three_way"])
def test_yield_has_one_maximum_inside_the_range_of_the_expander_fraction(arrangement: str, ln2: bool) -> None:
    design = make_design({"arrangement": arrangement, "ln2": ln2, "exchangers": {"effectiveness": 0.96}})
    most = 0.495 if arrangement == "collins" else 0.98
    shares = [0.05 + k * (most - 0.05) / 18 for k in range(19)]
    yields = [yield_or_none(shared(design, share)) for share in shares]
    best = yields.index(max(yields))
    assert 0 < best < len(yields) - 1
    assert max(yields) > 1.2 * max(yields[0], yields[-1])
    working = [value for value in yields if value > 0.0]
    rises = [b > a for a, b in itertools.pairwise(working)]
    assert rises == sorted(rises, reverse=True), "rises to the maximum, falls after it"


@pytest.mark.parametrize("name", MACHINES)
def test_yield_falls_steeply_with_the_effectiveness_of_the_exchangers(name: str) -> None:
    """Each hundredth of effectiveness costs more than a twentieth of the yield without LN2."""
    design = load_design(name, ln2=False)
    yields = [yield_or_none(exchanging(design, value)) for value in (0.98, 0.97, 0.96, 0.95, 0.94)]
    for better, worse in itertools.pairwise(yields):
        assert worse < 0.95 * better
    assert yield_or_none(exchanging(design, 0.85)) == 0.0, "with poor exchangers there is no liquid at all"


@pytest.mark.parametrize("name", MACHINES)
def test_ln2_about_doubles_the_output(name: str) -> None:
    with_ln2, without = (solve_design(load_design(name, ln2=ln2)).litres_per_hour for ln2 in (True, False))
    assert 1.6 < with_ln2 / without < 2.4


def test_the_jt_inlet_must_be_colder_than_about_seven_and_a_half_kelvin() -> None:
    """Liquid fraction from 13 to 1.2 bar by inlet temperature: CoolProp 8.0.0."""
    for temp, fraction in ((5.0, 0.650), (6.0, 0.451), (7.0, 0.196), (7.5, 0.044)):
        found = (h_vap(1.2e5) - h_pT(13e5, temp)) / (h_vap(1.2e5) - h_liq(1.2e5))
        assert found == pytest.approx(fraction, abs=1e-3)
    assert h_pT(13e5, 8.0) > h_vap(1.2e5)
    assert 7.5 < T_ph(13e5, h_vap(1.2e5)) < 7.7


@pytest.mark.parametrize("name", MACHINES)
@pytest.mark.parametrize("ln2", [True, False])
def test_every_machine_that_liquefies_has_a_cold_enough_jt_inlet(name: str, ln2: bool) -> None:
    assert jt_inlet(solve_design(load_design(name, ln2=ln2))) < 7.6


def test_a_machine_whose_jt_inlet_is_too_warm_is_refused_with_the_temperature_it_needs() -> None:
    with pytest.raises(Infeasible, match=r"JT valve: .* must be colder than 7\.[56]\d K"):
        solve_design(exchanging(load_design("l140", ln2=False), 0.85))


def jt_inlet(result: Result) -> float:
    return [point for point in result.points if point.name.startswith("H")][-1].temp


def test_the_terms_of_the_first_law_per_kilogram_are_the_published_ones() -> None:
    """6 % of yield: 94 kJ/kg to make the liquid, 3.9 because throttling at 300 K warms helium, 5.2 per kelvin."""
    assert 0.06 * (h_pT(ATMOSPHERE, 300.0) - h_liq(1.2e5)) == pytest.approx(94e3, rel=5e-3)
    assert h_pT(13e5, 300.0) - h_pT(ATMOSPHERE, 300.0) == pytest.approx(3.9e3, abs=30.0)
    assert h_pT(ATMOSPHERE, 300.0) - h_pT(ATMOSPHERE, 299.0) == pytest.approx(5.2e3, rel=2e-3)


@pytest.mark.parametrize("name", MACHINES)
def test_the_first_law_per_kilogram_of_compressed_flow_closes_without_ln2(name: str) -> None:
    """Expanders = liquid + throttling at 300 K + what the return takes out cold, to 0.1 %."""
    result = solve_design(load_design(name, ln2=False, machine={"impurity": 0.0}))
    m, y = result.design.machine, result.yield_
    expanders = sum(t.power for t in result.turbines) / m.flow
    liquid = y * (h_pT(m.p_low, 300.0) - h_liq(m.p_dewar))
    throttling = h_pT(m.p_high, 300.0) - h_pT(m.p_low, 300.0)
    cold_return = (1.0 - y) * CP * (300.0 - result.point("L0").temp)
    assert expanders == pytest.approx(liquid + throttling + cold_return + m.Q_dewar / m.flow, rel=1e-3)
    assert abs(result.closure["energy"]) < 1e-3


def test_ln2_is_about_three_grams_per_gram_of_make_up_if_its_vapour_is_used() -> None:
    """Ganni: about 3 g of LN2 per g of helium from 300 to 80 K, and exchanger losses on top."""
    ideal, real = ln2_per_make_up(0.9999, temp_vent=290.0), ln2_per_make_up(0.98, temp_vent=290.0)
    assert 2.5 < ideal < 3.0 < real < 3.5
    assert ln2_per_make_up(0.9999) == pytest.approx(CP * 220.0 / refrigeration_n2(77.355, 77.355), rel=0.06)


def test_what_the_warm_exchanger_lacks_is_made_up_by_ln2() -> None:
    """The return leaves cold by dT: LN2 gives (1 - y) cp dT per kilogram of flow."""
    good, poor = (solve_design(exchanging(load_design("l140"), value, ("E1",))) for value in (0.999, 0.97))
    assert poor.yield_ == pytest.approx(good.yield_, rel=1e-6), "below the bath nothing changes"
    colder = good.point("L0").temp - poor.point("L0").temp
    flow = good.design.machine.flow * (1.0 - good.yield_)
    assert poor.ln2 - good.ln2 == pytest.approx(flow * CP * colder / refrigeration_n2(77.355, 77.355), rel=2e-3)


def ln2_per_make_up(effectiveness: float, temp_vent: float = 77.355) -> float:
    design = exchanging(load_design("l140", bath={"temp_vent": temp_vent}), effectiveness, ("E1",))
    result = solve_design(exchanging(design, 0.995, ("E2",)))
    return result.ln2 / result.make_up


def test_the_least_work_is_6831_kilojoule_per_kilogram() -> None:
    gas, liquid = (h_pT(ATMOSPHERE, 300.0), s_pT(ATMOSPHERE, 300.0)), (h_liq(ATMOSPHERE), s_liq(ATMOSPHERE))
    least = 300.0 * (gas[1] - liquid[1]) - (gas[0] - liquid[0])
    assert least == pytest.approx(6831e3, abs=1e3)
    assert pytest.approx(least, abs=1e3) == IDEAL_WORK
    result = solve_design(load_design("l140"))
    assert result.exergy["figure_of_merit"] == pytest.approx(result.make_up * least / result.power, rel=1e-3)


@pytest.mark.parametrize(("yield_", "energy"), [(0.10, 1.0), (0.06, 1.7)])
def test_isothermal_efficiency_of_a_half_and_more_gives_the_published_energy(yield_: float, energy: float) -> None:
    """R T ln(p_high / p_low) / efficiency per kilogram of flow, over the yield: 1.0 kWh/L with LN2 and 1.7 without."""
    ideal = GAS_CONSTANT * 300.0 * log(13.0 / 1.05) * LIQUID_LITRE / yield_ / 3.6e6
    assert ideal / 0.55 < 1.05 * energy
    assert ideal / 0.50 > energy


@pytest.mark.parametrize(("ln2", "energy"), [(True, 1.0), (False, 1.7)])
def test_the_l140_needs_about_the_published_energy(ln2: bool, energy: float) -> None:
    assert solve_design(load_design("l140", ln2=ln2)).kWh_per_litre == pytest.approx(energy, rel=0.1)
