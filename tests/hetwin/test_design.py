"""`hetwin design`: the documented options and keys, and one sentence for whatever cannot work."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hetwin.cli import main

EXAMPLE = (
    'design --flow "31.6 g/s" --p-high "13 bar" --p-low "1.05 bar" --p-dewar "1.2 bar" --effectiveness 0.97 '
    "--turbine-efficiency 0.72 --split 0.42,0.40"
)


@pytest.fixture
def hetwin(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Run a command line; exit code, standard output and error."""
    import shlex

    def run(line: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["hetwin", *shlex.split(line)])
        code: object = 0
        try:
            main()
        except SystemExit as end:
            code = end.code
        out, err = capsys.readouterr()
        return int(str(code or 0)), out, err

    return run


def test_json_has_the_documented_keys(hetwin):
    code, out, _ = hetwin(f"{EXAMPLE} --ln2 --json")
    found = json.loads(out)
    assert code == 0
    assert {"yield", "litres_per_hour", "points", "exchangers", "exergy", "closure"} <= found.keys()
    assert found["litres_per_hour"] == pytest.approx(found["yield"] * 0.0316 * 3600.0 / 0.12467, rel=1e-4)
    assert [row["name"] for row in found["exchangers"]] == ["E1", "E2", "E3", "E4", "E5", "E6"]
    assert max(abs(value) for value in found["closure"].values()) < 1e-8


def test_nitrogen_about_doubles_the_yield(hetwin):
    with_ln2, without = (
        json.loads(hetwin(f"{EXAMPLE} {option} --json")[1])["yield"] for option in ("--ln2", "--no-ln2")
    )
    assert 1.5 < with_ln2 / without < 2.2


def test_people_get_tables(hetwin):
    code, out, _ = hetwin(EXAMPLE)
    assert code == 0
    for words in ("State points", "Exchangers", "Turbines", "Where the work goes", "kWh/L", "figure of merit"):
        assert words in out


def test_the_best_split_is_found_and_shown(hetwin):
    plain = json.loads(hetwin(f"{EXAMPLE} --json")[1])
    best = json.loads(hetwin(f"{EXAMPLE} --optimise split,p_high --json")[1])
    assert best["yield"] > 1.1 * plain["yield"]


def test_a_file_is_changed_by_options_and_becomes_a_plant(hetwin, tmp_path: Path):
    code, out, _ = hetwin(f'design tcf20 --flow "30 g/s" --filling --plant {tmp_path / "box.toml"} --json')
    assert code == 0
    assert json.loads(out)["files"] == [str(tmp_path / "box.toml")]
    code, out, _ = hetwin(f"check {tmp_path / 'box.toml'}")
    assert code == 0
    assert "is in order" in out


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("--split 0.6,0.45", "split: the turbines take 105 % of the flow; nothing is left for the JT valve."),
        ("--split 0.4", '--split: expected 2 shares, one for each of T1, T2, got "0.4".'),
        ("--no-ln2 --effectiveness 0.8 --turbine-efficiency 0.4", "JT valve: the gas reaches it at"),
        ('--p-high "3 L"', '--p-high: expected a pressure such as "13 bar", got "3 L".'),
        ("--turbine-efficiency 1.2", "--turbine-efficiency: expected between 0 and 1.00, got 1.20."),
        ("--optimise splits", '--optimise: expected split, p_high, p_between, got "splits"; did you mean "split"?'),
        (
            "--arrangement colins",
            'expected collins, series, three_way or a table, got "colins"; did you mean "collins"?',
        ),
        ("l41", 'there is no machine or file "l41"; did you mean "l140"'),
        ("--plant box.txt", "--plant: expected a file such as box.toml, got box.txt."),
    ],
)
def test_what_cannot_work_is_one_sentence(hetwin, options, sentence):
    code, out, err = hetwin(f"design {options}")
    assert code == 2
    assert sentence in err
    assert len(err.strip().splitlines()) == 1
    assert "yield" not in out or "--plant" in options
