"""The command line: results for people and for programs, one sentence for whatever is wrong, exit codes 0, 1, 2."""

from __future__ import annotations

import csv
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.servers.served import free_port
from hetwin.cli import main
from twin.history import read_history
from twin.plant import Plant, Snapshot

PLANT = """
description = "Two buffers and a valve."
step = "1 s"
[unit.AMB-1]
kind = "ambient"
[unit.BUF-1]
kind = "buffer"
site = "hub"
volume = "500 L"
p_start = "13 bar"
source = "assumed"
[unit.BUF-2]
kind = "buffer"
site = "partner"
volume = "2 m3"
[unit.CV-101]
kind = "control_valve"
inlet = "BUF-1"
outlet = "BUF-2"
flow_area = "12 mm2"
start = {opening = 0.5}
"""


@dataclass(frozen=True)
class Done:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


Command = Callable[..., Done]


@pytest.fixture
def hetwin(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run the command in this process."""

    def run(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["hetwin", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            main()
        shown = capsys.readouterr()
        return Done(int(left.value.code or 0), shown.out, shown.err)

    return run


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    path = tmp_path / "pair.toml"
    path.write_text(PLANT)
    return path


def test_help_takes_less_than_half_a_second() -> None:
    command = [Path(sys.executable).parent / "hetwin", "--help"]
    taken = []
    for _ in range(3):
        before = os.times()
        subprocess.run(command, check=True, capture_output=True)
        after = os.times()
        taken.append(after.children_user - before.children_user + after.children_system - before.children_system)
    assert min(taken) < 0.5  # s of one core; the wall clock would count what other tests do meanwhile


def test_help_needs_nothing_heavy() -> None:
    heavy = ("numba", "numpy", "CoolProp", "asyncua", "matplotlib", "scipy", "pydantic")
    code = f"import sys, hetwin.cli; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


# --- run ---------------------------------------------------------------------------------------------------------


def test_run_prints_the_documented_keys(hetwin: Command, pair: Path) -> None:
    done = hetwin("run", pair, "--hours", 0.5, "--json")
    assert done.code == 0
    found = json.loads(done.out)
    assert found["plant"] == "pair"
    assert found["hours"] == 0.5
    assert found["real_time_factor"] > 1.0
    assert abs(found["ledger"]["mass_closure"]) < 1e-9
    assert abs(found["ledger"]["energy_closure"]) < 1e-9
    assert found["litres_liquefied"] == 0.0
    assert found["kg_lost"] == {}
    assert found["failure"] is None
    plant = Plant.load(pair)
    plant.run(hours=0.5)
    assert found["tags"] == {name: plant[name] for name in plant.tags}


def test_run_writes_history_csv_picture_and_snapshot(hetwin: Command, pair: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = hetwin("run", pair, "--hours", 0.5, "--out", out, "--interval", "10 s", "--tag", "BUF-*", "--json")
    assert done.code == 0, done.err
    files = json.loads(done.out)["files"]
    series = read_history(files["history"])
    assert series.time.tolist() == [10.0 * i for i in range(181)]
    assert "BUF-1.p" in series.names
    assert "CV-101.opening" not in series.names
    rows = list(csv.reader(Path(files["csv"]).read_text().splitlines()))
    assert len(rows) == 182
    assert rows[0][0] == "time [s]"
    assert Path(files["picture"]).read_bytes().startswith(b"\x89PNG")
    snapshot = Snapshot.from_bytes(Path(files["snapshot"]).read_bytes())
    plant = Plant.load(pair)
    plant.restore(snapshot)
    assert plant.time == 1800.0


def test_run_goes_on_from_a_snapshot_bit_by_bit(hetwin: Command, pair: Path, tmp_path: Path) -> None:
    first = hetwin("run", pair, "--hours", 0.25, "--out", tmp_path / "first", "--json")
    snapshot = json.loads(first.out)["files"]["snapshot"]
    second = hetwin("run", pair, "--hours", 0.25, "--snapshot", snapshot, "--json")
    once = hetwin("run", pair, "--hours", 0.5, "--json")
    assert json.loads(second.out)["tags"] == json.loads(once.out)["tags"]


def test_run_plays_a_scenario_to_its_end(hetwin: Command, pair: Path, tmp_path: Path) -> None:
    scenario = tmp_path / "close.toml"
    scenario.write_text(
        'description = "The valve is closed."\n[[event]]\nat = "1 min"\nset = {"CV-101.opening" = 0}\n'
        '[[event]]\nat = "2 min"\nexpect = {"CV-101.position" = [0, 0.01]}\n'
    )
    found = json.loads(hetwin("run", pair, "--scenario", scenario, "--json").out)
    assert found["hours"] == pytest.approx(2.0 / 60.0)
    assert [expectation["met"] for expectation in found["expectations"]] == [True]


def test_run_tells_people_in_sentences(hetwin: Command, pair: Path) -> None:
    done = hetwin("run", pair, "--hours", 0.1)
    assert done.code == 0
    assert "00:06:00 simulated in" in done.out
    assert "Ledger closes to" in done.out
    assert "No helium was lost." in done.out


# --- what else there is to ask -----------------------------------------------------------------------------------


def test_check_counts_what_is_in_the_plant(hetwin: Command, pair: Path) -> None:
    found = json.loads(hetwin("check", pair, "--json").out)
    assert (found["units"], found["kinds"], found["step"]) == (4, 3, 1.0)
    assert found["sources"]["assumed"] == 1
    assert found["sources"]["without"] == 3
    assert found["tags"] == len(Plant.load(pair).tags)
    assert "is in order: 4 units of 3 kinds" in hetwin("check", pair).out


def test_tags_lists_names_units_and_ranges(hetwin: Command, pair: Path) -> None:
    found = json.loads(hetwin("tags", pair, "--json").out)
    assert [row["name"] for row in found] == list(Plant.load(pair).tags)
    row = next(row for row in found if row["name"] == "CV-101.opening")
    assert (row["role"], row["unit"], row["low"], row["high"]) == ("input", "1", 0.0, 1.0)
    writable = json.loads(hetwin("tags", pair, "CV-*", "--writable", "--json").out)
    assert [row["name"] for row in writable] == ["CV-101.opening"]
    assert "CV-101.opening" in hetwin("tags", pair).out


def test_nodeset_writes_the_information_model_with_every_tag(hetwin: Command, pair: Path, tmp_path: Path) -> None:
    file = tmp_path / "new" / "pair.xml"
    found = json.loads(hetwin("nodeset", pair, "--out", file, "--json").out)
    text = file.read_text(encoding="utf-8")
    assert text.count('NodeId="ns=') - text.count('ParentNodeId="ns=') == found["nodes"]
    assert all(f'NodeId="ns=1;s={tag}"' in text for tag in Plant.load(pair).tags)
    assert str(file) in hetwin("nodeset", pair, "--out", file).out


def test_plants_are_listed_with_their_descriptions(hetwin: Command) -> None:
    found = json.loads(hetwin("plants", "--json").out)
    assert {"teaching", "freia-l140", "byu", "herenet"} <= {row["name"] for row in found}
    assert all(row["description"] for row in found)


def test_props_prints_a_published_state(hetwin: Command) -> None:
    """Saturated liquid helium at 1 atm: 4.2238 K, 124.67 kg/m3 (CoolProp 8.0.0; Ortiz-Vega 2013)."""
    found = json.loads(hetwin("props", "--p", "101325 Pa", "--x", "0", "--json").out)
    assert found["temp"] == pytest.approx(4.2238, abs=1e-4)
    assert found["rho"] == pytest.approx(124.67, abs=0.01)
    assert found["x"] == 0.0
    assert "4.2238" in hetwin("props", "--p", "1 atm", "--x", "0").out


def test_props_gives_the_same_state_from_every_pair(hetwin: Command) -> None:
    first = json.loads(hetwin("props", "--p", "13 bar", "--temp", "6.5 K", "--json").out)
    for option in ("h", "s"):
        other = json.loads(hetwin("props", "--p", "13 bar", f"--{option}", repr(first[option]), "--json").out)
        assert other["rho"] == pytest.approx(first["rho"], rel=1e-5)


def test_schema_is_a_json_schema(hetwin: Command) -> None:
    schema = json.loads(hetwin("schema").out)
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert "control_valve" in schema["$defs"]


# --- what goes wrong ---------------------------------------------------------------------------------------------

BAD = [
    (["run", "teachng", "--hours", "1"], 'There is no plant "teachng"; did you mean "teaching"'),
    (["check", "nowhere.toml"], 'There is no plant "nowhere.toml"'),
    (["run", "PAIR"], "How long?"),
    (["run", "PAIR", "--hours", "-1"], "How long?"),
    (["run", "PAIR", "--hours", "1", "--step", "1 bar"], '--step: expected a time such as "10 min", got "1 bar".'),
    (["run", "PAIR", "--hours", "1", "--scenario", "nothing"], 'There is no scenario "nothing"'),
    (["run", "PAIR", "--hours", "1", "--out", "OUT", "--tag", "TT-9"], 'There is no tag "TT-9"'),
    (["run", "PAIR", "--hours", "1", "--snapshot", "PAIR"], "This is not a hetwin snapshot"),
    (["tags", "PAIR", "XX-*"], 'There is no tag "XX-*"'),
    (["props", "--p", "13 K"], '--p: expected a pressure such as "13 bar", got "13 K".'),
    (["props", "--p", "13 bar"], "A state needs --p with one of"),
    (["props", "--p", "1 bar", "--temp", "1.5 K"], "1.5"),
    (["props", "--p", "1 bar", "--x", "2"], "--x: expected a vapour quality from 0 to 1"),
    (["serve", "PAIR", "--mode", "realtme"], '--mode: there is no mode "realtme"; did you mean "realtime"'),
    (["serve", "PAIR", "--speed", "0"], "--speed: expected a number above zero"),
    (["serve", "PAIR", "--host", "0.0.0.0", "--out", "OUT"], "would let anybody on the network move valves"),
    (["check", "PAIR", "--units", "NOWHERE"], "There is no folder NOWHERE"),
    (["bench", "nothing"], 'There is no benchmark "nothing"'),
]


@pytest.mark.parametrize(("arguments", "sentence"), BAD, ids=[" ".join(bad[0]) for bad in BAD])
def test_bad_input_is_one_sentence_and_exit_code_2(
    hetwin: Command, pair: Path, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    places = {"PAIR": str(pair), "OUT": str(tmp_path / "out")}
    done = hetwin(*(places.get(word, word) for word in arguments))
    assert done.code == 2
    assert sentence in done.err
    assert len(done.err.splitlines()) == 1
    assert done.out == ""


def test_a_wrong_plant_file_is_named_with_table_and_field(hetwin: Command, pair: Path) -> None:
    pair.write_text(PLANT.replace('"12 mm2"', '"12 bar"'))
    done = hetwin("serve", pair)
    assert done.code == 2
    assert done.err == f'{pair}: unit.CV-101.flow_area: expected an area such as "12 mm2", got "12 bar".\n'


def test_an_unknown_option_is_exit_code_2(hetwin: Command) -> None:
    done = hetwin("run", "teaching", "--hour", "1")
    assert done.code == 2
    assert "Traceback" not in done.err


def test_what_nobody_expected_is_a_sentence_too(hetwin: Command, pair: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file where a folder should be")
    done = hetwin("run", pair, "--hours", "0.1", "--out", tmp_path / "out")
    assert done.code == 1
    assert len(done.err.splitlines()) == 1
    assert "Traceback" not in done.err


def test_output_may_be_cut_off_by_head(pair: Path) -> None:
    command = f"'{Path(sys.executable).parent / 'hetwin'}' tags '{pair}' | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, env=dict(os.environ))
    assert done.stderr == ""
    assert done.stdout.startswith("tag")


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--dead-band", "200 %", "--dead-band: expected 0 % to 99 % of a range"),
        ("--dead-band", "-1 %", "--dead-band: expected 0 % to 99 % of a range"),
        ("--keep", "7 bar", "--keep: expected"),
        ("--keep-minutes", "0 d", "--keep-minutes: expected a time above zero"),
        ("--history", "postgresql://nobody:secret@127.0.0.1:1/none", "postgresql://nobody:...@127.0.0.1:1/none cannot"),
    ],
)
def test_what_a_served_plant_shall_keep_is_checked_in_a_sentence(
    hetwin: Command, pair: Path, tmp_path: Path, option: str, value: str, sentence: str
) -> None:
    done = hetwin("serve", pair, "--port", 48999, "--out", tmp_path / "out", option, value)
    assert done.code in (1, 2)
    assert sentence in done.err
    assert "secret" not in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--port", 99999), "--port: expected 1 to 65535, got 99999."),
        (("--port", 48999, "--http-port", 0), "--http-port: expected 1 to 65535, got 0."),
        (("--port", 48999, "--http-port", 48999), "expected two ports, got 48999 for both."),
    ],
)
def test_ports_are_looked_at_before_anything_is_loaded(
    hetwin: Command, tmp_path: Path, options: tuple[object, ...], said: str
) -> None:
    done = hetwin("serve", "no-such-plant", *options, "--out", tmp_path / "out")
    assert done.code == 2
    assert said in done.err


def test_a_busy_port_of_health_is_told_before_anything_is_loaded(hetwin: Command, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = hetwin("serve", "no-such-plant", "--port", free_port(), "--http-port", port, "--out", tmp_path / "out")
    assert done.code == 1
    assert f"--http-port: 127.0.0.1:{port} cannot be served" in done.err


def test_the_package_runs_as_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "hetwin", "plants"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert "teaching" in done.stdout
