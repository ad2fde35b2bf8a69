"""Trust on disk: authorities, revocation, strangers without number."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from opcua_server.certificates import problem_of
from opcua_server.errors import UnknownCertificate
from opcua_server.trust import TrustList

from .secured import certificate


def loaded(key: rsa.RSAPrivateKey, **changes: object) -> x509.Certificate:
    return x509.load_der_x509_certificate(certificate(key, **changes))


def issued(key: rsa.RSAPrivateKey, authority: x509.Certificate, signer: rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "issued client")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(authority.subject, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    return builder.sign(signer, hashes.SHA256())


def save(folder: Path, name: str, found: x509.Certificate) -> Path:
    file = folder / name
    file.write_bytes(found.public_bytes(serialization.Encoding.PEM))
    return file


def test_a_certificate_is_trusted_itself_or_by_its_authority(tmp_path: Path, key: rsa.RSAPrivateKey) -> None:
    trust = TrustList(tmp_path)
    authority, mine = loaded(key, ca=True), loaded(key, uri="urn:other")
    child = issued(key, authority, key)
    assert not trust.trusts(mine)
    assert not trust.trusts(child)
    trust.add(save(tmp_path, "ca.pem", authority))
    assert trust.trusts(authority)
    assert trust.trusts(child)


def test_a_trusted_client_is_no_authority(tmp_path: Path, key: rsa.RSAPrivateKey) -> None:
    trust = TrustList(tmp_path)
    client = loaded(key)
    trust.add(save(tmp_path, "client.pem", client))
    assert not trust.trusts(issued(key, client, key))


def test_a_name_alone_makes_nobody_issued(tmp_path: Path, key: rsa.RSAPrivateKey) -> None:
    trust = TrustList(tmp_path)
    authority = loaded(key, ca=True)
    trust.add(save(tmp_path, "ca.pem", authority))
    forger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert not trust.trusts(issued(forger, authority, forger))


def test_a_revoked_certificate_is_found_in_the_list_of_its_authority(tmp_path: Path, key: rsa.RSAPrivateKey) -> None:
    trust = TrustList(tmp_path)
    authority = loaded(key, ca=True)
    bad, good = issued(key, authority, key), issued(key, authority, key)
    now = datetime.now(UTC)
    entry = x509.RevokedCertificateBuilder(bad.serial_number, now).build()
    listed = x509.CertificateRevocationListBuilder(authority.subject, now, now + timedelta(days=1))
    crl = listed.add_revoked_certificate(entry).sign(key, hashes.SHA256())
    (trust.revoked / "ca.crl").write_bytes(crl.public_bytes(serialization.Encoding.DER))
    assert trust.is_revoked(bad)
    assert not trust.is_revoked(good)


def test_strangers_without_number_do_not_fill_the_disk(tmp_path: Path, key: rsa.RSAPrivateKey) -> None:
    trust = TrustList(tmp_path, most_rejected=3)
    for k in range(6):
        assert trust.remember(loaded(key, uri=f"urn:{k}")) is not None
    assert len(list(trust.rejected.iterdir())) == 3


def test_decisions_name_a_certificate_by_the_begin_of_its_thumbprint(tmp_path: Path, key: rsa.RSAPrivateKey) -> None:
    trust = TrustList(tmp_path)
    entry = trust.remember(loaded(key))
    assert entry is not None
    assert trust.accept(entry.thumbprint[:8].upper()).trusted
    with pytest.raises(UnknownCertificate, match="no rejected certificate begins"):
        trust.accept(entry.thumbprint)
    assert not trust.reject(entry.thumbprint).trusted
    trust.remove(entry.thumbprint)
    assert trust.entries() == []
    for nothing in ("", "zz"):
        with pytest.raises(UnknownCertificate, match="hetwin trust list"):
            trust.remove(nothing)


def test_what_is_no_certificate_is_said(tmp_path: Path) -> None:
    file = tmp_path / "a.der"
    file.write_bytes(b"nothing")
    with pytest.raises(UnknownCertificate, match="no certificate in DER or PEM"):
        TrustList(tmp_path / "pki").add(file)


def test_a_weak_key_or_hash_is_against_the_policy(key: rsa.RSAPrivateKey) -> None:
    assert problem_of(loaded(key)) == 0
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    assert problem_of(loaded(weak)) != 0
