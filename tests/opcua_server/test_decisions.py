"""What is decided while sessions are open counts for them: users, certificates, the server's own certificate."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asyncua import Client, ua
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from opcua_server import certificates
from opcua_server.access import Role
from opcua_server.certificates import own_certificate, renew, thumbprint
from opcua_server.errors import BadCertificate
from opcua_server.health import WARNING
from opcua_server.server import TwinServer

from .secured import PASSWORD, Site, certificate
from .talking import Talker
from .test_security import events
from .test_server import eventually
from .test_trust import issued, revocation, save


@pytest.fixture
def mine(site: Site, key: rsa.RSAPrivateKey) -> bytes:
    """The certificate of a client that is trusted."""
    made = certificate(key)
    site.trust.add(site.client_file(made))
    return made


@asynccontextmanager
async def connected(site: Site, content: bytes, user: str | None = None) -> AsyncIterator[Talker]:
    """A client whose session may be ended by the server."""
    opened = site.client(content, user=user)
    talk = await opened.__aenter__()
    try:
        yield talk
    finally:
        with suppress(ua.UaError, ConnectionError, TimeoutError):
            await opened.__aexit__(None, None, None)


@asynccontextmanager
async def logged_in(site: Site, mine: bytes, role: str = "operator") -> AsyncIterator[tuple[Any, Talker]]:
    """A server, and ono's session on it."""
    site.users.add("ono", role, PASSWORD)
    async with site.serving() as server, connected(site, mine, "ono") as talk:
        yield server, talk


def sessions(server: TwinServer) -> int:
    return len(server._server.guard.sessions()) if server._server is not None else 0


def ended(file: Path) -> str:
    return next((event["reason"] for event in events(file) if event["event"] == "session closed"), "")


@pytest.mark.parametrize(
    ("decide", "reason"),
    [
        (lambda site: site.users.remove("ono"), "user removed"),
        (lambda site: site.users.set_password("ono", "battery staple"), "another password"),
    ],
    ids=["removed", "new password"],
)
async def test_a_session_ends_with_its_user(
    site: Site, mine: bytes, decide: Callable[[Site], Any], reason: str
) -> None:
    async with logged_in(site, mine) as (server, talk):
        decide(site)
        await eventually(lambda: sessions(server) == 0)
        with pytest.raises(ua.UaStatusCodeError):
            await talk.read("BUF-1.p")
    assert reason in ended(site.audit)


async def test_a_new_role_counts_in_an_open_session(site: Site, mine: bytes) -> None:
    async with logged_in(site, mine) as (_, talk):

        async def may_write() -> bool:
            return bool((await talk.read("CV-101.opening", ua.AttributeIds.UserAccessLevel)).Value.Value & 2)

        assert await may_write()
        site.users.set_role("ono", "observer")
        while await may_write():
            pass
        assert await talk.write("CV-101.opening", 0.3) == "BadUserAccessDenied"
        site.users.set_role("ono", "engineer")
        while not await may_write():
            pass
        assert await talk.write("CV-101.opening", 0.3) == "Good"
    changes = [event["role"] for event in events(site.audit) if event["event"] == "role changed"]
    assert changes == ["observer", "engineer"]


async def test_a_rejected_client_is_disconnected(site: Site, mine: bytes) -> None:
    async with logged_in(site, mine) as (server, _):
        (entry,) = site.trust.entries()
        site.trust.reject(entry.thumbprint)
        await eventually(lambda: sessions(server) == 0 and not server._server.bserver.clients)
    assert "trusted no longer" in ended(site.audit)


async def test_a_user_of_another_name_is_not_touched(site: Site, mine: bytes) -> None:
    site.users.add("saito", "operator", PASSWORD)
    async with logged_in(site, mine) as (server, talk):
        async with site.client(mine, user="saito"):
            assert sessions(server) == 2
            site.users.remove("saito")
            await eventually(lambda: sessions(server) == 1)
        assert await talk.write("CV-101.opening", 0.3) == "Good"


async def test_a_file_of_users_that_cannot_be_read_lets_nobody_in_and_ends_nothing(
    site: Site, mine: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with logged_in(site, mine) as (server, talk):
        kept = site.users.file.read_bytes()
        site.users.file.write_text("{")
        await eventually(lambda: "A decision on disk cannot be followed" in caplog.text)
        with pytest.raises(ua.uaerrors.BadIdentityTokenRejected):
            async with site.client(mine, user="ono"):
                pass
        assert await talk.write("CV-101.opening", 0.3) == "Good"
        site.users.file.write_bytes(kept)
        async with site.client(mine, user="ono"):
            assert sessions(server) == 2


async def test_a_client_of_an_authority_leaves_when_it_is_revoked(
    site: Site, key: rsa.RSAPrivateKey, tmp_path: Path
) -> None:
    signer = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    authority = x509.load_der_x509_certificate(certificate(signer, ca=True, uri="urn:authority"))
    site.trust.add(save(tmp_path, "ca.pem", authority))
    mine = from_authority(key, authority, signer)
    async with site.serving() as server, connected(site, mine) as talk:
        assert (await talk.read("BUF-1.p")).StatusCode.is_good()
        revoked = x509.load_der_x509_certificate(mine)
        site.trust.add_list(save(tmp_path, "ca.crl", revocation(authority, signer, revoked)))
        await eventually(lambda: sessions(server) == 0)
        with pytest.raises((ua.UaError, ConnectionError, TimeoutError)):
            async with site.client(mine):
                pass
    refused = [event["status"] for event in events(site.audit) if event["event"] == "certificate refused"]
    assert refused == ["BadCertificateRevoked"]


def from_authority(key: rsa.RSAPrivateKey, authority: x509.Certificate, signer: rsa.RSAPrivateKey) -> bytes:
    """The certificate of a client, issued by an authority."""
    alone = x509.load_der_x509_certificate(certificate(key))
    builder = x509.CertificateBuilder(
        authority.subject, alone.subject, key.public_key(), x509.random_serial_number(), extensions=alone.extensions
    )
    builder = builder.not_valid_before(alone.not_valid_before_utc).not_valid_after(alone.not_valid_after_utc)
    made = builder.sign(signer, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.DER)


# --- the server's own certificate ------------------------------------------------------------------------------------


async def test_a_renewed_certificate_is_shown_to_who_connects_and_open_sessions_stay(site: Site, mine: bytes) -> None:
    async with logged_in(site, mine) as (_, talk):
        before = await Client(site.endpoint).connect_and_get_server_endpoints()
        made = renew(site.pki / "own", "gas.example.org")
        await eventually(lambda: "certificate taken" in site.audit.read_text())
        after = await Client(site.endpoint).connect_and_get_server_endpoints()
        shown = x509.load_der_x509_certificate(after[0].ServerCertificate)
        assert shown == made
        assert after[0].Server.ApplicationUri == before[0].Server.ApplicationUri
        assert "gas.example.org" in certificates.host_names(shown)
        assert await talk.write("CV-101.opening", 0.3) == "Good"
        async with site.client(mine, user="ono") as another:
            assert await another.write("CV-101.opening", 0.4) == "Good"


async def test_a_certificate_that_expires_soon_is_a_warning_in_log_and_health(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(certificates, "WARN_DAYS", 365 * certificates.YEARS + 1)
    async with site.serving() as server:
        await eventually(lambda: "hetwin trust renew" in caplog.text)
        found = server.health()
        assert found.level <= WARNING


def test_what_is_said_of_a_certificate_near_its_end(tmp_path: Path) -> None:
    made, _ = own_certificate(tmp_path, "teaching", "")
    until = made.not_valid_after_utc
    assert certificates.expiry_warning(made, until - timedelta(days=31)) == ""
    assert "expires on" in certificates.expiry_warning(made, until - timedelta(days=29))
    assert "expired on" in certificates.expiry_warning(made, until + timedelta(days=1))
    assert certificates.expiry_warning(made, datetime.now(UTC)) == ""


def test_what_cannot_be_renewed_or_used_is_said(tmp_path: Path, key: rsa.RSAPrivateKey) -> None:
    with pytest.raises(BadCertificate, match="There is no certificate"):
        renew(tmp_path)
    made, own = own_certificate(tmp_path, "teaching", "")
    renew(tmp_path)
    assert (tmp_path / f"{thumbprint(made)[:12]}-certificate.der").exists()
    (tmp_path / "key.pem").write_bytes((tmp_path / f"{thumbprint(made)[:12]}-key.pem").read_bytes())
    with pytest.raises(BadCertificate, match="not the RSA key"):
        own_certificate(tmp_path, "teaching", "")
    authority = x509.load_der_x509_certificate(certificate(key, ca=True))
    child = issued(own, authority, key)
    (tmp_path / "certificate.der").write_bytes(child.public_bytes(serialization.Encoding.DER))
    with pytest.raises(BadCertificate, match="was issued by CN=test client"):
        renew(tmp_path)


# --- roles -----------------------------------------------------------------------------------------------------------


async def test_engineers_find_who_has_which_role(site: Site, mine: bytes) -> None:
    site.users.add("abe", "operator", PASSWORD)
    async with logged_in(site, mine, "engineer") as (_, talk):
        roles = talk.client.get_node(ua.ObjectIds.Server_ServerCapabilities_RoleSet)
        names = {(await child.read_browse_name()).Name: child for child in await roles.get_children()}
        seen = {}
        for role in Role:
            identities = await names[role.word.title()].get_child("0:Identities")
            seen[role] = [(rule.CriteriaType.name, rule.Criteria) for rule in await identities.read_value()]
        assert seen == {
            Role.OBSERVER: [("Anonymous", ""), ("UserName", "abe"), ("UserName", "ono")],
            Role.OPERATOR: [("UserName", "abe"), ("UserName", "ono")],
            Role.ENGINEER: [("UserName", "ono")],
            Role.INSTRUCTOR: [],
        }
        async with site.client(mine, user="abe") as other:
            place = other.client.get_node(ua.ObjectIds.WellKnownRole_Observer_Identities)
            with pytest.raises(ua.uaerrors.BadUserAccessDenied):
                await place.read_value()
