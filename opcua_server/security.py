"""How a server is secured: in teaching everybody on this machine may do all, on a network nobody may do anything
without a certificate and a name (docs/decisions/0020-who-may-connect.md)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from asyncua import ua

from opcua_server.access import Role
from opcua_server.bounds import Bounds

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
    security. `audit` is the file of the audit log. From the role `history` on the past may be read.
    """

    pki: Path | None = None
    anonymous: Role | None = Role.INSTRUCTOR
    unsecured: bool = True
    audit: Path | None = None
    history: Role = Role.OBSERVER
    bounds: Bounds = field(default_factory=Bounds)

    @classmethod
    def plant(
        cls, pki: Path, anonymous: Role | None = Role.OBSERVER, unsecured: bool = False, audit: Path | None = None
    ) -> Security:
        """As in a plant: certificates and users; without a name one may only look, and only on this machine."""
        return cls(pki, anonymous, unsecured, audit or pki / "audit.jsonl")

    @property
    def secured(self) -> bool:
        return self.pki is not None

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
