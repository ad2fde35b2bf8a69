"""How a server is secured: in teaching everybody on this machine may do all, on a network nobody may do anything
without a certificate and a name (docs/decisions/0020-who-may-connect.md)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from asyncua import ua

from opcua_server.access import Role
from opcua_server.audit import Keep
from opcua_server.bounds import Bounds
from opcua_server.certificates import write_private

AUDIT_NOTE = "audit.path"
POLICIES = [
    ua.SecurityPolicyType.Aes256Sha256RsaPss_SignAndEncrypt,
    ua.SecurityPolicyType.Aes128Sha256RsaOaep_SignAndEncrypt,
    ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt,
    ua.SecurityPolicyType.Aes256Sha256RsaPss_Sign,
    ua.SecurityPolicyType.Aes128Sha256RsaOaep_Sign,
    ua.SecurityPolicyType.Basic256Sha256_Sign,
]


@dataclass(frozen=True)
class Security:
    """Who may connect, and where it is written down.

    `pki` is the folder of certificates, trust list and users; with it channels are secured. `anonymous` is the role of
    those on this machine who give no name, None if there is none for them. `unsecured` also serves channels without
    security. `audit` is the file of the audit log, whose closed files are kept for `audit_days`. From the role
    `history` on the past may be read.
    """

    pki: Path | None = None
    anonymous: Role | None = Role.INSTRUCTOR
    unsecured: bool = True
    audit: Path | None = None
    audit_days: float = Keep.days
    history: Role = Role.OBSERVER
    bounds: Bounds = field(default_factory=Bounds)

    @classmethod
    def plant(
        cls, pki: Path, anonymous: Role | None = Role.OBSERVER, unsecured: bool = False, audit: Path | None = None
    ) -> Security:
        """As in a plant: certificates and users; without a name one may only look, and only on this machine."""
        return cls(pki, anonymous, unsecured, audit or audit_of(pki))

    @property
    def secured(self) -> bool:
        return self.pki is not None

    @property
    def keep(self) -> Keep:
        """When files of the audit log are closed and deleted."""
        return Keep(self.bounds.audit_file, self.audit_days, self.bounds.audit_space)

    @property
    def policies(self) -> list[ua.SecurityPolicyType]:
        """What is offered, the best first."""
        plain = [ua.SecurityPolicyType.NoSecurity] if self.unsecured or not self.secured else []
        return [*(POLICIES if self.secured else []), *plain]

    @property
    def tokens(self) -> list[type]:
        """How users may say who they are."""
        anonymous = [ua.AnonymousIdentityToken] if self.anonymous is not None else []
        return [*anonymous, *([ua.UserNameIdentityToken, ua.X509IdentityToken] if self.secured else [])]


def audit_of(pki: Path) -> Path:
    """The audit log of the server whose folder of certificates this is: where it said, or beside the folder."""
    note = pki / AUDIT_NOTE
    named = Path(note.read_text(encoding="utf-8").strip()) if note.exists() else None
    return named if named is not None and named.parent.is_dir() else pki.parent / "audit.jsonl"


def note_audit(pki: Path, audit: Path) -> None:
    """Say in the folder of certificates where the audit log is, for commands that decide who may connect."""
    write_private(pki / AUDIT_NOTE, f"{audit.resolve()}\n".encode())
