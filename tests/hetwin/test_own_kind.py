"""The page docs/own-kind.md, run as it stands there."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from asyncua import Client

from opcua_server import TwinServer
from twin.plant import Plant
from twin.simulation import Simulation
from twin.unit import KINDS

PAGE = (Path(__file__).parents[2] / "docs" / "own-kind.md").read_text(encoding="utf-8")


def block(language: str, after: str) -> str:
    """The first code block of a language after some words."""
    found = re.search(rf"```{language}\n(.*?)```", PAGE[PAGE.index(after) :], re.DOTALL)
    assert found, f"the page has no {language} after {after!r}"
    return found[1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a reader of the page has typed."""
    (tmp_path / "my_kinds").mkdir()
    (tmp_path / "my_kinds" / "burst_disc.py").write_text(block("python", "`my_kinds/burst_disc.py`"))
    (tmp_path / "pressure_test.toml").write_text(block("toml", "`pressure_test.toml`"))
    return tmp_path


@pytest.fixture
def plant(folder: Path) -> Plant:
    loaded = Plant.load(folder / "pressure_test.toml", units=[folder / "my_kinds"])
    KINDS.pop("burst_disc")  # other tests do not know it
    return loaded


def run(command: str, folder: Path) -> str:
    words = shlex.split(command)
    words[0] = str(Path(sys.executable).parent / words[0])
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_command_of_the_page_works(folder: Path) -> None:
    commands = block("sh", "## Run it").strip().splitlines()
    assert [command.split()[1] for command in commands] == ["check", "tags", "run", "serve"]
    assert "is in order: 5 units of 4 kinds" in run(commands[0], folder)
    assert "BD-1.burst" in run(commands[1], folder)
    found = json.loads(run(commands[2] + " --json", folder))
    assert found["tags"]["BD-1.burst"] == 1.0
    assert set(found["kg_lost"]) == {"burst disc"}


def test_the_disc_bursts_once_and_helium_is_conserved(plant: Plant) -> None:
    highest, before = 0.0, plant["BUF-1.mass"] + plant["BUF-2.mass"]
    while plant["BD-1.burst"] == 0.0:
        assert plant["BD-1.m_flow"] == 0.0
        highest = plant["BUF-2.p"]
        plant.run(seconds=1.0)
        assert plant.time < 600.0
    assert highest <= plant["AMB-1.p"] + 10e5 < plant["BUF-2.p"]
    plant.run(minutes=10.0)
    assert plant["BUF-2.p"] < 2e5

    ledger = plant.ledger()
    held = plant["BUF-1.mass"] + plant["BUF-2.mass"]
    assert ledger.kg_lost["burst disc"] == pytest.approx(before - held, rel=1e-12)  # round-off of the sums
    assert ledger.kg_lost["burst disc"] > 0.4 * before
    assert abs(ledger.mass_closure) < 1e-12
    assert abs(ledger.energy_closure) < 1e-12

    plant["CV-1.opening"] = 0.0
    plant.run(minutes=1.0)
    plant.do("BD-1.replace")
    plant.run(seconds=1.0)
    assert plant["BD-1.burst"] == 0.0
    assert plant["BD-1.m_flow"] == 0.0


async def test_its_tags_are_on_the_opc_ua_server(plant: Plant, unused_tcp_port: int) -> None:
    endpoint = f"opc.tcp://127.0.0.1:{unused_tcp_port}"
    async with TwinServer(Simulation(plant, mode="lockstep"), endpoint), Client(endpoint) as client:
        index = next(i for i, uri in enumerate(await client.get_namespace_array()) if "hetwin" in uri and i > 1)
        for tag in ("BD-1.burst", "BD-1.m_flow"):
            node = client.get_node(f"ns={index};s={tag}")
            assert (await node.read_display_name()).Text
            assert await node.read_value() == plant[tag]
