"""Kernels without reference counting compute what plain Python computes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[5]
HOURS = 36
RUN = f"""
import json
from twin.studies.sizing.campaign import load_campaign
print(json.dumps(dict(load_campaign("byu").week({HOURS})[0])))
"""


def figures(**environment: str) -> dict[str, float]:
    """Of a day and a half of byu, by another process."""
    found = subprocess.run(
        [sys.executable, "-c", RUN], cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=True
    )
    return json.loads(found.stdout)


def test_without_compilation_the_figures_are_the_same() -> None:
    compiled, plain = figures(), figures(NUMBA_DISABLE_JIT="1")
    assert compiled["liquid_made"] > 1.0
    del compiled["closure"], plain["closure"]  # round-off itself
    assert plain == pytest.approx(compiled, rel=1e-12, nan_ok=True)  # the compiler may fuse multiply and add
