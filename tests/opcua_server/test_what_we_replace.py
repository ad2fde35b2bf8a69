"""The methods of asyncua that `opcua_server` replaces or relies on are those it was written against.

A new asyncua may change them without a word: read the difference, adapt, then write the new digests here.
"""

from __future__ import annotations

import hashlib
import inspect
from typing import Any

import pytest
from asyncua.common.connection import SecureConnection
from asyncua.common.xmlimporter import XmlImporter
from asyncua.common.xmlparser import XMLParser
from asyncua.server.internal_server import InternalServer
from asyncua.server.internal_session import InternalSession
from asyncua.server.internal_subscription import InternalSubscription
from asyncua.server.monitored_item_service import MonitoredItemService
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
    XmlImporter.make_objects: "578638f5da7e",
    XmlImporter._migrate_ns: "5055c986a9b5",
    XmlImporter._map_aliases: "2bc5d90e865a",
    XmlImporter._to_migrated_nodeid: "c864eeb1faa6",
    XmlImporter._to_nodeid: "da290293afb0",
    XmlImporter._add_variable_value: "b3e58afaefb0",
    XmlImporter._make_ext_obj: "b8bcd123095e",
    XmlImporter._get_edef: "73af60046814",
    XmlImporter._get_sdef: "144128135a75",
    XMLParser.parse_sync: "12ad0549b0b4",
    XMLParser.get_node_datas: "bf6da293a463",
    XMLParser._parse_node: "002559732ec3",
    InternalSession.read: "79d975742841",
    InternalSession.browse: "b91c4699d5f9",
    InternalServer.create_session: "20ddcc7f3bf2",
}


@pytest.mark.parametrize(
    ("method", "digest"), WRITTEN_AGAINST.items(), ids=lambda value: getattr(value, "__qualname__", "")
)
def test_asyncua_is_as_it_was(method: Any, digest: str) -> None:
    assert digest_of(method) == digest, f"asyncua changed {method.__qualname__}: read it again."


def digest_of(method: Any) -> str:
    """Of the source text."""
    return hashlib.sha256(inspect.getsource(method).encode()).hexdigest()[:12]
