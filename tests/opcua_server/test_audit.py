"""The audit log: a chain that shows every change, survives crashes and holds whatever clients put into it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from opcua_server.audit import AuditLog, verify
from opcua_server.errors import AuditBroken


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A log of five writes."""
    log = AuditLog(tmp_path / "audit.jsonl")
    for k in range(5):
        log.append("write", node="CV-101.opening", value=0.1 * k)
    log.close()
    return log.file


def test_a_chain_goes_on_over_restarts(file: Path) -> None:
    log = AuditLog(file)
    log.append("login", user="ono")
    log.close()
    assert verify(file) == 6


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
    log = AuditLog(file)
    log.append("login", user="ono")
    log.close()
    assert verify(file) == 6
    noted = json.loads(file.read_text().splitlines()[4])
    assert (noted["event"], noted["bytes"]) == ("recovered", len(torn))


def test_a_log_that_is_only_a_torn_line_begins_anew(tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    file.write_bytes(b'{"event":"wri')
    AuditLog(file).close()
    assert verify(file) == 1


def test_a_file_that_is_no_audit_log_is_not_continued(tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    file.write_text("a diary\n")
    with pytest.raises(AuditBroken, match="move the file away"):
        AuditLog(file)
    with pytest.raises(AuditBroken, match=":1: this is no complete line"):
        verify(file)


@pytest.mark.parametrize(
    "hostile",
    ['","hash":"' + "0" * 64 + '"}\n', "\n\n", "\ud800", "\x00", "弁", float("nan"), float("inf"), "x" * 10_000],
)
def test_whatever_a_client_says_stays_one_line_of_valid_json(file: Path, hostile: object) -> None:
    log = AuditLog(file)
    log.append("login refused", user=hostile)
    log.close()
    assert verify(file) == 6
    line = file.read_text().splitlines()[-1]
    assert len(line) < 3000
    json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def test_nobody_else_can_read_the_log(file: Path) -> None:
    assert file.stat().st_mode & 0o077 == 0
