"""A real Dask cluster on 127.0.0.1: a scheduler and workers as processes, which end with the one that started them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[4]
LAUNCH = """
import ctypes, runpy, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: go with the parent
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__")
"""
HERE = ("--host", "127.0.0.1", "--no-dashboard", "--dashboard-address", "127.0.0.1:0")
PATIENCE = 60.0


@dataclass(frozen=True)
class LocalCluster:
    """Address of the scheduler, and the processes."""

    address: str
    scheduler: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]]


@contextmanager
def local_cluster(folder: Path, workers: int = 2) -> Iterator[LocalCluster]:
    """The cluster; all its processes are killed and waited for at the end."""
    file = folder / "scheduler.json"
    with ExitStack() as stack:
        scheduler = stack.enter_context(_started("distributed.cli.dask_scheduler", file, folder, "--port", "0"))
        address = _address(file, scheduler)
        options = ("--no-nanny", "--nthreads", "1", "--local-directory", str(folder))
        crew = [
            stack.enter_context(_started("distributed.cli.dask_worker", file, folder, *options)) for _ in range(workers)
        ]
        yield LocalCluster(address, scheduler, crew)


@contextmanager
def _started(module: str, file: Path, folder: Path, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-c", LAUNCH, module, *HERE, "--scheduler-file", str(file), *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    silent = subprocess.DEVNULL
    with subprocess.Popen(command, cwd=folder, env=environment, stdin=silent, stdout=silent, stderr=silent) as process:
        try:
            yield process
        finally:
            process.kill()


def _address(file: Path, scheduler: subprocess.Popen[bytes]) -> str:
    """What the scheduler has written into its file."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and scheduler.poll() is None:
        if file.exists() and (text := file.read_text()).endswith("}"):
            return str(json.loads(text)["address"])
        time.sleep(0.05)
    raise RuntimeError("the Dask scheduler did not start")


def listening(processes: list[subprocess.Popen[bytes]]) -> set[str]:
    """Addresses on which the processes listen, as hexadecimal numbers of /proc/net: 0100007F is 127.0.0.1."""
    found = set()
    for process in processes:
        sockets = {os.readlink(link) for link in Path(f"/proc/{process.pid}/fd").iterdir() if link.is_symlink()}
        for table in ("tcp", "tcp6"):
            for line in Path(f"/proc/{process.pid}/net/{table}").read_text().splitlines()[1:]:
                words = line.split()
                if words[3] == "0A" and f"socket:[{words[9]}]" in sockets:
                    found.add(words[1].partition(":")[0])
    return found
