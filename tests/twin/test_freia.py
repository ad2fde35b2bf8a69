"""The L140 at FREIA: it gets cold, liquefies at the published yields, and closes its first law."""

from __future__ import annotations

import pytest

from benchmarks.freia_steady import Steady, steady
from twin.plant import Plant


@pytest.fixture(scope="module")
def with_ln2() -> Steady:
    return steady(ln2=True)


@pytest.fixture(scope="module")
def without_ln2() -> Steady:
    return steady(ln2=False)


@pytest.mark.slow
def test_with_ln2_ten_percent_of_the_flow_becomes_liquid(with_ln2: Steady) -> None:
    assert with_ln2.yield_ == pytest.approx(0.10, abs=0.01)


@pytest.mark.slow
def test_without_ln2_six_percent_of_the_flow_becomes_liquid(without_ln2: Steady) -> None:
    assert without_ln2.yield_ == pytest.approx(0.06, abs=0.01)
    assert without_ln2.ln2 == 0.0


@pytest.mark.slow
def test_the_cycle_runs_at_the_published_flow_and_pressures(with_ln2: Steady, without_ln2: Steady) -> None:
    for found in (with_ln2, without_ln2):
        assert found.flow == pytest.approx(0.042, abs=0.001)
        assert found.p_high == pytest.approx(13.0e5, rel=0.01)
        assert found.p_dewar == pytest.approx(1.2e5, abs=0.05e5)


@pytest.mark.slow
def test_what_enters_the_cold_box_leaves_it_or_stays_inside(with_ln2: Steady, without_ln2: Steady) -> None:
    assert abs(with_ln2.first_law) < 1e-3
    assert abs(without_ln2.first_law) < 1e-3


@pytest.mark.slow
def test_the_precooler_takes_about_three_grams_of_ln2_for_each_of_liquid_and_what_the_exchangers_lose(
    with_ln2: Steady,
) -> None:
    made = with_ln2.yield_ * with_ln2.flow
    assert 3.0 < with_ln2.ln2 / made < 7.0


def test_from_warm_it_takes_hours_and_no_exchanger_cools_faster_than_it_may() -> None:
    plant = Plant.load("freia-l140")
    limited = ("E1.temp_cold", "E2.temp_warm", "E4.temp_cold")
    plant.run(hours=1)
    for _ in range(4):
        before = [plant[tag] for tag in limited]
        plant.run(hours=1)
        assert plant["TP-1.trip"] == 0.0
        # what passes 80 K within the hour may fall at any rate from there on
        fell = [old - max(plant[tag], 80.0) for tag, old in zip(limited, before, strict=True)]
        assert max(fell) < 60.0 + 15.0  # the limit, and the band within which it throttles
        assert plant["SEQ-1.ahead"] < 30.0
    plant.run(hours=1)
    labels = plant.tags["SEQ-1.step"].labels
    assert labels is not None
    assert labels[int(plant["SEQ-1.step"])] == "liquefying"
    assert plant["JT.liquid"] > 0.2
    assert plant["TN.temp"] < plant["TM.temp"] < plant["TI.temp"] < plant["H2.temp"]
