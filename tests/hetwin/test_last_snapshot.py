"""The last snapshot: replaced in one move, set aside when it fits no more; and a served plant that is killed."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from benchmarks.durability import kill_and_look
from hetwin.last_snapshot import LastSnapshot, go_on, write_snapshot
from hetwin.one_server import only_one
from twin.errors import TwinError
from twin.plant import Plant, Snapshot

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
def test_a_killed_server_loses_less_than_a_second_and_goes_on(tmp_path: Path) -> None:
    reached = 0.0
    for found in kill_and_look(4, tmp_path, random.Random(1)):
        assert found.history_is_whole
        assert found.lost_of_history < 1.0
        assert found.lost_of_snapshot < 1.0
        assert found.went_on_at >= reached
        reached = found.snapshot_time
