"""The file of users: scrypt hashes that only the server reads, and what is refused."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from opcua_server.access import Role
from opcua_server.errors import UserRefused
from opcua_server.users import NOBODY, Users


@pytest.fixture
def users(tmp_path: Path) -> Users:
    """One operator."""
    users = Users(tmp_path / "pki" / "users.json")
    users.add("ono", "operator", "correct horse")
    return users


def test_a_password_is_known_again_and_not_written_down(users: Users) -> None:
    account = Users(users.file).all()["ono"]
    assert account.role is Role.OPERATOR
    assert account.matches("correct horse")
    assert not account.matches("correct hors")
    assert not account.matches("")
    assert "correct" not in users.file.read_text()
    assert stat.S_IMODE(users.file.stat().st_mode) == 0o600


def test_two_users_of_one_password_have_different_hashes(users: Users) -> None:
    other = users.add("saito", "engineer", "correct horse")
    assert other.hash != users.all()["ono"].hash


def test_nobody_has_a_password(users: Users) -> None:
    assert not NOBODY.matches("")


def test_passwords_change_and_users_go_while_a_server_reads_the_file(users: Users) -> None:
    server = Users(users.file)
    assert server.all()["ono"].matches("correct horse")
    users.set_password("ono", "battery staple")
    assert server.all()["ono"].matches("battery staple")
    users.remove("ono")
    assert server.all() == {}


def test_what_makes_no_user_is_said_in_a_sentence(users: Users) -> None:
    for name, role, password, words in (
        ("ono", "observer", "long enough", "already"),
        ("a b", "observer", "long enough", "no name of a user"),
        ("abe", "king", "long enough", "observer, operator, engineer, instructor"),
        ("abe", "observer", "short", "8 characters"),
        ("abe", "observer", None, "a password or a certificate"),
    ):
        with pytest.raises(UserRefused, match=words):
            users.add(name, role, password)
    with pytest.raises(UserRefused, match="hetwin user list"):
        users.remove("abe")


def test_a_file_that_is_none_of_users_is_said(users: Users) -> None:
    users.file.write_text("[]")
    with pytest.raises(UserRefused, match="expected a file of users"):
        users.all()
