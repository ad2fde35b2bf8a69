"""`/health` and `/metrics` over HTTP, on this machine only, in a thread of its own: they answer when all else hangs."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import threading
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from opcua_server.errors import PortBusy

if TYPE_CHECKING:
    from opcua_server.server import TwinServer
    from twin.history import Recorder

log = logging.getLogger("hetwin")

PATIENCE = 2.0
"""For the event loop to answer [s]."""
LOOPBACK = "127.0.0.1"
TEXT, JSON = "text/plain; version=0.0.4; charset=utf-8", "application/json"


@dataclass(frozen=True)
class Load:
    """What clients ask of the server, taken in one go."""

    counts: dict[str, int]
    events: dict[str, int]


class Monitor:
    """Answers about one server. Made in its event loop; `with Monitor(...)` serves until the block ends."""

    def __init__(self, server: TwinServer, recorder: Recorder, port: int) -> None:
        self._server, self._recorder = server, recorder
        self._loop = asyncio.get_running_loop()
        self._http = _listen(self, port)
        self.port: int = self._http.server_address[1]
        self._thread = threading.Thread(target=self._http.serve_forever, name="monitor", daemon=True)

    def __enter__(self) -> Monitor:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def answer(self, path: str) -> tuple[int, str, bytes]:
        """Status, content type and content."""
        if path == "/health":
            found = self.health()
            return 200 if found["healthy"] else 503, JSON, _json(found)
        if path == "/metrics":
            load = self._load()
            if load is None:
                return 503, TEXT, b"The server does not answer.\n"
            from hetwin.metrics import metrics

            return 200, TEXT, metrics(self._server, self._recorder, load)
        return 404, JSON, _json({"error": "There is /health and /metrics."})

    def health(self) -> dict[str, Any]:
        """How the server is, for a machine that restarts it and a person who wonders why."""
        simulation, health = self._server.simulation, self._server.health()
        answers = self._load() is not None
        return {
            "healthy": health.good and answers,
            "service_level": health.level,
            "reason": health.reason if answers else "The server does not answer.",
            "plant": simulation.plant.name,
            "mode": simulation.mode,
            "failure": str(simulation.failure) if simulation.failure is not None else None,
            "overruns": simulation.overruns,
            "scan_age": round(simulation.scan_age, 3),
            "recorder_queue": self._recorder.waiting,
            "recorder_lost": self._recorder.lost,
        }

    def _load(self) -> Load | None:
        """Asked of the event loop, where it does not change meanwhile; None if that does not answer."""
        try:
            return asyncio.run_coroutine_threadsafe(self._ask(), self._loop).result(PATIENCE)
        except (TooLate, RuntimeError):  # busy, or closed
            return None

    async def _ask(self) -> Load:
        diagnostics = self._server.diagnostics
        return Load(diagnostics.load(), diagnostics.events())


def check_port(port: int) -> None:
    """Find out before any work whether it is free. Raises PortBusy."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as problem:
            raise _busy(port, problem) from None


def _busy(port: int, problem: OSError) -> PortBusy:
    return PortBusy(f"--http-port: {LOOPBACK}:{port} cannot be served: {problem.strerror}.")


def _listen(monitor: Monitor, port: int) -> ThreadingHTTPServer:
    """Raises PortBusy."""

    class Handler(BaseHTTPRequestHandler):
        server_version = "hetwin"
        timeout = 10.0

        def do_GET(self) -> None:
            try:
                status, kind, content = monitor.answer(self.path.partition("?")[0])
            except Exception:
                log.exception("%s could not be answered.", self.path)
                status, kind, content = 500, TEXT, b"This could not be answered; the log says why.\n"
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """A line for every scrape would fill the log."""

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """Whoever asked has gone before the answer came."""

    try:
        return Quiet((LOOPBACK, port), Handler)
    except OSError as problem:
        raise _busy(port, problem) from None


def _json(found: dict[str, Any]) -> bytes:
    return json.dumps(found, ensure_ascii=False).encode() + b"\n"
