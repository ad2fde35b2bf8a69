"""What a client meets: nodes, values, writes, quality, life and death of the server."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from asyncua import Client, ua

from opcua_server import EndpointRefused, PortBusy, TwinServer, publisher
from opcua_server.monitored_items import QUEUE
from opcua_server.units import UNECE
from twin.plant import Plant
from twin.simulation import Simulation

PLANT = Path(__file__).parent.parent / "plants" / "two-vessels.toml"


async def test_every_tag_is_a_node_with_text_range_and_unit(server: TwinServer, talk: Any) -> None:
    for tag in server.simulation.plant.tags.values():
        assert (await talk.read(tag.name)).StatusCode.is_good()
        text = (await talk.read(tag.name, ua.AttributeIds.Description)).Value.Value.Text
        assert text.startswith(tag.text)
        if tag.discrete:
            labels = await talk.value(f"{tag.name}/EnumStrings")
            assert tuple(label.Text for label in labels) == tag.labels
        else:
            span = await talk.value(f"{tag.name}/EURange")
            assert (span.Low, span.High) == (tag.low, tag.high)
            unit = await talk.value(f"{tag.name}/EngineeringUnits")
            assert unit.NamespaceUri == UNECE


async def test_a_client_finds_tags_by_browsing_plant_site_and_unit(talk: Any) -> None:
    node = await talk.client.nodes.objects.get_child(["2:two-vessels", "2:hub", "2:CV-101", "3:opening"])
    assert node.nodeid == ua.NodeId("CV-101.opening", 2)
    assert (await node.read_type_definition()) == ua.NodeId(ua.ObjectIds.AnalogItemType)
    assert (await node.read_data_type()) == ua.NodeId(ua.ObjectIds.Double)
    assert await (await node.get_parent()).read_browse_name() == ua.QualifiedName("CV-101", 2)
    properties = [(await node.read_browse_name()).Name for node in await node.get_properties()]
    assert sorted(properties) == ["EURange", "EngineeringUnits"]


async def test_inputs_say_that_they_are_writable_and_the_rest_that_it_is_not(talk: Any) -> None:
    for name, expected in (("CV-101.opening", 3), ("SIM.mode", 3), ("BUF-1.p", 1), ("SIM.time", 1)):
        assert (await talk.read(name, ua.AttributeIds.UserAccessLevel)).Value.Value == expected, name


async def test_node_ids_are_the_same_after_a_restart(endpoint: str, connect: Any) -> None:
    async def all_ids(node: Any) -> set[str]:
        below = [await all_ids(child) for child in await node.get_children()]
        return {node.nodeid.to_string()}.union(*below)

    seen = []
    for _ in range(2):
        async with TwinServer(Simulation(Plant.load(PLANT), mode="paused"), endpoint), connect() as talk:
            seen.append(await all_ids(talk.node("/two-vessels")))
    assert seen[0] == seen[1]
    assert {"ns=2;s=CV-101.opening", "ns=2;s=BUF-1.p/EURange", "ns=2;s=SIM.time"} < seen[0]


async def test_a_value_comes_with_the_time_of_its_scan_and_good_quality(
    serve: Callable[..., Any], connect: Any
) -> None:
    server = await serve(mode="realtime")
    async with connect() as talk:
        await asyncio.sleep(3 * server.simulation.period)
        value = await talk.read("BUF-1.p")
    assert value.StatusCode.is_good()
    assert abs((datetime.now(UTC) - value.SourceTimestamp.replace(tzinfo=UTC)).total_seconds()) < 1.0


async def test_values_travel_as_doubles_unchanged(server: TwinServer, talk: Any) -> None:
    await talk.write("CV-101.opening", 1.0 / 3.0)
    await talk.advance(20.0)
    plant = server.simulation.plant
    for name in ("BUF-1.p", "BUF-2.temp", "CV-101.m_flow", "CV-101.opening", "SIM.time"):
        assert await talk.value(name) == plant[name], name


async def test_a_write_reads_back_at_once_and_moves_the_plant_at_the_next_step(server: TwinServer, talk: Any) -> None:
    assert await talk.write("CV-101.opening", 0.7) == "Good"
    assert await talk.value("CV-101.opening") == 0.7
    before = await talk.value("BUF-2.p")
    assert await talk.advance(10.0) == pytest.approx(10.0)
    assert await talk.value("CV-101.opening") == 0.7
    assert await talk.value("BUF-2.p") > before
    assert server.simulation.plant["CV-101.opening"] == 0.7


async def test_a_written_value_never_flickers_back_while_the_plant_runs(
    serve: Callable[..., Any], connect: Any
) -> None:
    await serve(mode="asap", period=0.002)
    async with connect() as talk:
        for k in range(50):
            wanted = (k + 1) / 64.0
            assert await talk.write("CV-101.opening", wanted) == "Good"
            for _ in range(5):
                assert await talk.value("CV-101.opening") == wanted


@pytest.mark.parametrize(
    ("name", "value", "kind", "status"),
    [
        ("CV-101.opening", 1.01, ua.VariantType.Double, "BadOutOfRange"),
        ("CV-101.opening", -0.01, ua.VariantType.Double, "BadOutOfRange"),
        ("CV-101.opening", float("nan"), ua.VariantType.Double, "BadOutOfRange"),
        ("CV-101.opening", float("inf"), ua.VariantType.Double, "BadOutOfRange"),
        ("CV-101.opening", 0.5, ua.VariantType.Float, "BadTypeMismatch"),
        ("CV-101.opening", 1, ua.VariantType.Int32, "BadTypeMismatch"),
        ("CV-101.opening", "open", ua.VariantType.String, "BadTypeMismatch"),
        ("CV-101.opening", [0.5], ua.VariantType.Double, "BadTypeMismatch"),
        ("SIM.mode", 7, ua.VariantType.UInt32, "BadOutOfRange"),
        ("SIM.mode", 1.0, ua.VariantType.Double, "BadTypeMismatch"),
        ("SIM.speed", -2.0, ua.VariantType.Double, "BadOutOfRange"),
        ("BUF-1.p", 1e5, ua.VariantType.Double, "BadNotWritable"),
        ("SIM.time", 0.0, ua.VariantType.Double, "BadNotWritable"),
        ("CV-101.opening/EURange", 1.0, ua.VariantType.Double, "BadNotWritable"),
        ("SIM.failure", "none", ua.VariantType.String, "BadNotWritable"),
        ("CV-999.opening", 0.5, ua.VariantType.Double, "BadNodeIdUnknown"),
    ],
)
async def test_a_bad_write_is_refused_and_changes_nothing(
    server: TwinServer, talk: Any, name: str, value: Any, kind: ua.VariantType, status: str
) -> None:
    before = await talk.read(name)
    assert await talk.write(name, value, kind) == status
    await talk.advance(server.simulation.plant.dt)
    after = await talk.read(name)
    if name != "SIM.time" and before.StatusCode.is_good():
        assert after.Value.Value == before.Value.Value


async def test_attributes_statuses_and_parts_of_values_cannot_be_written(talk: Any) -> None:
    name = "CV-101.opening"
    text = ua.DataValue(ua.Variant(ua.LocalizedText("mine"), ua.VariantType.LocalizedText))
    assert await talk.write_item(name, text, ua.AttributeIds.DisplayName) == "BadNotWritable"
    doubt = ua.DataValue(ua.Variant(0.5, ua.VariantType.Double), ua.StatusCode(ua.StatusCodes.Bad))
    assert await talk.write_item(name, doubt) == "BadWriteNotSupported"
    half = ua.DataValue(ua.Variant(0.5, ua.VariantType.Double))
    assert await talk.write_item(name, half, part="0:1") == "BadWriteNotSupported"


async def test_clients_cannot_add_nodes_even_as_admin(server: TwinServer, talk: Any) -> None:
    with pytest.raises(ua.UaStatusCodeError):
        await talk.client.nodes.objects.add_variable(2, "mine", 1.0)
    admin = Client(server.endpoint)
    admin.set_user("admin")
    with pytest.raises(ua.UaStatusCodeError):
        await admin.connect()
    await admin.disconnect()


async def test_mode_and_speed_are_set_by_writing_their_nodes(server: TwinServer, talk: Any) -> None:
    simulation = server.simulation
    assert await talk.write("SIM.speed", 50.0) == "Good"
    assert await talk.write("SIM.mode", 1, ua.VariantType.UInt32) == "Good"
    assert await talk.value("SIM.mode") == 1
    await eventually(lambda: simulation.plant.time > 5.0)
    assert (simulation.mode, simulation.speed) == ("scaled", 50.0)


async def test_advancing_is_refused_outside_lockstep_and_by_parts_of_a_step(talk: Any) -> None:
    with pytest.raises(ua.uaerrors.BadInvalidArgument):
        await talk.advance(0.05)
    await talk.write("SIM.mode", 4, ua.VariantType.UInt32)
    with pytest.raises(ua.uaerrors.BadInvalidState):
        await talk.advance(1.0)


async def eventually(happened: Callable[[], bool]) -> None:
    """Wait for what is on its way, on a busy machine too."""
    for _ in range(1000):
        if happened():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nothing came within 10 s")


class Listener:
    def __init__(self) -> None:
        self.heard: dict[str, list[tuple[float, ua.StatusCode]]] = {}

    def last(self, name: str) -> Any:
        """The last value of a tag, or its quality if that was bad; None before any has come."""
        value, status = self.heard.get(name, [(None, ua.StatusCode())])[-1]
        return value if status.is_good() else status.name

    def datachange_notification(self, node: Any, value: float, data: Any) -> None:
        status = data.monitored_item.Value.StatusCode
        self.heard.setdefault(node.nodeid.Identifier, []).append((value, status))


async def test_subscribers_hear_every_change_and_nothing_else(talk: Any) -> None:
    listener = Listener()
    subscription = await talk.client.create_subscription(10, listener)
    names = ("BUF-1.p", "BUF-2.p", "CV-101.opening", "SIM.mode", "SIM.time")
    await subscription.subscribe_data_change([talk.node(name) for name in names], queuesize=QUEUE)
    await talk.write("CV-101.opening", 0.5)
    times = [await talk.advance(1.0) for _ in range(20)]
    await eventually(lambda: listener.last("SIM.time") == times[-1])
    assert [value for value, _ in listener.heard["SIM.time"]] == [0.0, *times]
    assert [value for value, _ in listener.heard["CV-101.opening"]] == [0.0, 0.5]
    assert [value for value, _ in listener.heard["SIM.mode"]] == [3]
    falling = [value for value, _ in listener.heard["BUF-1.p"]]
    assert len(falling) >= 20
    assert falling == sorted(falling, reverse=True)


async def test_a_client_that_stalls_gets_the_latest_changes_and_fills_no_memory(
    server: TwinServer, connect: Any
) -> None:
    async with connect() as talk:
        listener = Listener()
        subscription = await talk.client.create_subscription(10, listener)
        await subscription.subscribe_data_change(talk.node("SIM.time"), queuesize=10 * QUEUE)
        await eventually(lambda: listener.last("SIM.time") == 0.0)
        await subscription.set_publishing_mode(False)
        times = [await talk.advance(0.1) for _ in range(QUEUE + 50)]
        await subscription.set_publishing_mode(True)
        await eventually(lambda: listener.last("SIM.time") == times[-1])
    assert [value for value, _ in listener.heard["SIM.time"]] == [0.0, *times[-QUEUE:]]


async def test_reads_are_answered_while_the_plant_computes(talk: Any, connect: Any) -> None:
    async with connect() as other:
        await talk.write("CV-101.opening", 0.5)
        busy = asyncio.create_task(talk.advance(10_000.0))  # 100 000 steps
        answered = 0
        while not busy.done():
            await other.read("BUF-1.p")
            answered += 1
        assert await busy == pytest.approx(10_000.0)
    assert answered > 10


async def test_after_a_numerical_failure_values_are_out_of_service_and_the_reason_is_told(
    server: TwinServer, talk: Any
) -> None:
    simulation = server.simulation
    await talk.advance(5.0)
    good = await asyncio.wrap_future(simulation.call(lambda plant: plant.snapshot()))
    listener = Listener()
    subscription = await talk.client.create_subscription(10, listener)
    await subscription.subscribe_data_change([talk.node("BUF-1.p"), talk.node("SIM.failure")])

    await asyncio.wrap_future(simulation.call(lambda plant: plant.heat("BUF-1", 1e10)))
    with pytest.raises(ua.uaerrors.BadOutOfService):
        await talk.advance(1.0)
    value = await talk.read("BUF-1.p")
    assert value.StatusCode.name == "BadOutOfService"
    reason = await talk.value("SIM.failure")
    assert "BUF-1" in reason
    assert "probably" in reason
    assert (await talk.read("SIM.time")).StatusCode.is_good()
    await eventually(lambda: listener.last("BUF-1.p") == "BadOutOfService" and listener.last("SIM.failure") == reason)

    await asyncio.wrap_future(simulation.restore(good))
    await talk.write("SIM.mode", 3, ua.VariantType.UInt32)
    await talk.advance(1.0)
    assert (await talk.read("BUF-1.p")).StatusCode.is_good()
    assert await talk.value("SIM.failure") == ""


async def test_a_busy_port_is_said_in_a_sentence(endpoint: str) -> None:
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", int(endpoint.rsplit(":", 1)[1])))
        squatter.listen()
        with pytest.raises(PortBusy, match=r"is busy: another program listens there"):
            await TwinServer(Simulation(Plant.load(PLANT)), endpoint).start()


@pytest.mark.parametrize("endpoint", ["opc.tcp://0.0.0.0:4840", "opc.tcp://192.0.2.1:4840", "opc.tcp://[::]:4840"])
def test_an_endpoint_open_to_the_network_is_refused(endpoint: str) -> None:
    with pytest.raises(EndpointRefused, match="without certificates"):
        TwinServer(Simulation(Plant.load(PLANT)), endpoint)


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:4840", "opc.tcp://127.0.0.1", "127.0.0.1:4840", "opc.tcp://:a"])
def test_what_is_not_an_endpoint_is_refused(endpoint: str) -> None:
    with pytest.raises(EndpointRefused, match="is not an endpoint such as"):
        TwinServer(Simulation(Plant.load(PLANT)), endpoint)


async def test_the_port_is_free_and_the_thread_gone_after_stopping(endpoint: str) -> None:
    for _ in range(2):
        simulation = Simulation(Plant.load(PLANT))
        async with TwinServer(simulation, endpoint), Client(endpoint):
            assert simulation.running
        assert not simulation.running


async def test_a_dead_band_is_kept_and_one_that_makes_no_sense_refused(talk: Any) -> None:
    listener = Listener()
    subscription = await talk.client.create_subscription(10, listener)
    await subscription.deadband_monitor(talk.node("SIM.time"), 2.5, queuesize=QUEUE)
    times = [await talk.advance(1.0) for _ in range(10)]
    await eventually(lambda: listener.last("SIM.time") == times[-2])
    assert [value for value, _ in listener.heard["SIM.time"]] == [0.0, 3.0, 6.0, 9.0]
    with pytest.raises(ua.uaerrors.BadDeadbandFilterInvalid):
        await subscription.deadband_monitor(talk.node("BUF-1.p"), 150.0, ua.DeadbandType.Percent)


async def test_a_request_is_taken_and_answered_between_two_bites_of_publishing(
    server: TwinServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns, seen, me = 0, [], asyncio.current_task()

    class Client:
        next_publish = 1e9
        priority = 0

        async def publish_due(self, clock: float, early: float) -> bool:
            if asyncio.current_task() is me:  # the server itself publishes too
                seen.append(turns)
            return False

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    monkeypatch.setattr(publisher, "BITE", 0.0)
    monkeypatch.setattr(server.publisher._subscriptions, "clients", lambda: [Client(), Client(), Client()])
    task = asyncio.create_task(others())
    await server.publisher._publish(0.0)
    task.cancel()
    assert len(seen) == 3
    assert all(later - before >= 3 for before, later in pairwise(seen))


async def test_a_subscription_that_cannot_be_published_does_not_silence_the_others(
    server: TwinServer, talk: Any, connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connect() as other:
        await (await other.client.create_subscription(10, Listener())).subscribe_data_change(other.node("SIM.time"))
        (broken,) = server.publisher._subscriptions.clients()
        listener = Listener()
        subscription = await talk.client.create_subscription(10, listener)
        await subscription.subscribe_data_change(talk.node("SIM.time"))

        async def fails(*when: float) -> None:
            raise ConnectionError("the line is cut")

        monkeypatch.setattr(broken, "publish_due", fails)
        time = await talk.advance(3.0)
        await eventually(lambda: listener.last("SIM.time") == time)
        monkeypatch.undo()
