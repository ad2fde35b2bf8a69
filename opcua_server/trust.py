"""Whom the server trusts: certificates in a folder, and those of strangers in another until somebody decides.

PKI/trusted/    clients that may connect, and authorities whose clients may
PKI/issuers/    authorities between a trusted one and its clients, which make nobody trusted by themselves
PKI/rejected/   those that knocked and were not known
PKI/revoked/    revocation lists of the authorities
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from asyncua import ua
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization

from opcua_server.certificates import application_uri, common_name, thumbprint, write_private
from opcua_server.errors import UnknownCertificate

SUFFIXES = (".der", ".pem", ".crt", ".cer")
LISTS = (".crl", ".der", ".pem")
LONGEST_PATH = 8
"""Certificates from a client to the last authority."""
STATUS = ua.StatusCodes

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Entry:
    """A certificate in one of the folders: "trusted", "issuers" or "rejected"."""

    file: Path
    certificate: x509.Certificate

    @property
    def trusted(self) -> bool:
        return self.file.parent.name == "trusted"

    @property
    def thumbprint(self) -> str:
        return thumbprint(self.certificate)

    @property
    def label(self) -> str:
        """Name and thumbprint."""
        return f"{common_name(self.certificate) or 'a certificate without a name'}, {self.thumbprint}"

    def as_dict(self) -> dict[str, object]:
        """For people and JSON."""
        return {
            "thumbprint": self.thumbprint,
            "name": common_name(self.certificate),
            "application": application_uri(self.certificate),
            "until": f"{self.certificate.not_valid_after_utc:%Y-%m-%d}",
            "trusted": self.trusted,
            "authority": is_authority(self.certificate),
        }


class TrustList:
    """The folders under `folder`, read anew at each question, so that a decision counts from the next connection on."""

    def __init__(self, folder: Path, most_rejected: int = 100) -> None:
        self.trusted, self.issuers, self.rejected, self.revoked = self._folders = [
            folder / name for name in ("trusted", "issuers", "rejected", "revoked")
        ]
        self._most = most_rejected
        for place in self._folders:
            place.mkdir(parents=True, exist_ok=True, mode=0o700)

    def entries(self) -> list[Entry]:
        """All, the trusted ones first."""
        return [*self._in(self.trusted), *self._in(self.issuers), *self._in(self.rejected)]

    def stamp(self) -> frozenset[tuple[str, int, int]]:
        """Differs when a decision was made, by a command or by hand."""
        files = [file for folder in (self.trusted, self.issuers, self.revoked) for file in folder.iterdir()]
        stats = [(str(file), file.stat()) for file in files if file.exists()]
        return frozenset((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats)

    def problem(self, certificate: x509.Certificate, sent: Iterable[x509.Certificate] = ()) -> int:
        """What speaks against trusting this certificate, as a status code (Part 4, 6.1.3); 0 if nothing does.

        It is trusted if it, or an authority above it, is in the list, and no authority on the way has revoked what is
        below it. `sent` are certificates that the client sent with its own; they only fill gaps.
        """
        trusted = [entry.certificate for entry in self._in(self.trusted)]
        known = [*trusted, *(entry.certificate for entry in self._in(self.issuers)), *sent]
        path = _path(certificate, known)
        if not any(found in trusted for found in path):
            return int(STATUS.BadCertificateUntrusted)
        lists = self._lists()
        for below, above in pairwise(path):
            if problem := _revoked(below, above, lists, leaf=below is certificate):
                return problem
        return 0

    def _lists(self) -> list[x509.CertificateRevocationList] | None:
        """The revocation lists; None if one of them cannot be read, since nobody knows whom it names."""
        try:
            return [load_list(file) for file in sorted(self.revoked.iterdir()) if file.suffix.lower() in LISTS]
        except ValueError as problem:
            log.error("A revocation list in %s cannot be read (%s).", self.revoked, problem)
            return None

    def remember(self, certificate: x509.Certificate) -> Entry | None:
        """Keep a stranger's certificate for a decision; None if it is there already. The oldest make room."""
        file = self.rejected / f"{thumbprint(certificate)}.der"
        if file.exists():
            return None
        waiting = sorted(self.rejected.iterdir(), key=lambda entry: entry.stat().st_mtime)
        for old in waiting[: max(len(waiting) - self._most + 1, 0)]:
            old.unlink(missing_ok=True)
        write_private(file, certificate.public_bytes(serialization.Encoding.DER))
        return Entry(file, certificate)

    def accept(self, which: str) -> Entry:
        """Trust a rejected certificate, named by the begin of its thumbprint. Raises UnknownCertificate."""
        return self._move(self._find(which, trusted=False), self.trusted)

    def reject(self, which: str) -> Entry:
        """Trust a certificate no longer; it stays among the rejected."""
        return self._move(self._find(which, trusted=True), self.rejected)

    def remove(self, which: str) -> Entry:
        """Forget a certificate, trusted or not."""
        entry = self._find(which, None)
        entry.file.unlink()
        return entry

    def add(self, file: Path, issuer: bool = False) -> Entry:
        """Trust the certificate in a file, or only know it as an authority in between.

        Raises UnknownCertificate if there is none, or if that is no authority.
        """
        try:
            certificate = load_certificate(file)
        except ValueError as problem:
            raise UnknownCertificate(f"{file} is no certificate in DER or PEM: {problem}.") from None
        if issuer and not is_authority(certificate):
            raise UnknownCertificate(f"{file} is no certificate of an authority, which may sign others.")
        name = f"{thumbprint(certificate)}.der"
        (self.rejected / name).unlink(missing_ok=True)
        target = (self.issuers if issuer else self.trusted) / name
        write_private(target, certificate.public_bytes(serialization.Encoding.DER))
        return Entry(target, certificate)

    def add_list(self, file: Path) -> tuple[Entry, int]:
        """Take the revocation list in a file in place of an older one; its authority, and how many it names.

        Raises UnknownCertificate if it is none, or was signed by nobody in the list.
        """
        try:
            found = load_list(file)
        except ValueError as problem:
            raise UnknownCertificate(f"{file} is no revocation list in DER or PEM: {problem}.") from None
        authority = next((entry for entry in self.entries() if _signed(found, entry.certificate)), None)
        if authority is None:
            name = found.issuer.rfc4514_string()
            raise UnknownCertificate(
                f"{file} comes from {name}, who is not in the trust list; add that authority first."
            )
        content = found.public_bytes(serialization.Encoding.DER)
        write_private(self.revoked / f"{authority.thumbprint}.crl", content)
        return authority, len(found)

    def _move(self, entry: Entry, folder: Path) -> Entry:
        target = folder / f"{entry.thumbprint}.der"
        write_private(target, entry.certificate.public_bytes(serialization.Encoding.DER))
        entry.file.unlink()
        return Entry(target, entry.certificate)

    def _find(self, which: str, trusted: bool | None) -> Entry:
        wanted = which.replace(":", "").lower()
        found = [
            entry
            for entry in self.entries()
            if trusted in (None, entry.trusted) and wanted and entry.thumbprint.startswith(wanted)
        ]
        if len(found) == 1:
            return found[0]
        what = {True: "trusted", False: "rejected", None: "known"}[trusted]
        how_many = f"{len(found)} {what} certificates begin" if found else f"no {what} certificate begins"
        raise UnknownCertificate(f'"{which}": {how_many} with this thumbprint; `hetwin trust list` shows them.')

    def _in(self, folder: Path) -> Iterator[Entry]:
        for file in sorted(folder.iterdir()):
            if file.suffix.lower() in SUFFIXES:
                try:
                    yield Entry(file, load_certificate(file))
                except (OSError, ValueError):
                    continue


def load_certificate(file: Path) -> x509.Certificate:
    """From DER or PEM. Raises ValueError."""
    content = file.read_bytes()
    pem = content.lstrip().startswith(b"-----")
    return x509.load_pem_x509_certificate(content) if pem else x509.load_der_x509_certificate(content)


def load_list(file: Path) -> x509.CertificateRevocationList:
    """From DER or PEM. Raises ValueError."""
    content = file.read_bytes()
    pem = content.lstrip().startswith(b"-----")
    return x509.load_pem_x509_crl(content) if pem else x509.load_der_x509_crl(content)


def is_authority(certificate: x509.Certificate) -> bool:
    """Whether it may sign others."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False


def _path(certificate: x509.Certificate, known: list[x509.Certificate]) -> list[x509.Certificate]:
    """The certificate and the authorities above it, as far as they are known."""
    path = [certificate]
    while len(path) < LONGEST_PATH:
        above = next((found for found in known if found not in path and _issued(path[-1], found)), None)
        if above is None:
            break
        path.append(above)
    return path


def _issued(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    """Whether an authority, and not just any trusted client, signed this."""
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return is_authority(authority)


def _signed(found: x509.CertificateRevocationList, authority: x509.Certificate) -> bool:
    key = authority.public_key()
    try:
        return found.issuer == authority.subject and found.is_signature_valid(key)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False


def _revoked(
    below: x509.Certificate,
    above: x509.Certificate,
    lists: list[x509.CertificateRevocationList] | None,
    leaf: bool,
) -> int:
    """Whether an authority stands, and stands by what it signed.

    An authority without a list revokes nobody. One whose list is outdated, as all are when one cannot be read, could
    have revoked anybody.
    """
    now = datetime.now(UTC)
    if not above.not_valid_before_utc <= now <= above.not_valid_after_utc:
        return int(STATUS.BadCertificateIssuerTimeInvalid)
    mine = [found for found in lists or () if _signed(found, above)]
    if any(found.get_revoked_certificate_by_serial_number(below.serial_number) for found in mine):
        return int(STATUS.BadCertificateRevoked if leaf else STATUS.BadCertificateIssuerRevoked)
    outdated = mine and not any(found.next_update_utc is None or now <= found.next_update_utc for found in mine)
    if lists is None or outdated:
        code = STATUS.BadCertificateRevocationUnknown if leaf else STATUS.BadCertificateIssuerRevocationUnknown
        return int(code)
    return 0
