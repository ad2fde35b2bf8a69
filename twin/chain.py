"""Write the chain: a Python file with one plain loop per kind of equipment, and the time loop behind it.

A file of plain loops compiles fastest and is cached like any other (docs/decisions/0003-written-chain.md). It lies in
the kernel cache under a name that says which kinds it holds.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

from thermo.jit import kernel_cache
from twin.unit import PHASES, Kind, arguments

SLICES = {
    "par": "u",
    "s": "d.s_{k}[i]",
    "node": "d.node",
    "port": "u.ports_",
    "link": "d.link[u.link_first : u.link_last]",
    "wall": "d.wall[u.wall_first : u.wall_last]",
    "image": "d.image",
    "wire": "u.wires_",
    "clock": "d.clock",
}
"""What a kernel gets for each argument it names."""

MODEL_FIELDS = ("dt", "node_first", "cell_first", "node_card", "program", "state")
DATA_FIELDS = (
    *("image", "saved", "clock", "node", "cell", "link_total", "wall_total", "link", "wall", "work"),
    *("blocks", "inverse", "rhs", "delta", "species_blocks", "species_rhs"),
    *("h_lin", "stage", "q_1", "q_eff", "k_lin", "state_rate", "state_decay"),
)


def chain_text(kinds: list[Kind]) -> str:
    """Source of the chain for these kinds, in this order."""
    lines = ['"""Written by twin.chain; do not edit."""', "", "from typing import NamedTuple, Any", ""]
    lines += ["from thermo.jit import inner, kernel, merged"]
    for kind in kinds:
        for function in (kind.kernel, kind.update):
            if function is not None:
                name = _alias(kind, function)
                lines += [f"from {function.__module__} import {function.__name__} as {name}", f"{name} = inner({name})"]
    lines += ["", ""]

    lines += ["class Model(NamedTuple):"]
    lines += [f"    {name}: Any" for name in MODEL_FIELDS]
    lines += [f"    u_{kind.name}: Any" for kind in kinds]
    lines += ["", "", "class Data(NamedTuple):"]
    lines += [f"    {name}: Any" for name in DATA_FIELDS]
    lines += [f"    s_{kind.name}: Any" for kind in kinds]

    lines += ["", "", *_loops("evaluate_units", [(k, k.kernel) for k in kinds if k.kernel])]
    by_phase = sorted((k for k in kinds if k.update), key=lambda k: PHASES.index(k.phase))
    lines += ["", "", *_loops("update_units", [(k, k.update) for k in by_phase])]
    return (
        "\n".join(lines) + "\n\n\n" + (Path(__file__).parent / "step.py").read_text().partition("import annotations")[2]
    )


def _alias(kind: Kind, function: Any) -> str:
    role = "kernel" if function is kind.kernel else "update"
    return f"{role}_{kind.name}"


def _loops(name: str, calls: list[tuple[Kind, Any]]) -> list[str]:
    lines = ["@inner", f"def {name}(m, d):"]
    for kind, function in calls:
        given = ", ".join(SLICES[a].format(k=kind.name) for a in arguments(function))
        lines += [f"    for i in range(m.u_{kind.name}.shape[0]):"]
        lines += [f"        u = m.u_{kind.name}[i]"] if "u" in given else []
        lines += [f"        {_alias(kind, function)}({given})"]
    return [*lines, "    return None"]


def load_chain(kinds: list[Kind]) -> ModuleType:
    """The module of the chain, written if need be. Kinds of the same name from other folders get another chain."""
    text = chain_text(kinds)
    digest = hashlib.sha256(text.encode())
    for kind in kinds:
        source = sys.modules[kind.card.__module__].__file__
        digest.update(Path(source).read_bytes() if source else b"")
    name = f"hetwin_chain_{digest.hexdigest()[:16]}"
    if name in sys.modules:
        return sys.modules[name]
    path = kernel_cache() / f"{name}.py"
    if not path.exists():
        _write(path, text)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _write(path: Path, text: str) -> None:
    """Write in one go, since several processes may start at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    os.replace(temporary, path)


def evaluate_units(m: Any, d: Any) -> None:
    """Every unit, kind by kind. Each written chain has its own."""
    raise NotImplementedError


def update_units(m: Any, d: Any) -> None:
    """Every unit that remembers, kind by kind. Each written chain has its own."""
    raise NotImplementedError
