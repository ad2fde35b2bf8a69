"""Who a user is: nobody, a name with its password, or a certificate (Part 4, 7.41)."""

from __future__ import annotations

import asyncio
import logging
import struct
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from asyncua import ua
from asyncua.common.utils import ServiceError
from asyncua.crypto import uacrypto
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from opcua_server.access import Person, Role
from opcua_server.errors import UserRefused
from opcua_server.lockout import Lockout
from opcua_server.lockout_file import LockoutFile
from opcua_server.users import NOBODY, Account, Users

if TYPE_CHECKING:
    from opcua_server.channel import Channel
    from opcua_server.session import Session

DECRYPT = {
    "http://www.w3.org/2001/04/xmlenc#rsa-oaep": uacrypto.decrypt_rsa_oaep,
    "http://opcfoundation.org/UA/security/rsa-oaep-sha2-256": uacrypto.decrypt_rsa_oaep_sha256,
}
"""Not RSA 1.5, whose padding can be guessed."""
VERIFY = {
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256": uacrypto.verify_sha256,
    "http://opcfoundation.org/UA/security/rsa-pss-sha2-256": uacrypto.verify_pss_sha256,
}
TRIES = 2
"""Passwords that are checked at the same time; each takes 32 MiB."""
LONGEST_PASSWORD = 256
LONGEST_NAME = 65
"""One more than a user's name can have: what is longer is nobody's, and is not kept in full."""

REJECTED, INVALID, DENIED = (
    ua.StatusCodes.BadIdentityTokenRejected,
    ua.StatusCodes.BadIdentityTokenInvalid,
    ua.StatusCodes.BadUserAccessDenied,
)


log = logging.getLogger(__name__)


class Identities:
    """Finds out who is at the other end, and makes those wait who guess; `locked_out` hears of it, with name and time
    [s]. Who has to wait is known to the next run of the server too if there is a file for it (`kept`)."""

    def __init__(
        self,
        users: Users | None,
        anonymous: Role | None,
        lockout: Lockout,
        core: Any,
        locked_out: Callable[[Session, str, float], None],
        kept: LockoutFile | None = None,
    ) -> None:
        self._locked_out = locked_out
        self._users = users
        self._anonymous = anonymous
        self._lockout = lockout
        self._core = core
        self._tries, self._writing = asyncio.Semaphore(TRIES), asyncio.Lock()
        self._kept = kept
        lockout.remember(kept.read() if kept is not None else ())

    @property
    def failing(self) -> bool:
        """Whether failures cannot be written down."""
        return self._kept is not None and self._kept.failing

    async def ended(self) -> list[str]:
        """Once a second: the users and addresses who need not wait any longer; what is not yet on disk is written."""
        await self._keep()
        return self._lockout.ended()

    async def of(self, session: Session, params: Any, channel: Channel, local: bool) -> Person:
        """The person. Raises ServiceError with the status of what is wrong with the token."""
        token = params.UserIdentityToken
        if isinstance(token, ua.AnonymousIdentityToken) or _is_null(token):
            if self._anonymous is None or not local:
                raise ServiceError(REJECTED)
            return Person(rank=self._anonymous)
        if self._users is None:
            raise ServiceError(REJECTED)
        if isinstance(token, ua.UserNameIdentityToken):
            return await self._by_password(self._users, session, token, channel)
        if isinstance(token, ua.X509IdentityToken):
            return await self._by_certificate(self._users, session, token, params.UserTokenSignature)
        raise ServiceError(INVALID)

    async def _by_password(self, users: Users, session: Session, token: Any, channel: Channel) -> Person:
        name = str(token.UserName or "")[:LONGEST_NAME]
        password = self._password(token, session, channel)
        keys = (f"user {name}", f"address {session.address}")
        self._refuse_locked(name, keys)
        account = _accounts(users).get(name, NOBODY)
        async with self._tries:
            self._refuse_locked(name, keys)  # others may have guessed while this one waited for its turn
            known = await asyncio.to_thread(account.matches, password)
            if not known or account is NOBODY:
                await self._fail(session, name, keys)
                raise Unknown(name)
        self._lockout.succeeded(keys)
        return _person(account, "UserName")

    def _password(self, token: Any, session: Session, channel: Channel) -> str:
        """The password of a token, in clear only where the channel encrypts."""
        secret = token.Password or b""
        if not token.EncryptionAlgorithm:
            if not channel.encrypted or len(secret) > LONGEST_PASSWORD:
                raise ServiceError(REJECTED)
            return bytes(secret).decode(errors="surrogateescape")
        decrypt = DECRYPT.get(token.EncryptionAlgorithm)
        if decrypt is None:
            raise ServiceError(REJECTED)
        try:
            plain = decrypt(self._core.private_key, secret)
            (length,) = struct.unpack_from("<I", plain)
        except Exception:
            raise ServiceError(INVALID) from None
        nonce = session.nonce or b""
        content = plain[4 : 4 + length]
        if len(content) != length or not content.endswith(nonce) or length - len(nonce) > LONGEST_PASSWORD:
            raise ServiceError(INVALID)  # said for another session
        return bytes(content[: length - len(nonce)]).decode(errors="surrogateescape")

    async def _by_certificate(self, users: Users, session: Session, token: Any, signature: Any) -> Person:
        verify = VERIFY.get(signature.Algorithm or "")
        keys = (f"address {session.address}",)
        self._refuse_locked("", keys)
        if verify is None:
            raise ServiceError(ua.StatusCodes.BadUserSignatureInvalid)
        try:
            certificate = x509.load_der_x509_certificate(token.CertificateData or b"")
            signed = uacrypto.der_from_x509(self._core.certificate) + (session.nonce or b"")
            verify(certificate, signed, signature.Signature or b"")
        except Exception:
            await self._fail(session, "", keys)
            raise ServiceError(ua.StatusCodes.BadUserSignatureInvalid) from None
        _accounts(users)
        account = users.by_certificate(certificate.fingerprint(hashes.SHA256()).hex())
        now = datetime.now(UTC)
        if account is None or not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            await self._fail(session, "", keys)
            raise ServiceError(REJECTED)
        return _person(account, "Certificate")

    def _refuse_locked(self, name: str, keys: tuple[str, ...]) -> None:
        """Raises Locked while the user or the address has to wait."""
        if (wait := self._lockout.wait(keys)) > 0.0:
            raise Locked(name, wait)

    async def _fail(self, session: Session, name: str, keys: tuple[str, ...]) -> None:
        """Count a failure, on disk before the client hears of it; a lock-out that begins with it is on record."""
        self._lockout.failed(keys)
        if (wait := self._lockout.wait(keys)) > 0.0:
            self._locked_out(session, name, wait)
        await self._keep()

    async def _keep(self) -> None:
        """Write down what has changed."""
        async with self._writing:
            if self._kept is None or not self._lockout.changed:
                return
            self._lockout.changed = False
            self._lockout.changed |= not await asyncio.to_thread(self._kept.write, self._lockout.rows())


class Unknown(ServiceError):
    """A name that does not exist or whose password this is not; the client does not learn which."""

    def __init__(self, name: str) -> None:
        super().__init__(DENIED)
        self.name = name


class Locked(Unknown):
    """A user or an address that has to wait `seconds`."""

    def __init__(self, name: str, seconds: float) -> None:
        super().__init__(name)
        self.seconds = seconds


def _person(account: Account, by: str) -> Person:
    proof = account.hash if by == "UserName" else account.thumbprint
    return Person(name=account.name, rank=account.role, by=by, proof=proof)


def _accounts(users: Users) -> dict[str, Account]:
    """All of them. Raises ServiceError if the file cannot be read: then nobody is known."""
    try:
        return users.all()
    except (OSError, UserRefused) as problem:
        log.error("Nobody can log in: %s", problem)
        raise ServiceError(REJECTED) from None


def _is_null(token: Any) -> bool:
    return token is None or (isinstance(token, ua.ExtensionObject) and token.TypeId == ua.NodeId(ua.ObjectIds.Null))
