"""The direction of imports: thermo <- twin <- { hil, opcua_server } <- hetwin. Every import of every file is read."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

MAY_IMPORT = {
    "thermo": set(),
    "twin": {"thermo"},
    "hil": {"thermo", "twin"},
    "opcua_server": {"thermo", "twin"},
    "hetwin": {"thermo", "twin", "hil", "opcua_server", "benchmarks"},
    "benchmarks": {"thermo", "twin", "hil", "opcua_server"},
}
"""What each room may import besides itself and other people's packages."""


def imports(source: str) -> list[tuple[int, str]]:
    """Line and top-level package of every import in a source, also of those inside functions."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name.partition(".")[0]) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.append((node.lineno, (node.module or "").partition(".")[0]))
        elif isinstance(node, ast.Call) and _imports_by_name(node):
            found.append((node.lineno, node.args[0].value.partition(".")[0]))
    return found


def _imports_by_name(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    literal = bool(call.args) and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str)
    return name in ("import_module", "__import__") and literal


def wrong_imports(room: str, folder: Path) -> list[str]:
    """A sentence for every import of another room that this one may not use."""
    sentences = []
    for path in sorted(folder.rglob("*.py")):
        for line, other in imports(path.read_text(encoding="utf-8")):
            if other in MAY_IMPORT and other != room and other not in MAY_IMPORT[room]:
                allowed = ", ".join(sorted(MAY_IMPORT[room])) or "no other room"
                sentences.append(f"{path}:{line}: {room} imports {other}, but it may import {allowed} only.")
    return sentences


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_every_import_goes_in_the_direction_of_the_design(room: str) -> None:
    folder = ROOT / room
    assert any(folder.rglob("*.py")), f"the room {room} is empty"
    assert wrong_imports(room, folder) == []


def test_rooms_that_may_not_know_each_other_do_not_meet_through_a_third() -> None:
    assert "opcua_server" not in MAY_IMPORT["hil"]
    assert "hil" not in MAY_IMPORT["opcua_server"]
    assert not MAY_IMPORT["thermo"]
    for room, others in MAY_IMPORT.items():
        for other in others:
            assert room not in MAY_IMPORT[other], f"{room} and {other} import each other"


def test_a_wrong_import_is_found_wherever_it_hides(tmp_path: Path) -> None:
    hidden = "def f():\n    from hil.link import Link\n"
    by_name = "import importlib\nimportlib.import_module('hetwin.cli')\n"
    (tmp_path / "a.py").write_text(hidden)
    (tmp_path / "b.py").write_text(by_name)
    (tmp_path / "c.py").write_text("import thermo.jit\nfrom . import a\nimport numpy\n")
    assert wrong_imports("twin", tmp_path) == [
        f"{tmp_path}/a.py:2: twin imports hil, but it may import thermo only.",
        f"{tmp_path}/b.py:2: twin imports hetwin, but it may import thermo only.",
    ]


def test_packages_that_are_heavy_or_belong_to_one_room_stay_there() -> None:
    """CoolProp takes 2.5 s to import and is only a reference; asyncua is the business of the network's two ends."""
    homes = {"CoolProp": {"thermo", "benchmarks"}, "asyncua": {"opcua_server", "hil", "benchmarks"}}
    for room in MAY_IMPORT:
        for path in (ROOT / room).rglob("*.py"):
            for line, other in imports(path.read_text(encoding="utf-8")):
                assert room in homes.get(other, {room}), f"{path}:{line}: {other} is not the business of {room}."
