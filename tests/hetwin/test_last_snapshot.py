"""The last snapshot: replaced in one move, set aside when it fits no more; and a served plant that is killed."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from benchmarks.durability import audit_agrees, kill_and_look, rows
from hetwin.last_snapshot import (
    LastSnapshot,
    go_on,
    go_on_with_scenario,
    scenario_beside,
    write_scenario,
    write_snapshot,
)
from hetwin.one_server import only_one
from twin.errors import TwinError
from twin.plant import Plant, Snapshot
from twin.scenario import load_scenario
from twin.simulation import Simulation

PATIENCE = 30.0  # s, for a thread that should answer in milliseconds
PLANT = Path(__file__).parent.parent / "plants" / "two-vessels.toml"


@pytest.fixture
def plant() -> Plant:
    return Plant.load(PLANT)


def test_a_plant_goes_on_from_its_last_snapshot(plant: Plant, tmp_path: Path) -> None:
    path = tmp_path / "x.snapshot"
    assert not go_on(plant, path)
    with LastSnapshot(plant, path) as last:
        plant.run(minutes=1)
        last.take(plant.image, plant.time)
    reached = plant.image.copy()
    plant.run(minutes=1)
    assert go_on(plant, path)
    assert plant.image.tobytes() == reached.tobytes()


def test_a_snapshot_of_another_plant_is_set_aside_in_a_sentence(
    plant: Plant, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "x.snapshot"
    foreign = Snapshot("other", "1", plant.image, ()).to_bytes()
    path.write_bytes(foreign)
    assert not go_on(plant, path)
    assert "another plant file" in caplog.text
    assert not path.exists()
    assert (tmp_path / "x.snapshot.other").read_bytes() == foreign


def test_a_snapshot_that_cannot_be_finished_leaves_the_old_one_and_is_said_once(
    plant: Plant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "x.snapshot"
    write_snapshot(plant.snapshot(), path)
    before = path.read_bytes()

    def full(file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with LastSnapshot(plant, path) as last:
        for _ in range(2):
            plant.run(minutes=1)
            last.take(plant.image, plant.time)
            last._write()
        assert last.failing
        assert path.read_bytes() == before
        monkeypatch.undo()
        last.take(plant.image, plant.time)
        last._write()
        assert not last.failing
    assert caplog.text.count("could not be written") == 1


def test_a_scenario_goes_on_after_a_restart(tmp_path: Path) -> None:
    script = tmp_path / "valve.toml"
    script.write_text(
        'description = "A valve opens twice."\n'
        '[[event]]\nat = "1 s"\nset = {"CV-101.opening" = 0.3}\n'
        '[[event]]\nat = "4 s"\nset = {"CV-101.opening" = 0.6}\n'
    )
    path = tmp_path / "x.snapshot"
    before = _lockstep()
    before.start()
    before.play(load_scenario(script, before.plant)).result(PATIENCE)
    with LastSnapshot(before.plant, path, before.alarms, before.scenario_snapshot) as last:
        before.subscribe(last.take)
        before.advance(2.0).result(PATIENCE)
    before.stop()

    after = _lockstep()
    assert go_on(after.plant, path)
    go_on_with_scenario(after, path)
    after.start()
    after.advance(1.0).result(PATIENCE)
    assert (after.plant["CV-101.opening"], after.scenario is not None) == (0.3, True)
    after.advance(3.0).result(PATIENCE)
    assert (after.plant["CV-101.opening"], after.scenario) == (0.6, None)
    after.stop()
    write_scenario(after.scenario_snapshot(), path)
    assert not scenario_beside(path).exists()


def test_the_state_of_a_scenario_that_cannot_be_read_is_left_aside(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "x.snapshot"
    scenario_beside(path).write_bytes(b"torn")
    simulation = _lockstep()
    go_on_with_scenario(simulation, path)
    assert "no scenario plays" in caplog.text
    assert simulation.scenario is None


def _lockstep() -> Simulation:
    return Simulation(Plant.load(PLANT), mode="lockstep")


def test_two_servers_do_not_share_a_folder(tmp_path: Path) -> None:
    with (
        only_one(tmp_path),
        pytest.raises(TwinError, match=r"Another hetwin keeps its files in .*choose another --out"),
        only_one(tmp_path),
    ):
        pass
    with only_one(tmp_path):
        pass


@pytest.mark.slow
def test_a_killed_server_loses_less_than_a_second_and_nothing_that_it_promised(tmp_path: Path) -> None:
    found = list(kill_and_look(4, tmp_path, random.Random(1)))
    assert [row["point"] for row in rows(found, audit_agrees(tmp_path)) if row["verdict"] == "fail"] == []
    assert all(each.told.writes for each in found)
    assert any(each.told.acknowledged for each in found)
