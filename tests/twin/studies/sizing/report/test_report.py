"""The report: the same bytes each time, readable by the programs it is written for, complete in both languages."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.twin.studies.sizing.example_network import an_outcome
from twin.studies.sizing import report
from twin.studies.sizing.designs import Estimate
from twin.studies.sizing.report import plots
from twin.studies.sizing.report.page import verdict
from twin.studies.sizing.report.words import CAUSES, WORDS, Language

AGAIN = """
import sys
from tests.twin.studies.sizing.example_network import an_outcome
from twin.studies.sizing import report
report.write(an_outcome(64), sys.argv[1], sys.argv[2])
"""


@pytest.fixture(scope="module")
def outcome():
    return an_outcome(64)


@pytest.fixture(scope="module", params=["en", "ja"])
def written(request, outcome, tmp_path_factory) -> tuple[str, dict[str, Path]]:
    folder = tmp_path_factory.mktemp(f"report-{request.param}")
    return request.param, {path.name: path for path in report.write(outcome, folder, request.param)}


def test_another_process_writes_the_same_bytes(written, tmp_path) -> None:
    lang, files = written
    subprocess.run([sys.executable, "-c", AGAIN, str(tmp_path), lang], check=True, cwd=Path(__file__).parents[5])
    for name, path in files.items():
        assert (tmp_path / name).read_bytes() == path.read_bytes(), name


def test_the_manifest_names_all_that_is_needed_and_every_file(written) -> None:
    lang, files = written
    manifest = json.loads(files["manifest.json"].read_text())
    assert manifest["lang"] == lang and manifest["seed"] == 5 and manifest["command"][:2] == ["hetwin", "size"]
    assert set(manifest["files"]) == files.keys() - {"manifest.json"}
    for name, digest in manifest["files"].items():
        assert hashlib.sha256(files[name].read_bytes()).hexdigest() == digest
    assert {"python", "numpy", "SALib", "pymoo", "hetwin"} <= manifest["versions"].keys()
    assert manifest["font"] == (plots.japanese_font() if lang == "ja" else None)


def test_no_file_holds_a_date(written) -> None:
    for name, path in written[1].items():
        if path.suffix in (".html", ".json", ".csv"):
            assert not re.search(r"20[2-9]\d-[01]\d-[0-3]\d", path.read_text()), name


def test_the_page_needs_nothing_from_elsewhere(written) -> None:
    page = written[1]["report.html"].read_text()
    links = re.findall(r'(?:href|src|url\()\s*=?\s*["\']?([^"\')\s>]+)', page)
    assert all(link.startswith("#") for link in links), "only references within the page"
    assert "prefers-color-scheme: dark" in page and "@media print" in page
    assert page.count("<svg") == 6
    assert plots.INK not in page, "print takes the colour of the page"


def test_the_decision_comes_first_and_every_part_follows(written) -> None:
    lang, files = written
    w, page = Language(lang), files["report.html"].read_text()
    parts = ("decision", "figures", "trade_off", "next_sizes", "sensitivity", "losses", "costs", "phases", "law")
    parts += ("convergence", "screening", "inputs", "notes", "provenance")
    places = [page.find(f"<h2>{w(name)}</h2>") for name in parts]
    assert all(place > 0 for place in places), dict(zip(parts, places, strict=True))
    assert places == sorted(places)


def test_a_japanese_page_is_in_japanese(outcome, tmp_path) -> None:
    report.write(outcome, tmp_path, "ja")
    page = (tmp_path / "report.html").read_text()
    heads = re.findall(r"<h[123]>(.*?)</h[123]>", page)
    assert all(re.search(r"[\u3040-\u9fff]", head) for head in heads), heads
    assert "利用者側" in page and "届出が必要" in page and "万円" in page


def test_programs_read_what_was_computed(written, outcome) -> None:
    files = written[1]
    years = pd.read_parquet(files["years.parquet"])
    assert years["lost"].to_numpy().tobytes() == outcome.column("lost").tobytes()
    result = json.loads(files["result.json"].read_text())
    assert result["figures"]["lost"]["mean"] == outcome.column("lost").mean()
    assert result["recommended"]["liquefier.new.machine"] in ("l70", "l140", "l280")
    designs = pd.read_parquet(files["designs.parquet"])
    assert len(designs) == 36 and designs["front"].sum() == len(outcome.trade_off.front)
    book = pd.read_excel(files["report.xlsx"], sheet_name=None)
    assert {"design", "figures", "inputs", "years"} <= book.keys()
    assert np.allclose(book["years"]["lost"], outcome.column("lost"), rtol=1e-12)
    assert {"economics.helium", "economics.interest"} <= set(pd.read_csv(files["inputs.csv"])["parameter"])
    figures = pd.read_csv(files["figures.csv"])
    assert figures["mean"].iloc[0] == pytest.approx(
        outcome.column("cost").mean() * (1e-4 if written[0] == "ja" else 1e-6)
    )


def test_every_word_is_there_in_both_languages_with_the_same_parts() -> None:
    for key, pair in (WORDS | CAUSES).items():
        english, japanese = pair
        assert english and japanese, key
        assert sorted(re.findall(r"{\w*}", english)) == sorted(re.findall(r"{\w*}", japanese)), key


def test_a_machine_without_a_japanese_font_says_so_and_draws_in_english(outcome, monkeypatch, caplog) -> None:
    monkeypatch.setattr(plots, "JAPANESE", ("No Such Gothic",))
    plots.japanese_font.cache_clear()
    try:
        with caplog.at_level(logging.WARNING):
            drawn = plots.pictures(outcome, Language("ja"))
    finally:
        monkeypatch.undo()
        plots.japanese_font.cache_clear()
    assert "No Japanese font" in caplog.text and "fonts-ipafont-gothic" in caplog.text
    assert set(drawn) == {"trade_off", "sensitivity", "distribution", "convergence", "losses", "costs"}


@pytest.mark.parametrize(("error", "said"), [(0.02, True), (0.001, False)])
def test_a_probability_that_its_error_may_carry_below_the_target_is_said_so(outcome, error: float, said: bool) -> None:
    met = {name: Estimate(0.92, error) for name in outcome.chosen.met}
    sure = dataclasses.replace(outcome.decision, feasible=True, confidence=0.9)
    close = dataclasses.replace(outcome, chosen=dataclasses.replace(outcome.chosen, met=met), decision=sure)
    assert (WORDS["narrow"][0] in verdict(close, Language("en"))) == said
