"""A disk that is full: the plant goes on, says so, and is well again when there is room."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from twin.history import read_history

from .test_monitor import HETWIN, PATIENCE, PLANT, free_port, get

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits of another process are set on Linux")


class Served:
    """A served plant in a process of its own, whose files can be kept from growing."""

    def __init__(self, folder: Path) -> None:
        self.http = free_port()
        command = [HETWIN, "serve", PLANT, "--port", str(free_port()), "--http-port", str(self.http)]
        options = ["--out", folder / "out", "--log-format", "json"]
        self.process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def health(self) -> dict[str, Any]:
        try:
            return json.loads(get(self.http, "/health")[1])
        except OSError:  # not yet
            assert self.process.poll() is None
            return {"service_level": 0, "reason": ""}

    def until(self, good: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE
        while not good(found := self.health()):
            assert time.monotonic() < deadline, found
            time.sleep(0.1)
        return found

    def room(self, most: int) -> None:
        """No file grows beyond so many bytes."""
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    found = Served(tmp_path)
    yield found
    if found.process.poll() is None:
        found.process.kill()
        found.process.communicate()


def test_a_full_disk_is_an_alarm_and_no_end(served: Served, tmp_path: Path) -> None:
    served.until(lambda found: found["service_level"] == 255)
    served.room(1)
    found = served.until(lambda found: "history" in found["reason"] and "last snapshot" in found["reason"])
    assert (found["service_level"], found["failure"]) == (150, None)
    assert found["scan_age"] < 5.0
    served.room(resource.RLIM_INFINITY)
    served.until(lambda found: found["service_level"] == 255)
    served.until(lambda found: 'hetwin_alarms{state="returned unacknowledged"}' in get(served.http, "/metrics")[1])
    served.process.send_signal(signal.SIGTERM)
    out, err = served.process.communicate(timeout=60.0)
    assert served.process.returncode == 0, err
    lines = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    alarms = [line["fields"]["transition"] for line in lines if line["fields"].get("alarm") == "SIM.record"]
    assert alarms == ["active", "returned"]
    assert sum("could not be written" in line["message"] for line in lines) < 60  # not one for every scan
    assert len(read_history(tmp_path / "out" / "history.sqlite", ["SIM.time"])["SIM.time"]) > 5


def test_a_last_snapshot_that_cannot_be_written_is_said_in_a_sentence(served: Served) -> None:
    served.until(lambda found: found["service_level"] == 255)
    served.room(1)
    served.process.send_signal(signal.SIGTERM)
    _, err = served.process.communicate(timeout=60.0)
    assert served.process.returncode == 1
    assert "The last snapshot" in err
    assert err.count("\n") == 1
