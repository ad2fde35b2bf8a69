"""`hetwin serve` as its users start it: a process of its own, and the first client that it answers.

with serving("teaching", "--out", folder) as server:
    client = await server.first_client()
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from asyncua import Client

HETWIN = Path(sys.executable).parent / "hetwin"
PATIENCE = 600.0
"""Until the first answer [s]: a first start compiles, and machines are busy."""
LEAVING = 60.0
"""From the signal to the end of the process [s]."""
PAGE, TICK = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A port of this machine that nobody listens to."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Served:
    """A server in a process; what it prints goes to files, so that it never waits for a reader."""

    def __init__(self, command: list[str], port: int, out: IO[bytes], err: IO[bytes], more: Mapping[str, str]) -> None:
        self.port = port
        self._out, self._err = out, err
        self.process = subprocess.Popen(command, stdout=out, stderr=err, env=os.environ | more)

    @property
    def endpoint(self) -> str:
        return f"opc.tcp://127.0.0.1:{self.port}"

    async def first_client(self, prepare: Callable[[Client], Awaitable[None]] | None = None) -> Client:
        """A connected client, as soon as the server answers. Raises RuntimeError if it does not."""
        await self.listening()
        client = Client(self.endpoint, timeout=60.0, watchdog_intervall=1e6)
        if prepare is not None:
            await prepare(client)
        await client.connect()
        return client

    async def listening(self) -> None:
        """Return once it listens."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            await asyncio.sleep(0.02)
        raise RuntimeError(f"The server does not answer (exit code {self.process.poll()}): {self.said()[1][-2000:]}")

    @property
    def resident(self) -> float:
        """Its memory [bytes]."""
        return float(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * PAGE

    @property
    def processor(self) -> float:
        """Processor time that it has used [s]."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def stop(self) -> tuple[str, str]:
        """Ctrl-C; what it printed and what it complained of, once it has ended."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(LEAVING)
        return self.said()

    def kill(self) -> None:
        """Without a warning."""
        self.process.kill()
        self.process.wait()

    def said(self) -> tuple[str, str]:
        """What it has printed so far, and what it complained of."""
        return _content(self._out), _content(self._err)


def _content(file: IO[bytes]) -> str:
    return os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0).decode(errors="replace")


@contextmanager
def serving(plant: Any, *options: object, environment: Mapping[str, str] | None = None) -> Iterator[Served]:
    """`hetwin serve` of a plant on a free port; killed at the end if it lives still."""
    port = free_port()
    command = [str(HETWIN), "serve", *map(str, (plant, "--port", port, *options))]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        server = Served(command, port, out, err, environment or {})
        try:
            yield server
        finally:
            server.kill()
