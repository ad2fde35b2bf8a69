"""Shipped plants have the alarms that every plant has, and are silent when nothing is wrong."""

from __future__ import annotations

import math
import re

import pytest

from twin.alarms.catalogue import Alarm, plant_alarms
from twin.alarms.declare import Levels, Limits
from twin.plant import Plant
from twin.plant_file import load_spec, shipped_plants
from twin.simulation import Simulation
from twin.words import in_japanese

JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
PATIENCE = 300.0  # s; the first step of a plant compiles it

MATTERS = [
    ("bag high, high-high, low", "gas_bag", "filling", "high_high high low"),
    ("oxygen and nitrogen in the bag", "gas_bag", "air_ppm", "high"),
    ("inter-stage pressure", "recovery_compressor", "p_1", "high"),
    ("inter-stage temperature", "recovery_compressor", "temp_1", "high"),
    ("oil", "screw_compressor", "temp_oil", "high"),
    ("suction low, air comes in", "recovery_compressor", "{suction}.p", "low"),
    ("discharge high", "recovery_compressor", "{discharge}.p", "high"),
    ("bank full", "cylinder_bank", "filling", "high"),
    ("feed purity of the purifier", "purifier", "feed_ppm", "high"),
    ("feed purity of the liquefier", "screw_compressor", "air_ppm", "high"),
    ("breakthrough, bed A", "purifier", "slip_a", "high"),
    ("breakthrough, bed B", "purifier", "slip_b", "high"),
    ("filter pressure drop", "dryer", "dp", "high"),
    ("LN2 level", "precooler", "level", "low"),
    ("LN2 of the purifier", "purifier", "ln2", ""),
    ("instrument-air pressure", "instrument_air", "p", "low low_low"),
    ("instrument-air dew point", "instrument_air", "dew_point", "high"),
    ("cooling flow of the cycle compressor", "screw_compressor", "water_flow", "low"),
    ("cooling of the recovery compressor", "recovery_compressor", "cooling", "low"),
    ("cold-box vacuum", "vacuum_jacket", "p", "high"),
    ("turbine overspeed", "turbine", "speed", "high"),
    ("bearing pressure", "turbine", "p_bearing", "low"),
    ("turbine inlet temperature", "turbine", "{inlet}.temp", "high low"),
    ("high pressure out of band", "screw_compressor", "{discharge}.p", "high"),
    ("low pressure out of band", "screw_compressor", "{suction}.p", "high low"),
    ("JT inlet temperature", "cold_box_sequence", "{temp_jt}", "high"),
    ("dewar level", "storage_dewar", "level", "high"),
    ("dewar pressure", "storage_dewar", "p", "high low"),
    ("oxygen deficiency in the room", "room", "oxygen", "low low_low"),
    ("magnet helium level", "nmr_magnet", "level", "low low_low"),
    ("boil-off low or high", "nmr_magnet", "m_flow", "high low"),
    ("power demand", "demand_meter", "forecast", "high high_high"),
]
"""Matter, the kind of equipment that has it, the tag that is watched, and the levels that it needs at least."""

BELONGS = [
    ({"gas_bag", "screw_compressor"}, "room"),
    ({"recovery_compressor", "screw_compressor"}, "demand_meter"),
    ({"screw_compressor"}, "instrument_air"),
]
"""Where there is one of these, there is that too."""


@pytest.fixture(scope="module", params=shipped_plants())
def plant(request: pytest.FixtureRequest) -> Plant:
    return Plant.load(request.param)


def watched(plant: Plant, alarm: Alarm) -> str:
    """The tag behind transmitters and controllers."""
    declared = alarm.declared
    name = declared.watched if isinstance(declared, Levels) else (alarm.tag.name if alarm.tag else "")
    unit = plant.spec.units.get(name)
    return unit.card.tag if unit is not None and unit.kind.name == "transmitter" else name


def levels(alarm: Alarm) -> set[str]:
    declared = alarm.declared
    if not isinstance(declared, Limits):
        return set()
    return {name for name in ("high_high", "high", "low", "low_low") if math.isfinite(getattr(declared, name))}


def test_every_matter_that_a_plant_has_is_watched(plant: Plant) -> None:
    alarms: dict[str, set[str]] = {}
    for alarm in plant_alarms(plant.spec, plant.tags):
        alarms.setdefault(watched(plant, alarm), set()).update(levels(alarm))
    missing = []
    for unit in plant.spec.units.values():
        for matter, kind, tag, wanted in MATTERS:
            if unit.kind.name != kind:
                continue
            named = tag.format(**{key: getattr(unit.card, key) for key in (*unit.kind.ports, *unit.kind.wires)})
            named = named if "{" in tag else f"{unit.name}.{named}"
            root = plant.spec.units.get(named)
            named = root.card.tag if root is not None and root.kind.name == "transmitter" else named
            if named not in alarms or not set(wanted.split()) <= alarms[named]:
                missing.append(f"{unit.name}: {matter} ({named}: {wanted})")
    assert missing == []


def test_safety_and_utilities_are_there_where_they_belong(plant: Plant) -> None:
    kinds = {unit.kind.name for unit in plant.spec.units.values()}
    assert [wanted for where, wanted in BELONGS if kinds & where and wanted not in kinds] == []


def test_every_word_of_an_alarm_is_there_in_japanese(plant: Plant) -> None:
    """Names of tags, numbers and units are the same in both languages."""
    missing = []
    for alarm in plant_alarms(plant.spec, plant.tags):
        declared = alarm.declared
        told = [(alarm.text, alarm.text_ja), declared.cause, declared.consequence, declared.action]
        told += [(label, in_japanese(label)) for label in (alarm.tag.labels if alarm.tag else ())]
        missing += [f"{alarm.name}: {text}" for text, ja in told if text and not JAPANESE.search(ja)]
    assert missing == []


def test_a_fresh_start_is_calm(plant: Plant) -> None:
    simulation = Simulation(plant, mode="lockstep")
    told: list[str] = []
    simulation.alarms.subscribe(lambda event: told.append(f"{event.time:g} s: {event.message}"))
    simulation.start()
    step = max(plant.dt, 1.0)
    for _ in range(round(60.0 / step)):
        simulation.advance(step).result(PATIENCE)
    simulation.stop()
    assert told == []


def test_every_matter_is_found_in_some_shipped_plant() -> None:
    kinds = {unit.kind.name for name in shipped_plants() for unit in load_spec(name).units.values()}
    assert {kind for _, kind, _, _ in MATTERS} <= kinds
