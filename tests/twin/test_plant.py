"""The friendly face of a plant."""

import subprocess
import sys

import numpy as np
import pytest

from twin.errors import BadWrite, NumericalFailure, PlantFileError, SnapshotMismatch, TwinError, UnknownTag
from twin.plant import Plant, Snapshot

TEXT = """
description = "Two vessels and a valve"
step = "1 s"
[unit.AIR]
kind = "ambient"
[unit.B-1]
kind = "buffer"
volume = "1 m3"
p_start = "13 bar"
[unit.B-2]
kind = "buffer"
volume = "2 m3"
p_start = "1 bar"
[unit.CV-1]
kind = "control_valve"
inlet = "B-1"
outlet = "B-2"
flow_area = "20 mm2"
"""


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "vessels.toml"
    file.write_text(TEXT)
    return file


@pytest.fixture
def plant(path):
    return Plant.load(path)


def test_a_first_program_reads_and_writes_tags(plant):
    plant["CV-1.opening"] = 0.8
    plant.run(minutes=20)
    assert plant.time == 1200.0
    # pressures meet: two rigid vessels share their gas; mean by volume for an ideal gas without heat
    assert plant["B-1.p"] == pytest.approx((13e5 + 2e5) / 3.0, rel=0.01)
    assert plant["B-1.p"] == pytest.approx(plant["B-2.p"], abs=200.0)


def test_a_closed_valve_lets_nothing_pass(plant):
    before = plant["B-1.mass"]
    plant.run(hours=1)
    assert plant["B-1.mass"] == before


@pytest.mark.parametrize(
    ("tag", "value", "reason"),
    [
        ("CV-1.m_flow", 1.0, "not_writable"),
        ("CV-1.opening", 1.5, "out_of_range"),
        ("CV-1.opening", float("nan"), "out_of_range"),
        ("CV-1.opening", "open", "type_mismatch"),
    ],
)
def test_a_bad_write_is_refused_with_its_reason_and_changes_nothing(plant, tag, value, reason):
    image = plant.image.copy()
    with pytest.raises(BadWrite, match=tag) as refusal:
        plant[tag] = value
    assert refusal.value.reason == reason
    np.testing.assert_array_equal(plant.image, image)


def test_an_unknown_tag_offers_the_nearest(plant):
    with pytest.raises(UnknownTag, match=r"CV-1\.opening"):
        plant["CV-1.openning"]


def test_a_snapshot_survives_bytes_and_another_process(plant, path, tmp_path):
    plant["CV-1.opening"] = 0.3
    plant.run(minutes=3)
    (tmp_path / "snapshot").write_bytes(plant.snapshot().to_bytes())
    plant.run(minutes=7)
    code = (
        "import sys; from pathlib import Path; from twin.plant import Plant, Snapshot\n"
        "plant = Plant.load(sys.argv[1])\n"
        "plant.restore(Snapshot.from_bytes(Path(sys.argv[2], 'snapshot').read_bytes()))\n"
        "plant.run(minutes=7)\n"
        "Path(sys.argv[2], 'image').write_bytes(plant.image.tobytes())\n"
    )
    subprocess.run([sys.executable, "-c", code, str(path), str(tmp_path)], check=True)
    assert (tmp_path / "image").read_bytes() == plant.image.tobytes()


def test_a_snapshot_of_another_plant_is_refused(plant, tmp_path):
    other = tmp_path / "other.toml"
    other.write_text(TEXT.replace("13 bar", "12 bar"))
    with pytest.raises(SnapshotMismatch, match="another plant file"):
        Plant.load(other).restore(plant.snapshot())
    with pytest.raises(SnapshotMismatch, match="not a hetwin snapshot"):
        Snapshot.from_bytes(b"nonsense")


def test_a_numerical_failure_names_tag_time_and_cure_and_leaves_the_last_good_state(plant):
    plant["CV-1.opening"] = 0.5
    plant.run(minutes=1)
    good = plant.image.copy()
    plant.node("B-1").energy = np.nan
    bad = plant.image.copy()
    with pytest.raises(NumericalFailure, match=r"B-1\.p could not be computed at .* s") as failure:
        plant.run(minutes=1)
    assert failure.value.tag == "B-1.p"
    np.testing.assert_array_equal(plant.image, bad)
    plant.image[:] = good
    plant.run(minutes=1)


def test_moved_helium_is_in_the_books(plant):
    plant.move("B-1", "B-2", 0.5)
    plant.run(minutes=1)
    ledger = plant.ledger()
    assert ledger.mass_closure < 1e-14
    assert ledger.energy_closure < 1e-14


def test_more_than_there_is_cannot_be_moved(plant):
    with pytest.raises(TwinError, match="cannot leave"):
        plant.move("B-1", "B-2", 50.0)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('outlet = "B-2"', 'outlet = "AIR-9"', "AIR-9"),
        ('p_start = "13 bar"', 'p_start = "13 bar"\ntemp_start = "1 K"', "impossible"),
    ],
)
def test_what_only_the_compiler_can_see_is_said_in_a_sentence(path, old, new, sentence):
    path.write_text(TEXT.replace(old, new))
    with pytest.raises(PlantFileError, match=sentence):
        Plant.load(path)
