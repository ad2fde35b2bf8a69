"""The methods of asyncua that we replace or rely on are those it was written against.

A new asyncua may change them without a word: read the difference, adapt, then write the new digests here.
"""

from __future__ import annotations

import hashlib
import inspect
from typing import Any

import pytest
from asyncua.common.connection import MessageChunk, SecureConnection
from asyncua.common.utils import Buffer
from asyncua.common.xmlimporter import XmlImporter
from asyncua.common.xmlparser import XMLParser
from asyncua.crypto.security_policies import SecurityPolicyFactory
from asyncua.server.address_space import AddressSpace, AttributeService, MethodService, ViewService
from asyncua.server.binary_server_asyncio import BinaryServer, OPCUAProtocol
from asyncua.server.history import HistoryManager
from asyncua.server.internal_server import InternalServer
from asyncua.server.internal_session import InternalSession
from asyncua.server.internal_subscription import InternalSubscription
from asyncua.server.monitored_item_service import MonitoredItemService
from asyncua.server.server import Server
from asyncua.server.subscription_service import SubscriptionService
from asyncua.server.uaprocessor import UaProcessor
from asyncua.ua import ua_binary

WRITTEN_AGAINST = {
    InternalSubscription.__init__: "7167eafec56f",
    InternalSubscription.start: "539f10e9fd4e",
    InternalSubscription.stop: "f8d1e220cc06",
    InternalSubscription._trigger_publish: "ef1353aab64e",
    InternalSubscription.set_publishing_mode: "35dc33410160",
    InternalSubscription.has_published_results: "a961d1404919",
    InternalSubscription.publish_results: "61ce721eff37",
    InternalSubscription._pop_publish_result: "69f19425a51c",
    InternalSubscription.republish: "b37d5d8a54e1",
    MonitoredItemService.create_monitored_items: "224c73099054",
    MonitoredItemService._delete_monitored_items: "a6da050e8ad6",
    MonitoredItemService.delete_all_monitored_items: "b2f0f57bf0e3",
    MonitoredItemService.modify_monitored_items: "72d110e08e1a",
    MonitoredItemService.set_monitoring_mode: "3d257c965bb8",
    MonitoredItemService.delete_monitored_items: "23e780570c1b",
    MonitoredItemService._revise_queue_size: "59288a8a228a",
    InternalSubscription.enqueue_event: "f19512139125",
    SubscriptionService.modify_monitored_items: "f1196c7dae44",
    SubscriptionService.set_monitoring_mode: "226c05d5517c",
    AddressSpace.add_datachange_callback: "afb2b5eeec48",
    AddressSpace.delete_datachange_callback: "f1b970017dd7",
    AddressSpace.read_attribute_value: "836c43c0cc2d",
    SubscriptionService.create_subscription: "284f2d45908f",
    SubscriptionService.modify_subscription: "70cbaa6958ca",
    SubscriptionService.create_monitored_items: "6d8b5e7c1eb9",
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
    InternalSubscription._enqueue_event: "e69c7f033b26",
    MonitoredItemService._create_events_monitored_item: "0484abac1e1c",
    MonitoredItemService._commit_monitored_item: "d5f842c3737c",
    InternalSession.call: "f6bf9e5fb2bb",
    InternalSession.activate_session: "cfe664a2bb57",
    InternalServer.create_session: "20ddcc7f3bf2",
    MethodService._call: "54a985459571",
    AddressSpace.add_method_callback: "d0977caaa39a",
    # what guards the server: processor.py, channel.py, wire.py, session.py, browsing.py, decoding.py, listening.py
    UaProcessor.__init__: "c6499feb2c06",
    UaProcessor.open_secure_channel: "87101047ad14",
    UaProcessor.process: "70af297c7ab8",
    UaProcessor.process_message: "303c6a0c8e31",
    UaProcessor._process_message: "029ff357dd3b",
    UaProcessor._evict_publish_request: "a57fae404f02",
    UaProcessor._send_publish_request_timeout: "0df195e1750c",
    UaProcessor.close: "de93bcf8a4ef",
    SecureConnection.__init__: "0674abc2a5b8",
    SecureConnection.open: "a5e9ac742db7",
    SecureConnection.select_policy: "516345b8a03e",
    SecureConnection.revolve_tokens: "eeabe1e8d839",
    SecureConnection._check_sym_header: "a8c245d21f22",
    SecureConnection._check_incoming_chunk: "f6c953e6be96",
    SecureConnection.receive_from_header_and_body: "d4468ec7bf0c",
    SecureConnection._receive: "e24031f2ed2f",
    MessageChunk.from_header_and_body: "2566aadee6ac",
    OPCUAProtocol.__init__: "a204fe2224c4",
    OPCUAProtocol.connection_made: "67ce5af61202",
    OPCUAProtocol.connection_lost: "f5e287852bda",
    OPCUAProtocol.data_received: "bacb98f07f0b",
    OPCUAProtocol._process_received_message_loop: "ab007a8dff22",
    BinaryServer.__init__: "f58a8d12cf5b",
    BinaryServer._make_protocol: "5c0c260fe64f",
    BinaryServer.start: "b994db5df7d4",
    BinaryServer.stop: "ecc53780c5c8",
    InternalSession.__init__: "9d9ae9d765e6",
    InternalSession.create_session: "b588ef2ca1d2",
    InternalSession.close_session: "e49eeda62b56",
    InternalSession._timeout_loop: "8de11af19d56",
    InternalSession.read: "79d975742841",
    InternalSession.write: "ed28337296da",
    InternalSession.create_subscription: "3cc1876d55ca",
    InternalSession.create_monitored_items: "65301bafcb58",
    InternalSession.modify_monitored_items: "0c2f3304cc21",
    InternalSession.delete_monitored_items: "c468c2ac4cba",
    InternalSession.set_monitoring_mode: "f8837d1d408f",
    InternalServer.__init__: "9a151b9f9c85",
    InternalServer.lookup_external_session: "93f4ee60c93a",
    Server.start: "0e7d0b97d12c",
    Server._setup_server_nodes: "826966d73e4c",
    Server._set_endpoints: "0b382705316f",
    Server.stop: "9a80c8b0dcca",
    ViewService._browse: "84cdc59f1192",
    ViewService._get_sub_ref: "33432b2070ce",
    ViewService._suitable_reftype: "6b937b4b9405",
    ViewService._navigate: "a2677133ee5e",
    ViewService._find_elements_in_node: "727fba3305c4",
    ViewService._translate_browsepath_to_nodeid: "d6ca3078f1dd",
    AttributeService.read: "b9b9b6a27cf4",
    SubscriptionService.delete_subscriptions: "8dc2496e0794",
    MonitoredItemService.trigger_event: "a8e21258820d",
    Buffer.read: "749855a71604",
    Buffer.skip: "51581b872dbb",
    Buffer.copy: "2188db9a8dac",
    SecurityPolicyFactory.matches: "ea8426c9e8b7",
    SecurityPolicyFactory.create: "e107f3f597a8",
    ua_binary.variant_from_binary: "6f5e95888458",
    ua_binary._reshape: "5e469d79927f",
    ua_binary._create_uatype_array_deserializer: "6f780984bfe1",
    ua_binary.nodeid_from_binary: "827f4d41a942",
    ua_binary.extensionobject_from_binary: "1fd0586b9b47",
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
    InternalSession.browse: "b91c4699d5f9",
}


@pytest.mark.parametrize(
    ("method", "digest"), WRITTEN_AGAINST.items(), ids=lambda value: getattr(value, "__qualname__", "")
)
def test_asyncua_is_as_it_was(method: Any, digest: str) -> None:
    assert digest_of(method) == digest, f"asyncua changed {method.__qualname__}: read it again."


def digest_of(method: Any) -> str:
    """Of the source text."""
    return hashlib.sha256(inspect.getsource(method).encode()).hexdigest()[:12]
