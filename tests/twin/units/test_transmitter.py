"""Transmitter: exact lag, noise that replays, resolution, range, faults."""

import math

import numpy as np
import pytest

from hil.rig import ControlStation
from twin.units.transmitter import STATUS, Transmitter


def reading(**settings) -> ControlStation:
    """A transmitter of a tag that the test sets."""
    return ControlStation.of({"TT-1": Transmitter(**({"tag": "X.temp", "low": 0.0, "high": 400.0} | settings))})


def series(station: ControlStation, n: int) -> np.ndarray:
    values = []
    for _ in range(n):
        station.run(1)
        values.append(station["TT-1"])
    return np.array(values)


def status_of(station: ControlStation) -> str:
    return STATUS[int(station["TT-1.status"])]


def test_the_first_reading_is_the_measured_value():
    station = reading(lag=100.0)
    station["X.temp"] = 300.0
    station.run(1)
    assert station["TT-1"] == 300.0


@pytest.mark.parametrize("step", [0.1, 1.0, 7.0])
def test_a_jump_is_followed_by_the_exact_exponential_at_any_step(step):
    card = Transmitter(tag="X.temp", low=0.0, high=400.0, lag=12.0)
    station = ControlStation.of({"TT-1": card}, step=step)
    station["X.temp"] = 300.0
    station.scan(1)
    station["X.temp"] = 100.0
    for n in range(1, 40):
        station.scan(1 + n)
        assert station["TT-1"] == pytest.approx(100.0 + 200.0 * math.exp(-n * step / 12.0), rel=1e-12)


def test_noise_has_the_given_deviation_no_mean_and_no_memory():
    station = reading(noise=2.0, low=-400.0)
    n = 20000
    values = series(station, n)
    assert abs(values.mean()) < 4.0 * 2.0 / math.sqrt(n)
    assert values.std() == pytest.approx(2.0, rel=4.0 / math.sqrt(2.0 * n))
    assert abs(np.corrcoef(values[1:], values[:-1])[0, 1]) < 4.0 / math.sqrt(n)
    assert np.mean(values**4) / np.mean(values**2) ** 2 == pytest.approx(3.0, abs=0.15)  # a normal distribution


def test_noise_replays_bit_for_bit_from_any_moment():
    first = reading(noise=2.0, lag=5.0, low=-400.0)
    whole = series(first, 100)
    again = reading(noise=2.0, lag=5.0, low=-400.0)
    again.run(60)
    image = again.image.copy()
    other = reading(noise=2.0, lag=5.0, low=-400.0)
    other.image[:] = image
    assert np.array_equal(series(other, 40), whole[60:])


def test_every_instrument_has_a_noise_of_its_own():
    cards = {
        "TT-1": Transmitter(tag="X.temp", low=-10.0, high=10.0, noise=1.0),
        "TT-2": Transmitter(tag="Y.temp", low=-10.0, high=10.0, noise=1.0),
        "TT-3": Transmitter(tag="X.temp", low=-10.0, high=10.0, noise=1.0, seed=1),
    }
    station = ControlStation.of(cards)
    rows = []
    for _ in range(2000):
        station.run(1)
        rows.append([station[name] for name in cards])
    correlation = np.corrcoef(np.array(rows).T)
    assert np.all(np.abs(correlation - np.eye(3)) < 4.0 / math.sqrt(2000))


def test_it_shows_steps_of_its_resolution():
    station = reading(resolution=0.25)
    for truth, shown in ((10.1, 10.0), (10.13, 10.25), (10.26, 10.25)):
        station["X.temp"] = truth
        station.run(1)
        assert station["TT-1"] == shown


@pytest.mark.parametrize(
    ("truth", "shown", "status"),
    [(-6, 0, "under range"), (-4, 0, "good"), (200, 200, "good"), (412, 400, "good"), (413, 400, "over range")],
)
def test_beyond_its_range_it_shows_the_end_and_says_so(truth, shown, status):
    station = reading()
    station["X.temp"] = truth
    station.run(1)
    assert station["TT-1"] == shown
    assert status_of(station) == status


def test_a_bias_shifts_what_it_shows():
    station = reading()
    station["X.temp"], station["TT-1.bias"] = 100.0, -3.5
    station.run(1)
    assert station["TT-1"] == 96.5


def test_each_fault_shows_its_face_and_heals():
    station = reading()
    station["X.temp"] = 100.0
    station.run(1)
    station["TT-1.fault"] = 1
    station["X.temp"] = 150.0
    station.run(10)
    assert (station["TT-1"], status_of(station)) == (100.0, "frozen")
    for fault, shown in ((2, 0.0), (3, 400.0)):
        station["TT-1.fault"] = fault
        station.run(1)
        assert (station["TT-1"], status_of(station)) == (shown, "failed")
    station["TT-1.fault"] = 0
    station.run(1)
    assert (station["TT-1"], status_of(station)) == (150.0, "good")


def test_its_tags_have_the_unit_and_range_of_the_plant_file():
    station = reading(unit="K", low=4.0, high=20.0)
    tag = station.tags["TT-1"]
    assert (tag.unit, tag.low, tag.high) == ("K", 4.0, 20.0)
    assert (station.tags["TT-1.bias"].low, station.tags["TT-1.bias"].high) == (-16.0, 16.0)


def test_an_empty_range_is_refused():
    with pytest.raises(ValueError, match="lower end of the range below the upper one, got 5 to 5"):
        Transmitter(tag="X.temp", low=5.0, high=5.0).check()
