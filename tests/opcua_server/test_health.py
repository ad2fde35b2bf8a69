"""How well a server serves: every level, from a real simulation that is late, stuck, paused or failed."""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from opcua_server import health as module
from opcua_server import watch
from opcua_server.health import BEHIND, HEALTHY, MAINTENANCE, NO_DATA, NOT_RECORDING, PAUSED, STUCK, WARNING, health
from twin.errors import TwinError
from twin.history import History, Recorder
from twin.plant import Plant
from twin.simulation import Simulation

PLANT = Path(__file__).parent.parent / "plants" / "alarms.toml"


def eventually(happened: Callable[[], bool]) -> None:
    """Wait for what another thread does, on a busy machine too."""
    end = time.monotonic() + 30.0
    while not happened():
        assert time.monotonic() < end, "nothing came within 30 s"
        time.sleep(0.01)


@pytest.fixture
def simulation() -> Any:
    found = Simulation(Plant.load(PLANT), mode="lockstep")
    yield found
    found.stop()


def test_a_simulation_without_a_thread_gives_no_data(simulation: Simulation) -> None:
    assert health(simulation).level == NO_DATA
    simulation.start()
    assert health(simulation) == (HEALTHY, "")


def test_paused_failed_and_stopping_each_have_their_level(simulation: Simulation) -> None:
    simulation.start()
    simulation.write("SIM.mode", 4.0)
    eventually(lambda: health(simulation).level == PAUSED)
    assert health(simulation).good
    simulation.failure = TwinError("BAG-1.p is no number.")
    assert health(simulation) == (NO_DATA, "The simulation stopped: BAG-1.p is no number.")
    assert health(simulation, stopping=True).level == MAINTENANCE


def test_what_is_wrong_with_the_audit_log_or_will_be_with_the_certificate_is_said(simulation: Simulation) -> None:
    simulation.start()
    full = health(simulation, failing=["history", "audit log"], warning="The certificate expires.")
    assert full == (NOT_RECORDING, "The history and the audit log cannot be written.")
    assert health(simulation, warning="The certificate expires.") == (WARNING, "The certificate expires.")


def test_scans_that_come_late_degrade_for_a_while(simulation: Simulation) -> None:
    slow = [0.3] * 5
    simulation.subscribe(lambda image, at: time.sleep(slow.pop() if slow else 0.0))
    simulation.start()
    simulation.write("SIM.mode", 0.0)
    eventually(lambda: simulation.overruns > 0)
    eventually(lambda: health(simulation).level == BEHIND)
    assert health(simulation).good


def test_a_simulation_that_is_stuck_is_found_out(simulation: Simulation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STALE", 0.0)
    gate = threading.Event()
    simulation.subscribe(lambda image, at: (gate.wait(), None)[1])
    simulation.write("SIM.mode", 0.0)
    simulation.start()
    try:
        eventually(lambda: health(simulation).level == STUCK)
        assert not health(simulation).good
    finally:
        gate.set()
    eventually(lambda: health(simulation).level != STUCK)


def test_a_history_that_cannot_be_written_degrades_until_it_can(
    simulation: Simulation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Recorder, "COMMIT_AFTER", 0.01)
    monkeypatch.setattr(Recorder, "PATIENCE", 0.01)
    history = History.create(tmp_path / "history.sqlite", simulation.plant)
    commit, full = history.commit, threading.Event()

    def on_disk() -> None:
        if full.is_set():
            raise OSError(errno.ENOSPC, "No space left on device")
        commit()

    monkeypatch.setattr(history, "commit", on_disk)
    simulation.start()
    with Recorder(history) as recorder:
        full.set()
        eventually(lambda: health(simulation, ["history"] * recorder.failing).level == NOT_RECORDING)
        full.clear()
        eventually(lambda: health(simulation, ["history"] * recorder.failing).level == HEALTHY)


def test_a_clock_that_is_set_makes_no_scan_old(simulation: Simulation) -> None:
    simulation.start()
    simulation.taken = datetime.now(UTC) - timedelta(days=365)
    assert simulation.scan_age < 3600.0


def test_what_fails_now_and_then_is_not_well_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, fails = 100.0, True
    monkeypatch.setattr(watch.time, "monotonic", lambda: clock)
    kept = watch.Kept()
    kept.add("history", lambda: fails)
    assert kept.failing() == ["history"]
    fails, clock = False, 104.0
    assert kept.failing() == ["history"]
    clock = 105.0
    assert kept.failing() == []
