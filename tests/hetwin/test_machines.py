"""`hetwin machines`, `hetwin calibrate` and `hetwin map` from the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

DATA = """
[[point]]
name = "with LN2"
set = {ln2 = true}
measured = {litres = "121 +- 3 L/h", "T1.in" = "35.2 +- 0.5 K"}

[[point]]
name = "without"
set = {ln2 = false}
measured = {litres = "73 +- 3 L/h"}
"""


def hetwin(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from hetwin.cli import main; main()", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_machines_are_listed_with_published_figures_beside_ours() -> None:
    done = hetwin("machines", "--json")
    assert done.returncode == 0, done.stderr
    found = {row["name"]: row for row in json.loads(done.stdout)}
    assert set(found) >= {"l70", "l140", "l280", "tcf20", "aachen"}
    rows = {(row["point"], row["figure"]): row for row in found["tcf20"]["published"]}
    assert rows["with_ln2", "litres"]["published"] == pytest.approx(54.0)
    assert rows["with_ln2", "litres"]["verdict"] == "met"
    assert "turbines.efficiency" in found["tcf20"]["calibrated"]
    assert "54 L/h" in hetwin("machines").stdout


def test_a_calibrated_machine_is_written_and_can_be_designed_with(tmp_path: Path) -> None:
    data, out = tmp_path / "data.toml", tmp_path / "mine.toml"
    data.write_text(DATA, encoding="utf-8")
    done = hetwin("calibrate", "l140", str(data), "--out", str(out), "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [row["name"] for row in found["parameters"]] == ["turbine_efficiency", "Q_dewar"]
    assert found["dof"] == 1
    fitted = next(row["fitted"] for row in found["residuals"] if row["point"] == "without")
    solved = json.loads(hetwin("design", str(out), "--no-ln2", "--json").stdout)
    assert solved["litres_per_hour"] / 3.6e6 == pytest.approx(fitted, rel=1e-6)
    assert '"turbine.T1.efficiency" = "calibrated: data.toml"' in out.read_text(encoding="utf-8")


def test_what_cannot_be_fitted_is_one_sentence(tmp_path: Path) -> None:
    data = tmp_path / "data.toml"
    data.write_text(DATA, encoding="utf-8")
    for fit, sentence in (("efficiency_isothermal", "say nothing of"), ("eta", 'no parameter "eta"')):
        done = hetwin("calibrate", "l140", str(data), "--fit", fit)
        assert done.returncode == 2
        assert sentence in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_map_is_made_read_and_refused(tmp_path: Path) -> None:
    out = str(tmp_path / "l70.map.json")
    done = hetwin("map", "l70", "--out", out)
    assert done.returncode == 0, done.stderr
    assert "stated bound" in done.stdout
    done = hetwin("map", "l70", "--out", out, "--at", "suction=1.02 bar,purity=99 %,ln2=yes", "--json")
    assert json.loads(done.stdout)["outputs"]["litres"] * 3.6e6 == pytest.approx(47.0, rel=0.05)
    for words, sentence in (
        (("l70", "--at", "suction=3 bar"), "does not extrapolate"),
        (("l70", "--at", "suctoin=1 bar"), 'did you mean "suction"'),
        (("l70", "--at", "ln2=perhaps"), "expected yes or no"),
        (("l140", "--at", "ln2=no"), "was made for another machine"),
    ):
        done = hetwin("map", *words, "--out", out)
        assert done.returncode == 2
        assert sentence in done.stderr
        assert "Traceback" not in done.stderr
