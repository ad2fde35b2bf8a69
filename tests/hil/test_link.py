"""A controller cannot tell whether its plant is in this process or behind OPC UA."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hil.link import InProcessLink, Link, LinkError, OpcUaLink
from opcua_server import TwinServer
from twin.errors import BadWrite, UnknownTag
from twin.plant import Plant
from twin.simulation import Simulation

PLANT = Path(__file__).parent.parent / "plants" / "two-vessels.toml"
NAMES = ["SIM.time", "BUF-1.p", "BUF-2.p", "BUF-1.temp", "BUF-2.temp", "CV-101.m_flow", "CV-101.position"]


@contextmanager
def serving(**settings: Any) -> Iterator[TwinServer]:
    """A server in a thread of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        endpoint = f"opc.tcp://127.0.0.1:{probe.getsockname()[1]}"
    server = TwinServer(Simulation(Plant.load(PLANT), **settings), endpoint)
    ready, done = threading.Event(), asyncio.Event()
    loops = []

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        async with server:
            ready.set()
            await done.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(30.0)
    try:
        yield server
    finally:
        loops[0].call_soon_threadsafe(done.set)
        thread.join()


@pytest.fixture(params=["in process", "over OPC UA"])
def link(request: pytest.FixtureRequest) -> Iterator[Link]:
    if request.param == "in process":
        yield InProcessLink(Plant.load(PLANT))
    else:
        with serving(mode="paused") as server, OpcUaLink(server.endpoint) as over:
            yield over


def control(link: Link, steps: int) -> np.ndarray:
    """Hold the pressure of the second vessel at 3 bar with a proportional controller; the trajectory."""
    trajectory = []
    for _ in range(steps):
        values = link.read(NAMES)
        link.write({"CV-101.opening": min(max((3e5 - values[2]) / 1e5, 0.0), 1.0)})
        link.advance(0.5)
        trajectory.append(values)
    return np.array(trajectory)


def test_both_carriers_give_the_same_trajectory_bit_for_bit() -> None:
    here = control(InProcessLink(Plant.load(PLANT)), 200)
    with serving(mode="paused") as server, OpcUaLink(server.endpoint) as link:
        there = control(link, 200)
    assert here[-1, 2] > 2e5  # something happened
    assert here.tobytes() == there.tobytes()


def test_a_written_value_reads_back_before_the_next_step(link: Link) -> None:
    link.write({"CV-101.opening": 0.25, "AIR.temp_air": 290.0})
    assert link.read(["AIR.temp_air", "CV-101.opening"]).tolist() == [290.0, 0.25]
    link.advance(1.0)
    assert link.read(["SIM.time", "CV-101.opening"]).tolist() == pytest.approx([1.0, 0.25])


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("BUF-1.p", 1e5, "not_writable"),
        ("CV-101.opening", 2.0, "out_of_range"),
        ("CV-101.opening", float("nan"), "out_of_range"),
        ("CV-101.opening", "wide", "type_mismatch"),
    ],
)
def test_a_wrong_write_raises_the_same_on_both_carriers(link: Link, name: str, value: Any, reason: str) -> None:
    with pytest.raises(BadWrite) as refused:
        link.write({name: value})
    assert refused.value.reason == reason


@pytest.mark.parametrize("act", [lambda link: link.read(["PT-9"]), lambda link: link.write({"PT-9": 1.0})])
def test_an_unknown_tag_raises_the_same_on_both_carriers(link: Link, act: Callable[[Link], Any]) -> None:
    with pytest.raises(UnknownTag, match="PT-9"):
        act(link)


def test_without_lockstep_advancing_waits_for_the_plant() -> None:
    with serving(mode="scaled", speed=100.0) as server, OpcUaLink(server.endpoint, lockstep=False) as link:
        before = link.read(["SIM.time"])[0]
        link.advance(30.0)
        assert server.simulation.mode == "scaled"
        assert link.read(["SIM.time"])[0] >= before + 30.0


def test_advancing_by_part_of_a_step_over_opc_ua_is_refused_in_a_sentence() -> None:
    sentence = r"refused SIM.advance\(0.05\): BadInvalidArgument"
    with serving(mode="paused") as server, OpcUaLink(server.endpoint) as link, pytest.raises(LinkError, match=sentence):
        link.advance(0.05)


def test_a_failed_simulation_is_reported_with_its_reason() -> None:
    with serving(mode="paused") as server, OpcUaLink(server.endpoint) as link:
        server.simulation.call(lambda plant: plant.heat("BUF-1", 1e10)).result(30.0)
        with pytest.raises(LinkError, match=r"has stopped: .*BUF-1"):
            link.advance(1.0)
        with pytest.raises(LinkError, match="BadOutOfService"):
            link.read(["BUF-1.p"])


def test_nobody_at_the_other_end_is_said_in_a_sentence() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(LinkError, match=f"No plant answers at opc.tcp://127.0.0.1:{port}"):
        OpcUaLink(f"opc.tcp://127.0.0.1:{port}")
