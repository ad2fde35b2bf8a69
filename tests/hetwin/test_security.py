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
from opcua_server.certificates import own_certificate, thumbprint
from opcua_server.errors import UserRefused
from opcua_server.security import note_audit
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


def recorded(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_every_decision_is_on_record_with_who_made_it(
    hetwin: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_USER", "inoue")
    pki = ("--pki", tmp_path / "pki")
    own_certificate(tmp_path / "pki" / "own", "teaching", "")
    client, _ = own_certificate(tmp_path / "client", "client", "")
    entry = TrustList(tmp_path / "pki").remember(client)
    assert entry is not None
    for command in (
        ("trust", "accept", entry.thumbprint),
        ("trust", "reject", entry.thumbprint),
        ("trust", "remove", entry.thumbprint),
        ("trust", "renew", "--host", "gas.example.org"),
        ("user", "add", "ono", "--password-stdin"),
        ("user", "role", "ono", "engineer"),
        ("user", "password", "ono", "--password-stdin"),
        ("user", "remove", "ono"),
    ):
        code, _, complaint = hetwin(*command, *pki, stdin="correct horse\n")
        assert code == 0, complaint
    seen = recorded(tmp_path / "audit.jsonl")
    assert [record["event"] for record in seen] == [
        *("certificate trusted", "certificate rejected", "certificate removed", "certificate renewed"),
        *("user added", "role given", "password changed", "user removed"),
    ]
    assert {record["by"] for record in seen} == {"inoue"}
    assert (seen[5]["before"], seen[5]["role"]) == ("observer", "engineer")
    assert "horse" not in (tmp_path / "audit.jsonl").read_text()


def test_decisions_go_to_where_the_server_says_its_log_is(hetwin: Any, tmp_path: Path) -> None:
    pki, log = tmp_path / "etc" / "pki", tmp_path / "var" / "audit.jsonl"
    pki.mkdir(parents=True)
    log.parent.mkdir()
    note_audit(pki, log)
    assert hetwin("user", "add", "ono", "--password-stdin", "--pki", pki, stdin="correct horse\n")[0] == 0
    assert [record["event"] for record in recorded(log)] == ["user added"]
    assert not (pki.parent / "audit.jsonl").exists()


def test_nothing_is_decided_off_the_record(hetwin: Any, tmp_path: Path) -> None:
    (tmp_path / "audit.jsonl").write_text("a diary\n")
    pki = tmp_path / "pki"
    code, _, complaint = hetwin("user", "add", "ono", "--password-stdin", "--pki", pki, stdin="correct horse\n")
    assert (code, "none of an audit log" in complaint) == (2, True)
    assert not (pki / "users.json").exists()


def test_a_fresh_folder_is_explained_in_sentences(hetwin: Any, tmp_path: Path) -> None:
    pki = tmp_path / "pki"
    assert "hetwin serve teaching --secure" in hetwin("trust", "list", "--pki", pki)[2]
    assert "No user is in" in hetwin("user", "list", "--pki", pki)[1]
    assert "first start with --secure makes one" in hetwin("trust", "own", "--pki", pki)[2]
    assert "there is no audit log" in hetwin("audit", "verify", tmp_path / "nowhere" / "audit.jsonl")[2]
    pki.mkdir()
    assert "No certificate is in" in hetwin("trust", "list", "--pki", pki)[1]


def test_the_servers_certificate_is_shown_and_renewed(hetwin: Any, tmp_path: Path) -> None:
    made, _ = own_certificate(tmp_path / "own", "teaching", "")
    before = json.loads(hetwin("trust", "own", "--json", "--pki", tmp_path)[1])
    assert before["thumbprint"] == thumbprint(made)
    assert "localhost" in before["hosts"]
    assert hetwin("trust", "renew", "--host", "192.0.2.10", "--pki", tmp_path)[0] == 0
    after = json.loads(hetwin("trust", "own", "--json", "--pki", tmp_path)[1])
    assert after["application"] == before["application"]
    assert "192.0.2.10" in after["hosts"]
    assert "192.0.2.10" in hetwin("trust", "own", "--pki", tmp_path)[1]


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
