"""A history of each kind for the tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.postgres import postgres, postgres_server

__all__ = ["postgres", "postgres_server", "where"]


@pytest.fixture(params=["sqlite", "postgres"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A place for a history: of each kind once."""
    if request.param == "sqlite":
        return str(tmp_path / "history.sqlite")
    return str(request.getfixturevalue("postgres"))
