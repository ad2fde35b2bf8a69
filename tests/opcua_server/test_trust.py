"""Trust on disk: authorities, revocation, strangers without number."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asyncua import ua
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from opcua_server.certificates import chain_of, problem_of, thumbprint
from opcua_server.errors import UnknownCertificate
from opcua_server.trust import TrustList

from .secured import certificate

UNTRUSTED = ua.StatusCodes.BadCertificateUntrusted


@pytest.fixture(scope="module")
def other() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def loaded(key: rsa.RSAPrivateKey, **changes: object) -> x509.Certificate:
    return x509.load_der_x509_certificate(certificate(key, **changes))


def issued(
    key: rsa.RSAPrivateKey,
    authority: x509.Certificate,
    signer: rsa.RSAPrivateKey,
    ca: bool = False,
    name: str = "issued",
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(authority.subject, subject, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    return builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), True).sign(signer, hashes.SHA256())


def revocation(
    authority: x509.Certificate, signer: rsa.RSAPrivateKey, *revoked: x509.Certificate, days: int = 1
) -> x509.CertificateRevocationList:
    now = datetime.now(UTC)
    made = x509.CertificateRevocationListBuilder(authority.subject, now - timedelta(days=9), now + timedelta(days=days))
    for found in revoked:
        made = made.add_revoked_certificate(x509.RevokedCertificateBuilder(found.serial_number, now).build())
    return made.sign(signer, hashes.SHA256())


def save(folder: Path, name: str, found: x509.Certificate | x509.CertificateRevocationList) -> Path:
    file = folder / name
    file.write_bytes(found.public_bytes(serialization.Encoding.PEM))
    return file


def test_a_certificate_is_trusted_itself_or_by_its_authority(tmp_path: Path, key: rsa.RSAPrivateKey) -> None:
    trust = TrustList(tmp_path)
    authority, mine = loaded(key, ca=True), loaded(key, uri="urn:other")
    child = issued(key, authority, key)
    assert trust.problem(mine) == trust.problem(child) == UNTRUSTED
    trust.add(save(tmp_path, "ca.pem", authority))
    assert trust.problem(authority) == trust.problem(child) == 0


def test_a_trusted_client_is_no_authority(tmp_path: Path, key: rsa.RSAPrivateKey) -> None:
    trust = TrustList(tmp_path)
    client = loaded(key)
    trust.add(save(tmp_path, "client.pem", client))
    assert trust.problem(issued(key, client, key)) == UNTRUSTED


def test_a_name_alone_makes_nobody_issued(tmp_path: Path, key: rsa.RSAPrivateKey, other: rsa.RSAPrivateKey) -> None:
    trust = TrustList(tmp_path)
    authority = loaded(key, ca=True)
    trust.add(save(tmp_path, "ca.pem", authority))
    assert trust.problem(issued(other, authority, other)) == UNTRUSTED


def test_an_authority_in_between_is_known_or_sent_along(
    tmp_path: Path, key: rsa.RSAPrivateKey, other: rsa.RSAPrivateKey
) -> None:
    trust = TrustList(tmp_path)
    root = loaded(key, ca=True)
    between = issued(other, root, key, ca=True, name="between")
    client = issued(key, between, other)
    trust.add(save(tmp_path, "root.pem", root))
    assert trust.problem(client) == UNTRUSTED
    assert trust.problem(client, [between]) == 0
    assert not trust.add(save(tmp_path, "between.pem", between), issuer=True).trusted
    assert trust.problem(client) == 0
    trust.remove(thumbprint(root))
    assert trust.problem(client) == trust.problem(between) == UNTRUSTED
    with pytest.raises(UnknownCertificate, match="no certificate of an authority"):
        trust.add(save(tmp_path, "client.pem", client), issuer=True)


def test_what_an_authority_revoked_is_refused_and_so_is_all_below(
    tmp_path: Path, key: rsa.RSAPrivateKey, other: rsa.RSAPrivateKey
) -> None:
    trust = TrustList(tmp_path)
    root = loaded(key, ca=True)
    between = issued(other, root, key, ca=True, name="between")
    bad, good, below = issued(key, root, key), issued(key, root, key), issued(key, between, other)
    trust.add(save(tmp_path, "root.pem", root))
    trust.add(save(tmp_path, "between.pem", between), issuer=True)
    assert trust.problem(bad) == trust.problem(below) == 0
    authority, number = trust.add_list(save(tmp_path, "root.crl", revocation(root, key, bad)))
    assert (authority.certificate, number) == (root, 1)
    assert trust.problem(bad) == ua.StatusCodes.BadCertificateRevoked
    assert trust.problem(good) == trust.problem(below) == 0
    trust.add_list(save(tmp_path, "newer.crl", revocation(root, key, between)))
    assert trust.problem(below) == ua.StatusCodes.BadCertificateIssuerRevoked
    assert trust.problem(bad) == 0  # the newer list took the place of the older one


def test_an_outdated_or_unreadable_list_says_nothing_about_anybody(
    tmp_path: Path, key: rsa.RSAPrivateKey, other: rsa.RSAPrivateKey
) -> None:
    trust = TrustList(tmp_path)
    root = loaded(key, ca=True)
    client, alone = issued(key, root, key), loaded(other, uri="urn:alone")
    trust.add(save(tmp_path, "root.pem", root))
    trust.add(save(tmp_path, "alone.pem", alone))
    trust.add_list(save(tmp_path, "root.crl", revocation(root, key, days=-1)))
    assert trust.problem(client) == ua.StatusCodes.BadCertificateRevocationUnknown
    trust.add_list(save(tmp_path, "root.crl", revocation(root, key)))
    assert trust.problem(client) == 0
    (trust.revoked / "broken.crl").write_bytes(b"nothing")
    assert trust.problem(client) == ua.StatusCodes.BadCertificateRevocationUnknown
    assert trust.problem(alone) == 0


def test_a_list_that_nobody_known_signed_is_refused(
    tmp_path: Path, key: rsa.RSAPrivateKey, other: rsa.RSAPrivateKey
) -> None:
    trust = TrustList(tmp_path)
    root = loaded(key, ca=True)
    client = issued(key, root, key)
    trust.add(save(tmp_path, "root.pem", root))
    forged = save(tmp_path, "forged.crl", revocation(root, other, client))
    for file, words in ((forged, "who is not in the trust list"), (tmp_path / "root.pem", "no revocation list")):
        with pytest.raises(UnknownCertificate, match=words):
            trust.add_list(file)
    save(trust.revoked, "forged.crl", revocation(root, other, client))
    assert trust.problem(client) == 0


def test_a_client_sends_its_chain_in_one_piece(key: rsa.RSAPrivateKey, other: rsa.RSAPrivateKey) -> None:
    root = loaded(key, ca=True)
    chain = [issued(other, root, key), root]
    content = b"".join(found.public_bytes(serialization.Encoding.DER) for found in chain)
    assert chain_of(content) == chain
    for broken in (b"", content[:-1], content + b"\x30", b"\x30\x85"):
        with pytest.raises(ValueError, match=r"."):
            chain_of(broken)


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
    trust.add(entry.file)
    assert [found.trusted for found in trust.entries()] == [True]
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
