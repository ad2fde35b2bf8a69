"""One controller, two carriers: inside the plant's chain or outside over a link, with the same trajectory."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hil.link import InProcessLink, OpcUaLink
from hil.rig import ControlStation, RemoteController, split
from opcua_server import TwinServer
from twin.errors import BadWrite, TwinError
from twin.plant import Plant
from twin.plant_file import load_spec
from twin.simulation import Simulation

PLANT = Path(__file__).parent.parent / "plants" / "two-carriers.toml"
SECONDS = 300.0


@pytest.fixture(scope="module")
def inside() -> tuple[list[str], np.ndarray, dict[str, float]]:
    """The plant with its controllers compiled in: field tags, their trajectory in steps of a scan, all last values."""
    spec = load_spec(PLANT)
    field = Plant(split(spec)[0])
    names = [name for name in field.tags if not name.startswith(("SIM.", "OP-1"))]
    plant, rows = Plant(spec), []
    for _ in range(round(SECONDS)):
        plant.run(seconds=1.0)
        rows.append([plant[name] for name in names])
    return names, np.array(rows), {name: plant[name] for name in plant.tags}


def trajectory_over(link, station, names: list[str], seconds: float) -> tuple[np.ndarray, RemoteController]:
    rig, rows = RemoteController(link, station), []
    for _ in range(round(seconds)):
        rig.run(seconds=1.0)
        rows.append(link.read(names))
    return np.array(rows), rig


@contextmanager
def serving(plant: Plant) -> Iterator[str]:
    """A server of the plant in a thread of its own; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        endpoint = f"opc.tcp://127.0.0.1:{probe.getsockname()[1]}"
    server = TwinServer(Simulation(plant, mode="paused"), endpoint)
    ready, done, loops = threading.Event(), asyncio.Event(), []

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        async with server:
            ready.set()
            await done.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(30.0)
    try:
        yield endpoint
    finally:
        loops[0].call_soon_threadsafe(done.set)
        thread.join()


def test_something_happens_in_this_plant(inside) -> None:
    names, rows, last = inside
    assert last["LC-1.starts"] >= 1
    assert last["PIC-1.setpoint"] == 1.7e5
    assert last["AIR.barometer"] == 99000.0
    assert np.ptp(rows[:, names.index("CV-1.position")]) > 0.1


def test_over_a_link_in_this_process_the_trajectory_is_the_same_bit_for_bit(inside) -> None:
    names, rows, last = inside
    field, station = split(load_spec(PLANT))
    over, rig = trajectory_over(InProcessLink(Plant(field)), station, names, SECONDS)
    assert over.tobytes() == rows.tobytes()
    own = [name for name in rig.station.tags if name.split(".")[0] in {"PIC-1", "GM-1", "LC-1", "IL-1", "PA-1"}]
    assert {name: rig[name] for name in own} == {name: last[name] for name in own}


def test_over_opc_ua_in_lock_step_the_trajectory_is_the_same_bit_for_bit(inside) -> None:
    names, rows, _ = inside
    field, station = split(load_spec(PLANT))
    with serving(Plant(field)) as endpoint, OpcUaLink(endpoint) as link:
        over, _ = trajectory_over(link, station, names, 150.0)
    assert over.tobytes() == rows[:150].tobytes()


def test_a_plant_without_its_controllers_goes_another_way(inside) -> None:
    names, rows, _ = inside
    alone = Plant(split(load_spec(PLANT))[0])
    alone.run(seconds=SECONDS)
    assert alone["CV-1.position"] != rows[-1, names.index("CV-1.position")]


def test_a_rig_that_comes_late_makes_up_for_the_scans_and_counts_them() -> None:
    field, station = split(load_spec(PLANT))
    plant = Plant(field)
    rig = RemoteController(InProcessLink(plant), station)
    assert rig.scan() == 0
    plant.run(seconds=3.0)
    assert rig.scan() == 6  # two steps a second, and the interlock looks at every one
    assert rig.late == 5
    assert rig.scan() == 0


def test_after_a_snapshot_is_restored_the_rig_goes_on_from_there() -> None:
    field, station = split(load_spec(PLANT))
    plant = Plant(field)
    snapshot = plant.snapshot()
    rig = RemoteController(InProcessLink(plant), station)
    rig.run(seconds=20.0)
    plant.restore(snapshot)
    assert rig.scan() == 0
    plant.run(seconds=1.0)
    assert rig.scan() == 2


def test_only_inputs_of_the_own_controllers_can_be_set_at_the_rig() -> None:
    field, station = split(load_spec(PLANT))
    rig = RemoteController(InProcessLink(Plant(field)), station)
    rig["PIC-1.setpoint"] = 2e5
    assert rig["PIC-1.setpoint"] == 2e5
    with pytest.raises(TwinError, match="expected an input between"):
        rig["PIC-1.setpoint"] = 9e5
    with pytest.raises(TwinError, match="expected an input"):
        rig["PIC-1.output"] = 0.5
    with pytest.raises(TwinError, match="belongs to the plant"):
        rig["M-1.command"] = 1


def test_a_controller_that_is_wired_to_a_measurement_is_refused_by_the_plant() -> None:
    spec = load_spec(PLANT)
    wrong = replace(spec.units["PIC-1"], card=replace(spec.units["PIC-1"].card, output_to="HP.p"))
    field, station = split(replace(spec, units={**spec.units, "PIC-1": wrong}))
    rig = RemoteController(InProcessLink(Plant(field)), station)
    with pytest.raises(BadWrite, match=r"HP\.p"):
        rig.run(seconds=5.0)


def test_a_plant_that_reads_its_controllers_is_not_split() -> None:
    spec = load_spec(PLANT)
    wired = replace(spec.units["M-1"], card=replace(spec.units["M-1"].card, trip="IL-1.trip"))
    with pytest.raises(TwinError, match=r"unit\.M-1\.trip is IL-1\.trip, .* let IL-1 write an input of M-1 instead"):
        split(replace(spec, units={**spec.units, "M-1": wired}))


def test_controllers_that_talk_to_one_another_travel_together() -> None:
    with pytest.raises(TwinError, match=r"unit\.IL-1\.target is PIC-1\.mode, .* take IL-1 along"):
        split(load_spec(PLANT), ["PIC-1"])


def test_an_unknown_controller_is_named_with_the_nearest() -> None:
    with pytest.raises(TwinError, match=r'no unit "PIC-2"; did you mean "PIC-1"'):
        split(load_spec(PLANT), ["PIC-2"])


def test_a_station_scans_as_often_as_its_fastest_controller() -> None:
    spec = load_spec(PLANT)
    assert ControlStation(split(spec, ["GM-1"])[1]).scan_steps == 4
    assert ControlStation(split(spec, ["GM-1", "LC-1"])[1]).scan_steps == 2
    assert ControlStation(split(spec)[1]).scan_steps == 1  # the interlock looks at every step
