"""`hetwin bench`: every module in benchmarks/ is found, and its rows have the documented keys."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

import benchmarks
from hetwin.bench import COLUMNS, find_benchmarks
from hetwin.cli import main
from hetwin.exits import BadInput

FOLDER = Path(benchmarks.__file__).parent


def test_every_module_of_the_folder_is_a_benchmark() -> None:
    modules = {path.stem for path in FOLDER.glob("*.py")} - {"__init__", "rows"}
    assert {benchmark.module.__name__.split(".")[1] for benchmark in find_benchmarks([])} == modules


def test_a_benchmark_is_found_by_its_name_and_by_its_file() -> None:
    for benchmark in find_benchmarks([]):
        stem = benchmark.module.__name__.split(".")[1]
        assert find_benchmarks([benchmark.name]) == find_benchmarks([stem]) == [benchmark]


def test_an_unknown_benchmark_is_answered_with_the_nearest() -> None:
    with pytest.raises(BadInput, match='There is no benchmark "opcua_publsh"; did you mean "opcua_publish"'):
        find_benchmarks(["opcua_publsh"])


QUICK = """
NAME = "quick"
def run():
    return [{"point": "a point", "figure": 1.0, "unit": "s", "target": "< 2", "verdict": "met"}]
"""


def test_the_command_prints_the_rows_of_a_benchmark(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "quick.py").write_text(QUICK)
    monkeypatch.setattr(benchmarks, "__path__", [str(tmp_path)])
    for arguments in (["bench", "quick"], ["bench", "--json"]):
        monkeypatch.setattr(sys, "argv", ["hetwin", *arguments])
        with pytest.raises(SystemExit) as left:
            main()
        assert not left.value.code
    table, _, found = capsys.readouterr().out.partition("{")
    assert "a point" in table
    assert "met" in table
    (row,) = json.loads("{" + found)["quick"]
    assert set(row) == set(COLUMNS)
    assert (row["figure"], row["verdict"]) == (1.0, "met")
