"""A year model with its costs: what it adds, and that a row stays what it is whatever stands beside it."""

from __future__ import annotations

import numpy as np
import pytest

from tests.twin.studies.sizing.examples import Closed, uncertain
from twin.quantities import LIQUID_LITRE
from twin.studies.sizing.costed import Costed
from twin.studies.sizing.economics import Economics
from twin.studies.sizing.year_model import Figure

FIGURES = ("delivered", "unmet", "bought", "energy", "installed.liquefier")


def a_year() -> Closed:
    parts = (uncertain("demand", 50.0, 150.0), uncertain("economics.electricity", 5e-6, 9e-6))

    def law(values: np.ndarray, luck: np.ndarray) -> np.ndarray:
        demand = values[:, 0]
        return np.column_stack([0.9 * demand, 0.1 * demand, 3.0 + luck, 1e9 * demand, 0.0 * luck + 0.01])

    return Closed("year", parts, tuple(Figure(name, "1", name) for name in FIGURES), law)


def test_the_total_is_the_sum_of_its_items_and_what_is_unknown_is_named() -> None:
    model = Costed(a_year())
    names = [figure.name for figure in model.figures]
    year = dict(zip(names, model.run(np.array([[100.0, 7e-6]]), np.array([3]))[0], strict=True))
    items = [name for name in names if name.startswith("cost.")]
    assert year["cost"] == pytest.approx(sum(year[name] for name in items))
    assert year["cost.energy"] == pytest.approx(1e11 * 7e-6), "the price of the row, not that of the card"
    assert year["unmet_share"] == pytest.approx(0.1)
    assert year["cost_per_litre"] * LIQUID_LITRE == pytest.approx(year["cost"] / (90.0 / LIQUID_LITRE))
    assert {"trips", "labour", "capital.bags"} <= set(model.left_out)


def test_a_row_does_not_depend_on_its_neighbours() -> None:
    model = Costed(a_year())
    values = np.random.default_rng(1).uniform([50.0, 5e-6], [150.0, 9e-6], (37, 2))
    together = model.run(values, np.arange(37))
    apart = np.vstack([model.run(values[k : k + 1], np.array([k])) for k in range(37)])
    assert together.tobytes() == apart.tobytes()


def test_every_price_is_an_input_with_its_source() -> None:
    found = {p.name: p for p in Costed(a_year(), Economics(ln2=50.0), {"ln2": "verified: offer"}).prices}
    assert "economics.electricity" not in found, "it is a parameter of the model"
    assert found["economics.ln2"].value == 50.0 and found["economics.ln2"].source == "verified: offer"
    assert found["economics.helium"].source.startswith("verified: Kyoto University")
    assert found["economics.labour"].source == "assumed"


def test_other_prices_are_another_model() -> None:
    assert Costed(a_year()).digest != Costed(a_year(), Economics(ln2=1.0)).digest
    assert Costed(a_year()).digest == Costed(a_year(), Economics()).digest
