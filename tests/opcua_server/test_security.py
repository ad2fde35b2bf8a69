"""Who may connect to a secured server, and what they may do there; every case over a real connection."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from asyncua import Client, ua
from asyncua.crypto import security_policies as policies
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from opcua_server import listening
from opcua_server.access import Role
from opcua_server.audit import verify
from opcua_server.bounds import Bounds
from opcua_server.security import Security
from opcua_server.server import TwinServer
from twin.plant import Plant
from twin.simulation import Simulation

from .secured import BASIC, ENCRYPT, PASSWORD, SIGN, Site, certificate
from .talking import PLANT, Talker
from .test_server import eventually


def events(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def writes(file: Path) -> list[tuple[Any, ...]]:
    """Node, value before, value and status of every write on record."""
    found = [each for event in events(file) if event["event"] == "write" for each in event["writes"]]
    return [(each["node"], each.get("old"), each["value"], each["status"]) for each in found]


@pytest.mark.parametrize("mode", [SIGN, ENCRYPT], ids=lambda mode: mode.name)
@pytest.mark.parametrize(
    "policy",
    [BASIC, policies.SecurityPolicyAes128Sha256RsaOaep, policies.SecurityPolicyAes256Sha256RsaPss],
    ids=lambda policy: policy.__name__,
)
async def test_every_policy_carries_reads_writes_and_a_login(
    site: Site, key: rsa.RSAPrivateKey, policy: Any, mode: Any
) -> None:
    mine = certificate(key)
    site.trust.add(site.client_file(mine))
    site.users.add("ono", "operator", PASSWORD)
    async with site.serving(), site.client(mine, policy, mode, user="ono") as talk:
        assert await talk.write("CV-101.opening", 0.7) == "Good"
        await talk.client.open_secure_channel(renew=True)
        assert await talk.value("CV-101.opening") == 0.7


async def test_a_channel_of_a_client_that_is_trusted_no_longer_is_not_renewed(
    site: Site, key: rsa.RSAPrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = certificate(key)
    site.trust.add(site.client_file(mine))
    monkeypatch.setattr(listening, "LOOK", 3600.0)  # nobody looks at what is decided meanwhile
    async with site.serving():
        opened = site.client(mine)
        talk = await opened.__aenter__()
        site.trust.reject(site.trust.entries()[0].thumbprint)
        with pytest.raises((ua.UaError, ConnectionError, TimeoutError)):
            await talk.client.open_secure_channel(renew=True)
        with suppress(ua.UaError, ConnectionError, TimeoutError):
            await opened.__aexit__(None, None, None)


async def test_many_guesses_at_once_are_no_more_than_one_after_the_other(site: Site, key: rsa.RSAPrivateKey) -> None:
    """Two passwords are tried at a time; whoever waits for a turn finds the user locked."""
    mine = certificate(key)
    site.trust.add(site.client_file(mine))
    site.users.add("ono", "operator", PASSWORD)

    async def guess(number: int) -> None:
        with pytest.raises(ua.uaerrors.BadUserAccessDenied):
            async with site.client(mine, user="ono", password=f"wrong {number}"):
                pass

    async with site.serving(bounds=Bounds(free_failures=2, first_wait=60.0)):
        await asyncio.gather(*(guess(number) for number in range(8)))
    seen = events(site.audit)
    tried = [event for event in seen if event["event"] == "login refused" and "locked" not in event]
    assert 2 <= len(tried) <= 3
    assert [event["user"] for event in seen if event["event"] == "locked out"] == ["ono"] * (len(tried) - 1)


async def test_the_certificate_names_the_server_and_its_key_is_private(site: Site) -> None:
    async with site.serving() as server:
        client = Client(site.endpoint)
        found = await client.connect_and_get_server_endpoints()
        assert len(found) == 6
        made = x509.load_der_x509_certificate(found[0].ServerCertificate)
        names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert names.get_values_for_type(x509.UniformResourceIdentifier) == [found[0].Server.ApplicationUri]
        assert "localhost" in names.get_values_for_type(x509.DNSName)
        assert "127.0.0.1" in map(str, names.get_values_for_type(x509.IPAddress))
        usage = made.extensions.get_extension_for_class(x509.KeyUsage).value
        assert usage.digital_signature
        assert usage.key_encipherment
        assert server.security.secured
    assert stat.S_IMODE(os.stat(site.pki / "own" / "key.pem").st_mode) == 0o600
    before = (site.pki / "own" / "certificate.der").read_bytes()
    async with site.serving():
        assert (site.pki / "own" / "certificate.der").read_bytes() == before


async def test_a_stranger_is_kept_for_a_decision_and_let_in_once_accepted(
    site: Site, key: rsa.RSAPrivateKey, caplog: pytest.LogCaptureFixture
) -> None:
    mine = certificate(key)
    async with site.serving():
        with pytest.raises((ua.UaError, ConnectionError, TimeoutError)) as refused:
            async with site.client(mine):
                pass
        assert "BadSecurityChecksFailed" in repr(refused.value) or "closed" in str(refused.value).lower()
        (entry,) = site.trust.entries()
        assert not entry.trusted
        assert f"hetwin trust accept {entry.thumbprint[:12]}" in caplog.text
        site.trust.accept(entry.thumbprint[:12])
        async with site.client(mine) as talk:
            assert (await talk.read("BUF-1.p")).StatusCode.is_good()
        site.trust.reject(entry.thumbprint)
        with pytest.raises((ua.UaError, ConnectionError, TimeoutError)):
            async with site.client(mine):
                pass
    statuses = [event["status"] for event in events(site.audit) if event["event"].startswith("certificate")]
    assert statuses[0] == statuses[-1] == "BadCertificateUntrusted"
    assert "Good" in statuses


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"days": -1}, "BadCertificateTimeInvalid"),
        ({"purpose": ExtendedKeyUsageOID.SERVER_AUTH}, "BadCertificateUseNotAllowed"),
    ],
)
async def test_a_trusted_certificate_that_is_expired_or_for_another_use_is_refused(
    site: Site, key: rsa.RSAPrivateKey, changes: dict[str, Any], status: str
) -> None:
    mine = certificate(key, **changes)
    site.trust.add(site.client_file(mine))
    async with site.serving():
        with pytest.raises((ua.UaError, ConnectionError, TimeoutError)):
            async with site.client(mine):
                pass
    assert status in [event.get("status") for event in events(site.audit)]


async def test_an_application_that_is_not_the_one_in_its_certificate_gets_no_session(
    site: Site, key: rsa.RSAPrivateKey
) -> None:
    mine = certificate(key, uri="urn:somebody:else")
    site.trust.add(site.client_file(mine))
    async with site.serving():
        with pytest.raises(ua.uaerrors.BadCertificateUriInvalid):
            async with site.client(mine):
                pass


async def test_a_channel_without_security_finds_the_endpoints_and_nothing_else(site: Site) -> None:
    async with site.serving():
        assert len(await Client(site.endpoint).connect_and_get_server_endpoints()) == 6
        with pytest.raises(ua.uaerrors.BadSecurityPolicyRejected):
            async with site.client():
                pass
    async with site.serving(unsecured=True), site.client() as talk:
        assert (await talk.read("BUF-1.p")).StatusCode.is_good()


async def test_nobody_may_look_but_not_touch(site: Site, key: rsa.RSAPrivateKey) -> None:
    mine = certificate(key)
    site.trust.add(site.client_file(mine))
    async with site.serving(), site.client(mine) as talk:
        assert (await talk.read("CV-101.opening", ua.AttributeIds.UserAccessLevel)).Value.Value == 1
        assert (await talk.read("CV-101.opening", ua.AttributeIds.AccessLevel)).Value.Value == 3
        assert await talk.write("CV-101.opening", 0.7) == "BadUserAccessDenied"
        with pytest.raises(ua.uaerrors.BadUserAccessDenied):
            await talk.advance(1.0)
    async with site.serving(anonymous=None):
        with pytest.raises(ua.uaerrors.BadIdentityTokenRejected):
            async with site.client(mine):
                pass


@pytest.mark.parametrize(
    ("role", "valve", "mode", "advance"),
    [("observer", False, False, False), ("operator", True, False, False), ("instructor", True, True, True)],
)
async def test_a_role_decides_what_is_written_and_called_and_the_attributes_say_so(
    site: Site, key: rsa.RSAPrivateKey, role: str, valve: bool, mode: bool, advance: bool
) -> None:
    mine = certificate(key)
    site.trust.add(site.client_file(mine))
    site.users.add("ono", role, PASSWORD)
    async with site.serving(), site.client(mine, user="ono") as talk:
        for name, value, kind, may in (
            ("CV-101.opening", 0.3, ua.VariantType.Double, valve),
            ("SIM.mode", 3, ua.VariantType.UInt32, mode),
        ):
            assert (await talk.write(name, value, kind)) == ("Good" if may else "BadUserAccessDenied"), name
            level = (await talk.read(name, ua.AttributeIds.UserAccessLevel)).Value.Value
            assert bool(level & 2) == may
            mine_is = (await talk.read(name, ua.AttributeIds.UserRolePermissions)).Value.Value
            assert len(mine_is) == Role[role.upper()]
            assert bool(mine_is[-1].Permissions & ua.PermissionType.Write) == may
        executable = await talk.read("SIM.advance", ua.AttributeIds.UserExecutable)
        assert executable.Value.Value == advance
        assert (await talk.read("CV-101.opening", ua.AttributeIds.UserWriteMask)).Value.Value == 0
        if advance:
            assert await talk.advance(1.0) == pytest.approx(1.0)
        else:
            with pytest.raises(ua.uaerrors.BadUserAccessDenied):
                await talk.advance(1.0)


async def test_a_wrong_password_is_refused_and_who_goes_on_guessing_waits(site: Site, key: rsa.RSAPrivateKey) -> None:
    mine = certificate(key)
    site.trust.add(site.client_file(mine))
    site.users.add("ono", "operator", PASSWORD)
    async with site.serving(bounds=Bounds(free_failures=2, first_wait=60.0)):
        for name, password in (("ono", "wrong horse"), ("nobody", PASSWORD), ("ono", "wrong again"), ("ono", PASSWORD)):
            with pytest.raises(ua.uaerrors.BadUserAccessDenied):
                async with site.client(mine, user=name, password=password):
                    pass
    refused = [event for event in events(site.audit) if event["event"] == "login refused"]
    assert [event["user"] for event in refused] == ["ono", "nobody", "ono", "ono"]
    assert refused[-1]["locked"] > 0.0
    assert verify(site.audit) == len(events(site.audit))


async def test_admin_without_a_password_is_nobody(site: Site, key: rsa.RSAPrivateKey) -> None:
    mine = certificate(key)
    site.trust.add(site.client_file(mine))
    async with site.serving():
        for password in ("", "admin"):
            with pytest.raises(ua.uaerrors.BadUserAccessDenied):
                async with site.client(mine, user="admin", password=password):
                    pass


async def test_a_password_does_not_travel_in_clear(site: Site, key: rsa.RSAPrivateKey) -> None:
    """On a channel that only signs, the server asks for an encrypted password and takes no other."""
    mine = certificate(key)
    site.trust.add(site.client_file(mine))
    site.users.add("ono", "operator", PASSWORD)

    async def in_clear(client: Client) -> None:
        client._encrypt_password = lambda password, policy: (password.encode(), "")

    async with site.serving():
        with pytest.raises(ua.uaerrors.BadIdentityTokenRejected):
            async with site.client(mine, mode=SIGN, user="ono", before=in_clear):
                pass


async def test_a_user_may_log_in_with_a_certificate(site: Site, key: rsa.RSAPrivateKey, tmp_path: Path) -> None:
    mine, theirs = certificate(key), certificate(key, uri="urn:person")
    site.trust.add(site.client_file(mine))
    file = site.client_file(theirs, "person.der")
    fingerprint = x509.load_der_x509_certificate(theirs).fingerprint(hashes.SHA256()).hex()

    async def with_certificate(client: Client) -> None:
        await client.load_client_certificate(str(file))
        await client.load_private_key(str(tmp_path / "client.pem"))

    async with site.serving():
        with pytest.raises(ua.uaerrors.BadIdentityTokenRejected):
            async with site.client(mine, before=with_certificate):
                pass
        site.users.add("saito", "engineer", thumbprint=fingerprint)
        async with site.client(mine, before=with_certificate) as talk:
            assert await talk.write("CV-101.opening", 0.4) == "Good"
    assert [event["user"] for event in events(site.audit) if event["event"] == "login"] == ["saito"]


async def test_writes_calls_logins_and_refusals_are_on_record(site: Site, key: rsa.RSAPrivateKey) -> None:
    mine = certificate(key)
    site.trust.add(site.client_file(mine))
    site.users.add("ono", "operator", PASSWORD)
    async with site.serving(), site.client(mine, user="ono") as talk:
        await talk.write("CV-101.opening", 0.7)
        await talk.write("CV-101.opening", 7.0)
        await talk.write("SIM.mode", 1, ua.VariantType.UInt32)
        with pytest.raises(ua.uaerrors.BadUserAccessDenied):
            await talk.advance(1.0)
    assert writes(site.audit) == [
        ("CV-101.opening", 0.0, 0.7, "Good"),
        ("CV-101.opening", 0.7, 7.0, "BadOutOfRange"),
        ("SIM.mode", 3, 1, "BadUserAccessDenied"),
    ]
    seen = events(site.audit)
    (call,) = [e for e in seen if e["event"] == "call"]
    assert (call["object"], call["node"], call["arguments"]) == ("SIM", "SIM.advance", [1.0])
    assert call["status"] == "BadUserAccessDenied"
    assert (seen[0]["event"], seen[-1]["event"]) == ("server started", "server stopped")
    assert all(e["user"] == "ono" for e in events(site.audit) if e["event"] in ("write", "call", "login"))
    assert verify(site.audit) == len(seen)


class Ears:
    def __init__(self) -> None:
        self.heard: list[Any] = []

    def event_notification(self, event: Any) -> None:
        self.heard.append(event)


async def test_engineers_hear_audit_events_and_operators_do_not(site: Site, key: rsa.RSAPrivateKey) -> None:
    mine = certificate(key)
    site.trust.add(site.client_file(mine))
    for name, role in (("ono", "operator"), ("saito", "engineer")):
        site.users.add(name, role, PASSWORD)
    async with site.serving(), site.client(mine, user="ono") as operator, site.client(mine, user="saito") as engineer:
        ears = []
        for talk in (operator, engineer):
            ears.append(Ears())
            subscription = await talk.client.create_subscription(50, ears[-1])
            await subscription.subscribe_events(evtypes=ua.ObjectIds.AuditWriteUpdateEventType)
        await operator.write("CV-101.opening", 0.25)
        await eventually(lambda: any(getattr(e, "NewValue", None) == 0.25 for e in ears[1].heard))
        (event,) = [e for e in ears[1].heard if getattr(e, "NewValue", None) == 0.25]
        assert (event.ClientUserId, event.SourceName, event.Status) == ("ono", "Attribute/Write", True)
        assert (event.SourceNode, event.OldValue) == (ua.NodeId("CV-101.opening", 2), 0.0)
        assert ears[0].heard == []


async def heard(client: Client, kind: int) -> Ears:
    """Ears of a client that subscribes to events of a type."""
    ears = Ears()
    subscription = await client.create_subscription(50, ears)
    await subscription.subscribe_events(evtypes=kind)
    return ears


async def test_sessions_calls_and_certificates_are_events_of_the_standards_types(
    site: Site, key: rsa.RSAPrivateKey, tmp_path: Path
) -> None:
    mine, expired = certificate(key), certificate(key, days=-1)
    for content in (mine, expired):
        site.trust.add(site.client_file(content))
    for name, role in (("ono", "operator"), ("saito", "engineer")):
        site.users.add(name, role, PASSWORD)
    async with site.serving(), site.client(mine, user="saito") as engineer:
        kinds = ("CreateSession", "ActivateSession", "UpdateMethod", "CertificateExpired", "CertificateUntrusted")
        ears = {kind: await heard(engineer.client, getattr(ua.ObjectIds, f"Audit{kind}EventType")) for kind in kinds}
        async with site.client(mine, user="ono") as operator:
            with pytest.raises(ua.uaerrors.BadUserAccessDenied):
                await operator.advance(1.0)
        for content in (expired, certificate(key, uri="urn:stranger")):
            with pytest.raises((ua.UaError, ConnectionError, TimeoutError)):
                async with site.client(content):
                    pass
        await eventually(lambda: all(found.heard for found in ears.values()))
    created, activated, called, late, stranger = (ears[kind].heard[0] for kind in kinds)
    assert (created.SourceName, activated.SourceName) == ("Session/CreateSession", "Session/ActivateSession")
    assert created.ClientCertificate == mine
    assert created.SessionId == activated.SessionId
    assert created.SecureChannelId == activated.SecureChannelId != ""
    assert created.ClientApplicationUri == "urn:test:client"
    assert (activated.ClientUserId, activated.UserIdentityToken.UserName) == ("ono", "ono")
    assert not activated.UserIdentityToken.Password
    assert (called.MethodId, called.SourceNode) == (ua.NodeId("SIM.advance", 2), ua.NodeId("SIM", 2))
    assert [argument.Value for argument in called.InputArguments] == [1.0]
    assert (called.Status, called.ClientUserId) == (False, "ono")
    assert (late.Certificate, late.SourceName) == (expired, "Security/Certificate")
    assert stranger.Certificate != mine


async def test_audit_events_do_not_leave_the_machine_unencrypted(
    site: Site, key: rsa.RSAPrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = certificate(key)
    site.trust.add(site.client_file(mine))
    site.users.add("saito", "engineer", PASSWORD)
    async with (
        site.serving() as server,
        site.client(mine, mode=SIGN, user="saito") as signed,
        site.client(mine, user="saito") as encrypted,
    ):
        ears = [await heard(talk.client, ua.ObjectIds.AuditWriteUpdateEventType) for talk in (signed, encrypted)]
        assert server._server is not None
        for session in server._server.guard.sessions():
            session.address = "192.0.2.1"  # as if they came from elsewhere
        await signed.write("CV-101.opening", 0.25)
        await eventually(lambda: bool(ears[1].heard))
        assert ears[0].heard == []


async def test_in_teaching_nobody_has_a_name_but_is_on_record_all_the_same(endpoint: str, tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    server = TwinServer(Simulation(Plant.load(PLANT), mode="lockstep"), endpoint, Security(audit=file))
    client = Client(endpoint)
    client.application_uri, client.description = "urn:student", "panel"
    async with server, client:
        talk = Talker(client)
        assert await talk.write("CV-101.opening", 0.25) == "Good"
        await talk.advance(1.0)
    seen = events(file)
    (written,) = [event for event in seen if event["event"] == "write"]
    about = {name: written[name] for name in ("user", "address", "application")}
    assert about == {"user": "anonymous", "address": "127.0.0.1", "application": "urn:student"}
    assert "panel" in written["name"]
    assert [event["event"] for event in seen] == [
        *("server started", "session created", "login", "write", "call", "session closed", "server stopped"),
    ]
    assert [event["reason"] for event in seen if event["event"] == "session closed"] == ["by the client"]
    assert verify(file) == 7


async def test_a_client_names_its_request_for_its_own_log(site: Site, key: rsa.RSAPrivateKey) -> None:
    mine = certificate(key)
    site.trust.add(site.client_file(mine))
    async with site.serving(), site.client(mine) as talk:
        protocol = talk.client.uaclient.protocol
        fill = protocol._setup_request_header

        def named(header: ua.RequestHeader, timeout: float = 1.0) -> None:
            fill(header, timeout)
            header.AuditEntryId = "work order 7"

        protocol._setup_request_header = named
        await talk.write("CV-101.opening", 0.25)
    assert [event["entry"] for event in events(site.audit) if event["event"] == "write"] == ["work order 7"]


async def test_a_method_that_the_standard_knows_and_we_do_not_have_cannot_be_called(
    server: TwinServer, talk: Talker
) -> None:
    object_id, method = ua.ObjectIds.WellKnownRole_Observer, ua.NodeId(ua.ObjectIds.WellKnownRole_Observer_AddIdentity)
    for attribute in (ua.AttributeIds.Executable, ua.AttributeIds.UserExecutable):
        found = await talk.client.get_node(method).read_attribute(attribute)
        assert found.Value is not None
        assert found.Value.Value is False
    with pytest.raises(ua.uaerrors.BadNotExecutable):
        await talk.client.get_node(object_id).call_method(method)


async def test_nothing_but_tags_and_switches_seems_writable(server: TwinServer, talk: Talker) -> None:
    nodes, key = server._server.iserver.aspace._nodes, ua.AttributeIds.AccessLevel  # type: ignore[union-attr]
    levels = {
        nodeid: node.attributes[key].value.Value.Value for nodeid, node in nodes.items() if key in node.attributes
    }
    claimed = [nodeid for nodeid, level in levels.items() if level & 2 and not server.access.writable(nodeid)]
    assert claimed
    for nodeid in claimed[::10]:
        node = talk.client.get_node(nodeid)
        level = await node.read_attribute(ua.AttributeIds.UserAccessLevel)
        assert level.Value is not None
        assert level.Value.Value & 2 == 0
    with pytest.raises(ua.uaerrors.BadNotWritable):
        await node.write_value(False)
