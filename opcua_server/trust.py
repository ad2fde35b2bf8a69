"""Whom the server trusts: certificates in a folder, and those of strangers in another until somebody decides.

PKI/trusted/    clients that may connect, and authorities whose clients may
PKI/rejected/   those that knocked and were not known
PKI/revoked/    revocation lists of the authorities
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization

from opcua_server.certificates import application_uri, common_name, thumbprint
from opcua_server.errors import UnknownCertificate

SUFFIXES = (".der", ".pem", ".crt", ".cer")


@dataclass(frozen=True)
class Entry:
    """A certificate in one of the folders."""

    file: Path
    certificate: x509.Certificate
    trusted: bool

    @property
    def thumbprint(self) -> str:
        return thumbprint(self.certificate)

    def as_dict(self) -> dict[str, object]:
        """For people and JSON."""
        return {
            "thumbprint": self.thumbprint,
            "name": common_name(self.certificate),
            "application": application_uri(self.certificate),
            "until": f"{self.certificate.not_valid_after_utc:%Y-%m-%d}",
            "trusted": self.trusted,
        }


class TrustList:
    """The folders under `folder`, read anew at each question, so that a decision counts from the next connection on."""

    def __init__(self, folder: Path, most_rejected: int = 100) -> None:
        self.trusted, self.rejected, self.revoked = (folder / name for name in ("trusted", "rejected", "revoked"))
        self._most = most_rejected
        for place in (self.trusted, self.rejected, self.revoked):
            place.mkdir(parents=True, exist_ok=True, mode=0o700)

    def entries(self) -> list[Entry]:
        """All, the trusted ones first."""
        return [*self._in(self.trusted), *self._in(self.rejected)]

    def trusts(self, certificate: x509.Certificate) -> bool:
        """Whether this very certificate, or the authority that issued it, is in the list."""
        return any(
            entry.certificate == certificate or _issued(certificate, entry.certificate)
            for entry in self._in(self.trusted)
        )

    def is_revoked(self, certificate: x509.Certificate) -> bool:
        """Whether a list of its issuer names it."""
        for file in sorted(self.revoked.iterdir()):
            content = file.read_bytes()
            pem = content.startswith(b"-----")
            revoked = x509.load_pem_x509_crl(content) if pem else x509.load_der_x509_crl(content)
            number = certificate.serial_number
            if revoked.issuer == certificate.issuer and revoked.get_revoked_certificate_by_serial_number(number):
                return True
        return False

    def remember(self, certificate: x509.Certificate) -> Entry | None:
        """Keep a stranger's certificate for a decision; None if it is there already. The oldest make room."""
        file = self.rejected / f"{thumbprint(certificate)}.der"
        if file.exists():
            return None
        waiting = sorted(self.rejected.iterdir(), key=lambda entry: entry.stat().st_mtime)
        for old in waiting[: max(len(waiting) - self._most + 1, 0)]:
            old.unlink(missing_ok=True)
        file.write_bytes(certificate.public_bytes(serialization.Encoding.DER))
        return Entry(file, certificate, False)

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

    def add(self, file: Path) -> Entry:
        """Trust the certificate in a file. Raises UnknownCertificate if there is none."""
        try:
            certificate = load_certificate(file)
        except ValueError as problem:
            raise UnknownCertificate(f"{file} is no certificate in DER or PEM: {problem}.") from None
        target = self.trusted / f"{thumbprint(certificate)}.der"
        target.write_bytes(certificate.public_bytes(serialization.Encoding.DER))
        return Entry(target, certificate, True)

    def _move(self, entry: Entry, folder: Path) -> Entry:
        target = folder / f"{entry.thumbprint}.der"
        target.write_bytes(entry.certificate.public_bytes(serialization.Encoding.DER))
        entry.file.unlink()
        return Entry(target, entry.certificate, folder == self.trusted)

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
                    yield Entry(file, load_certificate(file), folder == self.trusted)
                except (OSError, ValueError):
                    continue


def load_certificate(file: Path) -> x509.Certificate:
    """From DER or PEM. Raises ValueError."""
    content = file.read_bytes()
    pem = content.lstrip().startswith(b"-----")
    return x509.load_pem_x509_certificate(content) if pem else x509.load_der_x509_certificate(content)


def _issued(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    """Whether an authority, and not just any trusted client, signed this."""
    try:
        if not authority.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
        certificate.verify_directly_issued_by(authority)
    except (x509.ExtensionNotFound, ValueError, TypeError, InvalidSignature):
        return False
    return True
