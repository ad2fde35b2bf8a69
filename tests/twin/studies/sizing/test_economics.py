"""Costs of a year against sums by hand and the closed forms of the annuity."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.twin.studies.sizing.examples import Closed
from twin.quantities import LIQUID_LITRE, YEAR
from twin.studies.sizing.economics import INVESTMENTS, ITEMS, Economics, annual_cost, annuity
from twin.studies.sizing.year_model import Figure, Parameter

YEN_ACCURATE = 1e-12  # sums and products of a few doubles


def model(figures: tuple[str, ...], parameters: tuple[str, ...] = ()) -> Closed:
    about = tuple(Parameter(name, "1", 0.0, name) for name in parameters)
    return Closed("costs", about, tuple(Figure(name, "1", name) for name in figures), lambda values, chance: values)


def cost_of(parameters: dict[str, list[float]] | None = None, **amounts: list[float]) -> dict[str, np.ndarray]:
    names = {name.replace("__", "."): column for name, column in amounts.items()}
    rows = len(next(iter(amounts.values())))
    values = np.array(list((parameters or {"nothing": [0.0] * rows}).values())).T
    year = model(tuple(names), tuple(parameters or ["nothing"]))
    return annual_cost(year, values, np.array(list(names.values())).T).items


@pytest.mark.parametrize("interest", [1e-9, 0.01, 0.05, 0.3])
@pytest.mark.parametrize("years", [1, 5, 20])
def test_the_payments_of_an_annuity_pay_back_the_loan(interest: float, years: int) -> None:
    payment = float(annuity(interest, years * YEAR))
    worth_today = sum(payment / (1.0 + interest) ** k for k in range(1, years + 1))
    assert worth_today == pytest.approx(1.0, rel=1e-8)  # the sum loses digits at small interest


def test_without_interest_the_annuity_is_the_share_of_a_year() -> None:
    assert float(annuity(0.0, 8 * YEAR)) == pytest.approx(0.125, rel=YEN_ACCURATE)
    assert float(annuity(0.05, 20 * YEAR)) == pytest.approx(
        0.0802425872, rel=1e-9
    )  # compound-interest tables, A/P 5 % 20


def test_energy_and_peak_power_are_paid_by_the_tariff() -> None:
    items = cost_of(energy=[3.6e12], power_peak=[2e5])  # 1 GWh, 200 kW
    assert items["energy"] == pytest.approx([25e6], rel=YEN_ACCURATE)
    assert items["demand"] == pytest.approx([1900.0 * 200.0 * 12.0], rel=YEN_ACCURATE)


def test_a_lost_litre_costs_21_times_a_returned_one() -> None:
    card = Economics()
    assert cost_of(bought=[LIQUID_LITRE])["helium"] == pytest.approx([5926.0])
    assert card.helium / card.charge_returned == pytest.approx(21.0, abs=0.05)
    assert card.unmet == pytest.approx(card.helium + card.charge_outside)


def test_trips_and_staff_are_paid_by_count_distance_and_time() -> None:
    items = cost_of(trips=[24.0], distance=[24 * 130e3], staff_time=[3.6e6], ln2=[1e4])
    assert [float(items[name][0]) for name in ("trips", "distance", "labour", "ln2")] == pytest.approx(
        [480e3, 468e3, 3e6, 900e3]
    )


def test_a_machine_of_twice_the_size_costs_two_to_the_exponent() -> None:
    size = Economics().liquefier_size
    capital = cost_of(installed__liquefier=[0.0, size, 2.0 * size])["capital.liquefier"]
    assert capital[0] == 0.0
    assert capital[1] == pytest.approx(250e6 * (float(annuity(0.02, 20 * YEAR)) + 0.03))
    assert capital[2] / capital[1] == pytest.approx(2.0**0.6)


def test_a_price_that_is_a_parameter_holds_row_by_row() -> None:
    items = cost_of({"economics.electricity": [1.0, 2.0]}, energy=[10.0, 10.0])
    assert items["energy"] == pytest.approx([10.0, 20.0])


def test_items_that_the_year_does_not_tell_are_named() -> None:
    cost = annual_cost(model(("energy",)), np.zeros((2, 0)), np.array([[3.6e6], [7.2e6]]))
    assert cost.total == pytest.approx([25.0, 50.0])
    assert set(cost.left_out) == {item.name for item in ITEMS} - {"energy"}


def test_cost_over_nothing_delivered_is_infinite() -> None:
    cost = annual_cost(model(("energy",)), np.zeros((2, 0)), np.array([[3.6e6], [3.6e6]]))
    assert list(cost.per_mass(np.array([0.0, 5.0]))) == pytest.approx([np.inf, 5.0])


def test_every_number_of_the_card_says_what_it_is_and_where_it_comes_from() -> None:
    for field in dataclasses.fields(Economics):
        assert field.metadata["text"] and field.metadata["text_ja"], field.name
        assert field.metadata["source"].partition(":")[0] in ("verified", "assumed"), field.name
        low, high = field.metadata["range"]
        assert low <= field.default <= high, field.name
    assert {f"{name}_life" for name in INVESTMENTS} <= {field.name for field in dataclasses.fields(Economics)}
