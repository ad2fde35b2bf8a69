"""Order, position, discrepancy, stops and health over OPC UA, while the plant does what they tell of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from asyncua import Client, ua

from hil.controllers import pid
from opcua_server import TwinServer
from opcua_server.companion import find_nodesets
from opcua_server.control_view import ControlView
from opcua_server.derived import AnyOf
from opcua_server.kind_types import AUTO, FORCED, LOCAL, MANUAL
from twin.compile import compile_plant
from twin.plant import Plant
from twin.plant_file import load_spec
from twin.simulation import Simulation
from twin.tags import Tag

PLANT = Path(__file__).parent.parent / "plants" / "controlled.toml"
HUB = "/controlled/hub"
NORMAL, FAILURE = 0, 1


@pytest.fixture
async def talk(endpoint: str, connect: Any) -> AsyncIterator[Any]:
    async with TwinServer(Simulation(Plant.load(PLANT), mode="lockstep"), endpoint), connect() as talker:
        yield talker


async def shown(talk: Any, unit: str) -> dict[str, Any]:
    """What the control view shows of a unit."""
    names = ("Mode", "Order", "Position", "Discrepancy", "FullStop", "Alarm", "IOError", "Simulated", "Measurement")
    values = {name: await talk.read(f"{HUB}/{unit}/{name}") for name in names}
    return {name: value.Value.Value for name, value in values.items() if value.StatusCode.is_good()}


@pytest.fixture(scope="module")
def teaching() -> dict[str, dict[str, Any]]:
    """What the control view shows of every unit of the plant teaching."""
    spec = load_spec("teaching")
    view = ControlView(spec.units, compile_plant(spec).tags)
    return {name: {member: found for _, member, found in view.members(name)} for name in spec.units}


def test_a_sequence_shows_its_step_its_command_and_what_keeps_it_from_starting(teaching: Any) -> None:
    shown = teaching["SEQ-1"]
    tags = {member: found.name for member, found in shown.items() if isinstance(found, Tag)}
    expected = {"Order": "command", "Step": "step", "Elapsed": "elapsed", "Overdue": "overdue"}
    assert tags == {member: f"SEQ-1.{field}" for member, field in expected.items()}
    assert isinstance(shown["StartInterlock"], AnyOf)


def test_a_machine_shows_its_own_trip_as_a_full_stop(teaching: Any) -> None:
    for name in ("RC-1", "C-101"):
        assert {"Order", "Position", "Discrepancy", "FullStop"} <= teaching[name].keys()


async def test_a_unit_shows_what_its_kind_has_and_nothing_else(talk: Any) -> None:
    assert (await shown(talk, "PIC-2")).keys() == {"Mode", "Order", "IOError", "Simulated", "Measurement"}
    members = {"Mode", "Order", "Position", "Discrepancy", "FullStop"}
    assert (await shown(talk, "ZC-1")).keys() == members
    assert (await shown(talk, "PT-2")).keys() == {"Alarm", "IOError", "Simulated"}
    assert (await shown(talk, "BUF-1")).keys() == set()


async def test_order_position_and_discrepancy_follow_the_stem(talk: Any) -> None:
    await talk.write("PIC-2.mode", pid.MANUAL, ua.VariantType.UInt32)
    await talk.write("PIC-2.manual", 0.5)
    await talk.advance(1.0)
    seen = await shown(talk, "ZC-1")
    assert (seen["Mode"], seen["Order"], seen["Discrepancy"]) == (MANUAL, 0.5, False)
    assert 0.0 < seen["Position"] < 0.2
    await talk.advance(10.0)
    seen = await shown(talk, "ZC-1")
    assert (seen["Position"], seen["Discrepancy"]) == (0.5, False)


async def test_a_discrepancy_shows_when_it_has_lasted_as_long_as_the_valve_may_take(talk: Any) -> None:
    expected = await talk.read(f"{HUB}/ZC-1/Discrepancy/ExpectedTime")
    assert expected.Value == ua.Variant(15e3, ua.VariantType.Double)  # ms, one and a half strokes
    assert await talk.value(f"{HUB}/ZC-1/Discrepancy/Tolerance") == 0.05
    await talk.write("PIC-2.mode", pid.MANUAL, ua.VariantType.UInt32)
    await talk.write("ZC-1.stiction_now", 1.0)
    await talk.write("PIC-2.manual", 0.5)
    await talk.advance(0.5)
    await talk.advance(14.0)
    assert (await shown(talk, "ZC-1"))["Discrepancy"] is False
    await talk.advance(2.0)
    assert (await shown(talk, "ZC-1"))["Discrepancy"] is True
    await talk.write("PIC-2.manual", 0.0)
    await talk.advance(0.5)
    assert (await shown(talk, "ZC-1"))["Discrepancy"] is False


async def test_the_mode_word_says_forced_and_local_before_the_mode_of_the_controller(talk: Any) -> None:
    await talk.write("PIC-2.mode", pid.FORCED, ua.VariantType.UInt32)
    await talk.advance(0.5)
    assert [(await shown(talk, unit))["Mode"] for unit in ("PIC-2", "ZC-1")] == [FORCED, FORCED]
    await talk.write("ZC-1.place", True, ua.VariantType.Boolean)
    await talk.write("PIC-2.manual", 0.5)
    await talk.advance(30.0)
    seen = await shown(talk, "ZC-1")
    assert (seen["Mode"], seen["Order"], seen["Position"], seen["Discrepancy"]) == (LOCAL, 0.5, 0.0, False)


async def test_the_mode_word_of_a_valve_is_that_of_the_controller_that_moves_it(talk: Any) -> None:
    assert (await shown(talk, "PIC-2"))["Mode"] == AUTO
    assert (await shown(talk, "ZC-1"))["Mode"] == AUTO
    labels = await talk.value(f"{HUB}/ZC-1/Mode/EnumStrings")
    assert [label.Text for label in labels] == ["auto", "manual", "forced", "local"]


async def test_a_full_stop_stands_until_the_interlock_is_reset(talk: Any) -> None:
    await talk.write("IL-2.limit_1", 1.5e5)
    await talk.advance(1.0)
    assert (await shown(talk, "ZC-1"))["FullStop"] is True
    await talk.write("IL-2.limit_1", 4.5e5)
    await talk.advance(1.0)
    assert (await shown(talk, "ZC-1"))["FullStop"] is True
    await talk.write("IL-2.reset", True, ua.VariantType.Boolean)
    await talk.advance(1.0)
    assert (await shown(talk, "ZC-1"))["FullStop"] is False


async def test_an_alarm_shows_at_the_transmitter_and_at_what_it_measures(talk: Any) -> None:
    assert [(await shown(talk, unit))["Alarm"] for unit in ("PT-2", "BUF-2")] == [False, False]
    await talk.write("PA-2.at_high", 1.5e5)
    await talk.advance(5.0)
    assert [(await shown(talk, unit))["Alarm"] for unit in ("PT-2", "BUF-2")] == [True, True]


@pytest.mark.skipif(find_nodesets() is None, reason="run `npm ci` first")
async def test_a_failed_instrument_is_told_to_subscribers_of_its_health_and_to_its_controller(talk: Any) -> None:
    told: list[int] = []

    class Listener:
        def datachange_notification(self, node: Any, value: int, data: Any) -> None:
            told.append(value)

    subscription = await talk.client.create_subscription(50, Listener())
    await subscription.subscribe_data_change(talk.node(f"{HUB}/PT-2/DeviceHealth"))
    await talk.write("PT-2.fault", 2, ua.VariantType.UInt32)
    await talk.advance(0.2)
    for _ in range(100):
        if told[-1:] == [FAILURE]:
            break
        await asyncio.sleep(0.05)
    assert told == [NORMAL, FAILURE]
    assert (await shown(talk, "PIC-2"))["IOError"] is True
    assert (await shown(talk, "PT-2"))["Simulated"] is True
    await subscription.delete()


@pytest.mark.skipif(find_nodesets() is None, reason="run `npm ci` first")
async def test_writing_the_set_point_of_a_control_signal_moves_the_valve(talk: Any) -> None:
    signal = f"{HUB}/CV-1/SignalSet/CV-1/ControlSignal"
    single = ua.VariantType.Float  # PA-DIM, 6.5: of a ControlSignal
    assert await talk.write(f"{signal}/Setpoint", 0.375, single) == "Good"
    assert await talk.value("CV-1.opening") == 0.375
    assert (await talk.read(f"{signal}/Setpoint")).Value == ua.Variant(0.375, single)
    assert await talk.write(f"{signal}/Setpoint", 0.375) == "BadTypeMismatch"
    assert await talk.write(f"{signal}/Setpoint", 1.3, single) == "BadOutOfRange"
    assert await talk.write(signal, 0.3, single) == "BadNotWritable"
    seen = []

    class Listener:
        def datachange_notification(self, node: Any, value: float, data: Any) -> None:
            seen.append(data.monitored_item.Value.Value)

    subscription = await talk.client.create_subscription(50, Listener())
    await subscription.subscribe_data_change(talk.node(f"{signal}/Setpoint"))
    for _ in range(100):
        if seen:
            break
        await asyncio.sleep(0.05)
    assert seen[0] == ua.Variant(0.375, single)
    await subscription.delete()


async def test_names_and_texts_come_in_the_language_of_the_session(talk: Any, endpoint: str) -> None:
    async def texts(*locales: str) -> list[str]:
        client = Client(endpoint, timeout=60.0)
        client.set_locale(list(locales))
        async with client:
            node, unit = client.get_node("ns=2;s=PT-2"), client.get_node(f"ns=2;s={HUB}/BUF-1")
            (browsed,) = [
                r for r in await client.get_node(f"ns=2;s={HUB}/PT-2").get_references() if r.NodeId == node.nodeid
            ]
            names = [await node.read_display_name(), await node.read_description(), await unit.read_description()]
            return [text.Text for text in (*names, browsed.DisplayName)]

    english = ["PT-2", "measured value", "feed buffer", "PT-2"]
    assert await texts("en") == english
    assert await texts("de", "en", "ja") == english
    assert await texts("ja-JP", "en") == ["PT-2 計測値", "計測値", "供給バッファ", "PT-2 計測値"]
    assert await talk.client.get_node(ua.ObjectIds.Server_ServerCapabilities_LocaleIdArray).read_value() == ["en", "ja"]


async def test_labels_units_arguments_and_kinds_come_in_the_language_of_the_session(talk: Any, endpoint: str) -> None:
    async def told(locale: str) -> list[Any]:
        client = Client(endpoint, timeout=60.0)
        client.set_locale([locale])
        async with client:

            async def value(name: str) -> Any:
                return await client.get_node(f"ns=2;s={name}").read_value()

            labels = [label.Text for label in await value("PIC-2.mode/EnumStrings")]
            states = [(await value(f"ZC-1.air/{state}")).Text for state in ("FalseState", "TrueState")]
            unit = await value("BUF-2.p/EngineeringUnits")
            (argument,) = await value("SIM.advance/InputArguments")
            kind = await client.get_node("ns=3;s=ControlValveType").read_display_name()
            method = await client.get_node("ns=2;s=SIM.advance").read_description()
            return [labels, states, unit.DisplayName.Text, unit.Description.Text, argument.Name, kind.Text, method.Text]

    english, japanese = await told("en"), await told("ja")
    assert english[:6] == [
        *(["manual", "auto", "forced"], ["there", "lost"], "Pa", "pascal", "seconds", "ControlValveType"),
    ]
    assert japanese[:6] == [["手動", "自動", "強制"], ["有", "喪失"], "Pa", "パスカル", "seconds", "調節弁"]
    assert english[6].startswith("in mode lockstep")
    assert japanese[6].startswith("同期モード")
