"""A restart forgives nobody: failed logins on disk, and what becomes of them when the file or the clock is wrong."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from asyncua import ua
from cryptography.hazmat.primitives.asymmetric import rsa

from opcua_server.audit_chain import verify
from opcua_server.bounds import Bounds
from opcua_server.lockout import FORGIVEN, MEMORY, Lockout
from opcua_server.lockout_file import LARGEST, NAME, LockoutFile

from .secured import PASSWORD, Site, certificate
from .test_lockout import Time
from .test_security import events

LONG = Bounds(free_failures=2, first_wait=60.0)


def kept(tmp_path: Path, wall: Time) -> LockoutFile:
    return LockoutFile(tmp_path / NAME, wall)


def locked(failures: int, free: int = 1, longest: float = 300.0, time: Time | None = None) -> Lockout:
    """After so many failures of one user."""
    made = Lockout(free, 10.0, longest, time or Time())
    for _ in range(failures):
        made.failed(["user ono"])
    return made


def again(file: LockoutFile, free: int = 1, longest: float = 300.0) -> Lockout:
    """As the next run of the server has it."""
    made = Lockout(free, 10.0, longest, Time())
    made.remember(file.read())
    return made


def test_the_next_run_waits_for_the_rest_of_the_time(tmp_path: Path) -> None:
    wall = Time()
    file = kept(tmp_path, wall)
    assert file.write(locked(2).rows())
    wall.now = 15.0
    assert again(file).wait(["user ono"]) == 5.0


def test_the_next_run_goes_on_doubling(tmp_path: Path) -> None:
    file = kept(tmp_path, Time())
    file.write(locked(2).rows())
    found = again(file)
    found.failed(["user ono"])
    assert found.wait(["user ono"]) == 40.0


def test_what_is_old_enough_is_forgiven_by_the_next_run_too(tmp_path: Path) -> None:
    wall = Time()
    file = kept(tmp_path, wall)
    file.write(locked(1).rows())
    wall.now = FORGIVEN + 10.5
    assert again(file).rows() == []


def test_a_clock_that_was_set_back_makes_nobody_wait_longer_than_the_longest_wait(tmp_path: Path) -> None:
    wall = Time()
    wall.now = 1e9
    file = kept(tmp_path, wall)
    file.write(locked(9).rows())
    wall.now = 0.0
    assert again(file).wait(["user ono"]) == 300.0


def test_a_clock_that_is_set_forward_within_a_run_ends_no_wait(tmp_path: Path) -> None:
    wall, time = Time(), Time()
    file, lockout = kept(tmp_path, wall), locked(3, time=time)
    wall.now = 1e9
    file.write(lockout.rows())
    assert lockout.wait(["user ono"]) == 40.0
    assert again(file).wait(["user ono"]) == 40.0


def test_only_its_owner_can_read_the_file(tmp_path: Path) -> None:
    file = kept(tmp_path, Time())
    file.write(locked(1).rows())
    assert stat.S_IMODE(file.file.stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"{", b"[]", b'{"failures": 3}', b"[" * 100_000])
def test_a_damaged_file_is_set_aside_and_logins_go_on(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    file = kept(tmp_path, Time())
    file.file.write_bytes(content)
    assert file.read() == []
    assert file.file.with_name(f"{NAME}.damaged").read_bytes() == content
    assert "cannot be read" in caplog.text
    assert file.write(locked(1).rows())
    assert again(file).wait(["user ono"]) == 10.0


def test_a_file_of_any_size_is_not_read(tmp_path: Path) -> None:
    file = kept(tmp_path, Time())
    with file.file.open("wb") as target:
        target.truncate(LARGEST + 1)
    assert file.read() == []


@pytest.mark.parametrize(
    "row",
    [
        None,
        {},
        {"who": 3, "count": 3, "last": 0.0},
        {"who": "x" * 1000, "count": 3, "last": 0.0},
        {"who": "user abe", "count": -1, "last": 0.0},
        {"who": "user abe", "count": 1.5, "last": 0.0},
        {"who": "user abe", "count": True, "last": 0.0},
        {"who": "user abe", "count": 3, "last": "now"},
        {"who": "user abe", "count": 3, "last": float("nan")},
        {"who": "user abe", "count": 3, "last": 10**400},
    ],
)
def test_a_row_that_makes_no_sense_costs_the_others_nothing(tmp_path: Path, row: Any) -> None:
    file = kept(tmp_path, Time())
    good = {"who": "user ono", "count": 2, "last": 0.0}
    file.file.write_text(json.dumps({"failures": [row, good]}))
    assert again(file).rows() == [("user ono", 2, 0.0)]


def test_a_count_without_end_waits_the_longest_time(tmp_path: Path) -> None:
    file = kept(tmp_path, Time())
    file.file.write_text(json.dumps({"failures": [{"who": "user ono", "count": 10**30, "last": 0.0}]}))
    assert again(file).wait(["user ono"]) == 300.0


def test_no_more_is_read_than_is_remembered_and_that_the_latest(tmp_path: Path) -> None:
    file = kept(tmp_path, Time())
    rows = [{"who": f"user {k}", "count": 2, "last": 0.0} for k in range(MEMORY + 5)]
    file.file.write_text(json.dumps({"failures": rows}))
    found = file.read()
    assert len(found) == MEMORY
    assert found[-1][0] == f"user {MEMORY + 4}"


def test_full_memory_of_the_longest_names_is_read_again(tmp_path: Path) -> None:
    file = kept(tmp_path, Time())
    longest = 60 * "\U0001f409"
    file.write([(f"user {longest}{k:05}", 2, 0.0) for k in range(MEMORY)])
    assert len(file.read()) == MEMORY


def test_a_disk_that_takes_nothing_is_said_once_and_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "pki"
    folder.write_text("this is no folder")
    file = LockoutFile(folder / NAME, Time())
    assert not file.write(locked(2).rows())
    assert not file.write(locked(2).rows())
    assert file.failing
    assert caplog.text.count("cannot be kept") == 1
    folder.unlink()
    assert file.write(locked(2).rows())
    assert not file.failing


def test_who_has_waited_is_told_of_once() -> None:
    time = Time()
    lockout = locked(1, time=time)
    assert lockout.ended() == []
    time.now = 10.0
    assert lockout.ended() == ["user ono"]
    assert lockout.ended() == []


# --- a server that is started again ----------------------------------------------------------------------------------


async def guess(site: Site, mine: bytes, user: str = "ono", password: str = "wrong horse") -> None:
    with pytest.raises(ua.uaerrors.BadUserAccessDenied):
        async with site.client(mine, user=user, password=password):
            pass


async def test_a_user_who_was_locked_is_locked_after_a_restart(site: Site, key: rsa.RSAPrivateKey) -> None:
    mine = certificate(key)
    site.trust.add(site.client_file(mine))
    site.users.add("ono", "operator", PASSWORD)
    async with site.serving(bounds=LONG):
        await guess(site, mine)
        await guess(site, mine)
    async with site.serving(bounds=LONG):
        await guess(site, mine, password=PASSWORD)
    refused = [event for event in events(site.audit) if event["event"] == "login refused"]
    assert ["locked" in event for event in refused] == [False, False, True]


async def test_a_failure_is_on_disk_before_the_client_hears_of_it(site: Site, key: rsa.RSAPrivateKey) -> None:
    mine = certificate(key)
    site.trust.add(site.client_file(mine))
    async with site.serving(bounds=LONG):
        await guess(site, mine, user="somebody")
        found = LockoutFile(site.pki / NAME).read()
    assert [(who, count) for who, count, _ in found] == [("user somebody", 1), ("address 127.0.0.1", 1)]


async def test_a_login_that_succeeds_is_forgiven_after_a_restart_too(site: Site, key: rsa.RSAPrivateKey) -> None:
    mine = certificate(key)
    site.trust.add(site.client_file(mine))
    site.users.add("ono", "operator", PASSWORD)
    async with site.serving(bounds=LONG) as server:
        await guess(site, mine)
        async with site.client(mine, user="ono"):
            pass
        await server._server.guard.release()
    assert LockoutFile(site.pki / NAME).read() == []


async def test_the_end_of_a_lock_out_is_on_record(site: Site, key: rsa.RSAPrivateKey) -> None:
    mine = certificate(key)
    site.trust.add(site.client_file(mine))
    async with site.serving(bounds=Bounds(free_failures=1, first_wait=0.001)) as server:
        await guess(site, mine, user="ghost")
        for _ in range(2):
            await server._server.guard.release()
    over = [event for event in events(site.audit) if event["event"] == "lock-out ended"]
    assert sorted((event.get("user"), event.get("address")) for event in over if "user" in event) == [("ghost", None)]
    assert [event["address"] for event in over if "address" in event] == ["127.0.0.1"]
    assert verify(site.audit) == len(events(site.audit))


async def test_a_name_that_nobody_can_have_is_not_kept_in_full(site: Site, key: rsa.RSAPrivateKey) -> None:
    mine = certificate(key)
    site.trust.add(site.client_file(mine))
    async with site.serving(bounds=LONG):
        await guess(site, mine, user="x" * 5000)
    ((who, _, _), _) = LockoutFile(site.pki / NAME).read()
    assert len(who) < 100


async def test_while_failures_cannot_be_kept_the_server_says_so(site: Site, key: rsa.RSAPrivateKey) -> None:
    mine = certificate(key)
    site.trust.add(site.client_file(mine))
    (site.pki / NAME / "a folder in its place").mkdir(parents=True)
    (site.pki / f"{NAME}.damaged" / "another").mkdir(parents=True)
    async with site.serving(bounds=LONG) as server:
        await guess(site, mine)
        assert server.kept.failing() == ["failed logins"]
