"""Puts the NodeSet files of the companion specifications into wheel and sdist, from npm's folder, when it is there.

They are a dependency from npm and not in the repository (docs/decisions/0040-information-model.md). A package that was
built without them works, and says at `hetwin serve` what is missing.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE = Path("node_modules") / "node-opcua-nodesets"
TARGET = "opcua_server/nodesets"


class NodeSets(BuildHookInterface):  # type: ignore[misc]
    """Adds the files that opcua_server/companion.py names."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Before building; an editable installation finds the files where they are."""
        package, root = Path(self.root) / PACKAGE, Path(self.root)
        if version == "editable" or not package.is_dir() or (root / TARGET).is_dir():
            return
        source = (root / "opcua_server" / "companion.py").read_text(encoding="utf-8")
        files = re.findall(r'"(Opc\.Ua\.[\w.]+\.xml)"', source)
        added = {str(package / "nodesets" / file): f"{TARGET}/{file}" for file in files}
        build_data["force_include"] |= added | {str(package / "LICENSE"): f"{TARGET}/LICENSE"}
