"""PID: closed forms of the discrete loop, bumpless modes, no windup."""

import numpy as np
import pytest

from hil.controllers.pid import DERIVATIVE_LIMIT, Pid
from hil.rig import ControlStation
from twin.units.transmitter import Transmitter

ROUND_OFF = 1e-10  # of a few hundred multiplications of numbers up to 100


def loop(lag: float, **settings) -> ControlStation:
    """A controller whose output comes back to it through a first-order lag."""
    lagged = Transmitter(tag="PIC-1.output", low=-100.0, high=100.0, lag=lag)
    return ControlStation.of({"PIC-1": Pid(measurement="TT-1", high=1.0, **settings), "TT-1": lagged})


def alone(**settings) -> ControlStation:
    """A controller whose measurement the test sets."""
    given = {"measurement": "TT-1", "output_to": "CV-1.opening", "high": 10.0} | settings
    return ControlStation.of({"PIC-1": Pid(**given)})


@pytest.mark.parametrize(("K", "Ti"), [(0.02, 15.0), (0.05, 8.0), (0.01, 60.0)])
def test_a_pi_loop_on_a_first_order_lag_follows_its_exact_discrete_solution(K, Ti):
    lag, r, span = 20.0, 0.6, 100.0
    station = loop(lag, setpoint_start=r, K=K, Ti=Ti, output_low=-50.0, output_high=50.0)
    station["PIC-1.mode"] = 0
    station["PIC-1.manual"] = 0.0
    station.run(1)
    station["PIC-1.mode"] = 1

    # z = (y, u, I, 1) from scan to scan: the lag takes the last output, the controller answers
    a = 1.0 - np.exp(-1.0 / lag)
    y = np.array([1.0 - a, a, 0.0, 0.0])
    one = np.array([0.0, 0.0, 0.0, 1.0])
    integral = np.array([0.0, 0.0, 1.0, 0.0])
    u = span * (K * (r * one - y) + integral) - 50.0 * one
    matrix = np.array([y, u, integral + K / Ti * (r * one - y), one])
    start = np.array([station["TT-1"], station["PIC-1.output"], station["PIC-1.integral"], 1.0])

    for scans in (1, 2, 10, 100, 300):
        station.run(scans - station.time + 1)
        z = np.linalg.matrix_power(matrix, scans) @ start
        assert station["TT-1"] == pytest.approx(z[0], abs=ROUND_OFF)
        assert station["PIC-1.output"] == pytest.approx(z[1], abs=100.0 * ROUND_OFF)


def test_a_proportional_controller_leaves_the_offset_of_theory():
    station = loop(20.0, setpoint_start=0.6, K=4.0)
    station["PIC-1.mode"] = 0
    station["PIC-1.manual"] = 0.0
    station.run(1)
    bias = station["PIC-1.integral"]
    station["PIC-1.mode"] = 1
    station.run(2000)
    assert station["TT-1"] == pytest.approx((4.0 * 0.6 + bias) / (1.0 + 4.0), abs=1e-9)


def test_the_derivative_of_a_ramp_is_gain_times_derivative_time_times_slope():
    station = alone(K=2.0, Td=30.0, Ti=0.0, output_low=-10.0, output_high=10.0)
    decay = (30.0 / DERIVATIVE_LIMIT) / (30.0 / DERIVATIVE_LIMIT + 1.0)
    for k in range(1, 41):
        station["TT-1"] = 0.05 * k
        station.run(1)
        if k > 1:  # the first scan has no slope yet
            expected = -2.0 * 30.0 * 0.005 * (1.0 - decay ** (k - 1))
            assert station["PIC-1.derivative"] == pytest.approx(expected, abs=1e-12)


def test_the_integral_settles_at_the_limit_when_the_output_is_saturated():
    station = alone(K=1.5, Ti=20.0, setpoint_start=8.0)
    station["TT-1"] = 1.0
    station.run(2000)
    assert station["PIC-1.output"] == 1.0
    assert station["PIC-1.integral"] == pytest.approx(1.0, abs=1e-9)  # back-calculation: I* = u_max

    # so it leaves the limit as soon as the error changes sign
    station["TT-1"] = 8.2
    station.run(1)
    assert station["PIC-1.output"] < 1.0


def test_changing_the_mode_does_not_move_the_output():
    station = alone(K=1.5, Ti=20.0, setpoint_start=5.0)
    station["TT-1"] = 4.0
    station.run(7)
    before = station["PIC-1.output"]
    station["PIC-1.mode"] = 0
    station.run(1)
    assert station["CV-1.opening"] == before

    station["PIC-1.manual"] = 0.42
    station.run(5)
    assert station["CV-1.opening"] == pytest.approx(0.42, abs=1e-15)
    station["PIC-1.mode"] = 1
    station.run(1)
    assert station["CV-1.opening"] == pytest.approx(0.42, abs=1e-15)
    station.run(1)
    assert station["CV-1.opening"] == pytest.approx(0.42 + 1.5 * 0.1 / 20.0, abs=1e-15)


@pytest.mark.parametrize(("action", "rises"), [("reverse", True), ("direct", False)])
def test_the_output_answers_a_low_measurement_as_the_action_says(action, rises):
    station = alone(K=1.0, Ti=10.0, setpoint_start=5.0, action=action)
    station["PIC-1.mode"] = 0
    station["PIC-1.manual"] = 0.5
    station["TT-1"] = 5.0
    station.run(1)
    station["PIC-1.mode"] = 1
    station["TT-1"] = 4.0
    station.run(1)
    assert (station["CV-1.opening"] > 0.5) is rises


def test_it_scans_at_its_own_period_only():
    station = alone(K=1.0, Ti=10.0, setpoint_start=5.0, scan=5.0)
    station.run(10)
    outputs = []
    for _ in range(10):
        station.run(1)
        outputs.append(station["PIC-1.output"])
    assert len(set(outputs)) == 3
    assert outputs[0] == outputs[3] != outputs[4] == outputs[8] != outputs[9]


def test_a_wrong_action_is_refused_in_a_sentence():
    with pytest.raises(ValueError, match='expected "reverse" or "direct", got "sideways"'):
        Pid(measurement="TT-1", high=1.0, action="sideways").check()
