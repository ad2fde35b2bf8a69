"""Faults are derived from the tags of a plant."""

from twin.faults import plant_faults
from twin.plant import Plant
from twin.units.leak import EXAMPLE


def test_every_fault_can_be_written_and_is_healthy_at_the_start_of_a_plant():
    plant = Plant.load("teaching")
    faults = plant_faults(plant.spec, plant.tags)
    assert {"AIR.barometer", "T1.p_bearing", "VJ-1.air_leak"} <= set(faults)
    assert {"PT-101.bias", "PT-101.fault", "MAG-1.leak_factor", "T1.brake_lost", "C-101.water_flow"} <= set(faults)
    for name, fault in faults.items():
        assert fault.tag.low <= fault.healthy <= fault.tag.high, name
        plant[name] = fault.healthy
    assert "CV-101.opening" not in faults


def test_what_a_kind_leaves_to_the_instructor_is_a_fault_of_its_units():
    plant = Plant.load("teaching")
    instructors = {tag.name for tag in plant.tags.values() if tag.writable and tag.by == "instructor"}
    assert set(plant_faults(plant.spec, plant.tags)) == instructors


def test_a_leak_is_healthy_when_it_is_shut(tmp_path):
    path = tmp_path / "leak.toml"
    path.write_text(EXAMPLE)
    plant = Plant.load(path)
    faults = plant_faults(plant.spec, plant.tags)
    for leak in ("LEAK-1.opening", "LEAK-2.opening"):
        assert (faults[leak].healthy, plant[leak]) == (0.0, 1.0)
