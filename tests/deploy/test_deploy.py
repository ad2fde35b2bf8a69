"""The systemd unit and the Dockerfile: what they call exists, and what they promise of the process holds."""

from __future__ import annotations

import asyncio
import configparser
import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from hetwin.cli import app
from hetwin.serve import LIFE_PERIOD
from tests.hetwin.test_monitor import watched
from twin.errors import TwinError

ROOT = Path(__file__).parent.parent.parent
UNIT = ROOT / "deploy" / "hetwin.service"
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
HADOLINT = shutil.which("hadolint", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
INSTRUCTIONS = {
    *("FROM", "WORKDIR", "RUN", "COPY", "ENV", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL"),
    *("HEALTHCHECK", "ENTRYPOINT", "CMD"),
}


def unknown_options(arguments: list[str]) -> set[str]:
    """Options that `hetwin COMMAND` does not have."""
    command = typer.main.get_command(app).commands[arguments[0]]  # type: ignore[attr-defined]
    known = {option for parameter in command.params for option in parameter.opts}
    return {word for word in arguments[1:] if word.startswith("-")} - known


def unit() -> dict[str, dict[str, str]]:
    parser = configparser.ConfigParser(strict=True, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(UNIT.read_text(encoding="utf-8"))
    return {name: dict(parser[name]) for name in parser.sections()}


def dockerfile() -> list[tuple[str, str]]:
    """Instructions and what follows them."""
    lines = [line for line in DOCKERFILE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    text = "\n".join(lines).replace("\\\n", " ")
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in text.splitlines() if line)]


def last(instruction: str) -> str:
    return [rest for word, rest in dockerfile() if word == instruction][-1]


def test_the_unit_starts_a_command_that_exists_and_is_restarted_when_it_fails() -> None:
    service = unit()["Service"]
    program, *arguments = shlex.split(service["ExecStart"])
    assert Path(program).name == "hetwin"
    assert unknown_options(arguments) == set()
    assert (service["Type"], service["Restart"]) == ("notify", "on-failure")
    assert float(service["WatchdogSec"]) >= 3.0 * LIFE_PERIOD


def test_the_unit_writes_only_where_it_may() -> None:
    service = unit()["Service"]
    assert (service["ProtectSystem"], service["DynamicUser"], service["NoNewPrivileges"]) == ("strict", "yes", "yes")
    arguments = shlex.split(service["ExecStart"])
    assert arguments[arguments.index("--out") + 1] == f"/var/lib/{service['StateDirectory']}"
    assert f"XDG_CACHE_HOME=/var/cache/{service['CacheDirectory']}" in service["Environment"].split()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    copy = tmp_path / UNIT.name
    program = unit()["Service"]["ExecStart"].split()[0]
    copy.write_text(UNIT.read_text(encoding="utf-8").replace(program, sys.executable), encoding="utf-8")
    found = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True, check=False)
    assert [line for line in found.stderr.splitlines() if UNIT.name in line] == []


def test_the_image_runs_without_root_keeps_its_data_in_a_volume_and_starts_a_command_that_exists() -> None:
    assert {word for word, _ in dockerfile()} <= INSTRUCTIONS
    assert last("USER") not in ("root", "0")
    assert json.loads(last("ENTRYPOINT")) == ["hetwin"]
    arguments = json.loads(last("CMD"))
    assert unknown_options(arguments) == set()
    assert arguments[arguments.index("--out") + 1].startswith(last("VOLUME"))
    assert "--secure" in arguments  # it listens on all addresses
    assert last("EXPOSE") == "4840"


@pytest.mark.skipif(not HADOLINT, reason="hadolint is not installed")
def test_hadolint_finds_nothing_wrong_with_the_image() -> None:
    found = subprocess.run([str(HADOLINT), DOCKERFILE], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "")


def test_what_the_image_copies_is_there_and_let_through() -> None:
    copied = [rest.split()[:-1] for word, rest in dockerfile() if word == "COPY" and "--from" not in rest]
    names = [name for group in copied for name in group]
    assert [name for name in names if not (ROOT / name).exists()] == []
    ignored = (DOCKERFILE.parent / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert {f"!{name}" for name in names} <= set(ignored)


async def test_the_health_check_of_the_image_tells_a_plant_that_runs_from_one_that_failed(tmp_path: Path) -> None:
    python, *arguments = json.loads(last("HEALTHCHECK").partition("CMD ")[2])
    assert python == "python"
    http_port = json.loads(last("CMD"))[json.loads(last("CMD")).index("--http-port") + 1]
    assert f":{http_port}/health" in arguments[1]

    async with watched(tmp_path, "paused") as (server, monitor):
        command = [sys.executable, "-c", arguments[1].replace(http_port, str(monitor.port))]

        async def checked() -> int:
            done = await asyncio.to_thread(subprocess.run, command, capture_output=True, check=False, timeout=60.0)
            return done.returncode

        assert await checked() == 0
        server.simulation.failure = TwinError("CV-101.m_flow is no number.")
        assert await checked() == 1
