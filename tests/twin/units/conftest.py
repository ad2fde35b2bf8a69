"""What the tests of kinds share: a plant out of a few lines of TOML."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from twin.plant import Plant

ROOM = """
description = "a test"
[unit.AMB]
kind = "ambient"
temp = "{temp} K"
"""


@pytest.fixture
def plant_of(tmp_path: Path) -> Callable[..., Plant]:
    """Makes a plant of the text of its units; a room is added unless the text begins with a description."""
    numbers = itertools.count()

    def make(text: str, step: float = 1.0, temp: float = 300.0) -> Plant:
        if "description" not in text:
            text = ROOM.format(temp=temp) + text
        path = tmp_path / f"test{next(numbers)}.toml"
        path.write_text(text, encoding="utf-8")
        return Plant.load(path, step=step)

    return make
