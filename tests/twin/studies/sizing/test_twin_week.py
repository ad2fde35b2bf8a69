"""The twin's figures of a span: they are what its meters and its ledger say."""

import pytest

from twin.plant import Plant
from twin.studies.sizing.twin_week import twin_week


@pytest.fixture(scope="module")
def span():
    plant = Plant.load("byu")
    plant.run(days=2)
    return plant, twin_week(plant, days=3)


def test_a_span_counts_from_its_own_beginning(span):
    plant, found = span
    assert (found.begin, found.end) == (2 * 86400.0, 5 * 86400.0)
    assert 0.0 < found.figures["liquid_made"] < plant["LIQ-1.liquid_made"]
    assert found.figures["liquid_made.LIQ-1"] == found.figures["liquid_made"]


def test_what_is_lost_is_what_the_plant_holds_less(span):
    _, found = span
    lost = sum(value for name, value in found.figures.items() if name.startswith("lost."))
    assert found.figures["lost"] == pytest.approx(lost, rel=1e-12)
    assert found.gained(*found.at_begin) == pytest.approx(-lost, abs=1e-9)


def test_a_cold_head_takes_its_rated_power_while_it_runs(span):
    _, found = span
    assert found.figures["run_time.LIQ-1"] > 86400.0
    missed = 9e3 * 120.0 * (1.0 + found.figures["starts.LIQ-1"])
    assert found.figures["energy.LIQ-1"] == pytest.approx(9e3 * found.figures["run_time.LIQ-1"], abs=missed)


def test_energy_is_that_of_all_machines(span):
    _, found = span
    each = [value for name, value in found.figures.items() if name.startswith("energy.")]
    assert len(each) == 2
    assert found.figures["energy"] == pytest.approx(sum(each), rel=1e-12)


def test_compressor_starts_and_hours_agree_with_its_own_meter(span):
    plant, found = span
    assert found.figures["starts.RC-1"] >= 1.0
    assert found.figures["run_time.RC-1"] < 3600.0 * plant["RC-1.hours"] + 120.0 * (1 + found.figures["starts.RC-1"])
    assert found.figures["power_peak"] >= found.figures["energy"] / (found.end - found.begin)
