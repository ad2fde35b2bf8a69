"""The cold box of the teaching plant when something is wrong: air, vacuum, cooling water, a turbine that stands."""

import pytest

from twin.plant import Plant, Snapshot

HOUR = 3600.0
LIQUEFYING = 8


@pytest.fixture(scope="module")
def plant():
    return Plant.load("teaching")


@pytest.fixture(scope="module")
def liquefying(plant) -> Snapshot:
    """Seven hours after a start from warm."""
    plant["LC-1.mode"] = 0
    plant["SEQ-1.command"] = 1
    plant.run(hours=7)
    assert plant["SEQ-1.step"] == LIQUEFYING
    return plant.snapshot()


@pytest.fixture
def running(plant, liquefying):
    plant.restore(liquefying)
    return plant


def gain(plant, hours=1.0):
    """Mass that the dewar gains per compressor flow."""
    before, pumped = plant["D-1.mass"], 0.0
    for _ in range(int(60 * hours)):
        plant.run(minutes=1)
        pumped += 60.0 * plant["C-101.m_flow"]
    return (plant["D-1.mass"] - before) / max(pumped, 1e-9)


def trip_of(plant, tag):
    return plant.tags[tag].labels[int(plant[tag])]


def test_air_that_gets_past_the_purifier_breaks_a_turbine_and_only_a_repair_helps(running):
    running["CV-201.opening"] = 1
    running.run(hours=1)
    assert running["T1.broken"] == 1
    assert trip_of(running, "TP-1.trip") == "broken"
    assert running["CV-110.opening"] == 0.0
    running["CV-201.opening"] = 0
    running["T1.reset"] = running["TP-1.reset"] = 1
    running.run(minutes=5)
    assert trip_of(running, "TP-1.trip") == "broken"
    running.do("T1.repair")
    running["TP-1.reset"] = 1
    running.run(minutes=1)
    assert trip_of(running, "TP-1.trip") == "no"
    ledger = running.ledger()
    assert ledger.impurity_closure < 1e-9
    assert abs(ledger.mass_closure) < 1e-9


def test_pure_gas_leaves_the_turbines_clean(running):
    running.run(hours=6)
    assert running["T1.iced"] < 1e-4  # of the nozzle: what the purifier lets through
    assert running["T1.broken"] == running["T2.broken"] == 0


def test_one_turbine_that_stands_costs_most_of_the_yield(running):
    sound = gain(running)
    running["TP-2.p_bearing_limit"] = 0.0
    running["T2.p_bearing"] = 3e5
    running.run(hours=1)
    assert running["T2.speed"] < 1.0
    assert sound > 0.05
    assert gain(running) < 0.7 * sound


def test_a_failed_brake_trips_the_turbines_at_the_start_when_the_gas_is_warm():
    plant = Plant.load("teaching")
    plant["LC-1.mode"] = 0
    plant["SEQ-1.command"] = 1
    plant["T2.brake_lost"] = 1
    plant.run(minutes=30)
    assert trip_of(plant, "T2.tripped") == "overspeed"
    assert trip_of(plant, "TP-2.trip") == "overspeed"
    assert trip_of(plant, "TP-1.trip") == "other turbine"
    assert plant["CV-110.opening"] == 0.0


def test_without_cooling_water_the_compressor_trips_and_everything_stops(running):
    running["C-101.water_flow"] = 0.0
    running.run(hours=1)
    assert trip_of(running, "C-101.trip") == "oil_temperature"
    assert running.tags["SEQ-1.step"].labels[int(running["SEQ-1.step"])] == "tripped"
    assert running["C-101.m_flow"] < 1e-6


def test_warm_cooling_water_costs_power_per_liquid(running):
    cool = running["C-101.power"] / running["C-101.m_flow"]
    running["C-101.temp_water"] = 308.0
    running.run(hours=1)
    assert running["C-101.power"] / running["C-101.m_flow"] > 1.03 * cool
    assert running["C-101.trip"] == 0.0


def test_flow_follows_the_suction_pressure_that_gas_management_holds(running):
    """Displacement is what a screw compressor has: flow goes with density, a little less for the higher ratio."""
    flow, p = running["C-101.m_flow"], running["LP-101.p"]
    running["GM-101.p_low_set"] = 0.92e5
    running["GM-101.p_low_limit"] = 0.95e5
    running.run(hours=1)
    lower = running["LP-101.p"] / p
    assert lower == pytest.approx(0.95 / 1.05, rel=0.01)
    assert 0.95 * lower < running["C-101.m_flow"] / flow < lower


def test_a_lost_vacuum_ends_liquefaction(running):
    sound = gain(running)
    running["VJ-1.pump"] = 0
    running["VJ-1.air_leak"] = 10.0
    running.run(hours=2)
    assert running["VJ-1.heat_flux"] > 10.0
    assert gain(running) < 0.8 * sound


def test_helium_in_the_vacuum_is_not_frozen_and_the_getter_fills(running):
    running["VJ-1.helium_leak"] = 0.3
    running["VJ-1.pump"] = 0
    running.run(minutes=5)
    early = running["VJ-1.p_helium"]
    running.run(hours=5)
    assert early < 1.0
    assert running["VJ-1.p_helium"] > 100.0 * early
    assert running.ledger().kg_lost["leak into the vacuum"] > 0.0


def test_a_cool_down_in_bad_vacuum_takes_longer():
    hours = {}
    for helium in (1e-3, 1e3):
        plant = Plant.load("teaching")
        plant["LC-1.mode"] = 0
        plant["VJ-1.pump"] = 0
        plant.image[plant.tags["VJ-1.helium"].address] = helium
        plant["SEQ-1.command"] = 1
        while plant["SEQ-1.step"] != LIQUEFYING and plant.time < 12 * HOUR:
            plant.run(minutes=1)
        hours[helium] = plant.time / HOUR
    assert hours[1e3] > 1.05 * hours[1e-3]
