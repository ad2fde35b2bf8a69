"""`hetwin serve --secure` as a plant engineer meets it: a stranger is turned away, accepted, logs in, is on record."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from asyncua import Client, ua
from asyncua.crypto import security_policies as policies

from opcua_server.audit import verify
from opcua_server.certificates import application_uri, own_certificate

HETWIN = Path(sys.executable).parent / "hetwin"
PLANT = Path(__file__).parent.parent / "plants" / "two-vessels.toml"
PATIENCE = 120.0  # s; kernels may have to be compiled first
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


async def listening(port: int) -> None:
    for _ in range(int(10 * PATIENCE)):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        await asyncio.sleep(0.1)
    pytest.fail("the server does not listen")


@pytest.mark.slow
async def test_from_stranger_to_operator(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    endpoint, pki = f"opc.tcp://127.0.0.1:{port}", tmp_path / "pki"
    with open(tmp_path / "log", "w") as log:
        command = [HETWIN, "serve", PLANT, "--secure", "--port", str(port), "--out", tmp_path]
        serving = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            await listening(port)
            with pytest.raises((ua.UaError, ConnectionError, TimeoutError)):
                await visit(endpoint, tmp_path)
            (stranger,) = json.loads(hetwin("trust", "list", "--json", "--pki", pki))
            hetwin("trust", "accept", stranger["thumbprint"], "--pki", pki)
            assert await visit(endpoint, tmp_path) == "BadUserAccessDenied"
            hetwin(
                "user", "add", "ono", "--role", "operator", "--password-stdin", "--pki", pki, stdin="correct horse\n"
            )
            assert await visit(endpoint, tmp_path, "ono") == "Good"
        finally:
            serving.send_signal(signal.SIGINT)
            assert serving.wait(PATIENCE) == 0
    assert f"hetwin trust accept {stranger['thumbprint'][:12]}" in (tmp_path / "log").read_text()
    assert verify(tmp_path / "audit.jsonl") > 5
    assert "chain is whole" in hetwin("audit", "verify", tmp_path / "audit.jsonl")
