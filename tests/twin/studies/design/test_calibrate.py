"""Fits to plant data: known parameters come back, closed forms are met, and what data cannot tell is refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from twin.errors import Infeasible, PlantFileError, Undetermined
from twin.studies.design.calibrate import Calibration, at_point, calibrate, measured_of
from twin.studies.design.cards import Exchanger
from twin.studies.design.design_file import load_design
from twin.studies.design.parameters import applied, find_parameters, with_UA_factor
from twin.studies.design.plant_data import Measured, OperatingPoint
from twin.studies.design.result import solve_design

DESIGN = load_design("l140")
SETTINGS = (
    OperatingPoint("with LN2", {}, True),
    OperatingPoint("without", {}, False),
    OperatingPoint("with LN2, 11 bar", {}, True, None, {"p_high": 11e5}),
    OperatingPoint("without, less to the turbines", {}, False, (0.6,)),
)
SPREAD = {"litres": 1.0 / 3.6e6, "T1.in": 0.5, "H6": 0.05}
TRUTH = {"turbine_efficiency": 0.74, "Q_dewar": 20.0}


def exact(truth: dict[str, float], spread: dict[str, float] = SPREAD) -> list[OperatingPoint]:
    """What a plant with these parameters would measure."""
    parameters, found = find_parameters(DESIGN, list(truth)), []
    for point in SETTINGS:
        design, leak = applied(at_point(DESIGN, point), parameters, np.array(list(truth.values())))
        result = solve_design(design)
        values = {name: Measured(measured_of(result, name, leak), u) for name, u in spread.items()}
        found.append(dataclasses.replace(point, measured=values))
    return found


def noisy(points: list[OperatingPoint], seed: int) -> list[OperatingPoint]:
    """The same with normal errors of the given uncertainties."""
    rng = np.random.default_rng(seed)
    return [
        dataclasses.replace(
            point,
            measured={
                name: Measured(m.value + rng.normal() * m.uncertainty, m.uncertainty)
                for name, m in point.measured.items()
            },
        )
        for point in points
    ]


def scores(fits: list[Calibration]) -> np.ndarray:
    """Estimate less truth, in standard errors."""
    truth = np.array(list(TRUTH.values()))
    return np.array([(fit.estimate - truth) / fit.error for fit in fits])


def test_parameters_come_back_from_exact_data() -> None:
    fit = calibrate(DESIGN, exact(TRUTH))
    assert fit.estimate == pytest.approx(list(TRUTH.values()), rel=1e-4)
    assert fit.chi2 < 1e-4
    assert fit.dof == 10
    assert fit.remarks == ()


def test_noise_moves_the_estimates_by_their_standard_errors() -> None:
    """Over 15 seeds none is further off than 3.5 errors, which chance does in one of 70 such tests."""
    points = exact(TRUTH)
    found = scores([calibrate(DESIGN, noisy(points, seed)) for seed in range(15)])
    assert np.abs(found).max() < 3.5


@pytest.mark.slow
def test_coverage_is_that_of_the_normal_distribution() -> None:
    """120 seeds: 68 % within one error and 99.7 % within three, each as closely as 120 draws tell (three sigma)."""
    points = exact(TRUTH)
    fits = [calibrate(DESIGN, noisy(points, seed)) for seed in range(1000, 1120)]
    found = np.abs(scores(fits))
    for k in range(2):
        assert np.mean(found[:, k] < 1.0) == pytest.approx(0.683, abs=0.13)
        assert np.mean(found[:, k] < 3.0) >= 0.975
    assert np.mean([fit.chi2_per_dof for fit in fits]) == pytest.approx(1.0, abs=3.0 * np.sqrt(2.0 / 10.0 / 120.0))


def test_a_leak_measured_by_make_up_is_the_weighted_mean_of_the_differences() -> None:
    """make_up = product + leak is linear: estimate and standard error have closed forms."""
    without_leak = exact({"helium_leak": 0.0}, {"make_up": 1.0})
    excess, spread = np.array([2e-4, 3e-4, 2.2e-4, 2.6e-4]), np.array([2e-5, 5e-5, 1e-5, 3e-5])
    points = [
        dataclasses.replace(point, measured={"make_up": Measured(point.measured["make_up"].value + extra, u)})
        for point, extra, u in zip(without_leak, excess, spread, strict=True)
    ]
    fit = calibrate(DESIGN, points, ["helium_leak"])
    weight = 1.0 / spread**2
    assert fit.estimate[0] == pytest.approx(np.sum(weight * excess) / np.sum(weight), rel=1e-6)
    assert fit.error[0] == pytest.approx(np.sum(weight) ** -0.5, rel=1e-6)
    assert fit.chi2 == pytest.approx(np.sum(weight * (excess - fit.estimate[0]) ** 2), rel=1e-5)
    assert fit.helium_leak == fit.estimate[0]


def test_isothermal_efficiency_follows_from_power() -> None:
    points = exact({"efficiency_isothermal": 0.51}, {"power": 2e3})
    fit = calibrate(DESIGN, points, ["efficiency_isothermal"])
    assert fit.estimate[0] == pytest.approx(0.51, rel=1e-6)
    assert fit.design.machine.efficiency_isothermal == fit.estimate[0]
    slopes = np.array([point.measured["power"].value / 0.51 / 2e3 for point in points])
    assert fit.error[0] == pytest.approx(np.sum(slopes**2) ** -0.5, rel=1e-4)


def test_a_parameter_of_which_the_data_say_nothing_is_refused_by_name() -> None:
    with pytest.raises(Undetermined, match="The data say nothing of efficiency_isothermal"):
        calibrate(DESIGN, exact(TRUTH), ["turbine_efficiency", "efficiency_isothermal"])


def test_parameters_that_the_data_cannot_tell_apart_are_named_with_the_direction() -> None:
    """Power alone: flow over isothermal efficiency is all that it tells."""
    points = exact({"flow": 0.04}, {"power": 2e3})
    with pytest.raises(
        Undetermined, match=r"cannot tell .*efficiency_isothermal.* apart: moving .* changes no measured"
    ):
        calibrate(DESIGN, points, ["flow", "efficiency_isothermal"])


def test_more_parameters_than_values_are_refused() -> None:
    points = [dataclasses.replace(exact(TRUTH, {"litres": 1e-6})[0])]
    with pytest.raises(Undetermined, match="2 parameters cannot be found from 1 measured values"):
        calibrate(DESIGN, points)


def test_a_model_that_disagrees_with_the_data_is_said_to() -> None:
    points = exact(TRUTH)
    moved = dict(points[0].measured) | {"litres": Measured(150.0 / 3.6e6, 1.0 / 3.6e6)}
    fit = calibrate(DESIGN, [dataclasses.replace(points[0], measured=moved), *points[1:]])
    assert any("disagrees with the data" in remark for remark in fit.remarks)


@pytest.mark.parametrize(
    ("fit", "sentence"),
    [
        (["turbine_eficiency"], 'no parameter "turbine_eficiency" to fit; did you mean "turbine_efficiency"'),
        (["turbine_efficiency.T9"], 'no parameter "turbine_efficiency.T9"'),
        (["Q_dewar", "Q_dewar"], "Q_dewar: to be fitted twice"),
        (["p_high"], "sets what is to be fitted, p_high"),
        (["share.T1"], "sets what is to be fitted, share.T1"),
    ],
)
def test_a_wrong_choice_of_parameters_is_one_sentence(fit: list[str], sentence: str) -> None:
    with pytest.raises(PlantFileError, match=sentence):
        calibrate(DESIGN, exact(TRUTH), fit)


def test_an_unknown_state_point_is_refused_with_the_nearest_ones() -> None:
    point = OperatingPoint("a", {"T1.inn": Measured(35.0, 1.0)}, True)
    with pytest.raises(PlantFileError, match='"T1.inn" to measure; did you mean "T1.in"'):
        calibrate(DESIGN, [point, point], ["turbine_efficiency"])


def test_a_setting_at_which_the_machine_cannot_work_is_named() -> None:
    points = [dataclasses.replace(exact(TRUTH)[0], name="morning", machine={"p_dewar": 0.9e5})]
    with pytest.raises(Infeasible, match='at "morning", to begin with'):
        calibrate(DESIGN, points)


def test_a_factor_on_conductance_means_the_same_for_every_way_to_give_an_exchanger() -> None:
    """Balanced counter-flow: effectiveness is NTU / (1 + NTU)."""
    assert with_UA_factor(Exchanger(UA=4e3), 2.0).UA == 8e3
    assert with_UA_factor(Exchanger(effectiveness=0.9), 2.0).effectiveness == pytest.approx(18.0 / 19.0)
    assert with_UA_factor(Exchanger(pinch=0.5), 2.0).pinch == 0.25
