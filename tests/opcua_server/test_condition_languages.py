"""What is told of alarms, and of attributes that are watched, is in the language of each session."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asyncua import Client, ua

from opcua_server import TwinServer
from opcua_server import event_queue as queue
from twin.history import History, Recorder
from twin.history.alarms import of_alarm
from twin.plant import Plant
from twin.simulation import Simulation

from .talking import PLANT, Talker
from .test_server import eventually
from .watching import AIR, IDS, PRESSURE, SERVER, Watcher, clause, literal, lose_air

TEXTS = (
    *("Message", "ConditionClassName", "EnabledState", "AckedState", "ConfirmedState", "ActiveState"),
    *("ActiveState/EffectiveDisplayName", "SuppressedState", "OutOfServiceState", "LatchedState"),
    *("ShelvingState/CurrentState", "LimitState/CurrentState", "Priority", "Cause", "Consequence", "Action"),
)
"""Every field of a condition that is a LocalizedText, but for what people said."""
JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")

Connect = Callable[[str], Any]


@pytest.fixture
def speaking(plant: TwinServer) -> Connect:
    """`async with speaking("ja") as watcher:` watches the alarms in a language."""

    @asynccontextmanager
    async def connected(*locales: str) -> AsyncIterator[Watcher]:
        client = Client(plant.endpoint, timeout=60.0, watchdog_intervall=60.0)
        client.set_locale(list(locales))
        async with client:
            watcher = Watcher(client, (*TEXTS, "EventId", "EventType", "ConditionName", "Comment"))
            watcher.talk = Talker(client)  # type: ignore[attr-defined]
            yield watcher

    return connected


def told(event: dict[str, Any]) -> dict[str, ua.LocalizedText]:
    """The texts of an event that are not empty."""
    return {path: event[path] for path in TEXTS if event[path] is not None and event[path].Text}


def are_in(locale: str, event: dict[str, Any]) -> bool:
    texts = told(event)
    return all((text.Locale, bool(JAPANESE.search(text.Text))) == (locale, locale == "ja") for text in texts.values())


async def test_two_sessions_hear_of_the_same_event_each_in_its_language(speaking: Connect) -> None:
    async with speaking("en") as english, speaking("ja-JP", "en") as japanese:
        await english.listen()
        await japanese.listen()
        await lose_air(english)
        await english.talk.write("ZC-101.command", 1.0)
        await english.talk.advance(1.0)  # a scan that sees the command
        await english.talk.advance(4.0)  # and one that is late enough: the valve does not follow
        count = len(await english.until(2))
        await japanese.until(count)
        assert [event["ConditionName"] for event in japanese.told] == [e["ConditionName"] for e in english.told]
        assert {len(told(event)) for event in japanese.told} >= {15}
        assert [are_in("en", event) for event in english.told] == [True] * count
        assert [are_in("ja", event) for event in japanese.told] == [True] * count
        assert [e["EventId"] for e in japanese.told] == [e["EventId"] for e in english.told]


async def test_a_refresh_and_its_marks_are_in_the_language_of_the_session(speaking: Connect) -> None:
    async with speaking("en") as english, speaking("ja") as japanese:
        await lose_air(english)
        for watcher in (english, japanese):
            await watcher.listen()
            number = ua.Variant(watcher.number, ua.VariantType.UInt32)
            assert await watcher.ask(ua.NodeId(IDS.ConditionType), IDS.ConditionType_ConditionRefresh, number) == "Good"
            await watcher.until(3)
        assert [event["Message"].Text for event in english.told] == [
            *("Refresh begins", "ZC-101.air: instrument air lost (lost)", "Refresh ends"),
        ]
        assert [event["Message"].Text for event in japanese.told] == [
            *("リフレッシュ開始", "ZC-101.air: 計装空気喪失 (喪失)", "リフレッシュ終了"),
        ]
        assert are_in("ja", japanese.told[1])


async def test_what_a_person_said_stays_in_the_language_of_that_person(speaking: Connect) -> None:
    async with speaking("en") as english, speaking("ja") as japanese:
        await english.listen()
        await lose_air(english)
        (event,) = await english.until(1)

        async def says(text: str | None, locale: str | None) -> ua.LocalizedText:
            before = len(english.told)
            given = [ua.Variant(event["EventId"]), ua.Variant(ua.LocalizedText(text, locale))]
            assert await japanese.ask(AIR, IDS.ConditionType_AddComment, *given) == "Good"
            found: ua.LocalizedText = (await english.until(before + 1))[before]["Comment"]
            return found

        assert await says("確認に行きます", "ja") == ua.LocalizedText("確認に行きます", "ja")
        assert (await says(None, None)).Text == "確認に行きます"  # null: the comment stays (Part 9, 5.5.6)
        assert not (await says("", "ja")).Text  # empty with a locale: it is taken back


async def test_an_acknowledgement_by_tag_is_commented_in_the_language_of_the_session(speaking: Connect) -> None:
    async with speaking("en") as english, speaking("ja") as japanese:
        for watcher in (english, japanese):
            await watcher.listen()
        await english.talk.write("ZC-101.command", 1.0)
        await english.talk.advance(3.0)  # beyond high high: nothing wakes it again
        await english.talk.write(f"{PRESSURE}.acknowledge", True, ua.VariantType.Boolean)
        await english.talk.advance(0.5)

        def comments(watcher: Watcher) -> set[str]:
            return {event["Comment"].Text or "" for event in watcher.told if event["ConditionName"] == PRESSURE}

        await eventually(lambda: comments(english) == {"", "by tag"} and comments(japanese) == {"", "タグ操作"})


async def test_the_class_of_a_condition_is_called_in_an_event_as_its_type_is(speaking: Connect) -> None:
    async with speaking("ja") as japanese:
        await japanese.listen()
        await lose_air(japanese)
        (event,) = await japanese.until(1)
        kind = japanese.client.get_node(ua.NodeId(IDS.ProcessConditionClassType))
        assert event["ConditionClassName"] == await kind.read_display_name()


async def test_an_overflow_is_told_in_the_language_of_the_session(
    speaking: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "LONGEST", 2)
    async with speaking("ja") as japanese:
        alarms = literal(ua.NodeId(IDS.AlarmConditionType), ua.VariantType.NodeId)
        await japanese.listen(SERVER, ua.ContentFilterElement(ua.FilterOperator.OfType, [alarms]))
        client = japanese.client.uaclient
        await client.set_publishing_mode(ua.SetPublishingModeParameters(False, [japanese.number]))
        for k in range(4):
            await lose_air(japanese, lost=k % 2 == 0)
        await client.set_publishing_mode(ua.SetPublishingModeParameters(True, [japanese.number]))
        (lost,) = [event for event in await japanese.until(3) if event["ConditionName"] is None]
        assert lost["Message"] == ua.LocalizedText("キュー満杯のためイベントを喪失", "ja")


async def test_what_happens_while_a_subscription_waits_for_its_next_session_is_in_the_language_of_the_last(
    speaking: Connect,
) -> None:
    async with speaking("ja") as first, speaking("ja") as second:
        await first.listen()
        await first.client.uaclient.close_session(False)
        await lose_air(second)
        await second.listen()  # so that it publishes
        second.client.uaclient._subscription_callbacks[first.number] = second._take
        moved = await second.client.uaclient.transfer_subscriptions(
            ua.TransferSubscriptionsParameters([first.number], False)
        )
        assert moved[0].StatusCode.is_good()
        (event,) = await second.until(1)
        assert are_in("ja", event)


async def test_the_history_tells_of_alarms_in_the_language_of_the_session(endpoint: str, tmp_path: Path) -> None:
    plant = Plant.load(PLANT.with_name("alarms.toml"))
    with Recorder(History.create(tmp_path / "history.sqlite", plant)) as recorder:
        simulation = Simulation(plant, mode="lockstep")
        simulation.alarms.subscribe(lambda event: recorder.note(of_alarm(event)))
        server = TwinServer(simulation, endpoint)
        server.record_into(recorder)

        async def messages(locale: str) -> list[str]:
            client = Client(endpoint, timeout=60.0)
            client.set_locale([locale])
            async with client:
                watch = Watcher(client)
                watch.talk = Talker(client)  # type: ignore[attr-defined]
                await lose_air(watch)
                wanted = ua.EventFilter([clause("Message")], ua.ContentFilter())
                now = datetime.now(UTC)
                details = ua.ReadEventDetails(0, now - timedelta(hours=1), now + timedelta(hours=1), wanted)
                found = await client.get_node(SERVER).history_read_events(details)
                return [event.EventFields[0].Value.Text for event in found.HistoryData.Events]

        async with server:
            await messages("en")
            await asyncio.sleep(1.0)  # until it is written
            assert "ZC-101.air: instrument air lost (lost)" in await messages("en")
            assert "ZC-101.air: 計装空気喪失 (喪失)" in await messages("ja")


# --- attributes that are watched -------------------------------------------------------------------------------------

WATCHED = (
    ("PT-102", ua.AttributeIds.DisplayName, "PT-102", "PT-102 計測値"),
    ("BUF-2.p", ua.AttributeIds.Description, "pressure", "圧力"),
    ("ZC-101.air/TrueState", ua.AttributeIds.Value, "lost", "喪失"),
    (f"{AIR}/alarm/ActiveState", ua.AttributeIds.Value, "Inactive", "正常"),
)
"""Node, attribute, and what it is in English and in Japanese."""
ENGLISH, IN_JAPANESE = [row[2] for row in WATCHED], [row[3] for row in WATCHED]


class Ears:
    """What was told of each of WATCHED, in order."""

    def __init__(self) -> None:
        self.heard: dict[str, list[str]] = {row[0]: [] for row in WATCHED}

    def datachange_notification(self, node: Any, value: ua.LocalizedText, data: Any) -> None:
        self.heard[node.nodeid.Identifier].append(value.Text)

    @property
    def last(self) -> list[str]:
        return [texts[-1] if texts else "" for texts in self.heard.values()]


async def watch_texts(client: Client) -> Ears:
    ears = Ears()
    subscription = await client.create_subscription(50, ears)
    for name, attribute, _, _ in WATCHED:
        await subscription.subscribe_data_change(client.get_node(f"ns=2;s={name}"), attribute, sampling_interval=0.0)
    return ears


async def test_watched_texts_are_in_the_language_of_each_session_at_once(speaking: Connect) -> None:
    async with speaking("en") as english, speaking("ja") as japanese:
        first, second = await watch_texts(english.client), await watch_texts(japanese.client)
        await eventually(lambda: (first.last, second.last) == (ENGLISH, IN_JAPANESE))
        await asyncio.sleep(1.5)  # what is made when it is read is looked at once a second
        assert {len(texts) for ears in (first, second) for texts in ears.heard.values()} == {1}


async def test_watched_texts_are_told_again_when_the_session_asks_for_another_language(speaking: Connect) -> None:
    async with speaking("en") as watcher:
        ears = await watch_texts(watcher.client)
        await eventually(lambda: ears.last == ENGLISH)
        watcher.client.set_locale(["ja"])
        await watcher.client.activate_session()
        await eventually(lambda: ears.last == IN_JAPANESE)
        assert {len(texts) for texts in ears.heard.values()} == {2}


async def test_a_change_of_language_is_looked_at_in_bites_and_only_once(plant: TwinServer, speaking: Connect) -> None:
    async with speaking("en") as watcher:
        ears = await watch_texts(watcher.client)
        await eventually(lambda: ears.last == ENGLISH)
        polled = plant._server.iserver.subscription_service.polled
        before = list(polled)
        (subscription,) = plant._server.iserver.subscription_service.clients()
        subscription.monitored_item_srv.values.look_again()
        assert len(polled) == len(before) + len(WATCHED) - 1  # but the state of an alarm, which is polled
        await eventually(lambda: list(polled) == before)
        assert {len(texts) for texts in ears.heard.values()} == {1}
