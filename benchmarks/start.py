"""Start: `hetwin --help`, and from `hetwin serve` to the first answered OPC UA read, with cold and with warm caches.

hetwin bench start                    the plant teaching
python -m benchmarks.start byu        another one
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

NAME = "start"
HETWIN = Path(sys.executable).parent / "hetwin"
TIMES = 3  # repetitions of what is quick; the best counts, since others use the machine too
PATIENCE = 300.0  # s


def run(plant: str = "teaching") -> list[dict[str, Any]]:
    """Start, and start again."""
    with tempfile.TemporaryDirectory() as folder:
        first, words = _serve(plant, Path(folder))
        warm = min(_serve(plant, Path(folder))[0] for _ in range(TIMES))
    helped = min(_help() for _ in range(TIMES))
    told = "Compiling for this machine" in words
    return [
        _row("hetwin --help", helped, 0.5),
        _row(f"{plant}: very first start to first answered read", first, 40.0),
        _row(f"{plant}: later start to first answered read", warm, 3.0),
        {"point": "the first start says why", "figure": told, "unit": "", "target": "True", "verdict": _verdict(told)},
    ]


def _row(point: str, seconds: float, target: float) -> dict[str, Any]:
    verdict = _verdict(seconds < target)
    return {"point": point, "figure": seconds, "unit": "s", "target": f"< {target:g}", "verdict": verdict}


def _verdict(good: bool) -> str:
    return "met" if good else "missed"


def _help() -> float:
    began = time.perf_counter()
    subprocess.run([HETWIN, "--help"], check=True, capture_output=True)
    return time.perf_counter() - began


def _serve(plant: str, folder: Path) -> tuple[float, str]:
    """Seconds from the command to the first value read, and what it said meanwhile."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(HETWIN), "serve", plant, "--port", str(port), "--out", str(folder / "out")]
    environment = os.environ | {"HETWIN_CACHE_DIR": str(folder / "cache")}
    began = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        asyncio.run(_first_read(port, process))
        return time.perf_counter() - began, _end(process)
    finally:
        process.kill()


async def _first_read(port: int, process: subprocess.Popen[str]) -> None:
    """Return once the server has answered a read of a tag."""
    from asyncua import Client

    logging.getLogger("asyncua").setLevel(logging.ERROR)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 0.1).close()
            async with Client(f"opc.tcp://127.0.0.1:{port}") as client:
                await client.get_node("ns=2;s=SIM.time").read_value()
                return
        await asyncio.sleep(0.02)
    raise RuntimeError(f"hetwin serve does not answer on port {port} (exit code {process.poll()}).")


def _end(process: subprocess.Popen[str]) -> str:
    process.send_signal(signal.SIGINT)
    return process.communicate(timeout=30.0)[1]


if __name__ == "__main__":
    for row in run(*sys.argv[1:]):
        print(row)
