"""Users of a server: names with roles, and for each a scrypt hash of a password, a certificate, or both."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from opcua_server.access import Role
from opcua_server.certificates import write_private
from opcua_server.errors import UserRefused

N, R, P = 1 << 15, 8, 1
"""Cost of scrypt (RFC 7914): 32 MiB and some 80 ms for a try."""
LEAST_PASSWORD = 8
NAME = re.compile(r"[A-Za-z0-9._@-]{1,64}")


@dataclass(frozen=True)
class Account:
    """One user."""

    name: str
    role: Role
    salt: bytes = b""
    hash: bytes = b""
    thumbprint: str = ""
    """SHA-256 of the certificate by which the user may log in."""

    def matches(self, password: str) -> bool:
        """Whether this is the password. Takes as long when there is none."""
        given = hash_password(password, self.salt or b"\0" * 16)
        return hmac.compare_digest(given, self.hash)


NOBODY = Account("", Role.OBSERVER)
"""Whose password is tried when a name is unknown, so that the answer takes as long."""


def hash_password(password: str, salt: bytes) -> bytes:
    """scrypt of a password."""
    return hashlib.scrypt(password.encode(errors="surrogateescape"), salt=salt, n=N, r=R, p=P, maxmem=1 << 26)


class Users:
    """The file of users; read anew when it has changed."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._stamp: tuple[int, int, int] | None = None
        self._accounts: dict[str, Account] = {}

    def all(self) -> dict[str, Account]:
        """By name."""
        stamp = self.stamp()
        if stamp is None:
            return {}
        if stamp != self._stamp:
            self._accounts, self._stamp = self._read(), stamp
        return self._accounts

    def stamp(self) -> tuple[int, int, int] | None:
        """Differs when the file has changed; None without one."""
        try:
            stat = self.file.stat()
        except FileNotFoundError:
            return None
        return stat.st_mtime_ns, stat.st_size, stat.st_ino

    def by_certificate(self, thumbprint: str) -> Account | None:
        """Whose certificate this is."""
        return next((found for found in self.all().values() if found.thumbprint == thumbprint), None)

    def add(self, name: str, role: str, password: str | None = None, thumbprint: str = "") -> Account:
        """A new user. Raises UserRefused."""
        if not NAME.fullmatch(name):
            raise UserRefused(f'"{name}" is no name of a user: letters, digits and . _ @ - make one, up to 64 of them.')
        if name in self.all():
            raise UserRefused(f'There is a user "{name}" already; remove it first, or give it a new password.')
        if password is None and not thumbprint:
            raise UserRefused(f'User "{name}" needs a password or a certificate.')
        account = Account(name, role_of(role), thumbprint=thumbprint)
        self._write({**self.all(), name: account if password is None else _with_password(account, password)})
        return self.all()[name]

    def set_password(self, name: str, password: str) -> None:
        """Raises UserRefused."""
        self._write({**self.all(), name: _with_password(self.known(name), password)})

    def set_role(self, name: str, role: str) -> Account:
        """Raises UserRefused."""
        self._write({**self.all(), name: replace(self.known(name), role=role_of(role))})
        return self.all()[name]

    def remove(self, name: str) -> None:
        """Raises UserRefused."""
        self.known(name)
        self._write({other: account for other, account in self.all().items() if other != name})

    def known(self, name: str) -> Account:
        """The account of this name. Raises UserRefused."""
        try:
            return self.all()[name]
        except KeyError:
            raise UserRefused(f'There is no user "{name}" in {self.file}; `hetwin user list` shows all.') from None

    def _read(self) -> dict[str, Account]:
        try:
            rows = json.loads(self.file.read_text(encoding="utf-8"))["users"]
            return {row["name"]: _from_row(row) for row in rows}
        except (ValueError, KeyError, TypeError) as problem:
            raise UserRefused(
                f"{self.file}: expected a file of users as `hetwin user` writes it ({problem})."
            ) from None

    def _write(self, accounts: dict[str, Account]) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        rows = [_row(account) for account in accounts.values()]
        write_private(self.file, json.dumps({"users": rows}, indent=1).encode())
        self._stamp = None


def role_of(word: str) -> Role:
    """A role by its name. Raises UserRefused."""
    try:
        return Role[word.upper()]
    except KeyError:
        words = ", ".join(role.word for role in Role)
        raise UserRefused(f'"{word}" is no role; expected one of {words}.') from None


def _with_password(account: Account, password: str) -> Account:
    if len(password) < LEAST_PASSWORD:
        raise UserRefused(f"A password has {LEAST_PASSWORD} characters at least, this one has {len(password)}.")
    salt = os.urandom(16)
    return replace(account, salt=salt, hash=hash_password(password, salt))


def _row(account: Account) -> dict[str, Any]:
    return {
        "name": account.name,
        "role": account.role.word,
        "salt": base64.b64encode(account.salt).decode(),
        "scrypt": base64.b64encode(account.hash).decode(),
        "certificate": account.thumbprint,
    }


def _from_row(row: dict[str, Any]) -> Account:
    salt, hashed = base64.b64decode(row["salt"]), base64.b64decode(row["scrypt"])
    return Account(row["name"], role_of(row["role"]), salt, hashed, row["certificate"])
