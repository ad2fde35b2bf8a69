"""What people do to the plant over OPC UA: actions of units, trips, time, snapshots, scenarios, faults, the watch."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from asyncua import Client, ua

from opcua_server import TwinServer, simulation_methods
from opcua_server.access import Role
from opcua_server.condition_methods import checked_arguments
from twin import scenario
from twin.plant import Plant
from twin.scenario import load_scenario
from twin.simulation import Simulation

from .secured import PASSWORD, Site, certificate

PLANTS = Path(__file__).parent.parent / "plants"


class Hands:
    """A client that calls methods."""

    def __init__(self, talk: Any) -> None:
        self.talk = talk
        self.arguments: list[str] = []

    async def call(self, name: str, *arguments: Any, on: str | None = None) -> Any:
        """The results of a method; the name of its status if it is not good."""
        unit = name.rpartition(".")[0]
        paths = {"SIM": "SIM", **{u: f"/alarms/hall/{u}" for u in ("BAG-1", "MAG-1", "D-1", "BANK-1")}}
        paths |= {"IL-102": "/alarms/hub/IL-102"}
        given = [ua.Variant(a, ua.VariantType.Double if isinstance(a, float) else None) for a in arguments]
        request = ua.CallMethodRequest(ua.NodeId(on or paths[unit], 2), ua.NodeId(name, 2), given)
        (result,) = await self.talk.client.uaclient.call([request])
        self.arguments = [code.name for code in result.InputArgumentResults or ()]
        if not result.StatusCode.is_good():
            return result.StatusCode.name
        return [output.Value for output in result.OutputArguments or ()]


@pytest.fixture
async def hands(plant: TwinServer, connect: Callable[[], Any]) -> AsyncIterator[Hands]:
    async with connect() as talk:
        yield Hands(talk)


async def test_the_actions_of_a_kind_are_methods_of_its_units(hands: Any, plant: TwinServer) -> None:
    (carried,) = await hands.call("BAG-1.swap")
    assert carried == pytest.approx(0.45, abs=0.01)
    assert await hands.call("MAG-1.refill", 0.005) == []
    assert await hands.call("MAG-1.refill", 0.005) == "BadInvalidState"  # it is being refilled
    assert await hands.call("D-1.deliver", "BAG-1", 0.001) == "BadInvalidState"  # it is no vessel for liquid
    (weight,) = await hands.call("D-1.weigh")
    assert weight == pytest.approx(plant.simulation.plant["D-1.weight"])


async def test_arguments_have_types_units_and_both_languages(hands: Any, plant: TwinServer) -> None:
    described = await hands.talk.value("MAG-1.refill/InputArguments")
    (volume,) = described
    assert (volume.Name, volume.DataType, volume.ValueRank) == ("volume", ua.NodeId(ua.ObjectIds.Double), -1)
    assert volume.Description.Text == "volume of liquid [m3]"
    to, _ = await hands.talk.value("D-1.deliver/InputArguments")
    assert (to.Name, to.DataType) == ("to", ua.NodeId(ua.ObjectIds.String))
    (result,) = await hands.talk.value("BAG-1.swap/OutputArguments")
    assert result.Description.Text.startswith("gas carried to the store [m3]")
    in_japanese = Client(plant.endpoint, timeout=60.0)
    in_japanese.set_locale(["ja"])
    async with in_japanese as client:
        (volume,) = await client.get_node("ns=2;s=MAG-1.refill/InputArguments").read_value()
        assert volume.Description.Text == "液量 [m3]"
        assert (await client.get_node("ns=2;s=BAG-1.swap").read_description()).Text == "バッグ交換"


async def test_the_truck_changes_bundles_and_dewars_deliver(hands: Any, plant: TwinServer) -> None:
    twin = plant.simulation.plant
    assert await hands.call("BANK-1.exchange", "BANK-2") == []
    await hands.talk.advance(0.1)
    assert twin["BANK-1.p"] == pytest.approx(10e5, rel=0.01)
    assert twin["BANK-2.p"] == pytest.approx(120e5, rel=0.01)
    assert await hands.call("BANK-1.exchange", "BANK-9") == "BadNotFound"
    assert await hands.call("BANK-1.exchange", "BAG-1") == "BadInvalidState"
    assert await hands.call("D-1.deliver", "MAG-1", 0.005) == []
    await hands.talk.advance(1.0)
    assert twin["MAG-1.m_fill"] > 0.0
    assert await hands.call("D-1.deliver", "MAG-9", 0.005) == "BadNotFound"
    assert await hands.call("D-1.deliver", "MAG-1", 5.0) == "BadInvalidState"


@pytest.mark.parametrize("amount", [-0.01, float("nan"), float("inf")])
async def test_an_amount_that_is_none_is_out_of_range(hands: Any, plant: TwinServer, amount: float) -> None:
    before = plant.simulation.plant["MAG-1.fill_left"]
    assert await hands.call("MAG-1.refill", amount) == "BadOutOfRange"
    assert await hands.call("D-1.deliver", "MAG-1", amount) in ("BadOutOfRange", "BadInvalidState")
    assert plant.simulation.plant["MAG-1.fill_left"] == before


async def test_advancing_says_which_argument_is_wrong(
    hands: Any, plant: TwinServer, caplog: pytest.LogCaptureFixture
) -> None:
    assert await hands.call("SIM.advance") == "BadArgumentsMissing"
    assert await hands.call("SIM.advance", 1.0, 1.0) == "BadTooManyArguments"
    assert await hands.call("SIM.advance", "soon") == "BadInvalidArgument"
    assert hands.arguments == ["BadTypeMismatch"]
    for seconds in (0.123, -1.0, float("nan"), float("inf")):
        assert await hands.call("SIM.advance", seconds) == "BadInvalidArgument"
        assert hands.arguments == ["BadOutOfRange"]
    assert "not a whole number of steps" in caplog.text
    await hands.call("SIM.freeze")
    assert await hands.call("SIM.advance", 1.0) == "BadInvalidState"
    assert 'in mode paused; this works in mode "lockstep"' in caplog.text
    described = await hands.talk.value("SIM.advance/InputArguments")
    assert [(argument.Name, argument.DataType.Identifier) for argument in described] == [("seconds", 11)]


async def test_a_shipped_scenario_is_listed_started_and_stopped(
    hands: Any, plant: TwinServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (scenario, simulation_methods):
        monkeypatch.setattr(module, "SCENARIOS", tmp_path)
    text = 'description = "Air is lost."\nplant = "alarms"\n[[event]]\nat = "1 s"\nset = {"ZC-101.air" = "lost"}\n'
    (tmp_path / "alarms-air.toml").write_text(text)
    assert await hands.call("SIM.list_scenarios") == [["alarms-air"], ["Air is lost."]]
    assert await hands.call("SIM.start_scenario", "alarms-air") == [1.0]
    assert await hands.call("SIM.stop_scenario") == ["alarms-air"]
    await hands.talk.advance(2.0)
    assert plant.simulation.plant["ZC-101.air"] == 0.0
    assert await hands.call("SIM.start_scenario", "alarms-air") == [1.0]
    await hands.talk.advance(2.0)
    assert plant.simulation.plant["ZC-101.air"] == 1.0
    assert await hands.call("SIM.stop_scenario") == [""]  # it is over


@pytest.mark.parametrize("role", ["observer", "operator", "instructor"])
async def test_who_may_call_what(site: Site, key: Any, role: str) -> None:
    mine = certificate(key)
    site.trust.add(site.client_file(mine))
    site.users.add("ono", role, PASSWORD)
    denied = "BadUserAccessDenied"
    async with site.serving(PLANTS / "alarms.toml") as server, site.client(mine, user="ono") as talk:
        hands = Hands(talk)
        assert (await hands.call("BAG-1.swap") == denied) == (role == "observer")
        assert (await hands.call("BANK-1.exchange", "BANK-2") == denied) == (role == "observer")
        assert (await hands.call("SIM.watch", 0.0) == denied) == (role == "observer")
        assert await hands.call("SIM.list_snapshots") == [[], [], []]
        for name, arguments in (
            ("SIM.freeze", ()),
            ("SIM.do_step", (1.0,)),
            ("SIM.set_speed", (2.0,)),
            ("SIM.snapshot", ("mine",)),
            ("SIM.restore", ("mine",)),
            ("SIM.stop_scenario", ()),
            ("SIM.inject_fault", ("PT-102.bias", 1.0)),
            ("SIM.clear_fault", ("PT-102.bias",)),
            ("MAG-1.quench", ()),
            ("SIM.run", (1.0,)),
        ):
            assert (await hands.call(name, *arguments) == denied) == (role != "instructor"), name
        if role != "instructor":
            assert server.simulation.mode == "lockstep"  # nothing of it has happened


async def test_wrong_arguments_are_refused_one_by_one(hands: Any) -> None:
    assert await hands.call("MAG-1.refill") == "BadArgumentsMissing"
    assert await hands.call("MAG-1.refill", 1.0, 2.0) == "BadTooManyArguments"
    assert await hands.call("MAG-1.refill", "much") == "BadInvalidArgument"
    assert await hands.call("SIM.run", float("nan")) == "BadOutOfRange"
    given = [ua.Variant("x", ua.VariantType.String), ua.Variant(1.0, ua.VariantType.Double)]
    refused = checked_arguments(given, (ua.VariantType.Double, ua.VariantType.Double))
    assert isinstance(refused, ua.CallMethodResult)
    assert [code.name for code in refused.InputArgumentResults] == ["BadTypeMismatch", "Good"]


async def test_a_trip_is_reset_when_its_cause_is_gone(hands: Any, plant: TwinServer) -> None:
    assert await hands.call("IL-102.reset_trip") == "BadInvalidState"
    twin = plant.simulation.plant
    await hands.talk.write("ZC-101.command", 1.0)
    while twin["IL-102.trip"] == 0.0:
        await hands.talk.advance(5.0)
    await hands.talk.write("IL-102.limit_1", 5e5)
    assert await hands.call("IL-102.reset_trip") == []
    await hands.talk.advance(0.1)
    assert twin["IL-102.trip"] == 0.0
    assert twin["IL-102.reset"] == 0.0


async def test_time_stands_still_steps_and_runs(hands: Any, plant: TwinServer) -> None:
    (stood,) = await hands.call("SIM.freeze")
    assert await hands.call("SIM.do_step", 0.5) == [pytest.approx(stood + 0.5)]
    assert await hands.call("SIM.do_step", 0.123) == "BadInvalidArgument"
    assert await hands.call("SIM.advance", 1.0) == "BadInvalidState"
    assert await hands.call("SIM.run", 20.0) == []
    async with asyncio.timeout(20.0):
        while plant.simulation.plant.time < stood + 5.0:
            await asyncio.sleep(0.02)
    assert await hands.call("SIM.do_step", 0.5) == "BadInvalidState"
    assert await hands.call("SIM.set_speed", 2.0) == []
    await hands.call("SIM.freeze")
    assert plant.simulation.speed == 2.0


async def test_snapshots_hold_plant_and_alarms_and_outlive_the_server(
    endpoint: str, connect: Any, tmp_path: Path
) -> None:
    path = PLANTS / "alarms.toml"
    async with (
        TwinServer(Simulation(Plant.load(path), mode="lockstep"), endpoint, snapshots=tmp_path) as server,
        connect() as talk,
    ):
        hands = Hands(talk)
        await talk.write("ZC-101.air", True, ua.VariantType.Boolean)
        await talk.advance(1.0)
        (taken,) = await hands.call("SIM.snapshot", "before")
        await talk.write("ZC-101.air", False, ua.VariantType.Boolean)
        await talk.advance(1.0)
        server.simulation.alarms.acknowledge("ZC-101.air")
        assert await hands.call("SIM.restore", "before") == [taken]
        assert server.simulation.alarms.state("ZC-101.air").name == "unacknowledged"
        assert server.simulation.plant["ZC-101.air"] == 1.0
        assert await hands.call("SIM.restore", "after") == "BadNotFound"
        script = tmp_path / "air.toml"
        script.write_text('description = "Air."\n[[event]]\nat = "1 h"\nset = {"ZC-101.air" = "lost"}\n')
        await asyncio.wrap_future(server.simulation.play(load_scenario(script, server.simulation.plant)))
        assert await hands.call("SIM.snapshot", "playing") == [taken]
        assert await hands.call("SIM.stop_scenario") == ["air"]
        assert await hands.call("SIM.snapshot", "../before") == "BadInvalidArgument"

    async with (
        TwinServer(Simulation(Plant.load(path), mode="lockstep"), endpoint, snapshots=tmp_path) as server,
        connect() as talk,
    ):
        hands = Hands(talk)
        names, times, made = await hands.call("SIM.list_snapshots")
        assert (names, times, len(made)) == (["before", "playing"], [taken] * 2, 2)
        assert await hands.call("SIM.restore", "playing") == [taken]
        assert server.simulation.scenario is not None
        assert await hands.call("SIM.restore", "before") == [taken]
        assert server.simulation.scenario is None
        assert server.simulation.alarms.state("ZC-101.air").name == "unacknowledged"


async def test_faults_are_listed_injected_and_cleared(hands: Any, plant: TwinServer) -> None:
    names, _, values, healthy = await hands.call("SIM.list_faults")
    assert {"PT-102.bias", "PT-102.fault", "ZC-101.stiction_now", "MAG-1.leak_factor", "MAG-1.vent_open"} <= set(names)
    assert values == healthy
    assert await hands.call("SIM.inject_fault", "PT-102.fault", 1.0) == []
    assert await hands.call("SIM.inject_fault", "MAG-1.leak_factor", 5.0) == []
    assert await hands.call("SIM.inject_fault", "MAG-1.leak_factor", 5e9) == "BadOutOfRange"
    assert await hands.call("SIM.inject_fault", "ZC-101.command", 1.0) == "BadNotFound"
    await hands.talk.advance(0.1)
    await hands.talk.advance(61.0)
    assert plant.simulation.plant["PT-102.status"] == 3.0
    assert plant.simulation.alarms.state("PT-102.status").name == "unacknowledged"
    assert await hands.call("SIM.clear_fault", "PT-102.fault") == []
    assert await hands.call("SIM.clear_faults") == []
    await hands.talk.advance(0.1)
    assert plant.simulation.plant["MAG-1.leak_factor"] == 1.0
    assert (await hands.call("SIM.list_faults"))[2] == healthy


async def test_a_scenario_of_another_plant_is_not_offered(hands: Any) -> None:
    names, texts = await hands.call("SIM.list_scenarios")
    assert (names, texts) == ([], [])
    assert await hands.call("SIM.start_scenario", "teaching-power-cut") == "BadNotFound"
    assert await hands.call("SIM.start_scenario", "/etc/passwd") == "BadNotFound"
    assert await hands.call("SIM.stop_scenario") == [""]


async def test_a_controller_that_falls_silent_raises_its_alarm(hands: Any, plant: TwinServer, connect: Any) -> None:
    engine = plant.simulation.alarms
    assert await hands.call("SIM.watch", -1.0) == "BadOutOfRange"
    assert await hands.call("SIM.watch", 0.3) == []
    async with asyncio.timeout(20.0):
        while not engine._table.signals.any():
            await asyncio.sleep(0.05)
    async with connect() as other:
        assert await other.write("ZC-101.command", 0.5) == "Good"  # somebody else's
        await asyncio.sleep(0.3)
        await other.advance(0.1)
        assert engine.state("SIM.controller").active
    assert await hands.call("SIM.watch", 0.0) == []
    await asyncio.sleep(0.3)
    await hands.talk.advance(0.1)
    assert not engine.state("SIM.controller").active
    assert plant.access.needed(ua.NodeId("SIM.restore", 2)) is Role.INSTRUCTOR
    assert plant.access.needed(ua.NodeId("BAG-1.swap", 2)) is Role.OPERATOR
    assert plant.access.needed(ua.NodeId("MAG-1.quench", 2)) is Role.INSTRUCTOR
