"""`hetwin serve --config`: what a file may say, what is wrong with it in sentences, and who wins."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hetwin import serve as serving
from hetwin.cli import app
from hetwin.serve_file import TABLES, read_serve_file
from opcua_server.access import Role
from opcua_server.bounds import Bounds
from opcua_server.errors import UserRefused
from twin.errors import PlantFileError


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What `hetwin serve` is about to serve, instead of serving it."""
    found: list[tuple[Any, ...]] = []

    def note(*arguments: Any) -> int:
        found.append(arguments)
        return 0

    monkeypatch.setattr(serving, "serve", note)
    return found


def config(folder: Path, text: str) -> Path:
    path = folder / "serve.toml"
    path.write_text(text, encoding="utf-8")
    return path


def call(*arguments: str | Path) -> str:
    result = CliRunner().invoke(app, ["serve", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


PLANT = Path(__file__).parent.parent / "plants" / "two-vessels.toml"
FULL = f"""
plant = "{PLANT}"
port = 4850
mode = "lockstep"
out = "kept"
[history]
where = "kept/mine.sqlite"
keep = "90 d"
dead_band = "0.5 %"
[security]
secure = true
anonymous = "none"
history = "engineer"
[operation]
http_port = 9840
log_format = "json"
stop_delay = "0 s"
away = "5 min"
[bounds]
sessions = 7
session_time = [10, 20.0]
"""


def test_a_file_says_what_is_served_and_the_command_line_wins(tmp_path: Path, asked: list[tuple[Any, ...]]) -> None:
    call("--config", config(tmp_path, FULL), "--port", "4900", "--log-format", "text")
    ((plant, endpoint, mode, speed, keeping, secured, operation),) = asked
    assert (plant.name, endpoint, mode, speed) == ("two-vessels", "opc.tcp://127.0.0.1:4900", "lockstep", 1.0)
    assert keeping.out == tmp_path / "kept"
    assert keeping.history == str(tmp_path / "kept/mine.sqlite")
    assert keeping.retention.raw == 90 * 86400.0
    assert keeping.retention.minutes == 730 * 86400.0
    assert keeping.dead_band == pytest.approx(0.005)
    assert secured.secured and secured.anonymous is None and secured.history == Role.ENGINEER
    assert (secured.bounds.sessions, secured.bounds.session_time) == (7, (10.0, 20.0))
    assert secured.bounds.connections == Bounds().connections
    assert (operation.http_port, operation.log_format, operation.stop_delay) == (9840, "text", 0.0)
    assert operation.away == 300.0


def test_without_a_file_nothing_changes(asked: list[tuple[Any, ...]]) -> None:
    call(PLANT, "--mode", "paused")
    ((_, endpoint, mode, _, _, secured, operation),) = asked
    assert (endpoint, mode) == ("opc.tcp://127.0.0.1:4840", "paused")
    assert (secured.bounds, secured.history) == (Bounds(), Role.OBSERVER)
    assert operation == serving.Operation()


def test_who_may_read_history_can_be_said_on_the_command_line(tmp_path: Path, asked: list[tuple[Any, ...]]) -> None:
    call("--config", config(tmp_path, FULL), "--history-role", "operator")
    assert asked[0][5].history == Role.OPERATOR


def test_a_role_that_does_not_exist_is_refused_before_anything_is_loaded(asked: list[tuple[Any, ...]]) -> None:
    with pytest.raises(UserRefused, match='"king" is no role; expected one of observer'):
        call("no-such-plant", "--history-role", "king")
    assert asked == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("prot = 4840", 'prot: not a field of the file; did you mean "port"'),
        ("port = 70000", "port: expected less than or equal to 65535, got 70000"),
        ('mode = "realtme"', "mode: expected 'realtime', 'scaled', 'asap', 'lockstep' or 'paused', got 'realtme'"),
        ('[history]\nkeep = "30 bar"', 'history.keep: expected a time such as "10 min", got "30 bar"'),
        ('[histroy]\nkeep = "3 d"', 'histroy: not a field of the file; did you mean "history"'),
        ("[bounds]\nsesions = 1", 'bounds.sesions: not a field of [bounds]; did you mean "sessions"'),
        ("[bounds]\nsessions = 0", "bounds.sessions: expected greater than or equal to 1, got 0"),
        ("[bounds]\nsession_time = [20, 10]", "bounds.session_time: expected the lower one first, got (20.0, 10.0)"),
        ("[security]\nsecure = 1", "security.secure: expected a boolean, got 1"),
        (
            '[security]\nhistory = "none"',
            "security.history: expected 'observer', 'operator', 'engineer' or 'instructor'",
        ),
        ("port = ", "Invalid value"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(PlantFileError) as raised:
        read_serve_file(config(tmp_path, text))
    assert str(raised.value).startswith(str(tmp_path / "serve.toml"))
    assert sentence in str(raised.value)
    assert str(raised.value).endswith((".", "?"))


def test_the_printed_file_shows_every_option_and_every_bound_with_its_default(
    tmp_path: Path, asked: list[tuple[Any, ...]]
) -> None:
    printed = call("--print-config")
    assert read_serve_file(config(tmp_path, printed)).options == {}
    lines = [line.removeprefix("#: ") for line in printed.splitlines() if not line.startswith("# ")]
    filled = tomllib.loads("\n".join(line for line in lines if not line.endswith("=")))
    found = read_serve_file(config(tmp_path, "\n".join(line for line in lines if not line.endswith("="))))
    assert found.bounds == Bounds()
    assert filled["port"] == found.options["port"] == 4840
    assert {line.split(" =")[0] for line in lines if "=" in line} >= {key for keys in TABLES.values() for key in keys}
    assert asked == []


def test_every_option_of_the_command_can_stand_in_the_file() -> None:
    import typer

    command = typer.main.get_command(app).commands["serve"]  # type: ignore[attr-defined]
    options = {parameter.name for parameter in command.params} - {"config", "print_config", "help"}
    assert options == {name for keys in TABLES.values() for name, _ in keys.values()}
