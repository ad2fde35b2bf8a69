"""Every shipped plant runs by itself: a week without a trip, its books balanced, replayed to the bit; steps halved."""

from functools import cache

import pytest

from benchmarks import step_halving, weeks
from twin.plant import Plant
from twin.plant_file import shipped_plants


@cache
def week(name: str) -> Plant:
    """A plant after a week in which nothing tripped and no magnet ran low."""
    plant = Plant.load(name)
    trips = [tag for tag in plant.tags if tag.endswith(".trip")]
    magnets = [unit for unit, spec in plant.spec.units.items() if spec.kind.name == "nmr_magnet"]
    for _ in range(24 * weeks.DAYS):
        plant.run(hours=1)
        assert [tag for tag in trips if plant[tag]] == []
        assert all(plant[f"{magnet}.level"] > 0.2 for magnet in magnets)
    return plant


@pytest.mark.slow
@pytest.mark.parametrize("name", shipped_plants())
def test_a_week_unattended(name: str) -> None:
    assert [row for row in weeks.closures(name, week(name)) if row["verdict"] != "pass"] == []


@pytest.mark.slow
def test_the_network_makes_liquid_with_its_new_liquefier_and_wastes_little() -> None:
    ledger = week("herenet").ledger()
    assert ledger.litres_liquefied > 500.0
    assert sum(ledger.kg_lost.values()) < 0.02 * sum(ledger.helium.values())


@pytest.mark.slow
@pytest.mark.parametrize("name", shipped_plants())
def test_a_replay_is_the_same_to_the_bit_from_a_snapshot_and_in_another_process(name: str) -> None:
    assert weeks.replay(name)["figure"] == 0


def test_halving_the_step_changes_no_tag_by_half_a_percent_of_its_range() -> None:
    changes = step_halving.differences(Plant.load(step_halving.PLANT).dt)
    assert {tag: change for tag, (_, change) in changes.items() if change >= step_halving.TARGET} == {}
