"""`hetwin trust`, `user` and `audit` as a user types them, and what `serve --secure` makes of its options."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from hetwin.cli import main
from hetwin.serve import security
from opcua_server.access import Role
from opcua_server.audit import AuditLog
from opcua_server.certificates import own_certificate
from opcua_server.errors import UserRefused
from opcua_server.trust import TrustList


@pytest.fixture
def hetwin(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """`hetwin("user", "list")` -> exit code, what was printed, what was complained."""

    def run(*arguments: object, stdin: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["hetwin", *map(str, arguments)])
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return run


def test_users_are_added_changed_listed_and_removed(hetwin: Any, tmp_path: Path) -> None:
    pki = ("--pki", tmp_path)
    added = hetwin("user", "add", "ono", "--role", "operator", "--password-stdin", *pki, stdin="correct horse\n")
    assert added[:2] == (0, "Added: ono, operator.\n")
    assert hetwin("user", "password", "ono", "--password-stdin", *pki, stdin="battery staple\n")[0] == 0
    (row,) = json.loads(hetwin("user", "list", "--json", *pki)[1])
    assert (row["user"], row["role"], row["password"]) == ("ono", "operator", True)
    assert hetwin("user", "remove", "ono", *pki)[0] == 0
    code, _, complaint = hetwin("user", "remove", "ono", *pki)
    assert code == 2
    assert 'There is no user "ono"' in complaint


def test_certificates_are_listed_accepted_rejected_added_and_removed(hetwin: Any, tmp_path: Path) -> None:
    pki = ("--pki", tmp_path / "pki")
    client, _ = own_certificate(tmp_path / "client", "client", "")
    entry = TrustList(tmp_path / "pki").remember(client)
    assert entry is not None
    for command, trusted in (("accept", True), ("reject", False)):
        assert hetwin("trust", command, entry.thumbprint[:10], *pki)[0] == 0
        (row,) = json.loads(hetwin("trust", "list", "--json", *pki)[1])
        assert (row["thumbprint"], row["trusted"]) == (entry.thumbprint, trusted)
    assert hetwin("trust", "remove", entry.thumbprint, *pki)[0] == 0
    assert hetwin("trust", "add", tmp_path / "client" / "certificate.der", *pki)[0] == 0
    code, _, complaint = hetwin("trust", "accept", "ffff", *pki)
    assert code == 2
    assert "hetwin trust list" in complaint


def test_a_user_with_a_certificate_needs_no_password(hetwin: Any, tmp_path: Path) -> None:
    own_certificate(tmp_path / "panel", "panel", "")
    file = tmp_path / "panel" / "certificate.der"
    assert hetwin("user", "add", "panel", "--certificate", file, "--pki", tmp_path)[0] == 0
    (row,) = json.loads(hetwin("user", "list", "--json", "--pki", tmp_path)[1])
    assert (row["role"], row["password"], len(row["certificate"])) == ("observer", False, 64)


def test_verify_counts_a_whole_chain_and_says_where_another_breaks(hetwin: Any, tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    for value in (1.0, 2.0, 3.0):
        log.append("write", value=value)
    log.close()
    code, printed, _ = hetwin("audit", "verify", log.file)
    assert (code, "3 lines in 1 file, the chain is whole." in printed, log.last in printed) == (0, True, True)
    assert hetwin("audit", "verify", log.file, "--hash", log.last)[0] == 0
    assert "No line of the log has the hash abc" in hetwin("audit", "verify", log.file, "--hash", "abc")[2]
    log.file.write_text(log.file.read_text().replace("2.0", "9.0"))
    code, _, complaint = hetwin("audit", "verify", log.file)
    assert (code, ":2: the chain breaks here" in complaint) == (2, True)


def test_without_options_everybody_on_this_machine_is_instructor_and_with_secure_nobody_is(tmp_path: Path) -> None:
    pki, audit = tmp_path / "pki", tmp_path / "audit.jsonl"
    teaching = security(False, pki, audit, "observer", False)
    assert (teaching.secured, teaching.anonymous, teaching.audit) == (False, Role.INSTRUCTOR, audit)
    assert len(teaching.policies) == 1
    plant = security(True, pki, audit, "observer", False)
    assert plant.audit == audit
    assert (plant.secured, plant.anonymous, len(plant.policies)) == (True, Role.OBSERVER, 6)
    assert security(True, pki, audit, "none", True).anonymous is None
    with pytest.raises(UserRefused, match="is no role"):
        security(True, pki, audit, "king", False)
