"""The checks behind the validation page: complete, computed, and honest about what is fitted and missed."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

import hetwin.validation as validation
from hetwin.validation import CHECKED, FITTED, MET, MISSED, PREDICTED, SLOW, TOLD, Row, Section, sections

HOOK = Path(__file__).parents[2] / "docs" / "validation.py"


@pytest.fixture(scope="module")
def found() -> list[Section]:
    return sections()


@pytest.fixture(scope="module")
def rows(found: list[Section]) -> list[Row]:
    return [row for section in found for row in section.rows]


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    """The module that the documentation's build calls; it needs mkdocs only for adding the page."""
    spec = importlib.util.spec_from_file_location("validation_hook", HOOK)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_row_has_a_source_a_verdict_and_a_basis(rows: list[Row]) -> None:
    assert len(rows) > 100
    for row in rows:
        assert row.figure and row.source
        assert row.verdict in (MET, MISSED, TOLD)
        assert row.basis in (FITTED, PREDICTED, CHECKED)
        assert row.ours != ""
        assert row.published != "" or row.verdict == TOLD


def test_all_checks_without_a_parameter_are_met(rows: list[Row]) -> None:
    assert [row.figure for row in rows if row.basis == CHECKED and row.verdict != MET] == []


def test_what_is_fitted_is_not_called_predicted(rows: list[Row]) -> None:
    basis = {row.figure: row.basis for row in rows}
    assert basis["l140 with ln2: yield"] == FITTED
    assert basis["tcf20 with ln2: power"] == FITTED
    assert basis["aachen without ln2: litres"] == FITTED
    assert basis["aachen with ln2: litres"] == PREDICTED
    assert basis["l70 hyogo: litres"] == PREDICTED


def test_a_wrong_property_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "rho_liq", lambda p: 120.0)
    assert any(row.verdict == MISSED for row in validation.properties())


def test_the_page_shows_every_figure_and_what_is_missed_first(
    hook: ModuleType, found: list[Section], rows: list[Row]
) -> None:
    page = hook.page(found)
    assert page.startswith("# Validation")
    missed = page[page.index("## Missed") : page.index(f"## {found[0].title}")]
    for row in rows:
        assert f"| {row.figure} |" in page
        assert f". {row.source}\n" in page
        assert (f"| {row.figure} |" in missed) == (row.verdict == MISSED)
    for check in SLOW:
        assert check.text
        assert f"`{check.command}`" in page
        assert check.command not in hook.page(found, SLOW)


def test_the_slow_checks_are_asked_for_by_the_environment(hook: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = ("two_solvers", "freia_steady")
    for value, wanted in (("", quick), ("0", quick), ("1", tuple(check.module for check in SLOW))):
        monkeypatch.setenv(hook.FULL, value)
        assert tuple(check.module for check in hook.wanted()) == wanted


def test_a_benchmark_that_fails_is_missed_and_keeps_its_figure() -> None:
    row = {"point": "yield", "figure": 1.0, "target": 2.0, "unit": "%", "verdict": "fail"}
    assert validation.from_benchmark(row, "somebody") == Row("yield", 2.0, 1.0, "%", MISSED, "somebody", CHECKED)
