"""A plant that runs by itself: modes, the queue, overruns, failures."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from twin.clock import VirtualClock
from twin.errors import BadWrite, NumericalFailure, SnapshotMismatch, UnknownTag
from twin.plant import Plant
from twin.scenario import load_scenario
from twin.scenario_snapshot import ScenarioSnapshot
from twin.simulation import LONGEST_ADVANCE, BadDuration, Interrupted, Simulation, SimulationError, WrongMode

PLANT = Path(__file__).parent.parent / "plants" / "two-vessels.toml"
PATIENCE = 30.0  # s, for a thread that should answer in milliseconds


@pytest.fixture
def plant() -> Plant:
    return Plant.load(PLANT)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def running(plant: Plant) -> Iterator[Simulation]:
    simulation = Simulation(plant, mode="lockstep")
    simulation.start()
    yield simulation
    simulation.stop()


def live(simulation: Simulation, clock: VirtualClock, seconds: float) -> None:
    """Let the loop turn until the clock has moved on by the seconds."""
    end = clock.now() + seconds
    while clock.now() < end - 1e-9:
        clock.wait(threading.Event(), simulation.turn())


def test_in_real_time_the_plant_keeps_up_with_the_clock(plant: Plant, clock: VirtualClock) -> None:
    simulation = Simulation(plant, mode="realtime", clock=clock)
    live(simulation, clock, 10.0)
    assert plant.time == pytest.approx(10.0, abs=simulation.period + plant.dt)
    assert simulation.overruns == 0


def test_scaled_time_runs_faster_by_the_speed(plant: Plant, clock: VirtualClock) -> None:
    simulation = Simulation(plant, mode="scaled", speed=60.0, clock=clock)
    live(simulation, clock, 2.0)
    assert plant.time == pytest.approx(120.0, abs=60.0 * simulation.period + plant.dt)


def test_a_speed_other_than_one_turns_real_time_into_scaled_time(plant: Plant, clock: VirtualClock) -> None:
    simulation = Simulation(plant, mode="realtime", clock=clock)
    simulation.write("SIM.speed", 10.0)
    live(simulation, clock, 1.0)
    assert simulation.mode == "scaled"
    assert plant.time == pytest.approx(10.0, abs=10.0 * simulation.period + plant.dt)
    assert (plant["SIM.speed"], plant["SIM.mode"]) == (10.0, 1.0)

    simulation.write("SIM.mode", 0)
    live(simulation, clock, 0.2)
    assert (simulation.mode, simulation.speed) == ("realtime", 1.0)


def test_a_late_scan_is_counted_once_and_not_run_after(plant: Plant, clock: VirtualClock) -> None:
    simulation = Simulation(plant, mode="realtime", clock=clock)
    slow = [5.0]
    simulation.subscribe(lambda image, time: clock.spend(slow.pop() if slow else 0.0))
    live(simulation, clock, 10.0)
    assert simulation.overruns == 1
    assert plant["SIM.overruns"] == 1.0
    assert plant.time == pytest.approx(5.0, abs=0.3)  # the 5 s that the scan hung are not caught up with


def test_as_fast_as_possible_leaves_the_wall_clock_behind(plant: Plant) -> None:
    simulation = Simulation(plant, mode="asap")
    reached = threading.Event()
    simulation.subscribe(lambda image, time: reached.set() if time > 3600.0 else None)
    simulation.start()
    assert reached.wait(PATIENCE)
    simulation.stop()


def test_in_lockstep_the_plant_moves_only_on_command(running: Simulation) -> None:
    plant = running.plant
    assert running.call(lambda p: p.time).result(PATIENCE) == 0.0
    assert running.advance(2.5).result(PATIENCE) == pytest.approx(2.5)
    assert plant.time == pytest.approx(2.5)


def test_lockstep_gives_the_same_bits_as_running_the_plant_itself(running: Simulation) -> None:
    twin = Plant.load(PLANT)
    for opening in (0.9, 0.1, 0.5):
        running.write("CV-101.opening", opening)
        twin["CV-101.opening"] = opening
        running.advance(60.0).result(PATIENCE)
        twin.run(seconds=60.0)
    clock = [twin.tags[f"SIM.{name}"].address for name in ("speed", "mode", "overruns")]
    ours, plain = running.plant.image.copy(), twin.image.copy()
    ours[clock] = plain[clock] = 0.0
    assert ours.tobytes() == plain.tobytes()


@pytest.mark.parametrize("seconds", [0.25, -1.0, 0.0, float("nan"), float("inf")])
def test_advancing_by_anything_but_whole_steps_is_refused(running: Simulation, seconds: float) -> None:
    with pytest.raises(SimulationError, match="whole number of steps"):
        running.advance(seconds).result(PATIENCE)


def test_advancing_by_more_than_a_month_is_refused(running: Simulation) -> None:
    with pytest.raises(BadDuration, match="at most"):
        running.advance(1e12).result(PATIENCE)


def test_a_change_of_mode_ends_a_long_advance(running: Simulation) -> None:
    before = running.plant.time
    long = running.advance(LONGEST_ADVANCE)
    while running.plant.time == before:
        time.sleep(0.001)
    running.write("SIM.mode", 4.0)
    with pytest.raises(Interrupted, match="stopped at"):
        long.result(PATIENCE)
    assert running.call(lambda plant: running.mode).result(PATIENCE) == "paused"
    assert before < running.plant.time < LONGEST_ADVANCE
    assert running.step(1.0).result(PATIENCE) == running.plant.time


def test_a_change_of_mode_before_an_advance_does_not_end_it(plant: Plant) -> None:
    simulation = Simulation(plant, mode="realtime")
    simulation.write("SIM.mode", 3.0)
    reached = simulation.advance(5.0)
    simulation.turn()
    assert reached.result(PATIENCE) == plant.time


def test_advancing_outside_lockstep_is_refused(plant: Plant) -> None:
    simulation = Simulation(plant, mode="paused")
    simulation.start()
    with pytest.raises(WrongMode, match="mode paused"):
        simulation.advance(1.0).result(PATIENCE)
    simulation.stop()


def test_a_write_waits_for_the_next_step(plant: Plant, clock: VirtualClock) -> None:
    simulation = Simulation(plant, mode="realtime", clock=clock)
    ticket = simulation.write("CV-101.opening", 0.7)
    assert plant["CV-101.opening"] == 0.0
    assert simulation.applied < ticket
    simulation.turn()
    assert plant["CV-101.opening"] == 0.7
    assert simulation.applied == ticket


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("BUF-1.p", 1e5, "not_writable"),
        ("SIM.time", 0.0, "not_writable"),
        ("CV-101.opening", 1.5, "out_of_range"),
        ("CV-101.opening", float("nan"), "out_of_range"),
        ("CV-101.opening", float("inf"), "out_of_range"),
        ("CV-101.opening", "wide", "type_mismatch"),
        ("SIM.mode", 1.5, "type_mismatch"),
        ("SIM.mode", 9, "out_of_range"),
        ("SIM.speed", -1.0, "out_of_range"),
        ("SIM.speed", 0.0, "out_of_range"),
    ],
)
def test_a_wrong_write_is_refused_at_once(plant: Plant, name: str, value: float, reason: str) -> None:
    with pytest.raises(BadWrite) as refused:
        Simulation(plant, mode="paused").write(name, value)
    assert refused.value.reason == reason


def test_an_unknown_tag_is_refused_with_the_nearest_name(plant: Plant) -> None:
    with pytest.raises(UnknownTag, match=r"CV-101\.opening"):
        Simulation(plant, mode="paused").write("CV-101.openning", 0.5)


def test_every_scan_is_whole_and_cannot_be_changed(plant: Plant) -> None:
    simulation = Simulation(plant, mode="asap", period=0.005)
    time, step = (plant.tags[name].address for name in ("SIM.time", "SIM.step"))
    torn, scans, enough = [], [], threading.Event()

    def check(image: np.ndarray, now: float) -> None:
        scans.append(now)
        if image[time] != now or abs(image[step] * plant.dt - now) > 1e-6 * now or image.flags.writeable:
            torn.append(now)
        if len(scans) > 50:
            enough.set()

    simulation.subscribe(check)
    simulation.start()
    assert enough.wait(PATIENCE)
    simulation.stop()
    assert torn == []
    assert scans == sorted(scans)


def test_a_subscriber_that_fails_is_dropped_and_the_others_go_on(
    running: Simulation, caplog: pytest.LogCaptureFixture
) -> None:
    heard = []
    running.subscribe(lambda image, time: 1 / 0)
    running.subscribe(lambda image, time: heard.append(time))
    running.advance(1.0).result(PATIENCE)
    running.advance(1.0).result(PATIENCE)
    assert heard == pytest.approx([1.0, 2.0])
    assert caplog.text.count("A subscriber failed") == 1


def test_a_failed_request_goes_to_the_one_who_asked(running: Simulation) -> None:
    with pytest.raises(UnknownTag):
        running.call(lambda plant: plant["PT-999"]).result(PATIENCE)
    assert running.advance(1.0).result(PATIENCE) == pytest.approx(1.0)


def overheat(simulation: Simulation) -> None:
    """Book so much heat into a vessel that the tables of helium end."""
    simulation.call(lambda plant: plant.heat("BUF-1", 1e10)).result(PATIENCE)


def test_a_numerical_failure_stops_at_the_last_good_state_and_names_tag_and_time(running: Simulation) -> None:
    running.advance(5.0).result(PATIENCE)
    overheat(running)
    with pytest.raises(NumericalFailure, match="BUF-1"):
        running.advance(1.0).result(PATIENCE)
    assert isinstance(running.failure, NumericalFailure)
    assert running.failure.time == pytest.approx(5.0, abs=1.0)
    assert running.mode == "paused"
    assert running.plant.time == pytest.approx(5.0, abs=1.0)
    assert np.isfinite([running.plant[name] for name in running.plant.tags]).all()


def test_after_a_failure_a_snapshot_brings_the_plant_back(running: Simulation) -> None:
    good = running.call(lambda plant: plant.snapshot()).result(PATIENCE)
    overheat(running)
    with pytest.raises(NumericalFailure):
        running.advance(1.0).result(PATIENCE)
    running.restore(good).result(PATIENCE)
    assert running.failure is None
    running.write("SIM.mode", 3)
    assert running.advance(1.0).result(PATIENCE) == pytest.approx(1.0)


def test_a_failure_in_real_time_is_kept_for_all_to_see(plant: Plant, clock: VirtualClock) -> None:
    simulation = Simulation(plant, mode="realtime", clock=clock)
    live(simulation, clock, 1.0)
    plant.heat("BUF-1", 1e10)
    scans = []
    simulation.subscribe(lambda image, time: scans.append(simulation.failure))
    live(simulation, clock, simulation.period)
    assert isinstance(scans[-1], NumericalFailure)
    assert simulation.mode == "paused"


def test_stopping_refuses_what_is_still_queued(plant: Plant) -> None:
    simulation = Simulation(plant, mode="paused")
    late = simulation.call(lambda p: p.time)
    simulation.stop()
    with pytest.raises(SimulationError, match="has stopped"):
        late.result(PATIENCE)


SCENARIO = """
description = "A valve opens, slowly, and a value is expected that does not come."
[[event]]
at = "2 s"
set = {"CV-101.opening" = 0.5}
[[event]]
at = "4 s"
ramp = {"CV-101.opening" = 1.0}
over = "2 s"
[[event]]
at = "7 s"
expect = {"CV-101.opening" = [0.0, 0.1]}
"""


def test_a_scenario_happens_while_the_plant_runs_and_can_be_stopped(running: Simulation, tmp_path: Path) -> None:
    path = tmp_path / "valve.toml"
    path.write_text(SCENARIO)
    scenario = load_scenario(path, running.plant)
    running.play(scenario).result(PATIENCE)
    running.advance(3.0).result(PATIENCE)
    assert running.plant["CV-101.opening"] == 0.5
    assert running.scenario is scenario
    running.advance(2.0).result(PATIENCE)
    assert running.plant["CV-101.opening"] == pytest.approx(0.75, abs=0.03)
    running.end_scenario().result(PATIENCE)
    running.advance(3.0).result(PATIENCE)
    assert running.plant["CV-101.opening"] == pytest.approx(0.75, abs=0.03)
    assert running.scenario is None

    running.play(scenario).result(PATIENCE)
    running.advance(8.0).result(PATIENCE)
    assert running.plant["CV-101.opening"] == 1.0
    assert running.scenario is None  # everything has happened
    assert running.failure is None


def test_a_scenario_goes_on_where_it_stood_when_its_plant_is_restored(running: Simulation, tmp_path: Path) -> None:
    path = tmp_path / "valve.toml"
    path.write_text(SCENARIO)
    running.play(load_scenario(path, running.plant)).result(PATIENCE)
    running.advance(5.0).result(PATIENCE)  # in the middle of the ramp

    def take(plant: Plant) -> tuple[Any, ...]:
        state = running.scenario_snapshot()
        assert state is not None
        return plant.snapshot(), None, ScenarioSnapshot.from_bytes(state.to_bytes())

    kept = running.call(take).result(PATIENCE)
    running.advance(4.0).result(PATIENCE)
    straight = running.plant.image.copy()
    assert running.scenario is None

    running.restore(*kept).result(PATIENCE)
    path.unlink()  # the snapshot holds the scenario itself
    running.advance(4.0).result(PATIENCE)
    assert running.plant["CV-101.opening"] == 1.0
    assert running.plant.image.tobytes() == straight.tobytes()
    running.restore(kept[0]).result(PATIENCE)
    assert running.scenario is None


def test_the_state_of_a_scenario_fits_a_plant_that_is_a_little_older(running: Simulation, tmp_path: Path) -> None:
    path = tmp_path / "valve.toml"
    path.write_text(SCENARIO)
    older = running.call(lambda plant: plant.snapshot()).result(PATIENCE)
    running.play(load_scenario(path, running.plant)).result(PATIENCE)
    running.advance(5.0).result(PATIENCE)
    newer = running.call(lambda plant: running.scenario_snapshot()).result(PATIENCE)
    running.restore(older, None, newer).result(PATIENCE)
    running.advance(3.0).result(PATIENCE)
    assert running.plant["CV-101.opening"] == 0.5
    running.advance(5.0).result(PATIENCE)
    assert running.plant["CV-101.opening"] == 1.0
    with pytest.raises(SnapshotMismatch, match="not the state of a scenario"):
        ScenarioSnapshot.from_bytes(b"{}")


def test_a_paused_plant_advances_step_by_step(running: Simulation) -> None:
    running.write("SIM.mode", 4.0)
    before = running.plant.time
    assert running.step(0.3).result(PATIENCE) == pytest.approx(before + 0.3)
    with pytest.raises(WrongMode):
        running.advance(0.3).result(PATIENCE)
    with pytest.raises(SimulationError, match="whole number of steps"):
        running.step(0.25).result(PATIENCE)


def test_alarms_are_seen_with_every_scan_and_go_back_with_a_snapshot(running: Simulation) -> None:
    told: list[str] = []
    running.alarms.subscribe(lambda event: told.append(f"{event.alarm.name} {event.transition}"))
    kept = running.call(lambda plant: (plant.snapshot(), running.alarms.snapshot())).result(PATIENCE)
    running.alarms.controller_silent(True)
    running.advance(0.1).result(PATIENCE)
    assert told == ["SIM.controller active"]
    running.restore(*kept).result(PATIENCE)
    assert told[1] == "SIM.controller restored"
