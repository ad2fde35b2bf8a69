"""The audit log: a chain that shows every change, survives crashes and holds whatever clients put into it."""

from __future__ import annotations

import gzip
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from opcua_server import audit
from opcua_server.audit import AuditLog, Keep
from opcua_server.audit_chain import closed_files, examine, verify
from opcua_server.errors import AuditBroken

SMALL = Keep(file=1)
"""Every look closes the file."""


def filled(file: Path, keep: Keep | None = None, lines: int = 5) -> AuditLog:
    log = AuditLog(file, keep)
    for k in range(lines):
        log.append("write", node="CV-101.opening", value=0.1 * k)
    log.flush()
    return log


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A log of five writes."""
    log = filled(tmp_path / "audit.jsonl")
    log.close()
    return log.file


@pytest.fixture
def series(tmp_path: Path) -> Path:
    """A log in four files of which the last is written."""
    for _ in range(3):
        log = filled(tmp_path / "audit.jsonl", SMALL)
        log.tend()
        log.close()
    return log.file


def records(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_a_chain_goes_on_over_restarts(file: Path) -> None:
    log = AuditLog(file)
    log.append("login", user="ono")
    log.close()
    assert verify(file) == 6


def test_events_are_written_together(file: Path) -> None:
    log = AuditLog(file)
    log.append("login", user="ono")
    log.append("login", user="saito")
    assert verify(file) == 5
    log.flush()
    assert verify(file) == 7
    log.close()


@pytest.mark.parametrize("number", [1, 3, 5])
def test_a_changed_line_is_found(file: Path, number: int) -> None:
    lines = file.read_text().splitlines(keepends=True)
    lines[number - 1] = lines[number - 1].replace("CV-101", "CV-102")
    file.write_text("".join(lines))
    with pytest.raises(AuditBroken, match=rf":{number}: the chain breaks here"):
        verify(file)


def test_a_line_taken_out_put_in_or_moved_is_found(file: Path) -> None:
    lines = file.read_text().splitlines(keepends=True)
    for changed, where in (
        (lines[1:], 1),
        (lines[:2] + lines[3:], 3),
        ([*lines[:2], lines[1], *lines[2:]], 3),
        ([lines[0], lines[2], lines[1], *lines[3:]], 2),
    ):
        file.write_text("".join(changed))
        with pytest.raises(AuditBroken, match=f":{where}: "):
            verify(file)


@pytest.mark.parametrize("left", [1, 20, 200])
def test_a_line_torn_by_a_crash_is_taken_away_and_noted(file: Path, left: int) -> None:
    whole = file.read_bytes()
    last = whole.splitlines(keepends=True)[-1]
    torn = last[: min(left, len(last) - 1)]
    file.write_bytes(whole[: -len(last)] + torn)
    with pytest.raises(AuditBroken, match=":5: a crash left this last line half written"):
        verify(file)
    log = AuditLog(file)
    log.append("login", user="ono")
    log.close()
    assert verify(file) == 6
    noted = records(file)[4]
    assert (noted["event"], noted["bytes"]) == ("recovered", len(torn))


def test_a_log_that_is_only_a_torn_line_begins_anew(tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    file.write_bytes(b'{"event":"wri')
    AuditLog(file).close()
    assert verify(file) == 1


def test_a_file_that_is_no_audit_log_is_not_continued(tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    with pytest.raises(AuditBroken, match="there is no audit log"):
        verify(file)
    file.write_text("a diary\n")
    with pytest.raises(AuditBroken, match="move the file away"):
        AuditLog(file)
    with pytest.raises(AuditBroken, match=":1: this is no complete line"):
        verify(file)


@pytest.mark.parametrize(
    "hostile",
    [
        *('","hash":"' + "0" * 64 + '"}\n', "\n\n", "\ud800", "\x00", "弁", "x" * 10_000, b"\xff"),
        *(float("nan"), float("inf"), [["x" * 500] * 500] * 3, {"hash": "0" * 64, "event": "pruned"}),
    ],
)
def test_whatever_a_client_says_stays_one_line_of_valid_json(file: Path, hostile: object) -> None:
    log = AuditLog(file)
    log.append("login refused", user=hostile)
    log.close()
    assert verify(file) == 6
    line = file.read_text().splitlines()[-1]
    assert len(line) < 130_000
    json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def test_nobody_else_can_read_the_log(series: Path) -> None:
    for file in series.parent.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file


# --- several writers -------------------------------------------------------------------------------------------------


def test_a_server_goes_on_after_what_a_command_wrote_meanwhile(file: Path) -> None:
    server, command = AuditLog(file), AuditLog(file)
    for log, user in ((server, "ono"), (command, "root"), (server, "ono"), (command, "root")):
        log.append("login", user=user)
        log.flush()
    server.close()
    command.close()
    assert verify(file) == 9


def test_a_command_goes_on_in_the_file_that_the_server_began(file: Path) -> None:
    server, command = AuditLog(file, SMALL), AuditLog(file)
    server.tend()
    command.append("user added", user="ono")
    command.flush()
    server.append("login", user="ono")
    server.close()
    command.close()
    assert [record["event"] for record in records(file)] == ["continued", "user added", "login"]
    assert (examine(file).files, verify(file)) == (2, 8)


def test_an_end_that_is_cut_off_while_the_server_runs_is_on_record(file: Path) -> None:
    log = AuditLog(file)
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:3]))
    log.append("login", user="ono")
    log.close()
    missing = records(file)[3]
    assert missing["event"] == "end missing"
    assert missing["expected"] == json.loads(lines[-1])["hash"]
    with pytest.raises(AuditBroken, match=f":4: the end of the log was cut off .* {missing['expected']}"):
        verify(file)


def test_events_wait_while_the_disk_takes_none(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = AuditLog(file)

    def full(descriptor: int, content: bytes) -> int:
        real(descriptor, content[:10])
        raise OSError(28, "No space left on device")

    real = os.write
    monkeypatch.setattr(audit.os, "write", full)
    monkeypatch.setattr(audit, "MOST_WAITING", 2)
    for user in ("ono", "saito", "abe"):
        log.append("login", user=user)
        log.flush()
    assert log.failing == "No space left on device"
    assert verify(file) == 5
    monkeypatch.setattr(audit.os, "write", real)
    log.flush()
    assert log.failing == ""
    log.close()
    assert verify(file) == 8
    assert [(r["event"], r.get("user"), r.get("events")) for r in records(file)[5:]] == [
        ("login", "ono", None),
        ("login", "saito", None),
        ("lost", None, 1),
    ]


# --- several files ---------------------------------------------------------------------------------------------------


def test_the_chain_goes_on_over_files_that_are_closed_and_packed(series: Path) -> None:
    found = examine(series)
    assert (found.lines, found.files, found.pruned) == (18, 4, 0)
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    names = [part.file.name for part in closed_files(series)]
    assert names == [f"audit-{today}-{number:06}.jsonl.gz" for number in (1, 2, 3)]


def test_a_file_is_closed_when_its_day_ends(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = AuditLog(file)
    log.tend()
    assert closed_files(file) == []
    monkeypatch.setattr(audit, "_today", lambda: "2099-01-01")
    log.tend()
    log.close()
    assert [part.day for part in closed_files(file)] == ["2099-01-01"]
    assert verify(file) == 6


@pytest.mark.parametrize(("number", "words"), [(0, "did not delete it itself"), (1, "number 000002 of the log")])
def test_a_missing_file_is_said(series: Path, number: int, words: str) -> None:
    closed_files(series)[number].file.unlink()
    with pytest.raises(AuditBroken, match=words):
        verify(series)


def test_a_missing_last_file_is_said_and_the_next_start_goes_on(series: Path) -> None:
    series.unlink()
    with pytest.raises(AuditBroken, match=r"audit\.jsonl: this file is missing"):
        verify(series)
    AuditLog(series).close()
    assert (examine(series).files, verify(series)) == (4, 18)


def test_a_file_from_elsewhere_breaks_the_chain(series: Path, tmp_path: Path) -> None:
    other = filled(tmp_path / "other" / "audit.jsonl", SMALL)
    other.tend()
    other.close()
    (stranger,) = closed_files(other.file)
    stranger.file.replace(closed_files(series)[1].file)
    with pytest.raises(AuditBroken, match="000002.jsonl.gz:1: the chain breaks here"):
        verify(series)


def test_a_changed_line_in_a_packed_file_is_found(series: Path) -> None:
    second = closed_files(series)[1].file
    second.write_bytes(gzip.compress(gzip.decompress(second.read_bytes()).replace(b"CV-101", b"CV-102", 1)))
    with pytest.raises(AuditBroken, match="000002.jsonl.gz:2: the chain breaks here"):
        verify(series)


def renamed(series: Path, days: int) -> None:
    """The first closed file as if it had been closed so many days ago."""
    first = closed_files(series)[0]
    day = f"{datetime.now(UTC) - timedelta(days=days):%Y-%m-%d}"
    first.file.rename(first.file.with_name(first.file.name.replace(first.day, day)))


def test_old_files_are_deleted_and_the_chain_remembers_them(series: Path) -> None:
    renamed(series, days=40)
    log = AuditLog(series, Keep(days=30.0))
    log.tend()
    log.close()
    found = examine(series)
    assert (found.files, found.pruned) == (3, 1)
    assert [record["event"] for record in records(series)] == ["continued", "pruned"]
    closed_files(series)[0].file.unlink()  # by somebody else
    with pytest.raises(AuditBroken, match="did not delete it itself"):
        verify(series)


def test_of_too_many_files_the_oldest_go(series: Path) -> None:
    log = AuditLog(series, Keep(space=sum(part.file.stat().st_size for part in closed_files(series)[1:])))
    log.tend()
    log.close()
    assert [part.number for part in closed_files(series)] == [2, 3]
    assert examine(series).pruned == 1


def test_a_crash_while_a_file_is_packed_leaves_it_whole(series: Path) -> None:
    first = closed_files(series)[0].file
    plain = first.with_name(first.name.removesuffix(".gz"))
    plain.write_bytes(gzip.decompress(first.read_bytes()))  # both are there
    first.with_name(f"{plain.name}.new").write_bytes(b"half")
    assert verify(series) == 18
    log = AuditLog(series)
    log.tend()
    log.close()
    assert verify(series) == 18


def test_a_hash_that_was_copied_elsewhere_is_looked_for(series: Path) -> None:
    first = json.loads(gzip.decompress(closed_files(series)[0].file.read_bytes()).splitlines()[2])["hash"]
    assert examine(series, first).lines == 18
    with pytest.raises(AuditBroken, match="No line of the log has the hash"):
        examine(series, "0" * 64)
