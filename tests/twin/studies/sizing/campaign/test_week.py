"""A week of a plant on the campaign model and on the dynamic twin: same file, same start, same schedule, same air."""

import pytest

from twin.plant import Plant
from twin.studies.sizing.campaign import load_campaign
from twin.studies.sizing.twin_week import twin_week

VESSELS = ("MAG-600", "MAG-500A", "MAG-500B", "MAG-500C", "MAG-300", "TANK-1", "LIQ-1")


@pytest.fixture(scope="module")
def both():
    return load_campaign("byu").week(hours=168), twin_week(Plant.load("byu"), days=7.0)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["liquid_made", "lost", "energy", "ln2", "delivered", "returned", "run_time"])
def test_figures_of_a_week_are_those_of_the_twin(both, name):
    (figures, _), span = both
    assert figures[name] == pytest.approx(span.figures[name], rel=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("unit", VESSELS)
def test_vessels_hold_after_a_week_what_the_twin_has_in_them(both, unit):
    (_, hours), span = both
    assert hours[f"{unit}.mass"].iloc[-1] == pytest.approx(span.at_end[unit], rel=0.02)


@pytest.mark.slow
def test_the_steady_boil_off_of_magnets_is_that_of_the_twin(both):
    (_, hours), span = both
    for unit in ("MAG-500A", "MAG-500B", "MAG-500C", "MAG-300"):
        gone = span.at_begin[unit] - span.at_end[unit]
        assert span.at_begin[unit] - hours[f"{unit}.mass"].iloc[-1] == pytest.approx(gone, rel=0.02)
