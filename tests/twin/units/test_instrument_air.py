"""Instrument air: pressure between its two points, failures, dew point."""

import pytest

from twin.errors import PlantFileError

AIR = """
[unit.IA-1]
kind = "instrument_air"
volume = "0.5 m3"
use = "2 L/s"
"""


def test_the_compressor_holds_the_pressure_between_two_points(plant_of):
    plant = plant_of(AIR)
    seen = []
    for _ in range(600):
        plant.run(seconds=10)
        seen.append((plant["IA-1.p"], plant["IA-1.running"]))
    pressures = [p for p, _ in seen]
    assert 6.9e5 < min(pressures) < 7.05e5
    assert 7.95e5 < max(pressures) < 8.1e5
    share = sum(running for _, running in seen) / len(seen)
    assert share == pytest.approx(2.0 / 5.0 * 1.08, rel=0.1)  # use over capacity, at 7.5 bar


def test_without_the_compressor_the_pressure_dies_away_exponentially(plant_of):
    plant = plant_of(AIR)
    plant["IA-1.compressor"] = 1.0
    plant.run(seconds=1)
    first = plant["IA-1.p"] - 101325.0
    plant.run(minutes=5)
    time = 0.5 * (7e5 - 101325.0) / (101325.0 * 2e-3)  # V (p_on - p0) / (p0 q)
    assert (plant["IA-1.p"] - 101325.0) / first == pytest.approx(2.718281828 ** (-300.0 / time), rel=1e-6)


def test_behind_a_failed_dryer_the_air_is_as_wet_as_its_cooler_leaves_it(plant_of):
    plant = plant_of(AIR)
    assert plant["IA-1.dew_point"] == 233.15
    plant["IA-1.dryer"] = 1.0
    plant.run(hours=3)
    assert plant["IA-1.dew_point"] == pytest.approx(308.0, abs=0.1)


def test_points_out_of_order_are_refused(plant_of):
    with pytest.raises(PlantFileError, match="p_low < p_on < p_off"):
        plant_of(AIR + 'p_off = "6 bar"\n')
