"""The methods of asyncua that we replace or rely on are those it was written against.

A new asyncua may change them without a word: read the difference, adapt, then write the new digests here.
"""

from __future__ import annotations

import hashlib
import inspect
from typing import Any

import pytest
from asyncua.common.connection import SecureConnection
from asyncua.common.events import Event
from asyncua.server.address_space import AddressSpace, MethodService
from asyncua.server.history import HistoryManager
from asyncua.server.internal_server import InternalServer
from asyncua.server.internal_session import InternalSession
from asyncua.server.internal_subscription import InternalSubscription
from asyncua.server.monitored_item_service import MonitoredItemService, WhereClauseEvaluator
from asyncua.server.subscription_service import SubscriptionService
from asyncua.server.uaprocessor import UaProcessor

WRITTEN_AGAINST = {
    InternalSubscription.__init__: "7167eafec56f",
    InternalSubscription.start: "539f10e9fd4e",
    InternalSubscription.stop: "f8d1e220cc06",
    InternalSubscription._trigger_publish: "ef1353aab64e",
    InternalSubscription.set_publishing_mode: "35dc33410160",
    InternalSubscription.has_published_results: "a961d1404919",
    InternalSubscription.publish_results: "61ce721eff37",
    InternalSubscription._pop_publish_result: "69f19425a51c",
    InternalSubscription._pop_triggered_datachanges: "a80b640757b6",
    InternalSubscription.republish: "b37d5d8a54e1",
    MonitoredItemService.create_monitored_items: "224c73099054",
    MonitoredItemService.modify_monitored_items: "72d110e08e1a",
    MonitoredItemService._modify_monitored_item: "6502d26e77f5",
    MonitoredItemService._set_monitoring_mode: "52f0fd0d716e",
    MonitoredItemService._delete_monitored_items: "a6da050e8ad6",
    MonitoredItemService.delete_all_monitored_items: "b2f0f57bf0e3",
    SubscriptionService.create_subscription: "284f2d45908f",
    SubscriptionService.modify_subscription: "70cbaa6958ca",
    SubscriptionService.create_monitored_items: "6d8b5e7c1eb9",
    SubscriptionService.transfer_subscriptions: "c5ab3b0aef20",
    UaProcessor.get_publish_request: "0a49bf1a7add",
    UaProcessor.forward_publish_response: "9e380500dd66",
    UaProcessor.send_response: "1acbe876910a",
    SecureConnection.message_to_binary: "dca1c22c7091",
    HistoryManager.read_history: "f9a28ade2bd5",
    HistoryManager.update_history: "6bb5faa2742a",
    HistoryManager.stop: "f7b569791233",
    InternalSession.history_read: "0d5f915de247",
    InternalSession.history_update: "c236145cbf1f",
    InternalServer.stop: "1f47ced4d372",
    WhereClauseEvaluator.eval: "a69374f045fd",
    Event.to_event_fields: "ffd837fed45b",
    InternalSubscription._pop_triggered_events: "9c09e38cda35",
    InternalSubscription._enqueue_event: "e69c7f033b26",
    MonitoredItemService._create_events_monitored_item: "0484abac1e1c",
    MonitoredItemService._commit_monitored_item: "d5f842c3737c",
    WhereClauseEvaluator.eval: "a69374f045fd",
    WhereClauseEvaluator._eval_el: "e87aee4a1045",
    WhereClauseEvaluator._eval_op: "08df7ae98ab7",
    InternalSession.call: "f6bf9e5fb2bb",
    InternalSession.activate_session: "cfe664a2bb57",
    InternalServer.create_session: "20ddcc7f3bf2",
    MethodService._call: "54a985459571",
    AddressSpace.add_method_callback: "d0977caaa39a",
}


@pytest.mark.parametrize(
    ("method", "digest"), WRITTEN_AGAINST.items(), ids=lambda value: getattr(value, "__qualname__", "")
)
def test_asyncua_is_as_it_was(method: Any, digest: str) -> None:
    assert digest_of(method) == digest, f"asyncua changed {method.__qualname__}: read it again."


def digest_of(method: Any) -> str:
    """Of the source text."""
    return hashlib.sha256(inspect.getsource(method).encode()).hexdigest()[:12]
