"""A secured server in a folder of its own, and clients with certificates and passwords for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from asyncua import Client, ua
from asyncua.crypto import security_policies as policies
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from opcua_server import TwinServer
from opcua_server.security import Security
from opcua_server.trust import TrustList
from opcua_server.users import Users
from twin.plant import Plant
from twin.simulation import Simulation

from .talking import PLANT, Talker

SIGN, ENCRYPT = ua.MessageSecurityMode.Sign, ua.MessageSecurityMode.SignAndEncrypt
BASIC = policies.SecurityPolicyBasic256Sha256
URI = "urn:test:client"
PASSWORD = "correct horse"


def certificate(key: rsa.RSAPrivateKey, uri: str = URI, days: int = 1, purpose: Any = None, ca: bool = False) -> bytes:
    """A self-signed certificate of a client."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test client")])
    now = datetime.now(UTC)
    usage = dict.fromkeys(("key_agreement", "crl_sign", "encipher_only", "decipher_only"), False)
    usage |= dict.fromkeys(("content_commitment", "data_encipherment", "key_encipherment", "digital_signature"), True)
    builder = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=10))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri)]), critical=False)
        .add_extension(x509.KeyUsage(**usage, key_cert_sign=ca), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose or ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


class Site:
    """A secured server with its folder, and clients for it."""

    def __init__(self, folder: Path, endpoint: str, key: rsa.RSAPrivateKey) -> None:
        self.pki = folder / "pki"
        self.audit = folder / "audit.jsonl"
        self.endpoint = endpoint
        self.trust = TrustList(self.pki)
        self.users = Users(self.pki / "users.json")
        self.security = Security.plant(self.pki, audit=self.audit)
        self._folder, self._key = folder, key
        self._write_key()

    def _write_key(self) -> None:
        pem = self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (self._folder / "client.pem").write_bytes(pem)

    def client_file(self, content: bytes, name: str = "client.der") -> Path:
        file = self._folder / name
        file.write_bytes(content)
        return file

    @asynccontextmanager
    async def serving(self, plant: Path = PLANT, **changes: Any) -> AsyncIterator[TwinServer]:
        security = replace(self.security, **changes)
        async with TwinServer(Simulation(Plant.load(plant), mode="lockstep"), self.endpoint, security) as server:
            yield server

    @asynccontextmanager
    async def client(
        self,
        content: bytes | None = None,
        policy: Any = BASIC,
        mode: Any = ENCRYPT,
        user: str | None = None,
        password: str = PASSWORD,
        before: Callable[[Client], Any] | None = None,
    ) -> AsyncIterator[Talker]:
        client = Client(self.endpoint, timeout=30.0, watchdog_intervall=30.0)
        client.application_uri = URI
        if content is not None:
            file, key = self.client_file(content), self._folder / "client.pem"
            await client.set_security(policy, str(file), str(key), mode=mode)
        if user is not None:
            client.set_user(user)
            client.set_password(password)
        if before is not None:
            await before(client)
        async with client:
            yield Talker(client)
