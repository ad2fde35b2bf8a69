"""The university plant: a week of two batches, unattended; and what `hetwin run` tells of them."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks import batch_week, cool_down
from hetwin import headless
from hil import batches
from twin.ledger import Ledger
from twin.plant import Plant


@pytest.fixture(scope="module")
def week() -> tuple[dict[str, Any], Ledger]:
    return batch_week.week()


@pytest.mark.slow
def test_a_week_has_two_batches_and_closes_its_mass(week: tuple[dict[str, Any], Ledger]) -> None:
    found, ledger = week
    assert [row["ended_by"] for row in found["each"]] == ["time over", "time over"]
    assert found["week"][0]["batches"] == 2
    assert abs(ledger.mass_closure) < batch_week.CLOSES
    assert abs(ledger.energy_closure) < batch_week.CLOSES


@pytest.mark.slow
def test_the_second_start_is_shorter_than_the_one_from_warm(week: tuple[dict[str, Any], Ledger]) -> None:
    warm, cold = (row["start_up_seconds"] / 3600.0 for row in week[0]["each"])
    assert batch_week.STARTS[0][0] < warm < batch_week.STARTS[0][1]
    assert batch_week.STARTS[1][0] < cold < batch_week.STARTS[1][1]


@pytest.mark.slow
def test_a_batch_takes_more_energy_for_a_litre_than_steady_liquefaction(week: tuple[dict[str, Any], Ledger]) -> None:
    first, second = (row["kwh_per_litre"] for row in week[0]["each"])
    assert 1.0 < second < first < 3.0
    assert all(row["kg_ln2"] > 100.0 and row["litres_decanted"] > 100.0 for row in week[0]["each"])


@pytest.mark.slow
@pytest.mark.parametrize("name", cool_down.PLANTS)
def test_a_cool_down_takes_as_long_as_operators_tell(name: str) -> None:
    assert [row for row in cool_down.run((name,)) if row["verdict"] == "fail"] == []


@pytest.mark.slow
def test_a_warm_up_with_gas_takes_hours_and_ends_warm() -> None:
    plant = Plant.load("university-l70")
    plant["BATCH-1.afterwards"] = 2
    plant.run(hours=30)
    assert (plant["BATCH-1.state"], plant["SEQ-1.step"], plant["BATCH-1.batches"]) == (0, 0, 1)
    assert all(plant[f"E{n}.temp_mean"] > 270.0 for n in range(1, 6))
    assert plant["D-1.litres"] > 300.0


def test_a_run_tells_of_batches_only_where_there_are_some() -> None:
    plant = Plant.load("university-l70")
    plant["BATCH-1.begin_now"] = 1
    plant.run(minutes=2)
    plant["BATCH-1.end_now"] = 1
    plant["BATCH-1.decant_to"] = 0.1
    found = headless.result(plant, headless.run(plant, 600.0, None, None, None, []))
    assert [row["ended_by"] for row in found["batches"]["each"]] == ["operator"]
    assert "BATCH-1, week: 1 batches" in "\n".join(headless.sentences(found))
    assert batches.sentences(None) == []
