"""`hetwin size`: a report and figures for programs, the same bytes whoever computes, one sentence for what is wrong."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from hetwin.cli import main
from hetwin.size_told import progress
from twin.studies.sizing import cluster
from twin.studies.sizing.years import Account

Run = Callable[[str], tuple[int, str, str]]
FEW = (
    '--years 16 --design "D-2.volume=2" --design "BANK-H.count=12,24" --design "liquefier.new.machine=l140" '
    '--design "purifier.PUR-1.capacity=25 Nm3/h" --design "site.*.bags=10" --design "BANK-[YTK].count=10" '
    '--design "BAG-H.volume=30" --design "site.yonago.visit_every=56 d" --design "site.to*.visit_every=28 d" '
    '--design "purchase.make-up.below=0.15" --design "purchase.make-up.amount=250 LLHe"'
)
"""A study of two designs over few years."""


@pytest.fixture
def hetwin(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command line; exit code, standard output and error."""

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


@pytest.mark.slow
def test_a_study_gives_figures_a_report_and_the_same_bytes_for_any_number_of_workers(
    hetwin: Run, tmp_path: Path
) -> None:
    code, out, err = hetwin(f"size herenet {FEW} --workers 1 --json --out {tmp_path / 'one'}")
    assert code == 0, err
    found = json.loads(out)
    assert found["years"] == 16
    assert found["ledger"]["worst_closure"] < 1e-9
    assert found["plant_years_per_second_per_core"] > 0.0
    assert found["recommended"]["BANK-H.count"] in (12.0, 24.0)
    assert {"cost", "lost", "recovery"} <= {row["figure"] for row in found["convergence"]}
    assert all(Path(name).is_file() for name in found["files"])

    code, out, _ = hetwin(f"size herenet {FEW} --workers 2 --out {tmp_path / 'two'}")
    assert code == 0
    assert "nearest to the targets" in out and " MJPY " in out and " MWh " in out
    one, two = (contents(tmp_path / name) for name in ("one", "two"))
    assert one == two

    code, out, _ = hetwin(f"size herenet {FEW} --json --out {tmp_path / 'two'}")
    assert json.loads(out)["plant_years"] == 0  # all of it was kept
    assert contents(tmp_path / "two") == one


@pytest.mark.slow
def test_a_study_is_made_again_from_its_manifest_to_the_byte(hetwin: Run, tmp_path: Path) -> None:
    first, again = tmp_path / "first", tmp_path / "again"
    assert hetwin(f"size herenet {FEW} --lang ja --workers 1 --out {first}")[0] == 0
    code, out, err = hetwin(f"size --replay {first / 'manifest.json'} --workers 2 --json --out {again}")
    assert code == 0, err
    assert json.loads(out)["plant_years"] > 0  # computed anew, not found
    assert "to the byte" in err
    one, two = ({p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()} for folder in (first, again))
    assert one == two and {"manifest.json", "report.html", "report.xlsx", "years.parquet"} <= set(one)


@pytest.mark.slow
def test_a_replay_from_another_plant_or_version_is_refused(hetwin: Run, tmp_path: Path) -> None:
    assert hetwin(f"size herenet {FEW} --workers 1 --out {tmp_path / 'first'}")[0] == 0
    path = tmp_path / "first" / "manifest.json"
    whole = json.loads(path.read_text())

    def replayed(**changes: object) -> str:
        other = tmp_path / "changed" / "manifest.json"
        other.parent.mkdir(exist_ok=True)
        other.write_text(json.dumps(whole | changes))
        code, out, err = hetwin(f"size --replay {other}")
        assert (code, out, err.count("\n")) == (2, "", 1), err
        assert not any(p.is_file() for p in (tmp_path / "changed-replay").rglob("*"))
        return err

    assert "herenet.toml is not what" in replayed(inputs={"herenet.toml": "0" * 64})
    assert "numpy 0.9 (here" in replayed(versions=whole["versions"] | {"numpy": "0.9"})
    assert "digest 0000, here" in replayed(model_digest="0000")


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_is_no_manifest_is_not_replayed(hetwin: Run, tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.write_text('{"command": []}')
    code, out, err = hetwin(f"size --replay {path}")
    assert (code, out) == (2, "")
    assert err == f"--replay: {path} is not the manifest.json of a report of hetwin size.\n"
    code, _, err = hetwin(f"size --replay {tmp_path / 'none.json'}")
    assert code == 1 and "none.json: No such file" in err


def test_a_plant_or_a_manifest_is_needed(hetwin: Run) -> None:
    code, out, err = hetwin("size")
    assert (code, out) == (2, "") and err.startswith("hetwin size needs a plant")


WRONG = [
    ("--lang de", '--lang: expected en or ja, got "de".'),
    ("--years 0", "--years: expected at least 1, got 0."),
    ("--seed -1", "--seed: expected a number from 0 up, got -1."),
    ("--workers 0", "--workers: expected at least 1, got 0."),
    ("--sampling mc", '--sampling: expected sobol or lhs, got "mc".'),
    ("--workers 2 --scheduler tcp://127.0.0.1:9", "--workers: a scheduler has workers of its own"),
    ("--scheduler 127.0.0.1:9", "--scheduler: expected the address that `dask scheduler` prints"),
    ("--scheduler tcp://127.0.0.1:9", "There is no Dask scheduler at tcp://127.0.0.1:9"),
]


@pytest.mark.parametrize(("options", "sentence"), WRONG, ids=[w[0] for w in WRONG])
def test_a_wrong_option_gets_one_sentence_before_anything_is_loaded(
    hetwin: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, options: str, sentence: str
) -> None:
    monkeypatch.setattr(cluster, "PATIENCE", 0.5)
    code, out, err = hetwin(f"size herenet {options} --out {tmp_path}")
    assert (code, out) == (2, "")
    assert err.startswith(sentence) and err.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("--scenario phase-9", '--scenario: there is no scenario "phase-9"; did you mean "phase-'),
        ('--design "D-2.volum=2"', 'herenet: there is no parameter "D-2.volum"; did you mean "D-2.volume"'),
        ('--design "liquefier.new.machine=l150"', 'liquefier.new.machine: there is no "l150"; did you mean "l'),
        ('--design "D-2.volume=50"', 'design "D-2.volume=50": D-2.volume: expected one of '),
    ],
)
def test_a_wrong_scenario_or_design_gets_one_sentence(hetwin: Run, tmp_path: Path, options: str, sentence: str) -> None:
    code, out, err = hetwin(f"size herenet {options} --out {tmp_path}")
    assert (code, out) == (2, "")
    assert sentence in err and err.count("\n") == 1


def test_a_plant_without_a_campaign_is_told_what_it_needs(hetwin: Run, tmp_path: Path) -> None:
    code, out, err = hetwin(f"size teaching --out {tmp_path}")
    assert (code, out) == (2, "")
    assert "campaign" in err and err.count("\n") == 1


def test_progress_tells_how_far_it_is_and_how_long_it_takes() -> None:
    account = Account(asked=3000, ready=1800, calls=4, computed=1800, elapsed=10.0)
    assert progress(account) == "part 4: 1800 of 3000 years, 180 a second, this part takes 7 s more"
    assert progress(Account(asked=10, calls=1)) == "part 1: 0 of 10 years"
