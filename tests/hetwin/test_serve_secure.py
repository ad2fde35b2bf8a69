"""`hetwin serve --secure` as a plant engineer meets it: a stranger is turned away, accepted, logs in, is on record."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from asyncua import Client, ua
from asyncua.crypto import security_policies as policies

from benchmarks.servers.served import HETWIN, PATIENCE, serving
from opcua_server.audit import verify
from opcua_server.certificates import application_uri, own_certificate

PLANT = Path(__file__).parent.parent / "plants" / "two-vessels.toml"
VALVE = "ns=2;s=CV-101.opening"


def hetwin(*arguments: object, stdin: str = "") -> str:
    done = subprocess.run(
        [HETWIN, *map(str, arguments)], input=stdin, capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    return done.stdout


async def visit(endpoint: str, folder: Path, user: str | None = None) -> str:
    """Connect and move the valve; what came of it."""
    certificate, _ = own_certificate(folder / "client", "client", "")
    client = Client(endpoint, timeout=30.0)
    client.application_uri = application_uri(certificate)
    files = (str(folder / "client" / name) for name in ("certificate.der", "key.pem"))
    await client.set_security(policies.SecurityPolicyAes256Sha256RsaPss, *files)
    if user is not None:
        client.set_user(user)
        client.set_password("correct horse")
    async with client:
        try:
            await client.get_node(VALVE).write_value(0.6)
        except ua.UaStatusCodeError as refused:
            return type(refused).__name__
        return "Good"


@pytest.mark.slow
async def test_from_stranger_to_operator(tmp_path: Path) -> None:
    pki = tmp_path / "pki"
    with serving(PLANT, "--secure", "--out", tmp_path) as server:
        await server.listening()
        with pytest.raises((ua.UaError, ConnectionError, TimeoutError)):
            await visit(server.endpoint, tmp_path)
        (stranger,) = json.loads(hetwin("trust", "list", "--json", "--pki", pki))
        hetwin("trust", "accept", stranger["thumbprint"], "--pki", pki)
        assert await visit(server.endpoint, tmp_path) == "BadUserAccessDenied"
        hetwin("user", "add", "ono", "--role", "operator", "--password-stdin", "--pki", pki, stdin="correct horse\n")
        assert await visit(server.endpoint, tmp_path, "ono") == "Good"
        said = "".join(server.stop())
        assert server.process.returncode == 0
    assert f"hetwin trust accept {stranger['thumbprint'][:12]}" in said
    assert verify(tmp_path / "audit.jsonl") > 5
    assert "chain is whole" in hetwin("audit", "verify", tmp_path / "audit.jsonl")
