"""Start: `hetwin --help`, and from `hetwin serve` to the first answered OPC UA read, with cold and with warm caches.

    hetwin bench start                           the plant teaching, 5 600 nodes
    python -m benchmarks.start herenet           another one
    python -m benchmarks.start teaching --warm   only later starts, with what this machine has compiled already

The clock runs from the command to the first value that a client has read. Nothing is compiled and no node is cached at
the very first start; later starts find both. On a busy machine the processor time tells more than the clock.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.address_space import nodes_of
from benchmarks.servers.served import HETWIN, serving

NAME = "start"
TIMES = 3  # repetitions of what is quick; the best counts, since others use the machine too


def run(plant: str = "teaching", cold: bool = True) -> list[dict[str, Any]]:
    """Start, and start again."""
    logging.getLogger("asyncua").setLevel(logging.ERROR)
    rows = [_row("hetwin --help", min(_help() for _ in range(TIMES)), 0.5)]
    what = f"{plant}, {nodes_of(plant)} nodes"
    with tempfile.TemporaryDirectory() as folder:
        environment = {"HETWIN_CACHE_DIR": str(Path(folder) / "cache")} if cold else {}
        if cold:
            first, _, words = _serve(plant, Path(folder), environment)
            told = "Compiling for this machine" in words
            rows.append(_row(f"{what}: very first start, which compiles, to the first read", first, 40.0))
            rows.append(_told("the first start says why", told))
        later = [_serve(plant, Path(folder), environment) for _ in range(TIMES)]
    rows.append(_row(f"{what}: later start to the first read", min(took for took, _, _ in later), 3.0))
    rows.append(_row("processor time of the server until then", min(used for _, used, _ in later), 3.0))
    return rows


def _row(point: str, seconds: float, target: float) -> dict[str, Any]:
    verdict = "met" if seconds < target else "missed"
    return {"point": point, "figure": seconds, "unit": "s", "target": f"< {target:g}", "verdict": verdict}


def _told(point: str, good: bool) -> dict[str, Any]:
    return {"point": point, "figure": good, "unit": "", "target": "True", "verdict": "met" if good else "missed"}


def _help() -> float:
    began = time.perf_counter()
    subprocess.run([HETWIN, "--help"], check=True, capture_output=True)
    return time.perf_counter() - began


def _serve(plant: str, folder: Path, environment: dict[str, str]) -> tuple[float, float, str]:
    """Seconds from the command to the first value read, processor time until then, and what it said meanwhile."""
    began = time.perf_counter()
    with serving(plant, "--out", folder / "out", environment=environment) as server:

        async def first_read() -> tuple[float, float]:
            client = await server.first_client()
            await client.get_node("ns=2;s=SIM.time").read_value()
            took = time.perf_counter() - began, server.processor
            await client.disconnect()
            return took

        took, used = asyncio.run(first_read())
        return took, used, server.stop()[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("plant", nargs="?", default="teaching")
    parser.add_argument("--warm", action="store_true", help="no very first start")
    asked = parser.parse_args()
    for row in run(asked.plant, not asked.warm):
        print(f"{row['point']:75} {row['figure']:8.4g} {row['unit']:2} {row['target']:6} {row['verdict']}")


if __name__ == "__main__":
    main()
