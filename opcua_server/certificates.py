"""The server's own certificate, and what is asked of those of clients (Part 6, 6.2.2; Part 4, 6.1.3)."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from asyncua import ua
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from opcua_server.errors import BadCertificate

KEY_SIZE = 2048
LEAST_KEY, LARGEST_KEY = 2048, 4096
"""Of the policies with SHA-256 (Part 7)."""
YEARS = 5
WARN_DAYS = 30
CERTIFICATE, KEY = "certificate.der", "key.pem"
WEAK = (hashes.MD5, hashes.SHA1)


def own_certificate(folder: Path, name: str, host: str) -> tuple[x509.Certificate, rsa.RSAPrivateKey]:
    """The certificate and key in `folder`; made there if there are none. `name` is what is served, `host` where.

    Raises BadCertificate if they are not a pair.
    """
    certificate_file, key_file = folder / CERTIFICATE, folder / KEY
    if not (certificate_file.exists() and key_file.exists()):
        _make(folder, name, f"urn:{socket.gethostname()}:hetwin:{name}", _names(host))
    try:
        certificate = x509.load_der_x509_certificate(certificate_file.read_bytes())
        key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
    except (ValueError, TypeError) as problem:
        raise BadCertificate(f"{folder}: {CERTIFICATE} or {KEY} cannot be read: {problem}.") from None
    if not isinstance(key, rsa.RSAPrivateKey) or key.public_key() != certificate.public_key():
        raise BadCertificate(f"{folder}: {KEY} is not the RSA key of {CERTIFICATE}; put a pair there.")
    return certificate, key


def renew(folder: Path, host: str = "") -> x509.Certificate:
    """Make a new pair for the same application, with the names of the old one and `host`; the old pair is kept aside.

    Raises BadCertificate if there is none, or if an authority has to make it.
    """
    if not (folder / CERTIFICATE).exists():
        raise BadCertificate(f"There is no certificate in {folder} yet; the first start with --secure makes one.")
    old, _ = own_certificate(folder, "", "")
    if old.issuer != old.subject:
        authority = old.issuer.rfc4514_string()
        raise BadCertificate(
            f"{folder / CERTIFICATE} was issued by {authority}; put a new pair from there in its place."
        )
    for name in (CERTIFICATE, KEY):
        write_private(folder / f"{thumbprint(old)[:12]}-{name}", (folder / name).read_bytes())
    names = dict.fromkeys([*host_names(old), *_names(host)])
    return _make(folder, common_name(old).removeprefix("hetwin "), application_uri(old), names)


def host_names(certificate: x509.Certificate) -> list[str]:
    """Names and addresses of machines in a certificate."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    return [*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))]


def expiry_warning(certificate: x509.Certificate, now: datetime | None = None) -> str:
    """A sentence when the server's own certificate is about to expire, or has expired; empty before that."""
    until = certificate.not_valid_after_utc
    left = until - (now or datetime.now(UTC))
    if left > timedelta(days=WARN_DAYS):
        return ""
    when = f"expired on {until:%Y-%m-%d}" if left < timedelta() else f"expires on {until:%Y-%m-%d}"
    return f"The server's certificate {when}; `hetwin trust renew` makes a new one."


def application_uri(certificate: x509.Certificate) -> str:
    """The uri in a certificate; empty if there is none."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return ""
    found = names.get_values_for_type(x509.UniformResourceIdentifier)
    return found[0] if found else ""


def chain_of(content: bytes) -> list[x509.Certificate]:
    """What a client sends: its certificate, and those of authorities above it, one after the other (Part 6, 6.2.6).

    Raises ValueError.
    """
    found, rest = [], content
    while rest:
        size = _der_size(rest)
        found.append(x509.load_der_x509_certificate(rest[:size]))
        rest = rest[size:]
    if not found:
        raise ValueError("there is no certificate")
    return found


def _der_size(content: bytes) -> int:
    """Bytes of the first element of DER."""
    short = content[1] if len(content) > 1 else 0
    if short < 0x80:
        return 2 + short
    return 2 + (short & 0x7F) + int.from_bytes(content[2 : 2 + (short & 0x7F)])


def thumbprint(certificate: x509.Certificate) -> str:
    """SHA-1 of the whole, the name by which OPC UA tools call a certificate."""
    return certificate.fingerprint(hashes.SHA1()).hex()


def common_name(certificate: x509.Certificate) -> str:
    """Whom it names."""
    found = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else ""


def problem_of(certificate: x509.Certificate, now: datetime | None = None) -> int:
    """What speaks against a certificate that we trust otherwise, as a status code; 0 if nothing does."""
    key = certificate.public_key()
    now = now or datetime.now(UTC)
    if not isinstance(key, rsa.RSAPublicKey) or isinstance(certificate.signature_hash_algorithm, WEAK):
        return int(ua.StatusCodes.BadCertificatePolicyCheckFailed)
    if not LEAST_KEY <= key.key_size <= LARGEST_KEY:
        return int(ua.StatusCodes.BadCertificatePolicyCheckFailed)
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        return int(ua.StatusCodes.BadCertificateTimeInvalid)
    if not _for_clients(certificate):
        return int(ua.StatusCodes.BadCertificateUseNotAllowed)
    return 0


def write_private(file: Path, content: bytes) -> None:
    """Write a file that only its owner can read, in one move. What root writes is the folder's owner's."""
    draft = file.with_suffix(f".{os.getpid()}")
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
        target.write(content)
        target.flush()
        os.fsync(target.fileno())
        give_to_owner(target.fileno(), file.parent)
    draft.replace(file)


def give_to_owner(descriptor: int, folder: Path) -> None:
    """A server that runs as a user of its own can read what `sudo hetwin` has written into its folder."""
    owner = folder.stat()
    with suppress(OSError, AttributeError):  # only root may, and Windows has no such thing
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def _for_clients(certificate: x509.Certificate) -> bool:
    """Whether its owner may sign and take encrypted keys, as a client."""
    extensions = certificate.extensions
    try:
        usage = extensions.get_extension_for_class(x509.KeyUsage).value
        if not (usage.digital_signature and usage.key_encipherment):
            return False
        purposes = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        return ExtendedKeyUsageOID.CLIENT_AUTH in purposes
    except x509.ExtensionNotFound:  # one that says nothing of its use is for any
        return True


def _names(host: str) -> list[str]:
    """Names and addresses under which clients may know this machine."""
    name = socket.gethostname()
    found = [name, "localhost", "127.0.0.1", "::1", host]
    with suppress(OSError):
        found += [str(entry[4][0]) for entry in socket.getaddrinfo(name, None)]
    return [entry for entry in dict.fromkeys(found) if entry and entry not in ("0.0.0.0", "::")]


def _make(folder: Path, name: str, uri: str, names: Iterable[str]) -> x509.Certificate:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_SIZE)
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, f"hetwin {name}"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "hetwin"),
        ]
    )
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))  # a client's clock may be late
        .not_valid_after(now + timedelta(days=365 * YEARS))
    )
    for extension, critical in _extensions(key.public_key(), uri, names):
        builder = builder.add_extension(extension, critical)
    certificate = builder.sign(key, hashes.SHA256())
    write_private(
        folder / KEY,
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )
    write_private(folder / CERTIFICATE, certificate.public_bytes(serialization.Encoding.DER))
    return certificate


def _extensions(key: rsa.RSAPublicKey, uri: str, names: Iterable[str]) -> list[tuple[x509.ExtensionType, bool]]:
    """As Part 6, table 43 asks of a self-signed application certificate."""
    usage = dict.fromkeys(("key_agreement", "crl_sign", "encipher_only", "decipher_only"), False)
    usage |= dict.fromkeys(("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"), True)
    alternatives: list[x509.GeneralName] = [x509.UniformResourceIdentifier(uri)]
    for entry in names:
        try:
            alternatives.append(x509.IPAddress(ipaddress.ip_address(entry)))
        except ValueError:
            alternatives.append(x509.DNSName(entry))
    return [
        (x509.SubjectAlternativeName(alternatives), False),
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (x509.KeyUsage(**usage, key_cert_sign=True), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), False),
        (x509.SubjectKeyIdentifier.from_public_key(key), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(key), False),
    ]
