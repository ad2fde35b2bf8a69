"""Studies: variants over one sample, results as tables, honest errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.twin.studies.sizing.example_years import YEAR, ClosedForm
from twin.errors import BadStudy
from twin.studies.sizing.sampling import METHODS
from twin.studies.sizing.study import Study, StudyResult, assumptions
from twin.studies.sizing.variants import AS_IT_IS, Variant, around, narrowed, read_variant

MORE_BAGS = Variant("more bags", {"site.b.bags": 14.0})
EXPECTED = 125.0 * 4e-9 * YEAR * (0.5 / 3.0 + 0.036) + 0.5
"""Expected loss of the plant file's design [kg]: boil-off and failure are independent, failure has the mean 0.5 / 3."""


def found(years: int = 512, seed: int = 1, **options: object) -> StudyResult:
    return Study(ClosedForm(), [Variant(AS_IT_IS), MORE_BAGS], years, seed, **options).run(workers=1)  # type: ignore[arg-type]


@pytest.mark.parametrize("method", METHODS)
def test_the_mean_of_a_figure_is_that_of_the_closed_form_within_its_error(method: str) -> None:
    row = found(1024, method=method).summary().loc[(AS_IT_IS, "lost")]
    assert row["unit"] == "kg"
    assert abs(row["mean"] - EXPECTED) < 3.0 * row["mean_se"]
    assert row["mean_se"] < 0.02 * EXPECTED
    assert row["p05"] < row["p50"] < row["p95"]


def test_designs_meet_the_same_chances_so_that_their_difference_is_sharp() -> None:
    result = found()
    saved, error = result.difference("lost", "more bags")
    assert saved == pytest.approx(125.0 * 4e-9 * YEAR * 0.1 * 36.0 * (1 / 196 - 1 / 100), rel=1e-3)
    assert error < 0.05 * result.summary().loc[("more bags", "lost"), "mean_se"]


def test_the_probability_of_a_target_is_a_share_of_the_years() -> None:
    result = found()
    lost = result.column("lost")
    value, error = result.probability("lost", most=float(np.median(lost)))
    assert value == pytest.approx(0.5, abs=1.0 / len(lost))
    assert 0.0 < error < 0.05
    assert result.probability("lost", least=0.0) == (1.0, 0.0)


def test_results_are_tables_of_pandas_and_xarray() -> None:
    result = found(64)
    frame, data = result.frame(), result.dataset()
    assert frame.loc[("more bags", 3), "lost"] == data["figures"].sel(design="more bags", figure="lost")[3]
    assert data["assumptions"].sel(parameter="MAG-1.boil_off").min() >= 3e-9
    assert dict(data.sizes) == {"design": 2, "member": 64, "figure": 3, "parameter": 4}
    assert data.attrs["digest"] == "closed-form-1"


def test_doubling_the_sample_moves_the_means_within_their_errors() -> None:
    table = found(2048).convergence()
    assert table.members.tolist() == [256, 512, 1024, 2048]
    assert np.all(table.moved < 2.0)
    assert np.all(table.error[-1, :2] < table.error[0, :2])


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    assert found(64).figures.tobytes() == found(64).figures.tobytes()
    assert found(64).figures.tobytes() != found(64, seed=2).figures.tobytes()


def test_a_larger_study_takes_the_years_of_a_smaller_one(tmp_path: Path) -> None:
    found(64, folder=tmp_path)
    larger = found(256, folder=tmp_path)
    assert larger.account.found == 2 * 64
    assert larger.account.computed == 2 * (256 - 64)
    assert larger.figures.tobytes() == found(256).figures.tobytes()


def test_a_scenario_makes_known_what_the_plant_file_has_uncertain() -> None:
    values, sample = assumptions(ClosedForm(), 64, 1, base={"site.b.failure": 0.2})
    assert np.all(values[:, 1] == 0.2)
    assert np.array_equal(values[:, 0], assumptions(ClosedForm(), 64, 1)[0][:, 0])
    assert len(sample) == 64


def test_designs_around_the_plant_file_differ_from_it_in_one_choice() -> None:
    names = [variant.name for variant in around(ClosedForm())]
    assert names == [AS_IT_IS, "site.b.bags=6", "site.b.bags=14", "liquefier=l70"]


def test_a_design_is_read_with_labels_and_quantities() -> None:
    variant = read_variant(ClosedForm(), "liquefier=l70, site.b.bags=14, MAG-1.boil_off=18 mL/h")
    assert variant.values == {"liquefier": 0.0, "site.b.bags": 14.0, "MAG-1.boil_off": pytest.approx(5e-9)}


def test_choices_are_narrowed_and_the_model_stays_the_same() -> None:
    model = narrowed(ClosedForm(), ["site.b.bags=6,14", "liquefier=l70"])
    bags, machine = model.parameters[2:]
    assert (bags.choices, bags.value) == ((6.0, 14.0), 6.0)
    assert (machine.choices, machine.labels, machine.value) == ((0.0,), ("l70",), 0.0)
    assert model.digest == ClosedForm.digest
    rows = Study(ClosedForm(), years=16).rows()
    assert np.array_equal(model.run(*rows), ClosedForm().run(*rows))


@pytest.mark.parametrize(
    ("text", "clause"),
    [
        ("site.b.bags", "expected NAME=VALUE or NAME=VALUE,VALUE"),
        ("site.b.bags=10,40", "expected one of 6, 10, 14 or between, got"),
        ("liquefier=l90", 'there is no "l90"'),
    ],
)
def test_a_choice_that_there_is_not_is_refused(text: str, clause: str) -> None:
    with pytest.raises(BadStudy, match=clause):
        narrowed(ClosedForm(), [text])


WRONG = [
    ("bags", 'expected NAME=VALUE with commas between, got "bags"'),
    ("site.b.bag=14", 'there is no parameter "site.b.bag"; did you mean "site.b.bags"'),
    ("liquefier=l90", 'liquefier: there is no "l90"; did you mean'),
    ("MAG-1.boil_off=18 K", 'MAG-1.boil_off: expected a volume flow such as "20 m3/h", got "18 K"'),
]


@pytest.mark.parametrize(("text", "clause"), WRONG, ids=[w[0] for w in WRONG])
def test_a_wrong_design_gets_one_sentence(text: str, clause: str) -> None:
    with pytest.raises(BadStudy) as refused:
        read_variant(ClosedForm(), text)
    assert clause in str(refused.value)
    assert str(refused.value)[-1] in ".?"


@pytest.mark.parametrize(
    ("variants", "clause"),
    [
        ([Variant("x", {"site.b.bags": 40.0})], 'design "x": site.b.bags: expected one of 6, 10, 14 or between, got'),
        ([Variant("x", {"liquefier": 0.5})], 'design "x": liquefier: expected one of l70, l140'),
        ([Variant("x", {"site.b.bags": np.nan})], "expected a number, got nan"),
        ([Variant("x"), Variant("x")], 'two designs are called "x"; give each its own name'),
    ],
)
def test_a_design_outside_what_can_be_chosen_is_refused(variants: list[Variant], clause: str) -> None:
    with pytest.raises(BadStudy, match=clause):
        Study(ClosedForm(), variants)


def test_an_unknown_figure_or_design_is_answered_with_the_nearest() -> None:
    result = found(16)
    with pytest.raises(BadStudy, match='there is no figure "lots"; did you mean "lost"'):
        result.column("lots")
    with pytest.raises(BadStudy, match='there is no design "more bag" in the study; did you mean "more bags"'):
        result.column("lost", "more bag")
