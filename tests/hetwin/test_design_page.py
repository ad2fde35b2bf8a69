"""The page docs/design.md, run as it stands there; and that docs/model.md says where every equation is."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from hetwin.cli import main
from twin.studies.design.design_file import load_design
from twin.studies.design.result import solve_design

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
MODEL = (ROOT / "docs" / "model.md").read_text(encoding="utf-8")

COMMANDS = [line for text in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in text.strip().splitlines()]
REFUSED = [line for line in COMMANDS if "--split 0.6,0.45" in line or "--turbine-efficiency 0.4" in line]
SIMULATED = [line for line in COMMANDS if line.startswith("hetwin run")]


def block(language: str, after: str) -> str:
    """The first code block of a language after some words."""
    found = re.search(rf"```{language}\n(.*?)```", PAGE[PAGE.index(after) :], re.DOTALL)
    assert found, f"the page has no {language} after {after!r}"
    return found[1]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a reader of the page has typed, in the folder where the commands are run."""
    for name in ("mine.toml", "rated.toml", "data.toml"):
        (tmp_path / name).write_text(block("toml", f"`{name}`"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(line: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Exit code of a command line."""
    monkeypatch.setattr("sys.argv", shlex.split(line))
    try:
        main()
    except SystemExit as end:
        return int(str(end.code or 0))
    return 0


def test_every_command_does_what_the_page_says(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert len(COMMANDS) > 12 and len(REFUSED) == 2 and len(SIMULATED) == 1
    for line in COMMANDS:
        if line in SIMULATED:
            continue
        code = run(line, monkeypatch)
        out, err = capsys.readouterr()
        assert code == (2 if line in REFUSED else 0), f"{line}\n{err}"
        if line in REFUSED:
            assert len(err.strip().splitlines()) == 1
        if line == "hetwin check box.toml":
            assert "is in order" in out
        if line.startswith("hetwin calibrate"):
            assert "disagrees" not in out
    for name in ("ts", "tq", "grassmann", "curves"):
        assert (folder / "out" / "mine" / f"{name}.svg").exists()


@pytest.mark.slow
def test_the_plant_of_the_design_runs(folder: Path) -> None:
    """In a process of its own, as a reader would."""
    (design,) = (line for line in COMMANDS if "--plant box.toml" in line)
    for line in (design, *SIMULATED):
        words = shlex.split(line)
        words[0] = str(Path(sys.executable).parent / words[0])
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert (folder / "out" / "box" / "history.csv").exists()


def test_the_arrangement_and_the_program_of_the_page_work(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "own.toml").write_text(block("toml", "lie side by side:"), encoding="utf-8")
    assert solve_design(load_design("own.toml")).yield_ > 0.0
    exec(compile(block("python", "From Python:"), "design.md", "exec"), {})
    assert len(capsys.readouterr().out.splitlines()) == 7


def test_filling_costs_a_sixth_as_the_pages_say(folder: Path) -> None:
    withdrawn = solve_design(load_design("mine.toml"))
    liquid, vapour = withdrawn.point("D.liquid"), withdrawn.point("D.vapour")
    assert vapour.rho / liquid.rho == pytest.approx(1.0 / 6.0, rel=0.02)


def test_a_rated_machine_is_better_at_less_flow(folder: Path) -> None:
    full, part = (solve_design(load_design("rated.toml", machine={"flow": flow})) for flow in (0.012, 0.009))
    assert part.yield_ > full.yield_


def test_every_equation_of_the_model_has_source_range_and_file() -> None:
    parts = re.split(r"```text\n.*?```", MODEL, flags=re.DOTALL)[1:]
    assert len(parts) > 25
    for part in parts:
        for word in ("*Source:*", "*Range:*", "*File:*"):
            assert word in part, part


def test_equations_are_narrow_enough_to_be_read_without_scrolling() -> None:
    for text in re.findall(r"```text\n(.*?)```", MODEL, flags=re.DOTALL):
        assert max(len(line) for line in text.splitlines()) <= 78, text


def test_every_file_and_function_that_the_model_names_is_there() -> None:
    named = re.findall(r"`([a-z_0-9]+/[\w/]+\.py)`(?: \(((?:`\w+`(?:, )?)+)\))?", MODEL)
    assert len(named) > 30
    for path, functions in named:
        text = (ROOT / path).read_text(encoding="utf-8")
        for name in re.findall(r"`(\w+)`", functions):
            assert f"def {name}(" in text, f"{name} is not in {path}"
