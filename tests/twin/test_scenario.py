"""Scenarios: checked against the plant before anything starts, then played to the step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from twin.errors import PlantFileError, TwinError
from twin.plant import Plant
from twin.plant_file import read_toml
from twin.scenario import SCENARIOS, ScenarioPlayer, load_scenario, shipped_scenarios

PLANT = """
description = "Two buffers and a valve."
step = "1 s"
[unit.AMB-1]
kind = "ambient"
[unit.BUF-1]
kind = "buffer"
volume = "500 L"
p_start = "13 bar"
[unit.BUF-2]
kind = "buffer"
volume = "2 m3"
p_start = "1 bar"
[unit.CV-101]
kind = "control_valve"
inlet = "BUF-1"
outlet = "BUF-2"
flow_area = "12 mm2"
"""

HEAD = 'description = "Something happens."\n'


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    path = tmp_path / "pair.toml"
    path.write_text(PLANT)
    return Plant.load(path)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    def write(events: str) -> Path:
        path = tmp_path / "scenario.toml"
        path.write_text(HEAD + events)
        return path

    return write


def test_a_write_takes_effect_at_its_time_and_not_before(plant: Plant, write: Callable[[str], Path]) -> None:
    path = write('[[event]]\nat = "10 s"\nset = {"CV-101.opening" = "20 %"}\n')
    player = ScenarioPlayer(plant, load_scenario(path, plant))
    player.run(9.0)
    assert plant["CV-101.opening"] == 0.0
    player.run(1.0)
    assert plant.time == 10.0
    assert plant["CV-101.opening"] == 0.2
    assert plant["CV-101.position"] == 0.0  # the stem moves in the next step
    player.run(1.0)
    assert plant["CV-101.position"] > 0.0


def test_events_are_played_in_the_order_of_time_from_the_plants_present(
    plant: Plant, write: Callable[[str], Path]
) -> None:
    path = write(
        '[[event]]\nat = "1 min"\ntext = "late"\n[[event]]\nat = 5\ntext = "early"\n[[event]]\nat = 0\ntext = "first"\n'
    )
    plant.run(seconds=100.0)
    heard: list[tuple[float, str]] = []
    player = ScenarioPlayer(plant, load_scenario(path, plant), lambda time, text: heard.append((time, text)))
    assert player.duration == 60.0
    player.run(player.duration)
    assert heard == [(100.0, "first"), (105.0, "early"), (160.0, "late")]


def test_a_ramp_passes_its_middle_at_half_time_and_ends_at_its_value(
    plant: Plant, write: Callable[[str], Path]
) -> None:
    path = write('[[event]]\nat = "10 s"\nramp = {"CV-101.opening" = 0.8}\nover = "100 s"\n')
    player = ScenarioPlayer(plant, load_scenario(path, plant))
    player.run(60.0)
    assert plant["CV-101.opening"] == pytest.approx(0.4, abs=0.8 / 100.0)  # written once a step of 1 s
    player.run(60.0)
    assert plant["CV-101.opening"] == 0.8


def test_a_write_ends_a_ramp_of_the_same_tag(plant: Plant, write: Callable[[str], Path]) -> None:
    path = write(
        '[[event]]\nat = 0\nramp = {"CV-101.opening" = 0.8}\nover = 100\n'
        '[[event]]\nat = 50\nset = {"CV-101.opening" = 0.1}\n'
    )
    player = ScenarioPlayer(plant, load_scenario(path, plant))
    player.run(200.0)
    assert plant["CV-101.opening"] == 0.1


def test_playing_in_pieces_is_bit_identical_to_playing_at_once(tmp_path: Path, write: Callable[[str], Path]) -> None:
    (tmp_path / "pair.toml").write_text(PLANT)
    path = write(
        '[[event]]\nat = 3\nset = {"CV-101.opening" = 0.5}\n'
        '[[event]]\nat = 20\nramp = {"CV-101.opening" = 0.9}\nover = 30\n'
    )
    images = []
    for pieces in (1, 12):
        plant = Plant.load(tmp_path / "pair.toml")
        player = ScenarioPlayer(plant, load_scenario(path, plant))
        for _ in range(pieces):
            player.run(60.0 / pieces)
        images.append(plant.image.tobytes())
    assert images[0] == images[1]


def test_a_whole_plant_played_step_by_step_is_bit_identical_too() -> None:
    images = []
    for pieces in (1, 240):
        plant = Plant.load("byu")
        player = ScenarioPlayer(plant, load_scenario("byu-refill-plume", plant))
        for _ in range(pieces):
            player.run(7200.0 / pieces)
        images.append(plant.image.tobytes())
    assert images[0] == images[1]


def test_expectations_are_reported_met_or_not(plant: Plant, write: Callable[[str], Path]) -> None:
    path = write('[[event]]\nat = 5\nexpect = {"BUF-1.p" = ["12 bar", "14 bar"], "BUF-2.p" = ["2 bar", "3 bar"]}\n')
    player = ScenarioPlayer(plant, load_scenario(path, plant))
    player.run(10.0)
    assert [(finding.tag, finding.met) for finding in player.findings] == [("BUF-1.p", True), ("BUF-2.p", False)]
    assert str(player.findings[0]) == "At 5.00 s BUF-1.p was 13.0 bar, as expected between 12.0 bar and 14.0 bar."
    assert "but was expected between 2.00 bar and 3.00 bar." in str(player.findings[1])


WRONG = [
    (
        '[[event]]\nat = 0\nset = {"CV-101.openning" = 1}\n',
        'event[0].set."CV-101.openning": there is no such tag; did you mean "CV-101.opening"',
    ),
    ('[[event]]\nat = 0\nset = {"BUF-1.p" = 1}\n', 'event[0].set."BUF-1.p": cannot be written, it is an output.'),
    (
        '[[event]]\nat = 0\nset = {"CV-101.opening" = 3}\n',
        'event[0].set."CV-101.opening": expected between 0 and 1.00, got 3.00.',
    ),
    (
        '[[event]]\nat = 0\nexpect = {"BUF-1.p" = ["1 K", "2 bar"]}\n',
        'event[0].expect."BUF-1.p": expected a pressure such as "13 bar", got "1 K".',
    ),
    (
        '[[event]]\nat = 0\nexpect = {"BUF-1.p" = ["1 bar"]}\n',
        "event[0].expect.\"BUF-1.p\": expected the lowest and the highest value, got ['1 bar'].",
    ),
    ('[[event]]\nat = "x"\ntext = "y"\n', 'event.0.at: expected a time such as "10 min", got "x".'),
    ('[[event]]\ntext = "y"\n', 'event.0.at: missing; expected a time such as "10 min".'),
    ("[[event]]\nat = 0\n", "event[0].at: nothing happens; expected `set`, `ramp`, `do`, `expect` or `text`."),
    (
        '[[event]]\nat = 0\nramp = {"CV-101.opening" = 1}\n',
        'event[0].over: a ramp needs `ramp` and `over`, such as over = "10 min".',
    ),
    ("[[event]]\nat = 0\nsett = {}\n", 'event.0.sett: not a field of an event; did you mean "set"'),
    ('[[event]]\nat = 0\ndo = "BUF-1.swap"\n', 'event[0].do: a buffer cannot "swap"; it can do: nothing.'),
    ("", "event: missing; a scenario needs at least one [[event]]."),
    ('plant = "byu"\n[[event]]\nat = 0\ntext = "x"\n', 'plant: this scenario is for the plant "byu", not "pair".'),
]


@pytest.mark.parametrize(("events", "sentence"), WRONG)
def test_a_wrong_scenario_gets_one_sentence_and_nothing_starts(
    plant: Plant, write: Callable[[str], Path], events: str, sentence: str
) -> None:
    path = write(events)
    with pytest.raises(PlantFileError) as refused:
        load_scenario(path, plant)
    assert str(refused.value).startswith(f"{path}: {sentence}")
    assert len(str(refused.value).splitlines()) == 1
    assert plant.time == 0.0


def test_a_missing_scenario_is_answered_with_the_shipped_ones(plant: Plant) -> None:
    with pytest.raises(PlantFileError, match=r'There is no scenario "nothing".*Shipped scenarios: '):
        load_scenario("nothing", plant)


def test_an_event_that_is_refused_while_playing_is_named(
    plant: Plant, write: Callable[[str], Path], tmp_path: Path
) -> None:
    path = write('[[event]]\nat = 2\nset = {"CV-101.opening" = 1}\n')
    scenario = load_scenario(path, plant)
    (tmp_path / "other.toml").write_text(PLANT.replace("CV-101", "CV-102"))
    other = Plant.load(tmp_path / "other.toml")
    with pytest.raises(TwinError, match=r"the event at 2\.00 s cannot happen: There is no tag"):
        ScenarioPlayer(other, scenario).run(5.0)


@pytest.mark.parametrize("name", shipped_scenarios())
def test_a_shipped_scenario_plays_as_it_promises(name: str) -> None:
    made_for = read_toml(SCENARIOS / f"{name}.toml")["plant"]
    plant = Plant.load(made_for)
    player = ScenarioPlayer(plant, load_scenario(name, plant))
    player.run(player.duration + plant.dt)
    assert [str(finding) for finding in player.findings if not finding.met] == []
