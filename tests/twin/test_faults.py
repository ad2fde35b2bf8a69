"""Faults are derived from the tags of a plant."""

from twin.faults import plant_faults
from twin.plant import Plant


def test_every_fault_can_be_written_and_is_healthy_at_the_start_of_a_plant():
    plant = Plant.load("teaching")
    faults = plant_faults(plant.spec, plant.tags)
    assert {"PT-101.bias", "PT-101.fault", "MAG-1.leak_factor", "T1.brake_lost", "C-101.water_flow"} <= set(faults)
    for name, fault in faults.items():
        assert fault.tag.low <= fault.healthy <= fault.tag.high, name
        plant[name] = fault.healthy
    assert "CV-101.opening" not in faults
