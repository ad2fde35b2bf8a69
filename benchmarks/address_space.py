"""The address space of a plant: companion specifications from their files and from the cache, and 5 000 nodes of ours.

hetwin bench address_space              the plant herenet
python -m benchmarks.address_space byu  another one
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from opcua_server import companion
from opcua_server.information_model import InformationModel
from opcua_server.nodes import build_nodes
from opcua_server.standard_nodes import CachedServer
from twin.compile import compile_plant
from twin.kinds import load_kinds
from twin.plant_file import load_spec

NAME = "address_space"
TIMES = 3  # repetitions; the best counts
NODES = 5000
PERIOD = 0.1  # s between scans


def run(plant: str = "herenet") -> list[dict[str, Any]]:
    """Build everything a few times."""
    load_kinds()
    nodesets = companion.find_nodesets()
    spec = load_spec(plant)
    compiled = compile_plant(spec)
    rows = []

    def core(folder: Path | None) -> CachedServer:
        made = CachedServer(folder)
        asyncio.run(made.init())
        return made

    if nodesets is not None:
        plain = [core(None) for _ in range(TIMES)]
        for made in plain:
            made.aspace._nodes.values()  # unpack what the import would have to
        best = _best(lambda: asyncio.run(companion.load(plain.pop().aspace, nodesets)))
        rows.append(_row("companion specifications, 1 946 nodes, from their files", best, 1.0))
    cores = [core(nodesets) for _ in range(TIMES + 1)]  # the first fills the cache
    best = _best(lambda: cores.append(core(nodesets)))
    rows.append(_row("standard and companion nodes from the cache", best, 0.5))

    best = _best(lambda: build(cores.pop().aspace, spec, compiled))
    count = build(core(nodesets).aspace, spec, compiled)
    rows.append(_row(f"{plant}: {count} nodes of its own", best, 3.0))
    rows.append(_row(f"a plant of {NODES} nodes, by proportion", best * NODES / count, 3.0))
    return rows


def build(space: Any, spec: Any, compiled: Any) -> int:
    """Make the nodes of a plant; their number, with those that are made when they are asked for."""
    before = len(space._nodes)
    units, size, companions = spec.units, len(compiled.data.image), companion.find_nodesets() is not None
    model = InformationModel(space, spec.name, compiled.tags, units, size, PERIOD, companions)
    build_nodes(space, spec.name, spec.description, compiled.tags, model)
    return len(space._nodes) - before


def nodes_of(plant: str) -> int:
    """How many nodes a plant has of its own."""
    load_kinds()
    spec = load_spec(plant)
    core = CachedServer(companion.find_nodesets())
    asyncio.run(core.init())
    return build(core.aspace, spec, compile_plant(spec))


def _best(work: Callable[[], object]) -> float:
    """Seconds of processor time of the quickest of a few: others use the machine too, and all of this is one thread."""
    took = []
    for _ in range(TIMES):
        gc.collect()
        gc.disable()  # as the server does while it builds
        began = time.process_time()
        work()
        took.append(time.process_time() - began)
        gc.enable()
    return min(took)


def _row(point: str, seconds: float, target: float) -> dict[str, Any]:
    verdict = "met" if seconds < target else "missed"
    return {"point": point, "figure": seconds, "unit": "s", "target": f"< {target:g}", "verdict": verdict}


if __name__ == "__main__":
    for row in run(*sys.argv[1:]):
        print(row)
