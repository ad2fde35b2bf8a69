"""The alarms of a plant come from its kinds and its file, each tag once."""

import numpy as np
import pytest

from tests.twin.examples import examples, join
from twin.alarms.catalogue import plant_alarms
from twin.alarms.declare import Levels, Limits
from twin.alarms.engine import AlarmEngine
from twin.plant import Plant
from twin.simulation import Simulation


@pytest.fixture(scope="module")
def teaching():
    return Plant.load("teaching")


def named(plant):
    return {alarm.name: alarm for alarm in plant_alarms(plant.spec, plant.tags)}


def test_a_shipped_plant_has_the_alarms_that_every_plant_has(teaching):
    names = named(teaching)
    wanted = [
        *("LA-201", "BAG-1.air_ppm", "PA-101", "PA-102", "LA-401", "LA-501", "PC.level", "C-101.temp_oil"),
        *("C-101.water_flow", "T1.speed", "T1.p_bearing", "SEQ-1.temp_jt", "SIM.failure", "SIM.overrun"),
    ]
    assert [name for name in wanted if name not in names] == []


def test_limits_of_the_plant_file_take_the_place_of_those_of_the_kind(teaching):
    names = named(teaching)
    assert isinstance(names["LA-201"].declared, Levels)
    assert "BAG-1.filling" not in names
    measured = {name: unit.card.tag for name, unit in teaching.spec.units.items() if unit.kind.name == "transmitter"}
    limits = [a for a in names.values() if isinstance(a.declared, Limits) and not isinstance(a.declared, Levels)]
    roots = [measured.get(alarm.tag.name, alarm.tag.name) for alarm in limits]
    assert len(roots) == len(set(roots))


def test_a_limit_watches_the_transmitter_of_its_tag(teaching):
    alarm = named(teaching)["PC.level"]
    assert alarm.tag.name == "LT-301"
    assert teaching.spec.units["LT-301"].card.tag == "PC.level"


def test_every_alarm_speaks_both_languages_and_says_what_to_do(tmp_path):
    plant = Plant.load(join(examples(), tmp_path / "every-kind.toml"))
    for alarm in plant_alarms(plant.spec, plant.tags):
        assert alarm.text, alarm.name
        if isinstance(alarm.declared, Levels):
            continue
        for texts in (alarm.declared.cause, alarm.declared.consequence, alarm.declared.action):
            assert all(texts), alarm.name
        assert any(ord(sign) > 0x3000 for sign in alarm.text_ja), alarm.name


def test_an_alarm_of_the_plant_file_is_acknowledged_here_and_at_its_tag(teaching):
    simulation = Simulation(teaching, mode="lockstep")
    engine, image = simulation.alarms, teaching.image
    level, opened = (teaching.tags[name].address for name in ("LA-201", "LA-201.open"))
    image[level], image[opened] = 4.0, 1.0
    engine.scan(image, teaching.time)
    assert engine.state("LA-201").name == "unacknowledged"
    engine.acknowledge("LA-201", "sato")
    simulation.turn()
    assert teaching["LA-201.acknowledge"] == 1.0

    image[level], image[opened] = 0.0, 0.0
    engine.scan(image, teaching.time)
    image[level], image[opened] = 3.0, 1.0
    engine.scan(image, teaching.time)
    image[opened] = 0.0
    engine.scan(image, teaching.time)
    assert engine.state("LA-201").name == "acknowledged"
    assert engine.note("LA-201")[0] == "by tag"


def test_an_engine_of_many_alarms_finds_what_one_of_few_finds(teaching):
    alarms = plant_alarms(teaching.spec, teaching.tags)
    engine = AlarmEngine(alarms, teaching.tags, len(teaching.image))
    image = teaching.image.copy()
    engine.scan(image, 0.0)
    image[teaching.tags["C-101.trip"].address] = 1.0
    engine.scan(image, 1.0)
    assert engine.state("C-101.trip").name == "unacknowledged"
    assert np.isfinite(image).all()
