"""Fixtures: a PostgreSQL server of its own for the tests, a temporary cluster on a free port, then stopped."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

PATIENCE = 60.0  # s


def binaries() -> Path | None:
    """Where initdb and postgres are: on the path, or where Debian puts them."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    return next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)


def as_postgres(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root."""
    return (
        ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]
        if os.geteuid() == 0
        else command
    )


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a server, without the database's name."""
    folder = binaries()
    if folder is None:
        pytest.skip("PostgreSQL is not installed")
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    home = Path(tempfile.mkdtemp(prefix="hetwin-postgres-"))
    if os.geteuid() == 0:
        shutil.chown(home, "postgres", "postgres")
    data = home / "data"
    initdb = [str(folder / "initdb"), "-D", str(data), "-U", "hetwin", "--auth=trust", "--no-sync", "-E", "UTF8"]
    subprocess.run(as_postgres(initdb), check=True, capture_output=True, cwd=home)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(folder / "postgres"), "-D", str(data), "-h", "127.0.0.1", "-p", str(port), "-k", str(home)]
    server = subprocess.Popen(as_postgres(command), cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = f"postgresql://hetwin@127.0.0.1:{port}"
        _wait_for(f"{url}/postgres", server)
        yield url
    finally:
        server.send_signal(signal.SIGINT)  # fast shutdown
        server.wait(PATIENCE)
        shutil.rmtree(home, ignore_errors=True)


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    import psycopg

    deadline = time.monotonic() + PATIENCE
    while server.poll() is None:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            assert time.monotonic() < deadline, "PostgreSQL does not answer"
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"PostgreSQL ended with {server.returncode}")


@pytest.fixture
def postgres(postgres_server: str) -> str:
    """URL of an empty database."""
    import psycopg

    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(f"{postgres_server}/postgres", autocommit=True) as link:
        link.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
    return f"{postgres_server}/{name}"
