"""`hetwin bench`: find the modules in `benchmarks/`, run them and print each figure beside its target."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import benchmarks
from hetwin.exits import BadInput

COLUMNS = ("point", "figure", "unit", "target", "verdict")
"""Keys of a row that `run()` of a benchmark returns."""


@dataclass(frozen=True)
class Benchmark:
    """A module with NAME and run() -> rows."""

    name: str
    text: str
    module: ModuleType

    def run(self) -> list[dict[str, Any]]:
        """The figures now; each row has the keys of COLUMNS."""
        rows: list[dict[str, Any]] = self.module.run()
        for row in rows:
            if missing := set(COLUMNS) - row.keys():
                raise KeyError(f"benchmark {self.name}: a row lacks {', '.join(sorted(missing))}")
        return rows


def find_benchmarks(names: list[str]) -> list[Benchmark]:
    """All benchmarks, or those named by NAME or by file."""
    found: list[Benchmark] = []
    by_name: dict[str, Benchmark] = {}
    for entry in pkgutil.iter_modules(benchmarks.__path__):
        module = importlib.import_module(f"benchmarks.{entry.name}")
        if hasattr(module, "NAME") and hasattr(module, "run"):
            text = (module.__doc__ or "").strip().partition("\n")[0]
            found.append(Benchmark(module.NAME, text, module))
            by_name |= {module.NAME: found[-1], entry.name: found[-1]}
    unknown = [name for name in names if name not in by_name]
    if unknown:
        from twin.errors import nearest

        clause = nearest(unknown[0], by_name) or f"; there are {', '.join(benchmark.name for benchmark in found)}."
        raise BadInput(f'There is no benchmark "{unknown[0]}"{clause}')
    return [by_name[name] for name in names] or found


def written(figure: Any) -> str:
    """A figure for the table."""
    return f"{figure:.4g}" if isinstance(figure, float) else str(figure)
